// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	runtime "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// Runtime is a connection to the container runtime.
type Runtime struct{ conn *grpc.ClientConn }

// Connect connects to the runtime at a Unix socket; whether it answers shows
// with the first call.
func Connect(socket string) (*Runtime, error) {
	conn, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, fmt.Errorf("connecting to the container runtime: %w", err)
	}
	return &Runtime{conn: conn}, nil
}

// Close ends the connection.
func (r *Runtime) Close() error { return r.conn.Close() }

// Ready returns nil if the runtime can run pods, its network included.
func (r *Runtime) Ready(ctx context.Context) error {
	status, err := runtime.NewRuntimeServiceClient(r.conn).Status(ctx, &runtime.StatusRequest{})
	if err != nil {
		return fmt.Errorf("container runtime: %w", err)
	}
	for _, c := range status.GetStatus().GetConditions() {
		if !c.GetStatus() {
			return fmt.Errorf("container runtime: %s: %s", c.GetReason(), c.GetMessage())
		}
	}
	return nil
}

// Images returns the references of the images that pods can use.
func (r *Runtime) Images(ctx context.Context) (map[string]bool, error) {
	list, err := runtime.NewImageServiceClient(r.conn).ListImages(ctx, &runtime.ListImagesRequest{})
	if err != nil {
		return nil, fmt.Errorf("listing images: %w", err)
	}
	refs := map[string]bool{}
	for _, image := range list.GetImages() {
		for _, ref := range image.GetRepoTags() {
			refs[ref] = true
		}
	}
	return refs, nil
}

// removers is how many pods are removed at a time.
const removers = 8

// RemovePods stops and removes every pod with its containers, network namespace
// and address, and returns how many there were.
func (r *Runtime) RemovePods(ctx context.Context) (int, error) {
	client := runtime.NewRuntimeServiceClient(r.conn)
	list, err := client.ListPodSandbox(ctx, &runtime.ListPodSandboxRequest{})
	if err != nil {
		return 0, fmt.Errorf("listing pods: %w", err)
	}
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		errs []error
		free = make(chan struct{}, removers)
	)
	for _, sandbox := range list.GetItems() {
		wg.Add(1)
		free <- struct{}{}
		go func() {
			defer func() { <-free; wg.Done() }()
			if err := removePod(ctx, client, sandbox.GetId()); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
		}()
	}
	wg.Wait()
	return len(list.GetItems()), errors.Join(errs...)
}

func removePod(ctx context.Context, client runtime.RuntimeServiceClient, id string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	_, stopErr := client.StopPodSandbox(ctx, &runtime.StopPodSandboxRequest{PodSandboxId: id})
	// Removing also stops by force, so a failed stop matters only if this fails too.
	if _, err := client.RemovePodSandbox(ctx, &runtime.RemovePodSandboxRequest{PodSandboxId: id}); err != nil {
		return fmt.Errorf("removing pod %s: %w", id, errors.Join(stopErr, err))
	}
	return nil
}
