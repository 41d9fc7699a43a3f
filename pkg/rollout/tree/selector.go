// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// Selector returns what selects all that a rollout has made: its status.selector without the hash of the version that it
// may name (with blue-green it is the live one), but of objects that have such a hash.
func Selector(text string) (string, error) {
	named, err := labels.ParseToRequirements(text)
	if err != nil {
		return "", err
	}
	hash, err := labels.NewRequirement(rov1.LabelPodTemplateHash, selection.Exists, nil)
	if err != nil {
		return "", err
	}
	selector := labels.NewSelector().Add(*hash)
	for _, requirement := range named {
		if requirement.Key() != rov1.LabelPodTemplateHash {
			selector = selector.Add(requirement)
		}
	}
	return selector.String(), nil
}
