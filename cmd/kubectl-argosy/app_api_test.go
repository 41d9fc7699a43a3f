// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/generated/clientset/versioned"
	"argosy.dev/argosy/pkg/apiserver/apiservertest"
	"argosy.dev/argosy/registry/application/application"
)

// live answers what the CLI reads.
type live struct {
	application.Live
	diff *appv1.ApplicationDiff
}

func (l *live) Diff(context.Context, *appv1.Application, *appv1.ApplicationDiffOptions) (*appv1.ApplicationDiff, error) {
	return l.diff.DeepCopy(), nil
}

func (l *live) Tree(_ context.Context, app *appv1.Application) ([]appv1.ApplicationTreeNode, error) {
	return []appv1.ApplicationTreeNode{{Kind: "ConfigMap", Name: "a", Sync: app.Status.Sync.Status}}, nil
}

// kubeconfig writes a kubeconfig and returns its path.
func kubeconfig(t *testing.T, c *rest.Config) string {
	t.Helper()
	config := clientcmdapi.NewConfig()
	config.Clusters["c"] = &clientcmdapi.Cluster{Server: c.Host, CertificateAuthorityData: c.CAData, TLSServerName: c.ServerName}
	config.AuthInfos["u"] = &clientcmdapi.AuthInfo{Token: c.BearerToken}
	config.Contexts["x"] = &clientcmdapi.Context{Cluster: "c", AuthInfo: "u", Namespace: "ns"}
	config.CurrentContext = "x"
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// buffer is written by a command and read by a test meanwhile.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// cli runs commands against a server.
type cli struct {
	t      *testing.T
	config string
	apps   func() appsClient
}

type appsClient interface {
	Get(context.Context, string, metav1.GetOptions) (*appv1.Application, error)
	UpdateStatus(context.Context, *appv1.Application, metav1.UpdateOptions) (*appv1.Application, error)
	Delete(context.Context, string, metav1.DeleteOptions) error
}

// start runs a command. done waits for its end.
func (c cli) start(args ...string) (out *buffer, done func() error) {
	out = &buffer{}
	cmd := newCommand(genericiooptions.IOStreams{In: &bytes.Buffer{}, Out: out, ErrOut: out})
	cmd.SetArgs(append([]string{"--kubeconfig", c.config, "app"}, args...))
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	ended := make(chan error, 1)
	go func() { ended <- cmd.ExecuteContext(ctx) }()
	return out, func() error { defer cancel(); return <-ended }
}

func (c cli) run(args ...string) (string, error) {
	out, done := c.start(args...)
	err := done()
	return out.String(), err
}

// change writes status, as the loop does.
func (c cli) change(f func(*appv1.Application)) {
	c.t.Helper()
	app, err := c.apps().Get(c.t.Context(), "web", metav1.GetOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	f(app)
	if _, err := c.apps().UpdateStatus(c.t.Context(), app, metav1.UpdateOptions{}); err != nil {
		c.t.Fatal(err)
	}
}

// until waits for a condition.
func (c cli) until(what string, ok func() bool) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			c.t.Fatalf("not within 30 s: %s", what)
		case <-tick.C:
		}
	}
}

func newCLI(t *testing.T, l application.Live) cli {
	t.Helper()
	s := apiservertest.Start(t, apiservertest.Config{Live: l})
	client, err := versioned.NewForConfig(s.Admin)
	if err != nil {
		t.Fatal(err)
	}
	app := &appv1.Application{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "ns"}}
	app.Spec.Destination.Name = "in-cluster"
	app.Spec.Source = &appv1.ApplicationSource{RepoURL: "https://git.example/a.git", Path: "a"}
	apps := client.ApplicationV1alpha1().Applications("ns")
	if _, err := apps.Create(t.Context(), app, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return cli{t, kubeconfig(t, s.Admin), func() appsClient { return apps }}
}

func TestSyncIsWaitedFor(t *testing.T) {
	c := newCLI(t, nil)
	for _, phase := range []appv1.OperationPhase{appv1.OperationSucceeded, appv1.OperationFailed} {
		out, done := c.start("sync", "web", "--prune", "-m", "now")
		var op appv1.Operation
		c.until("a request", func() bool {
			app, err := c.apps().Get(t.Context(), "web", metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if app.Operation != nil {
				op = *app.Operation
			}
			return app.Operation != nil
		})
		state := &appv1.OperationState{Operation: op, Phase: appv1.OperationRunning, StartedAt: metav1.NewTime(time.Unix(1, 0)), SyncResult: &appv1.SyncOperationResult{
			Resources: []appv1.ResourceResult{{Kind: "ConfigMap", Name: "a", Status: "Synced", Message: "configmap/a created"}}}}
		c.change(func(app *appv1.Application) { app.Status.OperationState = state })
		c.until("a result", func() bool { return strings.Contains(out.String(), "✔ Synced ConfigMap a: configmap/a created\n") })
		c.change(func(app *appv1.Application) {
			end := metav1.NewTime(time.Unix(2, 0))
			app.Status.OperationState.Phase, app.Status.OperationState.FinishedAt, app.Status.OperationState.Message = phase, &end, "all is said"
		})
		err := done()
		if (err == nil) != (phase == appv1.OperationSucceeded) || !strings.Contains(out.String(), string(phase)+": all is said\n") {
			t.Errorf("%v\n%s", err, out)
		}
	}
	if out, err := c.run("sync", "web", "--async"); err != nil || !strings.Contains(out, `application "web": sync requested by`) {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := c.run("rollback", "web", "7"); err == nil || !strings.Contains(err.Error(), "id: Not found: 7") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := c.run("terminate", "web"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestWaitEndsInTime(t *testing.T) {
	c := newCLI(t, nil)
	if out, err := c.run("wait", "web", "--timeout", "100ms"); !errors.Is(err, errTime) {
		t.Errorf("%v\n%s", err, out)
	}
	out, done := c.start("wait", "web", "--health")
	c.until("what is missing", func() bool { return out.String() != "" })
	c.change(func(app *appv1.Application) { app.Status.Health.Status = appv1.HealthHealthy })
	if err := done(); err != nil || !strings.HasSuffix(out.String(), "web: done\n") {
		t.Errorf("%v\n%s", err, out)
	}
	out, done = c.start("wait", "web", "--delete")
	c.until("that it is there", func() bool { return out.String() != "" })
	if err := c.apps().Delete(t.Context(), "web", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := done(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := c.run("wait", "web", "--delete"); err != nil {
		t.Errorf("what is gone: %v\n%s", err, out)
	}
	if out, err := c.run("wait", "web"); err == nil {
		t.Errorf("what is not there: %s", out)
	}
}

func TestDiffSaysByItsExitCode(t *testing.T) {
	l := &live{diff: &appv1.ApplicationDiff{}}
	c := newCLI(t, l)
	code := func(args ...string) int {
		_, err := c.run(args...)
		if exit := (*exitError)(nil); errors.As(err, &exit) {
			return exit.code
		} else if err != nil {
			return -1
		}
		return 0
	}
	if got := code("diff", "web"); got != 0 {
		t.Errorf("nothing differs: %d", got)
	}
	if got := code("diff", "nobody"); got != 2 {
		t.Errorf("no application: %d", got)
	}
	l.diff.Resources = []appv1.ApplicationDiffResource{{Kind: "ConfigMap", Name: "a", Change: appv1.DiffModified}}
	if got := code("diff", "web"); got != 1 {
		t.Errorf("something differs: %d", got)
	}
	if got := code("diff", "web", "--exit-code=false"); got != 0 {
		t.Errorf("something differs: %d", got)
	}
}

// In a pipe, a watch prints a line for each change; it ends with the application.
func TestTreeIsWatched(t *testing.T) {
	c := newCLI(t, &live{})
	out, done := c.start("tree", "web", "-w")
	c.until("the tree", func() bool { return strings.Contains(out.String(), "ConfigMap a - -\n") })
	c.change(func(app *appv1.Application) { app.Status.Sync.Status = appv1.SyncStatusSynced })
	c.until("the change", func() bool {
		return strings.HasSuffix(out.String(), "Application web Synced -\nConfigMap a Synced -\n")
	})
	if err := c.apps().Delete(t.Context(), "web", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := done(); err == nil || !strings.Contains(err.Error(), "was deleted") {
		t.Errorf("got %v\n%s", err, out)
	}
}

func TestApplicationsAreRead(t *testing.T) {
	c := newCLI(t, nil)
	for args, want := range map[string]string{
		"list":                        "NAME  PROJECT  SYNC  HEALTH  POLICY  REVISION  CONDITIONS\nweb   default  -     -       Manual  -         -\n",
		"list -A -o name":             "application.application.argosy.dev/web\n",
		"list -p other":               "No applications found.\n",
		"list -o json":                `"kind": "ApplicationList"`,
		"get web -o yaml":             "kind: Application\n",
		"get web":                     "Source:        https://git.example/a.git a\n",
		"history web":                 "ID  AGE  REVISION  BY  SOURCE\n",
		"refresh web --hard -m why":   "refresh requested by",
		"get web -o name --no-color":  "application.application.argosy.dev/web\n",
		"list -o xml":                 "! -o xml: there are json, yaml, name, wide",
		"get nobody":                  "! not found",
		"tree web":                    "! does not look at the sources",
		"terminate web":               "! no operation is running",
		"logs web --resource Pod":     "! GROUP:KIND",
		"wait web --resource Pod":     "! is not GROUP:KIND",
		"manifests web --revision v1": "! does not look at the sources",
	} {
		out, err := c.run(strings.Fields(args)...)
		if fails, ok := strings.CutPrefix(want, "! "); ok {
			if err == nil || !strings.Contains(err.Error(), fails) {
				t.Errorf("%s: %v", args, err)
			}
			continue
		}
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("%s: %v\n%s", args, err, out)
		}
	}
}
