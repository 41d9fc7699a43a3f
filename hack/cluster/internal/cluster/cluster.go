// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cluster brings the local cluster up and down on this machine: it
// orders the steps, waits for what has to be ready, and recovers from whatever
// a killed run left. What the components are is in config, how processes are
// kept in proc, what happens to the machine in node.
package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"argosy.dev/argosy/hack/cluster/internal/config"
	"argosy.dev/argosy/hack/cluster/internal/proc"
)

// Cluster is the cluster of one clone of the repository.
type Cluster struct {
	layout  config.Layout
	table   proc.Table
	out     io.Writer
	started time.Time
	// fakeOnly is set where no container can run: there are only fake nodes.
	fakeOnly bool
	// programs are the hashes of programs, which are large and used repeatedly.
	programs sync.Map
	// importing guards the record of imports.
	importing sync.Mutex
}

// New returns the cluster whose data is in local, an absolute path; progress is
// written to out, a line a step.
func New(local string, out io.Writer) *Cluster {
	c := &Cluster{
		layout:  config.Layout{Local: local, Run: "/run/argosy-cluster", Address: config.NodeIP},
		out:     out,
		started: time.Now(),
	}
	if os.Geteuid() != 0 {
		// Only root can run containers; what is left is a control plane.
		c.fakeOnly = true
		c.layout.Run = fmt.Sprintf("/tmp/argosy-cluster-%d/run", os.Geteuid())
		c.layout.Address = hostAddress()
	}
	c.table = proc.Table{RunDir: c.layout.Processes(), LogDir: c.layout.Path("log")}
	return c
}

// hostAddress is an address of this machine that kube-apiserver may advertise.
func hostAddress() string {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return config.NodeIP
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
			return n.IP.String()
		}
	}
	return config.NodeIP
}

// say prints one line of progress with the time since the command began.
func (c *Cluster) say(format string, args ...any) {
	fmt.Fprintf(c.out, "[%5.1fs] %s\n", time.Since(c.started).Seconds(), fmt.Sprintf(format, args...))
}

// version identifies what a component runs: its program, its command line and
// the files that it reads at its start. A change of any needs a restart.
func (c *Cluster) version(args []string) (string, error) {
	sum := sha256.New()
	program, err := exec.LookPath(args[0])
	if err != nil {
		return "", fmt.Errorf("looking for %s: %w", args[0], err)
	}
	hash, ok := c.programs.Load(program)
	if !ok {
		own := sha256.New()
		if err := hashFile(own, program); err != nil {
			return "", err
		}
		hash = own.Sum(nil)
		c.programs.Store(program, hash)
	}
	fmt.Fprintf(sum, "%x\n", hash)
	for _, arg := range args[1:] {
		fmt.Fprintln(sum, arg)
		_, value, _ := strings.Cut(arg, "=")
		if value == "" {
			value = arg
		}
		// Only our own small files: a data directory is no configuration.
		if dir := filepath.Dir(value); dir == c.layout.Path("conf") || dir == c.layout.Path("pki") {
			if err := hashFile(sum, value); err != nil {
				return "", err
			}
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func hashFile(sum io.Writer, path string) (err error) {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := io.Copy(sum, file); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	return nil
}

// healthy is how long a component that runs already may take to answer before
// it is restarted, and grace how long one may take to end when asked.
const (
	healthy = 15 * time.Second
	grace   = 15 * time.Second
)

// ensure makes sure that a component runs in its current version and is ready:
// one that runs already is kept if it is.
func (c *Cluster) ensure(ctx context.Context, name string, args, env []string, ready check, timeout time.Duration) error {
	version, err := c.version(args)
	if err != nil {
		return err
	}
	if pid, current := c.table.Running(name, version); pid != 0 && current {
		err := c.await(ctx, name, ready, healthy)
		if err == nil {
			return nil
		}
		c.say("%s does not answer, restarting it: %v", name, err)
	} else if pid != 0 {
		c.say("%s changed, restarting it", name)
	}
	if err := c.table.Stop(ctx, name, grace); err != nil {
		return err
	}
	if err := c.table.Start(proc.Spec{Name: name, Args: args, Env: env, Version: version}); err != nil {
		return err
	}
	if err := c.await(ctx, name, ready, timeout); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	c.say("%s is ready", name)
	return nil
}

// errEnded tells that a component ended instead of becoming ready.
var errEnded = errors.New("it ended")

// await waits until the component is ready, has ended or time is over.
func (c *Cluster) await(ctx context.Context, name string, ready check, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for {
		if pid, _ := c.table.Running(name, ""); pid == 0 {
			return fmt.Errorf("%w; see %s: %s", errEnded, c.layout.Path("log", name+".log"), c.lastLine(name))
		}
		attempt, stop := context.WithTimeout(ctx, 3*time.Second)
		err := ready(attempt)
		stop()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not ready after %s (log: %s): %w", timeout, c.layout.Path("log", name+".log"), err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// lastLine is the end of a component's log, which tells why it ended.
func (c *Cluster) lastLine(name string) string {
	data, err := os.ReadFile(c.layout.Path("log", name+".log"))
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return lines[len(lines)-1]
}

// order is the order in which components are stopped: those that act on others
// first, so that nothing is started anew while the rest goes down.
var order = []string{
	config.FakeNodes, config.Storage, config.S3, config.Kubelet, config.Proxy, config.ControllerManager,
	config.Scheduler, config.DNS, config.APIServer, config.Etcd, config.Containerd,
}

// Stop ends one component until it is started again.
func (c *Cluster) Stop(ctx context.Context, name string) error {
	if !slices.Contains(order, name) {
		return fmt.Errorf("unknown component %q, want one of %s", name, strings.Join(order, ", "))
	}
	return c.table.Stop(ctx, name, grace)
}

// Status prints a line for each component and returns an error if one is down.
func (c *Cluster) Status() error {
	o, err := c.readOwner()
	if err != nil {
		return err
	}
	if o.Local == "" {
		return errors.New("no local cluster is up")
	}
	fmt.Fprintf(c.out, "cluster of %s\n", o.Local)
	names, err := c.table.Names()
	if err != nil {
		return err
	}
	names = append(names, config.Etcd, config.APIServer)
	for name := range c.afterAPIServer() {
		names = append(names, name)
	}
	if !c.fakeOnly {
		names = append(names, config.Containerd)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	var down []string
	for _, name := range names {
		state := "down"
		if pid, _ := c.table.Running(name, ""); pid != 0 {
			state = fmt.Sprintf("running (%d)", pid)
		} else {
			down = append(down, name)
		}
		fmt.Fprintf(c.out, "%-24s %s\n", name, state)
	}
	if len(down) > 0 {
		return fmt.Errorf("not running: %s", strings.Join(down, ", "))
	}
	return nil
}
