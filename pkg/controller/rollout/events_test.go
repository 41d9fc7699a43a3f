// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"argosy.dev/argosy/pkg/rollout"
)

// told returns what the loop's Events have said, in the order in which they came. One that came twice is there twice.
func (a *api) told() (out []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range a.log {
		if !strings.Contains(e.path, "/events/") {
			continue
		}
		reason, _, _ := unstructured.NestedString(e.object.Object, "reason")
		message, _, _ := unstructured.NestedString(e.object.Object, "message")
		out = append(out, reason+": "+message)
	}
	return out
}

// What a look has done is told once, also where its status could not be written because somebody has changed the rollout, or
// where a later effect has failed.
func TestEventsOutliveConflicts(t *testing.T) {
	once := []string{
		"RolloutNotCompleted: Rollout not completed, started update to revision 2",
		"NewReplicaSetCreated: Created ReplicaSet web-zzjbv64xp8 (revision 2)",
		"RolloutUpdated: Rollout updated to revision 2",
		"RolloutCompleted: Rollout completed update to revision 2",
	}
	for _, c := range courses {
		for name, guard := range map[string]func(*api, int) error{
			"conflicts": func(a *api, seen int) error {
				ro := a.objects[rolloutPath].DeepCopy()
				ro.SetLabels(map[string]string{"seen": fmt.Sprint(seen)})
				a.put(rolloutPath, ro)
				return nil
			},
			"failures": func(*api, int) error { return errors.New("not now") },
		} {
			t.Run(c.name+" "+name, func(t *testing.T) {
				t.Parallel()
				a := c.world(t)
				seen := 0
				a.guard = func(method, path string) error {
					if name == "conflicts" && (method != "PUT" || path != rolloutPath+"/status") {
						return nil
					}
					if seen++; seen%2 == 1 {
						return guard(a, seen)
					}
					return nil
				}
				count := func(event string) (n int) {
					for _, e := range a.told() {
						if strings.HasPrefix(e, event) {
							n++
						}
					}
					return n
				}
				all := func() bool {
					return !slices.ContainsFunc(once, func(event string) bool { return count(event) == 0 })
				}
				a.run(nil, func() bool { return a.at("1") })
				a.update()
				a.run(nil, func() bool { return a.at("2") && a.settled() == nil && all() })
				if seen < 4 {
					t.Fatalf("only %d writes were disturbed", seen)
				}
				for _, event := range once {
					if n := count(event); n != 1 {
						t.Errorf("%d times: %s", n, event)
					}
				}
			})
		}
	}
}

// What keeps a rollout from being done is told by an Event: once, as long as it is the same.
func TestTroubleIsTold(t *testing.T) {
	a := courses[2].world(t)
	tries := 0
	a.guard = func(method, path string) error {
		if strings.HasPrefix(path, servicesPath) {
			if tries++; tries <= 5 {
				return apierrors.NewForbidden(corev1.Resource("services"), "web", errors.New("a policy of the cluster"))
			}
		}
		return nil
	}
	told := func() (out []string) {
		for _, e := range a.told() {
			if strings.HasPrefix(e, "ReconciliationError: ") {
				out = append(out, e)
			}
		}
		return out
	}
	a.run(nil, func() bool { return a.at("1") && len(told()) > 0 })
	if got := told(); len(got) != 1 || !strings.Contains(got[0], "a policy of the cluster") || !strings.Contains(got[0], "patch Service web") || tries < 6 {
		t.Errorf("told %q in %d tries", got, tries)
	}
}

// What was not done, and is not decided again, is not told.
func TestUntold(t *testing.T) {
	event := func(reason string, of rollout.Deed) rollout.Event { return rollout.Event{Reason: reason, Of: of} }
	const status, annotations = rollout.Deed(0), rollout.Deed(-1)
	var u untold
	first := []rollout.Event{event("Seen", status), event("Annotated", annotations), event("One", 1), event("Two", 2), event("Decided", status)}
	u.keep(first, 1, false)
	u.keep([]rollout.Event{event("Seen", status), event("Annotated", annotations), event("Two", 1)}, 1, true)
	var got []string
	for _, e := range u.release([]rollout.Event{event("Seen", status), event("More", status)}) {
		got = append(got, e.Reason)
	}
	if want := []string{"Seen", "Annotated", "One", "Two", "More"}; !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
	if len(u) > 0 || len(u.release(nil)) > 0 {
		t.Error("told again")
	}
}
