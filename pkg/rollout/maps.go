// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import "maps"

// with puts labels or annotations into a map, which it makes anew: others may hold the old one. It returns whether that
// changes anything.
func with(into *map[string]string, add map[string]string) (changed bool) {
	for key, value := range add {
		if old, ok := (*into)[key]; ok && old == value {
			continue
		}
		if !changed {
			*into = maps.Clone(*into)
			changed = true
		}
		if *into == nil {
			*into = map[string]string{}
		}
		(*into)[key] = value
	}
	return changed
}
