// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/validation/field"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/workflow"
)

const casesDir = "../../../../shared/conformance/workflows"

// library are the template objects that cases refer to.
type library struct {
	namespaced map[string]*wfv1.WorkflowTemplate
	cluster    map[string]*wfv1.ClusterWorkflowTemplate
}

func (l *library) WorkflowTemplate(name string) (*wfv1.WorkflowTemplate, error) {
	if t := l.namespaced[name]; t != nil {
		return t, nil
	}
	return nil, apierrors.NewNotFound(wfv1.SchemeGroupVersion.WithResource("workflowtemplates").GroupResource(), name)
}

func (l *library) ClusterWorkflowTemplate(name string) (*wfv1.ClusterWorkflowTemplate, error) {
	if t := l.cluster[name]; t != nil {
		return t, nil
	}
	return nil, apierrors.NewNotFound(wfv1.SchemeGroupVersion.WithResource("clusterworkflowtemplates").GroupResource(), name)
}

// document is one object of a case.
type document struct {
	file string
	kind string
	json []byte
}

func (d *document) decode(t testing.TB, into any) {
	t.Helper()
	if err := json.Unmarshal(d.json, into); err != nil {
		t.Fatalf("%s: %v", d.file, err)
	}
}

// cases reads all objects below the directories.
func cases(t testing.TB, dirs ...string) []document {
	t.Helper()
	var docs []document
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".yaml") {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
			for {
				doc, err := reader.Read()
				if errors.Is(err, io.EOF) {
					return nil
				}
				if err != nil {
					return err
				}
				text, err := utilyaml.ToJSON(doc)
				if err != nil {
					return err
				}
				var meta struct{ Kind string }
				if json.Unmarshal(text, &meta) != nil || meta.Kind == "" {
					continue
				}
				name, err := filepath.Rel(dir, path)
				if err != nil {
					return err
				}
				docs = append(docs, document{name, meta.Kind, text})
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return docs
}

// refusedToo are cases that are refused for another reason than a feature that is not built.
var refusedToo = map[string]string{}

// TestConformance: what the peer ran is accepted, or refused for a feature that is not built yet and nothing else.
func TestConformance(t *testing.T) {
	if _, err := os.Stat(casesDir); err != nil {
		t.Skipf("no cases of the peer at %s", casesDir)
	}
	data, err := os.ReadFile(filepath.Join(casesDir, "golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	var golden map[string]struct{ Phase string }
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	expected, err := os.ReadFile("../../../hack/conformance/expected.txt")
	if err != nil {
		t.Fatal(err)
	}
	docs := cases(t, filepath.Join(casesDir, "cases"), "../../../hack/conformance/support")
	lib := &library{map[string]*wfv1.WorkflowTemplate{}, map[string]*wfv1.ClusterWorkflowTemplate{}}
	for _, d := range docs {
		switch d.kind {
		case "WorkflowTemplate":
			w := &wfv1.WorkflowTemplate{}
			d.decode(t, w)
			wfv1.SetDefaultsWorkflowTemplate(w)
			lib.namespaced[w.Name] = w
			for _, e := range ValidateWorkflowTemplate(w) {
				t.Errorf("%s: WorkflowTemplate %s: %v", d.file, w.Name, e)
			}
		case "ClusterWorkflowTemplate":
			w := &wfv1.ClusterWorkflowTemplate{}
			d.decode(t, w)
			wfv1.SetDefaultsClusterWorkflowTemplate(w)
			lib.cluster[w.Name] = w
			for _, e := range ValidateClusterWorkflowTemplate(w) {
				t.Errorf("%s: ClusterWorkflowTemplate %s: %v", d.file, w.Name, e)
			}
		case "CronWorkflow":
			w := &wfv1.CronWorkflow{}
			d.decode(t, w)
			wfv1.SetDefaultsCronWorkflow(w)
			for _, e := range ValidateCronWorkflow(w) {
				t.Errorf("%s: CronWorkflow %s: %v", d.file, w.Name, e)
			}
		case "WorkflowEventBinding":
			w := &wfv1.WorkflowEventBinding{}
			d.decode(t, w)
			for _, e := range ValidateWorkflowEventBinding(w) {
				t.Errorf("%s: WorkflowEventBinding %s: %v", d.file, w.Name, e)
			}
		}
	}
	accepted, unsupported := 0, 0
	for _, d := range docs {
		if d.kind != "Workflow" {
			continue
		}
		w := &wfv1.Workflow{}
		d.decode(t, w)
		wfv1.SetDefaultsWorkflow(w)
		if w.Name == "" {
			w.Name = w.GenerateName[:min(len(w.GenerateName), 58)] + "abcde"
		}
		errs := workflow.Resolve(w, lib)
		errs = append(errs, ValidateWorkflow(w)...)
		other := slices.DeleteFunc(slices.Clone(errs), func(e *field.Error) bool {
			return strings.Contains(e.Detail, "is not supported by this version")
		})
		_, ran := golden[d.file]
		must := strings.Contains("\n"+string(expected), "\nworkflows/"+d.file)
		switch {
		case refusedToo[d.file] != "":
			if len(errs) == 0 {
				t.Errorf("%s is accepted; it was said to be refused: %s", d.file, refusedToo[d.file])
			}
		case must && len(errs) > 0:
			t.Errorf("%s must be accepted: %v", d.file, errs)
		case len(other) > 0:
			t.Errorf("%s (the peer ran it: %v) is refused: %v", d.file, ran, other)
		case len(errs) > 0:
			unsupported++
		default:
			accepted++
			t.Logf("accepted: %s", d.file)
		}
	}
	t.Logf("%d workflows are accepted, %d use features that are not built", accepted, unsupported)
	if accepted < 30 {
		t.Errorf("only %d workflows are accepted", accepted)
	}
}

// TestEndToEndData: what the end-to-end tests run is accepted.
func TestEndToEndData(t *testing.T) {
	docs := cases(t, "../../../hack/e2e/testdata")
	lib := &library{map[string]*wfv1.WorkflowTemplate{}, nil}
	for _, d := range docs {
		if d.kind == "WorkflowTemplate" {
			w := &wfv1.WorkflowTemplate{}
			d.decode(t, w)
			lib.namespaced[w.Name] = w
		}
	}
	for _, d := range docs {
		if d.kind != "Workflow" {
			continue
		}
		w := &wfv1.Workflow{}
		d.decode(t, w)
		w.Name = w.GenerateName[:min(len(w.GenerateName), 58)] + "abcde"
		if errs := append(workflow.Resolve(w, lib), ValidateWorkflow(w)...); len(errs) > 0 {
			t.Errorf("%s: %v", d.file, errs)
		}
	}
}
