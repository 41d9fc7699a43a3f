// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package object

import (
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// Phase is a part of a sync. Phases follow each other; SyncFail comes only after a failure. The words are the peer's.
type Phase string

// The phases, and the phases of a deletion.
const (
	PreSync    Phase = "PreSync"
	Sync       Phase = "Sync"
	PostSync   Phase = "PostSync"
	SyncFail   Phase = "SyncFail"
	PreDelete  Phase = "PreDelete"
	PostDelete Phase = "PostDelete"
)

// DeletePolicy says when a hook is deleted.
type DeletePolicy string

// The policies of deletion. A hook that names none has BeforeHookCreation.
const (
	HookSucceeded      DeletePolicy = "HookSucceeded"
	HookFailed         DeletePolicy = "HookFailed"
	BeforeHookCreation DeletePolicy = "BeforeHookCreation"
)

const (
	// FinalizerHook keeps a hook that somebody deletes until its end was seen. The name is the peer's.
	FinalizerHook = "argocd.argoproj.io/hook-finalizer"

	helmHook         = "helm.sh/hook"
	helmDeletePolicy = "helm.sh/hook-delete-policy"
	helmWeight       = "helm.sh/hook-weight"
	helmResource     = "helm.sh/resource-policy"
)

// helmPhases says what Helm's hooks are to us. Those that are not named here (test, rollback) are no hooks that run.
var helmPhases = map[string]Phase{
	"pre-install": PreSync, "pre-upgrade": PreSync,
	"post-install": PostSync, "post-upgrade": PostSync,
	"pre-delete": PreDelete, "post-delete": PostDelete,
}

var helmPolicies = map[string]DeletePolicy{
	"hook-succeeded": HookSucceeded, "hook-failed": HookFailed, "before-hook-creation": BeforeHookCreation,
}

var phases = []Phase{PreSync, Sync, PostSync, SyncFail, PreDelete, PostDelete}

// Hooks tells in which phases an object runs as a hook. hook is true also if there is no such phase: what bears the
// annotation of a hook is not one of the application's objects, whatever it says. The peer's annotation goes before
// Helm's. An object that says Skip, and nothing else, is an object of the application that is never applied: see Skipped.
func Hooks(o metav1.Object) (in []Phase, hook bool) {
	if says, there := o.GetAnnotations()[appv1.AnnotationHook]; there {
		for _, word := range words(says) {
			if slices.Contains(phases, Phase(word)) && !slices.Contains(in, Phase(word)) {
				in = append(in, Phase(word))
			}
		}
		return in, !Skipped(o)
	}
	if says, there := o.GetAnnotations()[helmHook]; there {
		for _, word := range words(says) {
			if word == "crd-install" {
				return nil, false // Helm 2's way to say that it comes first, which kinds have by themselves
			}
			if phase, known := helmPhases[word]; known && !slices.Contains(in, phase) {
				in = append(in, phase)
			}
		}
		return in, true
	}
	return nil, false
}

// IsHook tells whether an object is a hook.
func IsHook(o metav1.Object) bool {
	_, hook := Hooks(o)
	return hook
}

// Skipped tells whether an object is one that is managed, but never applied: its only hook is Skip.
func Skipped(o metav1.Object) bool {
	says := words(annotation(o, appv1.AnnotationHook))
	return len(says) == 1 && says[0] == "Skip"
}

// DeletePolicies tells when a hook is deleted.
func DeletePolicies(o metav1.Object) []DeletePolicy {
	var out []DeletePolicy
	if says, there := o.GetAnnotations()[appv1.AnnotationHookDeletePolicy]; there {
		for _, word := range words(says) {
			switch policy := DeletePolicy(word); policy {
			case HookSucceeded, HookFailed, BeforeHookCreation:
				out = append(out, policy)
			}
		}
	} else {
		for _, word := range words(annotation(o, helmDeletePolicy)) {
			if policy, known := helmPolicies[word]; known {
				out = append(out, policy)
			}
		}
	}
	if len(out) == 0 {
		out = append(out, BeforeHookCreation)
	}
	return out
}

// Wave is the place of an object in its phase: lower ones come first. Helm's weight counts where no wave is given.
func Wave(o metav1.Object) int {
	for _, name := range []string{appv1.AnnotationSyncWave, helmWeight} {
		if wave, err := strconv.Atoi(strings.TrimSpace(annotation(o, name))); err == nil {
			return wave
		}
	}
	return 0
}

// words are the parts of a list with commas.
func words(list string) []string {
	var out []string
	for word := range strings.SplitSeq(list, ",") {
		if word = strings.TrimSpace(word); word != "" {
			out = append(out, word)
		}
	}
	return out
}
