// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"strings"
	"time"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/ignore"
)

const (
	// maxChart bounds the files of a chart together, in bytes, as Helm does.
	maxChart = 100 << 20
	// maxChartFolders bounds how deep its folders are, since links to folders are followed.
	maxChartFolders = 32
)

// loadChart loads the chart in a folder, with the charts on which it depends. Those that it lacks are taken from the
// request; what is not there either is returned as missing.
func (s *source) loadChart(files Files, folder string) (c *chart.Chart, missing []Chart, err error) {
	buffered, err := chartFiles(files, folder)
	if err != nil {
		return nil, nil, err
	}
	if c, err = loader.LoadFiles(buffered); err != nil {
		return nil, nil, invalid("%s: %s", path.Join("/", folder), yamlProblem(err, 0))
	}
	has := map[string]bool{}
	for _, dependency := range c.Dependencies() {
		has[dependency.Name()] = true
	}
	var absent []string
	for _, dependency := range c.Metadata.Dependencies {
		if dependency == nil || has[dependency.Name] {
			continue
		}
		if local, is := strings.CutPrefix(dependency.Repository, "file://"); is {
			sub, more, err := s.loadLocal(files, folder, local)
			if err != nil {
				return nil, nil, err
			}
			missing = append(missing, more...)
			c.AddDependency(sub)
			continue
		}
		if dependency.Repository == "" {
			absent = append(absent, dependency.Name)
			continue
		}
		wanted := Chart{Name: dependency.Name, Repository: dependency.Repository, Version: lockedVersion(c, dependency)}
		tree := s.fetched(wanted)
		if tree == nil {
			missing = append(missing, wanted)
			continue
		}
		sub, more, err := s.loadChart(tree, "")
		if err != nil {
			return nil, nil, err
		}
		missing = append(missing, more...)
		c.AddDependency(sub)
	}
	if len(absent) > 0 {
		return nil, nil, invalid("%s: found in Chart.yaml, but missing in charts/ directory: %s", path.Join("/", folder), strings.Join(absent, ", "))
	}
	return c, missing, nil
}

// loadLocal loads a chart of the same tree on which another depends.
func (s *source) loadLocal(files Files, folder, local string) (*chart.Chart, []Chart, error) {
	target, err := cleanPath(path.Join(folder, local))
	if err != nil {
		return nil, nil, invalid("%s: dependency file://%s: %v", path.Join("/", folder), local, err)
	}
	if target == folder || s.loading[target] {
		return nil, nil, invalid("%s: dependency file://%s: depends on itself", path.Join("/", folder), local)
	}
	if s.loading == nil {
		s.loading = map[string]bool{}
	}
	s.loading[target] = true
	defer delete(s.loading, target)
	return s.loadChart(files, target)
}

// lockedVersion is the version of a dependency in Chart.lock, else the one in Chart.yaml. The same chart may be there in several
// versions, for dependencies with different aliases.
func lockedVersion(c *chart.Chart, dependency *chart.Dependency) string {
	if c.Lock != nil {
		for _, locked := range c.Lock.Dependencies {
			if locked != nil && locked.Name == dependency.Name && locked.Repository == dependency.Repository &&
				(dependency.Version == "" || chartutil.IsCompatibleRange(dependency.Version, locked.Version)) {
				return locked.Version
			}
		}
	}
	return dependency.Version
}

// fetched is the tree of a chart that the request brings, or nil.
func (s *source) fetched(wanted Chart) Files {
	for _, given := range s.req.Charts {
		if given.Name == wanted.Name && given.Repository == wanted.Repository && given.Version == wanted.Version {
			return s.trees[given.Tree]
		}
	}
	return nil
}

// chartFiles reads the files of a chart, but for those that .helmignore names.
func chartFiles(files Files, folder string) ([]*archive.BufferedFile, error) {
	rules := ignore.Empty()
	content, err := files.ReadFile(path.Join(folder, ignore.HelmIgnore))
	switch {
	case err == nil:
		if rules, err = ignore.Parse(bytes.NewReader(content)); err != nil {
			return nil, invalid("%s: %v", path.Join(folder, ignore.HelmIgnore), err)
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, folderError(folder, err)
	}
	rules.AddDefaults()
	var buffered []*archive.BufferedFile
	total := 0
	var walk func(below string, depth int) error
	walk = func(below string, depth int) error {
		if depth > maxChartFolders {
			return invalid("%s: more than %d folders deep", path.Join("/", folder, below), maxChartFolders)
		}
		entries, err := files.ReadDir(path.Join(folder, below))
		if err != nil {
			return folderError(path.Join(folder, below), err)
		}
		for _, entry := range entries {
			name := path.Join(below, entry.Name)
			if rules.Ignore(name, fileInfo{entry}) {
				continue
			}
			if entry.Dir {
				if err := walk(name, depth+1); err != nil {
					return err
				}
				continue
			}
			data, err := files.ReadFile(path.Join(folder, name))
			if err != nil {
				return folderError(path.Join(folder, name), err)
			}
			if total += len(data); total > maxChart {
				return &Error{Kind: TooLarge, Message: "the chart is larger than 100 MiB"}
			}
			data = bytes.TrimPrefix(data, []byte{0xEF, 0xBB, 0xBF})
			buffered = append(buffered, &archive.BufferedFile{Name: name, Data: data})
		}
		return nil
	}
	if err := walk("", 0); err != nil {
		return nil, err
	}
	return buffered, nil
}

// fileInfo is an Entry, as libraries want it.
type fileInfo struct{ entry Entry }

// Name of the file.
func (f fileInfo) Name() string { return f.entry.Name }

// Size in bytes.
func (f fileInfo) Size() int64 { return f.entry.Size }

// Mode says if it is a folder.
func (f fileInfo) Mode() fs.FileMode {
	if f.entry.Dir {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

// ModTime is not known.
func (fileInfo) ModTime() time.Time { return time.Time{} }

// IsDir says if it is a folder.
func (f fileInfo) IsDir() bool { return f.entry.Dir }

// Sys is nothing.
func (fileInfo) Sys() any { return nil }
