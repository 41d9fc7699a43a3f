// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"fmt"
	"maps"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

const (
	canarySuffix = "-canary"
	// maxName is the longest name that an object may have.
	maxName = 253
	// annotationIngressClass is how an Ingress says its class where it has no ingressClassName.
	annotationIngressClass = "kubernetes.io/ingress.class"
)

// CanaryIngressName is the name of the Ingress that leads to the canary beside the one given.
func CanaryIngressName(rollout, ingress string) string {
	name := rollout + "-" + ingress
	return name[:min(len(name), maxName-len(canarySuffix))] + canarySuffix
}

// stableIngresses returns the names of the Ingresses that the rollout names, and where it names them.
func stableIngresses(nginx *rov1.NginxTrafficRouting) ([]string, []*field.Path) {
	var names []string
	var paths []*field.Path
	if nginx.StableIngress != "" {
		names, paths = append(names, nginx.StableIngress), append(paths, path.Child("nginx", "stableIngress"))
	}
	for i, name := range nginx.StableIngresses {
		names, paths = append(names, name), append(paths, path.Child("nginx", "stableIngresses").Index(i))
	}
	return names, paths
}

func ingressRef(ro *rov1.Rollout, name string) Ref {
	return Ref{Group: "networking.k8s.io", Resource: "ingresses", Namespace: ro.Namespace, Name: name}
}

func nginxRefs(ro *rov1.Rollout, nginx *rov1.NginxTrafficRouting) []Ref {
	if nginx == nil {
		return nil
	}
	var refs []Ref
	names, _ := stableIngresses(nginx)
	for _, name := range names {
		refs = append(refs, ingressRef(ro, name), ingressRef(ro, CanaryIngressName(ro.Name, name)))
	}
	return refs
}

// nginx plans, for each Ingress that leads to the stable Service, a second one that leads to the canary's, by which the
// ingress controller splits the requests.
func (p *plan) nginx(nginx *rov1.NginxTrafficRouting) {
	names, paths := stableIngresses(nginx)
	for i, name := range names {
		ref := ingressRef(p.ro, CanaryIngressName(p.ro.Name, name))
		stable := p.observed[ingressRef(p.ro, name)]
		if stable == nil {
			p.problem(field.Invalid(paths[i], name, notFound(ingressRef(p.ro, name))))
			continue
		}
		wanted, err := CanaryIngress(p.ro, stable, p.desired)
		if err != nil {
			p.problem(field.Invalid(paths[i], name, err.Error()))
			continue
		}
		existing := p.observed[ref]
		if existing == nil {
			p.changes = append(p.changes, Change{
				Ref: ref, Object: wanted, Create: true,
				Reason: "CanaryIngressCreated", Message: fmt.Sprintf("Ingress %s is made, which sends %d of %d to the canary", ref.Name, p.desired.Canary.Weight, maxWeight(p.ro)),
			})
			continue
		}
		if !metav1.IsControlledBy(existing, p.ro) {
			p.problem(field.Invalid(paths[i], name, fmt.Sprintf("the canary's Ingress %q exists and is not the rollout's own", ref.Name)))
			continue
		}
		message := fmt.Sprintf("Ingress %s sends %d of %d to the canary", ref.Name, p.desired.Canary.Weight, maxWeight(p.ro))
		p.edit(ref, paths[i], "CanaryIngressUpdated", message, func(o *unstructured.Unstructured) error {
			annotations := o.GetAnnotations()
			if annotations == nil {
				annotations = map[string]string{}
			}
			maps.Copy(annotations, wanted.GetAnnotations())
			o.SetAnnotations(annotations)
			spec := dict(o.Object, "spec")
			for _, key := range []string{"rules", "tls", "ingressClassName"} {
				if value, ok := dict(wanted.Object, "spec")[key]; ok {
					spec[key] = value
				} else {
					delete(spec, key)
				}
			}
			return nil
		})
	}
}

// CanaryIngress returns the Ingress that leads to the canary's Service as the given one leads to the stable Service:
// those of its rules that do, its TLS hosts and its class. The error says why there is none.
func CanaryIngress(ro *rov1.Rollout, stable *unstructured.Unstructured, desired Desired) (*unstructured.Unstructured, error) {
	nginx := routing(ro).Nginx
	from := dict(stable.Object, "spec")
	var rules []any
	all, _ := dicts(from, "rules")
	for _, rule := range all {
		rule = runtime.DeepCopyJSON(rule)
		paths, _ := dicts(dict(rule, "http"), "paths")
		leads := false
		for _, to := range paths {
			service := dict(dict(to, "backend"), "service")
			if service != nil && text(service, "name") == desired.Stable.Service {
				service["name"] = desired.Canary.Service
				leads = true
			}
		}
		if leads {
			rules = append(rules, rule)
		}
	}
	if len(rules) == 0 {
		return nil, fmt.Errorf("none of its rules leads to the stable Service %q", desired.Stable.Service)
	}
	spec := map[string]any{"rules": rules}
	for _, key := range []string{"tls", "ingressClassName"} {
		if value, ok := from[key]; ok && value != nil {
			spec[key] = runtime.DeepCopyJSONValue(value)
		}
	}
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": stable.GetAPIVersion(),
		"kind":       stable.GetKind(),
		"metadata": map[string]any{
			"name": CanaryIngressName(ro.Name, stable.GetName()), "namespace": ro.Namespace,
			"ownerReferences": []any{controllerRef(ro)},
		},
		"spec": spec,
	}}
	object.SetAnnotations(canaryAnnotations(ro, nginx, stable, desired))
	return object, nil
}

// canaryAnnotations tells the ingress controller what the Ingress is for. What the user adds does not change the weight.
func canaryAnnotations(ro *rov1.Rollout, nginx *rov1.NginxTrafficRouting, stable *unstructured.Unstructured, desired Desired) map[string]string {
	prefix := nginx.AnnotationPrefix
	if prefix == "" {
		prefix = rov1.DefaultNginxAnnotationPrefix
	}
	annotations := map[string]string{}
	if class, ok := stable.GetAnnotations()[annotationIngressClass]; ok {
		annotations[annotationIngressClass] = class
	}
	for key, value := range nginx.AdditionalIngressAnnotations {
		if !strings.HasPrefix(key, prefix) {
			key = prefix + "/" + key
		}
		annotations[key] = value
	}
	maps.Copy(annotations, nginx.CanaryIngressAnnotations)
	annotations[prefix+"/canary"] = "true"
	annotations[prefix+"/canary-weight"] = strconv.Itoa(int(desired.Canary.Weight))
	if total := routing(ro).MaxTrafficWeight; total != nil {
		annotations[prefix+"/canary-weight-total"] = strconv.Itoa(int(*total))
	}
	return annotations
}
