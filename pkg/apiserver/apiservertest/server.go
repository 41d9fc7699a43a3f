// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package apiservertest runs the real server in a test's process: the product's
// options, groups, storage and embedded etcd. Only what a cluster does is
// replaced: who the callers are, and what they may do.
package apiservertest

import (
	"context"
	"net"
	"os"
	"testing"
	"time"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/request/bearertoken"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/record"

	"argosy.dev/argosy/pkg/apiserver"
	"argosy.dev/argosy/pkg/apiserver/etcd"
	"argosy.dev/argosy/registry/application/application"
	"argosy.dev/argosy/registry/rollout/rollout"
)

// Config says what differs from the usual test server.
type Config struct {
	// DataDir holds the embedded etcd; empty means one of its own.
	DataDir string
	// Authorizer decides what callers may do; nil lets everybody do everything.
	Authorizer authorizer.Authorizer
	// Cluster is what verbs see of the cluster; nil means there is none.
	Cluster kubernetes.Interface
	// Events takes the events; nil drops them.
	Events record.EventRecorder
	// Live is what verbs see of the sources and clusters of applications; nil means nothing.
	Live application.Live
	// Seen tells of the objects that rollouts name; nil means that nothing is known.
	Seen rollout.Seen
	// Families are what an administrator decides about kinds.
	Families apiserver.FamilyOptions
}

// Server is a running server.
type Server struct {
	// Admin is a client configuration that may do everything.
	Admin *rest.Config
	// EtcdEndpoint is where the objects are.
	EtcdEndpoint string

	stop func()
}

// As returns the configuration of a user of the given name, who is in no group
// but system:authenticated.
func (s *Server) As(name string) *rest.Config {
	c := rest.AnonymousClientConfig(s.Admin)
	c.BearerToken = name
	return c
}

// Stop ends the server and then its etcd, as the product does. It may be called
// more than once.
func (s *Server) Stop() { s.stop() }

// TempDir returns a directory for Config.DataDir. Its path is short, since an
// etcd socket has to fit; that of t.TempDir may not be.
func TempDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "argosy")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// Start runs a server until the test ends or Stop is called. It returns when
// the server is ready.
func Start(t testing.TB, c Config) *Server {
	t.Helper()
	if c.DataDir == "" {
		c.DataDir = TempDir(t)
	}
	ctx, cancel := context.WithCancel(context.Background())
	member, err := etcd.Start(ctx, etcd.Config{Dir: c.DataDir, UnsafeNoFsync: true})
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	server, err := newServer(c, member.Endpoint())
	if err != nil {
		cancel()
		member.Close()
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := server.PrepareRun().RunWithContext(ctx); err != nil {
			t.Errorf("server: %v", err)
		}
	}()
	stopped := false
	s := &Server{EtcdEndpoint: member.Endpoint(), Admin: rest.CopyConfig(server.LoopbackClientConfig), stop: func() {
		if !stopped {
			stopped = true
			cancel()
			<-ended
			member.Close()
		}
	}}
	t.Cleanup(s.stop)
	s.Admin.QPS = -1
	s.untilReady(t)
	return s
}

func newServer(c Config, endpoint string) (*genericapiserver.GenericAPIServer, error) {
	o := apiserver.NewOptions()
	if err := o.ServerRun.ComponentGlobalsRegistry.Set(); err != nil {
		return nil, err
	}
	o.Etcd.StorageConfig.Transport.ServerList = []string{endpoint}
	r := o.Recommended
	r.SecureServing.BindAddress = net.IPv4(127, 0, 0, 1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r.SecureServing.Listener = listener
	if err := r.SecureServing.MaybeDefaultWithSelfSignedCerts("localhost", nil, []net.IP{net.IPv4(127, 0, 0, 1)}); err != nil {
		return nil, err
	}
	// What needs a cluster: who callers are, what they may do, policies, fairness.
	r.Authentication, r.Authorization, r.CoreAPI, r.Admission = nil, nil, nil, nil
	r.Features.EnablePriorityAndFairness = false
	events := c.Events
	if events == nil {
		events = &record.FakeRecorder{}
	}
	config, err := o.Config(apiserver.NewFamilies(c.Cluster, events, apiserver.Views{Applications: c.Live, Rollouts: c.Seen}, c.Families))
	if err != nil {
		return nil, err
	}
	config.Generic.Authentication.Authenticator = bearertoken.New(authenticator.TokenFunc(byToken))
	config.Generic.Authorization.Authorizer = c.Authorizer
	if c.Authorizer == nil {
		config.Generic.Authorization.Authorizer = Allow(func(authorizer.Attributes) bool { return true })
	}
	return config.New()
}

// byToken takes a token for the name of its user.
func byToken(_ context.Context, token string) (*authenticator.Response, bool, error) {
	return &authenticator.Response{User: &user.DefaultInfo{Name: token, Groups: []string{user.AllAuthenticated}}}, true, nil
}

// Allow is an authorizer that allows what allowed returns true for.
func Allow(allowed func(authorizer.Attributes) bool) authorizer.Authorizer {
	return authorizer.AuthorizerFunc(func(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
		for _, g := range a.GetUser().GetGroups() {
			if g == user.SystemPrivilegedGroup {
				return authorizer.DecisionAllow, "", nil
			}
		}
		if allowed(a) {
			return authorizer.DecisionAllow, "", nil
		}
		return authorizer.DecisionNoOpinion, "the test does not allow it", nil
	})
}

func (s *Server) untilReady(t testing.TB) {
	t.Helper()
	client, err := kubernetes.NewForConfig(s.Admin)
	if err != nil {
		t.Fatal(err)
	}
	deadline, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(deadline).Error()
		if err == nil {
			return
		}
		select {
		case <-deadline.Done():
			t.Fatalf("the server did not become ready: %v", err)
		case <-tick.C:
		}
	}
}
