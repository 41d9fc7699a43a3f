// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"argosy.dev/argosy/hack/cluster/internal/config"
)

// ensureFakeNodes makes sure that there are that many fake nodes, kept alive by
// kwok; a negative number keeps those that there are.
func (c *Cluster) ensureFakeNodes(ctx context.Context, client kubernetes.Interface, want int) error {
	list, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{LabelSelector: config.FakeNodeLabel})
	if err != nil {
		return fmt.Errorf("listing fake nodes: %w", err)
	}
	if want < 0 {
		want = len(list.Items)
	}
	keep := map[string]bool{}
	for i := range want {
		keep[fmt.Sprintf("fake-%04d", i)] = true
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(16)
	for _, n := range list.Items {
		if keep[n.Name] {
			delete(keep, n.Name)
			continue
		}
		group.Go(func() error {
			err := client.CoreV1().Nodes().Delete(groupCtx, n.Name, metav1.DeleteOptions{})
			if err != nil && !apierrors.IsNotFound(err) {
				return fmt.Errorf("deleting fake node: %w", err)
			}
			return nil
		})
	}
	for name := range keep {
		group.Go(func() error {
			_, err := client.CoreV1().Nodes().Create(groupCtx, fakeNode(name), metav1.CreateOptions{})
			if err != nil && !apierrors.IsAlreadyExists(err) {
				return fmt.Errorf("creating fake node: %w", err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if want == 0 {
		return c.table.Stop(ctx, config.FakeNodes, grace)
	}
	if _, err := os.Stat(c.layout.Bin("kwok")); err != nil {
		return errors.New("fake nodes need kwok: run hack/cluster/build.sh kwok")
	}
	if err := c.component(ctx, config.FakeNodes, answers("http://127.0.0.1:"+config.FakeNodesPort+"/healthz")); err != nil {
		return err
	}
	last := fmt.Sprintf("fake-%04d", want-1)
	if err := wait(ctx, "fake nodes", fakeNodeReady(client, last), startTimeout); err != nil {
		return err
	}
	c.say("%d fake nodes are ready", want)
	return nil
}

// fakeNode is a node that only pods which tolerate it are put on.
func fakeNode(name string) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name:        name,
			Annotations: map[string]string{"kwok.x-k8s.io/node": "fake"},
			Labels: map[string]string{
				config.FakeNodeLabel:   "fake",
				corev1.LabelHostname:   name,
				corev1.LabelOSStable:   "linux",
				corev1.LabelArchStable: "amd64",
				"kubernetes.io/role":   "agent",
			},
		},
		Spec: corev1.NodeSpec{Taints: []corev1.Taint{{Key: config.FakeNodeLabel, Value: "fake", Effect: corev1.TaintEffectNoSchedule}}},
	}
}

func fakeNodeReady(client kubernetes.Interface, name string) check {
	return func(ctx context.Context) error {
		n, err := client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, cond := range n.Status.Conditions {
			if cond.Type == corev1.NodeReady && cond.Status == corev1.ConditionTrue {
				return nil
			}
		}
		return fmt.Errorf("node %s is not ready", name)
	}
}
