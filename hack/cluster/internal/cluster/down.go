// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"argosy.dev/argosy/hack/cluster/internal/config"
	"argosy.dev/argosy/hack/cluster/internal/node"
)

// Down ends the cluster and removes every trace of it from the machine. The
// data stays for the next Up unless purge is set.
func (c *Cluster) Down(ctx context.Context, purge bool) error {
	held, err := c.lock()
	if err != nil {
		return err
	}
	defer held.Close() //nolint:errcheck // ends with the process at the latest
	o, err := c.readOwner()
	if err != nil {
		return err
	}
	switch o.Local {
	case c.layout.Local:
		if err := c.stopAll(ctx); err != nil {
			return err
		}
		c.say("cluster is down")
	case "":
		c.say("no cluster is up")
	default:
		c.say("the cluster that is up belongs to %s and is left alone", o.Local)
	}
	if purge {
		return c.purge()
	}
	return nil
}

// stopAll stops the processes and cleans up after them. It also works on what a
// killed run left: containerd is started again for as long as it takes to
// remove the pods by its own means.
func (c *Cluster) stopAll(ctx context.Context) error {
	for _, name := range order {
		if name == config.Containerd {
			break
		}
		if err := c.table.Stop(ctx, name, grace); err != nil {
			return err
		}
	}
	if !c.fakeOnly {
		if err := c.cleanNode(ctx); err != nil {
			return err
		}
	}
	// Last: as long as the record of the owner is there, another try cleans up.
	if err := os.RemoveAll(c.layout.Run); err != nil {
		return fmt.Errorf("removing run directory: %w", err)
	}
	return nil
}

// cleanNode removes what the node's components made on this machine.
func (c *Cluster) cleanNode(ctx context.Context) error {
	if err := c.removePods(ctx); err != nil {
		// What is left is removed by force below.
		c.say("pods were not removed properly: %v", err)
	}
	return errors.Join(
		c.table.Stop(ctx, config.Containerd, grace),
		node.KillContainers(c.layout.RuntimeState()),
		node.KillShims(c.layout.ContainerdSocket()),
		node.Unmount(c.layout.Run, c.layout.Local),
		node.RemoveProxyTables(),
		node.RemoveInterface(config.Interface),
		node.RemoveLogLinks(c.layout.Path("log/pods")),
		node.RemoveCgroups(),
		node.RemoveRuntimeDirs(),
	)
}

func (c *Cluster) removePods(ctx context.Context) (err error) {
	if pid, _ := c.table.Running(config.Containerd, ""); pid == 0 {
		if _, err := os.Stat(c.layout.Path("conf/containerd.toml")); err != nil {
			return nil // it never came to run a pod, or the clone was deleted
		}
		if err := os.MkdirAll(c.table.RunDir, 0o700); err != nil {
			return fmt.Errorf("making directory: %w", err)
		}
		if err := c.component(ctx, config.Containerd, c.runtimeReady); err != nil {
			return err
		}
	}
	runtime, err := node.Connect(c.layout.ContainerdSocket())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, runtime.Close()) }()
	n, err := runtime.RemovePods(ctx)
	if n > 0 {
		c.say("removed %d pods", n)
	}
	return err
}

// kept survives a purge: programs take minutes to build, and images are made
// from nothing that the cluster did.
var kept = map[string]bool{"bin": true, "images": true}

func (c *Cluster) purge() error {
	entries, err := os.ReadDir(c.layout.Local)
	if err != nil {
		return fmt.Errorf("purging: %w", err)
	}
	for _, e := range entries {
		if kept[e.Name()] {
			continue
		}
		if err := removeAll(c.layout.Path(e.Name())); err != nil {
			return err
		}
	}
	c.say("data removed")
	return nil
}

// removeAll removes a tree; the kernel may need a moment to let go of mounts
// that were detached.
func removeAll(path string) error {
	var err error
	for range 20 {
		if err = os.RemoveAll(path); err == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("purging: %w", err)
}
