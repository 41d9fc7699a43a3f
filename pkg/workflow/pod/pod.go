// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package pod translates between a node of a workflow and its pod: Build says which pod runs a template, Observe says what a pod tells
// about its node. Both are functions of their arguments; nothing here talks to a cluster, looks at a clock, or decides what happens next.
//
// A pod carries only what its template needs. A plain pod is the user's container alone. A wrapped pod, made where the result or output
// parameters are captured, gets the executor by an init container and starts the user's command through it.
package pod

import (
	"errors"
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

const (
	// AnnotationScript holds the source of a script template; a downward API volume makes it a file.
	AnnotationScript = "workflow.argosy.dev/script"
	// AnnotationWrapped is "true" on a pod whose main container is started by the executor, so that Observe expects a report.
	AnnotationWrapped = "workflow.argosy.dev/wrapped"
	// ScriptPath is where a script template's source is in its container (the peer's path).
	ScriptPath = scriptDir + "/script"
	// annotationDefaultContainer is the container that kubectl logs and exec choose.
	annotationDefaultContainer = "kubectl.kubernetes.io/default-container"

	// Volumes and directories of ours in the user's pod; the names are the peer's, which users know not to use.
	scriptVolume   = "argo-staging"
	scriptDir      = "/argo/staging"
	executorVolume = "var-run-argo"
	executorDir    = "/var/run/argo"

	// maxAnnotations is the most that Kubernetes stores as annotations of one object: the bytes of all keys and values.
	maxAnnotations = 256 << 10
)

// Input is what determines a pod.
type Input struct {
	// Workflow is the owner.
	Workflow *wfv1.Workflow
	// Spec is the spec that the workflow runs by. Nil means the stored one in the status, or else the workflow's own.
	Spec *wfv1.WorkflowSpec
	// Template is the template of the node with all parameters substituted and defaults merged. A container or script template.
	Template *wfv1.Template
	// NodeName and NodeID are those of the node.
	NodeName, NodeID string
	// ExecutorImage is the image that holds /argosy-executor. Used by wrapped pods only.
	ExecutorImage string
	// CaptureResult wants standard output as outputs.result.
	CaptureResult bool
	// Deadline is how many seconds are left of the workflow's own deadline, at least 1; nil if it has none, or if it does not apply
	// (exit handlers). The template's deadline holds as well: the shorter one counts.
	Deadline *int64
	// OnExit tells that the node belongs to an exit handler.
	OnExit bool
}

// spec returns the spec that the workflow runs by.
func (in *Input) spec() *wfv1.WorkflowSpec {
	switch {
	case in.Spec != nil:
		return in.Spec
	case in.Workflow.Status.StoredWorkflowTemplateSpec != nil:
		return in.Workflow.Status.StoredWorkflowTemplateSpec
	default:
		return &in.Workflow.Spec
	}
}

// Build returns the pod of a node. Its name, labels and annotations are the peer's. It changes nothing in the input, and the pod shares
// nothing with it. It fails where no pod can do what the template says; the message is for the user.
func Build(in Input) (*corev1.Pod, error) {
	spec, tmpl := in.spec(), in.Template.DeepCopy()
	main, script, err := mainContainer(tmpl, in.NodeID)
	if err != nil {
		return nil, err
	}
	p := &corev1.Pod{
		ObjectMeta: objectMeta(&in, spec, tmpl),
		Spec: corev1.PodSpec{
			RestartPolicy:    corev1.RestartPolicyNever,
			ImagePullSecrets: spec.ImagePullSecrets,
			DNSConfig:        spec.DNSConfig,
		},
	}
	if p.Spec.ActiveDeadlineSeconds, err = deadline(tmpl.ActiveDeadlineSeconds, in.Deadline); err != nil {
		return nil, err
	}
	if spec.HostNetwork != nil {
		p.Spec.HostNetwork = *spec.HostNetwork
	}
	if spec.DNSPolicy != nil {
		p.Spec.DNSPolicy = *spec.DNSPolicy
	}
	placement(&p.Spec, spec, tmpl)

	users, err := initContainers(tmpl, main)
	if err != nil {
		return nil, err
	}
	if err := addVolumes(&p.Spec, spec, tmpl, append([]corev1.Container{*main}, users...)); err != nil {
		return nil, err
	}
	if script {
		stageScript(p, main, tmpl.Script.Source)
	}
	if wrapped(tmpl, in.CaptureResult) {
		helper, err := wrap(p, main, tmpl, in)
		if err != nil {
			return nil, err
		}
		users = append([]corev1.Container{helper}, users...)
	}
	p.Spec.InitContainers = users
	p.Spec.Containers = []corev1.Container{*main}
	if n := annotationBytes(p.Annotations); n > maxAnnotations {
		return nil, fmt.Errorf("template %q: the pod's annotations, which include the script, take %d bytes; Kubernetes stores at most %d", tmpl.Name, n, maxAnnotations)
	}
	// The spec is shared by all pods of the workflow; what was taken from it is given away as a copy.
	return p.DeepCopy(), nil
}

// objectMeta returns the pod's metadata. The user's labels and annotations cannot replace those that the system goes by.
func objectMeta(in *Input, spec *wfv1.WorkflowSpec, tmpl *wfv1.Template) metav1.ObjectMeta {
	wf := in.Workflow
	labels, annotations := map[string]string{}, map[string]string{annotationDefaultContainer: wfv1.MainContainerName}
	for _, m := range []*wfv1.Metadata{spec.PodMetadata, &tmpl.Metadata} {
		if m == nil {
			continue
		}
		for k, v := range m.Labels {
			labels[k] = v
		}
		for k, v := range m.Annotations {
			annotations[k] = v
		}
	}
	labels[wfv1.LabelWorkflow] = wf.Name
	labels[wfv1.LabelCompleted] = "false"
	if in.OnExit {
		labels[wfv1.LabelOnExit] = "true"
	}
	annotations[wfv1.AnnotationNodeID] = in.NodeID
	annotations[wfv1.AnnotationNodeName] = in.NodeName
	delete(annotations, AnnotationScript)
	delete(annotations, AnnotationWrapped)
	yes := true
	return metav1.ObjectMeta{
		Name:        wfv1.PodName(wf, in.NodeName, tmpl.Name),
		Namespace:   wf.Namespace,
		Labels:      labels,
		Annotations: annotations,
		OwnerReferences: []metav1.OwnerReference{{
			APIVersion:         wfv1.SchemeGroupVersion.String(),
			Kind:               "Workflow",
			Name:               wf.Name,
			UID:                wf.UID,
			Controller:         &yes,
			BlockOwnerDeletion: &yes,
		}},
	}
}

// placement sets where and as whom the pod runs. What a template says replaces what the workflow says; host aliases add up.
func placement(p *corev1.PodSpec, spec *wfv1.WorkflowSpec, tmpl *wfv1.Template) {
	p.NodeSelector = spec.NodeSelector
	if len(tmpl.NodeSelector) > 0 {
		p.NodeSelector = tmpl.NodeSelector
	}
	p.Tolerations = spec.Tolerations
	if len(tmpl.Tolerations) > 0 {
		p.Tolerations = tmpl.Tolerations
	}
	p.Affinity = first(tmpl.Affinity, spec.Affinity)
	p.SchedulerName = either(tmpl.SchedulerName, spec.SchedulerName)
	p.PriorityClassName = either(tmpl.PriorityClassName, spec.PodPriorityClassName)
	p.ServiceAccountName = either(tmpl.ServiceAccountName, spec.ServiceAccountName)
	// No program of ours in the pod needs a token, so nothing is forced.
	p.AutomountServiceAccountToken = first(tmpl.AutomountServiceAccountToken, spec.AutomountServiceAccountToken)
	p.SecurityContext = first(tmpl.SecurityContext, spec.SecurityContext)
	p.HostAliases = append(append([]corev1.HostAlias(nil), spec.HostAliases...), tmpl.HostAliases...)
}

// deadline returns the shorter of a template's deadline and what is left of the workflow's.
func deadline(template *intstr.IntOrString, workflow *int64) (*int64, error) {
	if template == nil {
		return workflow, nil
	}
	seconds := int64(template.IntVal)
	if template.Type == intstr.String {
		var err error
		if seconds, err = strconv.ParseInt(template.StrVal, 10, 64); err != nil {
			return nil, fmt.Errorf("activeDeadlineSeconds: %q is not a whole number of seconds", template.StrVal)
		}
	}
	if seconds <= 0 {
		return nil, errors.New("activeDeadlineSeconds: must be greater than 0")
	}
	if workflow != nil && *workflow < seconds {
		return workflow, nil
	}
	return &seconds, nil
}

func annotationBytes(annotations map[string]string) int {
	n := 0
	for k, v := range annotations {
		n += len(k) + len(v)
	}
	return n
}

func first[T any](a, b *T) *T {
	if a != nil {
		return a
	}
	return b
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
