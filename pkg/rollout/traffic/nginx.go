// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// The nginx ingress controller splits the requests of an Ingress between its backends and those of a second Ingress with
// the same hosts and paths, which its annotations mark as the canary's
// (https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#canary).

// nginxPrefix is what the controller's annotations begin with, unless it was started with another.
const nginxPrefix = "nginx.ingress.kubernetes.io"

// ingressClass is the annotation by which an Ingress names its controller where it has no spec.ingressClassName.
const ingressClass = "kubernetes.io/ingress.class"

// CanaryIngressName returns the name of the Ingress that is made for the new pods: "<rollout>-<ingress>-canary", cut
// where that is too long for a name.
func CanaryIngressName(rollout, ingress string) string {
	const suffix = "-canary"
	name := rollout + "-" + ingress
	if most := validation.DNS1123SubdomainMaxLength - len(suffix); len(name) > most {
		name = strings.TrimRight(name[:most], "-.")
	}
	return name + suffix
}

// namedIngress is an Ingress that a rollout names, and where.
type namedIngress struct {
	name string
	at   *field.Path
}

func stableIngresses(nginx *rov1.NginxTrafficRouting) []namedIngress {
	var named []namedIngress
	if nginx.StableIngress != "" {
		named = append(named, namedIngress{nginx.StableIngress, path.Child("nginx", "stableIngress")})
	}
	for i, name := range nginx.StableIngresses {
		named = append(named, namedIngress{name, path.Child("nginx", "stableIngresses").Index(i)})
	}
	return named
}

func ingressRef(ro *rov1.Rollout, name string) Ref {
	return Ref{Group: "networking.k8s.io", Resource: "ingresses", Namespace: ro.Namespace, Name: name}
}

func nginxRefs(ro *rov1.Rollout, nginx *rov1.NginxTrafficRouting) []Ref {
	if nginx == nil {
		return nil
	}
	var refs []Ref
	for _, stable := range stableIngresses(nginx) {
		refs = append(refs, ingressRef(ro, stable.name), ingressRef(ro, CanaryIngressName(ro.Name, stable.name)))
	}
	return refs
}

// nginx plans the canary's Ingresses.
func (p *plan) nginx(nginx *rov1.NginxTrafficRouting) {
	for _, named := range stableIngresses(nginx) {
		stable := p.observed[ingressRef(p.ro, named.name)]
		if stable == nil {
			p.problem(field.Invalid(named.at, named.name, notFound(ingressRef(p.ro, named.name))))
			continue
		}
		spec, err := canarySpec(stable, p.desired)
		if err != nil {
			p.problem(field.Invalid(named.at, named.name, err.Error()))
			continue
		}
		p.canaryIngress(nginx, named, stable, spec)
	}
}

// canaryIngress plans the Ingress that goes with a stable one.
func (p *plan) canaryIngress(nginx *rov1.NginxTrafficRouting, named namedIngress, stable *unstructured.Unstructured, spec map[string]any) {
	ref := ingressRef(p.ro, CanaryIngressName(p.ro.Name, named.name))
	annotations := canaryAnnotations(p.ro, nginx, stable, p.desired.Canary.Weight)
	message := fmt.Sprintf("Ingress %s sends %d of %d to the canary", ref.Name, p.desired.Canary.Weight, maxWeight(p.ro))
	if p.observed[ref] != nil {
		p.edit(ref, named.at, "IngressUpdated", message, func(o *unstructured.Unstructured) error {
			if !owned(o, p.ro) {
				return fmt.Errorf("the Ingress %q exists and is not the rollout's own", ref.Name)
			}
			o.Object["spec"] = spec
			o.SetAnnotations(withOurs(o.GetAnnotations(), annotations, prefixOf(nginx)))
			return nil
		})
		return
	}
	created := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": stable.GetAPIVersion(), "kind": stable.GetKind(),
		"metadata": map[string]any{"name": ref.Name, "namespace": ref.Namespace, "ownerReferences": []any{controllerRef(p.ro)}},
		"spec":     spec,
	}}
	created.SetAnnotations(annotations)
	p.changes = append(p.changes, Change{Ref: ref, Object: created, Create: true, Reason: "IngressCreated", Message: message})
}

// owned tells that the rollout is the controller of an object.
func owned(object *unstructured.Unstructured, ro *rov1.Rollout) bool {
	return slices.ContainsFunc(object.GetOwnerReferences(), func(ref metav1.OwnerReference) bool {
		return ref.UID == ro.UID && ref.Controller != nil && *ref.Controller
	})
}

// canarySpec returns the stable Ingress's spec for the canary's: its class and certificates, and those of its rules that
// lead to the stable Service, leading to the canary's instead. A default backend is left out: the controller splits rules
// only.
func canarySpec(stable *unstructured.Unstructured, desired Desired) (map[string]any, error) {
	spec := runtime.DeepCopyJSON(dict(stable.Object, "spec"))
	delete(spec, "defaultBackend")
	rules, _ := dicts(spec, "rules")
	var kept []map[string]any
	for _, rule := range rules {
		paths, _ := dicts(dict(rule, "http"), "paths")
		leads := false
		for _, p := range paths {
			if service := dict(dict(p, "backend"), "service"); service != nil && text(service, "name") == desired.Stable.Service {
				service["name"], leads = desired.Canary.Service, true
			}
		}
		if leads {
			kept = append(kept, rule)
		}
	}
	if len(kept) == 0 {
		return nil, fmt.Errorf("none of its rules leads to the stable Service %q", desired.Stable.Service)
	}
	spec["rules"] = listOf(kept)
	return spec, nil
}

func prefixOf(nginx *rov1.NginxTrafficRouting) string {
	if nginx.AnnotationPrefix != "" {
		return nginx.AnnotationPrefix
	}
	return nginxPrefix
}

// canaryAnnotations returns the annotations of the canary's Ingress: the stable one's class, the user's, and the weight,
// which none of the user's overrules.
func canaryAnnotations(ro *rov1.Rollout, nginx *rov1.NginxTrafficRouting, stable *unstructured.Unstructured, weight int32) map[string]string {
	prefix := prefixOf(nginx) + "/"
	wanted := map[string]string{}
	if class, ok := stable.GetAnnotations()[ingressClass]; ok {
		wanted[ingressClass] = class
	}
	for key, value := range nginx.AdditionalIngressAnnotations {
		if !strings.HasPrefix(key, prefix) {
			key = prefix + key
		}
		wanted[key] = value
	}
	maps.Copy(wanted, nginx.CanaryIngressAnnotations)
	wanted[prefix+"canary"] = "true"
	wanted[prefix+"canary-weight"] = strconv.Itoa(int(weight))
	delete(wanted, prefix+"canary-weight-total")
	if total := routing(ro).MaxTrafficWeight; total != nil {
		wanted[prefix+"canary-weight-total"] = strconv.Itoa(int(*total))
	}
	return wanted
}

// withOurs returns annotations with the wanted ones set. Of those that say how the canary gets its traffic none stays
// that is not wanted; what else others have put there does.
func withOurs(annotations, wanted map[string]string, prefix string) map[string]string {
	set := maps.Clone(annotations)
	if set == nil {
		set = map[string]string{}
	}
	maps.DeleteFunc(set, func(key, _ string) bool { return strings.HasPrefix(key, prefix+"/canary") })
	maps.Copy(set, wanted)
	return set
}
