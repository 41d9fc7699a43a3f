// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"

	"argosy.dev/argosy/apis/raw"
	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// AnnotationTemplateDigest is set on ReplicaSets that are made by us. The value is the digest of the pod template that
// they were made from, by which they are recognised, whatever a cluster makes of the template that it is given.
const AnnotationTemplateDigest = "rollout.argosy.dev/template-digest"

// AnnotationTemplateInexact is set on those of them whose template says more than Kubernetes' types can hold, as they are
// compiled in here: it must not be compared by those types.
const AnnotationTemplateInexact = "rollout.argosy.dev/template-inexact"

// hashVersion is the algorithm of all hashes here. It stands in every digest: a later algorithm gets another number, and
// still recognises what this one has written.
const hashVersion = "v1"

// hashVersionOf returns the version of the algorithm that a hash of steps was made by; "" if it is none of ours.
func hashVersionOf(hash string) string {
	version, _, ours := strings.Cut(hash, "-")
	if !ours {
		return ""
	}
	return version
}

// alphabet has the characters of Kubernetes' own hashes: no vowels, and nothing that is taken for something else.
const alphabet = "bcdfghjklmnpqrstvwxz2456789"

// hashLength is how many characters a hash has: 27^10 values.
const hashLength = 10

// TemplateDigest identifies a pod template: by its canonical JSON alone, not by any Go type, so that no update of a
// library changes it.
func TemplateDigest(template raw.PodTemplateSpec) string {
	text, err := template.MarshalJSON()
	if err != nil {
		// It cannot fail: the text is returned as it is.
		panic(err)
	}
	sum := sha256.Sum256(text)
	return hashVersion + ":" + hex.EncodeToString(sum[:])
}

// TemplateHash is the value of the label rollouts-pod-template-hash for a new ReplicaSet. collisions is how often the
// hash turned out to be taken by another template.
func TemplateHash(template raw.PodTemplateSpec, collisions *int32) string {
	text := TemplateDigest(template)
	if collisions != nil && *collisions > 0 {
		text += "#" + strconv.Itoa(int(*collisions))
	}
	return encode(text)
}

// stepsPrefix tells our hashes of steps from the peer's.
const stepsPrefix = hashVersion + "-"

// StepsHash changes when the steps of a canary do; "" for a rollout that is no canary.
func StepsHash(ro *rov1.Rollout) string {
	if ro.Spec.Strategy.Canary == nil {
		return ""
	}
	steps := ro.Spec.Strategy.Canary.Steps
	if steps == nil {
		steps = []rov1.CanaryStep{}
	}
	// The fields of our own types are written in the order in which they are declared, without those that are absent: a
	// new field does not change what is written of the old ones. The golden test watches over it.
	text, err := json.Marshal(steps)
	if err != nil {
		// It cannot fail: the types hold nothing that JSON cannot express.
		panic(err)
	}
	return stepsPrefix + encode(hashVersion+":"+string(text))
}

// encode turns a text into a hash that can be part of a name.
func encode(text string) string {
	sum := sha256.Sum256([]byte(text))
	// Long division by the length of the alphabet, so that every character is as likely as any other.
	n := uint64(0)
	for _, b := range sum[:8] {
		n = n<<8 | uint64(b)
	}
	out := make([]byte, hashLength)
	for i := range out {
		out[i] = alphabet[n%uint64(len(alphabet))]
		n /= uint64(len(alphabet))
	}
	return string(out)
}
