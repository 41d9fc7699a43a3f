// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// maxManifests bounds the manifests of a request for a sync, in bytes: an application stores them twice while it is
// synced, with all else that it stores.
const maxManifests = 512 << 10

// ValidateApplicationSync returns what can never be right in a request for a sync, whatever the application.
func ValidateApplicationSync(req *appv1.ApplicationSync) field.ErrorList {
	var errs field.ErrorList
	if req.Revision != "" && len(req.Revisions) > 0 {
		errs = append(errs, field.Invalid(field.NewPath("revisions"), len(req.Revisions), "only one of revision and revisions may be given"))
	}
	if req.ComparedRevision != "" && len(req.ComparedRevisions) > 0 {
		errs = append(errs, field.Invalid(field.NewPath("comparedRevisions"), len(req.ComparedRevisions), "only one of comparedRevision and comparedRevisions may be given"))
	}
	if s := req.Strategy; s != nil && s.Apply != nil && s.Hook != nil {
		errs = append(errs, field.Invalid(field.NewPath("strategy"), "apply, hook", "only one of apply and hook may be given"))
	}
	errs = append(errs, syncResources(req.Resources, field.NewPath("resources"))...)
	for i, option := range req.SyncOptions {
		if fault := optionFault(option); fault != "" {
			errs = append(errs, field.Invalid(field.NewPath("syncOptions").Index(i), short(option), fault))
		}
	}
	errs = append(errs, retry(req.Retry, field.NewPath("retry"))...)
	for i, info := range req.Info {
		errs = append(errs, required(info.Name, field.NewPath("info").Index(i).Child("name"), "")...)
	}
	return atMost(append(errs, manifests(req, field.NewPath("manifests"))...))
}

// syncResources checks the objects that are to be synced.
func syncResources(all []appv1.SyncOperationResource, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := map[appv1.SyncOperationResource]bool{}
	for i, r := range all {
		errs = append(errs, required(r.Kind, path.Index(i).Child("kind"), "")...)
		errs = append(errs, required(r.Name, path.Index(i).Child("name"), "")...)
		if seen[r] {
			errs = append(errs, field.Duplicate(path.Index(i), short(strings.Join([]string{r.Group, r.Kind, r.Namespace, r.Name}, "/"))))
		}
		seen[r] = true
	}
	return errs
}

// manifests checks the manifests that are to be synced instead of those of the sources.
func manifests(req *appv1.ApplicationSync, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	total := 0
	for _, text := range req.Manifests {
		total += len(text)
	}
	switch {
	case len(req.Manifests) == 0:
		return nil
	case total > maxManifests:
		return field.ErrorList{field.TooLong(path, "", maxManifests)} // what is too long is not parsed either
	case req.Revision != "" || len(req.Revisions) > 0:
		errs = append(errs, field.Forbidden(path, "manifests take the place of the sources, so that there is no revision to choose"))
	}
	for i, text := range req.Manifests {
		if err := oneObject(text); err != nil {
			// The text may be a Secret, and errors are logged.
			errs = append(errs, field.Invalid(path.Index(i), field.OmitValueType{}, err.Error()))
		}
	}
	return errs
}

// oneObject refuses a text that is not the manifest of exactly one object.
func oneObject(text string) error {
	documents, err := split(text)
	if err != nil {
		return fmt.Errorf("not YAML: %w", err)
	}
	if len(documents) != 1 {
		return fmt.Errorf("must be one document, not %d", len(documents))
	}
	var object struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Metadata   struct {
			Name         string `json:"name"`
			GenerateName string `json:"generateName"`
		} `json:"metadata"`
	}
	if err := yaml.Unmarshal(documents[0], &object); err != nil {
		return errors.New("not the manifest of an object") // what the parser says may repeat a secret
	}
	switch {
	case object.APIVersion == "" || object.Kind == "":
		return errors.New("an object has an apiVersion and a kind")
	case object.Metadata.Name == "" && object.Metadata.GenerateName == "":
		return errors.New("an object has a metadata.name")
	}
	return nil
}

// split returns the documents of a YAML stream in which there is more than white space.
func split(text string) ([][]byte, error) {
	var out [][]byte
	reader := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if document = bytes.TrimSpace(document); len(document) > 0 {
			out = append(out, document)
		}
	}
}
