// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"cmp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
)

// place is where in a sync something is done.
type place struct {
	phase object.Phase
	wave  int
}

// phaseOrder is the order of phases; those of deletions are never in one plan with those of syncs.
var phaseOrder = []object.Phase{object.PreSync, object.Sync, object.PostSync, object.SyncFail, object.PreDelete, object.PostDelete}

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(slices.Index(phaseOrder, p.phase), slices.Index(phaseOrder, q.phase)), cmp.Compare(p.wave, q.wave))
}

// task is one thing that a sync does: an object that is applied or pruned, or a hook that runs.
type task struct {
	*Object
	facts
	at   place
	rank int
	// prune tells that the object is deleted; spared why it is not, though it should be.
	prune  bool
	spared string
}

// compare is the order of tasks in a wave.
func (t *task) compare(u *task) int {
	return cmp.Or(cmp.Compare(t.rank, u.rank), strings.Compare(t.Key.Group, u.Key.Group), strings.Compare(t.Key.Kind, u.Key.Kind),
		strings.Compare(t.Key.Namespace, u.Key.Namespace), strings.Compare(t.Key.Name, u.Key.Name))
}

// wave are the tasks of one place.
type wave struct {
	at    place
	tasks []*task
}

// plan is all that an operation does, in order.
type plan struct {
	waves []*wave
	// fails are the waves of SyncFail, which come only after a failure.
	fails []*wave
	// strays are live hooks of the application that have no manifest any longer.
	strays []*Object
	// definitions are the tasks that bring CustomResourceDefinitions, by what they define.
	definitions map[schema.GroupKind]*task
	// namespaces are the tasks that bring namespaces, by name.
	namespaces map[string]*task
}

const (
	sparedNoPrune  = "ignored (no prune)"
	sparedRequires = "ignored (requires pruning)"
	namespaceKind  = "Namespace"
	crdGroup       = "apiextensions.k8s.io"
	crdKind        = "CustomResourceDefinition"
)

func isNamespace(k object.Key) bool  { return k.Group == "" && k.Kind == namespaceKind }
func isDefinition(k object.Key) bool { return k.Group == crdGroup && k.Kind == crdKind }

// ours tells whether a live object belongs to the application: by an annotation that was written for this very object, or,
// where it has none, by its label.
func ours(o *Object, instance string) bool {
	if annotation(o.Live, appv1.AnnotationTrackingID) == "" {
		return o.ByLabel
	}
	application, self := object.Tracked(o.Live)
	return self && application == instance
}

// makePlan says what is to be done, and where. What has a result already stays part of it.
func (s *stepper) makePlan() {
	operation := s.in.State.Operation.Sync
	withHooks := len(operation.Resources) == 0 && (operation.SyncStrategy == nil || operation.SyncStrategy.Apply == nil)
	prune := ptr.Deref(operation.Prune, false)
	onlyChanged := s.settings[object.OptionOutOfSyncOnly] == "true"
	store := make([]task, 0, len(s.in.Objects)+8)
	tasks := make([]*task, 0, len(s.in.Objects)+8)
	s.planned = map[object.Key]bool{}
	add := func(o *Object, f facts, phase object.Phase) *task {
		store = append(store, task{Object: o, facts: f, at: place{phase: phase, wave: f.wave}, rank: rankOf(o.Key.Kind)})
		t := &store[len(store)-1]
		tasks = append(tasks, t)
		return t
	}
	for i := range s.in.Objects {
		o := &s.in.Objects[i]
		switch {
		case o.Target == nil && o.Live == nil:
		case o.Target == nil:
			f := factsOf(o.Live)
			switch {
			case !ours(o, s.in.Instance):
			case f.hook:
				s.plan.strays = append(s.plan.strays, o)
			case o.Refused != "", !selected(operation.Resources, o.Key),
				isNamespace(o.Key) && o.Key.Name == s.in.Destination && s.settings[object.OptionCreateNamespace] == "true":
			default:
				t := add(o, f, object.Sync)
				t.prune = true
				s.planned[o.Key] = true
				switch {
				case s.settings.of(f, object.OptionPrune) == "false" || f.kept:
					t.spared = sparedNoPrune
				case !prune:
					t.spared = sparedRequires
				}
			}
		default:
			f := factsOf(o.Target)
			switch {
			case f.skipped:
			case f.hook && withHooks:
				for _, phase := range f.phases {
					if phase != object.PreDelete && phase != object.PostDelete {
						add(o, f, phase)
					}
				}
			case f.hook, !selected(operation.Resources, o.Key):
			case onlyChanged && o.Live != nil && !o.Modified && !s.touched(o.Key):
			default:
				add(o, f, object.Sync)
			}
		}
	}
	s.bubble(tasks)
	s.orderPrunes(tasks)
	s.gather(tasks)
}

// selected tells whether an object is among those that are synced. None named means all.
func selected(resources []appv1.SyncOperationResource, k object.Key) bool {
	return len(resources) == 0 || slices.ContainsFunc(resources, func(r appv1.SyncOperationResource) bool {
		return r.Group == k.Group && r.Kind == k.Kind && r.Name == k.Name && (r.Namespace == "" || r.Namespace == k.Namespace)
	})
}

// bubble brings namespaces and definitions of kinds to the place of the first object that needs them, if that comes earlier.
// A definition that is a hook comes when it says.
func (s *stepper) bubble(tasks []*task) {
	s.plan.namespaces, s.plan.definitions = map[string]*task{}, map[schema.GroupKind]*task{}
	for _, t := range tasks {
		switch {
		case t.prune:
		case isDefinition(t.Key):
			gk, ok := defines(t.Target)
			if had := s.plan.definitions[gk]; ok && (had == nil || !t.hook || had.hook && t.at.compare(had.at) < 0) {
				s.plan.definitions[gk] = t
			}
		case isNamespace(t.Key) && !t.hook:
			s.plan.namespaces[t.Key.Name] = t
		}
	}
	if len(s.plan.namespaces) == 0 && len(s.plan.definitions) == 0 {
		return
	}
	for _, t := range tasks {
		if t.prune {
			continue
		}
		for _, needed := range []*task{s.plan.namespaces[t.Key.Namespace], s.plan.definitions[t.Key.GroupKind()]} {
			if needed != nil && !needed.hook && t.at.compare(needed.at) < 0 {
				needed.at = t.at
			}
		}
	}
}

// defines returns the kind that a CustomResourceDefinition defines.
func defines(crd *unstructured.Unstructured) (schema.GroupKind, bool) {
	group, _, _ := unstructured.NestedString(crd.Object, "spec", "group")
	kind, _, _ := unstructured.NestedString(crd.Object, "spec", "names", "kind")
	return schema.GroupKind{Group: group, Kind: kind}, group != "" && kind != ""
}

// orderPrunes turns the waves of what is pruned round: what was applied last goes first. What is to be pruned last comes
// after everything in the phase Sync.
func (s *stepper) orderPrunes(tasks []*task) {
	var waves []int
	last := 0
	for _, t := range tasks {
		if t.at.phase != object.Sync {
			continue
		}
		last = max(last, t.at.wave)
		if t.prune && !s.pruneLast(t) && !slices.Contains(waves, t.at.wave) {
			waves = append(waves, t.at.wave)
		}
	}
	slices.Sort(waves)
	for _, t := range tasks {
		switch {
		case !t.prune:
		case s.pruneLast(t):
			t.at.wave = last + 1
		default:
			at, _ := slices.BinarySearch(waves, t.at.wave)
			t.at.wave = waves[len(waves)-1-at]
		}
	}
}

func (s *stepper) pruneLast(t *task) bool {
	return s.settings.of(t.facts, object.OptionPruneLast) == "true"
}

// gather puts tasks into waves, and waves in order.
func (s *stepper) gather(tasks []*task) {
	at := map[place]*wave{}
	var current *wave
	for _, t := range tasks {
		if current == nil || current.at != t.at {
			if current = at[t.at]; current == nil {
				current = &wave{at: t.at}
				at[t.at] = current
				if t.at.phase == object.SyncFail {
					s.plan.fails = append(s.plan.fails, current)
				} else {
					s.plan.waves = append(s.plan.waves, current)
				}
			}
		}
		current.tasks = append(current.tasks, t)
	}
	byPlace := func(a, b *wave) int { return a.at.compare(b.at) }
	slices.SortFunc(s.plan.waves, byPlace)
	slices.SortFunc(s.plan.fails, byPlace)
}
