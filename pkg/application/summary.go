// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// templates are where pod specs are in objects.
var templates = [][]string{
	{"spec"}, {"spec", "template", "spec"}, {"spec", "jobTemplate", "spec", "template", "spec"},
}

// summary is what status.summary says of the objects that are there.
func summary(all []Compared) appv1.ApplicationSummary {
	var out appv1.ApplicationSummary
	images, urls := map[string]struct{}{}, map[string]struct{}{}
	for i := range all {
		live := all[i].Live
		if live == nil {
			continue
		}
		for _, image := range Images(live) {
			images[image] = struct{}{}
		}
		for _, url := range URLs(live) {
			urls[url] = struct{}{}
		}
		if kind := all[i].Key.Kind; kind == "Application" && (all[i].Key.Group == "argoproj.io" || all[i].Key.Group == appv1.GroupName) {
			out.IsAppOfApps = true
		}
	}
	if len(images) > 0 {
		out.Images = slices.Sorted(maps.Keys(images))
	}
	if len(urls) > 0 {
		out.ExternalURLs = slices.Sorted(maps.Keys(urls))
	}
	return out
}

// Images returns the images that the containers of a workload run. Of nil there are none.
func Images(u *unstructured.Unstructured) []string {
	if u == nil {
		return nil
	}
	var out []string
	for _, path := range templates {
		for _, list := range []string{"containers", "initContainers"} {
			value, found, err := unstructured.NestedFieldNoCopy(u.Object, append(slices.Clone(path), list)...)
			containers, ok := value.([]any)
			if err != nil || !found || !ok {
				continue
			}
			for _, container := range containers {
				if fields, ok := container.(map[string]any); ok {
					if image, ok := fields["image"].(string); ok && image != "" {
						out = append(out, image)
					}
				}
			}
		}
	}
	return out
}

// URLs returns where an Ingress can be reached, and nothing of other kinds and of nil: its hosts, by https where it has a certificate for one.
func URLs(u *unstructured.Unstructured) []string {
	if u == nil {
		return nil
	}
	if gvk := u.GroupVersionKind(); gvk.Group != "networking.k8s.io" || gvk.Kind != "Ingress" {
		return nil
	}
	secure := map[string]bool{}
	for _, entry := range list(u.Object, "spec", "tls") {
		for _, host := range list(entry, "hosts") {
			if name, ok := host.(string); ok {
				secure[name] = true
			}
		}
	}
	var out []string
	for _, rule := range list(u.Object, "spec", "rules") {
		fields, _ := rule.(map[string]any)
		host, _ := fields["host"].(string)
		if host == "" {
			continue
		}
		scheme := "http"
		if secure[host] {
			scheme = "https"
		}
		paths := list(rule, "http", "paths")
		if len(paths) == 0 {
			out = append(out, scheme+"://"+host)
		}
		for _, path := range paths {
			fields, _ := path.(map[string]any)
			at, _ := fields["path"].(string)
			if at == "/" {
				at = ""
			}
			out = append(out, scheme+"://"+host+at)
		}
	}
	return out
}

// list returns the list at a path of fields, nil if there is none.
func list(in any, path ...string) []any {
	fields, ok := in.(map[string]any)
	if !ok {
		return nil
	}
	value, found, err := unstructured.NestedFieldNoCopy(fields, path...)
	if err != nil || !found {
		return nil
	}
	out, _ := value.([]any)
	return out
}
