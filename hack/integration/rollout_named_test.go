// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"k8s.io/apiserver/pkg/authorization/authorizer"

	"argosy.dev/argosy/apis/argoproj"
	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/apiserver/apiservertest"
	"argosy.dev/argosy/pkg/rollout/traffic"
)

// seen is a cluster with what it has a name for; of resources that it does not know nothing is known.
type seen struct {
	mu    sync.Mutex
	knows map[string]bool
	there map[string]bool // by resource/name
}

func (s *seen) Seen(ref traffic.Ref) (there, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.there[ref.Resource+"/"+ref.Name], s.knows[ref.Resource]
}

const namingText = `
kind: Rollout
metadata: {name: web, namespace: default}
spec:
  selector: {matchLabels: {app: web}}
  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  strategy:
    canary:
      stableService: stable
      canaryService: canary
      trafficRouting:
        nginx: {stableIngress: main}
        istio: {virtualServices: [{name: mesh}, {name: mesh.elsewhere}]}
      analysis: {templates: [{templateName: all, clusterScope: true}]}
      steps: [{analysis: {templates: [{templateName: check}]}}, {pause: {}}]
`

// Whoever submits a rollout is told what it names and is not there, of what they may read: no more, and in no other namespace.
func TestRolloutNamesWhatIsMissing(t *testing.T) {
	cluster := &seen{knows: map[string]bool{"services": true, "ingresses": true, "virtualservices": true, "deployments": true}, there: map[string]bool{}}
	var mu sync.Mutex
	asked := 0
	s := apiservertest.Start(t, apiservertest.Config{Seen: cluster, Authorizer: apiservertest.Allow(func(a authorizer.Attributes) bool {
		mu.Lock()
		defer mu.Unlock()
		switch a.GetResource() {
		case "rollouts":
			return true
		case "services", "analysistemplates":
			asked++
			return a.GetUser().GetName() != "blind" && a.GetNamespace() == "default"
		default:
			asked++
			return a.GetUser().GetName() == "reader"
		}
	})})
	submit := func(t *testing.T, method, user, group, name string, spec string) []string {
		t.Helper()
		gv := rov1.SchemeGroupVersion
		if group == argoproj.SchemeGroupVersion.Group {
			gv = argoproj.SchemeGroupVersion
		}
		o := fromYAML(t, gv, spec)
		o.SetName(name)
		path := "/apis/" + gv.String() + "/namespaces/default/rollouts"
		header, body := asJSON, encode(t, o)
		if method != "POST" {
			path, header = path+"/"+name, map[string]string{"Content-Type": "application/merge-patch+json"}
			var err error
			if body, err = json.Marshal(map[string]any{"spec": o.Object["spec"]}); err != nil {
				t.Fatal(err)
			}
		}
		r := send(t, s.As(user), method, path, header, body)
		if r.code/100 != 2 {
			t.Fatalf("%d: %s", r.code, r.body)
		}
		var said []string
		for _, w := range r.header.Values("Warning") {
			if _, text, ok := strings.Cut(w, `"`); ok && strings.Contains(text, "there is no ") {
				_, what, _ := strings.Cut(text, "there is no ")
				what, _, _ = strings.Cut(what, ";")
				said = append(said, strings.ReplaceAll(what, `\`, ""))
			}
		}
		slices.Sort(said)
		return said
	}
	all := []string{`AnalysisTemplate "check"`, `ClusterAnalysisTemplate "all"`, `Deployment "web"`, `Ingress "main"`, `Service "canary"`, `Service "stable"`, `VirtualService "mesh"`}
	some := []string{`AnalysisTemplate "check"`, `Service "canary"`, `Service "stable"`}
	for _, group := range []string{rov1.SchemeGroupVersion.Group, argoproj.SchemeGroupVersion.Group} {
		for user, want := range map[string][]string{"reader": all, "some": some, "blind": nil} {
			if got := submit(t, "POST", user, group, user+"-"+strings.Split(group, ".")[0], namingText); !slices.Equal(got, want) {
				t.Errorf("%s in %s is told of %v, want %v", user, group, got, want)
			}
		}
	}

	// An edit tells of what it names anew, and asks about nothing else.
	mu.Lock()
	asked = 0
	mu.Unlock()
	if got := submit(t, "PATCH", "reader", rov1.GroupName, "reader-rollout", strings.Replace(namingText, "workloadRef:", "replicas: 5\n  workloadRef:", 1)); len(got) > 0 || asked > 0 {
		t.Errorf("told of %v, asked %d times, for other things", got, asked)
	}
	if got := submit(t, "PATCH", "reader", rov1.GroupName, "reader-rollout", strings.Replace(namingText, "stableIngress: main", "stableIngress: other", 1)); !slices.Equal(got, []string{`Ingress "other"`}) {
		t.Errorf("told of %v", got)
	}

	// What is there, or of what nothing is known, is not spoken of.
	for path, text := range map[string]string{
		"/apis/" + rov1.SchemeGroupVersion.String() + "/namespaces/default/analysistemplates": `{"kind":"AnalysisTemplate","apiVersion":"rollout.argosy.dev/v1alpha1","metadata":{"name":"check"},"spec":{"metrics":[{"name":"m","provider":{"web":{"url":"http://x"}}}]}}`,
		"/apis/" + rov1.SchemeGroupVersion.String() + "/clusteranalysistemplates":             `{"kind":"ClusterAnalysisTemplate","apiVersion":"rollout.argosy.dev/v1alpha1","metadata":{"name":"all"},"spec":{"metrics":[{"name":"m","provider":{"web":{"url":"http://x"}}}]}}`,
	} {
		if r := send(t, s.Admin, "POST", path, asJSON, []byte(text)); r.code != http.StatusCreated {
			t.Fatalf("%d: %s", r.code, r.body)
		}
	}
	cluster.mu.Lock()
	cluster.there = map[string]bool{"services/stable": true, "ingresses/main": true, "deployments/web": true}
	delete(cluster.knows, "virtualservices")
	cluster.mu.Unlock()
	if got := submit(t, "POST", "reader", rov1.GroupName, "later", namingText); !slices.Equal(got, []string{`Service "canary"`}) {
		t.Errorf("told of %v", got)
	}
}

// What a rollout uses and is not built is told at once.
func TestRolloutNotBuiltIsTold(t *testing.T) {
	s := apiservertest.Start(t, apiservertest.Config{})
	for _, gv := range rolloutGroups {
		r := send(t, s.Admin, "POST", "/apis/"+gv.String()+"/namespaces/default/rollouts?dryRun=All", asJSON, encode(t, rollout(t, gv, "web")))
		if said := strings.Join(r.header.Values("Warning"), "\n"); r.code != http.StatusCreated || !strings.Contains(said, "spec.strategy.canary.steps[2].plugin: Forbidden: this version does not run plugins") {
			t.Errorf("%d: %q", r.code, said)
		}
	}
}
