// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application"
	"argosy.dev/argosy/pkg/application/diff"
	"argosy.dev/argosy/pkg/application/health"
	"argosy.dev/argosy/pkg/application/object"
	"argosy.dev/argosy/pkg/cluster"
)

// dryRuns is how many dry runs one look asks for at once.
const dryRuns = 8

// known is what earlier looks have found out of one application's objects. What an object and its manifest were is part
// of the keys, so an answer is never out of date. It is safe for concurrent use.
type known struct {
	mu       sync.Mutex
	modified map[object.Key]verdict
	healths  map[types.UID]judged
	made     []made
}

// verdict says whether an object differs if it is applied in a way, for one fingerprint of it and its manifest. The same
// manifest and the same version have the same fingerprint, which need not be computed then.
type verdict struct {
	mode        cluster.Mode
	target      *unstructured.Unstructured
	version     string
	fingerprint string
	modified    bool
	// guessed is when the server was asked and did not say what would become of the object, and rejected why, if it would
	// refuse it. Such a verdict counts for a while only: what was refused may be let in with nothing changed in the object.
	guessed  time.Time
	rejected string
}

// guessKept is how long a verdict counts that the server had no part in: it is not asked about the same at every look.
const guessKept = 30 * time.Second

// made are manifests that were made ready. They are made anew only when they change, or what the cluster says of their kinds.
type made struct {
	digest  string
	kinds   *cluster.Kinds
	scopes  map[schema.GroupVersionKind]scope
	targets application.Targets
}

// scope says whether objects of a kind are in namespaces, if that is known.
type scope struct{ namespaced, known bool }

// madeKept is how many are kept: of what the application wants, and of what an operation syncs.
const madeKept = 2

// judged is how an object was, at one version of it, and why that could not be found out.
type judged struct {
	version string
	health  *appv1.HealthStatus
	err     error
}

func newKnown() *known {
	return &known{modified: map[object.Key]verdict{}, healths: map[types.UID]judged{}}
}

// compare compares all objects of an application with its manifests. Findings are what is wrong, and does not keep from
// comparing.
func (s *scene) compare(ctx context.Context, targets []*unstructured.Unstructured, k *known) ([]application.Compared, []application.Finding, error) {
	if err := s.watch(ctx, targets); err != nil {
		return nil, nil, incomparable(err)
	}
	out := make([]application.Compared, 0, len(targets))
	wanted := map[object.Key]struct{}{}
	var shared []application.Finding
	for _, target := range targets {
		key := object.KeyOf(target)
		c := application.Compared{Key: key, Version: target.GroupVersionKind().Version, Target: target}
		if key.Name != "" { // else a hook that is given a name when it is made
			wanted[key] = struct{}{}
			live, err := s.cache.Get(ctx, key, c.Version)
			if unserved := (*cluster.NotServed)(nil); err != nil && !errors.As(err, &unserved) {
				return nil, nil, incomparable(fmt.Errorf("%s cannot be read: %w", key.Label(), err))
			}
			c.Live = live
			if of, self := trackedBy(live); self && of != s.instance && s.tracking.Annotate {
				shared = append(shared, application.Finding{Type: appv1.ConditionSharedResourceWarning,
					Message: fmt.Sprintf("%s/%s is part of applications %s and %s", key.Kind, key.Name, s.instance, of)})
			}
		}
		out = append(out, c)
	}
	for _, live := range s.cache.Managed(s.instance, !s.tracking.Annotate) {
		key := object.KeyOf(live)
		if _, there := wanted[key]; !there && s.tracking.Owns(live, s.instance) && s.permitted(key) == nil && uncontrolled(live) {
			out = append(out, application.Compared{Key: key, Version: live.GroupVersionKind().Version, Live: live})
		}
	}
	findings, err := s.judge(ctx, out, k)
	return out, append(findings, shared...), err
}

// trackedBy is to which application an object belongs, if there is one.
func trackedBy(live *unstructured.Unstructured) (instance string, self bool) {
	if live == nil {
		return "", false
	}
	return object.Tracked(live)
}

// uncontrolled tells that no controller has made the object: what a controller copies onto the objects that it makes is not
// meant to make them ours.
func uncontrolled(u *unstructured.Unstructured) bool {
	for _, owner := range u.GetOwnerReferences() {
		if owner.Controller != nil && *owner.Controller {
			return false
		}
	}
	return true
}

// watch makes the cache know all that the application has or wants.
func (s *scene) watch(ctx context.Context, targets []*unstructured.Unstructured) error {
	needs := cluster.Needs{Instance: s.instance, Label: !s.tracking.Annotate, Kinds: s.asksKinds}
	if ns := s.app.Spec.Destination.Namespace; ns != "" {
		needs.Namespaces = []string{ns}
	}
	seen := map[object.Key]struct{}{}
	add := func(key object.Key) {
		if _, there := seen[key]; !there && key.Name != "" {
			seen[key] = struct{}{}
			needs.Objects = append(needs.Objects, key)
		}
	}
	for _, target := range targets {
		add(object.KeyOf(target))
	}
	for _, had := range s.app.Status.Resources {
		add(object.Key{Group: had.Group, Kind: had.Kind, Namespace: had.Namespace, Name: had.Name})
	}
	if state := s.app.Status.OperationState; state != nil && state.SyncResult != nil {
		for _, had := range state.SyncResult.Resources {
			add(object.Key{Group: had.Group, Kind: had.Kind, Namespace: had.Namespace, Name: had.Name})
		}
	}
	return s.cache.Watch(ctx, s.user, needs)
}

// judge finds out of each object whether it differs, and how it does.
func (s *scene) judge(ctx context.Context, all []application.Compared, k *known) ([]application.Finding, error) {
	var mu sync.Mutex
	var findings []application.Finding
	find := func(kind appv1.ApplicationConditionType, format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		findings = append(findings, application.Finding{Type: kind, Message: fmt.Sprintf(format, args...)})
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(dryRuns)
	for i := range all {
		c := &all[i]
		if c.Live == nil {
			continue
		}
		c.Health = k.health(c.Live, s.settings.Health, func(err error) { find(appv1.ConditionComparisonError, "%s: %v", c.Key.Label(), err) })
		if c.Target == nil {
			continue
		}
		mode := s.mode(c.Target)
		v, there := k.verdict(c, mode, latest(s.began, time.Now().Add(-guessKept)))
		if there {
			c.Modified, c.Rejected = v.modified, v.rejected
			continue
		}
		judge := func(predicted *unstructured.Unstructured, guessed time.Time) {
			result, err := diff.Compare(c.Target, c.Live, predicted, s.diff)
			if err != nil {
				find(appv1.ConditionComparisonError, "%s: %v", c.Key.Label(), err)
				c.Modified = true
				return
			}
			c.Modified = result.Modified
			v.modified, v.guessed, v.rejected = c.Modified, guessed, c.Rejected
			k.learn(c.Key, v)
		}
		if !s.predicts(c) {
			judge(nil, time.Time{})
			continue
		}
		group.Go(func() error {
			predicted, err := s.predict(ctx, c)
			if err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				// It is compared as well as can be without the server. A sync is told before it applies anything.
				if s.refuses(c.Target, err) {
					c.Rejected = err.Error()
				}
				judge(nil, time.Now())
				return nil
			}
			judge(predicted, time.Time{})
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(findings, func(a, b application.Finding) int { return strings.Compare(a.Message, b.Message) })
	return findings, nil
}

// verdict returns what is known of an object; if that is nothing, or was guessed before a time, the beginning of a verdict of
// what is looked at.
func (k *known) verdict(c *application.Compared, mode cluster.Mode, guessedSince time.Time) (v verdict, there bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	v, there = k.modified[c.Key]
	// An operation may apply it otherwise than the application says.
	there = there && v.mode == mode && (v.guessed.IsZero() || v.guessed.After(guessedSince))
	if there && v.target == c.Target && v.version == c.Live.GetResourceVersion() {
		return v, true
	}
	fingerprint := diff.Fingerprint(c.Target, c.Live)
	if !there || v.fingerprint != fingerprint {
		return verdict{mode: mode, target: c.Target, version: c.Live.GetResourceVersion(), fingerprint: fingerprint}, false
	}
	v.target, v.version = c.Target, c.Live.GetResourceVersion()
	k.modified[c.Key] = v
	return v, true
}

func (k *known) learn(key object.Key, v verdict) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.modified[key] = v
}

// latest is the later of two times.
func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// targets returns manifests that were made ready before, or has them made. namespaced is what the cluster says of kinds.
func (k *known) targets(digest string, kinds *cluster.Kinds, namespaced func(schema.GroupVersionKind) (bool, bool),
	make func(func(schema.GroupVersionKind) (bool, bool)) application.Targets) application.Targets {
	k.mu.Lock()
	for i := range k.made {
		m := &k.made[i]
		if digest == "" || m.digest != digest {
			continue
		}
		// A new kind in the cluster is nothing to manifests that do not have it.
		if m.kinds == kinds || m.holds(namespaced) {
			m.kinds = kinds
			targets := m.targets
			k.mu.Unlock()
			return targets
		}
	}
	k.mu.Unlock()
	scopes := map[schema.GroupVersionKind]scope{}
	targets := make(func(gvk schema.GroupVersionKind) (bool, bool) {
		is, known := namespaced(gvk)
		scopes[gvk] = scope{is, known}
		return is, known
	})
	k.mu.Lock()
	defer k.mu.Unlock()
	k.made = append([]made{{digest, kinds, scopes, targets}}, k.made...)
	k.made = k.made[:min(len(k.made), madeKept)]
	return targets
}

// holds tells whether the cluster says of all kinds of the manifests what it said when they were made ready.
func (m *made) holds(namespaced func(schema.GroupVersionKind) (bool, bool)) bool {
	for gvk, was := range m.scopes {
		if is, known := namespaced(gvk); (scope{is, known}) != was {
			return false
		}
	}
	return true
}

// health returns how an object does, which is found out once for each version of it.
func (k *known) health(live *unstructured.Unstructured, overrides *health.Overrides, failed func(error)) *appv1.HealthStatus {
	k.mu.Lock()
	before, there := k.healths[live.GetUID()]
	k.mu.Unlock()
	if !there || before.version != live.GetResourceVersion() {
		before = judged{version: live.GetResourceVersion()}
		before.health, before.err = health.Of(live, overrides)
		k.mu.Lock()
		k.healths[live.GetUID()] = before
		k.mu.Unlock()
	}
	if before.err != nil {
		failed(before.err)
	}
	return before.health
}

// forget drops what is known: the settings that it rests on have changed.
func (k *known) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.modified)
	clear(k.healths)
	k.made = nil
}
