// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/pflag"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"

	"argosy.dev/argosy/generated/clientset/versioned"
	applisters "argosy.dev/argosy/generated/listers/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/metrics"
	"argosy.dev/argosy/pkg/cluster"
	"argosy.dev/argosy/pkg/git"
	"argosy.dev/argosy/pkg/manifests"
	"argosy.dev/argosy/pkg/remote"
	"argosy.dev/argosy/pkg/render"
)

// EngineConfig is what an engine is made of.
type EngineConfig struct {
	// Dir is where Git objects are kept. They can be lost: what is missing is fetched again.
	Dir string
	// ControlNamespace is the namespace whose applications are known on objects by their name alone. Those of others are
	// NAMESPACE_NAME there, so that two of the same name are told apart. The peer's is argocd.
	ControlNamespace string
	// ServiceAccount is the account, of an application's own namespace, as which Secrets, settings and destinations are
	// used where the project names none.
	ServiceAccount string
	// RepositoryDirs are folders of this machine below which repositories of file:// URLs may be.
	RepositoryDirs []string
}

// sweepEvery is how often repositories are looked for that nobody uses any longer.
const sweepEvery = time.Hour

// refsAge is how old what is known of a repository's branches may be, unless an application asks for the latest.
const refsAge = time.Minute

// Engine looks at applications: what they want, what there is, how the two differ. One serves the loop and the
// subresources of a process. It is made by NewEngine, and of use while Run runs.
type Engine struct {
	config EngineConfig

	started chan struct{}
	// What follows is set once started is closed.
	argosy       versioned.Interface
	cluster      *rest.Config
	applications applisters.ApplicationLister
	projects     applisters.AppProjectLister
	tenants      *tenants
	caches       *cluster.Caches
	sources      *manifests.Generator

	listening listeners
	metrics   *metrics.Metrics
}

// NewEngine returns an engine.
func NewEngine(config EngineConfig) *Engine {
	return &Engine{config: config, started: make(chan struct{}), listening: listeners{all: map[int]listener{}}, metrics: metrics.New()}
}

// Metrics tell of applications, their clusters and repositories.
func (e *Engine) Metrics() prometheus.Collector { return e.metrics }

// Run makes the engine work until ctx ends. argosy reaches the Argosy API server, and inCluster the cluster that this is
// in, whose credentials are only ever used to impersonate.
func (e *Engine) Run(ctx context.Context, argosy versioned.Interface, inCluster *rest.Config) error {
	factory, synced, err := e.informers(argosy)
	if err != nil {
		return err
	}
	e.cluster = inCluster
	e.tenants = newTenants(inCluster, e.config.ServiceAccount, e.listening.tellNamespace)
	e.caches = cluster.New(cluster.Config{
		Changed: func(change cluster.Change) {
			for _, user := range change.Users {
				e.listening.tellChanged(user)
			}
		},
		Requested: e.requested,
		UserAgent: "argosy-application-controller",
	})
	renderer := render.New(render.Config{})
	defer renderer.Close()
	tokens := remote.NewTokens(false, nil)
	store, err := git.NewStore(git.Options{Dir: e.config.Dir, Tokens: tokens, FileDirs: e.config.RepositoryDirs, Asked: e.metrics.GitRequest, Forgot: e.metrics.ForgetRepository})
	if err != nil {
		return fmt.Errorf("the store of Git repositories: %w", err)
	}
	defer func() { utilruntime.HandleError(store.Close()) }()
	e.sources = manifests.New(manifests.Config{Store: store, Renderer: renderer, Credentials: e.tenants, Tokens: tokens, Age: refsAge})
	factory.Start(ctx.Done())
	defer factory.Shutdown()
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() { e.caches.Run(ctx) })
	running.Go(func() { again(ctx, sweepEvery, store.Sweep) })
	e.tenants.Start(ctx.Done())
	defer e.tenants.Shutdown()
	if !cache.WaitForCacheSync(ctx.Done(), synced...) {
		return nil // told to stop before it had begun
	}
	close(e.started)
	<-ctx.Done()
	return nil
}

// Ready is nil once applications can be looked at: those that there are have been read from the Argosy API server.
func (e *Engine) Ready() error {
	select {
	case <-e.started:
		return nil
	default:
		return errors.New("applications have not been read from the Argosy API server yet")
	}
}

// again does something every so often until ctx ends. What fails is tried the next time.
func again(ctx context.Context, every time.Duration, do func() error) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := do(); err != nil {
				klog.FromContext(ctx).Error(err, "Removing what nobody uses any longer failed")
			}
		}
	}
}

// Default fills in the defaults.
func (c *EngineConfig) Default() {
	c.Dir = filepath.Join(os.TempDir(), "argosy-applications")
	c.ControlNamespace, c.ServiceAccount = "argocd", "argocd-application-controller"
}

// AddFlags adds a flag for each field that an administrator decides about.
func (c *EngineConfig) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&c.Dir, "application-cache-dir", c.Dir, "Directory for the objects of Git repositories. What is in it can be lost at any time.")
	fs.StringSliceVar(&c.RepositoryDirs, "application-repository-dirs", c.RepositoryDirs, "Directories of this machine below which repositories of file:// URLs may be. All users of applications can read what is committed there. Without any, such URLs are refused.")
	fs.StringVar(&c.ControlNamespace, "application-control-namespace", c.ControlNamespace, "Namespace whose applications are known on their objects by their name alone, as those of the peer's own namespace are. Those of other namespaces are NAMESPACE_NAME there.")
	fs.StringVar(&c.ServiceAccount, "application-service-account", c.ServiceAccount, "Service account, of an application's own namespace, that is impersonated to read Secrets and settings there and to sync, where the project names none.")
}
