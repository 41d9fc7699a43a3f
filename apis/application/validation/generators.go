// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/json"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/apis/raw"
)

// leaves are the generators that there are on every level.
type leaves struct {
	list        *appv1.ListGenerator
	clusters    *appv1.ClusterGenerator
	git         *appv1.GitGenerator
	scmProvider *appv1.SCMProviderGenerator
	decision    *appv1.DuckTypeGenerator
	pullRequest *appv1.PullRequestGenerator
	plugin      *appv1.PluginGenerator
	selector    *metav1.LabelSelector
}

func leavesOf(g *appv1.ApplicationSetGenerator) leaves {
	return leaves{g.List, g.Clusters, g.Git, g.SCMProvider, g.ClusterDecisionResource, g.PullRequest, g.Plugin, g.Selector}
}

func leavesOfNested(g *appv1.ApplicationSetNestedGenerator) leaves {
	return leaves{g.List, g.Clusters, g.Git, g.SCMProvider, g.ClusterDecisionResource, g.PullRequest, g.Plugin, g.Selector}
}

func leavesOfTerminal(g *appv1.ApplicationSetTerminalGenerator) leaves {
	return leaves{g.List, g.Clusters, g.Git, g.SCMProvider, g.ClusterDecisionResource, g.PullRequest, g.Plugin, g.Selector}
}

// oneKind refuses a generator of no kind, and of several.
func oneKind(kinds []string, path *field.Path) field.ErrorList {
	switch len(kinds) {
	case 1:
		return nil
	case 0:
		return field.ErrorList{field.Required(path, "one kind of generator must be given, such as \"clusters: {}\"")}
	}
	return field.ErrorList{field.Invalid(path, strings.Join(kinds, ", "), "only one kind of generator may be given")}
}

func topGenerator(g *appv1.ApplicationSetGenerator, path *field.Path) field.ErrorList {
	errs := append(oneKind(g.Kinds(), path), leaf(leavesOf(g), path)...)
	if g.Matrix != nil {
		at := path.Child("matrix")
		errs = append(errs, pair(len(g.Matrix.Generators), at.Child("generators"))...)
		errs = append(errs, nestedGenerators(g.Matrix.Generators, at.Child("generators"))...)
	}
	if g.Merge != nil {
		at := path.Child("merge")
		errs = append(errs, merge(len(g.Merge.Generators), g.Merge.MergeKeys, at)...)
		errs = append(errs, nestedGenerators(g.Merge.Generators, at.Child("generators"))...)
	}
	return errs
}

func pair(n int, path *field.Path) field.ErrorList {
	if n == 2 {
		return nil
	}
	return field.ErrorList{field.Invalid(path, n, "must be exactly two generators")}
}

func merge(n int, keys []string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if n < 2 {
		errs = append(errs, field.Invalid(path.Child("generators"), n, "must be two generators or more"))
	}
	if len(keys) == 0 {
		errs = append(errs, field.Required(path.Child("mergeKeys"), "the parameters that must agree"))
	}
	for i, key := range keys {
		errs = append(errs, required(key, path.Child("mergeKeys").Index(i), "the name of a parameter")...)
	}
	return errs
}

func nestedGenerators(all []appv1.ApplicationSetNestedGenerator, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i := range all {
		g, at := &all[i], path.Index(i)
		errs = append(errs, oneKind(g.Kinds(), at)...)
		errs = append(errs, leaf(leavesOfNested(g), at)...)
		if len(g.Matrix.Raw) > 0 {
			var m appv1.NestedMatrixGenerator
			if bad := decode(g.Matrix, &m, at.Child("matrix")); bad != nil {
				errs = append(errs, bad)
				continue
			}
			errs = append(errs, pair(len(m.Generators), at.Child("matrix", "generators"))...)
			errs = append(errs, terminalGenerators(m.Generators, at.Child("matrix", "generators"))...)
		}
		if len(g.Merge.Raw) > 0 {
			var m appv1.NestedMergeGenerator
			if bad := decode(g.Merge, &m, at.Child("merge")); bad != nil {
				errs = append(errs, bad)
				continue
			}
			errs = append(errs, merge(len(m.Generators), m.MergeKeys, at.Child("merge"))...)
			errs = append(errs, terminalGenerators(m.Generators, at.Child("merge", "generators"))...)
		}
	}
	return errs
}

// decode reads a generator that is kept as JSON.
func decode(from raw.JSON, into any, path *field.Path) *field.Error {
	if err := json.UnmarshalCaseSensitivePreserveInts(from.Raw, into); err != nil {
		return field.Invalid(path, short(string(from.Raw)), "must be a generator: "+short(err.Error()))
	}
	return nil
}

func terminalGenerators(all []appv1.ApplicationSetTerminalGenerator, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i := range all {
		errs = append(errs, oneKind(all[i].Kinds(), path.Index(i))...)
		errs = append(errs, leaf(leavesOfTerminal(&all[i]), path.Index(i))...)
	}
	return errs
}

// leaf checks a generator that has no others in it.
func leaf(l leaves, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if l.selector != nil {
		// Parameters are no labels: only the keys and operators must be right, and values may be anything.
		errs = append(errs, selector(l.selector, true, path.Child("selector"))...)
	}
	if g := l.list; g != nil {
		for i, element := range g.Elements {
			if len(element.Raw) == 0 || element.Raw[0] != '{' {
				errs = append(errs, field.Invalid(path.Child("list", "elements").Index(i), short(string(element.Raw)), "must be an object of parameters"))
			}
		}
	}
	if g := l.clusters; g != nil && g.Selector != nil {
		errs = append(errs, selector(g.Selector, false, path.Child("clusters", "selector"))...)
	}
	if g := l.git; g != nil {
		at := path.Child("git")
		errs = append(errs, required(g.RepoURL, at.Child("repoURL"), "the repository to look at")...)
		if len(g.Directories)+len(g.Files) == 0 {
			errs = append(errs, field.Required(at, "one of directories and files must be given"))
		}
		for i, item := range g.Directories {
			errs = append(errs, required(item.Path, at.Child("directories").Index(i).Child("path"), "a glob of folders")...)
		}
		for i, item := range g.Files {
			errs = append(errs, required(item.Path, at.Child("files").Index(i).Child("path"), "a glob of files")...)
		}
	}
	if g := l.decision; g != nil {
		at := path.Child("clusterDecisionResource")
		errs = append(errs, required(g.ConfigMapRef, at.Child("configMapRef"), "the ConfigMap that says what to look at")...)
		if g.Name == "" && g.LabelSelector == nil {
			errs = append(errs, field.Required(at, "one of name and labelSelector must be given"))
		}
		if g.LabelSelector != nil {
			errs = append(errs, selector(g.LabelSelector, false, at.Child("labelSelector"))...)
		}
	}
	if g := l.plugin; g != nil {
		errs = append(errs, required(g.ConfigMapRef.Name, path.Child("plugin", "configMapRef", "name"), "the ConfigMap that says where the service is")...)
	}
	if l.scmProvider != nil {
		errs = append(errs, scmProvider(l.scmProvider, path.Child("scmProvider"))...)
	}
	if l.pullRequest != nil {
		errs = append(errs, pullRequest(l.pullRequest, path.Child("pullRequest"))...)
	}
	return errs
}

// selector refuses a label selector that cannot be read. Texts with tags are left out: parameters make them.
func selector(s *metav1.LabelSelector, anyValue bool, path *field.Path) field.ErrorList {
	checked := metav1.LabelSelector{MatchLabels: map[string]string{}}
	for key, value := range s.MatchLabels {
		switch {
		case tagged(key):
		case tagged(value) || anyValue:
			checked.MatchLabels[key] = ""
		default:
			checked.MatchLabels[key] = value
		}
	}
	for _, e := range s.MatchExpressions {
		copied := *e.DeepCopy()
		for i, value := range copied.Values {
			if tagged(value) || anyValue {
				copied.Values[i] = ""
			}
		}
		if tagged(copied.Key) {
			copied.Key = "a"
		}
		checked.MatchExpressions = append(checked.MatchExpressions, copied)
	}
	return metav1validation.ValidateLabelSelector(&checked, metav1validation.LabelSelectorValidationOptions{}, path)
}

func (w *warnings) topGenerator(g *appv1.ApplicationSetGenerator, path *field.Path) {
	w.leaf(leavesOf(g), path)
	if g.Matrix != nil {
		w.nestedGenerators(g.Matrix.Generators, path.Child("matrix", "generators"))
	}
	if g.Merge != nil {
		w.nestedGenerators(g.Merge.Generators, path.Child("merge", "generators"))
	}
}

func (w *warnings) nestedGenerators(all []appv1.ApplicationSetNestedGenerator, path *field.Path) {
	for i := range all {
		at := path.Index(i)
		w.leaf(leavesOfNested(&all[i]), at)
		var matrix appv1.NestedMatrixGenerator
		var merge appv1.NestedMergeGenerator
		w.unknown(all[i].Matrix, &matrix, at.Child("matrix"))
		w.unknown(all[i].Merge, &merge, at.Child("merge"))
		for j := range matrix.Generators {
			w.leaf(leavesOfTerminal(&matrix.Generators[j]), at.Child("matrix", "generators").Index(j))
		}
		for j := range merge.Generators {
			w.leaf(leavesOfTerminal(&merge.Generators[j]), at.Child("merge", "generators").Index(j))
		}
	}
}

// unknown warns of fields that a generator which is kept as JSON does not have: no strict decoder sees them. What
// cannot be decoded at all has been refused.
func (w *warnings) unknown(from raw.JSON, into any, path *field.Path) {
	if len(from.Raw) == 0 {
		return
	}
	strict, err := json.UnmarshalStrict(from.Raw, into)
	if err != nil {
		return
	}
	for _, err := range strict {
		w.add(path, "%s is ignored", err)
	}
}

func (w *warnings) leaf(l leaves, path *field.Path) {
	if g := l.list; g != nil && len(g.Elements) == 0 && g.ElementsYAML == "" {
		w.add(path.Child("list"), "neither elements nor elementsYaml are given, so there are no parameters")
	}
	if g := l.git; g != nil {
		at := path.Child("git")
		if g.Revision == nil {
			w.add(at.Child("revision"), "absent, which the peer refuses; %s is meant", appv1.DefaultRevision)
		}
		if len(g.Directories) > 0 && len(g.Files) > 0 {
			w.add(at.Child("files"), "ignored, since directories are given")
		}
		w.requeue(g.RequeueAfterSeconds, at)
	}
	if g := l.decision; g != nil {
		w.requeue(g.RequeueAfterSeconds, path.Child("clusterDecisionResource"))
	}
	if g := l.plugin; g != nil {
		w.requeue(g.RequeueAfterSeconds, path.Child("plugin"))
	}
	if g := l.scmProvider; g != nil {
		w.requeue(g.RequeueAfterSeconds, path.Child("scmProvider"))
	}
	if g := l.pullRequest; g != nil {
		w.requeue(g.RequeueAfterSeconds, path.Child("pullRequest"))
	}
}

func (w *warnings) requeue(seconds *int64, path *field.Path) {
	if seconds != nil && *seconds < 0 {
		w.add(path.Child("requeueAfterSeconds"), "%s, so it is never looked at again", fmt.Sprint(*seconds))
	}
}
