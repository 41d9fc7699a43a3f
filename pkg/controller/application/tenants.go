// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/settings"
	"argosy.dev/argosy/pkg/cluster"
	"argosy.dev/argosy/pkg/controller/loop"
	"argosy.dev/argosy/pkg/manifests"
)

const (
	// firstList is how long a look at an application waits for the first list of its namespace's Secrets.
	firstList = 10 * time.Second
	// partOf selects the ConfigMaps with settings, as the peer does.
	partOf = "app.kubernetes.io/part-of=argocd"
)

// defaults are the settings of namespaces that have none.
var defaults = settings.Default()

// tenants holds, for each namespace that has applications, the Secrets of repositories and clusters and the ConfigMaps
// with settings. They are read as the service account of that namespace, never as the server: an account that may not read
// Secrets there has none.
type tenants struct {
	config  *rest.Config
	account string
	// changed is told when something of a namespace has.
	changed func(namespace string)

	context context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
	mu      sync.Mutex
	of      map[string]*tenant
}

// tenant is one namespace.
type tenant struct {
	namespace string
	secrets   cache.SharedIndexInformer
	settings  cache.SharedIndexInformer
	// known is closed when the first lists are there, or refused.
	known chan struct{}

	mu sync.Mutex
	// version is that of the ConfigMap that read, and what is wrong with it, come from.
	version string
	read    *settings.Settings
	wrong   []settings.Problem
	// denied is why one of the lists was refused.
	denied error
	// refused is closed then.
	refused chan struct{}
}

func newTenants(config *rest.Config, account string, changed func(namespace string)) *tenants {
	ctx, cancel := context.WithCancel(context.Background())
	return &tenants{config: config, account: account, changed: changed, context: ctx, cancel: cancel, of: map[string]*tenant{}}
}

// Start implements loop.Factory. Nothing is needed before a namespace has an application.
func (t *tenants) Start(stop <-chan struct{}) {
	t.running.Go(func() {
		<-stop
		t.cancel()
	})
}

// Shutdown implements loop.Factory.
func (t *tenants) Shutdown() {
	t.cancel()
	t.running.Wait()
}

// get returns what a namespace has, which it begins to watch if need be.
func (t *tenants) get(ctx context.Context, namespace string) (*tenant, error) {
	one, err := t.begin(namespace)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, firstList)
	defer cancel()
	select {
	case <-one.known:
		return one, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("the Secrets and settings of namespace %s cannot be read now: %w", namespace, ctx.Err())
	}
}

// begin returns the tenant, which it begins to watch if it is new.
func (t *tenants) begin(namespace string) (*tenant, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if one := t.of[namespace]; one != nil {
		return one, nil
	}
	if err := t.context.Err(); err != nil {
		return nil, err
	}
	config, err := cluster.Impersonated(t.config, cluster.ServiceAccount(namespace, t.account))
	if err != nil {
		return nil, fmt.Errorf("namespace %s: %w", namespace, err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("client for namespace %s: %w", namespace, err)
	}
	one := &tenant{namespace: namespace, known: make(chan struct{}), refused: make(chan struct{})}
	one.secrets = one.inform(client, appv1.LabelSecretType, func(f informers.SharedInformerFactory) cache.SharedIndexInformer {
		return f.Core().V1().Secrets().Informer()
	})
	one.settings = one.inform(client, partOf, func(f informers.SharedInformerFactory) cache.SharedIndexInformer {
		return f.Core().V1().ConfigMaps().Informer()
	})
	var synced []cache.InformerSynced
	for _, informer := range []cache.SharedIndexInformer{one.secrets, one.settings} {
		if err := informer.SetTransform(loop.DropManagedFields); err != nil {
			return nil, fmt.Errorf("watching namespace %s: %w", namespace, err)
		}
		if err := informer.SetWatchErrorHandler(one.failed); err != nil {
			return nil, fmt.Errorf("watching namespace %s: %w", namespace, err)
		}
		if err := loop.On(informer, func(metav1.Object) { t.changed(namespace) }); err != nil {
			return nil, fmt.Errorf("namespace %s: %w", namespace, err)
		}
		synced = append(synced, informer.HasSynced)
		t.running.Go(func() { informer.Run(t.context.Done()) })
	}
	t.running.Go(func() {
		defer close(one.known)
		cache.WaitForCacheSync(either(t.context.Done(), one.refused), synced...)
	})
	t.of[namespace] = one
	return one, nil
}

// inform returns the informer of one resource of the namespace.
func (t *tenant) inform(client kubernetes.Interface, selector string, of func(informers.SharedInformerFactory) cache.SharedIndexInformer) cache.SharedIndexInformer {
	return of(informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(t.namespace),
		informers.WithTweakListOptions(func(o *metav1.ListOptions) { o.LabelSelector = selector })))
}

// failed notes that a list was refused. It is tried again, less often each time, and its event makes it known if it
// works.
func (t *tenant) failed(r *cache.Reflector, err error) {
	if !apierrors.IsForbidden(err) {
		cache.DefaultWatchErrorHandler(context.Background(), r, err)
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.denied == nil {
		close(t.refused)
	}
	t.denied = err
}

// mayNot says what the namespace's account may not read; nil if it may all, or may by now.
func (t *tenant) mayNot() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.secrets.HasSynced() && t.settings.HasSynced() {
		return nil
	}
	return t.denied
}

// secretsOf returns the Secrets of the given types (values of the label secret-type). They must not be changed.
func (t *tenant) secretsOf(types ...string) []*corev1.Secret {
	var out []*corev1.Secret
	wanted := sets.New(types...)
	for _, object := range t.secrets.GetStore().List() {
		if secret := object.(*corev1.Secret); wanted.Has(secret.Labels[appv1.LabelSecretType]) {
			out = append(out, secret)
		}
	}
	return out
}

// setting returns a ConfigMap with settings, nil if there is none. It must not be changed.
func (t *tenant) setting(name string) *corev1.ConfigMap {
	object, there, err := t.settings.GetStore().GetByKey(t.namespace + "/" + name)
	if err != nil || !there {
		return nil
	}
	return object.(*corev1.ConfigMap)
}

// parsed returns what the namespace's ConfigMap argocd-cm says, and what is wrong with it.
func (t *tenant) parsed() (*settings.Settings, []settings.Problem) {
	says := t.setting(settings.ConfigMap)
	if says == nil {
		return defaults, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.read == nil || t.version != says.ResourceVersion {
		t.read, t.wrong = settings.Parse(says.Data)
		t.version = says.ResourceVersion
	}
	return t.read, t.wrong
}

// either is closed when one of the two is.
func either(a, b <-chan struct{}) <-chan struct{} {
	out := make(chan struct{})
	go func() {
		defer close(out)
		select {
		case <-a:
		case <-b:
		}
	}()
	return out
}

// Secrets implements manifests.Credentials.
func (t *tenants) Secrets(namespace string) ([]*corev1.Secret, error) {
	one, err := t.begin(namespace)
	if err != nil {
		return nil, err
	}
	return one.secretsOf(manifests.SecretTypeRepository, manifests.SecretTypeRepositoryCredentials), nil
}

// ConfigMap implements manifests.Credentials.
func (t *tenants) ConfigMap(namespace, name string) (map[string]string, error) {
	one, err := t.begin(namespace)
	if err != nil {
		return nil, err
	}
	if found := one.setting(name); found != nil {
		return found.Data, nil
	}
	return nil, nil
}
