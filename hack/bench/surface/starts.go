// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package surface

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"k8s.io/client-go/rest"
)

// startTimeout bounds the wait for a server that was started.
const startTimeout = time.Minute

// starts adds how long it takes until the API is there. defined is the time of the custom resource. Argosy is a
// process of our own beside the installed one: no loops, not registered, its own data.
func (b *bench) starts(ctx context.Context, defined time.Duration) error {
	if b.Binary == "" {
		return nil
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return fmt.Errorf("make a directory: %w", err)
	}
	defer os.RemoveAll(dir)
	p := &process{bench: b, dir: dir}
	empty, err := p.start(ctx)
	if err != nil {
		return err
	}
	idle := resident(p.cmd.Process.Pid)
	s := *b.sides[2]
	s.clients, s.config = nil, p.config(s.config.BearerToken)
	_, err = b.load(ctx, &s, 16, b.Objects, create(&s, "start"))
	if err := errors.Join(err, p.stop()); err != nil {
		return err
	}
	full, err := p.start(ctx)
	if err != nil {
		return err
	}
	held := resident(p.cmd.Process.Pid)
	if err := p.stop(); err != nil {
		return err
	}
	b.add(Row{What: "from the definition, or the start of the process, to served", Values: []string{ms(defined), "", ms(empty)}})
	b.add(Row{What: fmt.Sprintf("the same with %d objects stored", b.Objects), Values: []string{"", "", ms(full)}})
	b.add(Row{What: fmt.Sprintf("resident memory after start, empty and with %d objects", b.Objects), Values: []string{"", "", mb(float64(idle)) + ", " + mb(float64(held))}})
	return nil
}

// process is an argosy-apiserver of ours.
type process struct {
	*bench
	dir  string
	port int
	cmd  *exec.Cmd
}

// config reaches it with a token, trusting whatever it shows: it is our child.
func (p *process) config(token string) *rest.Config {
	return &rest.Config{Host: fmt.Sprintf("https://127.0.0.1:%d", p.port), QPS: -1, BearerToken: token, TLSClientConfig: rest.TLSClientConfig{Insecure: true}}
}

// start starts the process and returns how long it took until it was ready.
func (p *process) start(ctx context.Context) (time.Duration, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a port: %w", err)
	}
	p.port = l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		return 0, fmt.Errorf("find a port: %w", err)
	}
	log, err := os.OpenFile(filepath.Join(p.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, fmt.Errorf("open a log: %w", err)
	}
	defer log.Close()
	p.cmd = exec.Command(p.Binary, "--kubeconfig="+p.client.Kubeconfig, "--data-dir="+filepath.Join(p.dir, "data"),
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", p.port), "--register-apiservices=false", "--controllers=")
	p.cmd.Stdout, p.cmd.Stderr = log, log
	client, err := connection(p.config(p.client.Config.BearerToken))
	if err != nil {
		return 0, err
	}
	defer client.CloseIdleConnections()
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return 0, fmt.Errorf("start %s: %w", p.Binary, err)
	}
	for {
		_, err := ask(ctx, client, http.MethodGet, p.config("").Host+"/readyz", nil)
		took := time.Since(began)
		if err == nil {
			return took, nil
		}
		if took > startTimeout || ctx.Err() != nil {
			text, rerr := os.ReadFile(log.Name())
			return 0, errors.Join(fmt.Errorf("%s did not become ready: %w; it says: %s", p.Binary, err, text), rerr, p.stop())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// stop ends the process and waits until it has.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop %s: %w", p.Binary, err)
	}
	timer := time.AfterFunc(startTimeout, func() { _ = p.cmd.Process.Kill() }) // fails only if it has ended
	defer timer.Stop()
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("%s ended with: %w", p.Binary, err)
	}
	return nil
}
