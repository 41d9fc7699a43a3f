// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"errors"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/strvals"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// helmValues are the values of a chart: those of files, then those in the application, then parameters, then files as
// parameters (Helm: helm template --help; --set, --set-string, --set-file in that order). URLs that are not there are
// returned as missing.
func (s *source) helmValues(options *appv1.ApplicationSourceHelm) (values map[string]any, missing []Values, err error) {
	values = map[string]any{}
	lay := func(name string, content []byte) error {
		more, err := loader.LoadValues(bytes.NewReader(decodeText(content)))
		if err != nil {
			return invalid("%s: %s", name, yamlProblem(err, 0))
		}
		values = loader.MergeMaps(values, more)
		return nil
	}
	files, missing, err := s.valueFiles(options)
	if err != nil {
		return nil, nil, err
	}
	for _, file := range files {
		content, err := s.trees[file.tree].ReadFile(file.path)
		if err != nil {
			return nil, nil, folderError(file.path, err)
		}
		if err := lay(file.name, content); err != nil {
			return nil, nil, err
		}
	}
	switch {
	case len(options.ValuesObject.Raw) > 0:
		err = lay("helm.valuesObject", options.ValuesObject.Raw)
	case options.Values != "":
		err = lay("helm.values", []byte(options.Values))
	}
	if err != nil {
		return nil, nil, err
	}
	return values, missing, s.helmParameters(options, values)
}

// helmParameters lays single values over the others.
func (s *source) helmParameters(options *appv1.ApplicationSourceHelm, values map[string]any) error {
	for _, asText := range []bool{false, true} {
		for _, p := range options.Parameters {
			if asText != (p.ForceString != nil && *p.ForceString) {
				continue
			}
			parse := strvals.ParseInto
			if asText {
				parse = strvals.ParseIntoString
			}
			if err := parse(p.Name+"="+escapeCommas(s.env.replace(p.Value)), values); err != nil {
				return invalid("helm.parameters: %s: %v", p.Name, err)
			}
		}
	}
	for _, p := range options.FileParameters {
		file, err := s.valueFile("helm.fileParameters", p.Path)
		if err != nil {
			return err
		}
		if file.absent {
			return invalid("helm.fileParameters: %s: a URL is not supported here", p.Path)
		}
		content, err := s.trees[file.tree].ReadFile(file.path)
		if errors.Is(err, fs.ErrNotExist) {
			return invalid("helm.fileParameters: %s: no such file", p.Path)
		}
		if err != nil {
			return folderError(file.path, err)
		}
		read := func([]rune) (any, error) { return string(content), nil }
		if err := strvals.ParseIntoFile(p.Name+"="+escapeCommas(p.Path), values, read); err != nil {
			return invalid("helm.fileParameters: %s: %v", p.Name, err)
		}
	}
	return nil
}

// escapeCommas has Helm take commas as part of the value, which it would take for the next one, unless the value is a list
// {a,b} or they are escaped already.
func escapeCommas(value string) string {
	if strings.HasPrefix(value, "{") && strings.HasSuffix(value, "}") {
		return value
	}
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		if value[i] == ',' && (i == 0 || value[i-1] != '\\') {
			b.WriteByte('\\')
		}
		b.WriteByte(value[i])
	}
	return b.String()
}

// valueFile is a file with values, or a URL that is not there.
type valueFile struct {
	name       string // as in the application
	tree, path string
	url        string
	absent     bool // a URL that has to be fetched
}

// place tells files apart.
type place struct{ tree, path string }

// valueFiles finds valueFiles: in order, those of a glob by name. A file that a glob matches and that is named elsewhere
// stands where it is named.
func (s *source) valueFiles(options *appv1.ApplicationSourceHelm) (found []valueFile, missing []Values, err error) {
	lenient := options.IgnoreMissingValueFiles != nil && *options.IgnoreMissingValueFiles
	type group struct {
		files []valueFile
		glob  bool
	}
	var groups []group
	named, taken := map[place]bool{}, map[place]bool{}
	for _, name := range options.ValueFiles {
		file, err := s.valueFile("helm.valueFiles", name)
		if err != nil {
			return nil, nil, err
		}
		if file.absent {
			missing = append(missing, Values{URL: file.url})
			continue
		}
		_, err = s.trees[file.tree].Stat(file.path)
		switch {
		case err == nil:
			named[place{file.tree, file.path}] = true
			groups = append(groups, group{files: []valueFile{file}})
			continue
		case !errors.Is(err, fs.ErrNotExist):
			return nil, nil, folderError(file.path, err)
		}
		var matches []valueFile
		if isGlob(file.path) {
			if matches, err = s.expand(file); err != nil {
				return nil, nil, err
			}
		}
		if len(matches) == 0 && !lenient {
			if isGlob(file.path) {
				return nil, nil, invalid("helm.valueFiles: %s: matches no file", name)
			}
			return nil, nil, invalid("helm.valueFiles: %s: no such file or directory", name)
		}
		groups = append(groups, group{files: matches, glob: true})
	}
	for _, g := range groups {
		for _, file := range g.files {
			key := place{file.tree, file.path}
			if g.glob && (named[key] || taken[key]) {
				continue
			}
			taken[key] = true
			found = append(found, file)
		}
	}
	return found, missing, nil
}

// expand finds the files that a glob matches, by name.
func (s *source) expand(pattern valueFile) ([]valueFile, error) {
	g, err := compileGlob(pattern.path, true)
	if err != nil {
		return nil, invalid("helm.valueFiles: %s: %v", pattern.name, err)
	}
	// Only the folder before the first special character is walked.
	start := folderOf(pattern.path[:strings.IndexAny(pattern.path, "*?[{")] + "x")
	var found []valueFile
	var walk func(folder string, depth int) error
	walk = func(folder string, depth int) error {
		if depth > maxFolders {
			return invalid("%s: more than %d folders deep", folder, maxFolders)
		}
		entries, err := s.trees[pattern.tree].ReadDir(folder)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return folderError(folder, err)
		}
		for _, entry := range entries {
			name := path.Join(folder, entry.Name)
			if !entry.Dir && g.matches(name) {
				found = append(found, valueFile{name: name, tree: pattern.tree, path: name})
			}
			if entry.Dir && !entry.Link {
				if err := walk(name, depth+1); err != nil {
					return err
				}
			}
		}
		return nil
	}
	err = walk(start, 0)
	slices.SortStableFunc(found, func(a, b valueFile) int { return strings.Compare(a.path, b.path) })
	return found, err
}

// reference is $NAME/PATH, in the tree of another source.
var reference = regexp.MustCompile(`^\$([a-zA-Z0-9_-]+)(?:/(.*))?$`)

// valueFile says where a file is: in the application's own tree, in that of another source, or at a URL.
func (s *source) valueFile(field, name string) (valueFile, error) {
	if parts := reference.FindStringSubmatch(name); parts != nil {
		if tree, there := s.req.Refs[parts[1]]; there {
			if s.trees[tree] == nil {
				return valueFile{}, invalid("%s: %s: the source is not there", field, name)
			}
			file, err := cleanPath(s.env.replace(parts[2]))
			if err != nil {
				return valueFile{}, invalid("%s: %s: %v", field, name, err)
			}
			return valueFile{name: name, tree: tree, path: file}, nil
		}
		if _, there := s.env[parts[1]]; !there {
			return valueFile{}, invalid("%s: source referenced %q, but no source has a 'ref' field defined", field, "$"+parts[1])
		}
	}
	replaced := s.env.replace(name)
	if scheme, _, is := strings.Cut(replaced, "://"); is {
		return s.remoteValues(field, replaced, scheme)
	}
	file, err := within(s.folder, replaced)
	if err != nil {
		return valueFile{}, invalid("%s: %s: %v", field, name, err)
	}
	return valueFile{name: name, path: file}, nil
}

// remoteValues finds values at a URL among what the request brings.
func (s *source) remoteValues(field, name, scheme string) (valueFile, error) {
	schemes := s.req.Settings.ValueSchemes
	if schemes == nil {
		schemes = []string{"https", "http"}
	}
	if _, err := url.Parse(name); err != nil || !slices.Contains(schemes, scheme) {
		return valueFile{}, invalid("%s: the URL scheme %q is not allowed", field, scheme)
	}
	for _, given := range s.req.Values {
		if given.URL == name && s.trees[given.Tree] != nil {
			return valueFile{name: name, tree: given.Tree, path: given.Path, url: name}, nil
		}
	}
	return valueFile{name: name, url: name, absent: true}, nil
}
