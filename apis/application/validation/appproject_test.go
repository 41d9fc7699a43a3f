// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"testing"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

const goodProject = `
metadata: {name: web, namespace: default}
spec:
  sourceRepos: ["https://git.example/*"]
  destinations: [{name: in-cluster, namespace: shop}]
`

func TestAppProject(t *testing.T) {
	role := func(policies string) string {
		return `{spec: {roles: [{name: ci, policies: [` + policies + `]}]}}`
	}
	window := func(fields string) string {
		return `{spec: {syncWindows: [{kind: deny, schedule: "0 18 * * 5", duration: 60h, applications: ["*"], ` + fields + `}]}}`
	}
	testRules(t, goodProject, func() *appv1.AppProject { return &appv1.AppProject{} }, map[string]rule{
		"good":             {},
		"no repositories":  {change: `{spec: {sourceRepos: null}}`, warn: "spec.sourceRepos: none"},
		"no destinations":  {change: `{spec: {destinations: []}}`, warn: "spec.destinations: none"},
		"denials":          {change: `{spec: {sourceRepos: ["!https://git.example/x", "*"], destinations: [{server: "!https://a.example", namespace: "*"}, {name: "*", namespace: "!kube-*"}], sourceNamespaces: ["!a", "*"]}}`},
		"denials of all":   {change: `{spec: {sourceRepos: ["!*"], destinations: [{server: "!*", name: "!*", namespace: "!*"}], sourceNamespaces: ["!*"]}}`, want: []string{"sourceRepos[0]: Invalid", "destinations[0].server: Invalid", "destinations[0].name: Invalid", "destinations[0].namespace: Invalid", "sourceNamespaces[0]: Invalid"}},
		"twice":            {change: `{spec: {sourceRepos: [a, a], destinations: [{name: a}, {name: a}]}}`, want: []string{"sourceRepos[1]: Duplicate", "destinations[1]: Duplicate"}},
		"long description": {change: `{spec: {description: "` + text(256) + `"}}`, want: []string{"spec.description: Too long"}},
		"description":      {change: `{spec: {description: "` + text(255) + `"}}`},
		"service accounts": {change: `{spec: {destinationServiceAccounts: [{server: "*", namespace: a, defaultServiceAccount: deployer}, {server: "*", defaultServiceAccount: "ns:deployer"}]}}`},
		"bad service accounts": {change: `{spec: {destinationServiceAccounts: [{server: "", defaultServiceAccount: ""}, {server: "!a", namespace: "!b", defaultServiceAccount: "*"}, {server: "!a", namespace: "!b", defaultServiceAccount: "N:a"}]}}`, want: []string{
			"[0].server: Required", "[0].defaultServiceAccount: Required", "[1].server: Invalid", "[1].namespace: Invalid", "[1].defaultServiceAccount: Invalid",
			"[2]: Duplicate", "[2].server: Invalid", "[2].namespace: Invalid", "[2].defaultServiceAccount: Invalid",
		}},
		"role":                     {change: role(`"p, proj:web:ci, applications, sync, web/*, allow", "p,proj:web:ci,applications,action/apps/*,web/a,deny"`)},
		"policy of five parts":     {change: role(`"p, proj:web:ci, applications, sync, allow"`), want: []string{"policies[0]: Invalid"}},
		"policy of a group":        {change: role(`"g, a, b, c, d, allow"`), want: []string{"policies[0]: Invalid"}},
		"policy of another role":   {change: role(`"p, proj:web:other, applications, sync, web/*, allow"`), want: []string{"the subject must be proj:web:ci"}},
		"policy of another object": {change: role(`"p, proj:web:ci, applications, sync, other/*, allow"`), want: []string{"the object must begin with web/"}},
		"policy of other effect":   {change: role(`"p, proj:web:ci, applications, sync, web/*, maybe"`), want: []string{"allow or deny"}},
		"policy without action":    {change: role(`"p, proj:web:ci, applications, , web/*, allow"`), want: []string{"must not be empty"}},
		"policy of a made-up name": {change: `{metadata: {name: null, generateName: web-}, spec: {roles: [{name: ci, policies: ["p, proj:web:ci, applications, sync, web/*, allow"]}]}}`},
		"unknown resource":         {change: role(`"p, proj:web:ci, aplications, sync, web/*, allow"`), warn: `there is no resource "aplications"`},
		"bad roles":                {change: `{spec: {roles: [{name: ""}, {name: "a b"}, {name: a, groups: ["", "a\nb", c, c]}, {name: a, jwtTokens: [{iat: -1, exp: -1}]}]}}`, want: []string{"roles[0].name: Required", "roles[1].name: Invalid", "roles[2].groups[0]: Invalid", "roles[2].groups[1]: Invalid", "roles[2].groups[3]: Duplicate", "roles[3].name: Duplicate", "roles[3].jwtTokens[0].iat: Invalid", "roles[3].jwtTokens[0].exp: Invalid"}},
		"expired before":           {change: `{spec: {roles: [{name: a, jwtTokens: [{iat: 2, exp: 1}, {iat: 2, exp: 0}]}]}}`, warn: "jwtTokens[0]: expires before"},
		"window":                   {change: window(`timeZone: Europe/Berlin`)},
		"window of no kind":        {change: window(`kind: null`), want: []string{"syncWindows[0].kind: Unsupported value"}},
		"window without schedule":  {change: window(`schedule: null`), want: []string{"syncWindows[0].schedule: Required"}},
		"window with seconds":      {change: window(`schedule: "0 0 18 * * 5"`), want: []string{"syncWindows[0].schedule: Invalid"}},
		"window with a word":       {change: window(`schedule: "@daily"`), want: []string{"syncWindows[0].schedule: Invalid"}},
		"window with a zone":       {change: window(`schedule: "TZ=UTC 0 18 * * 5"`), want: []string{"goes into timeZone"}},
		"window of no duration":    {change: window(`duration: null`), want: []string{"syncWindows[0].duration: Invalid"}},
		"window of a bad duration": {change: window(`duration: 0s`), want: []string{"syncWindows[0].duration: Invalid"}},
		"window of nowhere":        {change: window(`timeZone: Europe/Nowhere`), want: []string{"syncWindows[0].timeZone: Invalid"}},
		"window of nothing":        {change: window(`applications: []`), warn: "syncWindows[0]: about no application"},
		"keys":                     {change: `{spec: {signatureKeys: [{keyID: 4AEE18F83AFDEB23}]}}`, warn: "signatureKeys: deprecated"},
		"bad keys":                 {change: `{spec: {signatureKeys: [{keyID: x}, {keyID: x}]}}`, want: []string{"signatureKeys[0].keyID: Invalid", "signatureKeys[1].keyID: Invalid", "signatureKeys[1]: Duplicate"}},
		"integrity":                {change: `{spec: {sourceIntegrity: {git: {policies: [{repos: [{url: "*"}], gpg: {mode: strict, keys: [4AEE18F83AFDEB23]}}]}}}}`},
		"integrity without keys":   {change: `{spec: {sourceIntegrity: {git: {policies: [{repos: [{url: "*"}], gpg: {mode: head, keys: []}}]}}}}`, warn: "policies[0].gpg.keys: no key"},
		"bad integrity":            {change: `{spec: {sourceIntegrity: {git: {policies: [{repos: [{url: ""}], gpg: {mode: all, keys: [x]}}, {repos: []}]}}}}`, want: []string{"policies[0].repos[0].url: Required", "policies[0].gpg.mode: Unsupported", "policies[0].gpg.keys[0]: Invalid", "policies[1].gpg: Required"}},
		"empty integrity":          {change: `{spec: {sourceIntegrity: {}}}`, want: []string{"sourceIntegrity.git: Required"}},
	})
}

// text is text of n characters, not all of one byte.
func text(n int) string {
	out := make([]rune, n)
	for i := range out {
		out[i] = 'ü'
	}
	return string(out)
}
