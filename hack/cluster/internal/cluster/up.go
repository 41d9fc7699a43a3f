// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"argosy.dev/argosy/hack/cluster/internal/config"
	"argosy.dev/argosy/hack/cluster/internal/node"
)

// Options change what Up brings up.
type Options struct {
	// FakeNodes is how many fake nodes there are beside the real one; negative
	// leaves those of an earlier call as they are.
	FakeNodes int
	// S3 starts the S3 server; one that was started before runs again anyway.
	S3 bool
}

// startTimeout bounds one component's start on a slow, busy machine.
const startTimeout = 3 * time.Minute

// Up brings the cluster up, or makes sure that it is: what runs and is well is
// kept, with the data of former runs; the rest is restarted or cleaned up.
func (c *Cluster) Up(ctx context.Context, opts Options) error {
	if err := c.supported(); err != nil {
		return err
	}
	held, err := c.lock()
	if err != nil {
		return err
	}
	defer held.Close() //nolint:errcheck // ends with the process at the latest
	if err := c.takeOver(ctx); err != nil {
		return err
	}
	if err := c.prepare(); err != nil {
		return err
	}
	return c.start(ctx, opts)
}

// supported tells in one line why this machine cannot run the cluster.
func (c *Cluster) supported() error {
	for _, program := range []string{"kube", "pause"} {
		if _, err := os.Stat(c.layout.Bin(program)); err != nil {
			return fmt.Errorf("%s is not built: run hack/cluster/build.sh", c.layout.Bin(program))
		}
	}
	if c.fakeOnly {
		c.say("not root, so no containers: there will be a control plane and fake nodes only")
		return nil
	}
	if missing := node.Missing(); len(missing) > 0 {
		return fmt.Errorf("missing on this machine: %s; run hack/cluster/install-packages.sh", strings.Join(missing, ", "))
	}
	for _, socket := range c.layout.SocketPaths() {
		if len(socket) > 107 {
			return fmt.Errorf("the path %s is too long for a Unix socket: clone to a shorter path", socket)
		}
	}
	return nil
}

// takeOver stops the cluster of another clone, if one runs, and takes its place.
func (c *Cluster) takeOver(ctx context.Context) error {
	o, err := c.readOwner()
	if err != nil {
		return err
	}
	if o.Local == c.layout.Local {
		return nil
	}
	if o.Local != "" {
		c.say("stopping the cluster of %s, which uses the same addresses", o.Local)
		other := New(o.Local, c.out)
		other.started = c.started
		if err := other.stopAll(ctx); err != nil {
			return err
		}
	}
	for dir, mode := range c.layout.Dirs() {
		if err := os.MkdirAll(dir, mode); err != nil {
			return fmt.Errorf("making directory: %w", err)
		}
	}
	return c.writeOwner(owner{Local: c.layout.Local})
}

// prepare writes everything the components read.
func (c *Cluster) prepare() error {
	for dir, mode := range c.layout.Dirs() {
		if err := os.MkdirAll(dir, mode); err != nil {
			return fmt.Errorf("making directory: %w", err)
		}
	}
	for path, content := range c.layout.Files() {
		if err := writeIfChanged(path, []byte(content), 0o644); err != nil {
			return err
		}
	}
	if err := c.prepareSecrets(); err != nil || c.fakeOnly {
		return err
	}
	return node.EnsureInterface(config.Interface, config.NodeIP)
}

// start starts the components: those that others need first, the rest at once.
func (c *Cluster) start(ctx context.Context, opts Options) error {
	began := time.Now()
	ctx, cancel := context.WithCancel(ctx)
	images, imageCtx := errgroup.WithContext(ctx)
	defer func() {
		cancel()
		_ = images.Wait() // it was heard below, or the step that failed says more
	}()
	if !c.fakeOnly {
		if err := c.component(ctx, config.Containerd, c.runtimeReady); err != nil {
			return err
		}
		// Images are made and imported while the control plane starts.
		images.Go(func() error { return c.ensureImages(imageCtx) })
	}
	if err := c.startEtcd(ctx); err != nil {
		return err
	}
	if err := c.component(ctx, config.APIServer, answers(config.Server()+"/readyz")); err != nil {
		return err
	}
	client, dynamicClient, err := c.clients()
	if err != nil {
		return err
	}
	kubeletBefore, _ := c.table.Running(config.Kubelet, "")
	rest, restCtx := errgroup.WithContext(ctx)
	for name, ready := range c.afterAPIServer() {
		rest.Go(func() error { return c.component(restCtx, name, ready) })
	}
	rest.Go(func() error { return applyManifests(restCtx, dynamicClient) })
	if err := rest.Wait(); err != nil {
		return err
	}
	if err := images.Wait(); err != nil {
		return err
	}
	if !c.fakeOnly {
		if kubelet, _ := c.table.Running(config.Kubelet, ""); kubelet == kubeletBefore {
			began = began.Add(-time.Minute) // what it said lately still holds
		}
		if err := wait(ctx, "the node", nodeReady(client, config.NodeName, began), startTimeout); err != nil {
			return err
		}
		if err := c.ensureS3(ctx, opts.S3); err != nil {
			return err
		}
	} else if opts.FakeNodes < 0 {
		opts.FakeNodes = 1
	}
	if err := wait(ctx, "the default service account", accountReady(client), startTimeout); err != nil {
		return err
	}
	if err := c.ensureFakeNodes(ctx, client, opts.FakeNodes); err != nil {
		return err
	}
	c.say("cluster is ready: export KUBECONFIG=%s", c.layout.Kubeconfig("admin"))
	return nil
}

// afterAPIServer are the components that need only the API server, and do not
// wait for each other.
func (c *Cluster) afterAPIServer() map[string]check {
	components := map[string]check{
		config.ControllerManager: answers("https://127.0.0.1:" + config.ControllerManagerPort + "/healthz"),
		config.Scheduler:         answers("https://127.0.0.1:" + config.SchedulerPort + "/healthz"),
	}
	if !c.fakeOnly {
		components[config.Kubelet] = answers("http://127.0.0.1:" + config.KubeletHealthPort + "/healthz")
		components[config.Proxy] = answers("http://127.0.0.1:" + config.ProxyHealthPort + "/livez")
		components[config.DNS] = resolves
		components[config.Storage] = running
	}
	return components
}

// component makes sure of one component by its name.
func (c *Cluster) component(ctx context.Context, name string, ready check) error {
	return c.ensure(ctx, name, c.layout.Command(name), nil, ready, startTimeout)
}

// startEtcd starts etcd; data that it cannot open is put aside, since a cluster
// that cannot come up at all helps nobody.
func (c *Cluster) startEtcd(ctx context.Context) error {
	ready := answers("http://127.0.0.1:" + config.EtcdPort + "/health")
	err := c.component(ctx, config.Etcd, ready)
	if !errors.Is(err, errEnded) {
		return err
	}
	broken := c.layout.Path("etcd.broken")
	c.say("etcd cannot use the data of the former run, starting with none (kept in %s): %v", broken, err)
	if err := os.RemoveAll(broken); err != nil {
		return fmt.Errorf("putting data aside: %w", err)
	}
	if err := os.Rename(c.layout.Path("etcd"), broken); err != nil {
		return fmt.Errorf("putting data aside: %w", err)
	}
	if err := os.Mkdir(c.layout.Path("etcd"), 0o700); err != nil {
		return fmt.Errorf("making directory: %w", err)
	}
	return c.component(ctx, config.Etcd, ready)
}

// clients are the administrator's.
func (c *Cluster) clients() (kubernetes.Interface, dynamic.Interface, error) {
	cfg, err := clientcmd.BuildConfigFromFlags("", c.layout.Kubeconfig("admin"))
	if err != nil {
		return nil, nil, fmt.Errorf("loading kubeconfig: %w", err)
	}
	return newClients(cfg)
}

func newClients(cfg *rest.Config) (kubernetes.Interface, dynamic.Interface, error) {
	typed, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return nil, nil, fmt.Errorf("making client: %w", err)
	}
	untyped, err := dynamic.NewForConfig(cfg)
	if err != nil {
		return nil, nil, fmt.Errorf("making client: %w", err)
	}
	return typed, untyped, nil
}
