// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/tools/cache"

	"argosy.dev/argosy/apis/raw"
	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/controller/loop"
	"argosy.dev/argosy/pkg/rollout"
	"argosy.dev/argosy/pkg/rollout/traffic"
)

// view is what the core is shown of the world, and until when it is good.
type view struct {
	rollout.World
	// again is after which time to look again without an event; zero: not at all.
	again time.Duration
}

// observe collects the world as the core sees it.
func (c *Controller) observe(ctx context.Context, ro *rov1.Rollout, m *memory) (*view, error) {
	v := &view{World: rollout.World{Now: c.config.Clock.Now()}}
	refs := sets.New[traffic.Ref]()
	c.named.add(keyOf(ro))
	name := func(ref traffic.Ref) {
		refs.Insert(ref)
		c.named.add(keyOf(ro), ref)
	}
	err := errors.Join(
		c.observeWorkload(ctx, ro, v, name),
		c.observeRoutes(ctx, ro, m, v, name),
		c.observeServices(ro, m, v, name),
		c.observeTemplates(ro, v, name),
		c.observeRuns(ro, m, v),
	)
	if err == nil {
		err = c.observeReplicaSets(ctx, ro, m, v)
	}
	if err != nil {
		return nil, err
	}
	c.named.keep(keyOf(ro), refs)
	return v, nil
}

// behind notes that a cache has yet to show what was written: its events come first, this only bounds the wait.
func (v *view) behind(behind bool) {
	if behind {
		v.again = loop.Sooner(v.again, lookAgain)
	}
}

func (c *Controller) observeServices(ro *rov1.Rollout, m *memory, v *view, name func(traffic.Ref)) error {
	v.Services = map[string]*corev1.Service{}
	for _, service := range rollout.Services(ro) {
		name(serviceRef(ro.Namespace, service))
	}
	seen := c.services.GetStore().LastStoreSyncResourceVersion()
	for _, service := range rollout.Services(ro) {
		object, there, err := c.services.GetStore().GetByKey(ro.Namespace + "/" + service)
		if err != nil {
			return fmt.Errorf("looking up Service %s: %w", service, err)
		}
		if there {
			v.Services[service] = object.(*corev1.Service)
		}
	}
	v.behind(m.services.Apply(v.Services, seen))
	return nil
}

// observeTemplates collects the templates that the rollout names, and those that they name in turn.
func (c *Controller) observeTemplates(ro *rov1.Rollout, v *view, name func(traffic.Ref)) error {
	v.AnalysisTemplates = map[string]*rov1.AnalysisTemplate{}
	v.ClusterAnalysisTemplates = map[string]*rov1.ClusterAnalysisTemplate{}
	looked := sets.New[traffic.Ref]()
	for wanted := slices.Clone(rollout.TemplateRefs(ro)); len(wanted) > 0; wanted = wanted[1:] {
		ref := wanted[0]
		namespace := ro.Namespace
		if ref.GetClusterScope() {
			namespace = ""
		}
		named := templateRef(namespace, ref.TemplateName)
		if looked.Has(named) {
			continue
		}
		looked.Insert(named)
		name(named)
		if namespace == "" {
			template, err := c.clusterTemplates.Get(ref.TemplateName)
			if err == nil {
				v.ClusterAnalysisTemplates[ref.TemplateName] = template
				wanted = append(wanted, template.Spec.Templates...)
			} else if !apierrors.IsNotFound(err) {
				return fmt.Errorf("looking up ClusterAnalysisTemplate %s: %w", ref.TemplateName, err)
			}
			continue
		}
		template, err := c.templates.AnalysisTemplates(ro.Namespace).Get(ref.TemplateName)
		if err == nil {
			v.AnalysisTemplates[ref.TemplateName] = template
			wanted = append(wanted, template.Spec.Templates...)
		} else if !apierrors.IsNotFound(err) {
			return fmt.Errorf("looking up AnalysisTemplate %s: %w", ref.TemplateName, err)
		}
	}
	return nil
}

func (c *Controller) observeRuns(ro *rov1.Rollout, m *memory, v *view) error {
	runs, seen, err := controlled[*rov1.AnalysisRun](c.runs, ro.UID)
	if err != nil {
		return fmt.Errorf("looking up analysis runs: %w", err)
	}
	v.behind(m.runs.Apply(runs, seen))
	v.AnalysisRuns = sorted(runs)
	return nil
}

// observeReplicaSets collects the ReplicaSets that the rollout controls, with orphans that it adopts, and their pods.
func (c *Controller) observeReplicaSets(ctx context.Context, ro *rov1.Rollout, m *memory, v *view) error {
	replicaSets, seen, err := controlled[*appsv1.ReplicaSet](c.replicaSets, ro.UID)
	if err != nil {
		return fmt.Errorf("looking up ReplicaSets: %w", err)
	}
	if err := c.adopt(ctx, ro, m, v.Workload); err != nil {
		return err
	}
	v.behind(m.replicaSets.Apply(replicaSets, seen))
	v.ReplicaSets = sorted(replicaSets)
	v.Pods = map[types.UID][]*corev1.Pod{}
	pods := map[string]*corev1.Pod{}
	seen = c.pods.GetStore().LastStoreSyncResourceVersion()
	for _, set := range v.ReplicaSets {
		found, _, err := controlled[*corev1.Pod](c.pods, set.UID)
		if err != nil {
			return fmt.Errorf("looking up pods: %w", err)
		}
		for name, pod := range found {
			pods[name] = pod
		}
	}
	v.behind(m.pods.Apply(pods, seen))
	for _, pod := range sorted(pods) {
		if owner := metav1.GetControllerOf(pod); owner != nil {
			v.Pods[owner.UID] = append(v.Pods[owner.UID], pod)
		}
	}
	return nil
}

// adopt takes over ReplicaSets without a controller that the rollout selects, such as those that "kubectl delete
// --cascade=orphan" has left.
func (c *Controller) adopt(ctx context.Context, ro *rov1.Rollout, m *memory, workload *rollout.Workload) error {
	objects, err := c.replicaSets.GetIndexer().ByIndex(orphans, ro.Namespace)
	if err != nil || len(objects) == 0 {
		return err
	}
	selector, err := selectorOf(ro, workload)
	if err != nil || selector == nil || selector.Empty() {
		return nil // the core says what is wrong with the spec
	}
	for _, object := range objects {
		set := object.(*appsv1.ReplicaSet)
		if set.DeletionTimestamp != nil || !selector.Matches(labels.Set(set.Labels)) {
			continue
		}
		// A rollout that is being deleted takes all that it owns along: the cache may not know that it is.
		fresh, err := c.config.Argosy.RolloutV1alpha1().Rollouts(ro.Namespace).Get(ctx, ro.Name, metav1.GetOptions{})
		if err != nil {
			return fmt.Errorf("making sure that the rollout is still there: %w", err)
		}
		if fresh.UID != ro.UID || fresh.DeletionTimestamp != nil {
			return errors.New("the rollout is gone, or going")
		}
		owner := *metav1.NewControllerRef(ro, rov1.SchemeGroupVersion.WithKind("Rollout"))
		patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
			"uid": set.UID, "resourceVersion": set.ResourceVersion,
			"ownerReferences": append(slices.Clone(set.OwnerReferences), owner),
		}})
		if err != nil {
			return fmt.Errorf("adopting ReplicaSet %s: %w", set.Name, err)
		}
		adopted, err := c.config.Cluster.AppsV1().ReplicaSets(set.Namespace).Patch(ctx, set.Name, types.MergePatchType, patch, metav1.PatchOptions{})
		switch {
		case err == nil:
			m.replicaSets.Wrote(set.Name, adopted)
		case !apierrors.IsNotFound(err) && !apierrors.IsConflict(err): // else the cache will say what it is now
			return fmt.Errorf("adopting ReplicaSet %s: %w", set.Name, err)
		}
	}
	return nil
}

// selectorOf returns what selects the rollout's ReplicaSets: the spec's selector, or the workload's. Nil: there is none.
func selectorOf(ro *rov1.Rollout, workload *rollout.Workload) (labels.Selector, error) {
	selector := ro.Spec.Selector
	if selector == nil && workload != nil && len(workload.Selector.Raw) > 0 {
		selector = &metav1.LabelSelector{}
		if err := json.Unmarshal(workload.Selector.Raw, selector); err != nil {
			return nil, fmt.Errorf("selector of the workload: %w", err)
		}
	}
	if selector == nil {
		return nil, nil
	}
	return metav1.LabelSelectorAsSelector(selector)
}

func (c *Controller) observeWorkload(ctx context.Context, ro *rov1.Rollout, v *view, name func(traffic.Ref)) error {
	ref, ok := rollout.WorkloadRef(ro)
	if !ok {
		return nil
	}
	name(ref)
	object, _, err := c.others.get(ctx, ref)
	if err != nil || object == nil {
		return err
	}
	v.Workload, err = workloadOf(object)
	return err
}

// workloadOf reads a Deployment, a ReplicaSet or a PodTemplate.
func workloadOf(object *unstructured.Unstructured) (*rollout.Workload, error) {
	data, err := object.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("reading %s %s: %w", object.GetKind(), object.GetName(), err)
	}
	var fields struct {
		// Template is that of a PodTemplate.
		Template raw.PodTemplateSpec `json:"template"`
		Spec     *struct {
			Template raw.PodTemplateSpec `json:"template"`
			Selector raw.Object          `json:"selector"`
			Replicas *int32              `json:"replicas"`
		} `json:"spec"`
	}
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil, fmt.Errorf("reading %s %s: %w", object.GetKind(), object.GetName(), err)
	}
	workload := &rollout.Workload{UID: object.GetUID(), Generation: object.GetGeneration(), Template: fields.Template}
	if spec := fields.Spec; spec != nil {
		workload.Template, workload.Selector, workload.Replicas = spec.Template, spec.Selector, spec.Replicas
	}
	return workload, nil
}

func (c *Controller) observeRoutes(ctx context.Context, ro *rov1.Rollout, m *memory, v *view, name func(traffic.Ref)) error {
	refs := traffic.Refs(ro)
	if len(refs) == 0 {
		return nil
	}
	routes := map[traffic.Ref]*unstructured.Unstructured{}
	var oldest string
	for _, ref := range refs {
		name(ref)
		object, seen, err := c.others.get(ctx, ref)
		if errors.Is(err, errNotServed) {
			// The core sees that it is not there. Nothing tells when the cluster begins to serve it.
			v.again = loop.Sooner(v.again, rediscover)
			continue
		}
		if err != nil {
			return err
		}
		if object != nil {
			routes[ref] = object
		}
		if oldest == "" || loop.Newer(oldest, seen) {
			oldest = seen
		}
	}
	v.behind(m.routes.Apply(routes, oldest))
	v.Routes = routes
	return nil
}

// controlled returns the objects of a cache that have a controller, by name, and up to where the cache has seen changes,
// which is read first: what the store shows by then is in the index.
func controlled[T metav1.Object](informer cache.SharedIndexInformer, owner types.UID) (found map[string]T, seen string, err error) {
	seen = informer.GetStore().LastStoreSyncResourceVersion()
	objects, err := informer.GetIndexer().ByIndex(byOwner, string(owner))
	if err != nil {
		return nil, "", err
	}
	found = make(map[string]T, len(objects))
	for _, object := range objects {
		typed := object.(T)
		found[typed.GetName()] = typed
	}
	return found, seen, nil
}

// sorted returns objects in the order of their names, so that the core's answer does not depend on chance.
func sorted[T metav1.Object](objects map[string]T) []T {
	list := make([]T, 0, len(objects))
	for _, object := range objects {
		list = append(list, object)
	}
	slices.SortFunc(list, func(a, b T) int { return strings.Compare(a.GetName(), b.GetName()) })
	return list
}
