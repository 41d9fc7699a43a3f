// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

const (
	// InClusterServer is the URL that means the cluster in which we run, and InClusterName its name.
	InClusterServer = "https://kubernetes.default.svc"
	InClusterName   = "in-cluster"

	// SecretTypeCluster is the value of the label argocd.argoproj.io/secret-type on Secrets that describe clusters.
	SecretTypeCluster = "cluster"
)

// Destination is a cluster, and what may be used of it.
type Destination struct {
	// Server is the URL of the cluster's API server, and Name the name by which applications may call it.
	Server, Name string
	// Project is the project that the cluster was set up for. Empty: for all.
	Project string
	// Namespaces are the only namespaces that may be used. Empty: all.
	Namespaces []string
	// ClusterResources tells that objects of the whole cluster may be used. Always so if Namespaces is empty.
	ClusterResources bool
	// Own tells that the credentials are our server's own. They are only ever used to impersonate.
	Own bool

	config  *rest.Config
	version string
}

// ErrNoCluster is the error of a destination whose cluster nobody has described.
var ErrNoCluster = errors.New("there is no cluster")

// Resolve finds the cluster that an application's destination means, from the Secrets that describe clusters to the
// application (those in its namespace) and from how we reach the cluster that we run in; inCluster is nil if that is not
// to be used. project is the application's: where several Secrets describe a cluster, its project's goes before those for
// all. Errors say what is wrong with the destination or the Secret, and nothing of what the Secret holds.
func Resolve(dest appv1.ApplicationDestination, project string, secrets []*corev1.Secret, inCluster *rest.Config) (Destination, error) {
	server, name := trimServer(dest.Server), dest.Name
	switch {
	case server != "" && name != "":
		return Destination{}, errors.New("a destination has server or name, not both")
	case server == "" && name == "":
		return Destination{}, fmt.Errorf("%w: the destination has neither server nor name", ErrNoCluster)
	}
	var found []*corev1.Secret
	for _, secret := range secrets {
		if secret.Labels[appv1.LabelSecretType] != SecretTypeCluster {
			continue
		}
		if server != "" && trimServer(string(secret.Data["server"])) == server || name != "" && string(secret.Data["name"]) == name {
			found = append(found, secret)
		}
	}
	secret, err := choose(found, project)
	if err != nil {
		return Destination{}, err
	}
	if secret == nil {
		if server != InClusterServer && name != InClusterName {
			return Destination{}, fmt.Errorf("%w %s", ErrNoCluster, quoteEither(server, name))
		}
		return own(inCluster, Destination{Server: InClusterServer, Name: InClusterName, ClusterResources: true})
	}
	return fromSecret(secret, inCluster)
}

// choose returns the Secret that goes before others: the project's own, then those of no project. Which of two equals is
// meant cannot be known.
func choose(found []*corev1.Secret, project string) (*corev1.Secret, error) {
	rank := func(s *corev1.Secret) int {
		switch of := string(s.Data["project"]); {
		case of != "" && of == project:
			return 0
		case of == "":
			return 1
		default:
			return 2
		}
	}
	if len(found) == 0 {
		return nil, nil
	}
	found = slices.Clone(found)
	slices.SortStableFunc(found, func(a, b *corev1.Secret) int {
		if by := rank(a) - rank(b); by != 0 {
			return by
		}
		return strings.Compare(a.Name, b.Name)
	})
	if len(found) > 1 && rank(found[0]) == rank(found[1]) {
		return nil, fmt.Errorf("the Secrets %s and %s both describe this cluster", found[0].Name, found[1].Name)
	}
	return found[0], nil
}

// fromSecret reads what a Secret says of a cluster.
func fromSecret(secret *corev1.Secret, inCluster *rest.Config) (Destination, error) {
	d := Destination{
		Server: trimServer(string(secret.Data["server"])), Name: string(secret.Data["name"]), Project: string(secret.Data["project"]),
	}
	if d.Server == "" {
		return Destination{}, fmt.Errorf("the Secret %s: server is missing", secret.Name)
	}
	for name := range strings.SplitSeq(string(secret.Data["namespaces"]), ",") {
		if name = strings.TrimSpace(name); name != "" && !slices.Contains(d.Namespaces, name) {
			d.Namespaces = append(d.Namespaces, name)
		}
	}
	slices.Sort(d.Namespaces)
	d.ClusterResources = len(d.Namespaces) == 0
	if says := strings.TrimSpace(string(secret.Data["clusterResources"])); says != "" && !d.ClusterResources {
		value, err := strconv.ParseBool(says)
		if err != nil {
			return Destination{}, fmt.Errorf("the Secret %s: clusterResources is neither true nor false", secret.Name)
		}
		d.ClusterResources = value
	}
	config, credentials, err := readConfig(d.Server, secret.Data["config"])
	if err != nil {
		return Destination{}, fmt.Errorf("the Secret %s: %w", secret.Name, err)
	}
	if d.Server == InClusterServer && !credentials {
		return own(inCluster, d)
	}
	d.config = config
	// What a Secret says decides which cache is used. Where two namespaces hold the same credentials, they share it.
	d.version = digest(d.Server, string(secret.Data["config"]), strings.Join(d.Namespaces, ","), strconv.FormatBool(d.ClusterResources))
	return d, nil
}

// own is the cluster in which we run, by our own credentials.
func own(inCluster *rest.Config, d Destination) (Destination, error) {
	if inCluster == nil {
		return Destination{}, errors.New("the cluster in which the server runs is not to be used as a destination")
	}
	d.Own, d.config = true, rest.CopyConfig(inCluster)
	d.version = digest("own", inCluster.Host, strings.Join(d.Namespaces, ","), strconv.FormatBool(d.ClusterResources))
	return d, nil
}

// Permits tells whether objects of a namespace (empty: of the whole cluster) may be used. The error says why not.
func (d Destination) Permits(namespace string) error {
	switch {
	case len(d.Namespaces) == 0:
	case namespace == "" && !d.ClusterResources:
		return fmt.Errorf("cluster %s is set up without cluster-scoped objects", d.label())
	case namespace != "" && !slices.Contains(d.Namespaces, namespace):
		return fmt.Errorf("cluster %s is set up without namespace %s", d.label(), namespace)
	}
	return nil
}

// label names the cluster for people.
func (d Destination) label() string {
	if d.Name != "" {
		return d.Name
	}
	return d.Server
}

func trimServer(server string) string { return strings.TrimRight(strings.TrimSpace(server), "/") }

func quoteEither(server, name string) string {
	if server != "" {
		return strconv.Quote(server)
	}
	return strconv.Quote(name)
}

// digest is one text for several, which says nothing of them.
func digest(parts ...string) string {
	sum := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(sum, "%d:%s,", len(part), part)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
