// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"fmt"

	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"k8s.io/apiserver/pkg/authorization/path"
	"k8s.io/apiserver/pkg/authorization/union"
	genericapiserver "k8s.io/apiserver/pkg/server"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// delegateAuthorization has the cluster decide what a caller may do, as the options say. It is what their own ApplyTo
// does, but for the limit of 200 reviews a second that this puts on the client: a review is asked for each single object
// that is read, so the limit is one on reads. The cluster's priority and fairness governs instead.
func delegateAuthorization(o *genericoptions.DelegatingAuthorizationOptions, into *genericapiserver.AuthorizationInfo) error {
	if o == nil {
		return nil // tests have an authorizer of their own
	}
	config, err := reviewConfig(o.RemoteKubeConfigFile)
	if err != nil {
		return fmt.Errorf("finding the cluster that authorizes: %w", err)
	}
	config.QPS = -1
	config.Timeout = o.ClientTimeout
	if o.CustomRoundTripperFn != nil {
		config.Wrap(o.CustomRoundTripperFn)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("creating a client of the cluster that authorizes: %w", err)
	}
	paths, err := path.NewAuthorizer(o.AlwaysAllowPaths)
	if err != nil {
		return fmt.Errorf("--authorization-always-allow-paths: %w", err)
	}
	delegated, err := authorizerfactory.DelegatingAuthorizerConfig{
		SubjectAccessReviewClient: client.AuthorizationV1(),
		AllowCacheTTL:             o.AllowCacheTTL,
		DenyCacheTTL:              o.DenyCacheTTL,
		WebhookRetryBackoff:       o.WebhookRetryBackoff,
	}.New()
	if err != nil {
		return fmt.Errorf("creating the authorizer: %w", err)
	}
	into.Authorizer, err = union.New(
		named("always-allow-groups", authorizerfactory.NewPrivilegedGroups(o.AlwaysAllowGroups...)),
		named("always-allow-paths", paths),
		named("webhook", delegated),
	)
	if err != nil {
		return fmt.Errorf("joining authorizers: %w", err)
	}
	return nil
}

func named(name string, a authorizer.Authorizer) union.NamedAuthorizer {
	return union.NamedAuthorizer{AuthorizerName: "kubernetes.io/" + name, Authorizer: a}
}

// reviewConfig reaches the cluster by the file, or as the pod that this is.
func reviewConfig(file string) (*rest.Config, error) {
	if file == "" {
		return rest.InClusterConfig()
	}
	return clientcmd.BuildConfigFromFlags("", file)
}
