// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package rollout is the pure core of rollouts. It answers one question: given a rollout, what is observed around it, and
// the time, what is its new status, what is to be done, and when to look again?
//
// It must not use clients, clocks, goroutines or random numbers, and never changes what it is given: the shell in
// pkg/controller/rollout reads, calls Reconcile, and applies the Decision.
package rollout

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"argosy.dev/argosy/apis/raw"
	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/rollout/traffic"
)

// World is what is observed around a rollout. Reconcile only reads it.
type World struct {
	// Now is the time of the observation.
	Now time.Time
	// ReplicaSets are those whose controller is the rollout (by UID). Orphans that its selector matches are adopted by
	// the shell before. One that was created or changed for an earlier Decision must be in it as it was written, even if no
	// watch has delivered that yet.
	ReplicaSets []*appsv1.ReplicaSet
	// Pods are the pods of those ReplicaSets, by the UID of the ReplicaSet. Of a pod only the metadata, spec.nodeName
	// and the status's phase, conditions and startTime are looked at.
	Pods map[types.UID][]*corev1.Pod
	// CreateErrors are the errors with which the creation of ReplicaSets last failed, by name, unless the name turned
	// out to be that of one of the rollout's own. AlreadyExists means that somebody else has the name, and leads to
	// another name. With any other error the status says it, and this Decision does not ask for the creation again: to
	// have it retried, call Reconcile without the entry.
	CreateErrors map[string]error
	// Services are the Services that the spec names (see Services), by name. A name that is absent does not exist.
	Services map[string]*corev1.Service
	// AnalysisRuns are those whose controller is the rollout (by UID), ended ones included.
	AnalysisRuns []*rov1.AnalysisRun
	// TakenAnalysisRuns are names of analysis runs that exist and are not the rollout's, as far as a creation has met
	// them: a number is appended to such a name.
	TakenAnalysisRuns map[string]bool
	// AnalysisTemplates and ClusterAnalysisTemplates are those that the spec names (see TemplateRefs) and, without end,
	// those that they name, by name. A name that is absent does not exist.
	AnalysisTemplates        map[string]*rov1.AnalysisTemplate
	ClusterAnalysisTemplates map[string]*rov1.ClusterAnalysisTemplate
	// Workload is what spec.workloadRef names; nil: it does not exist, or none is named.
	Workload *Workload
	// Routes are the objects of traffic.Refs. What is absent does not exist.
	Routes traffic.Observed
}

// Workload is a workload whose pod template a rollout uses.
type Workload struct {
	UID types.UID
	// Generation is its metadata.generation.
	Generation int64
	// Template is its pod template.
	Template raw.PodTemplateSpec
	// Selector is its spec.selector in JSON; empty for a PodTemplate, which has none.
	Selector raw.Object
	// Replicas is its spec.replicas; nil where the kind has none.
	Replicas *int32
}

// Decision is what should happen. The shell carries it out in this order: Effects one after the other, Annotations,
// Status, Events. If one of them fails, it stops, and calls Reconcile again later. Each effect is idempotent, so after a
// crash between two of them the next Decision leads to the same end.
type Decision struct {
	// Effects are what is to be done, in this order.
	Effects []Effect
	// Annotations are to be set on the rollout itself; empty: none.
	Annotations map[string]string
	// Status is the whole new status, or nil if it is unchanged. It is written under the resourceVersion of the rollout
	// that Reconcile was given: what a verb has written in between must not be lost.
	Status *rov1.RolloutStatus
	// Events are to be recorded on the rollout after the status was written.
	Events []Event
	// RequeueAfter is when to look again without an event; 0 is never.
	RequeueAfter time.Duration
}

// Event is a Kubernetes event about the rollout.
type Event struct {
	// Type is corev1.EventTypeNormal or corev1.EventTypeWarning.
	Type    string
	Reason  string
	Message string
	// Of is what the Event tells of. Where the status of a Decision could not be written, the next one decides anew, and
	// tells of it again; but not of what was done already, since there is nothing left to do.
	Of Deed
}

// Deed is what an Event tells of: the status, the annotations, or the effect of that number, counted from 1.
type Deed int

const (
	ofStatus      Deed = 0
	ofAnnotations Deed = -1
)

// Done tells whether it was done by a Decision of which so many effects were applied, and the annotations written or not.
func (d Deed) Done(effects int, annotated bool) bool {
	return d > 0 && int(d) <= effects || d == ofAnnotations && annotated
}

// Effect is one thing to be done: one of the types below.
type Effect interface {
	// Describe says what is done, for the log.
	Describe() string
}

type (
	// CreateReplicaSet creates one. If the name is taken by one that the rollout controls, that is as good. Any other
	// error comes back in World.CreateErrors, and the effects after it wait.
	//
	// Source is the pod template that the Object's was made of. Fields of it that the types do not know go into what is
	// created, too.
	CreateReplicaSet struct {
		Object *appsv1.ReplicaSet
		Source raw.PodTemplateSpec
	}
	// PatchReplicaSet writes what differs between the two into the ReplicaSet with this UID: metadata, spec.replicas,
	// spec.minReadySeconds, metadata and affinity of the template. Of two patches of one ReplicaSet in one Decision, the
	// second begins with what the first has left.
	PatchReplicaSet struct{ Before, After *appsv1.ReplicaSet }
	// DeleteReplicaSet deletes the one with this UID, if it still has no pods. To be gone is as good.
	DeleteReplicaSet struct{ Object *appsv1.ReplicaSet }
	// PatchService writes what differs between the two into the Service: metadata and spec.selector.
	PatchService struct{ Before, After *corev1.Service }
	// PatchPod writes what differs between the labels and annotations of the two into the pod with this UID. If the pod
	// is gone, that is as good.
	PatchPod struct{ Before, After *corev1.Pod }
	// EvictPod evicts the pod with this UID. To be gone is as good. If a disruption budget forbids it (429), the effects
	// after it are applied all the same.
	EvictPod struct{ Object *corev1.Pod }
	// CreateAnalysisRun creates one. If the name is taken by one that the rollout controls, that is as good; if by
	// another, it goes into World.TakenAnalysisRuns, and the effects after it wait.
	CreateAnalysisRun struct{ Object *rov1.AnalysisRun }
	// TerminateAnalysisRun sets spec.terminate of the run with this UID. To be gone is as good.
	TerminateAnalysisRun struct{ Object *rov1.AnalysisRun }
	// DeleteAnalysisRun deletes the run with this UID. To be gone is as good.
	DeleteAnalysisRun struct{ Object *rov1.AnalysisRun }
	// PutRoute creates or updates an object of a traffic router: the Change as pkg/rollout/traffic has planned it, under
	// the resourceVersion that it carries.
	PutRoute struct{ Change traffic.Change }
	// ScaleWorkload sets the number of pods of the workload that spec.workloadRef names, if it still has the UID.
	ScaleWorkload struct {
		Ref      rov1.ObjectRef
		UID      types.UID
		Replicas int32
	}
)

// Describe implements Effect.
func (e CreateReplicaSet) Describe() string { return "create ReplicaSet " + e.Object.Name }

// Describe implements Effect.
func (e PatchReplicaSet) Describe() string { return "patch ReplicaSet " + e.After.Name }

// Describe implements Effect.
func (e DeleteReplicaSet) Describe() string { return "delete ReplicaSet " + e.Object.Name }

// Describe implements Effect.
func (e PatchService) Describe() string { return "patch Service " + e.After.Name }

// Describe implements Effect.
func (e PatchPod) Describe() string { return "patch Pod " + e.After.Name }

// Describe implements Effect.
func (e EvictPod) Describe() string { return "evict Pod " + e.Object.Name }

// Describe implements Effect.
func (e CreateAnalysisRun) Describe() string { return "create AnalysisRun " + e.Object.Name }

// Describe implements Effect.
func (e TerminateAnalysisRun) Describe() string { return "terminate AnalysisRun " + e.Object.Name }

// Describe implements Effect.
func (e DeleteAnalysisRun) Describe() string { return "delete AnalysisRun " + e.Object.Name }

// Describe implements Effect.
func (e PutRoute) Describe() string { return "put " + e.Change.Ref.Resource + " " + e.Change.Ref.Name }

// Describe implements Effect.
func (e ScaleWorkload) Describe() string { return "scale " + e.Ref.Kind + " " + e.Ref.Name }
