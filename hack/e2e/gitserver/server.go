// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package gitserver runs real servers of Git repositories and Helm charts for tests: git's own HTTP backend behind TLS,
// OpenSSH's sshd, plain files, and chart repositories with an index. They listen where the test says, so pods can reach
// them, too. It must not be used by the product.
package gitserver

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Options say how the servers listen and whom they let in.
type Options struct {
	// Host is the address to listen on. Default: 127.0.0.1.
	Host string
	// Username and Password are wanted over HTTPS, if they are set. Token is taken as a bearer instead.
	Username, Password, Token string
	// ClientCA are PEM certificates of which one must have signed the client's, if it is set.
	ClientCA []byte
	// Plain serves HTTP without TLS.
	Plain bool
	// SSH starts sshd, too.
	SSH bool
	// MultiACK refuses clients over HTTP that do not negotiate by multi_ack, as Azure DevOps does.
	MultiACK bool
}

// Server are the running servers of one folder of repositories. They end with the test.
type Server struct {
	// Root is the folder with the repositories.
	Root string
	// CA is the PEM certificate that signed the server's.
	CA []byte
	// PrivateKey is the PEM key that sshd lets in, KnownHosts sshd's host keys.
	PrivateKey, KnownHosts string

	t       testing.TB
	options Options
	host    string
	sshPort int

	mu       sync.Mutex
	requests map[string]int
	charts   map[string]*Charts
}

// Start starts servers.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	if o.Host == "" {
		o.Host = "127.0.0.1"
	}
	backend, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatalf("the program git is needed (hack/cluster/install-packages.sh installs it): %v", err)
	}
	s := &Server{Root: t.TempDir(), t: t, options: o, requests: map[string]int{}, charts: map[string]*Charts{}}
	listener, err := net.Listen("tcp", net.JoinHostPort(o.Host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	s.host = listener.Addr().String()
	if !o.Plain {
		ca := NewCA(t)
		s.CA = ca.PEM
		config := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{ca.Issue(t, o.Host)}, NextProtos: []string{"http/1.1"}}
		if o.ClientCA != nil {
			config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
			config.ClientCAs.AppendCertsFromPEM(o.ClientCA)
		}
		listener = tls.NewListener(listener, config)
	}
	handler := &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(backend)), "git-http-backend"), Root: "/git",
		Env: []string{"GIT_PROJECT_ROOT=" + s.Root, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"},
		// A client that goes away makes git complain, which is no concern of the test.
		Stderr: discard{},
	}
	mux := http.NewServeMux()
	mux.Handle("/git/", s.negotiated(handler))
	mux.HandleFunc("/charts/", s.serveCharts)
	mux.HandleFunc("/moved/", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/git/"+strings.TrimPrefix(r.URL.Path, "/moved/")+"?"+r.URL.RawQuery, http.StatusFound)
	})
	server := &http.Server{Handler: s.guard(mux), ReadHeaderTimeout: time.Minute, ErrorLog: quiet()}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	if o.SSH {
		s.startSSH()
	}
	return s
}

// negotiated refuses clients that do not say multi_ack, if the server is to.
func (s *Server) negotiated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.options.MultiACK && r.Method == http.MethodPost {
			body, err := io.ReadAll(r.Body)
			if wants, _, _ := bytes.Cut(body, []byte("\n")); err != nil || !bytes.Contains(wants, []byte(" multi_ack")) {
				http.Error(w, "TF400000: the client must support multi_ack", http.StatusBadRequest)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		next.ServeHTTP(w, r)
	})
}

// guard counts requests and wants credentials.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests[r.Method+" "+r.URL.Path]++
		s.mu.Unlock()
		user, password, _ := r.BasicAuth()
		bearer := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		allowed := s.options.Username == "" && s.options.Token == "" ||
			s.options.Username != "" && user == s.options.Username && password == s.options.Password ||
			s.options.Token != "" && bearer == s.options.Token
		if !allowed {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			http.Error(w, "who are you", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Requests returns how often each METHOD PATH was asked for over HTTP.
func (s *Server) Requests() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.requests)
}

// Address is HOST:PORT of HTTP.
func (s *Server) Address() string { return s.host }

// URL is the base of all HTTP URLs, without a slash at the end.
func (s *Server) URL() string {
	if s.options.Plain {
		return "http://" + s.host
	}
	return "https://" + s.host
}

// HTTPS is the URL of a repository over HTTPS, or HTTP if the server is plain.
func (s *Server) HTTPS(name string) string { return s.URL() + "/git/" + name }

// Moved is a URL of a repository from which the server redirects to HTTPS.
func (s *Server) Moved(name string) string { return s.URL() + "/moved/" + name }

// SSH is the URL of a repository over SSH.
func (s *Server) SSH(name string) string {
	return fmt.Sprintf("ssh://%s@%s%s", sshUser(), net.JoinHostPort(s.options.Host, fmt.Sprint(s.sshPort)), filepath.Join(s.Root, name))
}

// File is the URL of a repository as a file.
func (s *Server) File(name string) string { return "file://" + filepath.Join(s.Root, name) }

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// run runs a program and returns what it prints.
func run(t testing.TB, dir string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com",
		"GIT_ALLOW_PROTOCOL=file")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}
