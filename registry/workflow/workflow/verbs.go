// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"context"
	"regexp"
	"strings"
	"time"

	"k8s.io/apiserver/pkg/registry/rest"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/registry/resource"
)

// verbs is what all verbs on workflows work with.
type verbs struct {
	kind *resource.Kind[*wfv1.Workflow]
	main *resource.REST
	deps resource.Deps
}

// newVerb returns the storage of a verb that apply records in a workflow. action
// is the verb in labels and Events.
func newVerb[R resource.Request](v verbs, action, note string, apply func(*wfv1.Workflow, R, time.Time) error) rest.Storage {
	return resource.NewVerbREST(v.main, v.kind, resource.Verb[*wfv1.Workflow, R]{
		Apply: func(ctx context.Context, wf *wfv1.Workflow, req R) error {
			if err := apply(wf, req, v.deps.Now()); err != nil {
				return err
			}
			labelActor(ctx, wf, action)
			return nil
		},
		Reason: action + "Requested",
		Note:   note,
	}, v.deps.Events)
}

// notLabel are the characters that a label value cannot hold.
var notLabel = regexp.MustCompile(`[^-_.a-zA-Z0-9]`)

// labelActor labels a workflow with who did what to it last, as the peer does.
func labelActor(ctx context.Context, wf *wfv1.Workflow, action string) {
	labels := make(map[string]string, len(wf.Labels)+2)
	for k, v := range wf.Labels {
		labels[k] = v
	}
	// What the peer may have noted about an earlier actor would now be about somebody else.
	delete(labels, wfv1.LabelActorEmail)
	delete(labels, wfv1.LabelActorPreferredUsername)
	labels[wfv1.LabelActor] = labelValue(resource.UserName(ctx))
	labels[wfv1.LabelAction] = action
	wf.Labels = labels
}

// labelValue makes a label value of any text. The end is kept: in the name of a
// service account it says more than the beginning.
func labelValue(s string) string {
	const limit = 63
	s = notLabel.ReplaceAllString(s, "-")
	if len(s) > limit {
		s = s[len(s)-limit:]
	}
	return strings.Trim(s, "-_.")
}
