// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package raw

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kjson "sigs.k8s.io/json"
)

// PodTemplateSpec is the template of a pod, kept as JSON. Kubernetes' own Go type would refuse what the peers take (a
// quantity that is none), and would change with the library what a manifest says and so every hash of it. The JSON is
// canonical: keys in order, no blanks, no nulls, digits as they are written.
//
// +k8s:openapi-gen=false
type PodTemplateSpec struct {
	// Raw is the canonical JSON text of the object. Empty stands for an empty object.
	Raw json.RawMessage `json:"-"`

	// These are never set. Strategic merge patches, which find out by the Go types how a list is merged, see a pod
	// template through them.
	Metadata *metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec     *corev1.PodSpec    `json:"spec,omitempty"`
}

// NewPodTemplateSpec returns the canonical JSON of a typed template.
func NewPodTemplateSpec(typed corev1.PodTemplateSpec) (PodTemplateSpec, error) {
	data, err := json.Marshal(typed)
	if err != nil {
		return PodTemplateSpec{}, fmt.Errorf("encode pod template: %w", err)
	}
	var t PodTemplateSpec
	return t, t.UnmarshalJSON(data)
}

// UnmarshalJSON takes a JSON object; null stands for an empty one.
func (t *PodTemplateSpec) UnmarshalJSON(data []byte) error {
	text, err := canonical(data)
	if err != nil {
		return err
	}
	*t = PodTemplateSpec{Raw: text}
	return nil
}

// MarshalJSON returns the JSON text.
func (t PodTemplateSpec) MarshalJSON() ([]byte, error) { return marshalObject(t.Raw) }

// IsZero tells that nothing is set: such a template is left out where it may be.
func (t PodTemplateSpec) IsZero() bool { return len(t.Raw) == 0 }

// OpenAPIModelName makes the published documents describe a pod template as Kubernetes does.
func (PodTemplateSpec) OpenAPIModelName() string { return corev1.PodTemplateSpec{}.OpenAPIModelName() }

// Decode returns the template as Kubernetes' own type. As with the peer, quantities of resources that are none are left
// out. The error names the place of any other value of a wrong type.
func (t PodTemplateSpec) Decode() (*corev1.PodTemplateSpec, error) {
	typed := &corev1.PodTemplateSpec{}
	_, err := decode(t.Raw, typed, func(o map[string]any) { tolerate(o) })
	return typed, err
}

// SetImages gives containers and init containers other images, by their names; * stands for all of them. It returns the
// names, sorted, that no container has; then, as with an error, nothing is changed.
func (t *PodTemplateSpec) SetImages(images map[string]string) (unknown []string, err error) {
	object := map[string]any{}
	if len(t.Raw) > 0 {
		if object, err = generic(t.Raw); err != nil {
			return nil, err
		}
	}
	spec, _ := object["spec"].(map[string]any)
	used := map[string]bool{}
	for _, list := range []string{"containers", "initContainers"} {
		containers, _ := spec[list].([]any)
		for _, c := range containers {
			container, _ := c.(map[string]any)
			name, _ := container["name"].(string)
			for _, key := range []string{name, "*"} {
				if image, ok := images[key]; ok && container != nil {
					container["image"], used[key] = image, true
					break
				}
			}
		}
	}
	for name := range images {
		if !used[name] {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return unknown, nil
	}
	text, err := encode(object)
	if err != nil {
		return nil, err
	}
	t.Raw = text
	return nil, nil
}

// UnknownFields returns an error for each field that a pod template does not have, with its path below path, in the
// words of strict decoding.
func (t PodTemplateSpec) UnknownFields(path string) []error {
	strict, _ := decode(t.Raw, &corev1.PodTemplateSpec{}, func(o map[string]any) { tolerate(o) })
	return below(path, strict)
}

// Exact tells that the typed template that Decode returns says all that this one does: no field is newer than the types
// that are compiled in, and nothing was left out.
func (t PodTemplateSpec) Exact() bool {
	if len(t.Raw) == 0 {
		return true
	}
	object, err := generic(t.Raw)
	if err != nil {
		return false
	}
	tolerate(object)
	text, err := encode(object)
	return err == nil && bytes.Equal(text, t.Raw) && len(t.UnknownFields("")) == 0
}

// Completed returns the JSON of a typed template that was made of this one, with the fields of this one that the types
// that are compiled in do not know, but a cluster may. Elements of lists are taken for the same by their place.
func (t PodTemplateSpec) Completed(typed *corev1.PodTemplateSpec) (PodTemplateSpec, error) {
	made, err := NewPodTemplateSpec(*typed)
	if err != nil || len(t.Raw) == 0 {
		return made, err
	}
	from, err := generic(t.Raw)
	if err != nil {
		return PodTemplateSpec{}, err
	}
	into, err := generic(made.Raw)
	if err != nil {
		return PodTemplateSpec{}, err
	}
	addUnknown(reflect.TypeFor[corev1.PodTemplateSpec](), from, into)
	text, err := encode(into)
	return PodTemplateSpec{Raw: text}, err
}

// JobSpec is the spec of a Job, kept as JSON for the reasons of PodTemplateSpec, and in the same canonical form.
//
// +k8s:openapi-gen=false
type JobSpec struct {
	// Raw is the canonical JSON text of the object. Empty stands for an empty object.
	Raw json.RawMessage `json:"-"`
}

// UnmarshalJSON takes a JSON object; null stands for an empty one.
func (s *JobSpec) UnmarshalJSON(data []byte) error {
	text, err := canonical(data)
	if err != nil {
		return err
	}
	if string(text) == "{}" {
		// It is written so anyway.
		text = nil
	}
	s.Raw = text
	return nil
}

// MarshalJSON returns the JSON text.
func (s JobSpec) MarshalJSON() ([]byte, error) { return marshalObject(s.Raw) }

// OpenAPIModelName makes the published documents describe the spec of a Job as Kubernetes does.
func (JobSpec) OpenAPIModelName() string { return batchv1.JobSpec{}.OpenAPIModelName() }

// Decode returns the spec as Kubernetes' own type, as Decode of PodTemplateSpec does.
func (s JobSpec) Decode() (*batchv1.JobSpec, error) {
	typed := &batchv1.JobSpec{}
	_, err := decode(s.Raw, typed, tolerateJob)
	return typed, err
}

// UnknownFields returns an error for each field that the spec of a Job does not have, with its path below path.
func (s JobSpec) UnknownFields(path string) []error {
	strict, _ := decode(s.Raw, &batchv1.JobSpec{}, tolerateJob)
	return below(path, strict)
}

// canonical returns the canonical text of a JSON object, nil for null.
func canonical(data []byte) (json.RawMessage, error) {
	if bytes.Equal(bytes.TrimSpace(data), []byte("null")) {
		return nil, nil
	}
	value, err := generic(data)
	if err != nil {
		return nil, err
	}
	if err := InRange(data); err != nil {
		return nil, err
	}
	withoutNulls(value)
	return encode(value)
}

// encode returns the canonical text of a JSON object without nulls.
func encode(value map[string]any) (json.RawMessage, error) {
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// generic decodes a JSON object without losing digits.
func generic(data []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("must be an object, not %s", KindOf(bytes.TrimSpace(data)[0]))
	}
	return object, nil
}

// withoutNulls drops keys whose value is null, which means the same as their absence.
func withoutNulls(value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, e := range v {
			if e == nil {
				delete(v, key)
			} else {
				withoutNulls(e)
			}
		}
	case []any:
		for _, e := range v {
			withoutNulls(e)
		}
	}
}

func marshalObject(text json.RawMessage) ([]byte, error) {
	if len(text) == 0 {
		return []byte("{}"), nil
	}
	return text, nil
}

// decode decodes text into a typed object, after tolerate has taken out what the typed object would refuse.
func decode(text json.RawMessage, into any, tolerate func(map[string]any)) (strict []error, err error) {
	if len(text) == 0 {
		return nil, nil
	}
	object, err := generic(text)
	if err != nil {
		return nil, err
	}
	tolerate(object)
	data, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	return kjson.UnmarshalStrict(data, into)
}

func tolerateJob(spec map[string]any) {
	if template, ok := spec["template"].(map[string]any); ok {
		tolerate(template)
	}
}

// tolerate takes out the quantities that are none where the peer's schemas let them pass: in the resources of containers
// and in volumes. As with the peer, one of them in an ephemeral container takes all ephemeral containers away.
func tolerate(template map[string]any) {
	spec, _ := template["spec"].(map[string]any)
	for _, list := range []string{"containers", "initContainers", "ephemeralContainers"} {
		containers, _ := spec[list].([]any)
		bad := false
		for _, c := range containers {
			container, _ := c.(map[string]any)
			bad = tolerateResources(container) || bad
		}
		if bad && list == "ephemeralContainers" {
			delete(spec, list)
		}
	}
	volumes, _ := spec["volumes"].([]any)
	for _, v := range volumes {
		volume, _ := v.(map[string]any)
		emptyDir, _ := volume["emptyDir"].(map[string]any)
		if limit, ok := emptyDir["sizeLimit"]; ok && !isQuantity(limit) {
			delete(emptyDir, "sizeLimit")
		}
		ephemeral, _ := volume["ephemeral"].(map[string]any)
		claim, _ := ephemeral["volumeClaimTemplate"].(map[string]any)
		claimSpec, _ := claim["spec"].(map[string]any)
		tolerateResources(claimSpec)
	}
}

// tolerateResources takes the quantities that are none out of the resources of o, and tells whether there were any.
func tolerateResources(o map[string]any) (bad bool) {
	resources, _ := o["resources"].(map[string]any)
	for _, part := range []string{"limits", "requests"} {
		quantities, _ := resources[part].(map[string]any)
		for name, q := range quantities {
			if !isQuantity(q) {
				delete(quantities, name)
				bad = true
			}
		}
	}
	return bad
}

func isQuantity(value any) bool {
	var text string
	switch v := value.(type) {
	case string:
		text = v
	case json.Number:
		text = v.String()
	default:
		return false
	}
	_, err := resource.ParseQuantity(text)
	return err == nil
}

// below puts path before the paths of strict decoding errors.
func below(path string, errs []error) []error {
	for _, err := range errs {
		if f, ok := err.(kjson.FieldError); ok {
			f.SetFieldPath(path + "." + f.FieldPath())
		}
	}
	return errs
}

// Strict is an object some of whose fields this package keeps as JSON, where Go's decoder looks for no unknown fields.
type Strict interface {
	// UnknownFields returns an error for each unknown field, in the words of strict decoding.
	UnknownFields() []error
}
