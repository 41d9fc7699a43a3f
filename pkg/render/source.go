// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	"sigs.k8s.io/yaml"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// source is one source while it is rendered, in the child.
type source struct {
	req    *Request
	spec   appv1.ApplicationSource // with the overrides of .argocd-source files
	trees  Trees
	files  Files  // the tree of the source
	folder string // the source's path in it; "" is the root
	env    environment

	loading map[string]bool // folders of charts that are being loaded, to see circles
	// asksKinds tells that what was made depends on Request.APIVersions.
	asksKinds bool
}

// askKinds notes that what the cluster serves was asked for.
func (s *source) askKinds() { s.asksKinds = true }

// invalid is an Error about what is rendered.
func invalid(format string, args ...any) *Error {
	return &Error{Kind: Invalid, Message: short(fmt.Sprintf(format, args...))}
}

// renderSource makes the manifests of a source.
func renderSource(req *Request, trees Trees) (*Result, error) {
	s := &source{req: req, spec: req.Source, trees: trees, files: trees[""]}
	if s.files == nil {
		return nil, errors.New("there is no tree of the source")
	}
	if !req.Chart {
		var err error
		if s.folder, err = cleanPath(req.Source.Path); err != nil {
			return nil, invalid("path %s: %v", req.Source.Path, err)
		}
	}
	entry, err := s.files.Stat(s.folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, invalid("%s: app path does not exist", req.Source.Path)
	case err != nil:
		return nil, err
	case !entry.Dir:
		return nil, invalid("%s: app path is not a directory", req.Source.Path)
	}
	if err := s.override(); err != nil {
		return nil, err
	}
	s.env = buildEnvironment(req, &s.spec)
	options, err := json.Marshal(s.spec)
	if err != nil {
		return nil, err
	}
	s.asksKinds = strings.Contains(string(options), kindsVariable)
	out := &Result{}
	if out.Type, err = s.detect(); err != nil {
		return nil, err
	}
	switch out.Type {
	case appv1.SourceTypeHelm:
		out.Manifests, err = s.helm()
	case appv1.SourceTypeKustomize:
		out.Manifests, err = s.kustomize()
	default:
		out.Manifests, err = s.directory()
	}
	out.AsksKinds = s.asksKinds
	return out, err
}

// cleanPath is a path of a repository: absolute ones are from its root, and none leads out of it.
func cleanPath(name string) (string, error) {
	clean := path.Clean(strings.TrimLeft(name, "/"))
	switch {
	case clean == ".":
		return "", nil
	case !fs.ValidPath(clean):
		return "", errors.New("leads out of the repository")
	}
	return clean, nil
}

// within is a path as it stands in a file of a folder: absolute ones are from the root of the repository.
func within(folder, name string) (string, error) {
	if strings.HasPrefix(name, "/") {
		return cleanPath(name)
	}
	return cleanPath(path.Join(folder, name))
}

// override lays the files .argocd-source.yaml and .argocd-source-APPLICATION.yaml of the source's path over its options,
// by JSON merge patch (the peer's documentation: parameter overrides).
func (s *source) override() error {
	for _, name := range []string{".argocd-source.yaml", ".argocd-source-" + s.req.Application + ".yaml"} {
		if strings.Contains(name, "/") {
			continue
		}
		file := path.Join(s.folder, name)
		content, err := s.files.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		patch, err := yaml.YAMLToJSON(content)
		if err != nil {
			return invalid("%s: %v", file, yamlProblem(err, 0))
		}
		if string(patch) == "null" {
			continue
		}
		before, err := json.Marshal(s.spec)
		if err != nil {
			return err
		}
		after, err := jsonpatch.MergePatch(before, patch)
		if err != nil {
			return invalid("%s: is not an object", file)
		}
		merged := appv1.ApplicationSource{}
		if err := json.Unmarshal(after, &merged); err != nil {
			return invalid("%s: %v", file, err)
		}
		// Only parameters can be overridden, not where the files come from.
		merged.RepoURL, merged.Path, merged.TargetRevision = s.spec.RepoURL, s.spec.Path, s.spec.TargetRevision
		merged.Chart, merged.Ref, merged.Name, merged.TagPrefix = s.spec.Chart, s.spec.Ref, s.spec.Name, s.spec.TagPrefix
		s.spec = merged
	}
	return nil
}

// detect says which tool makes the manifests: the one whose options are set, else the one whose file is there.
func (s *source) detect() (appv1.ApplicationSourceType, error) {
	set := []appv1.ApplicationSourceType{}
	if s.spec.Helm != nil {
		set = append(set, appv1.SourceTypeHelm)
	}
	if s.spec.Kustomize != nil {
		set = append(set, appv1.SourceTypeKustomize)
	}
	if s.spec.Directory != nil {
		set = append(set, appv1.SourceTypeDirectory)
	}
	if s.spec.Plugin != nil {
		return "", invalid("plugin: config management plugins are not supported")
	}
	if len(set) > 1 {
		return "", invalid("multiple application sources defined: %s", joinTypes(set))
	}
	found := appv1.SourceTypeDirectory
	if len(set) == 1 {
		found = set[0]
	} else {
		entries, err := s.files.ReadDir(s.folder)
		if err != nil {
			return "", err
		}
		for _, entry := range entries {
			if entry.Dir {
				continue
			}
			switch entry.Name {
			case "Chart.yaml":
				found = appv1.SourceTypeHelm
			case "kustomization.yaml", "kustomization.yml", "Kustomization":
				if found != appv1.SourceTypeHelm {
					found = appv1.SourceTypeKustomize
				}
			}
		}
	}
	if found == appv1.SourceTypeHelm && s.req.Settings.NoHelm || found == appv1.SourceTypeKustomize && s.req.Settings.NoKustomize {
		return appv1.SourceTypeDirectory, nil
	}
	return found, nil
}

func joinTypes(types []appv1.ApplicationSourceType) string {
	words := make([]string, len(types))
	for i, t := range types {
		words[i] = string(t)
	}
	return strings.Join(words, ", ")
}
