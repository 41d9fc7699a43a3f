// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"errors"
	"fmt"
	"strings"

	"github.com/Masterminds/semver/v3"
	"sigs.k8s.io/yaml"
)

// index is what we want to know of the index.yaml of a chart repository: the versions of each chart.
type index map[string][]chartVersion

// chartVersion is one version of a chart.
type chartVersion struct {
	Version string   `json:"version"`
	URLs    []string `json:"urls"`
	Digest  string   `json:"digest"`
}

// maxVersion is how long a version or constraint may be, in bytes.
const maxVersion = 256

// parseIndex reads an index.yaml. Versions that are none, or that nothing can be downloaded of, are left out.
func parseIndex(text []byte) (index, error) {
	var file struct {
		Entries map[string][]*chartVersion `json:"entries"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, errors.New("index.yaml cannot be read")
	}
	if file.Entries == nil {
		return nil, errors.New("index.yaml has no entries")
	}
	found := index{}
	for name, versions := range file.Entries {
		for _, v := range versions {
			if v == nil || len(v.Version) > maxVersion || len(v.URLs) == 0 || v.URLs[0] == "" {
				continue
			}
			if _, err := semver.NewVersion(v.Version); err == nil {
				found[name] = append(found[name], chartVersion{Version: v.Version, URLs: v.URLs[:1], Digest: strings.TrimPrefix(v.Digest, "sha256:")})
			}
		}
	}
	return found, nil
}

// find returns the version of a chart: just the one that is asked for, else the highest that satisfies the constraint. ""
// is the highest that is no pre-release.
func (x index) find(name, want string) (chartVersion, error) {
	versions := x[name]
	if len(versions) == 0 {
		return chartVersion{}, fmt.Errorf("the repository has no chart %q", name)
	}
	if len(want) > maxVersion {
		return chartVersion{}, fmt.Errorf("the version of chart %q has more than %d bytes", name, maxVersion)
	}
	for _, v := range versions {
		if v.Version == want {
			return v, nil
		}
	}
	if want == "" {
		want = "*"
	}
	constraint, err := semver.NewConstraint(want)
	if err != nil {
		return chartVersion{}, fmt.Errorf("chart %q has no version %q, which is no constraint either", name, want)
	}
	var best *semver.Version
	var found chartVersion
	for _, v := range versions {
		version, err := semver.NewVersion(v.Version)
		if err != nil || !constraint.Check(version) {
			continue
		}
		if best == nil || best.LessThan(version) || best.Equal(version) && v.Version < found.Version {
			best, found = version, v
		}
	}
	if best == nil {
		return chartVersion{}, fmt.Errorf("chart %q has no version that satisfies %q", name, want)
	}
	return found, nil
}

// exact tells whether a version is one and no constraint: what it names does not change.
func exact(version string) bool {
	_, err := semver.StrictNewVersion(strings.TrimPrefix(version, "v"))
	return err == nil
}
