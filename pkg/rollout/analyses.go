// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/rollout/analysis"
)

// currentRuns are the analysis runs that the status names, and the others.
type currentRuns struct {
	step, background, pre, post *rov1.AnalysisRun
	others                      []*rov1.AnalysisRun
}

// judge is one of the ways in which a rollout is judged by an analysis.
type judge struct {
	// kind is the value of the label rollout-type, infix the end of the name.
	kind, infix string
	analysis    *rov1.RolloutAnalysis
	// wanted tells that the analysis goes on, or is to begin.
	wanted bool
	// forget drops the run from the status when it is no longer wanted.
	forget bool
	labels map[string]string
	run    **rov1.AnalysisRun
	status **rov1.RolloutAnalysisRunStatus
}

// findRuns finds the analysis runs by their roles.
func (r *run) findRuns() {
	for _, run := range r.world.AnalysisRuns {
		found := false
		for _, role := range []struct {
			status *rov1.RolloutAnalysisRunStatus
			run    **rov1.AnalysisRun
		}{
			{r.prev.Canary.CurrentStepAnalysisRunStatus, &r.runs.step},
			{r.prev.Canary.CurrentBackgroundAnalysisRunStatus, &r.runs.background},
			{r.prev.BlueGreen.PrePromotionAnalysisRunStatus, &r.runs.pre},
			{r.prev.BlueGreen.PostPromotionAnalysisRunStatus, &r.runs.post},
		} {
			if role.status != nil && role.status.Name == run.Name {
				*role.run, found = run, true
			}
		}
		if !found {
			r.runs.others = append(r.runs.others, run)
		}
	}
}

// judges returns the ways in which the rollout is judged.
func (r *run) judges() []judge {
	s := &r.status
	under := r.course() == advancing && !r.needsNoJudging()
	if bg := r.spec.Strategy.BlueGreen; bg != nil {
		live := r.live()
		current := hashOf(r.current)
		return []judge{
			{kind: rov1.RolloutTypePrePromotion, infix: "-pre", analysis: bg.PrePromotionAnalysis, run: &r.runs.pre, status: &s.BlueGreen.PrePromotionAnalysisRunStatus,
				wanted: under && live != "" && live != current && (r.runs.pre != nil || r.previewed())},
			{kind: rov1.RolloutTypePostPromotion, infix: "-post", analysis: bg.PostPromotionAnalysis, run: &r.runs.post, status: &s.BlueGreen.PostPromotionAnalysisRunStatus,
				wanted: under && live == current && (r.runs.post != nil || r.saturated())},
		}
	}
	c := r.spec.Strategy.Canary
	step, index := r.step()
	list := []judge{{kind: rov1.RolloutTypeStep, run: &r.runs.step, status: &s.Canary.CurrentStepAnalysisRunStatus, forget: true}}
	if step != nil && step.Analysis != nil {
		text := strconv.Itoa(index)
		list[0].analysis, list[0].infix, list[0].wanted = step.Analysis, "-"+text, under
		list[0].labels = map[string]string{rov1.LabelStepIndex: text}
		if r.runs.step != nil && r.runs.step.Labels[rov1.LabelStepIndex] != text {
			// It is that of a step that somebody has skipped.
			r.runs.others = append(r.runs.others, r.runs.step)
			r.runs.step = nil
		}
	}
	background := judge{kind: rov1.RolloutTypeBackground, run: &r.runs.background, status: &s.Canary.CurrentBackgroundAnalysisRunStatus, forget: true}
	if c.Analysis != nil {
		background.analysis = &c.Analysis.RolloutAnalysis
		background.wanted = under && index >= int(ptr.Deref(c.Analysis.StartingStep, 0))
	}
	return append(list, background)
}

// analyses begins, ends and forgets analysis runs, and draws the consequences of those that have ended.
func (r *run) analyses() {
	if r.current == nil {
		return
	}
	if r.prev.AbortedAt != nil && !r.prev.Abort {
		// It begins anew: what was found before does not count, also where the time to judge has not come again yet.
		for _, run := range []**rov1.AnalysisRun{&r.runs.pre, &r.runs.post} {
			if *run != nil {
				r.runs.others = append(r.runs.others, *run)
			}
			*run = nil
		}
		r.status.BlueGreen.PrePromotionAnalysisRunStatus, r.status.BlueGreen.PostPromotionAnalysisRunStatus = nil, nil
	}
	for _, j := range r.judges() {
		if j.analysis == nil || len(j.analysis.Templates) == 0 {
			j.wanted, j.forget = false, true
		}
		r.apply(j)
	}
	r.limitRuns()
}

func (r *run) apply(j judge) {
	if !j.wanted {
		r.terminate(*j.run)
		if j.forget {
			*j.run, *j.status = nil, nil
		} else {
			r.report(j)
		}
		return
	}
	run := *j.run
	undecided := run != nil && run.Status.Phase == rov1.AnalysisPhaseInconclusive
	if run == nil || undecided && r.promoted() {
		made, err := r.newRunFor(j)
		if err != nil {
			// Validation has tried the same before, so only a hash can be in the way, and that does not pass. It counts as a
			// run that has ended so, or the rollout would wait for ever and say it at each look.
			why := fmt.Sprintf("analysis %s cannot be run: %v", j.kind, err)
			r.warn("AnalysisRunError", "%s", why)
			r.abort(why)
			return
		}
		r.terminate(run)
		*j.run = made
		r.report(j)
		return
	}
	r.report(j)
	switch run.Status.Phase {
	case rov1.AnalysisPhaseInconclusive:
		r.pauseFor(rov1.PauseReasonInconclusiveAnalysis)
	case rov1.AnalysisPhaseFailed, rov1.AnalysisPhaseError:
		why := fmt.Sprintf("analysis run %s (%s) ended with phase %s", run.Name, j.kind, run.Status.Phase)
		if run.Status.Message != "" {
			why += ": " + run.Status.Message
		}
		r.abort(why)
	}
}

// report writes what is known of a run into the status, and tells of a change.
func (r *run) report(j judge) {
	run := *j.run
	if run == nil {
		return
	}
	phase := cmp.Or(run.Status.Phase, rov1.AnalysisPhasePending)
	before := *j.status
	if before == nil || before.Name != run.Name || before.Status != phase {
		was := ""
		if before != nil && before.Name == run.Name {
			was = string(before.Status)
		}
		tell := r.normal
		if phase == rov1.AnalysisPhaseFailed || phase == rov1.AnalysisPhaseError {
			tell = r.warn
		}
		tell("AnalysisRun"+string(phase), "%s Analysis Run '%s' Status New: '%s' Previous: '%s'", j.kind, run.Name, phase, was)
	}
	*j.status = &rov1.RolloutAnalysisRunStatus{Name: run.Name, Status: phase, Message: run.Status.Message}
}

func (r *run) terminate(run *rov1.AnalysisRun) {
	if run != nil && !run.Status.Phase.Completed() && !run.Spec.GetTerminate() && run.DeletionTimestamp == nil {
		r.effect(TerminateAnalysisRun{Object: run})
	}
}

// newRunFor returns the run that an analysis begins with: one that is there already, because it was created before a
// crash, or one that is created.
func (r *run) newRunFor(j judge) (*rov1.AnalysisRun, error) {
	hash := hashOf(r.current)
	labels := map[string]string{}
	metadata := ptr.Deref(j.analysis.AnalysisRunMetadata, rov1.Metadata{})
	maps.Copy(labels, metadata.Labels)
	if r.spec.Selector != nil {
		maps.Copy(labels, r.spec.Selector.MatchLabels)
	}
	maps.Copy(labels, j.labels)
	labels[rov1.LabelPodTemplateHash], labels[rov1.LabelRolloutType] = hash, j.kind
	if id := r.ro.Labels[rov1.LabelControllerInstanceID]; id != "" {
		labels[rov1.LabelControllerInstanceID] = id
	}
	revision := strconv.FormatInt(r.revision, 10)
	annotations := map[string]string{rov1.AnnotationRevision: revision}
	maps.Copy(annotations, metadata.Annotations)
	run, err := r.planned(j.analysis, hash, hashOf(r.stable))
	if err != nil {
		return nil, err
	}
	run.Labels, run.Annotations = labels, annotations
	base := r.ro.Name + "-" + hash + "-" + revision + j.infix
	run.Name = base
	for n := 1; ; n++ {
		there := r.runNamed(run.Name)
		if there == nil && !r.world.TakenAnalysisRuns[run.Name] {
			r.effect(CreateAnalysisRun{Object: run})
			return run, nil
		}
		if there != nil && there != *j.run && !there.Status.Phase.Completed() && !there.Spec.GetTerminate() && there.DeletionTimestamp == nil {
			r.runs.others = slices.DeleteFunc(r.runs.others, func(o *rov1.AnalysisRun) bool { return o == there })
			return there, nil
		}
		run.Name = fmt.Sprintf("%s.%d", base, n)
	}
}

// planned makes a run of the templates, without name and labels.
func (r *run) planned(a *rov1.RolloutAnalysis, latest, stable string) (*rov1.AnalysisRun, error) {
	args, err := analysis.Arguments(a.Args, r.ro, stable, latest)
	if err != nil {
		return nil, err
	}
	owner := metav1.NewControllerRef(r.ro, rov1.SchemeGroupVersion.WithKind("Rollout"))
	return analysis.NewRun(analysis.Plan{
		Namespace: r.ro.Namespace, Owner: owner, Refs: a.Templates, AnalysisTemplates: r.world.AnalysisTemplates,
		ClusterAnalysisTemplates: r.world.ClusterAnalysisTemplates, Args: args, DryRun: a.DryRun, MeasurementRetention: a.MeasurementRetention,
	})
}

func (r *run) runNamed(name string) *rov1.AnalysisRun {
	for _, run := range r.world.AnalysisRuns {
		if run.Name == name {
			return run
		}
	}
	return nil
}

// limitRuns ends runs that nothing waits for, and deletes old ones beyond the limits, the latest being kept, and those
// about versions that are gone.
func (r *run) limitRuns() {
	good, bad := int(r.spec.GetSuccessfulRunHistoryLimit()), int(r.spec.GetUnsuccessfulRunHistoryLimit())
	others := slices.Clone(r.runs.others)
	slices.SortStableFunc(others, func(a, b *rov1.AnalysisRun) int {
		return cmp.Or(b.CreationTimestamp.Compare(a.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	for _, run := range others {
		rs := r.byHash(run.Labels[rov1.LabelPodTemplateHash])
		keep := rs != nil && rs.DeletionTimestamp == nil
		switch {
		case run.DeletionTimestamp != nil:
			continue
		case !run.Status.Phase.Completed():
			r.terminate(run)
		case run.Status.Phase == rov1.AnalysisPhaseSuccessful:
			keep = keep && good > 0
			good--
		default:
			keep = keep && bad > 0
			bad--
		}
		if !keep {
			r.effect(DeleteAnalysisRun{Object: run})
		}
	}
}
