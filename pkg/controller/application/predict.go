// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"context"
	"errors"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application"
	"argosy.dev/argosy/pkg/application/diff"
	"argosy.dev/argosy/pkg/application/object"
	"argosy.dev/argosy/pkg/cluster"
)

// predicts tells whether the server must be asked what would become of an object.
func (s *scene) predicts(c *application.Compared) bool {
	if object.IsHook(c.Target) || object.Skipped(c.Target) {
		return false
	}
	if s.mode(c.Target) == cluster.ServerSide {
		return diff.NeedsPrediction(c.Target, c.Live, "")
	}
	// Where a merge changes nothing, the server would not either. Where it does, that may be no more than what the server
	// adds to lists by itself.
	result, err := diff.Compare(c.Target, c.Live, nil, s.diff)
	return err == nil && result.Modified
}

// predict asks the server what would become of an object, and changes nothing.
func (s *scene) predict(ctx context.Context, c *application.Compared) (*unstructured.Unstructured, error) {
	request := s.request(c.Target, c.Live, true)
	if request.Mode == cluster.Replace {
		// What is replaced is compared in what the manifest says: the rest, which a replacement would take away, may be what the
		// server has put there.
		request.Mode = cluster.ClientSide
	}
	answer, err := s.cache.Apply(ctx, request)
	if err != nil {
		return nil, err
	}
	return answer.Object, nil
}

// refuses tells that the error of a prediction is one that a sync would have, too.
func (s *scene) refuses(target *unstructured.Unstructured, err error) bool {
	refused := (*cluster.Error)(nil)
	if !errors.As(err, &refused) || !definite(refused.Err) || s.mode(target) == cluster.Replace {
		return false
	}
	// What is deleted first may be made with what cannot be changed.
	return !s.force && object.Effective(target, s.options, object.OptionForce) != "true"
}

// definite tells whether an answer of the server would be the same if it were asked again.
func definite(err error) bool {
	return apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) || apierrors.IsForbidden(err)
}

// mode is how an object is applied.
func (s *scene) mode(target *unstructured.Unstructured) cluster.Mode {
	switch {
	case object.Effective(target, s.options, object.OptionReplace) == "true":
		return cluster.Replace
	case object.Effective(target, s.options, object.OptionServerSideApply) == "false":
		return cluster.ClientSide
	}
	return cluster.ServerSide
}

// request is how a manifest is applied. live is the object, nil if there is none.
func (s *scene) request(target, live *unstructured.Unstructured, dryRun bool) cluster.ApplyRequest {
	request := cluster.ApplyRequest{
		Object: target, Mode: s.mode(target), DryRun: dryRun,
		NoValidation: object.Effective(target, s.options, object.OptionValidate) == "false",
	}
	if live != nil && request.Mode == cluster.ServerSide && !s.options.Is(object.OptionMigration, "false") {
		request.Migrate = s.migrated()
	}
	return request
}

// migrated are the managers whose fields a server-side apply takes over.
func (s *scene) migrated() []string {
	if manager := s.app.Annotations[appv1.AnnotationClientSideApplyMigrationManager]; manager != "" {
		return append(slices.Clone(cluster.MigratedManagers), manager)
	}
	return cluster.MigratedManagers
}
