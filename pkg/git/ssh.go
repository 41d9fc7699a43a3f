// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	"golang.org/x/net/proxy"

	"argosy.dev/argosy/pkg/remote"
)

// sshSession speaks to git-upload-pack over SSH. go-git's own looks into the configuration and agent of whoever runs the
// process, and does not end with a context while it connects, so this one is ours.
type sshSession struct {
	client *ssh.Client
	stdin  io.WriteCloser
	stdout io.Reader
	stderr *tail
	wait   func() error
	adv    *packp.AdvRefs
	packed bool
	stop   func() bool
}

// dialSSH connects, and starts the program. The connection is closed when the context ends.
func dialSSH(ctx context.Context, r *Repository) (session, error) {
	host := r.address.Host
	if _, _, err := net.SplitHostPort(host); err != nil {
		host = net.JoinHostPort(strings.Trim(host, "[]"), "22")
	}
	config, err := sshConfig(r, host)
	if err != nil {
		return nil, err
	}
	conn, err := dialThrough(ctx, r, host)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	s, err := startSSH(conn, host, config, r.address.Path, r.store.limits)
	if err != nil {
		stop()
		_ = conn.Close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	s.stop = stop
	return s, nil
}

// dialThrough connects to the host, by the proxy if one is named.
func dialThrough(ctx context.Context, r *Repository, host string) (net.Conn, error) {
	dialer := remote.Dialer(r.store.options.AllowLocal)
	through, err := r.access.ProxyURL()
	if err != nil {
		return nil, err
	}
	if through == nil {
		return dialer.DialContext(ctx, "tcp", host)
	}
	if !strings.HasPrefix(through.Scheme, "socks5") {
		return nil, errors.New("proxy: SSH goes through socks5 only")
	}
	socks, err := proxy.FromURL(&url.URL{Scheme: "socks5", User: through.User, Host: through.Host}, dialer)
	if err != nil {
		return nil, errors.New("proxy: cannot be used")
	}
	return socks.(proxy.ContextDialer).DialContext(ctx, "tcp", host)
}

func startSSH(conn net.Conn, host string, config *ssh.ClientConfig, path string, limits Limits) (*sshSession, error) {
	c, channels, requests, err := ssh.NewClientConn(conn, host, config)
	if err != nil {
		return nil, err
	}
	s := &sshSession{client: ssh.NewClient(c, channels, requests), stderr: &tail{}}
	program, err := s.client.NewSession()
	if err != nil {
		return nil, err
	}
	if s.stdin, err = program.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := program.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.stdout = remote.Limit(io.NopCloser(stdout), limits.Refs+limits.Pack)
	program.Stderr, s.wait = s.stderr, program.Wait
	return s, program.Start("git-upload-pack " + quote(path))
}

// quote makes one argument for the shell on the other side.
func quote(path string) string {
	return "'" + strings.NewReplacer("'", `'\''`, "!", `'\!'`).Replace(path) + "'"
}

// sshConfig says who we are and whom we expect.
func sshConfig(r *Repository, host string) (*ssh.ClientConfig, error) {
	user := r.address.User
	if user == "" {
		user = "git"
	}
	config := &ssh.ClientConfig{User: user, Timeout: 10 * time.Second}
	switch {
	case r.access.PrivateKey != "":
		// A bad key is told without its content.
		signer, err := ssh.ParsePrivateKey([]byte(r.access.PrivateKey))
		if err != nil {
			return nil, errors.New("sshPrivateKey is not a private key without passphrase")
		}
		config.Auth = []ssh.AuthMethod{ssh.PublicKeys(signer)}
	case r.access.Password != "":
		config.Auth = []ssh.AuthMethod{ssh.Password(r.access.Password)}
	}
	if r.access.Insecure {
		config.HostKeyCallback = ssh.InsecureIgnoreHostKey() //nolint:gosec // The user asks for it.
		return config, nil
	}
	known, err := parseKnownHosts(r.store.options.Dir, r.access.KnownHosts)
	if err != nil {
		return nil, err
	}
	check := known.HostKeyCallback()
	config.HostKeyCallback = func(name string, address net.Addr, key ssh.PublicKey) error {
		err := check(name, address, key)
		switch {
		case err == nil:
			return nil
		case knownhosts.IsHostUnknown(err):
			return fmt.Errorf("no SSH host key of %s is known: add it to argocd-ssh-known-hosts-cm", name)
		case knownhosts.IsHostKeyChanged(err):
			return fmt.Errorf("the SSH host key of %s is not the known one", name)
		}
		return fmt.Errorf("the SSH host key of %s is not accepted", name)
	}
	config.HostKeyAlgorithms = known.HostKeyAlgorithms(host)
	return config, nil
}

// parseKnownHosts reads known_hosts. The library wants a file, which is gone when this returns. It is in the folder of the
// store, since a server may have no other in which it may write.
func parseKnownHosts(dir, text string) (*knownhosts.HostKeyDB, error) {
	file, err := os.CreateTemp(dir, "known-hosts-*")
	if err != nil {
		return nil, fmt.Errorf("write known hosts: %w", err)
	}
	defer os.Remove(file.Name()) //nolint:errcheck // Host keys are public.
	_, err = file.WriteString(text)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("write known hosts: %w", err)
	}
	known, err := knownhosts.NewDB(file.Name())
	if err != nil {
		return nil, errors.New("ssh_known_hosts cannot be read")
	}
	return known, nil
}

// AdvertisedReferencesContext returns what the repository has.
func (s *sshSession) AdvertisedReferencesContext(context.Context) (*packp.AdvRefs, error) {
	if s.adv != nil {
		return s.adv, nil
	}
	adv := packp.NewAdvRefs()
	if err := adv.Decode(s.stdout); err != nil {
		if errors.Is(err, packp.ErrEmptyAdvRefs) {
			return nil, transport.ErrEmptyRemoteRepository
		}
		return nil, s.why(err)
	}
	if adv.IsEmpty() {
		return nil, transport.ErrEmptyRemoteRepository
	}
	transport.FilterUnsupportedCapabilities(adv.Capabilities)
	s.adv = adv
	return adv, nil
}

// why adds what the program said to an error.
func (s *sshSession) why(err error) error {
	if errors.Is(err, packp.ErrEmptyInput) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		_ = s.wait() // It has said nothing, so it ends, and what it says of that has to arrive.
	}
	text := s.stderr.String()
	low := strings.ToLower(text)
	for _, absent := range []string{"does not appear to be a git repository", "repository not found", "does not exist", "could not be found", "no such repository"} {
		if strings.Contains(low, absent) {
			return transport.ErrRepositoryNotFound
		}
	}
	if text != "" {
		return fmt.Errorf("the other side says: %s", text)
	}
	return err
}

// UploadPack asks for objects. It can be called once.
func (s *sshSession) UploadPack(_ context.Context, req *packp.UploadPackRequest) (*packp.UploadPackResponse, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	s.packed = true
	var text bytes.Buffer
	if err := req.UploadRequest.Encode(&text); err != nil {
		return nil, err
	}
	if err := req.UploadHaves.Encode(&text, false); err != nil {
		return nil, err
	}
	if err := pktline.NewEncoder(&text).EncodeString("done\n"); err != nil {
		return nil, err
	}
	if _, err := s.stdin.Write(text.Bytes()); err != nil {
		return nil, s.why(err)
	}
	if err := s.stdin.Close(); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	resp := packp.NewUploadPackResponse(req)
	if err := resp.Decode(io.NopCloser(s.stdout)); err != nil {
		return nil, s.why(err)
	}
	return resp, nil
}

// Close ends the connection.
func (s *sshSession) Close() error {
	if !s.packed {
		_, _ = s.stdin.Write(pktline.FlushPkt) // The polite end of a conversation in which nothing is wanted.
	}
	s.stop()
	return s.client.Close()
}

// tail keeps the beginning of what a program writes to its standard error.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// Write keeps what there is room for.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if room := 1024 - len(t.text); room > 0 {
		t.text = append(t.text, p[:min(room, len(p))]...)
	}
	return len(p), nil
}

// String returns what was written.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.text))
}
