// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"k8s.io/utils/ptr"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"pgregory.net/rapid"

	"argosy.dev/argosy/apis/raw"
	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	_ "argosy.dev/argosy/hack/seed"
)

// drawWorkflow makes a random workflow of nested steps and dags. Everything it uses has a fixed outcome whatever the
// order in which pods end; so no fail fast.
func drawWorkflow(t *rapid.T) *wfv1.Workflow {
	no := false
	wf := &wfv1.Workflow{}
	wf.Name = "w"
	wf.Spec.Entrypoint = "t0"
	leaves := []string{"p", "out", "retried"}
	wf.Spec.Templates = []wfv1.Template{
		{Name: "p", Container: &wfv1.Container{Container: corev1.Container{Image: "i", Command: []string{"c", "{{node.name}}"}}}},
		{Name: "out", Script: &wfv1.ScriptTemplate{Container: corev1.Container{Image: "i", Command: []string{"c"}}, Source: "x"},
			Outputs: wfv1.Outputs{Parameters: []wfv1.Parameter{{Name: "o", GlobalName: "g", ValueFrom: &wfv1.ValueFrom{Path: "/o"}}}}},
		{Name: "retried", Container: &wfv1.Container{Container: corev1.Container{Image: "i", Command: []string{"c", "{{retries}}"}}},
			RetryStrategy: &wfv1.RetryStrategy{Limit: &intstr.IntOrString{IntVal: rapid.Int32Range(0, 2).Draw(t, "limit")}}},
	}
	if rapid.Bool().Draw(t, "onExit") {
		wf.Spec.OnExit = "p"
	}
	n := rapid.IntRange(1, 4).Draw(t, "templates")
	for i := range n {
		// A template only calls those after it, so there is no recursion.
		callees := append([]string{}, leaves...)
		for j := i + 1; j < n; j++ {
			callees = append(callees, fmt.Sprintf("t%d", j))
		}
		name := func(k int) string { return fmt.Sprintf("s%d", k) }
		tmpl := wfv1.Template{Name: fmt.Sprintf("t%d", i)}
		callee := rapid.SampledFrom(callees)
		items := func() []raw.JSON {
			if rapid.IntRange(0, 4).Draw(t, "loop") > 0 {
				return nil
			}
			list := []raw.JSON{}
			for k := range rapid.IntRange(0, 3).Draw(t, "items") {
				list = append(list, raw.JSON{Raw: json.RawMessage(fmt.Sprint(k))})
			}
			return list
		}
		hooks := func() wfv1.LifecycleHooks {
			if rapid.IntRange(0, 6).Draw(t, "hook") > 0 {
				return nil
			}
			return wfv1.LifecycleHooks{wfv1.ExitLifecycleEvent: {Template: rapid.SampledFrom(leaves).Draw(t, "hook template")}}
		}
		when := func() string { return rapid.SampledFrom([]string{"", "", "", "", "a == a", "a == b"}).Draw(t, "when") }
		continueOn := func() *wfv1.ContinueOn {
			if rapid.Bool().Draw(t, "continue") {
				return &wfv1.ContinueOn{Failed: ptr.To(true), Error: ptr.To(true)}
			}
			return nil
		}
		k := 0
		if rapid.Bool().Draw(t, "dag") {
			tmpl.DAG = &wfv1.DAGTemplate{FailFast: &no}
			for range rapid.IntRange(1, 6).Draw(t, "tasks") {
				task := wfv1.DAGTask{Name: name(k), Template: callee.Draw(t, "callee"), WithItems: items(), When: when(), Hooks: hooks()}
				for j := range k {
					if rapid.IntRange(0, 2).Draw(t, "dependency") > 0 {
						continue
					}
					if task.Depends != "" {
						task.Depends += rapid.SampledFrom([]string{" && ", " || "}).Draw(t, "operator")
					}
					task.Depends += name(j) + rapid.SampledFrom([]string{"", "", ".Succeeded", ".Failed", ".Skipped", ".Omitted", ".Errored"}).Draw(t, "result")
				}
				tmpl.DAG.Tasks = append(tmpl.DAG.Tasks, task)
				k++
			}
		} else {
			for range rapid.IntRange(1, 3).Draw(t, "groups") {
				var group wfv1.ParallelSteps
				for range rapid.IntRange(1, 3).Draw(t, "steps") {
					group = append(group, wfv1.WorkflowStep{Name: name(k), Template: callee.Draw(t, "callee"), WithItems: items(),
						When: when(), Hooks: hooks(), ContinueOn: continueOn()})
					k++
				}
				tmpl.Steps = append(tmpl.Steps, group)
			}
		}
		wf.Spec.Templates = append(wf.Spec.Templates, tmpl)
	}
	return wf
}

// fixedEnd is an outcome that depends on the node's name alone.
func fixedEnd(seed uint32) func(*corev1.Pod, string) ending {
	return func(_ *corev1.Pod, node string) ending {
		h := fnv.New32a()
		fmt.Fprint(h, seed, node)
		v := h.Sum32()
		e := ending{lasts: time.Duration(v%50+1) * 100 * time.Millisecond, params: map[string]string{"o": "v"}, result: "r"}
		if v>>8%4 == 0 {
			e.code = 1
		}
		return e
	}
}

// essence is what of an outcome must not depend on the order of events.
func essence(wf *wfv1.Workflow) map[string]string {
	out := map[string]string{"": string(wf.Status.Phase) + " " + wf.Status.Message + " " + string(wf.Status.Progress)}
	for _, n := range wf.Status.Nodes {
		children := map[string]bool{}
		for _, c := range n.Children {
			if children[c] {
				children["twice: "+c] = true
			}
			children[c] = true
		}
		out[n.Name] = fmt.Sprint(n.Type, n.Phase, n.Message, n.BoundaryID, n.Progress, children)
	}
	return out
}

// TestAnyOrder: with fixed outcomes of the pods, the end of a workflow does not depend on the order in which they end,
// on crashes of the shell between any two effects, or on pods that cannot be created at first. No pod is created twice,
// and nothing goes back; the simulator checks that.
func TestAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wf := drawWorkflow(t)
		seed := rapid.Uint32().Draw(t, "seed")
		plain := newSim(t, wf)
		plain.end = fixedEnd(seed)
		want := essence(plain.run())
		if !plain.wf.Status.Phase.Completed() {
			t.Fatalf("does not end: %s", describe(plain.wf))
		}

		wild := newSim(t, wf)
		wild.end = fixedEnd(seed)
		wild.pick = func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "pick") }
		crashes := 0
		wild.crash = func() bool {
			if crashes > 50 || !rapid.Bool().Draw(t, "crash") {
				return false
			}
			crashes++
			return true
		}
		refused := map[string]int{}
		wild.createError = func(p *corev1.Pod) error {
			if refused[p.Name] < 2 && rapid.IntRange(0, 5).Draw(t, "refuse") == 0 {
				refused[p.Name]++
				return quotaError()
			}
			return nil
		}
		wild.run()
		if diff := cmp.Diff(want, essence(wild.wf)); diff != "" {
			t.Fatalf("in another order (-plain +wild):\n%s\n%s", diff, describe(plain.wf))
		}
		if plain.creations != wild.creations {
			t.Fatalf("%d pods, in another order %d", plain.creations, wild.creations)
		}
	})
}

// TestShutdownAnyTime: whenever a workflow is stopped or terminated, suspended or resumed, or its pods are deleted, it
// ends, and nothing of it is left running.
func TestShutdownAnyTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wf := drawWorkflow(t)
		for i := range wf.Spec.Templates {
			if d := wf.Spec.Templates[i].DAG; d != nil && rapid.Bool().Draw(t, "failFast") {
				d.FailFast = nil
			}
		}
		s := newSim(t, wf)
		s.end = fixedEnd(rapid.Uint32().Draw(t, "seed"))
		at := rapid.IntRange(0, 20).Draw(t, "at")
		action := rapid.SampledFrom([]string{"stop", "terminate", "suspend", "delete pod", "deadline"}).Draw(t, "action")
		for i := 0; ; i++ {
			s.reconcile()
			if s.wf.Status.Phase.Completed() || i > 5000 {
				break
			}
			moved := s.step()
			if i == at {
				var err error
				switch action {
				case "stop":
					err = Stop(s.wf, &wfv1.WorkflowStop{}, s.now)
				case "terminate":
					err = Terminate(s.wf, &wfv1.WorkflowTerminate{}, s.now)
				case "suspend":
					err = Suspend(s.wf, &wfv1.WorkflowSuspend{}, s.now)
				case "deadline":
					seconds := int64(1)
					s.wf.Spec.ActiveDeadlineSeconds = &seconds
				case "delete pod":
					for _, name := range sortedKeys(s.pods) {
						if !s.pods[name].at.IsZero() {
							delete(s.pods, name)
							break
						}
					}
				}
				if err != nil {
					t.Fatal(err)
				}
				moved = true
			}
			if !moved && s.wf.Spec.Suspend != nil {
				for name, p := range s.pods {
					if !p.at.IsZero() {
						t.Fatalf("pod %s goes on, and time stands still", name)
					}
				}
				if err := Resume(s.wf, &wfv1.WorkflowResume{}, s.now); err != nil {
					t.Fatal(err)
				}
			} else if !moved {
				break
			}
		}
		if !s.wf.Status.Phase.Completed() {
			t.Fatalf("does not end after %s: %s", action, describe(s.wf))
		}
		for name, p := range s.pods {
			if p.wanted() && !p.at.IsZero() {
				t.Fatalf("after %s the workflow ended %s and pod %s still runs\n%s", action, s.wf.Status.Phase, name, describe(s.wf))
			}
		}
	})
}

// FuzzReconcile: whatever a workflow says, Reconcile neither panics nor changes it.
func FuzzReconcile(f *testing.F) {
	for _, s := range []string{
		`{"entrypoint":"a","templates":[{"name":"a","container":{"image":"i","args":["{{workflow.name}}"]}}]}`,
		`{"entrypoint":"a","templates":[{"name":"a","steps":[[{"name":"b","template":"a","withSequence":{"count":"1"}}]]}]}`,
		`{"entrypoint":"a","templates":[{"name":"a","dag":{"tasks":[{"name":"b","template":"c","depends":"b"}]}},{"name":"c","suspend":{"duration":"x"}}]}`,
		`{"entrypoint":"a","onExit":"a","arguments":{"parameters":[{"name":"p","value":"{{=1+}}"}]},"templates":[{"name":"a"}]}`,
		`{"entrypoint":"{{x}}","shutdown":"Stop","suspend":true}`,
		`{"entrypoint":"a","templates":[{"name":"a","dag":{"target":"z","tasks":[{"name":"b","inline":{"steps":[[{}]]}}]}}]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, spec []byte) {
		wf := &wfv1.Workflow{}
		wf.Name, wf.Namespace, wf.UID = "w", "ns", "u"
		if err := json.Unmarshal(spec, &wf.Spec); err != nil {
			return
		}
		s := newSim(t, wf)
		for range 20 {
			before := s.wf.DeepCopy()
			d := Reconcile(s.wf, s.world())
			if !reflect.DeepEqual(before, s.wf) {
				t.Fatal(cmp.Diff(before, s.wf))
			}
			if d.Status != nil {
				s.wf.Status = *d.Status
			}
			if len(s.wf.Status.Nodes) > 1000 {
				return
			}
			for _, p := range d.Create {
				s.pods[p.Name] = &simPod{pod: p.DeepCopy(), at: s.now}
			}
			for name := range s.pods {
				if !s.pods[name].running {
					s.begin(s.pods[name])
				} else if !s.pods[name].at.IsZero() {
					s.finish(s.pods[name])
				}
			}
			s.now = s.now.Add(time.Minute)
		}
	})
}
