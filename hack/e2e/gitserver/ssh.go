// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package gitserver

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// sshUser is who logs in: sshd without root can only be whoever started it.
func sshUser() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "root"
}

// startSSH starts OpenSSH's sshd with keys of its own. It lets in one key, which may only run git-upload-pack and the like
// in the folder of repositories.
func (s *Server) startSSH() {
	s.t.Helper()
	program, err := exec.LookPath("/usr/sbin/sshd")
	if err != nil {
		s.t.Fatalf("sshd is needed (hack/cluster/install-packages.sh installs openssh-server): %v", err)
	}
	dir := s.t.TempDir()
	hostKey, hostPublic := newKey(s)
	private, public := newKey(s)
	s.PrivateKey = private
	listener, err := net.Listen("tcp", net.JoinHostPort(s.options.Host, "0"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.sshPort = listener.Addr().(*net.TCPAddr).Port
	_ = listener.Close()
	s.KnownHosts = fmt.Sprintf("[%s]:%d %s", s.options.Host, s.sshPort, hostPublic)
	if os.Getuid() == 0 {
		// sshd started by root wants this folder for its unprivileged half.
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			s.t.Fatal(err)
		}
	}
	files := map[string]string{
		"host_key": hostKey,
		"allowed":  fmt.Sprintf("restrict,command=\"cd '%s' && exec git shell -c \\\"$SSH_ORIGINAL_COMMAND\\\"\" %s", s.Root, public),
		"config": fmt.Sprintf("ListenAddress %s\nPort %d\nHostKey %s/host_key\nAuthorizedKeysFile %s/allowed\nStrictModes no\nUsePAM no\n"+
			"PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nPidFile none\nMaxStartups 100\n",
			s.options.Host, s.sshPort, dir, dir),
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	var log bytes.Buffer
	cmd := exec.Command(program, "-D", "-e", "-f", filepath.Join(dir, "config"))
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		if s.t.Failed() {
			s.t.Logf("sshd said:\n%s", log.String())
		}
	})
	address := net.JoinHostPort(s.options.Host, fmt.Sprint(s.sshPort))
	deadline := time.Now().Add(20 * time.Second)
	for {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-ended:
			s.t.Fatalf("sshd ended:\n%s", log.String())
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("sshd does not listen on %s: %v", address, err)
		}
	}
}

// newKey makes a key: the private half as PEM, the public one as a line.
func newKey(s *Server) (private, public string) {
	s.t.Helper()
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		s.t.Fatal(err)
	}
	sshPub, err := ssh.NewPublicKey(pub)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(pem.EncodeToMemory(block)), strings.TrimSpace(string(ssh.MarshalAuthorizedKey(sshPub)))
}
