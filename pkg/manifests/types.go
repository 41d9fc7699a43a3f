// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/git"
	"argosy.dev/argosy/pkg/remote"
	"argosy.dev/argosy/pkg/render"
)

// Refresh says how new an answer must be.
type Refresh int

const (
	// Cached takes what is known of branches, tags and chart repositories, up to Request.Age.
	Cached Refresh = iota
	// Latest asks the repositories.
	Latest
	// Hard asks the repositories and renders anew.
	Hard
)

// Request asks for the manifests of an application.
type Request struct {
	// Application has the name, the namespace and the project.
	Application *appv1.Application
	// Sources are what is rendered, in order. They need not be those of the spec.
	Sources []appv1.ApplicationSource
	// Revisions are the commits or chart versions of the sources. Where one is missing or "", targetRevision is resolved.
	Revisions []string
	// Destination is the namespace that the manifests go to.
	Destination string
	// KubeVersion and APIVersions are those of the destination's cluster.
	KubeVersion string
	APIVersions []string
	// Refresh says how new the answer must be.
	Refresh Refresh
	// Age is how old what a Cached request goes by may be. Default: Config.Age.
	Age time.Duration
	// Settings are the administrator's for rendering.
	Settings render.Settings
	// Permits tells whether the project permits a repository: of the sources, which may be an operation's own, and of charts on
	// which their charts depend. Nil permits all.
	Permits func(repoURL string) bool
}

// Result are the manifests of an application.
type Result struct {
	// Revisions are the commits and chart versions of the sources.
	Revisions []string
	// Types are the tools that rendered them. "" is a source that is only referred to by others.
	Types []appv1.ApplicationSourceType
	// Objects are the objects of all sources, in order, with duplicates. They are shared and must not be changed.
	Objects []*unstructured.Unstructured
	// Digest changes if and only if Objects do.
	Digest string
	// Cached says that nothing was rendered.
	Cached bool
	// AsksKinds says that with other APIVersions there may be other objects.
	AsksKinds bool
}

// Credentials reads what users and administrators have set down in a namespace: from caches, since it is asked often. What
// it returns is not changed.
type Credentials interface {
	// Secrets are the Secrets of a namespace with the label argocd.argoproj.io/secret-type of the values repository and
	// repo-creds. There may be others among them.
	Secrets(namespace string) ([]*corev1.Secret, error)
	// ConfigMap is the data of a ConfigMap, nil if there is none: argocd-tls-certs-cm and argocd-ssh-known-hosts-cm.
	ConfigMap(namespace, name string) (map[string]string, error)
}

// Renderer renders a source: see render.Renderer.
type Renderer interface {
	Render(ctx context.Context, req render.Request, trees render.Trees) (*render.Result, error)
}

// Config says what a Generator works with.
type Config struct {
	// Store holds Git repositories. Its owner closes it.
	Store *git.Store
	// Renderer renders.
	Renderer Renderer
	// Credentials are the Secrets and ConfigMaps.
	Credentials Credentials
	// Tokens gets tokens for credentials that have to be exchanged for one. Nil: such cannot be used.
	Tokens *remote.Tokens
	// AllowLocal allows chart repositories and values on this machine or its link.
	AllowLocal bool
	// Age is how old the list of a repository's refs or charts may be for a Cached request. Default: 3 min.
	Age time.Duration
	// Memory is how many bytes of rendered objects are kept, by estimate. Default: 256 MiB.
	Memory int64
	// Charts is how many bytes of unpacked charts are kept. Default: 64 MiB.
	Charts int64
	// Now is the clock. Default: time.Now.
	Now func() time.Time
}

// Counters say what a Generator has done since it began.
type Counters struct {
	// Renders is how often the renderer was called and made manifests, Hits how often kept ones served.
	Renders, Hits int64
	// Looks is how many hashes were compared for that.
	Looks int64
}
