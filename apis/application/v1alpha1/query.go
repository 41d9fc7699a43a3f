// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"errors"
	"net/url"

	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"argosy.dev/argosy/apis/query"
)

// AddConversions registers how the query of a request becomes options. It is keyed by Go type, so once is enough for all
// groups.
func AddConversions(scheme *runtime.Scheme) error {
	return errors.Join(
		scheme.AddConversionFunc((*url.Values)(nil), (*ApplicationManifestsOptions)(nil), func(in, out any, _ conversion.Scope) error {
			return queryToManifestsOptions(*in.(*url.Values), out.(*ApplicationManifestsOptions))
		}),
		scheme.AddConversionFunc((*url.Values)(nil), (*ApplicationDiffOptions)(nil), func(in, out any, _ conversion.Scope) error {
			return queryToDiffOptions(*in.(*url.Values), out.(*ApplicationDiffOptions))
		}),
		scheme.AddConversionFunc((*url.Values)(nil), (*ApplicationLogOptions)(nil), func(in, out any, _ conversion.Scope) error {
			return queryToLogOptions(*in.(*url.Values), out.(*ApplicationLogOptions))
		}),
	)
}

func queryToManifestsOptions(values url.Values, out *ApplicationManifestsOptions) error {
	hard, err := query.Bool(values, "hard")
	if err != nil {
		return err
	}
	*out = ApplicationManifestsOptions{TypeMeta: out.TypeMeta, Revision: values["revision"], Hard: ptr.Deref(hard, false)}
	return nil
}

func queryToDiffOptions(values url.Values, out *ApplicationDiffOptions) error {
	hard, err := query.Bool(values, "hard")
	if err != nil {
		return err
	}
	*out = ApplicationDiffOptions{TypeMeta: out.TypeMeta, Revision: values["revision"], Hard: ptr.Deref(hard, false)}
	return nil
}

func queryToLogOptions(values url.Values, out *ApplicationLogOptions) error {
	options := ApplicationLogOptions{
		TypeMeta:  out.TypeMeta,
		Resource:  values["resource"],
		PodName:   values.Get("podName"),
		Container: values.Get("container"),
	}
	for name, into := range map[string]**int64{"tailLines": &options.TailLines, "sinceSeconds": &options.SinceSeconds} {
		n, err := query.Count(values, name)
		if err != nil {
			return err
		}
		*into = n
	}
	for name, set := range map[string]func(*bool){
		"follow":     func(b *bool) { options.Follow = ptr.Deref(b, false) },
		"previous":   func(b *bool) { options.Previous = ptr.Deref(b, false) },
		"timestamps": func(b *bool) { options.Timestamps = ptr.Deref(b, false) },
		"prefix":     func(b *bool) { options.Prefix = b },
	} {
		b, err := query.Bool(values, name)
		if err != nil {
			return err
		}
		set(b)
	}
	*out = options
	return nil
}
