// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"testing"

	"k8s.io/utils/ptr"

	"argosy.dev/argosy/apis/raw"
	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// TestGoldenHashes: a change of any of these rolls every pod of every user. Never change the values; give the algorithm
// another version that recognises this one.
func TestGoldenHashes(t *testing.T) {
	template := func(text string) raw.PodTemplateSpec {
		var s raw.PodTemplateSpec
		if err := s.UnmarshalJSON([]byte(text)); err != nil {
			t.Fatal(err)
		}
		return s
	}
	web := template(`{"spec":{"containers":[{"name":"web","image":"nginx:1.19-alpine","resources":{"requests":{"cpu":"5m","memory":"16Mi"}}}]},
		"metadata":{"labels":{"app":"web"},"creationTimestamp":null}}`)
	for name, tc := range map[string]struct{ got, want string }{
		"empty":            {TemplateHash(raw.PodTemplateSpec{}, nil), "dvbjx2xnrl"},
		"empty digest":     {TemplateDigest(raw.PodTemplateSpec{}), "v1:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},
		"web":              {TemplateHash(web, nil), "wpnxjvkq7j"},
		"web, no clash":    {TemplateHash(web, ptr.To(int32(0))), "wpnxjvkq7j"},
		"web, one clash":   {TemplateHash(web, ptr.To(int32(1))), "d4khmczcpv"},
		"order and blanks": {TemplateHash(template(`{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"image":"nginx:1.19-alpine","name":"web","resources":{"requests":{"memory":"16Mi","cpu":"5m"}}}]}}`), nil), "wpnxjvkq7j"},
		"malformed":        {TemplateHash(template(`{"spec":{"containers":[{"name":"web","resources":{"requests":{"memory":"invalid"}}}]}}`), nil), "q6tl88dwr4"},
		"no steps":         {StepsHash(canary()), "v1-h9gq7wrctg"},
		"steps":            {StepsHash(canary(weight(20), rov1.CanaryStep{Pause: &rov1.PauseStep{}}, weight(50))), "v1-nr2v6khmqk"},
		"blue-green":       {StepsHash(&rov1.Rollout{}), ""},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: %s, want %s", name, tc.got, tc.want)
		}
	}
}

func canary(steps ...rov1.CanaryStep) *rov1.Rollout {
	ro := &rov1.Rollout{}
	ro.Spec.Strategy.Canary = &rov1.CanaryStrategy{Steps: steps}
	return ro
}

func weight(w int32) rov1.CanaryStep { return rov1.CanaryStep{SetWeight: &w} }
