// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"sigs.k8s.io/kustomize/api/types"
)

// inflate renders the charts of a kustomization (field helmCharts) and puts the manifests in their place. Kustomize itself
// would run the program helm.
func (k *kustomizeFiles) inflate(file string, parsed *types.Kustomization) ([]byte, error) {
	folder := folderOf(file)
	home := types.HelmDefaultHome
	if parsed.HelmGlobals != nil && parsed.HelmGlobals.ChartHome != "" {
		home = parsed.HelmGlobals.ChartHome
	}
	for i := range parsed.HelmCharts {
		objects, err := k.inflateChart(file, folder, home, &parsed.HelmCharts[i])
		if err != nil {
			return nil, err
		}
		name := fmt.Sprintf(".argosy-chart-%d.yaml", i)
		k.over[path.Join(folder, name)] = joinYAML(objects)
		parsed.Resources = append(parsed.Resources, name)
	}
	parsed.HelmCharts, parsed.HelmGlobals = nil, nil
	return writeKustomization(parsed)
}

// joinYAML writes objects as one file. JSON is YAML.
func joinYAML(objects []json.RawMessage) []byte {
	var b bytes.Buffer
	for _, object := range objects {
		b.WriteString("---\n")
		b.Write(object)
		b.WriteString("\n")
	}
	return b.Bytes()
}

// inflateChart renders one chart, which is in the folder home, or brought by the request.
func (k *kustomizeFiles) inflateChart(file, folder, home string, c *types.HelmChart) ([]json.RawMessage, error) {
	s := k.source
	place, err := within(folder, path.Join(home, c.Name))
	if err != nil {
		return nil, invalid("%s: helmCharts: %s: %v", file, c.Name, err)
	}
	files := s.files
	if c.Version != "" && c.Repo != "" {
		// Where kustomize would pull it to.
		pulled := path.Join(folder, home, c.Name+"-"+c.Version, c.Name)
		if entry, err := s.files.Stat(pulled); err == nil && entry.Dir {
			place = pulled
		}
	}
	if entry, err := s.files.Stat(place); err != nil || !entry.Dir {
		if c.Repo == "" {
			return nil, invalid("%s: helmCharts: %s: no such chart in %s", file, c.Name, home)
		}
		wanted := Chart{Name: c.Name, Repository: c.Repo, Version: c.Version}
		files, place = s.fetched(wanted), ""
		if files == nil {
			k.missing = append(k.missing, wanted)
			return nil, nil
		}
	}
	loaded, missing, err := s.loadChart(files, place)
	if err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		k.missing = append(k.missing, missing...)
		return nil, nil
	}
	values, err := k.chartValues(file, folder, c, loaded.Values)
	if err != nil {
		return nil, err
	}
	if c.ValuesMerge == "replace" || c.ValuesFile != "" {
		loaded.Values = nil
	}
	r := helmRelease{
		name: c.ReleaseName, namespace: c.Namespace, values: values,
		kubeVersion: first(c.KubeVersion, s.kustomizeKubeVersion(), s.req.KubeVersion),
		apiVersions: c.ApiVersions,
		skipCRDs:    !c.IncludeCRDs, skipHooks: c.SkipHooks, skipTests: c.SkipTests,
	}
	if r.name == "" {
		// Kustomize would have helm make a new name for every build.
		return nil, invalid("%s: helmCharts: %s: releaseName is required", file, c.Name)
	}
	if r.namespace == "" {
		r.namespace = "default"
	}
	if len(r.apiVersions) == 0 {
		r.apiVersions, r.asked = s.req.APIVersions, s.askKinds
		if options := s.spec.Kustomize; options != nil && len(options.APIVersions) > 0 {
			r.apiVersions, r.asked = options.APIVersions, nil
		}
	}
	return r.render(loaded)
}

// kustomizeKubeVersion is the version of Kubernetes in the application.
func (s *source) kustomizeKubeVersion() string {
	if s.spec.Kustomize == nil {
		return ""
	}
	return s.spec.Kustomize.KubeVersion
}

// chartValues are the values of a chart in a kustomization: files, and inline ones over (override), under (merge) or
// instead of (replace) them (kustomize: reference, helmCharts).
func (k *kustomizeFiles) chartValues(file, folder string, c *types.HelmChart, own map[string]any) (map[string]any, error) {
	values := map[string]any{}
	names := c.AdditionalValuesFiles
	if c.ValuesFile != "" {
		names = append([]string{c.ValuesFile}, names...)
	}
	if c.ValuesMerge == "replace" {
		names = c.AdditionalValuesFiles
	}
	for _, name := range names {
		place, err := within(folder, name)
		if err != nil {
			return nil, invalid("%s: helmCharts: %s: %v", file, name, err)
		}
		content, err := k.source.files.ReadFile(place)
		if err != nil {
			return nil, folderError(place, err)
		}
		more, err := loader.LoadValues(bytes.NewReader(content))
		if err != nil {
			return nil, invalid("%s: %s", place, yamlProblem(err, 0))
		}
		values = loader.MergeMaps(values, more)
	}
	switch strings.ToLower(c.ValuesMerge) {
	case "", "override", "replace":
		return loader.MergeMaps(values, c.ValuesInline), nil
	case "merge":
		if c.ValuesFile == "" {
			values = loader.MergeMaps(own, values)
		}
		return loader.MergeMaps(c.ValuesInline, values), nil
	}
	return nil, invalid("%s: helmCharts: valuesMerge: must be merge, override or replace", file)
}

// first is the first text that is not empty.
func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
