// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
)

// Object is what is wanted of an object, and what there is of it.
type Object struct {
	// Key names it. Its namespace is the manifest's or, if that has none and the kind is namespaced, the destination's.
	Key object.Key
	// Version is the version of its API.
	Version string
	// Target is its manifest as it is to be applied: tracked, with its namespace, differences to be respected filled in. It
	// is nil if there is none any longer. Hooks are among them: those without a name come from Named.
	Target *unstructured.Unstructured
	// Live is the object in the cluster, nil if it is not there. What is being deleted is there until it is gone. It must not be older than the answer to what this process
	// wrote last: that it is nil after an apply means that somebody has deleted it.
	Live *unstructured.Unstructured
	// Modified tells that Live differs from Target. It does not matter where one of them is nil, nor for hooks of syncs.
	Modified bool
	// Served tells that the cluster serves the kind in this version. Where it does not, Coming tells that definitions of kinds
	// have just changed, so that it may be about to.
	Served, Coming bool
	// Namespaced tells that objects of the kind are in namespaces. It does not matter where Served is false.
	Namespaced bool
	// Refused says why the object must be neither applied nor deleted (the project does not permit it, say). Empty permits.
	Refused string
	// ByLabel tells that a Live without a tracking annotation belongs to the application by its label.
	ByLabel bool
	// Images are the images that Target's containers run, for the result.
	Images []string
}

// Input is all that decides what happens next.
type Input struct {
	// State is the operation so far: as Begin made it, as Step returned it last, or as it was read after a crash. Its
	// SyncResult has the revisions that are synced.
	State appv1.OperationState
	// UID is the application's, Instance the name by which objects know it (object.InstanceName).
	UID      types.UID
	Instance string
	// Destination is the namespace where objects go that name none.
	Destination string
	// Options are the application's sync options, or the operation's if it has its own.
	Options object.Options
	// NamespaceMetadata is put on the destination's namespace, where the option CreateNamespace is set.
	NamespaceMetadata *appv1.ManagedNamespaceMetadata
	// Namespace is the live namespace Destination, nil if it is not there. It matters only with the option CreateNamespace.
	Namespace *unstructured.Unstructured
	// Approved is the value of the application's annotation that approves deletions.
	Approved string
	// MigrationManager is the value of the application's annotation that names a field manager to migrate from.
	MigrationManager string
	// Shared are the messages of objects that belong to another application too, for the option FailOnSharedResource.
	Shared []string
	// Objects are all manifests, and all live objects of the application. Each key occurs once.
	Objects []Object
	// Health tells how a live object does; nil: there is no check for its kind. It is never called with nil.
	Health func(*unstructured.Unstructured) *appv1.HealthStatus
	// Checked tells whether there is a check for a kind; nil: as far as is known there is one for each.
	Checked func(schema.GroupKind) bool
	// Newer is a revision that is newer than the one that is synced, of the same sources, if there is one. It is never set
	// where the operation itself names a revision that somebody chose.
	Newer string
	// Timeout ends an operation that takes longer. 0 is never.
	Timeout time.Duration
	// Done says what came of the effects that this process has applied in this operation: of all of a Decision, before Step
	// is called again. What is not in it is asked for again.
	Done map[ID]Outcome
	// Since is since when this process works on this try; zero is since the operation began.
	Since time.Time
	// Now is the time.
	Now time.Time
}

// ID names an effect. It is the same when Step asks for the same thing again.
type ID struct {
	Key object.Key
	// Phase is the phase of the sync, Retry how often it was tried before.
	Phase object.Phase
	Retry int64
	// Verb is what is done.
	Verb Verb
	// UID is that of the object that is deleted, or whose finalizer is removed. Empty for an Apply.
	UID types.UID
}

// Verb is what an effect does.
type Verb string

// What effects do. A check is an Apply that only asks: an error that would not be the same if it came to be applied is none.
const (
	VerbCheck    Verb = "check"
	VerbApply    Verb = "apply"
	VerbDelete   Verb = "delete"
	VerbFinalize Verb = "finalize"
)

// Outcome is what came of an effect.
type Outcome struct {
	// Err is what went wrong, for people; empty if nothing did. Secrets must not be in it.
	Err string
	// Silent tells that the cluster has not answered, or could not at the time. Where that is asked again, it must not be in
	// Done.
	Silent bool
	// Message says what was done: "configmap/a serverside-applied".
	Message string
	// ResourceVersion and Generation are those of the answer to an Apply.
	ResourceVersion string
	Generation      int64
	// Version is the version of the API of an object that was applied, and Hook tells that it is a hook.
	Version string
	Hook    bool
	// At is when it was done.
	At time.Time
}

// Effect is something to do in the cluster: Apply, Delete or RemoveFinalizer.
type Effect interface {
	// ID is the name under which Done says what came of it.
	ID() ID
	effect()
}

// Mode is how an object is applied.
type Mode string

// How objects are applied. The words are those of pkg/cluster.
const (
	ServerSide Mode = "ServerSide"
	ClientSide Mode = "ClientSide"
	Replace    Mode = "Replace"
)

// Apply makes an object what its manifest says.
type Apply struct {
	For ID
	// Object is what is applied. It must not be changed: it may be the Target of the input.
	Object *unstructured.Unstructured
	Mode   Mode
	// Create tells that it was not there.
	Create bool
	// Force deletes it first and creates it anew.
	Force bool
	// NoValidation lets unknown fields pass.
	NoValidation bool
	// DryRun changes nothing.
	DryRun bool
	// Migrate takes over the fields of client-side appliers before a server-side apply; those of MigrationManager, if it
	// is not empty, too.
	Migrate          bool
	MigrationManager string
}

// Delete deletes an object. One that is not there any longer is no error.
type Delete struct {
	// For has the UID of the object: another one of the same name must not be deleted.
	For         ID
	Propagation metav1.DeletionPropagation
	DryRun      bool
}

// RemoveFinalizer takes a finalizer off an object. One that is not there any longer is no error.
type RemoveFinalizer struct {
	// For has the UID of the object.
	For       ID
	Finalizer string
}

// ID implements Effect.
func (a Apply) ID() ID { return a.For }

// ID implements Effect.
func (d Delete) ID() ID { return d.For }

// ID implements Effect.
func (r RemoveFinalizer) ID() ID { return r.For }

func (Apply) effect()           {}
func (Delete) effect()          {}
func (RemoveFinalizer) effect() {}

// Decision is what happens next.
type Decision struct {
	// Effects are applied, all at once or one by one, in any order.
	Effects []Effect
	// State is the operation as it is now. It is the input of the next Step.
	State appv1.OperationState
	// Write tells that State must be stored before Effects are applied and before Step is called again: the operation has
	// ended, or a try has ended or begun. Otherwise it need not be stored at all.
	Write bool
	// Refresh tells that the next try syncs what the sources are now: their revisions are resolved anew, and Objects and
	// State.SyncResult made from them, before Step is called again, which must be at once.
	Refresh bool
	// After is when Step must be called again even if nothing changes. 0 is not at all.
	After time.Duration
}

// Ended tells that the operation is over. Then Cleanup remains to be done, once State is stored.
func (d Decision) Ended() bool { return ended(d.State.Phase) }

func ended(phase appv1.OperationPhase) bool {
	switch phase {
	case appv1.OperationSucceeded, appv1.OperationFailed, appv1.OperationError:
		return true
	}
	return false
}
