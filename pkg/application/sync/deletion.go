// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
)

// DeleteInput is all that decides what happens next when an application is deleted.
type DeleteInput struct {
	// Since is when its deletion was asked for, UID and Instance are as in Input.
	Since    time.Time
	UID      types.UID
	Instance string
	// Options are the application's sync options.
	Options object.Options
	// Approved is the value of the application's annotation that approves deletions.
	Approved string
	// PreDelete, Cascade and PostDelete tell which of the application's finalizers are still there: hooks run before, the
	// objects go, hooks run after. Cleanup tells that there is one for what is left to do with hooks that have run: where it
	// is there, that the finalizer of a phase is not says that the hooks of the phase have run, also if they are gone.
	PreDelete, Cascade, PostDelete, Cleanup bool
	// Propagation is what becomes of what the objects own. Empty is Foreground.
	Propagation metav1.DeletionPropagation
	// Objects are all live objects of the application, and the manifests of its hooks of deletion, which have Modified set
	// where the live hook does not say what the manifest says. One with the application's own UID is the application.
	Objects []Object
	// Health, Checked, Done and Now are as in Input. The Retry of IDs is 0.
	Health  func(*unstructured.Unstructured) *appv1.HealthStatus
	Checked func(schema.GroupKind) bool
	Done    map[ID]Outcome
	Now     time.Time
}

// DeleteDecision is what happens next in a deletion.
type DeleteDecision struct {
	// Effects are applied as those of Decision. If there are none, something is waited for, or all is done.
	Effects []Effect
	// PreDelete, Cascade, PostDelete and Cleanup are true once the finalizer is no longer needed. That of Cleanup is the last
	// to go. They are taken off once there are no effects.
	PreDelete, Cascade, PostDelete, Cleanup bool
	// Message says what is waited for, Error what went wrong: the condition DeletionError.
	Message, Error string
}

// deleter is one call of DeleteStep.
type deleter struct {
	*stepper
	in  DeleteInput
	out DeleteDecision
}

// DeleteStep decides what happens next when an application is deleted: its PreDelete hooks run, its objects go wave by wave,
// the highest first, its PostDelete hooks run. Finalizers go as their part is done.
func DeleteStep(in DeleteInput) DeleteDecision {
	s := &stepper{
		in: Input{
			UID: in.UID, Instance: in.Instance, Health: in.Health, Checked: in.Checked, Done: in.Done, Now: in.Now,
			State: appv1.OperationState{StartedAt: metav1.NewTime(in.Since), Operation: appv1.Operation{Sync: &appv1.SyncOperation{}}},
		},
		settings: settingsOf(in.Options), operation: "delete-" + operationName(in.Since, in.UID, 0),
	}
	s.results.open(nil)
	d := &deleter{stepper: s, in: in}
	d.run()
	d.out.Effects = s.decision.Effects
	return d.out
}

func (d *deleter) run() {
	if d.in.PreDelete {
		if !d.hooks(object.PreDelete) {
			return
		}
		// That they have run is stored before anything else is done.
		if d.out.PreDelete = d.in.Cascade || d.in.PostDelete || d.in.Cleanup; d.out.PreDelete {
			return
		}
	}
	if d.in.Cascade && !d.objects() {
		return
	}
	if d.in.PostDelete && !d.hooks(object.PostDelete) {
		return
	}
	if d.in.PostDelete && d.in.Cleanup {
		d.out.Cascade, d.out.PostDelete = true, true
		return
	}
	d.out.Cascade = d.in.PostDelete || d.in.Cleanup
	// Hooks are let go before the last finalizer goes, since nobody would do it afterwards.
	if d.leave() {
		d.out.PreDelete, d.out.Cascade, d.out.PostDelete, d.out.Cleanup = true, true, true, true
	}
}

// hooks runs the hooks of a phase. It returns true once all have succeeded.
func (d *deleter) hooks(phase object.Phase) bool {
	waves := map[int]*wave{}
	var order []int
	for i := range d.in.Objects {
		o := &d.in.Objects[i]
		if o.Target == nil {
			continue
		}
		f := factsOf(o.Target)
		if !f.hook || !slices.Contains(f.phases, phase) || o.Live == nil && d.left(o.Key, phase) {
			continue
		}
		if waves[f.wave] == nil {
			waves[f.wave] = &wave{at: place{phase: phase, wave: f.wave}}
			order = append(order, f.wave)
		}
		waves[f.wave].tasks = append(waves[f.wave].tasks, &task{Object: o, facts: f, at: place{phase: phase, wave: f.wave}, rank: rankOf(o.Key.Kind)})
	}
	slices.Sort(order)
	for _, n := range order {
		w := waves[n]
		slices.SortFunc(w.tasks, (*task).compare)
		var going, running []*task
		for _, t := range w.tasks {
			switch {
			case t.Refused != "":
				d.out.Error = t.Refused
				return false
			case t.Live != nil && (!d.made(t) || d.fixed(t)):
				if !d.clear(t, phase) {
					d.out.Error = d.resultOf(t).Message
					return false
				}
				going = append(going, t)
			}
		}
		if len(d.decision.Effects) > 0 || len(going) > 0 {
			d.out.Message = "waiting for deletion of hook " + list(going, "hook")
			return false
		}
		switch d.applyAll(w) {
		case working:
			d.out.Message = fmt.Sprintf("running %s hooks", phase)
			return false
		case waiting, failed:
			d.wrong(w)
			return false
		}
		failedHook := false
		for _, t := range w.tasks {
			switch d.hook(t) {
			case waiting:
				running = append(running, t)
			case failed:
				failedHook = true
			}
		}
		if failedHook {
			// Once it has failed there is nothing more to be seen of it: whoever wants it to run again can delete it.
			for _, t := range w.tasks {
				if result := d.resultOf(t); result != nil && result.HookPhase == appv1.OperationFailed && t.Live != nil {
					d.release(t.Object, phase, func(string) {}) // it is tried again with all else
				}
			}
			d.wrong(w)
			return false
		}
		if len(running) > 0 {
			d.out.Message = "waiting for completion of hook " + list(running, "hook")
			return false
		}
	}
	return true
}

// left tells that we have deleted a hook that had run, as its policy says: it has not vanished.
func (d *deleter) left(key object.Key, phase object.Phase) bool {
	made, done := d.in.Done[ID{Key: key, Phase: phase, Verb: VerbApply}]
	if !done || made.Err != "" {
		return false
	}
	for id, outcome := range d.in.Done {
		// One that was in the way was deleted before.
		if id.Key == key && id.Phase == phase && id.Verb == VerbDelete && outcome.Err == "" && !outcome.At.Before(made.At) {
			return true
		}
	}
	return false
}

// fixed tells that a hook of ours has failed, and its manifest has been changed since: it runs again.
func (d *deleter) fixed(t *task) bool {
	status := d.in.Health(t.Live)
	return t.Modified && status != nil && (status.Status == appv1.HealthDegraded || status.Status == appv1.HealthUnknown)
}

// wrong puts what went wrong in a wave into the error.
func (d *deleter) wrong(w *wave) {
	for _, t := range w.tasks {
		if result := d.resultOf(t); result != nil && result.HookPhase == appv1.OperationFailed {
			d.out.Error = fmt.Sprintf("%s hook %s: %s", t.at.phase, t.Key.Label(), result.Message)
			return
		}
	}
	d.out.Error = "hooks cannot be run: " + d.decision.State.Message
}

// objects deletes the application's objects, the highest wave first. It returns true once they are gone.
func (d *deleter) objects() bool {
	waves := map[int][]*task{}
	var order []int
	var unconfirmed []*task
	for i := range d.in.Objects {
		o := &d.in.Objects[i]
		if o.Live == nil || o.Refused != "" || !ours(o, d.in.Instance) || isDefinition(o.Key) {
			continue
		}
		if o.Live.GetUID() == d.in.UID {
			continue // the application itself, which waits for this to end
		}
		f := factsOf(o.Live)
		option := d.settings.of(f, object.OptionDelete)
		if f.hook && deletes(f.phases) || f.kept || option == "false" {
			continue
		}
		t := &task{Object: o, facts: f, at: place{phase: "Delete", wave: f.wave}, rank: rankOf(o.Key.Kind)}
		if option == "confirm" && !approved(d.in.Approved, d.in.Since) && o.Live.GetDeletionTimestamp() == nil {
			unconfirmed = append(unconfirmed, t)
		}
		if waves[f.wave] == nil {
			order = append(order, f.wave)
		}
		waves[f.wave] = append(waves[f.wave], t)
	}
	if len(order) == 0 {
		return true
	}
	if len(unconfirmed) > 0 {
		d.out.Message = "waiting for deletion confirmation of " + list(unconfirmed, "resource")
		return false
	}
	tasks := waves[slices.Max(order)]
	slices.SortFunc(tasks, (*task).compare)
	for _, t := range tasks {
		effect := Delete{For: d.id(t, VerbDelete), Propagation: d.in.Propagation}
		if effect.Propagation == "" {
			effect.Propagation = metav1.DeletePropagationForeground
		}
		outcome, done := d.in.Done[effect.For]
		switch {
		case t.Live.GetDeletionTimestamp() != nil:
		case !done:
			d.effect(effect)
		case outcome.Err != "":
			d.out.Error = outcome.Err
		}
		d.release(t.Object, "Delete", func(why string) { d.out.Error = why })
	}
	d.out.Message = "waiting for deletion of " + list(tasks, "resource")
	return false
}

// deletes tells whether a hook is one of deletion.
func deletes(phases []object.Phase) bool {
	return slices.Contains(phases, object.PreDelete) || slices.Contains(phases, object.PostDelete)
}

// leave deletes the hooks of deletion that have run, or lets them go, as their policies say, and lets go those of a sync that
// the deletion has broken off. It returns true once none bears our finalizer.
func (d *deleter) leave() bool {
	for i := range d.in.Objects {
		o := &d.in.Objects[i]
		if o.Live == nil || annotation(o.Live, AnnotationOperation) == "" || !ours(o, d.in.Instance) {
			continue
		}
		operation, phase := madeIn(o.Live)
		if operation == d.operation {
			id := ID{Key: o.Key, Phase: phase, Verb: VerbDelete, UID: o.Live.GetUID()}
			_, done := d.in.Done[id]
			if !done && o.Live.GetDeletionTimestamp() == nil && slices.Contains(object.DeletePolicies(o.Live), object.HookSucceeded) {
				d.effect(Delete{For: id, Propagation: metav1.DeletePropagationBackground})
			}
		}
		d.release(o, phase, func(why string) { d.out.Error = why })
	}
	return len(d.decision.Effects) == 0 && d.out.Error == ""
}
