// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
)

// Kubernetes writes every container with a name and with resources, and every claim with a status, empty if need be.
// Here they need not have them, and writing them would change what a manifest says. So the types that hold a container
// or a claim write it without; they are read like any other. These types have no UnmarshalJSON, which would hide
// unknown fields from strict decoding. They are small on purpose: encoding/json reads again what a MarshalJSON
// has written, at each level that has one, so a spec or a template must have none.

// leanContainer is a container that is written without an empty name and without empty resources. Its own fields
// hide those of the container.
// +k8s:deepcopy-gen=false
// +k8s:openapi-gen=false
type leanContainer struct {
	corev1.Container `json:""`
	Name             string                       `json:"name,omitempty"`
	Resources        *corev1.ResourceRequirements `json:"resources,omitempty"`
}

func lean(c corev1.Container) leanContainer {
	l := leanContainer{Container: c, Name: c.Name}
	if r := c.Resources; r.Limits != nil || r.Requests != nil || r.Claims != nil {
		l.Resources = &r
	}
	return l
}

// MarshalJSON writes the container without empty fields.
func (c Container) MarshalJSON() ([]byte, error) { return json.Marshal(lean(c.Container)) }

// MarshalJSON writes the container without empty fields.
func (s ScriptTemplate) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		leanContainer `json:""`
		Source        string `json:"source"`
	}{lean(s.Container), s.Source})
}

// MarshalJSON writes the container without empty fields.
func (c UserContainer) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		leanContainer      `json:""`
		MirrorVolumeMounts *bool `json:"mirrorVolumeMounts,omitempty"`
	}{lean(c.Container), c.MirrorVolumeMounts})
}

// MarshalJSON writes the container without empty fields.
func (n ContainerNode) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		leanContainer `json:""`
		Dependencies  []string `json:"dependencies,omitzero"`
	}{lean(n.Container), n.Dependencies})
}

// MarshalJSON writes the container without empty fields.
func (s ExecutorPluginSidecar) MarshalJSON() ([]byte, error) {
	type plain ExecutorPluginSidecar
	return json.Marshal(struct {
		plain     `json:""`
		Container leanContainer `json:"container"`
	}{plain(s), lean(s.Container)})
}

// MarshalJSON writes the claim without an empty status.
func (t VolumeClaimTemplate) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		corev1.PersistentVolumeClaim `json:""`
		Status                       corev1.PersistentVolumeClaimStatus `json:"status,omitzero"`
	}{t.PersistentVolumeClaim, t.Status})
}
