// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// peerModule is the release of the peer whose inputs are rendered. Only files in its folders testdata are read.
const peerModule = "github.com/argoproj/argo-cd/v3@v3.5.7"

// peer is the folder of the peer's module in the module cache.
func peer(t *testing.T) string {
	t.Helper()
	var errors bytes.Buffer
	download := exec.Command("go", "mod", "download", "-json", peerModule)
	download.Stderr = &errors
	out, err := download.Output()
	var module struct{ Dir, Error string }
	if json.Unmarshal(out, &module) != nil || err != nil || module.Dir == "" {
		t.Fatalf("%s cannot be downloaded; without it this test says nothing: %v %s %s", peerModule, err, module.Error, errors.String())
	}
	return module.Dir
}

// disk is a folder as Files: os.Root refuses links that lead out of it.
type disk struct{ root *os.Root }

func openDisk(t *testing.T, folder string) disk {
	t.Helper()
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	return disk{root}
}

// fault says what an error means for a render.
func (disk) fault(err error) error {
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return errors.Join(ErrOutside, err)
}

func (d disk) ReadFile(name string) ([]byte, error) {
	file, err := d.root.Open(path.Join(".", name))
	if err != nil {
		return nil, d.fault(err)
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(file)
	return content, d.fault(err)
}

func (d disk) ReadDir(name string) ([]Entry, error) {
	file, err := d.root.Open(path.Join(".", name))
	if err != nil {
		return nil, d.fault(err)
	}
	defer func() { _ = file.Close() }()
	names, err := file.Readdirnames(-1)
	if err != nil {
		return nil, d.fault(err)
	}
	slices.Sort(names)
	var entries []Entry
	for _, below := range names {
		entry, err := d.Stat(path.Join(name, below))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if errors.Is(err, ErrOutside) {
			// It is there, and reading it says what it is.
			entry = Entry{Name: below, Link: true}
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

func (d disk) Stat(name string) (Entry, error) {
	info, err := d.root.Stat(path.Join(".", name))
	if err != nil {
		return Entry{}, d.fault(err)
	}
	link, err := d.root.Lstat(path.Join(".", name))
	if err != nil {
		return Entry{}, d.fault(err)
	}
	return Entry{Name: path.Base(name), Dir: info.IsDir(), Size: info.Size(), Link: link.Mode()&fs.ModeSymlink != 0}, nil
}

// folders are all folders of test data that hold something to render.
func folders(t *testing.T, module string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(module, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(module, name)
		if err != nil || !strings.Contains("/"+filepath.ToSlash(relative)+"/", "/testdata") {
			return err
		}
		below, err := os.ReadDir(name)
		for _, file := range below {
			if manifestFile.MatchString(file.Name()) || file.Name() == "Kustomization" {
				found = append(found, filepath.ToSlash(relative))
				break
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// knownFailures are why some of the peer's test data cannot be rendered just as it is: it is wrong on purpose, is part of
// something else (templates of a chart, answers of a Git host), wants options, or fetches.
var knownFailures = regexp.MustCompile(strings.Join([]string{
	"is not an object", "Object 'Kind' is missing", "Unexpected end of file", "the symbolic link leads out", "app path does not exist",
	"kustomization.yaml is empty", "schema", "invalid map key", "^missing: ", "chart.metadata.name is required", "invalid JSON",
	"(did|could) not find expected", "Missing argument: ", "Undefined external variable", "couldn't open import", "remote resources are not supported",
	"does-not-exist.yaml", "guestbook-ui-deployment.yaml: file does not exist", "must specify --enable-helm", "kustomize.version: v1.2.3",
}, "|"))

// testdata is the folder of test data in a path: the repository of what is below.
var testdata = regexp.MustCompile(`^(.*/)?testdata[^/]*`)

// All that the peer has as test data is rendered, in children. What fails must do so for one of the reasons known.
func TestPeerInputs(t *testing.T) {
	module := peer(t)
	r := renderer(t, Config{})
	rendered, manifests := map[appv1.ApplicationSourceType]int{}, 0
	all := folders(t, module)
	for _, folder := range all {
		base := testdata.FindString(folder)
		below := strings.TrimPrefix(strings.TrimPrefix(folder, base), "/")
		result, err := r.Render(context.Background(), request(below), Trees{"": openDisk(t, filepath.Join(module, base))})
		if err == nil {
			rendered[result.Type]++
			manifests += len(result.Manifests)
		} else if kind := kindOf(err); kind != Invalid && kind != Needs || !knownFailures.MatchString(err.Error()) {
			t.Errorf("%s: %s %v", folder, kind, err)
		}
	}
	t.Logf("%d folders: %v, %d manifests", len(all), rendered, manifests)
	if rendered[appv1.SourceTypeHelm] < 26 || rendered[appv1.SourceTypeKustomize] < 30 || rendered[appv1.SourceTypeDirectory] < 390 {
		t.Errorf("too few are rendered: %v", rendered)
	}
}

// What the peer's end-to-end tests of sources want of their test data.
func TestPeerScenarios(t *testing.T) {
	repository := openDisk(t, filepath.Join(peer(t), "test/e2e/testdata"))
	r := renderer(t, Config{})
	cases := map[string]struct {
		path string
		edit func(*Request)
		want []string
	}{
		"TestHelmSetEnv": {"helm-values", func(q *Request) {
			q.Source.Helm = &appv1.ApplicationSourceHelm{Parameters: []appv1.HelmParameter{{Name: "foo", Value: "$ARGOCD_APP_NAME"}}}
		}, []string{`"foo":"app"`}},
		"TestHelmReleaseName":     {"helm-values", func(q *Request) { q.Source.Helm = &appv1.ApplicationSourceHelm{ReleaseName: "foo"} }, []string{"ConfigMap"}},
		"TestHelmHooksAreCreated": {"hook", nil, []string{"Pod"}},
		"TestKustomizeKubeVersion": {"kustomize-kube-version", func(q *Request) {
			q.Settings.KustomizeOptions = []string{"--enable-helm"}
			q.Source.Kustomize = &appv1.ApplicationSourceKustomize{KubeVersion: "999.999.999"}
		}, []string{"999.999.999"}},
		"TestKustomizeApiVersions": {"kustomize-api-versions", func(q *Request) {
			q.Settings.KustomizeOptions = []string{"--enable-helm"}
			q.Source.Kustomize = &appv1.ApplicationSourceKustomize{APIVersions: []string{"v1/MyTestResource"}}
		}, []string{"v1/MyTestResource"}},
		"TestJsonnetTlaEnv": {"jsonnet-tla-cm", func(q *Request) {
			q.Source.Directory = &appv1.ApplicationSourceDirectory{Jsonnet: &appv1.ApplicationSourceJsonnet{TLAs: []appv1.JsonnetVar{{Name: "foo", Value: "$ARGOCD_APP_NAME"}, {Name: "bar", Value: `"$ARGOCD_APP_NAME"`, Code: yes()}}}}
		}, []string{`"app"`}},
		"TestJsonnetExtVarEnv": {"jsonnet-ext-var", func(q *Request) {
			q.Source.Directory = &appv1.ApplicationSourceDirectory{Jsonnet: &appv1.ApplicationSourceJsonnet{ExtVars: []appv1.JsonnetVar{{Name: "foo", Value: "$ARGOCD_APP_NAME"}, {Name: "bar", Value: `"$ARGOCD_APP_NAME"`, Code: yes()}}}}
		}, []string{`"app"`}},
		"TestHelmGlobValueFiles": {"helm-glob-values", func(q *Request) {
			q.Source.Helm = &appv1.ApplicationSourceHelm{ValueFiles: []string{"envs/*.yaml"}}
		}, []string{`"foo":"b-value"`}},
		"TestHelmRecursiveGlob": {"helm-glob-values", func(q *Request) {
			q.Source.Helm = &appv1.ApplicationSourceHelm{ValueFiles: []string{"envs/**/*.yaml"}}
		}, []string{`"foo":"c-value"`}},
		"TestJsonnetNestedDirWithImports": {"jsonnet-nested-dir-with-imports/apps", func(q *Request) {
			q.Source.Directory = &appv1.ApplicationSourceDirectory{Recurse: yes()}
		}, []string{`"hello-world"`, `"hello-root"`}},
		"TestKustomizeNameSuffix, Images, NamespaceOverride": {"kustomize", func(q *Request) {
			q.Source.Kustomize = &appv1.ApplicationSourceKustomize{NameSuffix: "-x", Namespace: "other", Images: []string{"quay.io/argoprojlabs/argocd-e2e-container:0.2"}}
		}, []string{`"pod-x"`, `"namespace":"other"`, `argocd-e2e-container:0.2"`}},
		"TestHelm3CRD":   {"helm3-crd", nil, []string{"CustomResourceDefinition"}},
		"TestCRDSkipped": {"helm3-crd", func(q *Request) { q.Source.Helm = &appv1.ApplicationSourceHelm{SkipCrds: yes()} }, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			req := request(c.path)
			if c.edit != nil {
				c.edit(&req)
			}
			result, err := r.Render(context.Background(), req, Trees{"": repository})
			if err != nil {
				t.Fatal(err)
			}
			for _, piece := range c.want {
				if !strings.Contains(text(result), piece) {
					t.Errorf("no %s in %s", piece, text(result))
				}
			}
			if name == "TestCRDSkipped" && strings.Contains(text(result), "CustomResourceDefinition") {
				t.Error("there is a CRD")
			}
		})
	}
}
