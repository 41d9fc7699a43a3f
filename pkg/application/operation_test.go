// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application_test

import (
	"encoding/json"
	"testing"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application"
)

func TestIsRollback(t *testing.T) {
	const history = `[
		{"id":0,"revision":"abc","source":{"repoURL":"r","path":"a","helm":{"valuesObject":{"z":1,"a":2.0}}}},
		{"id":1,"revision":"","source":{"repoURL":""},"revisions":["1","2"],"sources":[{"repoURL":"a"},{"repoURL":"b"}]}]`
	for name, tc := range map[string]struct {
		sync string
		want bool
	}{
		"as the history has it":    {`{"revision":"abc","source":{"repoURL":"r","path":"a","helm":{"valuesObject":{"z":1,"a":2.0}}},"syncStrategy":{"apply":{}}}`, true},
		"in another order of keys": {`{"revision":"abc","source":{"path":"a","repoURL":"r","helm":{"valuesObject":{"a":2.0,"z":1}}},"syncStrategy":{"apply":{}}}`, true},
		"with what a client may say besides": {`{"revision":"abc","source":{"repoURL":"r","path":"a","helm":{"valuesObject":{"z":1,"a":2.0}}},"syncStrategy":{"apply":{"force":false}},"prune":true,"dryRun":true,"syncOptions":["Replace=true"]}`,
			true},
		"other values":                       {`{"revision":"abc","source":{"repoURL":"r","path":"a","helm":{"valuesObject":{"z":2,"a":2.0}}},"syncStrategy":{"apply":{}}}`, false},
		"several sources":                    {`{"revisions":["1","2"],"sources":[{"repoURL":"a"},{"repoURL":"b"}],"syncStrategy":{"apply":{}}}`, true},
		"several sources, and an empty one":  {`{"source":{"repoURL":""},"revisions":["1","2"],"sources":[{"repoURL":"a"},{"repoURL":"b"}],"syncStrategy":{"apply":{}}}`, true},
		"several sources and another one":    {`{"source":{"repoURL":"x"},"revisions":["1","2"],"sources":[{"repoURL":"a"},{"repoURL":"b"}],"syncStrategy":{"apply":{}}}`, false},
		"several sources, another revision":  {`{"revisions":["1","3"],"sources":[{"repoURL":"a"},{"repoURL":"b"}],"syncStrategy":{"apply":{}}}`, false},
		"several sources, in another order":  {`{"revisions":["1","2"],"sources":[{"repoURL":"b"},{"repoURL":"a"}],"syncStrategy":{"apply":{}}}`, false},
		"a revision without a source":        {`{"revision":"abc","syncStrategy":{"apply":{}}}`, false},
		"with hooks":                         {`{"revision":"abc","source":{"repoURL":"r","path":"a","helm":{"valuesObject":{"z":1,"a":2.0}}}}`, false},
		"to the empty source of the history": {`{"source":{"repoURL":""},"syncStrategy":{"apply":{}}}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			var past []appv1.RevisionHistory
			var op appv1.Operation
			for text, into := range map[string]any{history: &past, `{"sync":` + tc.sync + `}`: &op} {
				if err := json.Unmarshal([]byte(text), into); err != nil {
					t.Fatal(err)
				}
			}
			if got := application.IsRollback(&op, past); got != tc.want {
				t.Errorf("got %t", got)
			}
		})
	}
	if application.IsRollback(&appv1.Operation{}, nil) {
		t.Error("an empty operation is a rollback")
	}
}
