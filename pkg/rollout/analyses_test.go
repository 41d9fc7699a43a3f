// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// analysed returns a cluster with the templates check and endless.
func analysed(t *testing.T, text string) *sim {
	t.Helper()
	s := newSim(t, text)
	s.world.AnalysisTemplates = map[string]*rov1.AnalysisTemplate{}
	for name, spec := range map[string]string{
		"check":   `{args: [{name: hash, value: none}], metrics: [{name: m, provider: {web: {url: "http://x"}}}]}`,
		"endless": `{metrics: [{name: m, interval: 1m, provider: {web: {url: "http://x"}}}]}`,
		"asks":    `{args: [{name: needed}], metrics: [{name: m, provider: {web: {url: "http://x"}}}]}`,
	} {
		template := &rov1.AnalysisTemplate{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "ns"}}
		if err := yaml.Unmarshal([]byte(spec), &template.Spec); err != nil {
			t.Fatal(err)
		}
		s.world.AnalysisTemplates[name] = template
	}
	return s
}

func (s *sim) runNames() []string {
	var names []string
	for _, run := range s.runs {
		names = append(names, strings.ReplaceAll(run.Name, run.Labels[rov1.LabelPodTemplateHash], "HASH"))
	}
	return names
}

func TestStepAnalysis(t *testing.T) {
	s := analysed(t, `spec: {replicas: 2, strategy: {canary: {steps: [{setWeight: 50},
		{analysis: {templates: [{templateName: check}], args: [{name: hash, valueFrom: {podTemplateHashValue: Latest}}]}}, {setWeight: 100}]}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	if len(s.runs) > 0 {
		t.Fatal("the first version is judged")
	}
	s.image("two")
	s.until("run", func() bool { return len(s.runs) == 1 })
	s.run(time.Hour)
	run := s.runs[0]
	hash := s.ro.Status.CurrentPodHash
	if run.Name != "ro-"+hash+"-2-1" || run.Labels[rov1.LabelRolloutType] != "Step" || run.Labels[rov1.LabelStepIndex] != "1" || run.Labels["app"] != "ro" ||
		*run.Spec.Args[0].Value != hash || run.Annotations[rov1.AnnotationRevision] != "2" {
		t.Errorf("%+v", run)
	}
	if s.ro.Status.Canary.CurrentStepAnalysisRunStatus.Name != run.Name {
		t.Error(s.describe())
	}
	s.endRun("-1", rov1.AnalysisPhaseSuccessful)
	s.phase(rov1.RolloutPhaseHealthy)
	s.wantPods("1:0 2:2")
}

func TestStepAnalysisFails(t *testing.T) {
	s := analysed(t, `spec: {replicas: 2, strategy: {canary: {steps: [{setWeight: 50}, {analysis: {templates: [{templateName: check}]}}]}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.until("run", func() bool { return len(s.runs) == 1 })
	s.endRun("-1", rov1.AnalysisPhaseFailed)
	s.phase(rov1.RolloutPhaseDegraded)
	s.run(time.Minute)
	s.wantPods("1:2 2:0")
	if !strings.Contains(s.ro.Status.Message, "ended with phase Failed") {
		t.Error(s.ro.Status.Message)
	}
	// A retry judges anew.
	s.do(Retry(s.ro, &rov1.RolloutRetry{}, s.now))
	s.until("second run", func() bool { return len(s.runs) == 2 })
	s.run(time.Minute)
	if got := s.runNames(); !slices.Equal(got, []string{"ro-HASH-2-1", "ro-HASH-2-1.1"}) {
		t.Error(got)
	}
	s.endRun("-1.1", rov1.AnalysisPhaseSuccessful)
	s.phase(rov1.RolloutPhaseHealthy)
}

func TestStepAnalysisInconclusive(t *testing.T) {
	s := analysed(t, `spec: {replicas: 2, strategy: {canary: {steps: [{setWeight: 50}, {analysis: {templates: [{templateName: check}]}}, {pause: {}}]}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.until("run", func() bool { return len(s.runs) == 1 })
	s.endRun("-1", rov1.AnalysisPhaseInconclusive)
	s.phase(rov1.RolloutPhasePaused)
	s.run(time.Hour)
	if s.ro.Status.Message != "InconclusiveAnalysisRun" {
		t.Error(s.ro.Status.Message)
	}
	// Whoever promotes has decided: the step counts as taken, and the pause after it holds.
	s.promote()
	s.run(time.Minute)
	if *s.ro.Status.CurrentStepIndex != 2 || s.ro.Status.Phase != rov1.RolloutPhasePaused || len(s.runs) != 1 {
		t.Error(s.describe())
	}
}

func TestBackgroundAnalysis(t *testing.T) {
	s := analysed(t, `spec: {replicas: 4, strategy: {canary: {analysis: {templates: [{templateName: endless}], startingStep: 2},
		steps: [{setWeight: 25}, {pause: {}}, {setWeight: 50}, {pause: {}}, {pause: {}}]}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	if len(s.runs) != 0 {
		t.Fatal("begins too early")
	}
	s.promote()
	s.run(time.Minute)
	if got := s.runNames(); !slices.Equal(got, []string{"ro-HASH-2"}) {
		t.Fatal(got)
	}
	// Inconclusive, and resumed by the peer's patch: it is judged anew.
	s.endRun("-2", rov1.AnalysisPhaseInconclusive)
	s.run(time.Minute)
	if len(s.ro.Status.PauseConditions) != 2 {
		t.Fatal(s.describe())
	}
	s.ro.Status.PauseConditions = nil
	s.run(time.Minute)
	if len(s.runs) != 2 || len(s.ro.Status.PauseConditions) > 1 {
		t.Fatal(s.describe())
	}
	s.endRun("-2.1", rov1.AnalysisPhaseError)
	s.phase(rov1.RolloutPhaseDegraded)
	s.run(time.Minute)
	s.wantPods("1:4 2:0")
}

func TestBackgroundEnds(t *testing.T) {
	s := analysed(t, `spec: {replicas: 1, strategy: {canary: {analysis: {templates: [{templateName: endless}]}, steps: [{setWeight: 25}, {pause: {}}]}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.promote()
	s.phase(rov1.RolloutPhaseHealthy)
	s.run(time.Minute)
	if len(s.runs) != 1 || !s.runs[0].Spec.GetTerminate() || s.ro.Status.Canary.CurrentBackgroundAnalysisRunStatus != nil {
		t.Error(s.describe())
	}
}

func TestBlueGreenAnalysis(t *testing.T) {
	s := analysed(t, `spec: {replicas: 2, strategy: {blueGreen: {activeService: active, previewService: preview,
		prePromotionAnalysis: {templates: [{templateName: check}]}, postPromotionAnalysis: {templates: [{templateName: check}]}}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.run(time.Minute)
	if got := s.runNames(); !slices.Equal(got, []string{"ro-HASH-2-pre"}) || s.live() != "1" {
		t.Fatal(got, s.describe())
	}
	s.endRun("-pre", rov1.AnalysisPhaseSuccessful)
	s.run(2 * time.Minute)
	if got := s.runNames(); !slices.Equal(got, []string{"ro-HASH-2-pre", "ro-HASH-2-post"}) || s.live() != "2" {
		t.Fatal(got, s.describe())
	}
	if s.ro.Status.Message == "" || !strings.HasPrefix(s.ro.Status.Message, "waiting for analysis to complete") {
		t.Error(s.ro.Status.Message)
	}
	s.endRun("-post", rov1.AnalysisPhaseSuccessful)
	s.phase(rov1.RolloutPhaseHealthy)
	// Back at once, without any analysis, while the old pods are there.
	s.image("one")
	s.phase(rov1.RolloutPhaseHealthy)
	if len(s.runs) != 2 || s.live() != "3" {
		t.Error(s.describe())
	}
}

func TestPostPromotionFails(t *testing.T) {
	s := analysed(t, `spec: {replicas: 2, strategy: {blueGreen: {activeService: active, postPromotionAnalysis: {templates: [{templateName: check}]}}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.until("switch", func() bool { return len(s.runs) == 1 && s.live() == "2" })
	s.run(10 * time.Minute)
	s.wantPods("1:2 2:2")
	s.endRun("-post", rov1.AnalysisPhaseFailed)
	s.phase(rov1.RolloutPhaseDegraded)
	s.run(time.Minute)
	if s.live() != "1" {
		t.Error(s.describe())
	}
	s.wantPods("1:2 2:0")
}

// TestPostPromotionRetry: a retry is judged anew, though its time to judge comes long after it began.
func TestPostPromotionRetry(t *testing.T) {
	s := analysed(t, `spec: {replicas: 1, strategy: {blueGreen: {activeService: active, abortScaleDownDelaySeconds: 1, postPromotionAnalysis: {templates: [{templateName: check}]}}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.until("run", func() bool { return len(s.runs) == 1 })
	s.endRun("-post", rov1.AnalysisPhaseFailed)
	s.phase(rov1.RolloutPhaseDegraded)
	s.run(time.Minute)
	s.wantPods("1:1 2:0")
	s.do(Retry(s.ro, &rov1.RolloutRetry{}, s.now))
	s.until("second run", func() bool { return len(s.runs) == 2 })
	if s.ro.Status.Abort || s.live() != "2" {
		t.Error(s.describe())
	}
	s.endRun("-post.1", rov1.AnalysisPhaseSuccessful)
	s.phase(rov1.RolloutPhaseHealthy)
}

func TestPrePromotionFailsAndRetry(t *testing.T) {
	s := analysed(t, `spec: {replicas: 1, strategy: {blueGreen: {activeService: active, prePromotionAnalysis: {templates: [{templateName: check}]}}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.until("run", func() bool { return len(s.runs) == 1 })
	s.endRun("-pre", rov1.AnalysisPhaseFailed)
	s.phase(rov1.RolloutPhaseDegraded)
	s.do(Retry(s.ro, &rov1.RolloutRetry{}, s.now))
	s.until("second run", func() bool { return len(s.runs) == 2 })
	s.endRun("-pre.1", rov1.AnalysisPhaseSuccessful)
	s.phase(rov1.RolloutPhaseHealthy)
	if s.live() != "2" {
		t.Error(s.describe())
	}
}

func TestRunHistory(t *testing.T) {
	s := analysed(t, `spec: {replicas: 1, analysis: {successfulRunHistoryLimit: 2}, strategy: {canary: {steps: [{analysis: {templates: [{templateName: check}]}}]}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	for _, image := range []string{"two", "three", "four", "five"} {
		s.image(image)
		s.until("run", func() bool { return len(s.runs) > 0 && !s.runs[len(s.runs)-1].Status.Phase.Completed() })
		s.endRun("-0", rov1.AnalysisPhaseSuccessful)
		s.phase(rov1.RolloutPhaseHealthy)
		s.run(time.Minute)
	}
	if len(s.runs) != 2 {
		t.Error(s.describe())
	}
}

// TestTakenRunName: a name that somebody else's run has is not used.
func TestTakenRunName(t *testing.T) {
	s := analysed(t, `spec: {replicas: 1, strategy: {canary: {steps: [{analysis: {templates: [{templateName: check}]}}]}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.world.TakenAnalysisRuns = map[string]bool{"ro-" + TemplateHash(s.ro.Spec.Template, nil) + "-2-0": true}
	s.until("run", func() bool { return len(s.runs) == 1 })
	if got := s.runNames(); !slices.Equal(got, []string{"ro-HASH-2-0.1"}) {
		t.Error(got)
	}
}
