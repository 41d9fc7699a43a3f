// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package surface

import (
	"maps"
	"testing"
)

func TestParseWrites(t *testing.T) {
	got := parseWrites([]byte(`# HELP apiserver_request_total x
apiserver_request_total{code="200",component="apiserver",dry_run="",group="apps",resource="replicasets",scope="resource",subresource="",verb="PATCH",version="v1"} 3
apiserver_request_total{code="201",component="apiserver",dry_run="",group="apps",resource="replicasets",scope="resource",subresource="",verb="PATCH",version="v1"} 2
apiserver_request_total{code="409",component="apiserver",dry_run="",group="apps",resource="replicasets",scope="resource",subresource="",verb="PATCH",version="v1"} 7
apiserver_request_total{code="200",component="apiserver",dry_run="All",group="apps",resource="replicasets",scope="resource",subresource="",verb="PATCH",version="v1"} 7
apiserver_request_total{code="200",component="apiserver",dry_run="",group="rollout.argosy.dev",resource="rollouts",scope="resource",subresource="status",verb="PUT",version="v1alpha1"} 1e+01
apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="pods",scope="resource",subresource="",verb="GET",version="v1"} 9
`))
	if want := (Writes{"PATCH replicasets": 5, "PUT rollouts/status": 10}); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if left := got.Minus(Writes{"PATCH replicasets": 5, "PUT rollouts/status": 4}); !maps.Equal(left, Writes{"PUT rollouts/status": 6}) {
		t.Errorf("left %v", left)
	}
}
