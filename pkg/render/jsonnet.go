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

	"github.com/google/go-jsonnet"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// jsonnet evaluates a Jsonnet file: to one object, or a list of them.
func (s *source) jsonnet(name string, options *appv1.ApplicationSourceJsonnet) ([]json.RawMessage, error) {
	if options == nil {
		options = &appv1.ApplicationSourceJsonnet{}
	}
	vm := jsonnet.MakeVM()
	vm.SetTraceOut(discard{})
	for _, v := range options.ExtVars {
		value := s.env.replace(v.Value)
		if v.Code != nil && *v.Code {
			vm.ExtCode(v.Name, value)
		} else {
			vm.ExtVar(v.Name, value)
		}
	}
	for _, v := range options.TLAs {
		value := s.env.replace(v.Value)
		if v.Code != nil && *v.Code {
			vm.TLACode(v.Name, value)
		} else {
			vm.TLAVar(v.Name, value)
		}
	}
	imports := &importer{files: s.files, contents: map[string]jsonnet.Contents{}}
	// Beside the file itself, imports are looked for in the application's folder, then in libs.
	imports.libs = append(imports.libs, s.folder)
	for _, lib := range options.Libs {
		folder, err := cleanPath(lib)
		if err != nil {
			return nil, invalid("directory.jsonnet.libs: %s: %v", lib, err)
		}
		imports.libs = append(imports.libs, folder)
	}
	vm.Importer(imports)
	text, err := vm.EvaluateFile(name)
	if imports.err != nil {
		return nil, imports.err
	}
	if err != nil {
		return nil, invalid("%s: %s", name, jsonnetProblem(err))
	}
	if strings.HasPrefix(strings.TrimSpace(text), "[") {
		var list []json.RawMessage
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			return nil, invalid("%s: %s", name, jsonProblem(err))
		}
		var objects []json.RawMessage
		for i, item := range list {
			more, err := objectsOfJSON(fmt.Sprintf("%s: item %d", name, i), item)
			if err != nil {
				return nil, err
			}
			objects = append(objects, more...)
		}
		return objects, nil
	}
	return objectsOfJSON(name, []byte(text))
}

// jsonnetProblem is what is wrong, and where, without the trace.
func jsonnetProblem(err error) string {
	message, trace, _ := strings.Cut(strings.TrimSpace(err.Error()), "\n")
	message = strings.TrimPrefix(message, "RUNTIME ERROR: ")
	if where, _, more := strings.Cut(strings.TrimSpace(trace), "\n"); more || where != "" {
		if head, _, found := strings.Cut(where, "\t"); found && strings.Contains(head, ":") {
			message += " (" + strings.TrimSpace(head) + ")"
		}
	}
	return short(message)
}

// importer finds imports in a tree.
type importer struct {
	files    Files
	libs     []string
	contents map[string]jsonnet.Contents // by path: the same file must be the same contents
	err      error                       // what is not the fault of the Jsonnet
}

// Import finds a file beside the importing one, or in the libraries, the last one first (as jsonnet -J does).
func (i *importer) Import(from, name string) (jsonnet.Contents, string, error) {
	var candidates []string
	add := func(folder string) {
		if file, err := within(folder, name); err == nil && file != "" {
			candidates = append(candidates, file)
		}
	}
	if from == "" {
		candidates = []string{name}
	} else {
		add(folderOf(from))
		for j := len(i.libs) - 1; j >= 0; j-- {
			add(i.libs[j])
		}
	}
	for _, file := range candidates {
		if contents, there := i.contents[file]; there {
			return contents, file, nil
		}
		content, err := i.files.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			i.err = err
			return jsonnet.Contents{}, "", err
		}
		contents := jsonnet.MakeContentsRaw(content)
		i.contents[file] = contents
		return contents, file, nil
	}
	return jsonnet.Contents{}, "", fmt.Errorf("couldn't open import %q: no such file in the folder of %s, the application or the libraries", name, from)
}

// folderOf is the folder of a file.
func folderOf(file string) string {
	folder := path.Dir(file)
	if folder == "." {
		return ""
	}
	return folder
}

// discard drops what std.trace prints.
type discard struct{}

// Write drops it.
func (discard) Write(text []byte) (int, error) { return len(text), nil }
