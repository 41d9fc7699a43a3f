// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

// The peer writes one default back into the stored object: the number of replicas, which /scale and autoscalers need
// to see. All others are known here only, and asked for by functions, since whatever the server adds to a spec is drift
// in the eyes of a GitOps tool.

// Defaults of the family. Delays and deadlines are in seconds.
const (
	// DefaultReplicas is the number of pods of a rollout, and of a group of an experiment.
	DefaultReplicas int32 = 1
	// DefaultRevisionHistoryLimit is how many old ReplicaSets without pods are kept.
	DefaultRevisionHistoryLimit int32 = 10
	// DefaultProgressDeadlineSeconds is how long a rollout or an experiment may make no progress.
	DefaultProgressDeadlineSeconds int32 = 600
	// DefaultAnalysisRunHistoryLimit is how many ended analysis runs are kept, of those that succeeded and of the
	// others.
	DefaultAnalysisRunHistoryLimit int32 = 5
	// DefaultMaxSurge is how many pods there may be beyond replicas.
	DefaultMaxSurge = "25%"
	// DefaultMaxUnavailable is how many pods may be unavailable.
	DefaultMaxUnavailable = "25%"
	// DefaultScaleDownDelaySeconds is after what time pods that the traffic has left are taken away.
	DefaultScaleDownDelaySeconds int32 = 30
	// DefaultAbortScaleDownDelaySeconds is after what time pods of an aborted version are taken away.
	DefaultAbortScaleDownDelaySeconds int32 = 30
	// DefaultMaxTrafficWeight is the weight that stands for all of the traffic.
	DefaultMaxTrafficWeight int32 = 100
	// DefaultMinPodsPerReplicaSet is the least number of pods of a version that has any.
	DefaultMinPodsPerReplicaSet int32 = 1
	// DefaultConsecutiveErrorLimit is how many measurements in a row may be errors.
	DefaultConsecutiveErrorLimit int32 = 4
	// DefaultMeasurementRetention is how many measurements of a metric are kept.
	DefaultMeasurementRetention int32 = 10
	// DefaultPrometheusTimeoutSeconds is how long a query of Prometheus may take.
	DefaultPrometheusTimeoutSeconds int64 = 30
	// DefaultWebTimeoutSeconds is how long a request of the provider web may take.
	DefaultWebTimeoutSeconds int64 = 10
	// DefaultServiceAccountName is the service account by which the provider kubernetes reads.
	DefaultServiceAccountName = "default"
	// DefaultNginxAnnotationPrefix is the prefix of the annotations for nginx.
	DefaultNginxAnnotationPrefix = "nginx.ingress.kubernetes.io"
	// DefaultALBAnnotationPrefix is the prefix of the annotations for the AWS Load Balancer Controller.
	DefaultALBAnnotationPrefix = "alb.ingress.kubernetes.io"
)

// RegisterDefaults registers the defaulting of the family's kinds. It is keyed by Go type, so once is enough for all
// groups that these types are registered in.
func RegisterDefaults(scheme *runtime.Scheme) error {
	scheme.AddTypeDefaultingFunc(&Rollout{}, func(obj any) { SetDefaultsRollout(obj.(*Rollout)) })
	scheme.AddTypeDefaultingFunc(&RolloutList{}, func(obj any) {
		items := obj.(*RolloutList).Items
		for i := range items {
			SetDefaultsRollout(&items[i])
		}
	})
	return nil
}

// SetDefaultsRollout sets the number of replicas where it is absent.
func SetDefaultsRollout(r *Rollout) {
	if r.Spec.Replicas == nil {
		r.Spec.Replicas = ptr.To(DefaultReplicas)
	}
}

// GetReplicas returns how many pods are wanted.
func (s *RolloutSpec) GetReplicas() int32 { return ptr.Deref(s.Replicas, DefaultReplicas) }

// GetRevisionHistoryLimit returns how many old ReplicaSets without pods are kept.
func (s *RolloutSpec) GetRevisionHistoryLimit() int32 {
	return ptr.Deref(s.RevisionHistoryLimit, DefaultRevisionHistoryLimit)
}

// GetProgressDeadlineSeconds returns how many seconds may pass without progress.
func (s *RolloutSpec) GetProgressDeadlineSeconds() int32 {
	return ptr.Deref(s.ProgressDeadlineSeconds, DefaultProgressDeadlineSeconds)
}

// GetSuccessfulRunHistoryLimit returns how many analysis runs that succeeded are kept.
func (s *RolloutSpec) GetSuccessfulRunHistoryLimit() int32 {
	if s.Analysis == nil {
		return DefaultAnalysisRunHistoryLimit
	}
	return ptr.Deref(s.Analysis.SuccessfulRunHistoryLimit, DefaultAnalysisRunHistoryLimit)
}

// GetUnsuccessfulRunHistoryLimit returns how many analysis runs that ended otherwise are kept.
func (s *RolloutSpec) GetUnsuccessfulRunHistoryLimit() int32 {
	if s.Analysis == nil {
		return DefaultAnalysisRunHistoryLimit
	}
	return ptr.Deref(s.Analysis.UnsuccessfulRunHistoryLimit, DefaultAnalysisRunHistoryLimit)
}

// GetMaxUnavailable returns how many pods may be unavailable, as it is written.
func (s *RolloutSpec) GetMaxUnavailable() intstr.IntOrString {
	def := intstr.FromString(DefaultMaxUnavailable)
	switch {
	case s.Strategy.Canary != nil:
		return ptr.Deref(s.Strategy.Canary.MaxUnavailable, def)
	case s.Strategy.BlueGreen != nil:
		return ptr.Deref(s.Strategy.BlueGreen.MaxUnavailable, def)
	}
	return def
}

// GetMaxSurge returns how many pods there may be beyond replicas, as it is written.
func (s *CanaryStrategy) GetMaxSurge() intstr.IntOrString {
	return ptr.Deref(s.MaxSurge, intstr.FromString(DefaultMaxSurge))
}

// GetMaxTrafficWeight returns the weight that stands for all of the traffic.
func (s *CanaryStrategy) GetMaxTrafficWeight() int32 {
	if s == nil || s.TrafficRouting == nil {
		return DefaultMaxTrafficWeight
	}
	return ptr.Deref(s.TrafficRouting.MaxTrafficWeight, DefaultMaxTrafficWeight)
}

// GetScaleDownDelaySeconds returns after how many seconds pods that the traffic has left are taken away: 0 for a canary
// whose traffic no router splits, or whose old pods go with their traffic.
func (s *RolloutSpec) GetScaleDownDelaySeconds() int32 {
	switch {
	case s.Strategy.Canary != nil:
		if c := s.Strategy.Canary; c.TrafficRouting != nil && !c.GetDynamicStableScale() {
			return ptr.Deref(c.ScaleDownDelaySeconds, DefaultScaleDownDelaySeconds)
		}
	case s.Strategy.BlueGreen != nil:
		return ptr.Deref(s.Strategy.BlueGreen.ScaleDownDelaySeconds, DefaultScaleDownDelaySeconds)
	}
	return 0
}

// GetAbortScaleDownDelaySeconds returns after how many seconds pods of an aborted version are taken away; 0 means at
// once. never tells that they stay.
func (s *RolloutSpec) GetAbortScaleDownDelaySeconds() (seconds int32, never bool) {
	var delay *int32
	switch {
	case s.Strategy.Canary != nil:
		if s.Strategy.Canary.TrafficRouting == nil {
			return 0, false
		}
		delay = s.Strategy.Canary.AbortScaleDownDelaySeconds
	case s.Strategy.BlueGreen != nil:
		delay = s.Strategy.BlueGreen.AbortScaleDownDelaySeconds
	default:
		return 0, false
	}
	if delay != nil && *delay == 0 {
		return 0, true
	}
	return ptr.Deref(delay, DefaultAbortScaleDownDelaySeconds), false
}

// GetAutoPromotionEnabled tells whether the traffic is switched without anybody's doing.
func (s *BlueGreenStrategy) GetAutoPromotionEnabled() bool {
	return ptr.Deref(s.AutoPromotionEnabled, true)
}

// GetReplicas returns how many pods the group has.
func (t *TemplateSpec) GetReplicas() int32 { return ptr.Deref(t.Replicas, DefaultReplicas) }

// GetProgressDeadlineSeconds returns how many seconds it may take until the pods are available.
func (s *ExperimentSpec) GetProgressDeadlineSeconds() int32 {
	return ptr.Deref(s.ProgressDeadlineSeconds, DefaultProgressDeadlineSeconds)
}

// GetScaleDownDelaySeconds returns after how many seconds the pods are taken away.
func (s *ExperimentSpec) GetScaleDownDelaySeconds() int32 {
	return ptr.Deref(s.ScaleDownDelaySeconds, DefaultScaleDownDelaySeconds)
}

// GetPaused tells whether somebody holds the rollout where it is.
func (s *RolloutSpec) GetPaused() bool { return ptr.Deref(s.Paused, false) }

// GetMinReadySeconds returns how many seconds a pod must be ready to count as available.
func (s *RolloutSpec) GetMinReadySeconds() int32 { return ptr.Deref(s.MinReadySeconds, 0) }

// GetProgressDeadlineAbort tells whether a rollout that makes no progress in time is aborted.
func (s *RolloutSpec) GetProgressDeadlineAbort() bool {
	return ptr.Deref(s.ProgressDeadlineAbort, false)
}

// GetRollbackRevisions returns how many revisions back the steps are skipped.
func (s *RolloutSpec) GetRollbackRevisions() int32 {
	if s.RollbackWindow == nil {
		return 0
	}
	return ptr.Deref(s.RollbackWindow.Revisions, 0)
}

// GetAutoPromotionSeconds returns after how many seconds of pause the traffic is switched; 0 means never.
func (s *BlueGreenStrategy) GetAutoPromotionSeconds() int32 {
	return ptr.Deref(s.AutoPromotionSeconds, 0)
}

// GetDynamicStableScale tells whether old pods are taken away as their part of the traffic shrinks.
func (s *CanaryStrategy) GetDynamicStableScale() bool { return ptr.Deref(s.DynamicStableScale, false) }

// GetMinPodsPerReplicaSet returns the least number of pods of a version that has any.
func (s *CanaryStrategy) GetMinPodsPerReplicaSet() int32 {
	return ptr.Deref(s.MinPodsPerReplicaSet, DefaultMinPodsPerReplicaSet)
}

// GetMatchTrafficWeight tells whether the number of new pods follows the weight of the traffic again.
func (s *SetCanaryScale) GetMatchTrafficWeight() bool { return ptr.Deref(s.MatchTrafficWeight, false) }

// GetClusterScope tells whether a ClusterAnalysisTemplate is meant.
func (r AnalysisTemplateRef) GetClusterScope() bool { return ptr.Deref(r.ClusterScope, false) }

// GetTerminate tells whether the run is to end before its time.
func (s *AnalysisRunSpec) GetTerminate() bool { return ptr.Deref(s.Terminate, false) }

// GetMinReadySeconds returns how many seconds a pod must be ready to count as available.
func (t *TemplateSpec) GetMinReadySeconds() int32 { return ptr.Deref(t.MinReadySeconds, 0) }

// GetTerminate tells whether the experiment is to end before its time.
func (s *ExperimentSpec) GetTerminate() bool { return ptr.Deref(s.Terminate, false) }
