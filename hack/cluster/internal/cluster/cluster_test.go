// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"embed"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"argosy.dev/argosy/hack/cluster/internal/config"
	"argosy.dev/argosy/hack/cluster/internal/proc"
)

// newCluster is a cluster whose every path is in a temporary directory.
func newCluster(t *testing.T) *Cluster {
	t.Helper()
	c := New(filepath.Join(t.TempDir(), ".local"), &bytes.Buffer{})
	c.layout.Run = filepath.Join(t.TempDir(), "run")
	c.table = proc.Table{RunDir: c.layout.Processes(), LogDir: c.layout.Path("log")}
	for dir, mode := range c.layout.Dirs() {
		if err := os.MkdirAll(dir, mode); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func TestOwner(t *testing.T) {
	c := newCluster(t)
	if o, err := c.readOwner(); err != nil || o.Local != "" {
		t.Fatalf("without a record: %+v, %v", o, err)
	}
	if err := c.writeOwner(owner{Local: "/a"}); err != nil {
		t.Fatal(err)
	}
	if o, err := c.readOwner(); err != nil || o.Local != "/a" {
		t.Fatalf("got %+v, %v", o, err)
	}
	if err := os.WriteFile(c.ownerFile(), []byte(`{"loc`), 0o644); err != nil {
		t.Fatal(err)
	}
	if o, err := c.readOwner(); err != nil || o.Local != "" {
		t.Fatalf("a half-written record names %+v, %v", o, err)
	}
}

func TestSecretsStayTheSame(t *testing.T) {
	c := newCluster(t)
	snapshot := func() map[string]string {
		t.Helper()
		if err := c.prepareSecrets(); err != nil {
			t.Fatal(err)
		}
		files := map[string]string{}
		err := filepath.WalkDir(c.layout.Local, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			if info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %o", path, info.Mode().Perm())
			}
			data, err := os.ReadFile(path)
			files[path] = string(data)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	first, second := snapshot(), snapshot()
	for _, user := range []string{"kubeconfig", "alice.kubeconfig", "bob.kubeconfig"} {
		if first[c.layout.Path(user)] == "" {
			t.Errorf("%s is missing", user)
		}
	}
	for path, content := range first {
		if second[path] != content {
			t.Errorf("%s changed", path)
		}
	}
	if len(second) != len(first) {
		t.Errorf("%d files became %d", len(first), len(second))
	}
}

func TestVersionFollowsProgramArgumentsAndConfiguration(t *testing.T) {
	c := newCluster(t)
	write := func(path, content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	bin, file := c.layout.Bin("program"), c.layout.Path("conf/x.yaml")
	seen := map[string]string{}
	check := func(what, argument string) {
		t.Helper()
		c.programs.Clear()
		v, err := c.version([]string{bin, argument, "--config=" + file, "--data-dir=" + c.layout.Path("etcd")})
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[v]; ok {
			t.Errorf("%s: same version as %s", what, other)
		}
		seen[v] = what
	}
	write(bin, "1")
	write(file, "1")
	check("first", "-a")
	check("other argument", "-b")
	write(file, "2")
	check("other configuration", "-a")
	write(bin, "2")
	check("other program", "-a")
}

func TestS3SecretIsKept(t *testing.T) {
	secret := strings.Repeat("ab", tokenBytes)
	if got := s3Secret("AWS_REGION=x\n" + s3SecretKey + secret + "\n"); got != secret {
		t.Errorf("got %q", got)
	}
	if got := s3Secret(s3SecretKey + "short\n"); got != "" {
		t.Errorf("a broken secret was kept: %q", got)
	}
}

func TestManifestsAreClusterScopedObjectsOfKnownResources(t *testing.T) {
	want := map[string]bool{"mutatingadmissionpolicies": true, "mutatingadmissionpolicybindings": true, "storageclasses": true}
	for _, object := range objects(t, manifests) {
		resource := resourceOf(schema.FromAPIVersionAndKind(object.GetAPIVersion(), object.GetKind())).Resource
		if !want[resource] {
			t.Errorf("unexpected resource %s", resource)
		}
		delete(want, resource)
		if object.GetNamespace() != "" {
			t.Errorf("%s is namespaced", object.GetName())
		}
		if object.GetKind() == "StorageClass" && object.GetName() != config.StorageClass {
			t.Errorf("storage class is called %s", object.GetName())
		}
	}
	for resource := range want {
		t.Errorf("no %s", resource)
	}
}

func objects(t *testing.T, files embed.FS) []*unstructured.Unstructured {
	t.Helper()
	paths, err := fs.Glob(files, "manifests/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var all []*unstructured.Unstructured
	for _, path := range paths {
		data, err := files.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(data, &object.Object); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all = append(all, object)
	}
	return all
}
