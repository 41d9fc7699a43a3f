// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/openapi"
	"sigs.k8s.io/yaml"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// kustomize builds a kustomization.
func (s *source) kustomize() ([]json.RawMessage, error) {
	options := s.spec.Kustomize
	if options == nil {
		options = &appv1.ApplicationSourceKustomize{}
	}
	if options.Version != "" {
		return nil, invalid("kustomize.version: %s: other versions of kustomize are not offered", options.Version)
	}
	build, err := kustomizeOptions(s.req.Settings.KustomizeOptions)
	if err != nil {
		return nil, err
	}
	file, content, err := s.kustomization()
	if err != nil {
		return nil, err
	}
	disk := &kustomizeFiles{source: s, helm: build.helm, over: map[string][]byte{}, checked: map[inherited][]byte{}, parent: map[string]string{}}
	if edited, err := s.editKustomization(file, content, options); err != nil {
		return nil, err
	} else if edited != nil {
		disk.over[file] = edited
	}
	defer func() {
		// Kustomize keeps schemas for the whole process, and does not forget them on its own.
		if disk.schemas {
			openapi.ResetOpenAPI()
		}
	}()
	built, err := krusty.MakeKustomizer(&build.Options).Run(disk, "/"+s.folder)
	if disk.err != nil {
		// It says more than what kustomize makes of it.
		return nil, disk.err
	}
	if len(disk.missing) > 0 {
		return nil, needs(disk.missing, nil)
	}
	if err != nil {
		return nil, invalid("%s", kustomizeProblem(err))
	}
	var manifests []json.RawMessage
	for _, resource := range built.Resources() {
		text, err := resource.MarshalJSON()
		if err != nil {
			return nil, invalid("%s: %v", resource.CurId(), err)
		}
		more, err := objectsOfJSON(resource.CurId().String(), text)
		if err != nil {
			return nil, err
		}
		manifests = append(manifests, more...)
	}
	return manifests, nil
}

// kustomization finds and reads the kustomization file.
func (s *source) kustomization() (file string, content []byte, err error) {
	for _, name := range konfig.RecognizedKustomizationFileNames() {
		file = path.Join(s.folder, name)
		content, err = s.files.ReadFile(file)
		if !errors.Is(err, fs.ErrNotExist) {
			return file, content, err
		}
	}
	return "", nil, invalid("%s: has no kustomization.yaml", s.spec.Path)
}

// buildOptions are the flags of `kustomize build`.
type buildOptions struct {
	krusty.Options
	helm bool
}

// kustomizeOptions reads the administrator's flags. Those that would run programs or reach out are refused.
func kustomizeOptions(flags []string) (*buildOptions, error) {
	build := &buildOptions{Options: *krusty.MakeDefaultOptions()}
	// The default of the command line: the legacy order, unless the kustomization says another.
	build.Reorder = krusty.ReorderOptionUnspecified
	words := strings.Fields(strings.Join(flags, " "))
	for i := 0; i < len(words); i++ {
		name, value, has := strings.Cut(words[i], "=")
		wantsValue := name == "--load-restrictor" || name == "--load_restrictor" || name == "--reorder" || name == "--helm-command"
		if wantsValue && !has {
			if i++; i == len(words) {
				return nil, invalid("kustomize.buildOptions: %s needs a value", name)
			}
			value = words[i]
		}
		on := !has || value == "true"
		switch name {
		case "--load-restrictor", "--load_restrictor":
			switch strings.ToLower(value) {
			case "loadrestrictionsnone", "none":
				build.LoadRestrictions = types.LoadRestrictionsNone
			case "loadrestrictionsrootonly", "rootonly":
				build.LoadRestrictions = types.LoadRestrictionsRootOnly
			default:
				return nil, invalid("kustomize.buildOptions: --load-restrictor %q: must be LoadRestrictionsNone or LoadRestrictionsRootOnly", value)
			}
		case "--reorder":
			switch value {
			case "none":
				build.Reorder = krusty.ReorderOptionNone
			case "legacy":
				build.Reorder = krusty.ReorderOptionLegacy
			default:
				return nil, invalid("kustomize.buildOptions: --reorder %q: must be none or legacy", value)
			}
		case "--enable-managedby-label":
			build.AddManagedbyLabel = on
		case "--enable-helm":
			build.helm = on
		case "--helm-command", "--as-current-user":
			// Helm is part of this program, and no program is run.
		default:
			return nil, invalid("kustomize.buildOptions: %s is not supported", name)
		}
	}
	return build, nil
}

// remoteResource is what kustomize would fetch (kustomize: examples/remoteBuild.md, internal/git).
var remoteResource = regexp.MustCompile(`(?i)^(git::|ssh://|https?://|file://|oci://|[a-z][a-z0-9-]*@|github\.com[/:])`)

// checkRemote refuses a kustomization that refers to what is not in the repository.
func checkRemote(file string, k *types.Kustomization) error {
	lists := map[string][]string{
		"resources": k.Resources, "components": k.Components, "crds": k.Crds,
		//lint:ignore SA1019 Users still write it.
		"bases":          k.Bases,
		"configurations": k.Configurations, "generators": k.Generators, "transformers": k.Transformers, "validators": k.Validators,
	}
	//lint:ignore SA1019 Users still write it.
	for _, patch := range append(append([]types.Patch{}, k.Patches...), k.PatchesJson6902...) {
		lists["patches"] = append(lists["patches"], patch.Path)
	}
	//lint:ignore SA1019 Users still write it.
	for _, patch := range k.PatchesStrategicMerge {
		if !strings.Contains(string(patch), "\n") {
			lists["patchesStrategicMerge"] = append(lists["patchesStrategicMerge"], string(patch))
		}
	}
	lists["openapi"] = []string{k.OpenAPI["path"]}
	for _, field := range []string{"resources", "bases", "components", "crds", "configurations", "generators", "transformers", "validators", "patches", "patchesStrategicMerge", "openapi"} {
		for _, entry := range lists[field] {
			if remoteResource.MatchString(entry) {
				return invalid("%s: %s: %s: remote resources are not supported: copy it into the repository", file, field, withoutPassword(entry))
			}
		}
	}
	return nil
}

// withoutPassword is a URL without what stands before the host.
func withoutPassword(text string) string {
	return regexp.MustCompile(`://[^/@]*@`).ReplaceAllString(text, "://")
}

// parseKustomization reads a kustomization file, of which fields that do not exist are refused as kustomize does.
func parseKustomization(file string, content []byte) (*types.Kustomization, error) {
	k := &types.Kustomization{}
	if err := k.Unmarshal(content); err != nil {
		return nil, invalid("%s: %s", file, kustomizeProblem(err))
	}
	return k, nil
}

// writeKustomization is a kustomization as a file.
func writeKustomization(k *types.Kustomization) ([]byte, error) { return yaml.Marshal(k) }

// kustomizeProblem is what kustomize says, in one line, with paths of the repository.
func kustomizeProblem(err error) string {
	message := strings.Join(strings.Fields(err.Error()), " ")
	if strings.Contains(message, "operation not permitted") {
		return "the kustomization needs the network, a program or files outside of the repository, which it may not use"
	}
	return short(yamlProblem(fmt.Errorf("%s", message), 0))
}
