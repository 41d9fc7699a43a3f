// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package storage is the provisioner of the cluster's default storage class: a
// directory of the node for each claim, deleted with it. Sizes are not
// enforced.
package storage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

// Name is the provisioner that storage classes name.
const Name = "argosy.dev/local"

const provisionedBy = "pv.kubernetes.io/provisioned-by"

// Provisioner makes volumes below Dir on the node called Node.
type Provisioner struct {
	Client kubernetes.Interface
	Dir    string
	Node   string

	informers informers.SharedInformerFactory
	queue     workqueue.TypedRateLimitingInterface[string]
}

// Run provisions and deletes until ctx ends.
func (p *Provisioner) Run(ctx context.Context) error {
	p.informers = informers.NewSharedInformerFactory(p.Client, 0)
	// Retries are quick: a test waits for its volume.
	p.queue = workqueue.NewTypedRateLimitingQueue(workqueue.NewTypedItemExponentialFailureRateLimiter[string](50*time.Millisecond, 10*time.Second))
	defer p.queue.ShutDown()
	var synced []cache.InformerSynced
	watched := map[string]cache.SharedIndexInformer{
		"claim":  p.informers.Core().V1().PersistentVolumeClaims().Informer(),
		"volume": p.informers.Core().V1().PersistentVolumes().Informer(),
	}
	for kind, informer := range watched {
		registration, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(o any) { p.enqueue(kind, o) },
			UpdateFunc: func(_, o any) { p.enqueue(kind, o) },
		})
		if err != nil {
			return fmt.Errorf("watching %ss: %w", kind, err)
		}
		synced = append(synced, registration.HasSynced)
	}
	classes := p.informers.Storage().V1().StorageClasses().Informer()
	synced = append(synced, classes.HasSynced)
	p.informers.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), synced...) {
		return ctx.Err()
	}
	go func() { <-ctx.Done(); p.queue.ShutDown() }()
	for {
		item, stopped := p.queue.Get()
		if stopped {
			return nil
		}
		if err := p.handle(ctx, item); err != nil {
			slog.Error("will try again", "item", item, "error", err)
			p.queue.AddRateLimited(item)
		} else {
			p.queue.Forget(item)
		}
		p.queue.Done(item)
	}
}

func (p *Provisioner) enqueue(kind string, object any) {
	if key, err := cache.MetaNamespaceKeyFunc(object); err == nil {
		p.queue.Add(kind + ":" + key)
	}
}

func (p *Provisioner) handle(ctx context.Context, item string) error {
	kind, key, _ := strings.Cut(item, ":")
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return fmt.Errorf("key %q: %w", key, err)
	}
	if kind == "claim" {
		claim, err := p.informers.Core().V1().PersistentVolumeClaims().Lister().PersistentVolumeClaims(namespace).Get(name)
		if err != nil {
			return ignoreNotFound(err)
		}
		return p.provision(ctx, claim)
	}
	volume, err := p.informers.Core().V1().PersistentVolumes().Lister().Get(name)
	if err != nil {
		return ignoreNotFound(err)
	}
	return p.reclaim(ctx, volume)
}

// provision makes a volume for a claim that waits for one of ours.
func (p *Provisioner) provision(ctx context.Context, claim *corev1.PersistentVolumeClaim) error {
	if claim.Spec.VolumeName != "" || claim.DeletionTimestamp != nil || claim.Spec.StorageClassName == nil {
		return nil
	}
	class, err := p.informers.Storage().V1().StorageClasses().Lister().Get(*claim.Spec.StorageClassName)
	if err != nil || class.Provisioner != Name {
		return ignoreNotFound(err)
	}
	volume := newVolume(claim, p.Dir, p.Node)
	path := volume.Spec.HostPath.Path
	if err := os.MkdirAll(path, 0o777); err != nil {
		return fmt.Errorf("making volume: %w", err)
	}
	// Any user of any pod may write, as with the usual provisioners; the
	// process's umask must not have a say.
	if err := os.Chmod(path, 0o777); err != nil {
		return fmt.Errorf("making volume: %w", err)
	}
	if _, err := p.Client.CoreV1().PersistentVolumes().Create(ctx, volume, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("creating volume: %w", err)
	}
	return nil
}

// newVolume is the volume of a claim: its name follows from the claim's, so
// that a second try finds the first one's.
func newVolume(claim *corev1.PersistentVolumeClaim, dir, node string) *corev1.PersistentVolume {
	name := "pvc-" + string(claim.UID)
	pathType := corev1.HostPathDirectoryOrCreate
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{provisionedBy: Name}},
		Spec: corev1.PersistentVolumeSpec{
			Capacity:                      corev1.ResourceList{corev1.ResourceStorage: claim.Spec.Resources.Requests[corev1.ResourceStorage]},
			AccessModes:                   claim.Spec.AccessModes,
			VolumeMode:                    claim.Spec.VolumeMode,
			PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimDelete,
			StorageClassName:              *claim.Spec.StorageClassName,
			ClaimRef: &corev1.ObjectReference{APIVersion: "v1", Kind: "PersistentVolumeClaim",
				Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID},
			PersistentVolumeSource: corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{
				Path: filepath.Join(dir, name), Type: &pathType}},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
				MatchExpressions: []corev1.NodeSelectorRequirement{{
					Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{node}}}}}}},
		},
	}
}

// reclaim deletes one of our volumes, with its data, when its claim is gone.
func (p *Provisioner) reclaim(ctx context.Context, volume *corev1.PersistentVolume) error {
	if volume.Annotations[provisionedBy] != Name || volume.Status.Phase != corev1.VolumeReleased ||
		volume.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimDelete || volume.Spec.HostPath == nil {
		return nil
	}
	path := volume.Spec.HostPath.Path
	if filepath.Dir(path) != filepath.Clean(p.Dir) {
		return errors.New("volume " + volume.Name + " is not below " + p.Dir)
	}
	if err := os.RemoveAll(path); err != nil {
		return fmt.Errorf("deleting volume: %w", err)
	}
	return ignoreNotFound(p.Client.CoreV1().PersistentVolumes().Delete(ctx, volume.Name, metav1.DeleteOptions{}))
}

func ignoreNotFound(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
