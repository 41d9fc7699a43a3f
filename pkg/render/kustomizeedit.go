// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"
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
	for _, image := range options.Images {
		if err := setImage(k, s.env.replace(image)); err != nil {
			return nil, err
		}
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
		if lenient && !remoteResource.MatchString(component) {
			place, err := cleanPath(path.Join(s.folder, component))
			if err != nil {
				return invalid("kustomize.components: %s: %v", component, err)
			}
			_, err = s.files.Stat(place)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return folderError(place, err)
			}
		}
		if !slices.Contains(k.Components, component) {
			k.Components = append(k.Components, component)
		}
	}
	return nil
}

// digestImage is NAME@DIGEST, tagImage is NAME:TAG, where NAME may have a port.
var (
	digestImage = regexp.MustCompile(`^(.*)@([a-zA-Z0-9:_+.-]+)$`)
	tagImage    = regexp.MustCompile(`^(.*):([a-zA-Z0-9._*-]+)$`)
)

// setImage replaces an image: [OLD=]NEW[:TAG], [OLD=]NEW@DIGEST or [OLD=]NEW:TAG@DIGEST. What is * or not said stays as
// the kustomization has it.
func setImage(k *types.Kustomization, text string) error {
	old, replacement, renamed := strings.Cut(text, "=")
	if !renamed {
		replacement = text
	}
	image := types.Image{}
	if parts := digestImage.FindStringSubmatch(replacement); parts != nil {
		replacement, image.Digest = parts[1], parts[2]
	}
	if parts := tagImage.FindStringSubmatch(replacement); parts != nil && !strings.Contains(parts[2], "/") {
		replacement, image.NewTag = parts[1], parts[2]
	}
	image.Name = replacement
	if renamed {
		image.Name, image.NewName = old, replacement
	}
	if image.Name == "" || replacement == "" || !renamed && image.NewTag == "" && image.Digest == "" {
		return invalid("kustomize.images: %q: must be [OLD=]NEW[:TAG] or [OLD=]NEW@DIGEST", text)
	}
	i := slices.IndexFunc(k.Images, func(other types.Image) bool { return other.Name == image.Name })
	if i < 0 {
		if image.NewName == "*" {
			image.NewName = ""
		}
		if image.NewTag == "*" {
			image.NewTag = ""
		}
		k.Images = append(k.Images, image)
	} else {
		was := &k.Images[i]
		if image.NewName != "" && image.NewName != "*" {
			was.NewName = image.NewName
		}
		if image.Digest != "" || image.NewTag != "" && image.NewTag != "*" {
			was.Digest, was.NewTag, was.TagSuffix = image.Digest, strings.TrimPrefix(image.NewTag, "*"), ""
		}
	}
	slices.SortFunc(k.Images, func(a, b types.Image) int { return strings.Compare(a.Name, b.Name) })
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
	if !is(options.LabelWithoutSelector) {
		for _, key := range slices.Sorted(maps.Keys(options.CommonLabels)) {
			//lint:ignore SA1019 Users still write it, and it is what this option sets.
			if _, there := k.CommonLabels[key]; there && !is(options.ForceCommonLabels) {
				return invalid("kustomize.commonLabels: label %s already in kustomization file", key)
			}
		}
		//lint:ignore SA1019 As above.
		k.CommonLabels = merged(k.CommonLabels, options.CommonLabels)
		return nil
	}
	templates := is(options.LabelIncludeTemplates)
	for i := range k.Labels {
		was := &k.Labels[i]
		for _, key := range slices.Sorted(maps.Keys(options.CommonLabels)) {
			if _, there := was.Pairs[key]; !there {
				continue
			}
			if !is(options.ForceCommonLabels) {
				return invalid("kustomize.commonLabels: label %s already in kustomization file", key)
			}
			was.Pairs = maps.Clone(was.Pairs)
			delete(was.Pairs, key)
		}
	}
	k.Labels = slices.DeleteFunc(k.Labels, func(l types.Label) bool { return len(l.Pairs) == 0 })
	k.Labels = append(k.Labels, types.Label{Pairs: maps.Clone(options.CommonLabels), IncludeTemplates: templates})
	return nil
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
