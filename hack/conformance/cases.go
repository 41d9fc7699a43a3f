// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Program conformance holds a cluster to what the peers do, in three stages:
//
//   - manifests: each of the peers' manifests is accepted without a warning of
//     unknown fields, or refused for a reason that refused.txt lists;
//   - random: objects made up from the peers' schemas come through the server
//     as they were sent (see package random);
//   - behaviour: recorded workflows are run through argoproj.io/v1alpha1, their
//     end is awaited by watch, and compared with how the peer ended them.
//
// It must not know how the server works, nor hold copies of the cases: those
// are read in place.
package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"argosy.dev/argosy/hack/e2e/framework"
)

// families are the folders of cases, with a resource of each family. A family
// whose resource is not served is skipped by name.
var families = []struct{ folder, resource string }{
	{"workflows", "workflows"}, {"applications", "applications"}, {"rollouts", "rollouts"}, {"sensors", "sensors"},
}

// doc is one object of a case file.
type doc struct {
	// name is FAMILY/FILE, with #2, #3 for further documents of the same role.
	name   string
	object *unstructured.Unstructured
	// unreadable says why the file is no YAML of objects; there is no object then.
	unreadable error
}

// caseSet is one family's cases, sorted by file and place in it.
type caseSet struct {
	family    string
	workflows []doc // to be run
	others    []doc // templates, ConfigMaps, ...
	golden    map[string]outcome
	// unreadable are files that are no YAML of objects: templates, or wrong on purpose.
	unreadable []doc
}

// load reads the cases of a family below dir.
func load(dir, family string) (*caseSet, error) {
	set := &caseSet{family: family, golden: map[string]outcome{}}
	root := filepath.Join(dir, family, "cases")
	var files []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(p, ".yaml") {
			files = append(files, p)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read cases: %w", err)
	}
	sort.Strings(files)
	for _, f := range files {
		rel, err := filepath.Rel(root, f)
		if err != nil {
			return nil, fmt.Errorf("name of case: %w", err)
		}
		data, err := os.ReadFile(f)
		if err != nil {
			return nil, fmt.Errorf("read case: %w", err)
		}
		objects, err := framework.Decode(data)
		name := family + "/" + filepath.ToSlash(rel)
		set.add(name, objects)
		if err != nil {
			if len(objects) > 0 {
				name = fmt.Sprintf("%s#%d", name, len(objects)+1)
			}
			set.unreadable = append(set.unreadable, doc{name: name, unreadable: err})
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, family, "golden.json"))
	if os.IsNotExist(err) {
		return set, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read recorded outcomes: %w", err)
	}
	golden := map[string]outcome{}
	if err := json.Unmarshal(data, &golden); err != nil {
		return nil, fmt.Errorf("decode recorded outcomes: %w", err)
	}
	for k, v := range golden {
		set.golden[family+"/"+k] = v
	}
	return set, nil
}

func (s *caseSet) add(name string, objects []*unstructured.Unstructured) {
	var workflows, others int
	numbered := func(n int) string {
		if n == 1 {
			return name
		}
		return fmt.Sprintf("%s#%d", name, n)
	}
	for _, o := range objects {
		o.SetNamespace("")
		if o.GetKind() == "Workflow" {
			workflows++
			s.workflows = append(s.workflows, doc{name: numbered(workflows), object: o})
		} else {
			others++
			s.others = append(s.others, doc{name: numbered(others), object: o})
		}
	}
}
