// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"reflect"
	"testing"

	"argosy.dev/argosy/pkg/render"
)

func renderRequest() render.Request { return render.Request{Application: "a", Revision: "1"} }

func changes() map[string]func(*render.Request) {
	return map[string]func(*render.Request){
		"revision": func(r *render.Request) { r.Revision = "2" }, "domain": func(r *render.Request) { r.Domain = "x" }, "source": func(r *render.Request) { r.Source.Path = "x" },
		"chart": func(r *render.Request) { r.Chart = true }, "application": func(r *render.Request) { r.Application = "x" }, "namespace": func(r *render.Request) { r.Namespace = "x" },
		"project": func(r *render.Request) { r.Project = "x" }, "destination": func(r *render.Request) { r.Destination = "x" }, "kube": func(r *render.Request) { r.KubeVersion = "x" },
		"kinds": func(r *render.Request) { r.APIVersions = []string{"x"} }, "refs": func(r *render.Request) { r.Refs = map[string]string{"a": "b"} },
		"charts": func(r *render.Request) { r.Charts = []render.Chart{{Name: "x"}} }, "values": func(r *render.Request) { r.Values = []render.Values{{URL: "x"}} },
		"settings": func(r *render.Request) { r.Settings.NoHelm = true },
	}
}

// TestChangesAreAll: a field that the renderer gets later must be thought of here.
func TestChangesAreAll(t *testing.T) {
	if n := reflect.TypeFor[render.Request]().NumField(); n != len(changes()) {
		t.Errorf("render.Request has %d fields, the test of keys changes %d", n, len(changes()))
	}
}
