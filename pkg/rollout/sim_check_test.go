// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/rollout/replicas"
)

// checkScale holds each change of a number of pods against what is allowed.
func (s *sim) checkScale(set *simSet, to int32) {
	s.t.Helper()
	from, replicas := *set.rs.Spec.Replicas, s.ro.Spec.GetReplicas()
	if from == to {
		return
	}
	if s.ro.Spec.Strategy.Canary == nil {
		s.checkBlueGreenScale(set, to)
		return
	}
	surge, unavailable := s.fences()
	if to > from && s.ro.Spec.Strategy.Canary.TrafficRouting == nil {
		total := to - from
		for _, other := range s.sets {
			total += *other.rs.Spec.Replicas
		}
		if total > replicas+surge {
			s.t.Fatalf("%s is scaled from %d to %d: %d pods in all, at most %d\n%s", set.rs.Name, from, to, total, replicas+surge, s.describe())
		}
	}
	if to < from && !s.givenUp(set) {
		before, after := int32(0), int32(0)
		for _, other := range s.sets {
			n := int32(0)
			for _, p := range other.pods {
				if s.isAvailable(p, other.rs) {
					n++
				}
			}
			n = min(n, *other.rs.Spec.Replicas)
			before += n
			if other == set {
				n = min(n, to)
			}
			after += n
		}
		if after < before && after < replicas-unavailable {
			s.t.Fatalf("%s is scaled from %d to %d: %d pods stay available of %d, at least %d\n%s", set.rs.Name, from, to, after, before, replicas-unavailable, s.describe())
		}
	}
}

// givenUp tells that nothing depends on the pods of a set: those of an aborted rollout with a router, to which no weight
// goes and whose time after the abort is over. They go even where a stable pod is not available just then, since the pod
// that takes its place may need their room.
func (s *sim) givenUp(set *simSet) bool {
	at, waits := deadline(set.rs)
	w := s.ro.Status.Canary.Weights
	return s.ro.Status.Abort && hashOf(set.rs) == s.ro.Status.CurrentPodHash && waits && !s.now.Before(at) && w != nil && w.Canary.Weight == 0
}

// checkBlueGreenScale holds a change of a number of pods of blue-green against what is allowed. Its surge is one whole
// version beside the stable one, and those that wait for the end of their delay: as many as the limit says, and none with
// more pods than are wanted. The version that is live keeps the pods that have to be available.
func (s *sim) checkBlueGreenScale(set *simSet, to int32) {
	s.t.Helper()
	from, n, bg := *set.rs.Spec.Replicas, s.ro.Spec.GetReplicas(), s.ro.Spec.Strategy.BlueGreen
	latest := int64(0)
	for _, other := range s.sets {
		latest = max(latest, revisionOf(other.rs))
	}
	live := selects(s.services["active"])
	if to < from {
		available := int32(0)
		for _, p := range set.pods {
			if s.isAvailable(p, set.rs) {
				available++
			}
		}
		_, unavailable, err := replicas.Fences(intstr.FromInt32(0), s.ro.Spec.GetMaxUnavailable(), n)
		if err != nil {
			s.t.Fatalf("%v", err)
		}
		if after := min(available, to); hashOf(set.rs) == live && after < available && after < n-unavailable {
			s.t.Fatalf("%s, which is live, is scaled from %d to %d: %d pods stay available of %d, at least %d\n%s", set.rs.Name, from, to, after, available, n-unavailable, s.describe())
		}
		return
	}
	total, most, waiting := to-from, int32(0), int32(0)
	for _, other := range s.sets {
		total += *other.rs.Spec.Replicas
		_, waits := deadline(other.rs)
		switch hash := hashOf(other.rs); {
		case revisionOf(other.rs) == latest:
			own := max(n, ptr.Deref(bg.PreviewReplicaCount, 0))
			if most += own; other == set && to > own {
				s.t.Fatalf("%s is scaled from %d to %d, at most %d\n%s", set.rs.Name, from, to, own, s.describe())
			}
		case hash == s.ro.Status.StableRS || hash == live:
			if most += n; other == set && to > n {
				s.t.Fatalf("%s is scaled from %d to %d, at most %d\n%s", set.rs.Name, from, to, n, s.describe())
			}
		case waits && waiting < ptr.Deref(bg.ScaleDownDelayRevisionLimit, math.MaxInt32):
			waiting++
			most += n
		case other == set:
			s.t.Fatalf("%s is neither new nor stable, and is scaled from %d to %d\n%s", set.rs.Name, from, to, s.describe())
		}
	}
	if total > most {
		s.t.Fatalf("%s is scaled from %d to %d: %d pods in all, at most %d\n%s", set.rs.Name, from, to, total, most, s.describe())
	}
}

func (s *sim) fences() (surge, unavailable int32) {
	surge, unavailable, err := replicas.Fences(s.ro.Spec.Strategy.Canary.GetMaxSurge(), s.ro.Spec.GetMaxUnavailable(), s.ro.Spec.GetReplicas())
	if err != nil {
		s.t.Fatalf("%v", err)
	}
	return surge, unavailable
}

// checkDecision holds a Decision against what must always be so.
func (s *sim) checkDecision(d Decision) {
	s.t.Helper()
	if d.Status == nil {
		return
	}
	if w := d.Status.Canary.Weights; w != nil {
		whole := s.ro.Spec.Strategy.Canary.GetMaxTrafficWeight()
		if w.Canary.Weight+w.Stable.Weight != whole || w.Canary.Weight < 0 || w.Stable.Weight < 0 {
			s.t.Fatalf("weights %d + %d", w.Canary.Weight, w.Stable.Weight)
		}
		if before := s.ro.Status.Canary.Weights; w.Canary.Weight > 0 && (before == nil || !reflect.DeepEqual(before, w)) {
			if n := s.availableOf(w.Canary.PodTemplateHash); n == 0 {
				s.t.Fatalf("weight %d to %s, of which no pod is available", w.Canary.Weight, w.Canary.PodTemplateHash)
			}
		}
	}
	old, now := s.ro.Status.CurrentStepIndex, d.Status.CurrentStepIndex
	if old != nil && now != nil && *now > *old+1 && d.Status.StableRS != d.Status.CurrentPodHash && !s.ro.Status.PromoteFull && s.ro.Spec.RollbackWindow == nil {
		s.t.Fatalf("from step %d to step %d", *old, *now)
	}
}

func (s *sim) availableOf(hash string) (n int32) {
	for _, set := range s.sets {
		if hashOf(set.rs) == hash {
			n += set.rs.Status.AvailableReplicas
		}
	}
	return n
}

// phase runs the cluster until the rollout is in a phase.
func (s *sim) phase(phase rov1.RolloutPhase) {
	s.t.Helper()
	s.until(string(phase), func() bool {
		return s.ro.Status.Phase == phase && s.ro.Status.ObservedGeneration == strconv.FormatInt(s.ro.Generation, 10)
	})
}

// pods returns how many pods each revision is told to have, as "1:3 2:1".
func (s *sim) pods() string {
	var sets []*simSet
	for _, set := range s.sets {
		sets = append(sets, set)
	}
	slices.SortFunc(sets, func(a, b *simSet) int { return int(revisionOf(a.rs) - revisionOf(b.rs)) })
	var out []string
	for _, set := range sets {
		out = append(out, fmt.Sprintf("%d:%d", revisionOf(set.rs), *set.rs.Spec.Replicas))
	}
	return strings.Join(out, " ")
}

func (s *sim) wantPods(want string) {
	s.t.Helper()
	if got := s.pods(); got != want {
		s.t.Fatalf("pods %s, want %s\n%s", got, want, s.describe())
	}
}

// tuple is desired, current, updated, ready, available.
func (s *sim) wantTuple(want ...int32) {
	s.t.Helper()
	st := s.ro.Status
	got := []int32{s.ro.Spec.GetReplicas(), st.Replicas, st.UpdatedReplicas, st.ReadyReplicas, st.AvailableReplicas}
	if !slices.Equal(got, want) {
		s.t.Fatalf("(desired, current, updated, ready, available) = %v, want %v\n%s", got, want, s.describe())
	}
}

func (s *sim) reasons() []string {
	var out []string
	for _, e := range s.events {
		out = append(out, e.Reason)
	}
	return out
}

func (s *sim) describe() string {
	text, err := yaml.Marshal(s.ro.Status)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "at %s, pods %s\n%s", s.now.Format(time.TimeOnly), s.pods(), text)
	for _, name := range slices.Sorted(maps.Keys(s.services)) {
		fmt.Fprintf(&b, "service %s -> %s\n", name, selects(s.services[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(s.sets)) {
		set := s.sets[name]
		fmt.Fprintf(&b, "%s spec %d status %d/%d %v\n", name, *set.rs.Spec.Replicas, set.rs.Status.Replicas, set.rs.Status.AvailableReplicas, set.rs.Annotations)
	}
	for _, run := range s.runs {
		fmt.Fprintf(&b, "run %s %s\n", run.Name, run.Status.Phase)
	}
	for _, e := range s.events[max(0, len(s.events)-30):] {
		fmt.Fprintf(&b, "%s: %s\n", e.Reason, e.Message)
	}
	return b.String()
}

func (s *sim) do(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("%v\n%s", err, s.describe())
	}
}

type appsReplicaSet = appsv1.ReplicaSet

func (s *sim) byRevision(n int64) *appsv1.ReplicaSet {
	s.t.Helper()
	for _, set := range s.sets {
		if revisionOf(set.rs) == n {
			return set.rs
		}
	}
	s.t.Fatalf("no revision %d:\n%s", n, s.describe())
	return nil
}
