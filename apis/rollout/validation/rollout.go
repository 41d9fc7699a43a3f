// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// The peer's words.
const (
	missingField       = "Rollout has missing field '%s'"
	multipleStrategies = "Multiple Strategies can not be listed"
	invalidDuration    = "Duration needs to be greater than 0"
	aboveMinReady      = "must be greater than minReadySeconds"
)

// ValidateRollout returns what is wrong with a rollout, besides its metadata.
func ValidateRollout(ro *rov1.Rollout) field.ErrorList {
	return atMost(validateRolloutSpec(&ro.Spec, field.NewPath("spec")))
}

// ValidateRolloutUpdate returns what may not be changed in a rollout, but was.
func ValidateRolloutUpdate(ro, old *rov1.Rollout) field.ErrorList {
	path := field.NewPath("spec", "selector")
	if apiequality.Semantic.DeepEqual(ro.Spec.Selector, old.Spec.Selector) {
		return nil
	}
	// A selector that was the workload's may be written down, and left out again.
	if ro.Spec.Selector == nil || old.Spec.Selector == nil {
		return nil
	}
	return field.ErrorList{field.Invalid(path, ro.Spec.Selector, apivalidation.FieldImmutableErrorMsg)}
}

func validateRolloutSpec(spec *rov1.RolloutSpec, path *field.Path) field.ErrorList {
	errs := validateWorkload(spec, path)
	errs = append(errs, nonnegativePointer(spec.Replicas, path.Child("replicas"))...)
	errs = append(errs, nonnegativePointer(spec.MinReadySeconds, path.Child("minReadySeconds"))...)
	errs = append(errs, nonnegativePointer(spec.RevisionHistoryLimit, path.Child("revisionHistoryLimit"))...)
	deadline := path.Child("progressDeadlineSeconds")
	errs = append(errs, nonnegativePointer(spec.ProgressDeadlineSeconds, deadline)...)
	if seconds := spec.GetProgressDeadlineSeconds(); seconds <= spec.GetMinReadySeconds() {
		errs = append(errs, field.Invalid(deadline, seconds, aboveMinReady))
	}
	if a := spec.Analysis; a != nil {
		errs = append(errs, nonnegativePointer(a.SuccessfulRunHistoryLimit, path.Child("analysis", "successfulRunHistoryLimit"))...)
		errs = append(errs, nonnegativePointer(a.UnsuccessfulRunHistoryLimit, path.Child("analysis", "unsuccessfulRunHistoryLimit"))...)
	}
	if w := spec.RollbackWindow; w != nil {
		errs = append(errs, nonnegativePointer(w.Revisions, path.Child("rollbackWindow", "revisions"))...)
	}
	strategy := path.Child("strategy")
	canary, blueGreen := spec.Strategy.Canary, spec.Strategy.BlueGreen
	switch {
	case canary == nil && blueGreen == nil:
		errs = append(errs, field.Required(strategy, "one of canary and blueGreen must be given"))
	case canary != nil && blueGreen != nil:
		errs = append(errs, field.Invalid(strategy, "blueGreen, canary", multipleStrategies))
	case canary != nil:
		errs = append(errs, validateCanary(canary, strategy.Child("canary"))...)
	default:
		errs = append(errs, validateBlueGreen(spec, strategy.Child("blueGreen"))...)
	}
	return errs
}

// validateWorkload checks what the pods are made from.
func validateWorkload(spec *rov1.RolloutSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if spec.Selector != nil {
		errs = append(errs, selector(spec.Selector, path.Child("selector"))...)
	}
	template := path.Child("template")
	if ref := spec.WorkloadRef; ref != nil {
		if !spec.Template.IsZero() {
			errs = append(errs, field.Forbidden(template, "must be empty where workloadRef is given"))
		}
		return append(errs, validateWorkloadRef(ref, path.Child("workloadRef"))...)
	}
	if spec.Selector == nil {
		errs = append(errs, field.Required(path.Child("selector"), fmt.Sprintf(missingField, ".spec.selector")))
	}
	if spec.Template.IsZero() {
		return append(errs, field.Required(template, "one of template and workloadRef must be given"))
	}
	return append(errs, validateReplicaSetTemplate(spec.Template, spec.Selector, template)...)
}

// workloads are the groups and versions of the kinds whose pod templates can be used.
var workloads = map[string]string{"Deployment": "apps/v1", "ReplicaSet": "apps/v1", "PodTemplate": "v1"}

func validateWorkloadRef(ref *rov1.ObjectRef, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if version, ok := workloads[ref.Kind]; !ok {
		errs = append(errs, oneOf(ref.Kind, path.Child("kind"), "Deployment", "ReplicaSet", "PodTemplate")...)
	} else {
		errs = append(errs, oneOf(ref.APIVersion, path.Child("apiVersion"), version)...)
	}
	errs = append(errs, objectName(ref.Name, path.Child("name"))...)
	if ref.ScaleDown != "" {
		errs = append(errs, oneOf(ref.ScaleDown, path.Child("scaleDown"), rov1.ScaleDownNever, rov1.ScaleDownOnSuccess, rov1.ScaleDownProgressively)...)
	}
	return errs
}

func validateAntiAffinity(a *rov1.AntiAffinity, path *field.Path) field.ErrorList {
	if a == nil {
		return nil
	}
	preferred := a.PreferredDuringSchedulingIgnoredDuringExecution
	errs := exactlyOne(path, option{"preferredDuringSchedulingIgnoredDuringExecution", preferred != nil},
		option{"requiredDuringSchedulingIgnoredDuringExecution", a.RequiredDuringSchedulingIgnoredDuringExecution != nil})
	if preferred != nil {
		errs = append(errs, between(&preferred.Weight, 1, 100, path.Child("preferredDuringSchedulingIgnoredDuringExecution", "weight"))...)
	}
	return errs
}

func validateBlueGreen(spec *rov1.RolloutSpec, path *field.Path) field.ErrorList {
	b := spec.Strategy.BlueGreen
	errs := required(b.ActiveService, path.Child("activeService"))
	errs = append(errs, serviceName(b.ActiveService, path.Child("activeService"))...)
	errs = append(errs, serviceName(b.PreviewService, path.Child("previewService"))...)
	if b.ActiveService != "" && b.ActiveService == b.PreviewService {
		errs = append(errs, field.Invalid(path.Child("previewService"), b.PreviewService, "must be another Service than activeService"))
	}
	errs = append(errs, nonnegativePointer(b.PreviewReplicaCount, path.Child("previewReplicaCount"))...)
	errs = append(errs, nonnegativePointer(b.AutoPromotionSeconds, path.Child("autoPromotionSeconds"))...)
	_, unavailable := portion(b.MaxUnavailable, false, path.Child("maxUnavailable"))
	errs = append(errs, unavailable...)
	errs = append(errs, nonnegativePointer(b.ScaleDownDelaySeconds, path.Child("scaleDownDelaySeconds"))...)
	errs = append(errs, nonnegativePointer(b.AbortScaleDownDelaySeconds, path.Child("abortScaleDownDelaySeconds"))...)
	if limit := b.ScaleDownDelayRevisionLimit; limit != nil {
		at := path.Child("scaleDownDelayRevisionLimit")
		errs = append(errs, nonnegative(*limit, at)...)
		if *limit > spec.GetRevisionHistoryLimit() {
			errs = append(errs, field.Invalid(at, *limit, "must not be greater than revisionHistoryLimit"))
		}
	}
	errs = append(errs, validateAntiAffinity(b.AntiAffinity, path.Child("antiAffinity"))...)
	errs = append(errs, validateRolloutAnalysis(b.PrePromotionAnalysis, path.Child("prePromotionAnalysis"))...)
	errs = append(errs, validateRolloutAnalysis(b.PostPromotionAnalysis, path.Child("postPromotionAnalysis"))...)
	errs = append(errs, metadata(b.PreviewMetadata, path.Child("previewMetadata"))...)
	return append(errs, metadata(b.ActiveMetadata, path.Child("activeMetadata"))...)
}
