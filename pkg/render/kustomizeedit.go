// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/kustomize/api/pkg/util"
	"sigs.k8s.io/kustomize/api/types"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// editKustomization lays an application's options over a kustomization, as the commands `kustomize edit set` and
// `kustomize edit add` would. It returns nil if there are none.
func (s *source) editKustomization(file string, content []byte, options *appv1.ApplicationSourceKustomize) ([]byte, error) {
	plain := options.NamePrefix == "" && options.NameSuffix == "" && options.Namespace == "" && len(options.Images) == 0 &&
		len(options.CommonLabels) == 0 && len(options.CommonAnnotations) == 0 && len(options.Replicas) == 0 &&
		len(options.Patches) == 0 && len(options.Components) == 0
	if plain {
		return nil, nil
	}
	k, err := parseKustomization(file, content)
	if err != nil {
		return nil, err
	}
	k.FixKustomization()
	if options.NamePrefix != "" {
		k.NamePrefix = options.NamePrefix
	}
	if options.NameSuffix != "" {
		k.NameSuffix = options.NameSuffix
	}
	if options.Namespace != "" {
		k.Namespace = options.Namespace
	}
	if err := setImages(k, options.Images, s.env); err != nil {
		return nil, err
	}
	if err := setReplicas(k, options.Replicas); err != nil {
		return nil, err
	}
	if err := addLabels(k, options); err != nil {
		return nil, err
	}
	if err := s.addAnnotations(k, options); err != nil {
		return nil, err
	}
	for _, p := range options.Patches {
		patch := types.Patch{Path: p.Path, Patch: p.Patch}
		if len(p.Options) > 0 {
			patch.Options = &types.PatchArgs{AllowNameChange: p.Options["allowNameChange"], AllowKindChange: p.Options["allowKindChange"]}
		}
		if t := p.Target; t != nil {
			patch.Target = &types.Selector{AnnotationSelector: t.AnnotationSelector, LabelSelector: t.LabelSelector}
			patch.Target.Group, patch.Target.Version, patch.Target.Kind = t.Group, t.Version, t.Kind
			patch.Target.Name, patch.Target.Namespace = t.Name, t.Namespace
		}
		k.Patches = append(k.Patches, patch)
	}
	if err := s.addComponents(k, options); err != nil {
		return nil, err
	}
	return writeKustomization(k)
}

// addComponents adds components that are not there yet.
func (s *source) addComponents(k *types.Kustomization, options *appv1.ApplicationSourceKustomize) error {
	lenient := options.IgnoreMissingComponents != nil && *options.IgnoreMissingComponents
	for _, component := range options.Components {
		found := []string{component}
		if !remoteResource.MatchString(component) {
			var err error
			if found, err = s.expandComponent(component); err != nil {
				return err
			}
			if len(found) == 0 && !lenient {
				return invalid("kustomize.components: %s: no such file or directory", component)
			}
		}
		for _, one := range found {
			if !slices.Contains(k.Components, one) {
				k.Components = append(k.Components, one)
			}
		}
	}
	return nil
}

// expandComponent returns the paths that a pattern of path/filepath.Match matches, which are relative to the source's folder as
// the pattern is. Hidden files are not among them, unless it asks for such.
func (s *source) expandComponent(pattern string) ([]string, error) {
	found := []string{""}
	elements := strings.Split(path.Clean(pattern), "/")
	for _, element := range elements {
		var next []string
		for _, folder := range found {
			more, err := s.below(folder, element)
			if err != nil {
				return nil, invalid("kustomize.components: %s: %v", pattern, err)
			}
			next = append(next, more...)
		}
		found = next
	}
	if !strings.HasPrefix(elements[len(elements)-1], ".") {
		found = slices.DeleteFunc(found, func(name string) bool { return strings.HasPrefix(path.Base(name), ".") })
	}
	return found, nil
}

// below returns the paths in a folder whose last element matches a pattern.
func (s *source) below(folder, pattern string) ([]string, error) {
	if !strings.ContainsAny(pattern, `*?[\`) {
		name := path.Join(folder, pattern)
		if pattern == "" {
			return []string{"/"}, nil // the pattern is absolute: it begins at the root of the repository
		}
		place, err := within(s.folder, name)
		if err != nil {
			return nil, err
		}
		if _, err = s.files.Stat(place); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return []string{name}, err
	}
	place, err := within(s.folder, folder)
	if err != nil {
		return nil, err
	}
	entries, err := s.files.ReadDir(place)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, entry := range entries {
		matches, err := path.Match(pattern, entry.Name)
		if err != nil {
			return nil, err
		}
		if matches {
			names = append(names, path.Join(folder, entry.Name))
		}
	}
	return names, err
}

// setImages replaces images: [OLD=]NEW[:TAG][@DIGEST]. What the kustomization says of the same image goes, but for the parts for
// which * stands.
func setImages(k *types.Kustomization, texts []string, env environment) error {
	if len(texts) == 0 {
		return nil
	}
	images := map[string]types.Image{}
	for _, text := range texts {
		text = env.replace(text)
		old, replacement, renamed := strings.Cut(text, "=")
		if !renamed {
			replacement = text
		}
		image := types.Image{}
		image.Name, image.NewTag, image.Digest = util.SplitImageName(replacement)
		if image.Name == text || image.Name == "" || renamed && old == "" {
			return invalid("kustomize.images: %q: must be [OLD=]NEW[:TAG][@DIGEST], with one of the three", text)
		}
		if renamed {
			image.Name, image.NewName = old, image.Name
		}
		images[image.Name] = image
	}
	const keep = "*"
	for _, was := range k.Images {
		image, there := images[was.Name]
		if !there {
			image = was
		}
		for _, part := range []struct{ now, was *string }{{&image.NewName, &was.NewName}, {&image.NewTag, &was.NewTag}, {&image.Digest, &was.Digest}} {
			if *part.now == keep {
				*part.now = *part.was
			}
		}
		images[was.Name] = image
	}
	k.Images = nil
	for _, name := range slices.Sorted(maps.Keys(images)) {
		image := images[name]
		for _, part := range []*string{&image.NewName, &image.NewTag, &image.Digest} {
			if *part == keep { // of which there is none
				*part = ""
			}
		}
		k.Images = append(k.Images, image)
	}
	return nil
}

// setReplicas sets numbers of replicas by the names of workloads.
func setReplicas(k *types.Kustomization, replicas []appv1.KustomizeReplica) error {
	for _, r := range replicas {
		count := int64(r.Count.IntVal)
		if r.Count.Type == intstr.String {
			var err error
			if count, err = strconv.ParseInt(r.Count.StrVal, 10, 32); err != nil {
				return invalid("kustomize.replicas: %s: the count is not a number", r.Name)
			}
		}
		if count < 0 {
			return invalid("kustomize.replicas: %s: the count is negative", r.Name)
		}
		replica := types.Replica{Name: r.Name, Count: count}
		if i := slices.IndexFunc(k.Replicas, func(other types.Replica) bool { return other.Name == r.Name }); i >= 0 {
			k.Replicas[i] = replica
		} else {
			k.Replicas = append(k.Replicas, replica)
		}
	}
	return nil
}

// addLabels adds labels. Those that the kustomization sets itself are replaced by force only.
func addLabels(k *types.Kustomization, options *appv1.ApplicationSourceKustomize) error {
	is := func(b *bool) bool { return b != nil && *b }
	if len(options.CommonLabels) == 0 {
		return nil
	}
	templates := is(options.LabelIncludeTemplates)
	add := func(pairs map[string]string) (map[string]string, error) {
		for _, key := range slices.Sorted(maps.Keys(options.CommonLabels)) {
			if _, there := pairs[key]; there && !is(options.ForceCommonLabels) {
				return nil, invalid("kustomize.commonLabels: label %s already in kustomization file", key)
			}
		}
		return merged(pairs, options.CommonLabels), nil
	}
	var err error
	if !is(options.LabelWithoutSelector) {
		if templates {
			return invalid("kustomize.labelIncludeTemplates: goes with labelWithoutSelector only")
		}
		//lint:ignore SA1019 Users still write it, and it is what this option sets.
		k.CommonLabels, err = add(k.CommonLabels)
		return err
	}
	// Those that go to the same places are told together, and only they are the same labels.
	i := slices.IndexFunc(k.Labels, func(l types.Label) bool { return !l.IncludeSelectors && l.IncludeTemplates == templates })
	if i < 0 {
		i = len(k.Labels)
		k.Labels = append(k.Labels, types.Label{IncludeTemplates: templates})
	}
	k.Labels[i].Pairs, err = add(k.Labels[i].Pairs)
	return err
}

// addAnnotations adds annotations, with variables replaced if that is wanted.
func (s *source) addAnnotations(k *types.Kustomization, options *appv1.ApplicationSourceKustomize) error {
	force := options.ForceCommonAnnotations != nil && *options.ForceCommonAnnotations
	replace := options.CommonAnnotationsEnvsubst != nil && *options.CommonAnnotationsEnvsubst
	added := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(options.CommonAnnotations)) {
		if _, there := k.CommonAnnotations[key]; there && !force {
			return invalid("kustomize.commonAnnotations: annotation %s already in kustomization file", key)
		}
		value := options.CommonAnnotations[key]
		if replace {
			value = s.env.replace(value)
		}
		added[key] = value
	}
	if len(added) > 0 {
		k.CommonAnnotations = merged(k.CommonAnnotations, added)
	}
	return nil
}

// merged is a new map: the second over the first.
func merged(under, over map[string]string) map[string]string {
	all := map[string]string{}
	maps.Copy(all, under)
	maps.Copy(all, over)
	return all
}
