// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// sources checks the sources that are used: those of the hydrator, or sources, or source.
func sources(spec *appv1.ApplicationSpec, path *field.Path) field.ErrorList {
	switch {
	case spec.SourceHydrator != nil:
		return hydrator(spec.SourceHydrator, path.Child("sourceHydrator"))
	case len(spec.Sources) > 0:
		errs := manySources(spec.Sources, path.Child("sources"))
		for i := range spec.Sources {
			errs = append(errs, somewhere(&spec.Sources[i], path.Child("sources").Index(i))...)
		}
		return errs
	case spec.Source != nil:
		return append(oneSource(spec.Source, path.Child("source")), somewhere(spec.Source, path.Child("source"))...)
	}
	return field.ErrorList{field.Required(path.Child("source"), "one of source, sources and sourceHydrator must be given")}
}

// somewhere refuses a source that names nothing in its repository.
func somewhere(s *appv1.ApplicationSource, path *field.Path) field.ErrorList {
	if s.Path != "" || s.Chart != "" || s.Ref != "" || strings.HasPrefix(s.RepoURL, "oci://") {
		return nil
	}
	return field.ErrorList{field.Required(path.Child("path"), "one of path, chart and ref must be given; . is the root of the repository")}
}

// refName is what a name of a source may be by which others refer to its files.
var refName = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)

func manySources(all []appv1.ApplicationSource, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	names, refs := map[string]bool{}, map[string]bool{}
	for i := range all {
		s, at := &all[i], path.Index(i)
		errs = append(errs, oneSource(s, at)...)
		if s.Name != "" && names[s.Name] {
			errs = append(errs, field.Duplicate(at.Child("name"), short(s.Name)))
		}
		if s.Ref != "" && refs[s.Ref] {
			errs = append(errs, field.Duplicate(at.Child("ref"), short(s.Ref)))
		}
		if s.Ref != "" && !refName.MatchString(s.Ref) {
			errs = append(errs, field.Invalid(at.Child("ref"), short(s.Ref), "must consist of letters, digits, - and _"))
		}
		names[s.Name], refs[s.Ref] = true, true
	}
	return errs
}

func oneSource(s *appv1.ApplicationSource, path *field.Path) field.ErrorList {
	errs := required(s.RepoURL, path.Child("repoURL"), "where the manifests come from")
	return append(errs, tools(tool{s.Helm, s.Kustomize, s.Directory, s.Plugin}, path)...)
}

// tool says how manifests are made, which sources and dry sources say alike.
type tool struct {
	helm      *appv1.ApplicationSourceHelm
	kustomize *appv1.ApplicationSourceKustomize
	directory *appv1.ApplicationSourceDirectory
	plugin    *appv1.ApplicationSourcePlugin
}

// tools refuses several ways to make manifests: the peer does not choose among them.
func tools(t tool, path *field.Path) field.ErrorList {
	var given []string
	for _, f := range []struct {
		name string
		set  bool
	}{{"helm", t.helm != nil}, {"kustomize", t.kustomize != nil}, {"directory", t.directory != nil}, {"plugin", t.plugin != nil}} {
		if f.set {
			given = append(given, f.name)
		}
	}
	var errs field.ErrorList
	if len(given) > 1 {
		errs = append(errs, field.Invalid(path, strings.Join(given, ", "), "only one of helm, kustomize, directory and plugin may be given"))
	}
	if t.kustomize != nil {
		for i, r := range t.kustomize.Replicas {
			at := path.Child("kustomize", "replicas").Index(i)
			errs = append(errs, required(r.Name, at.Child("name"), "")...)
			if n, err := number(r.Count); err != nil || n < 0 {
				errs = append(errs, field.Invalid(at.Child("count"), short(r.Count.String()), "must be a number, and not negative"))
			}
		}
	}
	return errs
}

func number(n intstr.IntOrString) (int64, error) {
	if n.Type == intstr.Int {
		return int64(n.IntVal), nil
	}
	out, err := strconv.ParseInt(n.StrVal, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("read %q: %w", n.StrVal, err)
	}
	return out, nil
}

// syncPath is what the schema of the peer wants of the folder for rendered manifests: not the root.
var syncPath = regexp.MustCompile(`^.{2,}|[^./]$`)

func hydrator(h *appv1.SourceHydrator, path *field.Path) field.ErrorList {
	dry, sync := path.Child("drySource"), path.Child("syncSource")
	errs := required(h.DrySource.RepoURL, dry.Child("repoURL"), "what is rendered")
	errs = append(errs, tools(tool{h.DrySource.Helm, h.DrySource.Kustomize, h.DrySource.Directory, h.DrySource.Plugin}, dry)...)
	errs = append(errs, required(h.SyncSource.TargetBranch, sync.Child("targetBranch"), "the branch to sync from")...)
	if !syncPath.MatchString(h.SyncSource.Path) {
		errs = append(errs, field.Invalid(sync.Child("path"), h.SyncSource.Path, "must be a folder, and not the root of the repository, which is emptied before each commit"))
	}
	if h.HydrateTo != nil {
		errs = append(errs, required(h.HydrateTo.TargetBranch, path.Child("hydrateTo", "targetBranch"), "the branch to commit to")...)
	}
	return errs
}

// sources warns of sources that are not used, and of what in the others will not do.
func (w *warnings) sources(spec *appv1.ApplicationSpec, path *field.Path) {
	used := "source"
	switch {
	case spec.SourceHydrator != nil:
		used = "sourceHydrator"
	case len(spec.Sources) > 0:
		used = "sources"
	}
	if spec.Source != nil && used != "source" {
		w.add(path.Child("source"), "ignored, since %s is given", used)
	}
	if len(spec.Sources) > 0 && used != "sources" {
		w.add(path.Child("sources"), "ignored, since %s is given", used)
	}
	switch used {
	case "sourceHydrator":
		w.helm(spec.SourceHydrator.DrySource.Helm, path.Child("sourceHydrator", "drySource", "helm"))
	case "sources":
		for i := range spec.Sources {
			w.source(&spec.Sources[i], path.Child("sources").Index(i))
		}
	default:
		if spec.Source != nil {
			w.source(spec.Source, path.Child("source"))
			if spec.Source.Ref != "" {
				w.add(path.Child("source", "ref"), "ignored: only one of several sources can be referred to")
			}
		}
	}
}

func (w *warnings) source(s *appv1.ApplicationSource, path *field.Path) {
	if s.Path != "" && s.Chart != "" {
		w.add(path.Child("path"), "ignored, since chart is given")
	}
	if s.Chart != "" && s.TargetRevision == "" {
		w.add(path.Child("targetRevision"), "absent: the newest version of the chart is used, whatever it is")
	}
	w.helm(s.Helm, path.Child("helm"))
	if k := s.Kustomize; k != nil {
		for i, p := range k.Patches {
			if (p.Path == "") == (p.Patch == "") {
				w.add(path.Child("kustomize", "patches").Index(i), "exactly one of path and patch should be given")
			}
		}
	}
}

func (w *warnings) helm(h *appv1.ApplicationSourceHelm, path *field.Path) {
	if h == nil {
		return
	}
	if h.Version != "" && h.Version != "v3" {
		w.add(path.Child("version"), "%q is ignored: there is only v3", short(h.Version))
	}
	switch {
	case h.Values == "":
	case len(h.ValuesObject.Raw) > 0:
		w.add(path.Child("values"), "ignored, since valuesObject is given")
	default:
		var values map[string]any
		if err := yaml.Unmarshal([]byte(h.Values), &values); err != nil {
			w.add(path.Child("values"), "no YAML map: %s", short(strings.Join(strings.Fields(err.Error()), " ")))
		}
	}
}
