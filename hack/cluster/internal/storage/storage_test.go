// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes/fake"
)

func TestVolumesComeAndGoWithTheirClaims(t *testing.T) {
	class, other := "standard", "elsewhere"
	claim := func(name, uid string, class *string) *corev1.PersistentVolumeClaim {
		return &corev1.PersistentVolumeClaim{
			ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, UID: "uid-" + "1"},
			Spec: corev1.PersistentVolumeClaimSpec{
				StorageClassName: class,
				AccessModes:      []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
				Resources:        corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
			},
		}
	}
	foreign := claim("foreign", "2", &other)
	foreign.UID = "uid-2"
	client := fake.NewClientset(
		&storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: class}, Provisioner: Name},
		&storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: other}, Provisioner: "somebody"},
		claim("data", "1", &class), foreign,
	)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	dir := t.TempDir()
	go func() { ended <- (&Provisioner{Client: client, Dir: dir, Node: "n1"}).Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	}()
	eventually := func(what string, done func() (bool, error)) {
		t.Helper()
		err := wait.PollUntilContextTimeout(ctx, 5*time.Millisecond, 10*time.Second, true, func(context.Context) (bool, error) { return done() })
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}

	volumes := client.CoreV1().PersistentVolumes()
	var volume *corev1.PersistentVolume
	eventually("volume is made", func() (bool, error) {
		var err error
		volume, err = volumes.Get(ctx, "pvc-uid-1", metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return false, nil
		}
		return err == nil, err
	})
	path := filepath.Join(dir, "pvc-uid-1")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o777 {
		t.Errorf("directory of the volume: %v, %v", info, err)
	}
	if ref := volume.Spec.ClaimRef; ref.Name != "data" || ref.Namespace != "ns" || ref.UID != "uid-1" {
		t.Errorf("volume is for %+v", ref)
	}
	if size := volume.Spec.Capacity[corev1.ResourceStorage]; size.String() != "1Gi" {
		t.Errorf("volume has %s", size.String())
	}

	volume.Status.Phase = corev1.VolumeReleased
	if _, err := volumes.UpdateStatus(ctx, volume, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually("volume is deleted", func() (bool, error) {
		_, err := volumes.Get(ctx, "pvc-uid-1", metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return true, nil
		}
		return false, err
	})
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the volume's data is left: %v", err)
	}
	list, err := volumes.List(ctx, metav1.ListOptions{})
	if err != nil || len(list.Items) != 0 {
		t.Errorf("volumes left or made for another provisioner: %v, %v", list, err)
	}
}

// Only directories of the provisioner may ever be deleted, whatever a volume says.
func TestForeignDirectoryIsNotDeleted(t *testing.T) {
	outside := t.TempDir()
	p := &Provisioner{Client: fake.NewClientset(), Dir: t.TempDir()}
	err := p.reclaim(context.Background(), &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: "evil", Annotations: map[string]string{provisionedBy: Name}},
		Spec: corev1.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimDelete,
			PersistentVolumeSource:        corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: outside}},
		},
		Status: corev1.PersistentVolumeStatus{Phase: corev1.VolumeReleased},
	})
	if err == nil {
		t.Error("a foreign directory was accepted")
	}
	if _, err := os.Stat(outside); err != nil {
		t.Errorf("a foreign directory was deleted: %v", err)
	}
}
