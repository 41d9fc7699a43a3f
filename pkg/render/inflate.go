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
	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/types"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/kustomize/kyaml/yaml/merge2"
)

// inflate renders the charts of a kustomization (field helmCharts) and puts the manifests in their place. Kustomize itself
// would run the program helm. namespace is that of the kustomization or its parent, for charts that have none.
func (k *kustomizeFiles) inflate(file string, parsed *types.Kustomization, namespace string) ([]byte, error) {
	folder := folderOf(file)
	home := types.HelmDefaultHome
	if parsed.HelmGlobals != nil && parsed.HelmGlobals.ChartHome != "" {
		home = parsed.HelmGlobals.ChartHome
	}
	for i := range parsed.HelmCharts {
		c := parsed.HelmCharts[i]
		c.Namespace = first(c.Namespace, namespace)
		objects, err := k.inflateChart(file, folder, home, &c)
		if err != nil {
			return nil, err
		}
		name := fmt.Sprintf(".argosy-chart-%d-%d.yaml", len(k.checked), i)
		if k.over[path.Join(folder, name)], err = joinYAML(objects); err != nil {
			return nil, err
		}
		parsed.Resources = append(parsed.Resources, name)
	}
	parsed.HelmCharts, parsed.HelmGlobals = nil, nil
	return writeKustomization(parsed)
}

// joinYAML writes objects of charts as one file, with the mark by which kustomize leaves their namespaces alone, and which it
// takes away in the end. JSON is YAML.
func joinYAML(objects []json.RawMessage) ([]byte, error) {
	var b bytes.Buffer
	for _, text := range objects {
		object := map[string]any{}
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		if err := decoder.Decode(&object); err != nil {
			return nil, fmt.Errorf("read what a chart has made: %w", err)
		}
		in := func(object map[string]any, field string) map[string]any {
			below, ok := object[field].(map[string]any)
			if !ok {
				below = map[string]any{}
				object[field] = below
			}
			return below
		}
		in(in(object, "metadata"), "annotations")[konfig.HelmGeneratedAnnotation] = "true"
		marked, err := json.Marshal(object)
		if err != nil {
			return nil, fmt.Errorf("write what a chart has made: %w", err)
		}
		b.WriteString("---\n")
		b.Write(marked)
		b.WriteString("\n")
	}
	return b.Bytes(), nil
}

// inflateChart renders one chart, which is in the folder home, or brought by the request.
func (k *kustomizeFiles) inflateChart(file, folder, home string, c *types.HelmChart) ([]json.RawMessage, error) {
	s := k.source
	if c.Version != "" && c.Repo != "" {
		home = path.Join(home, c.Name+"-"+c.Version) // where kustomize would pull it to, and looks for it only
	}
	place, err := within(folder, path.Join(home, c.Name))
	if err != nil {
		return nil, invalid("%s: helmCharts: %s: %v", file, c.Name, err)
	}
	files := s.files
	if entry, err := s.files.Stat(place); err != nil || !entry.Dir {
		if c.Repo == "" {
			return nil, invalid("%s: helmCharts: %s: no such chart in %s", file, c.Name, home)
		}
		wanted := Chart{Name: c.Name, Repository: c.Repo, Version: c.Version}
		if c.Version == "" && c.Devel {
			wanted.Version = ">0.0.0-0"
		}
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
	r := helmRelease{
		name: c.ReleaseName, namespace: c.Namespace, values: values,
		kubeVersion: first(c.KubeVersion, s.kustomizeKubeVersion(), s.req.KubeVersion),
		apiVersions: c.ApiVersions,
		skipCRDs:    !c.IncludeCRDs, skipHooks: c.SkipHooks, skipTests: c.SkipTests,
	}
	if c.NameTemplate != "" {
		return nil, invalid("%s: helmCharts: %s: nameTemplate is not supported: use releaseName", file, c.Name)
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

// chartValues are the values of a chart in a kustomization, which lie over the chart's own: those of the file valuesFile, or the
// chart's own, with inline ones over them (override), under them (merge) or instead of them (replace); over that, those of
// additionalValuesFiles in order. It is what kustomize gives to helm (kustomize: HelmChartInflationGenerator).
func (k *kustomizeFiles) chartValues(file, folder string, c *types.HelmChart, own map[string]any) (map[string]any, error) {
	values := own
	if c.ValuesFile != "" {
		var err error
		if values, err = k.valuesIn(file, folder, c.ValuesFile); err != nil {
			return nil, err
		}
	}
	switch c.ValuesMerge {
	case "", "override", "merge", "replace":
	default:
		return nil, invalid("%s: helmCharts: valuesMerge: must be merge, override or replace", file)
	}
	if len(c.ValuesInline) > 0 {
		var err error
		switch c.ValuesMerge {
		case "replace":
			values = c.ValuesInline
		case "merge":
			values, err = mergeValues(values, c.ValuesInline)
		default:
			values, err = mergeValues(c.ValuesInline, values)
		}
		if err != nil {
			return nil, invalid("%s: helmCharts: %s: %s", file, c.Name, yamlProblem(err, 0))
		}
	}
	for _, name := range c.AdditionalValuesFiles {
		more, err := k.valuesIn(file, folder, name)
		if err != nil {
			return nil, err
		}
		values = loader.MergeMaps(values, more)
	}
	return values, nil
}

// valuesIn reads a file with values.
func (k *kustomizeFiles) valuesIn(file, folder, name string) (map[string]any, error) {
	place, err := within(folder, name)
	if err != nil {
		return nil, invalid("%s: helmCharts: %s: %v", file, name, err)
	}
	content, err := k.source.files.ReadFile(place)
	if err != nil {
		return nil, folderError(place, err)
	}
	values, err := loader.LoadValues(bytes.NewReader(content))
	if err != nil {
		return nil, invalid("%s: %s", place, yamlProblem(err, 0))
	}
	return values, nil
}

// mergeValues lays values over others as kustomize does: null takes a value away.
func mergeValues(over, under map[string]any) (map[string]any, error) {
	source, err := kyaml.FromMap(over)
	if err != nil {
		return nil, err
	}
	target, err := kyaml.FromMap(under)
	if err != nil {
		return nil, err
	}
	merged, err := merge2.Merge(source, target, kyaml.MergeOptions{})
	if err != nil {
		return nil, err
	}
	text, err := merged.String()
	if err != nil {
		return nil, err
	}
	return loader.LoadValues(strings.NewReader(text))
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
