// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// Ref names an object that a router reads. The version is the cluster's to choose.
type Ref struct {
	Group, Resource, Namespace, Name string
}

// Destination is a group of pods and the part of the traffic that it gets.
type Destination struct {
	// Service selects the pods. Empty means what the rollout names for them.
	Service string
	// Hash is the pod template hash of the pods; empty: not known yet.
	Hash string
	// Weight is the part of the traffic, in parts of the rollout's maxTrafficWeight (100 unless set).
	Weight int32
}

// Desired is how the traffic is to flow.
type Desired struct {
	// Canary are the new pods, Stable the ones that count as good.
	Canary, Stable Destination
	// Additional are further groups of pods, of an experiment. Only Istio knows them.
	Additional []Destination
	// KeepHashes leaves the subsets of a DestinationRule as they are: not all pods of the new hashes are available yet.
	KeepHashes bool
	// Headers and Mirrors are the managed routes that must stand. All other managed routes are removed.
	Headers []rov1.SetHeaderRoute
	Mirrors []rov1.SetMirrorRoute
	// released tells that the rollout leaves the objects: what it has put into them goes, as far as it is found, and
	// nothing is added.
	released bool
}

// Change is an object to write.
type Change struct {
	Ref Ref
	// Object is the object as it must be. If it is there already, it carries the resourceVersion that was observed.
	Object *unstructured.Unstructured
	// Create tells that the object is not there yet.
	Create bool
	// Reason and Message are of the Event that tells of the change; empty: none.
	Reason, Message string
}

// Observed are router objects by their name. What is absent does not exist.
type Observed map[Ref]*unstructured.Unstructured

// path is where routers are named in a rollout.
var path = field.NewPath("spec", "strategy", "canary", "trafficRouting")

// routing returns the part of the rollout that names routers; nil if there is none.
func routing(ro *rov1.Rollout) *rov1.TrafficRouting {
	if ro.Spec.Strategy.Canary == nil {
		return nil
	}
	return ro.Spec.Strategy.Canary.TrafficRouting
}

// maxWeight is the weight that stands for all traffic.
func maxWeight(ro *rov1.Rollout) int32 {
	if t := routing(ro); t != nil && t.MaxTrafficWeight != nil {
		return *t.MaxTrafficWeight
	}
	return 100
}

// Refs returns the objects that the rollout's routers read and write, whether they exist or not, in the order in which
// they are written.
func Refs(ro *rov1.Rollout) []Ref {
	t := routing(ro)
	if t == nil {
		return nil
	}
	var refs []Ref
	refs = append(refs, istioRefs(ro, t.Istio)...)
	refs = append(refs, nginxRefs(ro, t.Nginx)...)
	config, err := gatewayOf(t)
	if err == nil && config != nil {
		for _, route := range config.routes(ro) {
			refs = append(refs, route.ref)
		}
	}
	return refs
}

// Named is an object that a rollout names for a router, and where it does.
type Named struct {
	Ref
	Kind string
	At   *field.Path
}

// NamedBy returns the objects of routers that the rollout names: those of Refs that it does not make itself.
func NamedBy(ro *rov1.Rollout) []Named {
	t := routing(ro)
	if t == nil {
		return nil
	}
	var all []Named
	if t.Istio != nil {
		if rule := t.Istio.DestinationRule; rule != nil {
			all = append(all, Named{destinationRuleRef(ro, rule), "DestinationRule", istioPath.Child("destinationRule", "name")})
		}
		for _, v := range virtualServices(t.Istio) {
			all = append(all, Named{virtualServiceRef(ro, v.Name), "VirtualService", v.at})
		}
	}
	if t.Nginx != nil {
		for _, stable := range stableIngresses(t.Nginx) {
			all = append(all, Named{ingressRef(ro, stable.name), "Ingress", stable.at})
		}
	}
	if config, err := gatewayOf(t); err == nil && config != nil {
		for _, route := range config.routes(ro) {
			all = append(all, Named{route.ref, routeKinds[route.ref.Resource], route.at})
		}
	}
	return all
}

// routeKinds are the kinds of routes of the Gateway API.
var routeKinds = map[string]string{"httproutes": "HTTPRoute", "grpcroutes": "GRPCRoute", "tcproutes": "TCPRoute", "tlsroutes": "TLSRoute"}

// Plan returns the writes by which the observed objects become what is desired, none if they are that already, and
// what is wrong with the objects that are named: a router with a problem is left as it is, the others are not.
func Plan(ro *rov1.Rollout, observed Observed, desired Desired) ([]Change, field.ErrorList) {
	t := routing(ro)
	if t == nil {
		return nil, nil
	}
	p := &plan{ro: ro, observed: observed, desired: withServices(ro, desired)}
	if t.Istio != nil {
		p.istio(t.Istio)
	}
	if t.Nginx != nil {
		p.nginx(t.Nginx)
	}
	if config, err := gatewayOf(t); err != nil {
		p.problem(err)
	} else if config != nil {
		p.gateway(config)
	}
	if !p.takes && len(p.problems) == 0 && len(desired.Headers)+len(desired.Mirrors) > 0 {
		p.problems = untaken(ro)
	}
	return p.changes, p.problems
}

// withServices fills in the Services that the rollout names.
func withServices(ro *rov1.Rollout, desired Desired) Desired {
	canary, stable := ro.Spec.Strategy.Canary.CanaryService, ro.Spec.Strategy.Canary.StableService
	if turns := ro.Spec.Strategy.Canary.PingPong; turns != nil && canary == "" && stable == "" {
		canary, stable = turns.PongService, turns.PingService
	}
	if desired.Canary.Service == "" {
		desired.Canary.Service = canary
	}
	if desired.Stable.Service == "" {
		desired.Stable.Service = stable
	}
	return desired
}

// plan collects the changes and the problems of all routers of a rollout.
type plan struct {
	ro       *rov1.Rollout
	observed Observed
	desired  Desired
	changes  []Change
	problems field.ErrorList
	// takes tells that there is an object that the managed routes go into.
	takes bool
}

func (p *plan) problem(err *field.Error) { p.problems = append(p.problems, err) }

// edit adds the write of an object that a function has edited in place.
func (p *plan) edit(ref Ref, at *field.Path, reason, message string, edit func(*unstructured.Unstructured) error) {
	object := p.observed[ref]
	if object == nil {
		p.problem(field.Invalid(at, ref.Name, notFound(ref)))
		return
	}
	changed, err := Edited(object, edit)
	if err != nil {
		p.problem(field.Invalid(at, ref.Name, err.Error()))
		return
	}
	if changed != nil {
		p.changes = append(p.changes, Change{Ref: ref, Object: changed, Reason: reason, Message: message})
	}
}

// Edited returns a copy of the object with the edit made; nil if that changes nothing.
func Edited(object *unstructured.Unstructured, edit func(*unstructured.Unstructured) error) (*unstructured.Unstructured, error) {
	changed := object.DeepCopy()
	if err := edit(changed); err != nil {
		return nil, err
	}
	if reflect.DeepEqual(object.Object, changed.Object) {
		return nil, nil
	}
	return changed, nil
}

func notFound(ref Ref) string {
	return ref.Resource + " of " + ref.Group + " \"" + ref.Name + "\" not found in namespace " + ref.Namespace
}

// Unsupported names the routers of the rollout that nothing here can set.
func Unsupported(ro *rov1.Rollout) field.ErrorList {
	t := routing(ro)
	if t == nil {
		return nil
	}
	var errs field.ErrorList
	for _, router := range []struct {
		name string
		set  bool
	}{
		{"alb", t.ALB != nil},
		{"smi", t.SMI != nil},
		{"ambassador", t.Ambassador != nil},
		{"appMesh", t.AppMesh != nil},
		{"traefik", t.Traefik != nil},
		{"apisix", t.Apisix != nil},
	} {
		if router.set {
			errs = append(errs, field.Forbidden(path.Child(router.name), "this version does not set this router"))
		}
	}
	return append(errs, unsupportedPlugins(t)...)
}

// dict returns the object at a key, nil if there is none.
func dict(in map[string]any, key string) map[string]any {
	m, _ := in[key].(map[string]any)
	return m
}

// dicts returns the objects of the list at a key. ok tells that it is a list of objects.
func dicts(in map[string]any, key string) (found []map[string]any, ok bool) {
	list, ok := in[key].([]any)
	if !ok {
		return nil, false
	}
	for _, element := range list {
		m, isMap := element.(map[string]any)
		if !isMap {
			return nil, false
		}
		found = append(found, m)
	}
	return found, true
}

// listOf is the opposite of dicts.
func listOf(elements []map[string]any) []any {
	list := make([]any, len(elements))
	for i := range elements {
		list[i] = elements[i]
	}
	return list
}

// text returns the string at a key, "" if there is none.
func text(in map[string]any, key string) string {
	s, _ := in[key].(string)
	return s
}

// number returns the integer at a key, 0 if there is none.
func number(in map[string]any, key string) int64 {
	switch n := in[key].(type) {
	case int64:
		return n
	case float64:
		return int64(n)
	}
	return 0
}

// setNumber sets an integer at a key, unless it is there: one that was read as a fraction of none stays as it is.
func setNumber(in map[string]any, key string, value int64) {
	if _, there := in[key]; !there || number(in, key) != value {
		in[key] = value
	}
}

// controllerRef is the reference by which the rollout owns what is made for it.
func controllerRef(ro *rov1.Rollout) map[string]any {
	ref := metav1.NewControllerRef(ro, rov1.SchemeGroupVersion.WithKind("Rollout"))
	return map[string]any{
		"apiVersion": ref.APIVersion, "kind": ref.Kind, "name": ref.Name, "uid": string(ref.UID),
		"controller": true, "blockOwnerDeletion": true,
	}
}
