// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
	release "helm.sh/helm/v4/pkg/release/v1"
	releaseutil "helm.sh/helm/v4/pkg/release/v1/util"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// helmRelease is what `helm template` is told.
type helmRelease struct {
	name, namespace       string
	kubeVersion           string
	apiVersions           []string
	asked                 func() // is told that what apiVersions says is asked for; nil where it is not the cluster's
	values                map[string]any
	skipCRDs, skipTests   bool
	skipHooks, skipSchema bool
}

// helm renders a chart.
func (s *source) helm() ([]json.RawMessage, error) {
	options := s.spec.Helm
	if options == nil {
		options = &appv1.ApplicationSourceHelm{}
	}
	if options.Version != "" && options.Version != "v3" {
		return nil, invalid("helm.version: %s is not supported: only v3 is", options.Version)
	}
	is := func(b *bool) bool { return b != nil && *b }
	r := helmRelease{
		name: options.ReleaseName, namespace: options.Namespace,
		kubeVersion: options.KubeVersion, apiVersions: options.APIVersions,
		skipCRDs: is(options.SkipCrds), skipTests: is(options.SkipTests), skipSchema: is(options.SkipSchemaValidation),
	}
	if r.name == "" {
		r.name = s.req.Application
	}
	if r.namespace == "" {
		r.namespace = s.req.Destination
	}
	if r.kubeVersion == "" {
		r.kubeVersion = s.req.KubeVersion
	}
	if len(r.apiVersions) == 0 {
		r.apiVersions, r.asked = s.req.APIVersions, s.askKinds
	}
	c, missing, err := s.loadChart(s.files, s.folder)
	if err != nil {
		return nil, err
	}
	values, urls, err := s.helmValues(options)
	if err != nil {
		return nil, err
	}
	// All that is missing is said at once, so that it can be fetched at once.
	if len(missing)+len(urls) > 0 {
		return nil, needs(missing, urls)
	}
	r.values = values
	return r.render(c)
}

// needs is the Error for what has to be fetched.
func needs(charts []Chart, values []Values) *Error {
	var names []string
	for _, c := range charts {
		names = append(names, "chart "+c.Name+" "+c.Version+" of "+c.Repository)
	}
	for _, v := range values {
		names = append(names, v.URL)
	}
	return &Error{Kind: Needs, Message: short("missing: " + strings.Join(names, ", ")), Charts: charts, Values: values}
}

// render does what `helm template` does: the CRDs, the manifests in the order of installation, the hooks.
func (r helmRelease) render(c *chart.Chart) ([]json.RawMessage, error) {
	if c.Metadata.Type != "" && c.Metadata.Type != "application" {
		return nil, invalid("chart %s: %s charts are not installable", c.Name(), c.Metadata.Type)
	}
	if err := chartutil.ValidateReleaseName(r.name); err != nil {
		return nil, invalid("release name %q: %v", r.name, err)
	}
	caps, err := r.capabilities()
	if err != nil {
		return nil, err
	}
	if want := c.Metadata.KubeVersion; want != "" && !chartutil.IsCompatibleRange(want, caps.KubeVersion.String()) {
		return nil, invalid("chart %s requires kubeVersion: %s which is incompatible with Kubernetes %s", c.Name(), want, caps.KubeVersion.Version)
	}
	if err := chartutil.ProcessDependencies(c, r.values); err != nil {
		return nil, invalid("chart %s: %v", c.Name(), err)
	}
	options := common.ReleaseOptions{Name: r.name, Namespace: r.namespace, Revision: 1, IsInstall: true}
	values, err := util.ToRenderValuesWithSchemaValidation(c, r.values, options, caps, r.skipSchema)
	if err != nil {
		return nil, invalid("chart %s: %v", c.Name(), err)
	}
	if r.asked != nil {
		values["Capabilities"] = &watched{caps, r.asked}
	}
	// The engine has no client, so lookup finds nothing, and no DNS.
	files, err := engine.Engine{}.RenderWithContext(context.Background(), c, values)
	if err != nil {
		return nil, invalid("chart %s: %v", c.Name(), err)
	}
	maps.DeleteFunc(files, func(name, _ string) bool { return strings.HasSuffix(name, "NOTES.txt") })
	hooks, manifests, err := releaseutil.SortManifests(files, nil, releaseutil.InstallOrder)
	if err != nil {
		return nil, invalid("chart %s: %s", c.Name(), yamlProblem(err, 0))
	}
	var objects []json.RawMessage
	add := func(name, text string) error {
		more, err := objectsOfYAML(name, []byte(text))
		objects = append(objects, more...)
		return err
	}
	if !r.skipCRDs {
		for _, crd := range c.CRDObjects() {
			if err := add(crd.Filename, string(crd.File.Data)); err != nil {
				return nil, err
			}
		}
	}
	for _, manifest := range manifests {
		if err := add(manifest.Name, manifest.Content); err != nil {
			return nil, err
		}
	}
	for _, hook := range hooks {
		if r.skipHooks || r.skipTests && slices.Contains(hook.Events, release.HookTest) {
			continue
		}
		if err := add(hook.Path, hook.Manifest); err != nil {
			return nil, err
		}
	}
	return objects, nil
}

// capabilities are what templates see as .Capabilities.
func (r helmRelease) capabilities() (*common.Capabilities, error) {
	caps := common.DefaultCapabilities.Copy()
	if r.kubeVersion != "" {
		version, err := common.ParseKubeVersion(r.kubeVersion)
		if err != nil {
			return nil, invalid("kubeVersion %q: is not a version", r.kubeVersion)
		}
		caps.KubeVersion = *version
	}
	caps.APIVersions = slices.Concat(caps.APIVersions, r.apiVersions)
	return caps, nil
}

// watched are capabilities that note whether a template asks what the cluster serves. To templates they are what Helm's are.
// The fields are exported since templates may copy all that they are given (deepCopy), which leaves others out.
type watched struct {
	All   *common.Capabilities
	Asked func()
}

// APIVersions is what templates read as .Capabilities.APIVersions.
func (w *watched) APIVersions() common.VersionSet {
	w.Asked()
	return w.All.APIVersions
}

// KubeVersion is what templates read as .Capabilities.KubeVersion.
func (w *watched) KubeVersion() *common.KubeVersion { return &w.All.KubeVersion }

// HelmVersion is what templates read as .Capabilities.HelmVersion.
func (w *watched) HelmVersion() any { return w.All.HelmVersion }

// MarshalJSON writes them as Helm's are written, for templates that write all there is.
func (w *watched) MarshalJSON() ([]byte, error) {
	w.Asked()
	return json.Marshal(w.All)
}

// String is for templates that print all there is.
func (w *watched) String() string {
	w.Asked()
	return fmt.Sprint(w.All)
}

// folderError says that a file of a chart cannot be read.
func folderError(folder string, err error) error {
	if errors.Is(err, ErrOutside) {
		return invalid("%v", err)
	}
	if fault := (*Error)(nil); errors.As(err, &fault) || errors.Is(err, errAborted) {
		return err
	}
	return invalid("%s: %v", path.Join("/", folder), err)
}
