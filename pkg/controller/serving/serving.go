// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package serving is what control loops serve that run apart from the API server: whether they live and are ready, and
// their metrics. The cluster says who asks and what they may see.
package serving

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/sets"
	genericfilters "k8s.io/apiserver/pkg/endpoints/filters"
	"k8s.io/apiserver/pkg/endpoints/request"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/filters"
	"k8s.io/apiserver/pkg/server/healthz"
	"k8s.io/apiserver/pkg/server/mux"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/component-base/metrics/legacyregistry"

	"argosy.dev/argosy/pkg/apiserver/certificate"
)

// Port is where the control loops serve, as kube-controller-manager does.
const Port = 10257

// shutdownTime is how long requests in flight may take when the process ends.
const shutdownTime = 10 * time.Second

// Options are the flags of what is served.
type Options struct {
	Serving        *genericoptions.SecureServingOptions
	Authentication *genericoptions.DelegatingAuthenticationOptions
	Authorization  *genericoptions.DelegatingAuthorizationOptions
	// Namespace is where the Service is, and the Secret CASecret with the authority of the certificate. It is not used where
	// a certificate is given.
	Namespace, ServiceName, CASecret string
}

// NewOptions returns the defaults.
func NewOptions() *Options {
	o := &Options{
		Serving:        genericoptions.NewSecureServingOptions(),
		Authentication: genericoptions.NewDelegatingAuthenticationOptions(),
		Authorization:  genericoptions.NewDelegatingAuthorizationOptions().WithAlwaysAllowPaths("/healthz", "/livez", "/readyz"),
		ServiceName:    "argosy-controller-manager",
		CASecret:       "argosy-controller-manager-ca",
	}
	o.Serving.BindPort = Port
	// The certificate is made from our own authority, never kept in a file.
	o.Serving.ServerCert.CertDirectory, o.Serving.ServerCert.PairName = "", ""
	return o
}

// AddFlags adds the flags.
func (o *Options) AddFlags(fs *pflag.FlagSet) {
	o.Serving.AddFlags(fs)
	o.Authentication.AddFlags(fs)
	o.Authorization.AddFlags(fs)
	fs.StringVar(&o.ServiceName, "service-name", o.ServiceName, "Name of the Service by which metrics are reached, for the certificate.")
	fs.StringVar(&o.CASecret, "ca-secret", o.CASecret, "Secret that holds the authority of the serving certificate. It is made if it is not there; not used with --tls-cert-file.")
}

// Validate returns everything that is wrong with the options.
func (o *Options) Validate() []error {
	errs := append(o.Serving.Validate(), o.Authentication.Validate()...)
	errs = append(errs, o.Authorization.Validate()...)
	if tls := o.Serving.ServerCert.CertKey; (tls.CertFile == "") != (tls.KeyFile == "") {
		errs = append(errs, errors.New("--tls-cert-file and --tls-private-key-file must be given together"))
	}
	return errs
}

// Kubeconfig has the cluster reached by a file also to authenticate and to authorize, where no other is given for these.
func (o *Options) Kubeconfig(file string) {
	if o.Authentication.RemoteKubeConfigFile == "" {
		o.Authentication.RemoteKubeConfigFile = file
	}
	if o.Authorization.RemoteKubeConfigFile == "" {
		o.Authorization.RemoteKubeConfigFile = file
	}
}

// Start serves until ctx ends; ready says when the loops are. With port 0 nothing is served. stopped is closed when all
// has ended.
func (o *Options) Start(ctx context.Context, cluster kubernetes.Interface, ready ...healthz.HealthChecker) (stopped <-chan struct{}, err error) {
	if o.Serving.BindPort == 0 && o.Serving.Listener == nil {
		none := make(chan struct{})
		close(none)
		return none, nil
	}
	if o.Serving.ServerCert.CertKey.CertFile == "" {
		service := o.ServiceName + "." + o.Namespace
		hosts := []string{service + ".svc", service + ".svc.cluster.local", service, "localhost", "127.0.0.1", "::1"}
		provider, err := certificate.NewProvider(ctx, hosts, func(ctx context.Context, now time.Time) (*certificate.Authority, error) {
			return certificate.EnsureAuthority(ctx, cluster.CoreV1().Secrets(o.Namespace), o.CASecret, now)
		})
		if err != nil {
			return nil, fmt.Errorf("certificate of the control loops: %w", err)
		}
		o.Serving.ServerCert.GeneratedCert = provider
	}
	var info *genericapiserver.SecureServingInfo
	if err := o.Serving.ApplyTo(&info); err != nil {
		return nil, fmt.Errorf("serving the control loops' metrics: %w", err)
	}
	var authentication genericapiserver.AuthenticationInfo
	if err := o.Authentication.ApplyTo(&authentication, info, nil); err != nil {
		return nil, fmt.Errorf("authentication of the control loops' metrics: %w", err)
	}
	var authorization genericapiserver.AuthorizationInfo
	if err := o.Authorization.ApplyTo(&authorization); err != nil {
		return nil, fmt.Errorf("authorization of the control loops' metrics: %w", err)
	}
	stopped, _, err = info.Serve(chain(handler(ready), authentication, authorization), shutdownTime, ctx.Done())
	if err != nil {
		return nil, fmt.Errorf("serving the control loops' metrics: %w", err)
	}
	return stopped, nil
}

// handler serves what there is.
func handler(ready []healthz.HealthChecker) http.Handler {
	paths := mux.NewPathRecorderMux("argosy-controller-manager")
	healthz.InstallHandler(paths, healthz.PingHealthz)
	healthz.InstallLivezHandler(paths, healthz.PingHealthz)
	healthz.InstallReadyzHandler(paths, append([]healthz.HealthChecker{healthz.PingHealthz}, ready...)...)
	paths.Handle("/metrics", legacyregistry.Handler())
	return paths
}

// chain puts in front of a handler what every API server does.
func chain(handler http.Handler, authentication genericapiserver.AuthenticationInfo, authorization genericapiserver.AuthorizationInfo) http.Handler {
	paths := &request.RequestInfoFactory{APIPrefixes: sets.NewString(), GrouplessAPIPrefixes: sets.NewString()} // no path is a resource
	failed := genericfilters.Unauthorized(scheme.Codecs)
	handler = genericfilters.WithAuthorization(handler, authorization.Authorizer, scheme.Codecs)
	handler = genericfilters.WithAuthentication(handler, authentication.Authenticator, failed, authentication.APIAudiences, authentication.RequestHeaderConfig)
	handler = genericfilters.WithRequestInfo(handler, paths)
	handler = genericfilters.WithCacheControl(handler)
	return filters.WithPanicRecovery(handler, paths)
}
