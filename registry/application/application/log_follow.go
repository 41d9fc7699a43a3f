// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"

	"argosy.dev/argosy/registry/resource/podlog"
)

// maxFollowed is how many logs one request follows at a time. Further pods wait for their turn.
const maxFollowed = 128

// run is a container from one start to its end: what has a log.
type run struct {
	pod      types.UID
	restarts int32
}

// follow reads the logs of all pods, those that are there and those that come,
// and those of containers that start again, until the application is gone.
func (l *logStream) follow(ctx context.Context, m *podlog.Merger) {
	// Watched first, read afterwards: nothing is missed between.
	changed, err := l.live.Watch(ctx, l.app)
	if err != nil {
		m.Note(ctx, fmt.Sprintf("pods that come cannot be seen: %v", told(l.app, err)))
		return
	}
	seen, slots := map[run]bool{}, make(chan struct{}, maxFollowed)
	for {
		if err := l.offer(ctx, m, seen, slots); err != nil {
			if ctx.Err() == nil {
				m.Note(ctx, fmt.Sprintf("the pods cannot be listed: %v", told(l.app, err)))
			}
			return
		}
		select {
		case <-ctx.Done():
			return
		case _, more := <-changed:
			if !more {
				return
			}
		}
	}
}

// offer starts reading the logs that are not being read yet.
func (l *logStream) offer(ctx context.Context, m *podlog.Merger, seen map[run]bool, slots chan struct{}) error {
	pods, err := l.live.Pods(ctx, l.app)
	if err != nil {
		return err
	}
	there, now := map[run]bool{}, l.wanted(pods.Pods)
	for i := range now {
		pod := &now[i]
		container := l.container(pod)
		this := run{pod: pod.UID}
		if s := podlog.ContainerStatus(&pod.Pod, container); s != nil {
			this.restarts = s.RestartCount
		}
		there[this] = true
		if seen[this] || podlog.NotStarted(&pod.Pod, container) != "" {
			continue
		}
		seen[this] = true
		m.Start(func(ctx context.Context, m *podlog.Merger) {
			select {
			case slots <- struct{}{}:
				defer func() { <-slots }()
				l.readPod(ctx, m, pod)
			case <-ctx.Done():
			}
		})
	}
	for old := range seen {
		if !there[old] {
			delete(seen, old) // it does not come back
		}
	}
	return nil
}
