// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/storage/etcd3/preflight"
	"k8s.io/client-go/kubernetes"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/record"
	apiregistrationclient "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset"

	"argosy.dev/argosy/apis/argoproj"
	"argosy.dev/argosy/apis/scheme"
	"argosy.dev/argosy/pkg/apiserver/aggregation"
	"argosy.dev/argosy/pkg/apiserver/certificate"
	"argosy.dev/argosy/pkg/apiserver/etcd"
)

// preflightTimeout bounds how long the server looks for what it depends on
// before it says that it is not there.
const preflightTimeout = 10 * time.Second

// Clients are how the control loops reach the API servers.
type Clients struct {
	// Argosy is the server of this process, past authorization and fairness.
	Argosy *rest.Config
	// Cluster is the cluster's API server.
	Cluster *rest.Config
}

// Loops runs control loops until ctx ends. An error ends the server.
type Loops func(ctx context.Context, clients Clients) error

// Run serves until ctx ends, then shuts down gracefully: first the loops and the
// server, then the embedded etcd. loops may be nil.
func (o *Options) Run(ctx context.Context, views Views, loops Loops) error {
	quietAboutGone()
	clusterConfig, err := o.clusterConfig()
	if err != nil {
		return err
	}
	cluster, err := kubernetes.NewForConfig(clusterConfig)
	if err != nil {
		return fmt.Errorf("creating a client of the cluster: %w", err)
	}
	if err := findCluster(ctx, clusterConfig); err != nil {
		return err
	}

	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	if o.Embedded() {
		member, err := etcd.Start(ctx, etcd.Config{Dir: o.DataDir, QuotaBackendBytes: o.QuotaBackendBytes})
		if err != nil {
			return err
		}
		defer member.Close()
		go func() {
			if err := <-member.Err(); err != nil {
				fail(fmt.Errorf("embedded etcd: %w", err))
			}
		}()
		o.Etcd.StorageConfig.Transport.ServerList = []string{member.Endpoint()}
	} else if err := findEtcd(ctx, o.Etcd.StorageConfig.Transport.ServerList); err != nil {
		return err
	}

	certificates, err := o.servingCertificate(ctx, cluster)
	if err != nil {
		return err
	}
	events := record.NewBroadcaster(record.WithContext(ctx))
	defer events.Shutdown()
	events.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: cluster.CoreV1().Events("")})
	recorder := events.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "argosy-apiserver"})

	config, err := o.Config(NewFamilies(cluster, recorder, views, o.Families))
	if err != nil {
		return err
	}
	server, err := config.New()
	if err != nil {
		return err
	}
	if o.RegisterAPIServices {
		if err := o.addRegistrar(ctx, server, config.Families, clusterConfig, cluster, certificates); err != nil {
			return err
		}
	}
	if loops == nil {
		loops = noLoops
	}
	// The loops end with ctx, when the shutdown begins, not with the context of
	// their hook, which lasts until the server has stopped: it waits for them, so
	// that their last writes still find it.
	ended := make(chan struct{})
	server.AddPostStartHookOrDie("start-control-loops", func(hook genericapiserver.PostStartHookContext) error {
		go func() {
			defer close(ended)
			if err := loops(ctx, Clients{Argosy: hook.LoopbackClientConfig, Cluster: clusterConfig}); err != nil && ctx.Err() == nil {
				fail(fmt.Errorf("control loops: %w", err))
			}
		}()
		return nil
	})
	server.AddPreShutdownHookOrDie("stop-control-loops", func() error {
		select {
		case <-ended:
			return nil
		case <-time.After(o.ServerRun.RequestTimeout):
			return errors.New("the control loops did not end in time")
		}
	})
	if err := server.PrepareRun().RunWithContext(ctx); err != nil {
		return fmt.Errorf("serving: %w", err)
	}
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// clusterConfig says how the cluster's API server is reached. One kubeconfig is
// enough: where those of authentication and authorization are not given, it
// serves for them too.
func (o *Options) clusterConfig() (*rest.Config, error) {
	config, err := o.loadClusterConfig()
	if err != nil {
		return nil, err
	}
	// The cluster's priority and fairness governs, not a limit of ours.
	config.QPS = -1
	return config, nil
}

func (o *Options) loadClusterConfig() (*rest.Config, error) {
	path := o.Recommended.CoreAPI.CoreAPIKubeconfigPath
	if o.Recommended.Authentication.RemoteKubeConfigFile == "" {
		o.Recommended.Authentication.RemoteKubeConfigFile = path
	}
	if o.Recommended.Authorization.RemoteKubeConfigFile == "" {
		o.Recommended.Authorization.RemoteKubeConfigFile = path
	}
	if path == "" {
		config, err := rest.InClusterConfig()
		if err != nil {
			return nil, fmt.Errorf("no --kubeconfig is given, and this is no pod: %w", err)
		}
		return config, nil
	}
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		return nil, fmt.Errorf("reading --kubeconfig: %w", err)
	}
	return config, nil
}

func findCluster(ctx context.Context, config *rest.Config) error {
	quick := rest.CopyConfig(config)
	quick.Timeout = preflightTimeout
	client, err := kubernetes.NewForConfig(quick)
	if err != nil {
		return fmt.Errorf("creating a client of the cluster: %w", err)
	}
	if err := client.Discovery().RESTClient().Get().AbsPath("/version").Do(ctx).Error(); err != nil {
		return fmt.Errorf("the cluster's API server at %s cannot be reached: %w", config.Host, err)
	}
	return nil
}

func findEtcd(ctx context.Context, servers []string) error {
	check := preflight.EtcdConnection{ServerList: servers}
	if err := wait.PollUntilContextTimeout(ctx, time.Second, preflightTimeout, true, func(context.Context) (bool, error) {
		return check.CheckEtcdServers()
	}); err != nil {
		return fmt.Errorf("etcd at %s cannot be reached: %w", strings.Join(servers, ","), err)
	}
	return nil
}

// servingCertificate makes the options serve a certificate of our own
// authority, unless they name another. It returns nil if they do.
func (o *Options) servingCertificate(ctx context.Context, cluster kubernetes.Interface) (*certificate.Provider, error) {
	serving := o.Recommended.SecureServing
	if serving.ServerCert.CertKey.CertFile != "" {
		return nil, nil
	}
	service := o.ServiceName + "." + o.Namespace
	hosts := []string{service + ".svc", service + ".svc.cluster.local", service, "localhost", "127.0.0.1", "::1"}
	p, err := certificate.NewProvider(ctx, hosts, func(ctx context.Context, now time.Time) (*certificate.Authority, error) {
		return certificate.EnsureAuthority(ctx, cluster.CoreV1().Secrets(o.Namespace), o.CASecret, now)
	})
	if err != nil {
		return nil, err
	}
	serving.ServerCert.GeneratedCert = p
	return p, nil
}

// addRegistrar registers the server with the cluster once it is ready: an
// APIService that is not available blocks the deletion of every namespace.
func (o *Options) addRegistrar(ctx context.Context, server *genericapiserver.GenericAPIServer, families []Family, config *rest.Config, cluster kubernetes.Interface, certificates *certificate.Provider) error {
	services, err := apiregistrationclient.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("creating a client of APIServices: %w", err)
	}
	meta, err := metadata.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("creating a metadata client: %w", err)
	}
	r := &aggregation.Registrar{
		APIServices: services.ApiregistrationV1().APIServices(),
		Metadata:    meta,
		TakeOver:    o.TakeOverArgoproj,
		Namespace:   o.Namespace,
		Name:        o.ServiceName,
		Port:        o.ServicePort,
	}
	if certificates != nil {
		r.CABundle = certificates.Bundle
	}
	for _, f := range families {
		r.Services = append(r.Services, aggregation.Service{GroupVersion: schema.GroupVersion{Group: f.Group(), Version: Version}, Priority: 1000})
	}
	if o.CompatibilityGroup {
		r.Services = append(r.Services, aggregation.Service{GroupVersion: argoproj.SchemeGroupVersion, Priority: 900, Yields: true})
	}
	if o.OwnerClusterRole != "" {
		role, err := cluster.RbacV1().ClusterRoles().Get(ctx, o.OwnerClusterRole, metav1.GetOptions{})
		if err != nil {
			return fmt.Errorf("reading --owner-cluster-role: %w", err)
		}
		r.Owner = &metav1.OwnerReference{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "ClusterRole", Name: role.Name, UID: role.UID}
	}
	return server.AddPostStartHook("register-apiservices", func(hook genericapiserver.PostStartHookContext) error {
		go func() {
			if err := untilReady(hook.Context, hook.LoopbackClientConfig); err == nil {
				r.Run(hook.Context)
			}
		}()
		return nil
	})
}

// untilReady waits until the server of this process is ready, or ctx ends.
func untilReady(ctx context.Context, loopback *rest.Config) error {
	client, err := kubernetes.NewForConfig(loopback)
	if err != nil {
		return fmt.Errorf("creating a loopback client: %w", err)
	}
	return wait.PollUntilContextCancel(ctx, 250*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		code := 0
		client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).StatusCode(&code)
		return code == http.StatusOK, nil
	})
}
