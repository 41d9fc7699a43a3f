// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	_ "argosy.dev/argosy/hack/seed"
)

// drawRollout makes a random rollout of any strategy.
func drawRollout(t *rapid.T) *sim {
	replicas := rapid.IntRange(0, 6).Draw(t, "replicas")
	fields := []string{}
	add := func(format string, args ...any) { fields = append(fields, fmt.Sprintf(format, args...)) }
	flow := rapid.SampledFrom([]string{"basic", "basic", "routed", "dynamic", "blueGreen"}).Draw(t, "strategy")
	strategy := "canary"
	switch flow {
	case "blueGreen":
		strategy = "blueGreen"
		add("activeService: active")
		if rapid.Bool().Draw(t, "preview") {
			add("previewService: preview")
		}
		if rapid.Bool().Draw(t, "preview count") {
			add("previewReplicaCount: %d", rapid.IntRange(1, 3).Draw(t, "count"))
		}
		if rapid.Bool().Draw(t, "by hand") {
			add("autoPromotionEnabled: false")
		} else if rapid.Bool().Draw(t, "timed") {
			add("autoPromotionSeconds: 5")
		}
		if rapid.Bool().Draw(t, "delay limit") {
			add("scaleDownDelayRevisionLimit: %d", rapid.IntRange(0, 2).Draw(t, "limit"))
		}
		if rapid.Bool().Draw(t, "short delay") {
			add("scaleDownDelaySeconds: %d", rapid.IntRange(0, 5).Draw(t, "delay"))
		}
		if rapid.Bool().Draw(t, "analyses") {
			add("prePromotionAnalysis: {templates: [{templateName: check}]}")
			add("postPromotionAnalysis: {templates: [{templateName: check}]}")
		}
	default:
		surge, unavailable := rapid.IntRange(0, 3).Draw(t, "surge"), rapid.IntRange(0, 3).Draw(t, "unavailable")
		if surge+unavailable == 0 {
			surge = 1
		}
		add("maxSurge: %d", surge)
		add("maxUnavailable: %d", unavailable)
		if flow != "basic" {
			add("stableService: stable")
			add("canaryService: canary")
			add("trafficRouting: {nginx: {stableIngress: main}}")
		}
		if flow == "dynamic" {
			add("dynamicStableScale: true")
		}
		if rapid.Bool().Draw(t, "background") {
			add("analysis: {templates: [{templateName: endless}]}")
		}
		var steps []string
		for range rapid.IntRange(0, 5).Draw(t, "steps") {
			kinds := []string{"setWeight", "setWeight", "pause", "timed", "analysis"}
			if flow == "routed" {
				kinds = append(kinds, "scale")
			}
			switch rapid.SampledFrom(kinds).Draw(t, "step") {
			case "setWeight":
				steps = append(steps, fmt.Sprintf("{setWeight: %d}", rapid.IntRange(0, 20).Draw(t, "weight")*5))
			case "pause":
				steps = append(steps, "{pause: {}}")
			case "timed":
				steps = append(steps, "{pause: {duration: 3}}")
			case "analysis":
				steps = append(steps, "{analysis: {templates: [{templateName: check}]}}")
			case "scale":
				steps = append(steps, fmt.Sprintf("{setCanaryScale: {replicas: %d}}", rapid.IntRange(0, 4).Draw(t, "scale")))
			}
		}
		add("steps: [%s]", strings.Join(steps, ", "))
	}
	s := newSim(t, fmt.Sprintf("spec: {replicas: %d, minReadySeconds: %d, strategy: {%s: {%s}}}", replicas,
		rapid.IntRange(0, 2).Draw(t, "minReadySeconds"), strategy, strings.Join(fields, ", ")))
	s.world.AnalysisTemplates = map[string]*rov1.AnalysisTemplate{}
	for name, spec := range map[string]string{
		"check":   `{metrics: [{name: m, provider: {web: {url: "http://x"}}}]}`,
		"endless": `{metrics: [{name: m, interval: 1m, provider: {web: {url: "http://x"}}}]}`,
	} {
		template := &rov1.AnalysisTemplate{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if err := yaml.Unmarshal([]byte(spec), &template.Spec); err != nil {
			t.Fatal(err)
		}
		s.world.AnalysisTemplates[name] = template
	}
	s.ingress()
	return s
}

// TestAnythingAnyTime: whatever happens to a rollout, and wherever its shell dies, what must always hold does (the simulator
// checks it at every write), and left alone it settles: all pods new, or, if aborted, all pods stable.
func TestAnythingAnyTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawRollout(t)
		slow := map[string]time.Duration{}
		s.takes = func(rs *appsReplicaSet) time.Duration {
			if _, drawn := slow[rs.Name]; !drawn {
				slow[rs.Name] = time.Duration(rapid.IntRange(-1, 4).Draw(t, "takes")) * time.Second
			}
			return slow[rs.Name]
		}
		crashes := 0
		s.crash = func() bool {
			if crashes > 40 || rapid.IntRange(0, 9).Draw(t, "crash") > 0 {
				return false
			}
			crashes++
			return true
		}
		images := []string{"one", "two", "three"}
		for range rapid.IntRange(1, 12).Draw(t, "actions") {
			switch rapid.SampledFrom([]string{"wait", "wait", "image", "resize", "promote", "full", "abort", "retry", "pause", "resume", "run", "restart", "unready", "steps"}).Draw(t, "action") {
			case "image":
				s.image(rapid.SampledFrom(images).Draw(t, "image"))
			case "resize":
				s.resize(rapid.Int32Range(0, 7).Draw(t, "size"))
			case "promote":
				_ = Promote(s.ro, &rov1.RolloutPromote{}, s.now)
			case "full":
				_ = Promote(s.ro, &rov1.RolloutPromote{Full: true}, s.now)
			case "abort":
				_ = Abort(s.ro, &rov1.RolloutAbort{}, s.now)
			case "retry":
				_ = Retry(s.ro, &rov1.RolloutRetry{}, s.now)
			case "pause":
				if Pause(s.ro, &rov1.RolloutPause{}, s.now) == nil {
					s.ro.Generation++
				}
			case "resume":
				if Resume(s.ro, &rov1.RolloutResume{}, s.now) == nil {
					s.ro.Generation++
				}
			case "restart":
				if Restart(s.ro, &rov1.RolloutRestart{}, s.now) == nil {
					s.ro.Generation++
				}
			case "run":
				for _, run := range s.runs {
					if !run.Status.Phase.Completed() {
						phase := rapid.SampledFrom([]rov1.AnalysisPhase{"Successful", "Failed", "Error", "Inconclusive"}).Draw(t, "phase")
						s.editRun(run.Name, func(run *rov1.AnalysisRun) { run.Status.Phase = phase })
						break
					}
				}
			case "unready":
				for _, name := range []string{"stable", "new"} {
					for _, set := range s.sets {
						if (hashOf(set.rs) == s.ro.Status.StableRS) == (name == "stable") && len(set.pods) > 0 {
							set.pods[0].ready = s.now.Add(2 * time.Second)
							break
						}
					}
				}
			case "steps":
				if c := s.ro.Spec.Strategy.Canary; c != nil {
					s.edit(func(spec *rov1.RolloutSpec) {
						spec.Strategy.Canary.Steps = append([]rov1.CanaryStep{weight(30)}, spec.Strategy.Canary.Steps...)
					})
				}
			}
			s.run(time.Duration(rapid.IntRange(0, 8).Draw(t, "seconds")) * time.Second)
		}

		// Left alone, with pods that get ready, and somebody who promotes what waits.
		s.crash = nil
		for name := range slow {
			slow[name] = time.Second
		}
		s.takes = func(*appsReplicaSet) time.Duration { return time.Second }
		for _, set := range s.sets {
			for _, p := range set.pods {
				if p.ready.IsZero() {
					p.ready = s.now.Add(time.Second)
				}
			}
		}
		if Resume(s.ro, &rov1.RolloutResume{}, s.now) == nil {
			s.ro.Generation++
		}
		for range 60 {
			s.run(30 * time.Second)
			for _, run := range s.runs {
				if !run.Status.Phase.Completed() {
					s.editRun(run.Name, func(run *rov1.AnalysisRun) { run.Status.Phase = rov1.AnalysisPhaseSuccessful })
				}
			}
			if len(s.ro.Status.PauseConditions) > 0 {
				_ = Promote(s.ro, &rov1.RolloutPromote{}, s.now)
			}
		}
		s.looks = 0
		writes := s.writes
		s.run(10 * time.Minute)
		if s.writes != writes {
			t.Fatalf("%d more writes after it has settled:\n%s", s.writes-writes, s.describe())
		}
		s.checkEnd()
	})
}

// checkEnd holds the end against what the rollout is to come to.
func (s *sim) checkEnd() {
	s.t.Helper()
	st, n := s.ro.Status, s.ro.Spec.GetReplicas()
	want := st.CurrentPodHash
	if st.Abort {
		want = st.StableRS
		if st.Phase != rov1.RolloutPhaseDegraded {
			s.t.Fatalf("aborted, and %s:\n%s", st.Phase, s.describe())
		}
	} else if st.Phase != rov1.RolloutPhaseHealthy || st.StableRS != st.CurrentPodHash {
		s.t.Fatalf("does not become healthy:\n%s", s.describe())
	}
	for _, set := range s.sets {
		has := int32(len(set.pods))
		if hash := hashOf(set.rs); hash == want && has != n || hash != want && has != 0 {
			s.t.Fatalf("%s has %d pods:\n%s", set.rs.Name, has, s.describe())
		}
	}
	for name, service := range s.services {
		if hash := selects(service); hash != want && n > 0 && (name == "active" || name == "stable" || name == "canary") {
			s.t.Fatalf("service %s selects %s, not %s:\n%s", name, hash, want, s.describe())
		}
	}
	if w := st.Canary.Weights; w != nil && w.Canary.Weight != 0 {
		s.t.Fatalf("weight %d at the end:\n%s", w.Canary.Weight, s.describe())
	}
}
