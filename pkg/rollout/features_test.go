// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"

	"argosy.dev/argosy/apis/raw"
	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// TestInvalidSaysTheSame: of several labels that do not match, each look names the same one, or it would write for ever.
func TestInvalidSaysTheSame(t *testing.T) {
	s := newSim(t, `spec: {strategy: {canary: {stableService: s}}}`)
	s.services["s"] = &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "s"}, Spec: corev1.ServiceSpec{Selector: map[string]string{"a": "1", "b": "1", "c": "1", "d": "1"}}}
	s.phase(rov1.RolloutPhaseDegraded)
	writes := s.writes
	for range 30 {
		s.look()
	}
	if s.writes != writes {
		t.Errorf("%d writes, though nothing has changed: %s", s.writes-writes, s.ro.Status.Message)
	}
}

// TestInvalid: what keeps a rollout from being acted upon is named, and heals.
func TestInvalid(t *testing.T) {
	for name, tc := range map[string]struct {
		spec string
		heal func(*sim)
		want string
	}{
		"service missing": {`{strategy: {blueGreen: {activeService: active}}}`, func(s *sim) {
			s.services["active"] = &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "active"}}
		}, `service "active" not found`},
		"service of another": {`{strategy: {canary: {stableService: a}}}`, func(s *sim) {
			s.services["a"].Annotations = nil
		}, `is managed by another Rollout`},
		"service of other pods": {`{strategy: {canary: {stableService: b}}}`, func(s *sim) {
			s.services["b"].Spec.Selector = nil
		}, `has unmatch label "app"`},
		"template missing": {`{strategy: {canary: {steps: [{analysis: {templates: [{templateName: later}]}}]}}}`, func(s *sim) {
			s.world.AnalysisTemplates["later"] = s.world.AnalysisTemplates["check"]
		}, `"later"`},
		"argument missing": {`{strategy: {canary: {steps: [{analysis: {templates: [{templateName: asks}]}}]}}}`, nil, `"needed"`},
		"endless":          {`{strategy: {canary: {steps: [{analysis: {templates: [{templateName: endless}]}}]}}}`, nil, `runs indefinitely`},
		"experiment": {`{strategy: {canary: {steps: [{experiment: {templates: [{name: a, specRef: stable}]}}]}}}`, nil,
			`spec.strategy.canary.steps[0].experiment`},
		"plugin":       {`{strategy: {canary: {steps: [{plugin: {name: a/b}}]}}}`, nil, `spec.strategy.canary.steps[0].plugin`},
		"no strategy":  {`{}`, nil, `strategy`},
		"workloadRef":  {`{workloadRef: {apiVersion: apps/v1, kind: Deployment, name: d}, strategy: {canary: {}}}`, nil, `Deployment "d" not found`},
		"other router": {`{strategy: {canary: {stableService: s, canaryService: c, trafficRouting: {smi: {}}}}}`, nil, `smi`},
	} {
		t.Run(name, func(t *testing.T) {
			s := analysed(t, "spec: "+tc.spec)
			switch name {
			case "service missing":
				delete(s.services, "active")
			case "service of another":
				s.services["a"].Annotations = map[string]string{rov1.AnnotationManagedByRollout: "other"}
			case "service of other pods":
				s.services["b"].Spec.Selector = map[string]string{"app": "other"}
			}
			s.run(time.Minute)
			c := conditionOf(&s.ro.Status, rov1.RolloutConditionInvalidSpec)
			if c == nil || !strings.Contains(c.Message, tc.want) || s.ro.Status.Phase != rov1.RolloutPhaseDegraded ||
				!strings.HasPrefix(s.ro.Status.Message, `InvalidSpec: The Rollout "ro" is invalid: `) || len(s.sets) > 0 {
				t.Fatal(s.describe())
			}
			if tc.heal == nil {
				return
			}
			tc.heal(s)
			if name == "template missing" {
				s.phase(rov1.RolloutPhaseHealthy)
			}
			s.run(time.Minute)
			if conditionOf(&s.ro.Status, rov1.RolloutConditionInvalidSpec) != nil || s.ro.Status.Phase != rov1.RolloutPhaseHealthy {
				t.Error(s.describe())
			}
		})
	}
}

// TestMalformedTemplate: quantities that are none are no reason to stop.
func TestMalformedTemplate(t *testing.T) {
	s := newSim(t, `spec: {strategy: {canary: {}}, template: {metadata: {labels: {app: ro}}, spec: {containers: [{name: c, image: i, resources: {requests: {memory: invalid}}}]}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.wantPods("1:1")
}

// TestCreateErrors: what cannot be created is said, and tried again; a name that another has is avoided.
func TestCreateErrors(t *testing.T) {
	s := newSim(t, `spec: {strategy: {canary: {}}}`)
	name := "ro-" + TemplateHash(s.ro.Spec.Template, nil)
	s.world.CreateErrors = map[string]error{name: errors.New("exceeded quota")}
	s.run(time.Minute)
	if len(s.sets) > 0 || s.ro.Status.Phase != rov1.RolloutPhaseDegraded || !strings.Contains(s.ro.Status.Message, "exceeded quota") {
		t.Fatal(s.describe())
	}
	s.world.CreateErrors = nil
	s.phase(rov1.RolloutPhaseHealthy)

	s = newSim(t, `spec: {strategy: {canary: {}}}`)
	s.world.CreateErrors = map[string]error{name: apierrors.NewAlreadyExists(schema.GroupResource{Resource: "replicasets"}, name)}
	s.phase(rov1.RolloutPhaseHealthy)
	if s.sets[name] != nil || len(s.sets) != 1 || *s.ro.Status.CollisionCount != 1 {
		t.Error(s.describe())
	}
}

// TestTakenOver: a ReplicaSet that the peer has made is the rollout's, by its own hash, and nothing is rolled.
func TestTakenOver(t *testing.T) {
	s := newSim(t, `spec: {replicas: 2, strategy: {canary: {steps: [{setWeight: 50}, {pause: {}}]}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	for name, set := range s.sets {
		delete(s.sets, name)
		rs := set.rs.DeepCopy()
		rs.Name = "ro-6b56c8cdb4"
		rs.Labels[rov1.LabelPodTemplateHash], rs.Spec.Template.Labels[rov1.LabelPodTemplateHash] = "6b56c8cdb4", "6b56c8cdb4"
		delete(rs.Annotations, AnnotationTemplateDigest)
		// What a cluster fills in.
		setDefaults(&rs.Spec.Template.Spec)
		rs.Spec.Template.Spec.DeprecatedServiceAccount = "default"
		set.rs = rs
		s.sets[rs.Name] = set
	}
	s.ro.Status.StableRS, s.ro.Status.CurrentPodHash, s.ro.Status.CurrentStepHash = "6b56c8cdb4", "6b56c8cdb4", "697fb9575c"
	s.run(time.Minute)
	s.wantPods("1:2")
	if s.ro.Status.Phase != rov1.RolloutPhaseHealthy || s.ro.Status.CurrentPodHash != "6b56c8cdb4" || s.ro.Status.CurrentStepHash != StepsHash(s.ro) {
		t.Fatal(s.describe())
	}
	if s.byRevision(1).Annotations[AnnotationTemplateDigest] == "" {
		t.Error("is not marked")
	}
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.wantPods("1:1 2:1")
}

// workload is the Deployment that a rollout takes over, with so many pods.
func (s *sim) workload(replicas int32) {
	s.t.Helper()
	w := &Workload{UID: "w", Generation: 7, Replicas: &replicas, Selector: raw.Object{Raw: []byte(`{"matchLabels":{"app":"ro"}}`)}}
	if err := w.Template.UnmarshalJSON([]byte(`{"metadata":{"labels":{"app":"ro"}},"spec":{"containers":[{"name":"c","image":"one"}]}}`)); err != nil {
		s.t.Fatalf("%v", err)
	}
	s.world.Workload = w
}

func TestWorkloadRef(t *testing.T) {
	for _, how := range []rov1.ScaleDownPolicy{"", rov1.ScaleDownNever, rov1.ScaleDownOnSuccess, rov1.ScaleDownProgressively} {
		t.Run(string(how), func(t *testing.T) {
			s := newSim(t, fmt.Sprintf(`spec: {replicas: 4, workloadRef: {apiVersion: apps/v1, kind: Deployment, name: d, scaleDown: %q}, strategy: {canary: {maxSurge: 1, maxUnavailable: 0}}}`, how))
			if how == "" {
				s.ro.Spec.WorkloadRef.ScaleDown = ""
			}
			s.workload(4)
			seen := map[int32]bool{}
			n := 0
			s.takes = func(*appsReplicaSet) time.Duration { n++; return time.Duration(n) * time.Second }
			for range 60 {
				s.run(500 * time.Millisecond)
				seen[*s.world.Workload.Replicas] = true
				if own := *s.world.Workload.Replicas; own+s.availableNow() < 4 {
					t.Fatalf("%d of the workload and %d of the rollout", own, s.availableNow())
				}
			}
			left := map[rov1.ScaleDownPolicy]int32{rov1.ScaleDownOnSuccess: 0, rov1.ScaleDownProgressively: 0}
			want, goes := left[how]
			if !goes {
				want = 4
			}
			if got := *s.world.Workload.Replicas; got != want || s.ro.Status.Phase != rov1.RolloutPhaseHealthy || s.ro.Status.WorkloadObservedGeneration != "7" {
				t.Errorf("%d left, want %d\n%s", got, want, s.describe())
			}
			if steps := len(seen); how == rov1.ScaleDownProgressively && steps < 4 || how == rov1.ScaleDownOnSuccess && steps != 2 {
				t.Errorf("went through %v", seen)
			}
			if s.ro.Annotations[rov1.AnnotationWorkloadGeneration] != "7" || !s.ro.Spec.Template.IsZero() {
				t.Error(s.ro.Annotations)
			}
		})
	}
}

func TestEphemeralMetadata(t *testing.T) {
	s := newSim(t, `spec: {replicas: 2, strategy: {canary: {canaryMetadata: {labels: {role: canary, only: canary}}, stableMetadata: {labels: {role: stable}}, steps: [{setWeight: 50}, {pause: {}}]}}}`)
	roles := func(revision int64) (out []string) {
		for _, p := range s.sets[s.byRevision(revision).Name].pods {
			out = append(out, p.labels["role"]+p.labels["only"])
		}
		return out
	}
	s.phase(rov1.RolloutPhaseHealthy)
	if got := roles(1); strings.Join(got, " ") != "stable stable" {
		t.Fatal(got)
	}
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	if got := roles(2); strings.Join(got, " ") != "canarycanary" {
		t.Fatal(got)
	}
	s.promote()
	s.phase(rov1.RolloutPhaseHealthy)
	s.run(time.Minute)
	if got := roles(2); strings.Join(got, " ") != "stable stable" {
		t.Fatal(got)
	}
	if strings.Contains(s.byRevision(1).Annotations[rov1.AnnotationEphemeralMetadata], "role") {
		t.Error("the old ReplicaSet still gives its pods a role")
	}
}

func TestAntiAffinity(t *testing.T) {
	s := newSim(t, `spec: {replicas: 1, strategy: {canary: {antiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {}}}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	if hasOurTerm(s.byRevision(1).Spec.Template.Spec.Affinity) {
		t.Error("nothing to keep apart from")
	}
	stable := s.ro.Status.StableRS
	s.image("two")
	s.phase(rov1.RolloutPhaseHealthy)
	a := s.byRevision(2).Spec.Template.Spec.Affinity
	if !hasOurTerm(a) || a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution[0].LabelSelector.MatchExpressions[0].Values[0] != stable {
		t.Errorf("%+v", a)
	}
	if s.image("two"); original(s.byRevision(2)).Spec.Affinity != nil {
		t.Error("the original has a term, too")
	}
}

func TestStatusMessages(t *testing.T) {
	s := newSim(t, `spec: {replicas: 4, strategy: {canary: {steps: [{setWeight: 25}, {pause: {duration: 1m}}]}}}`)
	seen := map[string]bool{}
	s.crash = func() bool { seen[s.ro.Status.Message] = true; return false }
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhaseHealthy)
	for _, want := range []string{"more replicas need to be updated: 0 of 4, since 2026-", "updated replicas are still becoming available: 0 of 4, since",
		"CanaryPauseStep: step 2 of 2, until 2026-11-24T"} {
		found := false
		for message := range seen {
			found = found || strings.HasPrefix(message, want)
		}
		if !found {
			t.Errorf("never said %q: %v", want, seen)
		}
	}
}

func TestDurations(t *testing.T) {
	s := newSim(t, `spec: {replicas: 1, strategy: {canary: {steps: [{setWeight: 50}, {pause: {}}]}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	if d := s.ro.Status.Duration; d.CompletionStatus != rov1.CompletionPromoted {
		t.Error(d)
	}
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.run(100 * time.Second)
	if d := s.ro.Status.Duration; d.ManualPauseStartedAt == nil || d.FinishedAt != nil {
		t.Error(d)
	}
	s.promote()
	s.phase(rov1.RolloutPhaseHealthy)
	if d := s.ro.Status.Duration; d.TotalManualPauseDurationSeconds < 100 || d.TotalManualPauseDurationSeconds > 105 || d.FinishedAt == nil ||
		d.CompletionStatus != rov1.CompletionPromoted {
		t.Error(d)
	}
	s.image("three")
	s.phase(rov1.RolloutPhasePaused)
	superseded := false
	s.crash = func() bool {
		superseded = superseded || s.ro.Status.Duration.CompletionStatus == rov1.CompletionSuperseded
		return false
	}
	s.image("four")
	s.phase(rov1.RolloutPhasePaused)
	if !superseded || s.ro.Status.Duration.CompletionStatus != "" {
		t.Error(superseded, s.ro.Status.Duration)
	}
	s.do(Abort(s.ro, &rov1.RolloutAbort{}, s.now))
	s.phase(rov1.RolloutPhaseDegraded)
	if d := s.ro.Status.Duration; d.CompletionStatus != rov1.CompletionAborted || d.FinishedAt == nil {
		t.Error(d)
	}
	s.do(Retry(s.ro, &rov1.RolloutRetry{}, s.now))
	s.phase(rov1.RolloutPhasePaused)
	if d := s.ro.Status.Duration; d.CompletionStatus != "" || d.FinishedAt != nil {
		t.Error(d)
	}
}

// referring returns a cluster with a rollout of the Deployment's template, which is at generation 7.
func referring(t *testing.T, spec string) *sim {
	t.Helper()
	s := newSim(t, spec)
	s.world.Workload = &Workload{UID: "w", Generation: 6, Replicas: ptr.To(int32(4)), Selector: raw.Object{Raw: []byte(`{"matchLabels":{"app":"ro"}}`)}}
	s.workloadImage("one")
	return s
}

// workloadImage gives the workload's template another image.
func (s *sim) workloadImage(image string) {
	s.t.Helper()
	w := *s.world.Workload
	w.Generation++
	w.Template = raw.PodTemplateSpec{}
	if err := w.Template.UnmarshalJSON(fmt.Appendf(nil, `{"metadata":{"labels":{"app":"ro"}},"spec":{"containers":[{"name":"c","image":%q}]}}`, image)); err != nil {
		s.t.Fatalf("%v", err)
	}
	s.world.Workload = &w
}

// TestWorkloadLaterRevisions: a workload is emptied in whatever revision the rollout becomes healthy, also if somebody has
// scaled it up again; and in a later one it never gets pods, which would be of the new version.
func TestWorkloadLaterRevisions(t *testing.T) {
	for _, how := range []rov1.ScaleDownPolicy{rov1.ScaleDownOnSuccess, rov1.ScaleDownProgressively} {
		for name, strategy := range map[string]string{
			"canary":     `{canary: {maxSurge: 1, maxUnavailable: 0, steps: [{setWeight: 50}, {pause: {}}]}}`,
			"blue-green": `{blueGreen: {activeService: active, previewService: preview, autoPromotionEnabled: false}}`,
		} {
			t.Run(string(how)+", "+name, func(t *testing.T) {
				s := referring(t, fmt.Sprintf(`spec: {replicas: 4, workloadRef: {apiVersion: apps/v1, kind: Deployment, name: d, scaleDown: %q}, strategy: %s}`, how, strategy))
				// The second version comes before any pod of the first is ready.
				s.takes = func(rs *appsReplicaSet) time.Duration {
					if revisionOf(rs) == 1 {
						return -1
					}
					return time.Second
				}
				s.run(10 * time.Second)
				s.workloadImage("two")
				s.run(time.Minute)
				if name == "blue-green" && s.ro.Status.Phase == rov1.RolloutPhasePaused && *s.world.Workload.Replicas == 0 {
					t.Fatalf("the workload was emptied for the sake of a preview\n%s", s.describe())
				}
				if s.ro.Status.Phase != rov1.RolloutPhaseHealthy {
					s.do(Promote(s.ro, &rov1.RolloutPromote{Full: true}, s.now))
				}
				s.phase(rov1.RolloutPhaseHealthy)
				s.run(time.Minute)
				if got := *s.world.Workload.Replicas; got != 0 || s.ro.Status.WorkloadObservedGeneration != "8" {
					t.Fatalf("%d pods of the workload are left\n%s", got, s.describe())
				}

				// Somebody scales the workload up.
				w := *s.world.Workload
				w.Replicas = ptr.To(int32(3))
				s.world.Workload = &w
				s.run(time.Minute)
				if got := *s.world.Workload.Replicas; got != 0 {
					t.Fatalf("%d pods of the workload are back\n%s", got, s.describe())
				}

				// A third version whose pods come and go: no pods of the workload stand in.
				s.workloadImage("three")
				s.takes = func(*appsReplicaSet) time.Duration { return -1 }
				s.run(10 * time.Second)
				for _, set := range s.sets {
					for _, p := range set.pods {
						p.ready = time.Time{}
					}
				}
				s.run(time.Minute)
				if got := *s.world.Workload.Replicas; got != 0 {
					t.Fatalf("%d pods of the workload run what no step has let in\n%s", got, s.describe())
				}
			})
		}
	}
}

// TestInvalidWorkload: a rollout whose workload cannot be used says so, and which generation of it that is about.
func TestInvalidWorkload(t *testing.T) {
	s := referring(t, `spec: {replicas: 1, workloadRef: {apiVersion: apps/v1, kind: Deployment, name: d}, strategy: {canary: {stableService: a}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	w := *s.world.Workload
	w.Generation++
	w.Template = raw.PodTemplateSpec{}
	s.do(w.Template.UnmarshalJSON([]byte(`{"metadata":{"labels":{"app":"other"}},"spec":{"containers":[{"name":"c","image":"two"}]}}`)))
	s.world.Workload = &w
	s.phase(rov1.RolloutPhaseDegraded)
	if c := conditionOf(&s.ro.Status, rov1.RolloutConditionInvalidSpec); c == nil || s.ro.Status.WorkloadObservedGeneration != "8" || s.ro.Annotations[rov1.AnnotationWorkloadGeneration] != "8" {
		t.Fatal(s.describe())
	}
	// Without the workload, what was seen last stays.
	s.world.Workload = nil
	s.run(time.Minute)
	if got := s.ro.Status.WorkloadObservedGeneration; got != "8" {
		t.Fatal(s.describe())
	}
	s.world.Workload = &w
	s.workloadImage("two")
	s.phase(rov1.RolloutPhaseHealthy)
	if got := s.ro.Status.WorkloadObservedGeneration; got != "9" {
		t.Fatal(s.describe())
	}
}
