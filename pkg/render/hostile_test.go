// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// bomb is YAML that is small, and large once its aliases are followed.
func bomb() string {
	var b strings.Builder
	b.WriteString("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n")
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 10), ","))
	}
	return b.String()
}

const endlessJsonnet = "[std.foldl(function(a, b) a + std.foldl(function(c, d) c + d, std.range(0, 3000), 0), std.range(0, 3000), 0) for i in std.range(0, 3000)]"

func chartWith(template string) Map {
	return Map{"app/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "app/templates/a.yaml": template, "app/values.yaml": "{}"}
}

// Each of these ends in an error on its own, while another render goes on.
func TestHostile(t *testing.T) {
	const patience = 5 * time.Second
	cases := map[string]struct {
		tree   Files
		edit   func(*Request)
		kinds  []Kind
		says   string
		config func(*Config)
	}{
		"YAML bomb":       {tree: Map{"app/a.yaml": bomb()}, kinds: []Kind{Invalid}, says: "excessive aliasing"},
		"deep YAML":       {tree: Map{"app/a.yaml": "apiVersion: v1\nkind: A\nmetadata: {}\nx: " + strings.Repeat("[", 200_000)}, kinds: []Kind{Invalid}, says: "app/a.yaml"},
		"deep JSON":       {tree: Map{"app/a.json": strings.Repeat(`{"a":`, 200_000)}, kinds: []Kind{Invalid}, says: "app/a.json"},
		"endless Jsonnet": {tree: Map{"app/a.jsonnet": endlessJsonnet}, kinds: []Kind{Deadline}, says: "took"},
		"endless Jsonnet, processor time": {
			tree: Map{"app/a.jsonnet": endlessJsonnet}, kinds: []Kind{Deadline}, says: "processor time",
			config: func(c *Config) { c.CPU, c.Deadline = time.Second, time.Minute },
		},
		"Jsonnet without end of recursion": {tree: Map{"app/a.jsonnet": "local f(x) = 1 + f(x + 1); f(0)"}, kinds: []Kind{Invalid}, says: "stack"},
		"Jsonnet that wants memory":        {tree: Map{"app/a.jsonnet": "local f(s, n) = if n == 0 then s else f(s + s, n - 1) tailstrict; {a: std.length(f('aaaaaaaaaaaaaaaa', 40))}"}, kinds: []Kind{Memory, Deadline}},
		"Jsonnet reads files":              {tree: Map{"app/a.jsonnet": "{a: importstr '/etc/passwd'}"}, kinds: []Kind{Invalid}, says: "couldn't open import"},
		"Jsonnet reads above":              {tree: Map{"app/a.jsonnet": "{a: importstr '../../../../../../etc/passwd'}"}, kinds: []Kind{Invalid}, says: "couldn't open import"},
		"huge template":                    {tree: chartWith("{{ range until 1000000000 }}a{{ end }}"), kinds: []Kind{Memory, Crash, Deadline}},
		"endless template":                 {tree: chartWith(`{{ define "a" }}{{ include "b" . }}{{ include "b" . }}{{ end }}{{ define "b" }}{{ include "c" . }}{{ include "c" . }}{{ end }}{{ define "c" }}{{ range until 10000 }}{{ range until 10000 }}{{ sha256sum "a" | len | print | trunc 0 }}{{ end }}{{ end }}{{ end }}{{ include "a" . }}`), kinds: []Kind{Deadline}},
		"large template output":            {tree: chartWith(`{{ range until 3000 }}a{{ . }}: {{ repeat 100000 "x" }}` + "\n{{ end }}"), kinds: []Kind{Memory, Invalid, TooLarge}},
		"template recursion":               {tree: chartWith(`{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}`), kinds: []Kind{Invalid, Memory}},
		"include recursion":                {tree: chartWith(`{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}`), kinds: []Kind{Invalid, Memory}},
		"template memory":                  {tree: chartWith(`{{ $a := "xxxxxxxxxxxxxxxx" }}{{ range until 40 }}{{ $a = print $a $a }}{{ end }}a: {{ $a }}`), kinds: []Kind{Memory}},
		"template panics":                  {tree: chartWith(`a: {{ repeat -1 "x" }}`), kinds: []Kind{Invalid, Crash}},
		"getHostByName":                    {tree: chartWith("apiVersion: v1\nkind: A\nx: {{ getHostByName \"example.com\" | quote }}"), kinds: nil},
		"schema on the network": {tree: Map{
			"app/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "app/values.yaml": "{}",
			"app/values.schema.json": `{"$ref": "https://127.0.0.1:1/schema.json"}`,
		}, kinds: []Kind{Invalid}},
		"schema in a file": {tree: Map{
			"app/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "app/values.yaml": "{}",
			"app/values.schema.json": `{"$ref": "file:///etc/passwd"}`,
		}, kinds: []Kind{Invalid}},
		"kustomize remote base": {tree: Map{"app/kustomization.yaml": "resources: ['github.com/argoproj/argo-cd//manifests/crds?ref=stable']"}, kinds: []Kind{Invalid}, says: "remote resources are not supported"},
		"kustomize remote file": {tree: Map{"app/kustomization.yaml": "resources: ['https://user:pw@example.com/a.yaml']"}, kinds: []Kind{Invalid}, says: "://example.com/a.yaml: remote resources are not supported"},
		"kustomize remote base of a base": {
			tree:  Map{"app/kustomization.yaml": "resources: [../base]", "base/kustomization.yaml": "resources: ['git@example.com:a/b.git']"},
			kinds: []Kind{Invalid}, says: "base/kustomization.yaml: resources: git@example.com:a/b.git: remote",
		},
		"kustomize remote config": {tree: Map{"app/kustomization.yaml": "configMapGenerator:\n- name: a\n  files: [b=https://127.0.0.1:1/a]\n"}, kinds: []Kind{Invalid}},
		"kustomize exec": {
			tree:  Map{"app/kustomization.yaml": "generators: [g.yaml]", "app/g.yaml": "apiVersion: a/v1\nkind: A\nmetadata:\n  name: a\n  annotations:\n    config.kubernetes.io/function: '{exec: {path: /bin/true}}'\n"},
			kinds: []Kind{Invalid},
		},
		"kustomize circle": {tree: Map{"app/kustomization.yaml": "resources: [../b]", "b/kustomization.yaml": "resources: [../app]"}, kinds: []Kind{Invalid}, says: "cycle"},
		"kustomize out of the tree": {
			tree:  Map{"app/kustomization.yaml": "resources: [../../../../../../etc/passwd]"},
			kinds: []Kind{Invalid},
		},
		"values out of the tree": {
			tree: chartWith("a: b"),
			edit: func(r *Request) {
				r.Source.Helm = &appv1.ApplicationSourceHelm{ValueFiles: []string{"../../etc/passwd"}}
			},
			kinds: []Kind{Invalid}, says: "leads out of the repository",
		},
		"path out of the tree": {tree: Map{"app/a.yaml": configMap}, edit: func(r *Request) { r.Source.Path = "../etc" }, kinds: []Kind{Invalid}, says: "leads out"},
		"chart that depends on itself": {
			tree:  Map{"app/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies: [{name: d, version: '*', repository: 'file://../d'}]", "d/Chart.yaml": "apiVersion: v2\nname: d\nversion: 1.0.0\ndependencies: [{name: e, version: '*', repository: 'file://../e'}]", "e/Chart.yaml": "apiVersion: v2\nname: e\nversion: 1.0.0\ndependencies: [{name: d, version: '*', repository: 'file://../d'}]"},
			kinds: []Kind{Invalid}, says: "depends on itself",
		},
		"too much is read": {
			tree: Map{"app/a.jsonnet": "{apiVersion: 'v1', kind: 'A', a: std.length(importstr 'b')}", "app/b": strings.Repeat("x", 2<<20)}, kinds: []Kind{TooLarge},
			config: func(c *Config) { c.Input = 1 << 20 },
		},
		"too much comes out": {
			tree: Map{"app/a.jsonnet": "{apiVersion: 'v1', kind: 'A', a: importstr 'b'}", "app/b": strings.Repeat("x", 2<<20)}, kinds: []Kind{TooLarge},
			config: func(c *Config) { c.Output = 1 << 20 },
		},
		"link out of the tree": {tree: linked{Map{"app/a.yaml": configMap, "app/b.yaml": ""}}, kinds: []Kind{Invalid}, says: "app/b.yaml: the symbolic link leads out of the repository"},
	}
	other := renderer(t, Config{Processes: 1})
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			config := Config{Processes: 1, Deadline: patience, Memory: 400 << 20}
			if c.config != nil {
				c.config(&config)
			}
			r := renderer(t, config)
			req := request("app")
			if c.edit != nil {
				c.edit(&req)
			}
			var wait sync.WaitGroup
			wait.Go(func() {
				if _, err := other.Render(context.Background(), request("app"), Trees{"": Map{"app/a.yaml": configMap}}); err != nil {
					t.Errorf("a render beside it: %v", err)
				}
			})
			result, err := r.Render(context.Background(), req, Trees{"": c.tree})
			wait.Wait()
			if c.kinds == nil {
				if err != nil || len(result.Manifests) != 1 || !strings.Contains(text(result), `"x":""`) {
					t.Errorf("got %v, %v", result, err)
				}
				return
			}
			t.Logf("%s: %v", kindOf(err), err)
			found := false
			for _, kind := range c.kinds {
				found = found || kindOf(err) == kind
			}
			if !found || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %s error %v, want one of %v with %q", kindOf(err), err, c.kinds, c.says)
			}
			if err != nil && (strings.Contains(err.Error(), "root:") || len(err.Error()) > maxMessage+10) {
				t.Errorf("the message has contents of files: %v", err)
			}
			// The renderer goes on.
			if _, err := r.Render(context.Background(), request("app"), Trees{"": Map{"app/a.yaml": configMap}}); err != nil {
				t.Errorf("the next render: %v", err)
			}
		})
	}
}

// linked is a tree in which a file is a link out of it.
type linked struct{ Map }

func (l linked) ReadFile(name string) ([]byte, error) {
	if name == "app/b.yaml" {
		return nil, fmt.Errorf("b: %w", ErrOutside)
	}
	return l.Map.ReadFile(name)
}

// broken is a tree whose store fails.
type broken struct{ Map }

var errStore = errors.New("the store is broken")

func (broken) ReadFile(string) ([]byte, error) { return nil, errStore }

func TestOwnTroubleIsNoError(t *testing.T) {
	r := renderer(t, Config{Processes: 1})
	_, err := r.Render(context.Background(), request("app"), Trees{"": broken{Map{"app/a.yaml": configMap}}})
	if !errors.Is(err, errStore) || kindOf(err) != "" {
		t.Errorf("got %s %v", kindOf(err), err)
	}
	if _, err := r.Render(context.Background(), request("app"), Trees{"": Map{"app/a.yaml": configMap}}); err != nil {
		t.Errorf("the next render: %v", err)
	}
}

func TestCancelled(t *testing.T) {
	r := renderer(t, Config{Processes: 1})
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_, err := r.Render(ctx, request("app"), Trees{"": Map{"app/a.jsonnet": endlessJsonnet}})
	if !errors.Is(err, context.DeadlineExceeded) || kindOf(err) != "" {
		t.Errorf("got %s %v", kindOf(err), err)
	}
}

// A process that is killed while it is idle is replaced; one that is killed while it renders is an Error.
func TestKilled(t *testing.T) {
	r := renderer(t, Config{Processes: 1})
	plain := Trees{"": Map{"app/a.yaml": configMap}}
	if _, err := r.Render(context.Background(), request("app"), plain); err != nil {
		t.Fatal(err)
	}
	p := r.idle[0]
	if err := syscall.Kill(p.cmd.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-p.exited
	if _, err := r.Render(context.Background(), request("app"), plain); err != nil {
		t.Errorf("after the idle process was killed: %v", err)
	}
	killer := killing{Map: Map{"app/a.yaml": configMap}, process: r.idle[0]}
	_, err := r.Render(context.Background(), request("app"), Trees{"": killer})
	if kindOf(err) != Memory {
		t.Errorf("got %s %v", kindOf(err), err)
	}
}

// killing kills the process that reads it.
type killing struct {
	Map
	process *process
}

func (k killing) ReadFile(name string) ([]byte, error) {
	k.process.kill()
	<-k.process.exited
	return k.Map.ReadFile(name)
}
