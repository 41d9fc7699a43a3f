// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"testing"

	"argosy.dev/argosy/hack/conformance/random"
	"argosy.dev/argosy/hack/schemas"
	"argosy.dev/argosy/pkg/apiserver/apiservertest"
)

// Objects made up from the peers' schemas come through the server as they were sent. make conformance sends many more.
func TestRandomObjects(t *testing.T) {
	schemas.SharedForTest(t, "schemas")
	s := apiservertest.Start(t, apiservertest.Config{})
	results, err := random.Run(t.Context(), random.Options{Config: s.Admin, Namespace: "default", Objects: 4, Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if !r.Served {
			t.Errorf("%s is not served", r.Kind)
			continue
		}
		t.Logf("%s: %d objects, %d given up, %d requests, %.0f%% of %d properties, %s", r.Kind, r.Objects, r.GivenUp, r.Requests, r.Percent(), r.Total, r.Took)
		for _, d := range r.Differs {
			t.Error(d)
		}
		if r.Objects == 0 {
			t.Errorf("%s: no object was accepted", r.Kind)
		}
	}
}
