// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"k8s.io/utils/ptr"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/yaml"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

// goldenDir holds the peer's examples with what they came to. It is beside the repository, not in it.
const goldenDir = "../../../shared/conformance/workflows"

// goldenNode is a node in the normal form of the recorded outcomes.
type goldenNode map[string]any

type goldenCase struct {
	Phase    string                `json:"phase"`
	Message  string                `json:"message"`
	Nodes    map[string]goldenNode `json:"nodes"`
	Outputs  map[string]any        `json:"outputs"`
	Rejected int                   `json:"rejected"`
}

// goldenTemplates are the template objects of the cases.
type goldenTemplates struct {
	local   map[string]*wfv1.WorkflowTemplate
	cluster map[string]*wfv1.ClusterWorkflowTemplate
}

func (g *goldenTemplates) WorkflowTemplate(name string) (*wfv1.WorkflowTemplate, error) {
	if t, ok := g.local[name]; ok {
		return t, nil
	}
	return nil, apierrors.NewNotFound(wfv1.Resource("workflowtemplates"), name)
}

func (g *goldenTemplates) ClusterWorkflowTemplate(name string) (*wfv1.ClusterWorkflowTemplate, error) {
	if t, ok := g.cluster[name]; ok {
		return t, nil
	}
	return nil, apierrors.NewNotFound(wfv1.Resource("clusterworkflowtemplates"), name)
}

// clusterTemplates stand for those that the cases refer to and that are not among them.
const clusterTemplates = `
- metadata: {name: cluster-workflow-template-print-message}
  spec: {templates: [{name: print-message, inputs: {parameters: [{name: message}]}, container: {image: busybox, command: [echo], args: ["{{inputs.parameters.message}}"]}}]}
- metadata: {name: cluster-workflow-template-submittable}
  spec:
    entrypoint: print-message
    arguments: {parameters: [{name: message, value: hello world}]}
    templates: [{name: print-message, inputs: {parameters: [{name: message}]}, container: {image: busybox, command: [echo], args: ["{{inputs.parameters.message}}"]}}]
- metadata: {name: cluster-workflow-template-inner-steps}
  spec:
    templates:
    - name: inner-steps
      steps:
      - - {name: inner-hello1, templateRef: &r {name: cluster-workflow-template-print-message, template: print-message, clusterScope: true}, arguments: {parameters: [{name: message, value: inner-hello1}]}}
      - - {name: inner-hello2a, templateRef: *r, arguments: {parameters: [{name: message, value: inner-hello2a}]}}
        - {name: inner-hello2b, templateRef: *r, arguments: {parameters: [{name: message, value: inner-hello2b}]}}
- metadata: {name: cluster-workflow-template-inner-dag}
  spec:
    templates:
    - {name: print-message, inputs: {parameters: [{name: message}]}, container: {image: busybox, command: [echo], args: ["{{inputs.parameters.message}}"]}}
    - name: inner-diamond
      dag:
        tasks:
        - {name: inner-A, templateRef: &r {name: cluster-workflow-template-print-message, template: print-message, clusterScope: true}, arguments: {parameters: [{name: message, value: inner-A}]}}
        - {name: inner-B, depends: inner-A, template: print-message, arguments: {parameters: [{name: message, value: inner-B}]}}
        - {name: inner-C, depends: inner-A, template: print-message, arguments: {parameters: [{name: message, value: inner-C}]}}
        - {name: inner-D, depends: inner-B && inner-C, templateRef: *r, arguments: {parameters: [{name: message, value: inner-D}]}}
`

func loadGolden(t *testing.T) (map[string]goldenCase, map[string]*wfv1.Workflow, *goldenTemplates) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(goldenDir, "golden.json"))
	if os.IsNotExist(err) {
		t.Skipf("%s is not here", goldenDir)
	}
	if err != nil {
		t.Fatal(err)
	}
	var golden map[string]goldenCase
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	templates := &goldenTemplates{local: map[string]*wfv1.WorkflowTemplate{}, cluster: map[string]*wfv1.ClusterWorkflowTemplate{}}
	var list []*wfv1.ClusterWorkflowTemplate
	if err := yaml.Unmarshal([]byte(clusterTemplates), &list); err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		templates.cluster[c.Name] = c
	}
	workflows := map[string]*wfv1.Workflow{}
	root := filepath.Join(goldenDir, "cases")
	err = filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		key, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		for _, doc := range strings.Split("\n"+string(b), "\n---") {
			var kind struct{ Kind string }
			if err := yaml.Unmarshal([]byte(doc), &kind); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			switch kind.Kind {
			case "Workflow":
				workflows[key] = parse(t, doc)
			case "WorkflowTemplate":
				tmpl := &wfv1.WorkflowTemplate{}
				if err := yaml.Unmarshal([]byte(doc), tmpl); err != nil {
					return err
				}
				templates.local[tmpl.Name] = tmpl
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return golden, workflows, templates
}

// normal is the normal form of a workflow's outcome.
func normal(wf *wfv1.Workflow) goldenCase {
	replace := strings.NewReplacer(wf.Name, "$WF", string(wf.UID), "$UID", wf.Namespace, "$NS").Replace
	params := func(list []wfv1.Parameter) map[string]any {
		out := map[string]any{}
		for _, p := range list {
			out[p.Name] = replace(p.Value.String())
		}
		return out
	}
	out := goldenCase{Phase: string(wf.Status.Phase), Message: replace(wf.Status.Message), Nodes: map[string]goldenNode{}}
	for _, n := range wf.Status.Nodes {
		g := goldenNode{"type": string(n.Type), "phase": string(n.Phase), "templateName": nil, "displayName": replace(n.DisplayName)}
		if n.TemplateName != "" {
			g["templateName"] = n.TemplateName
		}
		if n.TemplateRef != nil {
			ref := map[string]any{"name": n.TemplateRef.Name, "template": n.TemplateRef.Template}
			if ptr.Deref(n.TemplateRef.ClusterScope, false) {
				ref["clusterScope"] = true
			}
			g["templateRef"] = ref
		}
		if n.Inputs != nil && len(n.Inputs.Parameters) > 0 {
			g["inputs.parameters"] = params(n.Inputs.Parameters)
		}
		if n.Outputs != nil {
			if len(n.Outputs.Parameters) > 0 {
				g["outputs.parameters"] = params(n.Outputs.Parameters)
			}
			if n.Outputs.Result != nil {
				g["outputs.result"] = replace(*n.Outputs.Result)
			}
			if n.Outputs.ExitCode != nil {
				g["outputs.exitCode"] = *n.Outputs.ExitCode
			}
		}
		var children []any
		for _, c := range n.Children {
			children = append(children, replace(wf.Status.Nodes[c].Name))
		}
		slices.SortFunc(children, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
		if children != nil {
			g["children"] = children
		}
		if n.BoundaryID != "" {
			g["boundary"] = replace(wf.Status.Nodes[n.BoundaryID].Name)
		}
		out.Nodes[replace(n.Name)] = g
	}
	if wf.Status.Outputs != nil {
		out.Outputs = map[string]any{"parameters": params(wf.Status.Outputs.Parameters), "artifacts": []any{}}
	}
	return out
}

// TestGolden runs the peer's examples in the simulator, with pods that end as they did for the peer, and compares all
// nodes with what the peer recorded.
func TestGolden(t *testing.T) {
	golden, workflows, templates := loadGolden(t)
	ran := 0
	for _, key := range sortedKeys(golden) {
		want, wf := golden[key], workflows[key]
		if wf == nil || unsupported(t, wf, templates) != "" {
			continue
		}
		ran++
		t.Run(key, func(t *testing.T) {
			s := newSim(t, wf)
			if errs := Resolve(s.wf, templates); len(errs) > 0 {
				t.Fatal(errs.ToAggregate())
			}
			s.end = func(_ *corev1.Pod, node string) ending {
				e := ending{lasts: goldenDuration(node)}
				n, ok := want.Nodes[strings.ReplaceAll(node, s.wf.Name, "$WF")]
				if !ok {
					t.Errorf("a pod for node %s, which the peer does not have", node)
					return e
				}
				if code, ok := n["outputs.exitCode"].(string); ok {
					if _, err := fmt.Sscan(code, &e.code); err != nil {
						t.Fatal(err)
					}
				}
				e.result, _ = n["outputs.result"].(string)
				e.params = map[string]string{}
				if p, ok := n["outputs.parameters"].(map[string]any); ok {
					for k, v := range p {
						e.params[k], _ = v.(string)
					}
				}
				return e
			}
			got := normal(s.run())
			if got.Phase != want.Phase {
				t.Errorf("phase %s, want %s", got.Phase, want.Phase)
			}
			if diff := cmp.Diff(want.Nodes, got.Nodes); diff != "" {
				t.Errorf("nodes (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want.Outputs, got.Outputs); diff != "" {
				t.Errorf("outputs (-want +got):\n%s", diff)
			}
			// The ids in messages are hashes of the name of the run.
			if want, got := nodeIDs.ReplaceAllString(want.Message, "$$ID"), nodeIDs.ReplaceAllString(got.Message, "$$ID"); want != got {
				t.Errorf("message %q, want %q", got, want)
			}
		})
	}
	if ran < 30 {
		t.Errorf("only %d cases ran", ran)
	}
}

var nodeIDs = regexp.MustCompile(`\$WF-\d+`)

// beyond are words in the JSON of a workflow that uses what this version does not do.
var beyond = []string{
	`"artifacts":`, `"parallelism":`, `"configMapKeyRef":`, `"memoize":`, `"podGC":`, `"containerSet":`, `"resource":`,
	`"timeout":`, `"daemon":`, `"synchronization":`, `"metrics":`, `"podSpecPatch":`, `"podDisruptionBudget":`,
	`"ttlStrategy":`, `"http":`, `"data":`, `"archiveLocation":`, `"archiveLogs":`, `lastRetry`, `"sidecars":`,
	`"volumeClaimTemplates":`, `"backoff":`, `"success"`,
}

// unsupported tells why a case cannot run in this version; empty if it can.
func unsupported(t *testing.T, wf *wfv1.Workflow, templates *goldenTemplates) string {
	t.Helper()
	wf = wf.DeepCopy()
	if errs := Resolve(wf, templates); len(errs) > 0 {
		return errs.ToAggregate().Error()
	}
	b, err := json.Marshal(wf)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range beyond {
		if strings.Contains(string(b), word) {
			return word
		}
	}
	return ""
}

// goldenDuration gives each pod a duration of its own, so that they end in an order that has nothing to do with the spec.
func goldenDuration(node string) time.Duration {
	h := fnv.New32a()
	if _, err := h.Write([]byte(node)); err != nil {
		panic(err)
	}
	return time.Duration(h.Sum32()%7+1) * time.Second
}
