// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package kubetest starts a Kubernetes API server with its etcd for tests: real behaviour of writes, watches, RBAC and
// custom resources, in seconds, without root and without nodes. Nothing runs in it but the API: no controllers, so nothing
// is garbage collected. The programs are those of the local cluster (hack/cluster), which are built if need be.
package kubetest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

const (
	// startup is how long the API server may take to be ready, on a busy machine.
	startup = 3 * time.Minute
	token   = "kubetest-admin"
	// admins is the group that RBAC lets do everything.
	admins = "system:masters"
)

// Server is a running API server.
type Server struct {
	// Config is a client configuration with all rights.
	Config *rest.Config

	dir string
	// kube is the program, and api are its arguments as an API server.
	kube string
	api  []string
	host string
	// running are the programs: etcd, then the API server.
	running []*process
}

// Start starts an API server on free ports of the loopback interface, with its data in a temporary directory. Stop ends it.
func Start(ctx context.Context) (_ *Server, err error) {
	kube, err := program(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "kubetest")
	if err != nil {
		return nil, fmt.Errorf("making a directory: %w", err)
	}
	s := &Server{dir: dir, kube: kube}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Stop())
		}
	}()
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	if err := s.files(); err != nil {
		return nil, err
	}
	client := "http://127.0.0.1:" + ports[0]
	if err := s.run("etcd", "--data-dir="+s.path("etcd"), "--unsafe-no-fsync", "--client-url="+client, "--peer-url=http://127.0.0.1:"+ports[1]); err != nil {
		return nil, err
	}
	s.host = "https://127.0.0.1:" + ports[2]
	s.api = []string{"kube-apiserver",
		"--etcd-servers=" + client, "--bind-address=127.0.0.1", "--secure-port=" + ports[2], "--cert-dir=" + s.path("pki"),
		// Nothing connects to the address of the Service "kubernetes", but loopback is refused as such.
		"--advertise-address=192.0.2.1", "--endpoint-reconciler-type=none", "--service-cluster-ip-range=198.51.100.0/24",
		"--token-auth-file=" + s.path("tokens.csv"), "--authorization-mode=RBAC",
		// Nothing makes service accounts, so pods must do without.
		"--disable-admission-plugins=ServiceAccount",
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file=" + s.path("sa.key"), "--service-account-signing-key-file=" + s.path("sa.key"),
		"--shutdown-delay-duration=0s"}
	if err := s.run(s.api...); err != nil {
		return nil, err
	}
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Outage kills the API server, calls what is to happen meanwhile, and starts it again.
func (s *Server) Outage(ctx context.Context, meanwhile func()) error {
	last := len(s.running) - 1
	s.running[last].kill()
	s.running = s.running[:last]
	meanwhile()
	if err := s.run(s.api...); err != nil {
		return err
	}
	return s.ready(ctx)
}

// Stop ends the server and removes its data.
func (s *Server) Stop() error {
	for _, p := range slices.Backward(s.running) {
		p.stop()
	}
	return os.RemoveAll(s.dir)
}

func (s *Server) path(name string) string { return filepath.Join(s.dir, name) }

// files writes what the API server reads.
func (s *Server) files() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("making the key of service accounts: %w", err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return fmt.Errorf("encoding the key of service accounts: %w", err)
	}
	for name, content := range map[string][]byte{
		"sa.key":     pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}),
		"tokens.csv": []byte(token + ",admin,admin,\"" + admins + "\"\n"),
	} {
		if err := os.WriteFile(s.path(name), content, 0o600); err != nil {
			return fmt.Errorf("writing what the API server reads: %w", err)
		}
	}
	return nil
}

// run starts a program, which ends with this process whatever becomes of it.
func (s *Server) run(args ...string) error {
	log, err := os.OpenFile(s.path(args[0]+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("making a log: %w", err)
	}
	cmd := exec.Command(s.kube, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started, ended := make(chan error, 1), make(chan struct{})
	go func() {
		// The kernel's "parent" is the thread that has started it, which must live as long.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(ended)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ends is in its log
		}
		_ = log.Close()
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("starting %s: %w", args[0], err)
	}
	s.running = append(s.running, &process{Process: cmd.Process, ended: ended})
	return nil
}

// process is a running program. ended is closed when it has ended.
type process struct {
	*os.Process
	ended <-chan struct{}
}

// stop asks it to end, and ends it if it does not within a while.
func (p *process) stop() {
	_ = p.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-p.ended:
	case <-time.After(20 * time.Second):
		p.kill()
	}
}

func (p *process) kill() {
	_ = p.Kill() // it may have ended
	<-p.ended
}

// ready waits until the API server says that it is.
func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startup)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		if last = s.ask(ctx); last == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			log, _ := os.ReadFile(s.path("kube-apiserver.log"))
			return fmt.Errorf("the API server did not become ready: %w; the end of its log: %s", last, log[max(0, len(log)-2000):])
		case <-tick.C:
		}
	}
}

func (s *Server) ask(ctx context.Context) error {
	// It has made a certificate for itself, which is its own authority.
	authority, err := os.ReadFile(s.path("pki/apiserver.crt"))
	if err != nil {
		return err
	}
	config := &rest.Config{Host: s.host, BearerToken: token, TLSClientConfig: rest.TLSClientConfig{CAData: authority}, QPS: -1}
	client, err := rest.UnversionedRESTClientFor(dynamic.ConfigFor(config))
	if err != nil {
		return err
	}
	if _, err := client.Get().AbsPath("/readyz").DoRaw(ctx); err != nil {
		return err
	}
	s.Config = config
	return nil
}

// program is the path of the local cluster's programs. They are built if they are not there.
func program(ctx context.Context) (string, error) {
	root, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the repository: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(root, "hack/cluster/build.sh")); err == nil {
			break
		}
		if root == filepath.Dir(root) {
			return "", errors.New("this is not the repository: there is no hack/cluster/build.sh above")
		}
		root = filepath.Dir(root)
	}
	kube := filepath.Join(root, ".local/bin/kube")
	if _, err := os.Stat(kube); err == nil {
		return kube, nil
	}
	out, err := exec.CommandContext(ctx, filepath.Join(root, "hack/cluster/build.sh"), "kube").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building the programs of the local cluster: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return kube, nil
}

func freePorts(n int) ([]string, error) {
	var out []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("finding a free port: %w", err)
		}
		defer l.Close()
		_, port, err := net.SplitHostPort(l.Addr().String())
		if err != nil {
			return nil, fmt.Errorf("finding a free port: %w", err)
		}
		out = append(out, port)
	}
	return out, nil
}
