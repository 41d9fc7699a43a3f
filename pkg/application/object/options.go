// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package object

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// Options are sync options: NAME=VALUE, as the peer writes them (documentation: sync-options).
type Options []string

// The names of sync options that an object and an application can have, and of those that only an application can have.
const (
	OptionValidate         = "Validate"
	OptionPrune            = "Prune"
	OptionDelete           = "Delete"
	OptionPruneLast        = "PruneLast"
	OptionReplace          = "Replace"
	OptionForce            = "Force"
	OptionServerSideApply  = "ServerSideApply"
	OptionSkipDryRun       = "SkipDryRunOnMissingResource"
	OptionPropagation      = "PrunePropagationPolicy"
	OptionMigration        = "ClientSideApplyMigration"
	OptionOutOfSyncOnly    = "ApplyOutOfSyncOnly"
	OptionCreateNamespace  = "CreateNamespace"
	OptionFailOnShared     = "FailOnSharedResource"
	OptionRespectIgnore    = "RespectIgnoreDifferences"
	CompareIgnoreExtras    = "IgnoreExtraneous"
	CompareServerSideDiff  = "ServerSideDiff"
	CompareMutationWebhook = "IncludeMutationWebhook"
)

// Get returns the value of an option: the last one counts. An option without = has the value "true".
func (o Options) Get(name string) (value string, there bool) {
	for _, option := range slices.Backward(o) {
		head, tail, has := strings.Cut(option, "=")
		if strings.TrimSpace(head) == name {
			if !has {
				return "true", true
			}
			return strings.TrimSpace(tail), true
		}
	}
	return "", false
}

// Is tells whether an option has the value.
func (o Options) Is(name, value string) bool {
	got, there := o.Get(name)
	return there && got == value
}

// SyncOptions are the sync options of an object.
func SyncOptions(o metav1.Object) Options { return words(annotation(o, appv1.AnnotationSyncOptions)) }

// CompareOptions are the compare options of an object or an application.
func CompareOptions(o metav1.Object) Options {
	return words(annotation(o, appv1.AnnotationCompareOptions))
}

// Effective returns the value of an option for an object in an application with options of its own: the object's counts
// first. It is empty where neither has it.
func Effective(o metav1.Object, application Options, name string) string {
	if value, there := SyncOptions(o).Get(name); there {
		return value
	}
	value, _ := application.Get(name)
	return value
}

// Kept tells that Helm is asked never to delete the object.
func Kept(o metav1.Object) bool { return annotation(o, helmResource) == "keep" }
