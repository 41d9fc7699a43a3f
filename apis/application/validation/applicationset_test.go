// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"testing"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

const goodSet = `
metadata: {name: a, namespace: default}
spec:
  goTemplate: true
  generators: [{clusters: {}}]
  template:
    metadata: {name: "{{.name}}-shop"}
    spec:
      project: web
      source: {repoURL: "https://git.example/a.git", path: deploy}
      destination: {server: "{{.server}}", namespace: shop}
`

func TestApplicationSet(t *testing.T) {
	gen := func(generator string) string { return `{spec: {generators: [` + generator + `]}}` }
	testRules(t, goodSet, func() *appv1.ApplicationSet { return &appv1.ApplicationSet{} }, map[string]rule{
		"good":                   {},
		"no generators":          {change: `{spec: {generators: null}}`, want: []string{"spec.generators: Required"}},
		"empty generators":       {change: `{spec: {generators: []}}`, warn: "spec.generators: empty"},
		"generator of no kind":   {change: gen(`{selector: {}}`), want: []string{"generators[0]: Required value: one kind"}},
		"generator of two kinds": {change: gen(`{clusters: {}, list: {elements: []}}`), want: []string{`generators[0]: Invalid value: "list, clusters"`}},
		"options":                {change: `{spec: {goTemplateOptions: ["missingkey=error"]}}`},
		"bad options":            {change: `{spec: {goTemplateOptions: ["missingkey=oops"]}}`, want: []string{"goTemplateOptions[0]: Unsupported value"}},
		"options of no use":      {change: `{spec: {goTemplate: false, goTemplateOptions: ["missingkey=error"]}}`, warn: "goTemplateOptions: ignored"},
		"no name":                {change: `{spec: {template: {metadata: {name: null}}}}`, warn: "template.metadata.name: absent"},
		"one name":               {change: `{spec: {template: {metadata: {name: shop}}}}`, warn: "all applications have the same name"},
		"bad names":              {change: `{spec: {template: {metadata: {name: Shop_1, namespace: A}}}}`, want: []string{"template.metadata.name: Invalid", "template.metadata.namespace: Invalid"}},
		"unknown finalizer":      {change: `{spec: {template: {metadata: {finalizers: [x.argocd.argoproj.io]}}}}`, warn: "template.metadata.finalizers[0]"},
		"unknown option":         {change: `{spec: {template: {spec: {syncPolicy: {syncOptions: ["{{.x}}", PruneLst=true]}}}}}`, warn: "syncOptions[1]"},
		"no project":             {change: `{spec: {template: {spec: {project: null}}}}`, warn: "template.spec.project: absent"},
		"policy":                 {change: `{spec: {syncPolicy: {applicationsSync: create-only}}}`},
		"bad policy":             {change: `{spec: {syncPolicy: {applicationsSync: never}}}`, want: []string{"syncPolicy.applicationsSync: Unsupported"}},
		"differences":            {change: `{spec: {ignoreApplicationDifferences: [{jsonPointers: [x], jqPathExpressions: ["|"]}]}}`, want: []string{"jsonPointers[0]: Invalid", "jqPathExpressions[0]: Invalid"}},
		"no differences":         {change: `{spec: {ignoreApplicationDifferences: [{name: a}]}}`, warn: "ignoreApplicationDifferences[0]: nothing"},

		"list":                 {change: gen(`{list: {elements: [{a: 1}, {b: {c: d}}]}}`)},
		"list of other":        {change: gen(`{list: {elements: [1, {}, [], null]}}`), want: []string{"elements[0]: Invalid", "elements[2]: Invalid", "elements[3]: Invalid"}},
		"empty list":           {change: gen(`{list: {}}`), warn: "generators[0].list: neither"},
		"selectors":            {change: gen(`{clusters: {selector: {matchLabels: {env: "{{.env}}"}}}, selector: {matchLabels: {server: "https://a.example"}}}`)},
		"bad selectors":        {change: gen(`{clusters: {selector: {matchLabels: {env: "a b"}}}, selector: {matchExpressions: [{key: a, operator: Is, values: [b]}]}}`), want: []string{"clusters.selector.matchLabels: Invalid", "generators[0].selector.matchExpressions[0].operator: Invalid"}},
		"git":                  {change: gen(`{git: {repoURL: a, revision: HEAD, directories: [{path: "*"}, {path: x, exclude: true}]}}`)},
		"git without any":      {change: gen(`{git: {repoURL: "", revision: HEAD}}`), want: []string{"git.repoURL: Required", "git: Required"}},
		"git with both":        {change: gen(`{git: {repoURL: a, revision: HEAD, directories: [{path: a}], files: [{path: b}]}}`), warn: "git.files: ignored"},
		"git without paths":    {change: gen(`{git: {repoURL: a, revision: HEAD, directories: [{}], files: [{}]}}`), want: []string{"directories[0].path: Required", "files[0].path: Required"}},
		"git without revision": {change: gen(`{git: {repoURL: a, files: [{path: b}]}}`), warn: "git.revision: absent"},
		"git in the past":      {change: gen(`{git: {repoURL: a, revision: "", requeueAfterSeconds: -1, files: [{path: b}]}}`), warn: "git.requeueAfterSeconds: -1"},
		"decision":             {change: gen(`{clusterDecisionResource: {configMapRef: a, labelSelector: {matchLabels: {a: b}}}}`)},
		"bad decision":         {change: gen(`{clusterDecisionResource: {configMapRef: ""}}`), want: []string{"configMapRef: Required", "clusterDecisionResource: Required"}},
		"bad plugin":           {change: gen(`{plugin: {configMapRef: {name: ""}}}`), want: []string{"plugin.configMapRef.name: Required"}},
		"repositories":         {change: gen(`{scmProvider: {github: {organization: a}, cloneProtocol: ssh, filters: [{repositoryMatch: "^a", branchMatch: "{{.b}}("}]}}`)},
		"bad repositories":     {change: gen(`{scmProvider: {cloneProtocol: ftp, filters: [{repositoryMatch: "(", labelMatch: "(", branchMatch: "("}]}}`), want: []string{"scmProvider: Required", "cloneProtocol: Unsupported", "repositoryMatch: Invalid", "labelMatch: Invalid", "branchMatch: Invalid"}},
		"providers":            {change: gen(`{scmProvider: {github: {organization: ""}, gitlab: {group: ""}, gitea: {}, bitbucket: {}, bitbucketServer: {}, azureDevOps: {}, awsCodeCommit: {}}}`), want: []string{"only one of these", "github.organization: Required", "gitlab.group: Required", "gitea.owner: Required", "gitea.api: Required", "bitbucket.owner: Required", "bitbucket.user: Required", "bitbucketServer.project: Required", "bitbucketServer.api: Required", "azureDevOps.organization: Required", "azureDevOps.teamProject: Required"}},
		"pull requests":        {change: gen(`{pullRequest: {gitlab: {project: a, pullRequestState: opened}, filters: [{titleMatch: a}]}}`)},
		"bad pull requests":    {change: gen(`{pullRequest: {gitlab: {project: "", pullRequestState: asleep}, filters: [{titleMatch: "(", branchMatch: "(", targetBranchMatch: "("}]}}`), want: []string{"gitlab.project: Required", "pullRequestState: Unsupported", "titleMatch: Invalid", "filters[0].branchMatch: Invalid", "targetBranchMatch: Invalid"}},
		"no pull requests":     {change: gen(`{pullRequest: {}}`), want: []string{"pullRequest: Required"}},

		"matrix":                {change: gen(`{matrix: {generators: [{clusters: {}}, {merge: {mergeKeys: [a], generators: [{clusters: {}}, {list: {elements: [{a: 1}]}}]}}]}}`)},
		"matrix of one":         {change: gen(`{matrix: {generators: [{clusters: {}}]}}`), want: []string{"matrix.generators: Invalid value: 1"}},
		"matrix of two in one":  {change: gen(`{matrix: {generators: [{clusters: {}, list: {elements: [{}]}}, {}]}}`), want: []string{"matrix.generators[0]: Invalid", "matrix.generators[1]: Required"}},
		"merge":                 {change: gen(`{merge: {mergeKeys: [a], generators: [{clusters: {}}, {matrix: {generators: [{clusters: {}}, {clusters: {}}]}}]}}`)},
		"merge without keys":    {change: gen(`{merge: {generators: [{clusters: {}}]}}`), want: []string{"merge.mergeKeys: Required", "merge.generators: Invalid value: 1"}},
		"merge of an empty key": {change: gen(`{merge: {mergeKeys: [""], generators: [{clusters: {}}, {clusters: {}}]}}`), want: []string{"merge.mergeKeys[0]: Required"}},
		"nested in nested": {change: gen(`{matrix: {generators: [{clusters: {}}, {matrix: {generators: [{clusters: {}}, {merge: {}}]}}]}}`), want: []string{"matrix.generators[1].matrix.generators[1]: Required"},
			warn: `matrix.generators[1].matrix: unknown field "generators[1].merge" is ignored`},
		"nested of another shape": {change: gen(`{matrix: {generators: [{matrix: 1}, {merge: {generators: {}}}]}}`), want: []string{"matrix.generators[0].matrix: Invalid", "matrix.generators[1].merge: Invalid"}},
		"nested and wrong":        {change: gen(`{matrix: {generators: [{clusters: {}}, {merge: {generators: [{git: {repoURL: ""}}, {}]}}]}}`), want: []string{"merge.mergeKeys: Required", "merge.generators[0].git.repoURL: Required", "merge.generators[0].git: Required", "merge.generators[1]: Required"}},
		"nested and odd":          {change: gen(`{matrix: {generators: [{clusters: {}}, {matrix: {template: {}, generators: [{list: {}}, {clusters: {}}]}}]}}`), warn: `unknown field "template"`},

		"steps":              {change: `{spec: {strategy: {type: RollingSync, deletionOrder: Reverse, rollingSync: {steps: [{matchExpressions: [{key: env, operator: In, values: [dev]}], maxUpdate: 25%}, {matchExpressions: [{key: env, operator: NotIn, values: [dev]}], maxUpdate: 2}]}}}}`},
		"no steps":           {change: `{spec: {strategy: {type: RollingSync}}}`, want: []string{"rollingSync.steps: Required"}},
		"steps of no use":    {change: `{spec: {strategy: {rollingSync: {steps: [{matchExpressions: [{key: a, operator: In}]}]}}}}`, warn: "strategy.rollingSync: ignored"},
		"step of none":       {change: `{spec: {strategy: {type: RollingSync, rollingSync: {steps: [{maxUpdate: 1}]}}}}`, warn: "steps[0]: selects no application"},
		"step of none, ever": {change: `{spec: {strategy: {type: RollingSync, rollingSync: {steps: [{maxUpdate: 0%, matchExpressions: [{key: a, operator: In}]}]}}}}`, warn: "maxUpdate: 0"},
		"bad strategy":       {change: `{spec: {strategy: {type: Canary, deletionOrder: Sideways}}}`, want: []string{"strategy.type: Unsupported", "strategy.deletionOrder: Unsupported"}},
		"order of nothing":   {change: `{spec: {strategy: {deletionOrder: Reverse}}}`, want: []string{"strategy.deletionOrder: Invalid"}},
		"bad steps":          {change: `{spec: {strategy: {type: RollingSync, rollingSync: {steps: [{matchExpressions: [{operator: Exists}], maxUpdate: -1}, {maxUpdate: 120%}, {maxUpdate: many}]}}}}`, want: []string{"matchExpressions[0].key: Required", "matchExpressions[0].operator: Unsupported", "steps[0].maxUpdate: Invalid", "steps[1].maxUpdate: Invalid", "steps[2].maxUpdate: Invalid"}},
	})
}
