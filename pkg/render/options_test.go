// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"encoding/json"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/intstr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/apis/raw"
)

// optionCase is a source and what it renders to. want are pieces that the manifests must have, in this order; not are
// pieces that they must not have; fails is part of the message of an error.
type optionCase struct {
	tree   Map
	others map[string]Map
	source appv1.ApplicationSource
	edit   func(*Request)
	want   []string
	not    []string
	count  int // of manifests, if it is not zero
	fails  string
	tool   appv1.ApplicationSourceType
}

// runOptions runs cases in this process: what is tested is not the sandbox.
func runOptions(t *testing.T, cases map[string]optionCase) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			req := request("app")
			c.source.RepoURL, c.source.TargetRevision = req.Source.RepoURL, req.Source.TargetRevision
			if c.source.Path == "" {
				c.source.Path = "app"
			}
			req.Source = c.source
			if c.edit != nil {
				c.edit(&req)
			}
			trees := Trees{"": c.tree}
			for name, tree := range c.others {
				trees[name] = tree
			}
			// As the child gets it.
			plain, err := json.Marshal(req)
			if err != nil {
				t.Fatal(err)
			}
			var received Request
			if err := json.Unmarshal(plain, &received); err != nil {
				t.Fatal(err)
			}
			result, err := renderSource(&received, trees)
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) || kindOf(asError(err)) == "" {
					t.Fatalf("got error %v, want %q", err, c.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.tool != "" && result.Type != c.tool {
				t.Errorf("rendered by %s", result.Type)
			}
			if c.count != 0 && len(result.Manifests) != c.count {
				t.Errorf("%d manifests", len(result.Manifests))
			}
			all := text(result)
			rest := all
			for _, piece := range c.want {
				i := strings.Index(rest, piece)
				if i < 0 {
					t.Fatalf("no %s, or not in this order, in\n%s", piece, all)
				}
				rest = rest[i+len(piece):]
			}
			for _, piece := range c.not {
				if strings.Contains(all, piece) {
					t.Errorf("%s in\n%s", piece, all)
				}
			}
		})
	}
}

func yes() *bool { b := true; return &b }
func no() *bool  { b := false; return &b }

// cm is a ConfigMap with a name.
func cm(name string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\n"
}

func directory(d appv1.ApplicationSourceDirectory) appv1.ApplicationSource {
	return appv1.ApplicationSource{Directory: &d}
}

func TestDirectoryOptions(t *testing.T) {
	tree := Map{
		"app/b.yaml": cm("b1") + "---\n# nothing\n---\n" + cm("b2"), "app/a.yml": cm("a"), "app/c.json": `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}}`,
		"app/README.md": "kind: no", "app/manifest.txt": cm("text"), "app/sub/d.yaml": cm("d"), "app/sub/deep/e.yaml": cm("e"), "other/f.yaml": cm("f"),
		"app/values.yaml": "image: {tag: 1}\n", "app/template.yaml": "{{ not yaml }}: [",
	}
	list := `{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}},{"apiVersion":"v1","kind":"ConfigMapList","items":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"y"}}]},null]}`
	runOptions(t, map[string]optionCase{
		"plain, in order of names":  {tree: tree, want: []string{`"a"`, `"b1"`, `"b2"`, `"c"`}, not: []string{`"d"`, `"f"`, "text", "image"}, count: 4, tool: appv1.SourceTypeDirectory},
		"recurse":                   {tree: tree, source: directory(appv1.ApplicationSourceDirectory{Recurse: yes()}), want: []string{`"d"`, `"e"`}, not: []string{`"f"`}, count: 6},
		"root of the repository":    {tree: tree, source: appv1.ApplicationSource{Path: ".", Directory: &appv1.ApplicationSourceDirectory{Recurse: yes()}}, count: 7},
		"include":                   {tree: tree, source: directory(appv1.ApplicationSourceDirectory{Recurse: yes(), Include: "sub/*"}), want: []string{`"d"`, `"e"`}, count: 2},
		"include several":           {tree: tree, source: directory(appv1.ApplicationSourceDirectory{Include: "{a.yml,c.*}"}), want: []string{`"a"`, `"c"`}, count: 2},
		"exclude":                   {tree: tree, source: directory(appv1.ApplicationSourceDirectory{Recurse: yes(), Exclude: "{*.json,**/e.yaml}"}), not: []string{`"c"`, `"e"`}, count: 4},
		"exclude wins":              {tree: tree, source: directory(appv1.ApplicationSourceDirectory{Include: "*.yml", Exclude: "a*"}), count: 0},
		"bad glob":                  {tree: tree, source: directory(appv1.ApplicationSourceDirectory{Include: "[a"}), fails: "directory.include: [ without ]"},
		"any extension":             {tree: Map{"app/a.txt": cm("text")}, source: directory(appv1.ApplicationSourceDirectory{DisableExtensionFilter: yes()}), want: []string{"text"}, count: 1},
		"skipped by mark":           {tree: Map{"app/a.yaml": "# +argocd:skip-file-rendering\n" + cm("a"), "app/b.yaml": cm("b")}, not: []string{`"a"`}, count: 1},
		"lists":                     {tree: Map{"app/a.json": list, "app/b.yaml": "apiVersion: v1\nkind: List\nitems:\n- " + strings.ReplaceAll(cm("z"), "\n", "\n  ")}, want: []string{`"x"`, `"y"`, `"z"`}, not: []string{"List"}, count: 3},
		"list without items":        {tree: Map{"app/a.yaml": "apiVersion: v1\nkind: ConfigMapList\nitems: null\n", "app/b.yaml": cm("b")}, want: []string{`"b"`}, count: 1},
		"no list":                   {tree: Map{"app/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nitems: [a]\n"}, want: []string{`"items":["a"]`}, count: 1},
		"UTF-16 and byte order":     {tree: Map{"app/a.yaml": utf16of(cm("wide")), "app/b.yaml": "\xef\xbb\xbf" + cm("mark")}, want: []string{`"wide"`, `"mark"`}, count: 2},
		"numbers stay":              {tree: Map{"app/a.yaml": "apiVersion: v1\nkind: A\nmetadata: {}\nbig: 9007199254740993\nt: 1.0\n"}, want: []string{"9007199254740993"}},
		"broken manifest":           {tree: Map{"app/a.yaml": cm("a") + "---\napiVersion: v1\nkind: A\nmetadata: {\n b: c\nx\n"}, fails: "app/a.yaml: line "},
		"line numbers of the file":  {tree: Map{"app/a.yaml": cm("a") + "---\napiVersion: v1\nkind: A\nmetadata:\n  a: b\n c: d\n"}, fails: "line 8"},
		"kind missing":              {tree: Map{"app/a.json": `{"apiVersion":"v1"}`}, fails: "app/a.json: Object 'Kind' is missing"},
		"two objects in JSON":       {tree: Map{"app/a.json": `{"apiVersion":"v1","kind":"A"} {"apiVersion":"v1","kind":"B"}`}, count: 2},
		"rest after JSON":           {tree: Map{"app/a.json": `{"apiVersion":"v1","kind":"A"} x`}, fails: "app/a.json: invalid JSON"},
		"absent path":               {tree: Map{"b/a.yaml": cm("a")}, fails: "app: app path does not exist"},
		"path of a file":            {tree: Map{"app": cm("a")}, fails: "app: app path is not a directory"},
		"too large":                 {tree: Map{"app/a.yaml": strings.Repeat("#", 6_000_000), "app/b.yaml": strings.Repeat("#", 6_000_000)}, fails: "larger than 10000000 bytes"},
		"several tools":             {tree: tree, source: appv1.ApplicationSource{Helm: &appv1.ApplicationSourceHelm{}, Directory: &appv1.ApplicationSourceDirectory{}}, fails: "multiple application sources defined: Helm, Directory"},
		"plugin":                    {tree: tree, source: appv1.ApplicationSource{Plugin: &appv1.ApplicationSourcePlugin{}}, fails: "plugins are not supported"},
		"Helm turned off":           {tree: Map{"app/Chart.yaml": "name: a", "app/templates/a.yaml": "{{", "app/b.yaml": cm("b")}, edit: func(r *Request) { r.Settings.NoHelm = true }, count: 1, tool: appv1.SourceTypeDirectory},
		"Kustomize turned off":      {tree: Map{"app/kustomization.yaml": "resources: [x]", "app/b.yaml": cm("b")}, edit: func(r *Request) { r.Settings.NoKustomize = true }, count: 1, tool: appv1.SourceTypeDirectory},
		"Jsonnet turned off":        {tree: Map{"app/a.jsonnet": "{}", "app/b.yaml": cm("b")}, edit: func(r *Request) { r.Settings.NoJsonnet = true }, count: 1},
		"chart is found first":      {tree: Map{"app/Chart.yaml": "apiVersion: v2\nname: a\nversion: 1.0.0", "app/kustomization.yaml": "resources: []"}, tool: appv1.SourceTypeHelm},
		"kustomization is found":    {tree: Map{"app/Kustomization": "resources: [a.yaml]", "app/a.yaml": cm("a")}, tool: appv1.SourceTypeKustomize, count: 1},
		"options of a directory":    {tree: Map{"app/Chart.yaml": "name: a", "app/b.yaml": cm("b")}, source: directory(appv1.ApplicationSourceDirectory{}), tool: appv1.SourceTypeDirectory, count: 1},
		"override":                  {tree: Map{"app/a.yaml": cm("a"), "app/b.yaml": cm("b"), "app/.argocd-source.yaml": "directory: {include: a.yaml}\nrepoURL: https://evil\npath: /"}, count: 1, want: []string{`"a"`}},
		"override by application":   {tree: Map{"app/a.yaml": cm("a"), "app/b.yaml": cm("b"), "app/.argocd-source.yaml": "directory: {include: a.yaml}", "app/.argocd-source-app.yaml": "directory: {include: b.yaml}"}, count: 1, want: []string{`"b"`}},
		"override of another":       {tree: Map{"app/a.yaml": cm("a"), "app/.argocd-source-other.yaml": "directory: {include: b.yaml}"}, count: 1},
		"override is no YAML":       {tree: Map{"app/a.yaml": cm("a"), "app/.argocd-source.yaml": "a: ["}, fails: "app/.argocd-source.yaml: "},
		"override is no object":     {tree: Map{"app/a.yaml": cm("a"), "app/.argocd-source.yaml": "[1]"}, fails: "app/.argocd-source.yaml: "},
		"override has a wrong type": {tree: Map{"app/a.yaml": cm("a"), "app/.argocd-source.yaml": "directory: 1"}, fails: "app/.argocd-source.yaml: "},
	})
}

// utf16of is text in UTF-16, little endian, with its byte order mark.
func utf16of(text string) string {
	b := []byte{0xFF, 0xFE}
	for _, c := range []byte(text) {
		b = append(b, c, 0)
	}
	return string(b)
}

func jsonnetOf(j appv1.ApplicationSourceJsonnet) appv1.ApplicationSource {
	return directory(appv1.ApplicationSourceDirectory{Jsonnet: &j})
}

func TestJsonnetOptions(t *testing.T) {
	object := func(name string) string {
		return "{apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: " + name + "}}"
	}
	runOptions(t, map[string]optionCase{
		"object":              {tree: Map{"app/a.jsonnet": object("'a'")}, count: 1, want: []string{`"a"`}},
		"list":                {tree: Map{"app/a.jsonnet": "[" + object("'b'") + "," + object("'a'") + "]"}, count: 2, want: []string{`"b"`, `"a"`}},
		"ext var":             {tree: Map{"app/a.jsonnet": object("std.extVar('n')")}, source: jsonnetOf(appv1.ApplicationSourceJsonnet{ExtVars: []appv1.JsonnetVar{{Name: "n", Value: "x-$ARGOCD_APP_NAME"}}}), want: []string{`"x-app"`}},
		"ext code":            {tree: Map{"app/a.jsonnet": object("std.toString(std.extVar('n'))")}, source: jsonnetOf(appv1.ApplicationSourceJsonnet{ExtVars: []appv1.JsonnetVar{{Name: "n", Value: "1 + 2", Code: yes()}}}), want: []string{`"3"`}},
		"argument":            {tree: Map{"app/a.jsonnet": "function(n) " + object("n")}, source: jsonnetOf(appv1.ApplicationSourceJsonnet{TLAs: []appv1.JsonnetVar{{Name: "n", Value: "${ARGOCD_APP_NAME}-y"}}}), want: []string{`"app-y"`}},
		"argument code":       {tree: Map{"app/a.jsonnet": "function(n) " + object("n[0]")}, source: jsonnetOf(appv1.ApplicationSourceJsonnet{TLAs: []appv1.JsonnetVar{{Name: "n", Value: "['z']", Code: yes()}}}), want: []string{`"z"`}},
		"import beside":       {tree: Map{"app/a.jsonnet": "import 'lib/b.libsonnet'", "app/lib/b.libsonnet": "import 'c.libsonnet'", "app/lib/c.libsonnet": object("'c'")}, want: []string{`"c"`}},
		"import above":        {tree: Map{"app/a.jsonnet": "import '../lib/b.libsonnet'", "lib/b.libsonnet": object("'b'")}, want: []string{`"b"`}},
		"library":             {tree: Map{"app/a.jsonnet": "import 'b.libsonnet'", "vendor/b.libsonnet": object("'v'")}, source: jsonnetOf(appv1.ApplicationSourceJsonnet{Libs: []string{"vendor"}}), want: []string{`"v"`}},
		"last library first":  {tree: Map{"app/a.jsonnet": "import 'b.libsonnet'", "v/b.libsonnet": object("'v'"), "w/b.libsonnet": object("'w'")}, source: jsonnetOf(appv1.ApplicationSourceJsonnet{Libs: []string{"v", "w"}}), want: []string{`"w"`}},
		"library out of tree": {tree: Map{"app/a.jsonnet": "1"}, source: jsonnetOf(appv1.ApplicationSourceJsonnet{Libs: []string{"../x"}}), fails: "leads out of the repository"},
		"number":              {tree: Map{"app/a.jsonnet": "1"}, fails: "app/a.jsonnet: is not an object"},
		"syntax":              {tree: Map{"app/a.jsonnet": "{\n a: }"}, fails: "app/a.jsonnet:2:"},
		"error":               {tree: Map{"app/a.jsonnet": "{\n a: error 'no'}"}, fails: "app/a.jsonnet: no (app/a.jsonnet:2:"},
		"libsonnet is left":   {tree: Map{"app/a.jsonnet": object("'a'"), "app/b.libsonnet": "{"}, count: 1},
	})
}

func kustomizeOf(k appv1.ApplicationSourceKustomize) appv1.ApplicationSource {
	return appv1.ApplicationSource{Kustomize: &k}
}

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: 'nginx:1'}, {name: d, image: 'example.com:5000/a/b@sha256:aa'}]}
`

func TestKustomizeOptions(t *testing.T) {
	tree := Map{
		"app/kustomization.yaml": "resources: [../base, cm.yaml]\ncommonLabels: {own: '1'}\ncommonAnnotations: {note: a}\n",
		"app/cm.yaml":            cm("cm"), "app/p.yaml": "- {op: add, path: /data, value: {k: v}}", "app/comp/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamePrefix: comp-\n",
		"base/kustomization.yaml": "resources: [web.yaml]\n", "base/web.yaml": deployment,
	}
	plain := Map{"app/kustomization.yaml": "resources: [web.yaml]\n", "app/web.yaml": deployment}
	imaged := Map{"app/kustomization.yaml": "resources: [web.yaml]\nimages: [{name: nginx, newName: other, digest: 'sha256:cc'}]\n", "app/web.yaml": deployment}
	imagesOf := func(images ...string) appv1.ApplicationSource {
		return kustomizeOf(appv1.ApplicationSourceKustomize{Images: images})
	}
	labelled := Map{"app/kustomization.yaml": "resources: [cm.yaml]\nlabels: [{pairs: {own: a}}, {pairs: {tpl: b}, includeTemplates: true}]\n", "app/cm.yaml": cm("cm")}
	labels := func(key, value string, force, templates *bool) appv1.ApplicationSource {
		return kustomizeOf(appv1.ApplicationSourceKustomize{CommonLabels: map[string]string{key: value}, LabelWithoutSelector: yes(), ForceCommonLabels: force, LabelIncludeTemplates: templates})
	}
	component := func(prefix string) string {
		return "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamePrefix: " + prefix + "\n"
	}
	components := Map{
		"app/kustomization.yaml": "resources: [cm.yaml]\n", "app/cm.yaml": cm("cm"), "app/comp/b/kustomization.yaml": component("b-"), "app/comp/a/kustomization.yaml": component("a-"),
		"app/comp/.hidden/kustomization.yaml": component("hidden-"), "shared/x1/kustomization.yaml": component("x1-"), "shared/y/kustomization.yaml": component("y-"),
	}
	componentsOf := func(lenient *bool, names ...string) appv1.ApplicationSource {
		return kustomizeOf(appv1.ApplicationSourceKustomize{Components: names, IgnoreMissingComponents: lenient})
	}
	chart := Map{
		"app/kustomization.yaml":           "helmCharts:\n- {name: c, releaseName: rel, namespace: ns, valuesFile: v.yaml, valuesInline: {a: inline}}\nnamePrefix: x-\n",
		"app/charts/c/Chart.yaml":          "apiVersion: v2\nname: c\nversion: 1.0.0\n",
		"app/charts/c/templates/a.yaml":    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}', namespace: '{{ .Release.Namespace }}'}\ndata: {a: '{{ .Values.a }}', b: '{{ .Values.b }}', v: '{{ .Capabilities.KubeVersion.Version }}'}\n",
		"app/v.yaml":                       "a: file\nb: file\n",
		"app/charts/c/values.yaml":         "a: own\nb: own\n",
		"app/charts/c/crds/crd.yaml":       "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: crd}\n",
		"app/charts/c/templates/NOTES.txt": "hi",
	}
	helm := func(r *Request) { r.Settings.KustomizeOptions = []string{"--enable-helm"}; r.KubeVersion = "1.30.1" }
	runOptions(t, map[string]optionCase{
		"base":                                 {tree: tree, tool: appv1.SourceTypeKustomize, count: 2, want: []string{`"own":"1"`}},
		"prefix and suffix":                    {tree: tree, source: kustomizeOf(appv1.ApplicationSourceKustomize{NamePrefix: "pre-", NameSuffix: "-suf"}), want: []string{`"pre-cm-suf"`, `"pre-web-suf"`}},
		"namespace":                            {tree: tree, source: kustomizeOf(appv1.ApplicationSourceKustomize{Namespace: "ns"}), want: []string{`"namespace":"ns"`, `"namespace":"ns"`}},
		"image":                                {tree: plain, source: kustomizeOf(appv1.ApplicationSourceKustomize{Images: []string{"nginx:2"}}), want: []string{`"nginx:2"`}},
		"image by digest":                      {tree: plain, source: kustomizeOf(appv1.ApplicationSourceKustomize{Images: []string{"nginx@sha256:bb"}}), want: []string{`"nginx@sha256:bb"`}},
		"image renamed":                        {tree: plain, source: kustomizeOf(appv1.ApplicationSourceKustomize{Images: []string{"nginx=example.com:5000/n:$ARGOCD_APP_REVISION_SHORT"}}), want: []string{`"example.com:5000/n:0123456"`}},
		"image with a port":                    {tree: plain, source: kustomizeOf(appv1.ApplicationSourceKustomize{Images: []string{"example.com:5000/a/b:3"}}), want: []string{`"example.com:5000/a/b:3"`}},
		"image with nothing":                   {tree: plain, source: kustomizeOf(appv1.ApplicationSourceKustomize{Images: []string{"nginx"}}), fails: "kustomize.images"},
		"image over the file's":                {tree: Map{"app/kustomization.yaml": "resources: [web.yaml]\nimages: [{name: nginx, newName: other, digest: 'sha256:cc'}]\n", "app/web.yaml": deployment}, source: kustomizeOf(appv1.ApplicationSourceKustomize{Images: []string{"nginx:9"}}), want: []string{`"nginx:9"`}, not: []string{"other", "sha256:cc"}},
		"image over the file's, name kept":     {tree: imaged, source: imagesOf("nginx=*:9"), want: []string{`"other:9"`}},
		"image over the file's, digest kept":   {tree: imaged, source: imagesOf("nginx=new@*"), want: []string{`"new@sha256:cc"`}},
		"image over the file's, tag kept":      {tree: Map{"app/kustomization.yaml": "resources: [web.yaml]\nimages: [{name: nginx, newName: other, newTag: '5'}]\n", "app/web.yaml": deployment}, source: imagesOf("nginx=new:*"), want: []string{`"new:5"`}},
		"image, nothing to keep":               {tree: plain, source: imagesOf("nginx=*:9"), want: []string{`"nginx:9"`}},
		"image renamed only":                   {tree: plain, source: imagesOf("nginx=other"), want: []string{`"other:1"`}},
		"image by tag and digest":              {tree: plain, source: imagesOf("nginx:3@sha256:dd"), want: []string{`"nginx:3@sha256:dd"`}},
		"image twice":                          {tree: plain, source: imagesOf("nginx:3", "nginx:4"), want: []string{`"nginx:4"`}},
		"image without a name":                 {tree: plain, source: imagesOf("=nginx:3"), fails: "kustomize.images"},
		"replicas":                             {tree: plain, source: kustomizeOf(appv1.ApplicationSourceKustomize{Replicas: []appv1.KustomizeReplica{{Name: "web", Count: intstr.FromInt32(5)}}}), want: []string{`"replicas":5`}},
		"replicas as text":                     {tree: plain, source: kustomizeOf(appv1.ApplicationSourceKustomize{Replicas: []appv1.KustomizeReplica{{Name: "web", Count: intstr.FromString("6")}}}), want: []string{`"replicas":6`}},
		"replicas, bad":                        {tree: plain, source: kustomizeOf(appv1.ApplicationSourceKustomize{Replicas: []appv1.KustomizeReplica{{Name: "web", Count: intstr.FromString("x")}}}), fails: "not a number"},
		"labels":                               {tree: plain, source: kustomizeOf(appv1.ApplicationSourceKustomize{CommonLabels: map[string]string{"l": "1"}}), want: []string{`"labels":{"l":"1"}`, `"matchLabels":{"app":"web","l":"1"}`, `"labels":{"app":"web","l":"1"}`}},
		"labels, not in selectors":             {tree: plain, source: kustomizeOf(appv1.ApplicationSourceKustomize{CommonLabels: map[string]string{"l": "1"}, LabelWithoutSelector: yes()}), want: []string{`"labels":{"l":"1"}`, `"matchLabels":{"app":"web"}`, `"labels":{"app":"web"}`}},
		"labels in templates":                  {tree: plain, source: kustomizeOf(appv1.ApplicationSourceKustomize{CommonLabels: map[string]string{"l": "1"}, LabelWithoutSelector: yes(), LabelIncludeTemplates: yes()}), want: []string{`"matchLabels":{"app":"web"}`, `"labels":{"app":"web","l":"1"}`}},
		"label is there":                       {tree: tree, source: kustomizeOf(appv1.ApplicationSourceKustomize{CommonLabels: map[string]string{"own": "2"}}), fails: "label own already in kustomization file"},
		"label by force":                       {tree: tree, source: kustomizeOf(appv1.ApplicationSourceKustomize{CommonLabels: map[string]string{"own": "2"}, ForceCommonLabels: yes()}), want: []string{`"own":"2"`}},
		"annotation is there":                  {tree: tree, source: kustomizeOf(appv1.ApplicationSourceKustomize{CommonAnnotations: map[string]string{"note": "b"}}), fails: "annotation note already in kustomization file"},
		"annotation by force":                  {tree: tree, source: kustomizeOf(appv1.ApplicationSourceKustomize{CommonAnnotations: map[string]string{"note": "b"}, ForceCommonAnnotations: yes()}), want: []string{`"note":"b"`}},
		"annotation as it is":                  {tree: plain, source: kustomizeOf(appv1.ApplicationSourceKustomize{CommonAnnotations: map[string]string{"n": "${ARGOCD_APP_NAME}"}}), want: []string{`"n":"${ARGOCD_APP_NAME}"`}},
		"annotation with variable":             {tree: plain, source: kustomizeOf(appv1.ApplicationSourceKustomize{CommonAnnotations: map[string]string{"n": "${ARGOCD_APP_NAME}"}, CommonAnnotationsEnvsubst: yes()}), want: []string{`"n":"app"`}},
		"patch":                                {tree: plain, source: kustomizeOf(appv1.ApplicationSourceKustomize{Patches: []appv1.KustomizePatch{{Patch: "- {op: replace, path: /spec/replicas, value: 7}", Target: &appv1.KustomizeSelector{Kind: "Deployment"}}}}), want: []string{`"replicas":7`}},
		"patch file":                           {tree: tree, source: kustomizeOf(appv1.ApplicationSourceKustomize{Patches: []appv1.KustomizePatch{{Path: "p.yaml", Target: &appv1.KustomizeSelector{Kind: "ConfigMap", LabelSelector: "own=2"}}}}), not: []string{`"k":"v"`}},
		"patch file of a kind":                 {tree: tree, source: kustomizeOf(appv1.ApplicationSourceKustomize{Patches: []appv1.KustomizePatch{{Path: "p.yaml", Target: &appv1.KustomizeSelector{Kind: "ConfigMap"}}}}), want: []string{`"data":{"k":"v"}`}},
		"patch of a name":                      {tree: plain, source: kustomizeOf(appv1.ApplicationSourceKustomize{Patches: []appv1.KustomizePatch{{Patch: "- {op: replace, path: /metadata/name, value: new}", Target: &appv1.KustomizeSelector{Kind: "Deployment"}, Options: map[string]bool{"allowNameChange": true}}}}), want: []string{`"name":"new"`}},
		"labels beside the file's":             {tree: labelled, source: labels("new", "c", nil, nil), want: []string{`"labels":{"new":"c","own":"a","tpl":"b"}`}},
		"label is there, in no selector":       {tree: labelled, source: labels("own", "c", nil, nil), fails: "label own already in kustomization file"},
		"label by force, in no selector":       {tree: labelled, source: labels("own", "c", yes(), nil), want: []string{`"own":"c"`}},
		"label is there, in templates":         {tree: labelled, source: labels("tpl", "c", nil, yes()), fails: "label tpl already in kustomization file"},
		"label in templates, selectors too":    {tree: labelled, source: kustomizeOf(appv1.ApplicationSourceKustomize{CommonLabels: map[string]string{"l": "1"}, LabelIncludeTemplates: yes()}), fails: "labelIncludeTemplates"},
		"components by a pattern":              {tree: components, source: componentsOf(nil, "comp/*"), want: []string{`"b-a-cm"`}},
		"components by a pattern, above":       {tree: components, source: componentsOf(nil, "../shared/x?", "../sha*/[y]"), want: []string{`"y-x1-cm"`}},
		"components by a pattern, from root":   {tree: components, source: componentsOf(nil, "../*/comp/a"), want: []string{`"a-cm"`}},
		"component that is hidden, named":      {tree: components, source: componentsOf(nil, "comp/.hidden"), want: []string{`"hidden-cm"`}},
		"components, pattern matches nothing":  {tree: components, source: componentsOf(nil, "none/*"), fails: "kustomize.components: none/*: no such file"},
		"components, nothing matched, lenient": {tree: components, source: componentsOf(yes(), "none/*", "comp/a"), want: []string{`"a-cm"`}},
		"components, pattern is bad":           {tree: components, source: componentsOf(nil, "comp/[a"), fails: "kustomize.components: comp/[a: "},
		"components out of the repository":     {tree: components, source: componentsOf(nil, "../../*"), fails: "leads out of the repository"},
		"component":                            {tree: tree, source: kustomizeOf(appv1.ApplicationSourceKustomize{Components: []string{"comp"}}), want: []string{`"comp-cm"`}},
		"component absent":                     {tree: tree, source: kustomizeOf(appv1.ApplicationSourceKustomize{Components: []string{"nope"}}), fails: "nope"},
		"component absent, lenient":            {tree: tree, source: kustomizeOf(appv1.ApplicationSourceKustomize{Components: []string{"nope", "comp"}, IgnoreMissingComponents: yes()}), want: []string{`"comp-cm"`}},
		"version":                              {tree: plain, source: kustomizeOf(appv1.ApplicationSourceKustomize{Version: "v4"}), fails: "kustomize.version"},
		"no kustomization":                     {tree: Map{"app/a.yaml": cm("a")}, source: kustomizeOf(appv1.ApplicationSourceKustomize{}), fails: "has no kustomization.yaml"},
		"unknown field":                        {tree: Map{"app/kustomization.yaml": "resorces: [a]"}, fails: "resorces"},
		"generator and order":                  {tree: Map{"app/kustomization.yaml": "configMapGenerator: [{name: g, files: [f.txt], literals: [a=b]}]\n", "app/f.txt": "text"}, want: []string{`"a":"b"`, `"f.txt":"text"`, `"g-`}},
		"file above is refused":                {tree: Map{"app/kustomization.yaml": "configMapGenerator: [{name: g, files: [../f.txt]}]\n", "f.txt": "text"}, fails: "security; file"},
		"load restrictor":                      {tree: Map{"app/kustomization.yaml": "configMapGenerator: [{name: g, files: [../f.txt]}]\n", "f.txt": "text"}, edit: func(r *Request) { r.Settings.KustomizeOptions = []string{"--load-restrictor LoadRestrictionsNone"} }, want: []string{`"f.txt":"text"`}},
		"managed-by label":                     {tree: plain, edit: func(r *Request) { r.Settings.KustomizeOptions = []string{"--enable-managedby-label"} }, want: []string{`"app.kubernetes.io/managed-by":"kustomize-`}},
		"legacy order":                         {tree: Map{"app/kustomization.yaml": "resources: [web.yaml, cm.yaml]", "app/web.yaml": deployment, "app/cm.yaml": cm("cm")}, want: []string{"ConfigMap", "Deployment"}},
		"order of the file":                    {tree: Map{"app/kustomization.yaml": "resources: [web.yaml, cm.yaml]", "app/web.yaml": deployment, "app/cm.yaml": cm("cm")}, edit: func(r *Request) { r.Settings.KustomizeOptions = []string{"--reorder=none"} }, want: []string{"Deployment", "ConfigMap"}},
		"plugins are refused":                  {tree: plain, edit: func(r *Request) { r.Settings.KustomizeOptions = []string{"--enable-alpha-plugins"} }, fails: "--enable-alpha-plugins is not supported"},
		"exec is refused":                      {tree: plain, edit: func(r *Request) { r.Settings.KustomizeOptions = []string{"--enable-exec"} }, fails: "--enable-exec is not supported"},
		"charts without --enable-helm":         {tree: chart, fails: "must specify --enable-helm"},
		"charts":                               {tree: chart, edit: helm, count: 1, want: []string{`"a":"inline"`, `"b":"file"`, `"v":"v1.30.1"`, `"name":"x-rel"`, `"namespace":"ns"`}},
		"chart that is missing":                {tree: Map{"app/kustomization.yaml": "helmCharts: [{name: c, repo: 'https://charts.example.com', version: 1.2.3, releaseName: r}]\n"}, edit: helm, fails: "missing: chart c 1.2.3 of https://charts.example.com"},
		"chart that is brought": {
			tree: Map{"app/kustomization.yaml": "helmCharts: [{name: c, repo: 'https://charts.example.com', version: 1.2.3, releaseName: r}]\n"},
			edit: func(r *Request) {
				helm(r)
				r.Charts = []Chart{{Name: "c", Repository: "https://charts.example.com", Version: "1.2.3", Tree: "chart/c"}}
			},
			others: map[string]Map{"chart/c": {"Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.2.3\n", "templates/a.yaml": cm("'{{ .Release.Name }}'")}}, want: []string{`"r"`},
		},
		"override file": {tree: Map{"app/kustomization.yaml": "resources: [web.yaml]\n", "app/web.yaml": deployment, "app/.argocd-source-app.yaml": "kustomize: {images: ['nginx:7']}"}, want: []string{`"nginx:7"`}},
	})
}

func helmOf(h appv1.ApplicationSourceHelm) appv1.ApplicationSource {
	return appv1.ApplicationSource{Helm: &h}
}

// show is a template that shows values.
const show = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}', namespace: '{{ .Release.Namespace }}'}\ndata: {{ .Values | toJson }}\n"

func TestHelmOptions(t *testing.T) {
	tree := func(more Map) Map {
		all := Map{
			"app/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "app/values.yaml": "a: own\nb: own\nl: [1]\n", "app/templates/cm.yaml": show, "app/templates/_h.tpl": `{{ define "x" }}{{ end }}`,
			"app/templates/NOTES.txt": "note", "app/v1.yaml": "a: v1\nb: v1\n", "app/v2.yaml": "b: v2\n", "values/root.yaml": "a: root\n", "app/env/app.yaml": "a: env\n",
		}
		for name, content := range more {
			all[name] = content
		}
		return all
	}
	files := func(names ...string) appv1.ApplicationSource {
		return helmOf(appv1.ApplicationSourceHelm{ValueFiles: names})
	}
	template := func(text string) Map { return tree(Map{"app/templates/cm.yaml": text}) }
	param := func(name, value string, text bool) appv1.ApplicationSource {
		return helmOf(appv1.ApplicationSourceHelm{Parameters: []appv1.HelmParameter{{Name: name, Value: value, ForceString: &text}}})
	}
	globbed := tree(Map{"app/g/b.yaml": "b: b\n", "app/g/a.yaml": "a: a\nb: a\n", "app/g/sub/c.yaml": "b: c\n"})
	deps := func(repository string) Map {
		return tree(Map{"app/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies:\n- {name: d, version: ^1.0.0, repository: '" + repository + "', condition: d.enabled}\n"})
	}
	twice := func() Map {
		return tree(Map{
			"app/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies:\n- {name: d, version: ^1.0.0, repository: 'https://charts.example.com', alias: one}\n- {name: d, version: ^2.0.0, repository: 'https://charts.example.com', alias: two}\n",
			"app/Chart.lock": "dependencies:\n- {name: d, repository: 'https://charts.example.com', version: 1.4.9}\n- {name: d, repository: 'https://charts.example.com', version: 2.3.0}\n",
		})
	}
	sub := Map{"Chart.yaml": "apiVersion: v2\nname: d\nversion: 1.5.0\n", "templates/d.yaml": cm("from-d")}
	hooks := tree(Map{
		"app/templates/hook.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: hook, annotations: {helm.sh/hook: pre-install}}\n",
		"app/templates/test.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: tester, annotations: {helm.sh/hook: test}}\n",
		"app/crds/crd.yaml":       "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: crd}\n",
	})
	schema := tree(Map{"app/values.schema.json": `{"properties": {"a": {"type": "integer"}}}`})
	runOptions(t, map[string]optionCase{
		"plain":                         {tree: tree(nil), tool: appv1.SourceTypeHelm, count: 1, want: []string{`"a":"own"`, `"name":"app"`, `"namespace":"prod"`}},
		"release name":                  {tree: tree(nil), source: helmOf(appv1.ApplicationSourceHelm{ReleaseName: "rel", Namespace: "other"}), want: []string{`"name":"rel"`, `"namespace":"other"`}},
		"release name, bad":             {tree: tree(nil), source: helmOf(appv1.ApplicationSourceHelm{ReleaseName: "Not_Valid"}), fails: `release name "Not_Valid"`},
		"value files in order":          {tree: tree(nil), source: files("v1.yaml", "v2.yaml"), want: []string{`"a":"v1"`, `"b":"v2"`}},
		"value file from the root":      {tree: tree(nil), source: files("/values/root.yaml"), want: []string{`"a":"root"`}},
		"value file above":              {tree: tree(nil), source: files("../values/root.yaml"), want: []string{`"a":"root"`}},
		"value file with variable":      {tree: tree(nil), source: files("env/$ARGOCD_APP_NAME.yaml"), want: []string{`"a":"env"`}},
		"value file missing":            {tree: tree(nil), source: files("nope.yaml"), fails: "helm.valueFiles: nope.yaml: no such file"},
		"value file missing, lenient":   {tree: tree(nil), source: helmOf(appv1.ApplicationSourceHelm{ValueFiles: []string{"nope.yaml", "v1.yaml", "no/*.yaml"}, IgnoreMissingValueFiles: yes()}), want: []string{`"a":"v1"`}},
		"value file is broken":          {tree: tree(Map{"app/bad.yaml": "a: [\n"}), source: files("bad.yaml"), fails: "bad.yaml: "},
		"glob":                          {tree: globbed, source: files("g/*.yaml"), want: []string{`"a":"a"`, `"b":"b"`}},
		"glob of any depth":             {tree: globbed, source: files("g/**/*.yaml"), want: []string{`"b":"c"`}},
		"glob, one is named":            {tree: globbed, source: files("g/*.yaml", "g/a.yaml"), want: []string{`"b":"a"`}},
		"glob from the root":            {tree: globbed, source: files("/app/g/{a,b}.yaml"), want: []string{`"b":"b"`}},
		"glob, no match":                {tree: globbed, source: files("x/*.yaml"), fails: "helm.valueFiles: x/*.yaml: matches no file"},
		"of another source":             {tree: tree(nil), source: files("$vals/e/prod.yaml"), others: map[string]Map{"ref/vals": {"e/prod.yaml": "a: ref\n"}}, edit: func(r *Request) { r.Refs = map[string]string{"vals": "ref/vals"} }, want: []string{`"a":"ref"`}},
		"glob of another source":        {tree: tree(nil), source: files("$vals/e/*.yaml"), others: map[string]Map{"ref/vals": {"e/prod.yaml": "a: ref\n"}}, edit: func(r *Request) { r.Refs = map[string]string{"vals": "ref/vals"} }, want: []string{`"a":"ref"`}},
		"out of another source":         {tree: tree(nil), source: files("$vals/../x.yaml"), others: map[string]Map{"ref/vals": {}}, edit: func(r *Request) { r.Refs = map[string]string{"vals": "ref/vals"} }, fails: "leads out of the repository"},
		"of no source":                  {tree: tree(nil), source: files("$vals/e.yaml"), fails: `source referenced "$vals", but no source has a 'ref' field`},
		"values":                        {tree: tree(nil), source: helmOf(appv1.ApplicationSourceHelm{ValueFiles: []string{"v1.yaml"}, Values: "a: inline\n"}), want: []string{`"a":"inline"`, `"b":"v1"`}},
		"values object wins":            {tree: tree(nil), source: helmOf(appv1.ApplicationSourceHelm{Values: "a: text\nb: text\n", ValuesObject: raw.Object{Raw: []byte(`{"a":"object"}`)}}), want: []string{`"a":"object"`, `"b":"own"`}},
		"parameter":                     {tree: tree(nil), source: param("a", "5", false), want: []string{`"a":5`}},
		"parameter as text":             {tree: tree(nil), source: param("a", "5", true), want: []string{`"a":"5"`}},
		"parameter over values":         {tree: tree(nil), source: helmOf(appv1.ApplicationSourceHelm{Values: "a: text", Parameters: []appv1.HelmParameter{{Name: "a", Value: "p"}}}), want: []string{`"a":"p"`}},
		"parameter with a comma":        {tree: tree(nil), source: param("a", "x,y=z", false), want: []string{`"a":"x,y=z"`}},
		"parameter with \\,":            {tree: tree(nil), source: param("a", `x\,y`, false), want: []string{`"a":"x,y"`}},
		"parameter list":                {tree: tree(nil), source: param("a", "{x,y}", false), want: []string{`"a":["x","y"]`}},
		"parameter path":                {tree: tree(nil), source: param("n.m[0].o", "v", false), want: []string{`"n":{"m":[{"o":"v"}]}`}},
		"parameter with variable":       {tree: tree(nil), source: param("a", "$ARGOCD_APP_NAME-${ARGOCD_APP_REVISION_SHORT_8}-$$X", true), want: []string{`"a":"app-01234567-$X"`}},
		"parameter, bad":                {tree: tree(nil), source: param("a[x]", "v", true), fails: "helm.parameters: a[x]"},
		"file parameter":                {tree: tree(Map{"app/f.txt": "line, one\nline two"}), source: helmOf(appv1.ApplicationSourceHelm{FileParameters: []appv1.HelmFileParameter{{Name: "a", Path: "f.txt"}}}), want: []string{`"a":"line, one\nline two"`}},
		"file parameter missing":        {tree: tree(nil), source: helmOf(appv1.ApplicationSourceHelm{FileParameters: []appv1.HelmFileParameter{{Name: "a", Path: "f.txt"}}}), fails: "helm.fileParameters: f.txt: no such file"},
		"file parameter of another":     {tree: tree(nil), source: helmOf(appv1.ApplicationSourceHelm{FileParameters: []appv1.HelmFileParameter{{Name: "a", Path: "$r/f"}}}), others: map[string]Map{"ref/r": {"f": "ref"}}, edit: func(r *Request) { r.Refs = map[string]string{"r": "ref/r"} }, want: []string{`"a":"ref"`}},
		"URL":                           {tree: tree(nil), source: files("https://example.com/v.yaml"), fails: "missing: https://example.com/v.yaml"},
		"URL that is brought":           {tree: tree(nil), source: files("https://example.com/v.yaml"), others: map[string]Map{"url/0": {"v": "a: url"}}, edit: func(r *Request) { r.Values = []Values{{URL: "https://example.com/v.yaml", Tree: "url/0", Path: "v"}} }, want: []string{`"a":"url"`}},
		"URL of another scheme":         {tree: tree(nil), source: files("s3://bucket/v.yaml"), fails: `scheme "s3" is not allowed`},
		"URL where none is allowed":     {tree: tree(nil), source: files("https://example.com/v.yaml"), edit: func(r *Request) { r.Settings.ValueSchemes = []string{} }, fails: `scheme "https" is not allowed`},
		"URL of a scheme allowed":       {tree: tree(nil), source: files("s3://bucket/v.yaml"), edit: func(r *Request) { r.Settings.ValueSchemes = []string{"s3"} }, fails: "missing: s3://bucket/v.yaml"},
		"version":                       {tree: tree(nil), source: helmOf(appv1.ApplicationSourceHelm{Version: "v2"}), fails: "helm.version: v2 is not supported"},
		"version v3":                    {tree: tree(nil), source: helmOf(appv1.ApplicationSourceHelm{Version: "v3"}), count: 1},
		"hooks, tests and CRDs":         {tree: hooks, count: 4, want: []string{`"crd"`, `"app"`, `"hook"`, `"tester"`}},
		"skip tests":                    {tree: hooks, source: helmOf(appv1.ApplicationSourceHelm{SkipTests: yes()}), count: 3, not: []string{`"tester"`}},
		"skip CRDs":                     {tree: hooks, source: helmOf(appv1.ApplicationSourceHelm{SkipCrds: yes()}), count: 3, not: []string{`"crd"`}},
		"do not skip":                   {tree: hooks, source: helmOf(appv1.ApplicationSourceHelm{SkipCrds: no(), SkipTests: no()}), count: 4},
		"kube version":                  {tree: template("apiVersion: v1\nkind: A\nv: {{ .Capabilities.KubeVersion.Version }}"), edit: func(r *Request) { r.KubeVersion = "1.33" }, want: []string{`"v1.33"`}},
		"kube version of the app":       {tree: template("apiVersion: v1\nkind: A\nv: {{ .Capabilities.KubeVersion.Minor | quote }}"), source: helmOf(appv1.ApplicationSourceHelm{KubeVersion: "1.29.3"}), edit: func(r *Request) { r.KubeVersion = "1.33" }, want: []string{`"29"`}},
		"kube version, bad":             {tree: tree(nil), source: helmOf(appv1.ApplicationSourceHelm{KubeVersion: "new"}), fails: `kubeVersion "new"`},
		"kube version, too old":         {tree: tree(Map{"app/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\nkubeVersion: '>=1.30'\n"}), edit: func(r *Request) { r.KubeVersion = "1.29" }, fails: "requires kubeVersion"},
		"API versions":                  {tree: template("apiVersion: v1\nkind: A\nv: {{ .Capabilities.APIVersions.Has \"a.b/v1/C\" }}"), edit: func(r *Request) { r.APIVersions = []string{"a.b/v1/C"} }, want: []string{"true"}},
		"API versions of the app":       {tree: template("apiVersion: v1\nkind: A\nv: {{ .Capabilities.APIVersions.Has \"a.b/v1/C\" }}"), source: helmOf(appv1.ApplicationSourceHelm{APIVersions: []string{"x/v1"}}), edit: func(r *Request) { r.APIVersions = []string{"a.b/v1/C"} }, want: []string{"false"}},
		"schema":                        {tree: schema, fails: "values don't meet the specifications of the schema"},
		"skip schema":                   {tree: schema, source: helmOf(appv1.ApplicationSourceHelm{SkipSchemaValidation: yes()}), count: 1},
		"lookup finds nothing":          {tree: template("apiVersion: v1\nkind: A\nv: {{ lookup \"v1\" \"Secret\" \"a\" \"b\" | toJson | quote }}"), want: []string{`"{}"`}},
		"install, not upgrade":          {tree: template("apiVersion: v1\nkind: A\nv: {{ .Release.IsInstall }}-{{ .Release.IsUpgrade }}-{{ .Release.Revision }}-{{ .Release.Service }}"), want: []string{`"true-false-1-Helm"`}},
		"files and helmignore":          {tree: tree(Map{"app/.helmignore": "secret.txt\n", "app/secret.txt": "s", "app/f.txt": "f", "app/templates/cm.yaml": "apiVersion: v1\nkind: A\nv: '{{ .Files.Get \"f.txt\" }}{{ .Files.Get \"secret.txt\" }}'"}), want: []string{`"v":"f"`}},
		"template fails":                {tree: template("a: {{ fail \"no\" }}"), fails: "templates/cm.yaml:1:"},
		"template is no YAML":           {tree: template("apiVersion: v1\nkind: A\nb: [\n"), fails: "c/templates/cm.yaml"},
		"template without kind":         {tree: template("a: b"), fails: "c/templates/cm.yaml: line 1: Object 'Kind' is missing"},
		"library chart":                 {tree: tree(Map{"app/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\ntype: library\n"}), fails: "library charts are not installable"},
		"not a chart":                   {tree: Map{"app/a.yaml": cm("a")}, source: helmOf(appv1.ApplicationSourceHelm{}), fails: "Chart.yaml file is missing"},
		"dependency in charts":          {tree: with(deps("https://charts.example.com"), "app/charts/d/", sub), count: 2, want: []string{`"from-d"`}},
		"dependency turned off":         {tree: with(deps("https://charts.example.com"), "app/charts/d/", sub), source: param("d.enabled", "false", false), count: 1},
		"dependency missing":            {tree: deps("https://charts.example.com"), fails: "missing: chart d ^1.0.0 of https://charts.example.com"},
		"dependency without repository": {tree: deps(""), fails: "found in Chart.yaml, but missing in charts/ directory: d"},
		"dependency brought": {tree: deps("https://charts.example.com"), others: map[string]Map{"chart/d": sub}, edit: func(r *Request) {
			r.Charts = []Chart{{Name: "d", Repository: "https://charts.example.com", Version: "^1.0.0", Tree: "chart/d"}}
		}, count: 2},
		"dependency as locked":        {tree: with(deps("https://charts.example.com"), "app/", Map{"Chart.lock": "dependencies: [{name: d, repository: 'https://charts.example.com', version: 1.4.9}]\n"}), fails: "missing: chart d 1.4.9 of"},
		"dependency twice, as locked": {tree: twice(), fails: "missing: chart d 1.4.9 of https://charts.example.com, chart d 2.3.0 of https://charts.example.com"},
		"dependency twice, brought": {tree: twice(), count: 3, want: []string{`"from-one"`, `"from-two"`},
			others: map[string]Map{
				"chart/1": {"Chart.yaml": "apiVersion: v2\nname: d\nversion: 1.4.9\n", "templates/d.yaml": cm("from-{{ .Chart.Name }}")},
				"chart/2": {"Chart.yaml": "apiVersion: v2\nname: d\nversion: 2.3.0\n", "templates/d.yaml": cm("from-{{ .Chart.Name }}")},
			},
			edit: func(r *Request) {
				r.Charts = []Chart{{Name: "d", Repository: "https://charts.example.com", Version: "1.4.9", Tree: "chart/1"}, {Name: "d", Repository: "https://charts.example.com", Version: "2.3.0", Tree: "chart/2"}}
			}},
		"dependency that the lock does not have": {tree: with(deps("https://charts.example.com"), "app/", Map{"Chart.lock": "dependencies: [{name: d, repository: 'https://charts.example.com', version: 3.0.0}]\n"}), fails: "missing: chart d ^1.0.0 of"},
		"dependency in the tree":                 {tree: with(deps("file://../d"), "d/", sub), count: 2, want: []string{`"from-d"`}},
		"dependency out of the tree":             {tree: deps("file://../../d"), fails: "leads out of the repository"},
		"chart of a repository": {
			tree: Map{"Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "templates/a.yaml": show, "v.yaml": "a: v\n"},
			edit: func(r *Request) {
				r.Chart = true
				r.Source.Path = "ignored"
				r.Source.Chart = "c"
				r.Source.Helm = &appv1.ApplicationSourceHelm{ValueFiles: []string{"v.yaml"}}
			}, want: []string{`"a":"v"`},
		},
		"override file": {tree: tree(Map{"app/.argocd-source.yaml": "helm: {parameters: [{name: a, value: over}]}"}), source: param("b", "kept?", false), want: []string{`"a":"over"`, `"b":"own"`}},
	})
}

// with lays a tree into a folder of another.
func with(tree Map, folder string, more Map) Map {
	for name, content := range more {
		tree[folder+name] = content
	}
	return tree
}

// TestAsksKinds: it is told whether the manifests depend on what the cluster serves, so that a new kind there is no reason
// to render all applications anew.
func TestAsksKinds(t *testing.T) {
	chart := func(line string) Map {
		return Map{"app/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "app/templates/a.yaml": "apiVersion: v1\nkind: A\nmetadata: {name: a}\nv: " + line + "\n"}
	}
	for name, tc := range map[string]struct {
		tree   Map
		source appv1.ApplicationSource
		want   bool
		has    string
	}{
		"plain files":           {tree: Map{"app/a.yaml": cm("a")}},
		"a chart":               {tree: chart("1")},
		"the version":           {tree: chart("{{ .Capabilities.KubeVersion.Version }}{{ .Capabilities.KubeVersion }}{{ .Capabilities.KubeVersion.GitVersion }}"), has: "v1.33v1.33v1.33"},
		"Helm's version":        {tree: chart("x{{ .Capabilities.HelmVersion.GoVersion }}"), has: "xgo"},
		"whether there is":      {tree: chart(`{{ .Capabilities.APIVersions.Has "a.b/v1/C" }}`), want: true, has: "true"},
		"by another function":   {tree: chart(`{{ has "a.b/v1/C" .Capabilities.APIVersions }}`), want: true, has: "true"},
		"through a copy":        {tree: chart(`{{ $c := deepCopy . }}{{ $c.Capabilities.APIVersions.Has "a.b/v1/C" }}`), want: true, has: "true"},
		"in a variable":         {tree: chart(`{{ $c := .Capabilities }}{{ range $c.APIVersions }}{{ if eq . "a.b/v1/C" }}found{{ end }}{{ end }}`), want: true, has: "found"},
		"all there is":          {tree: chart(`{{ .Capabilities | toJson | quote }}`), want: true, has: "a.b/v1/C"},
		"printed":               {tree: chart(`{{ printf "%v" .Capabilities | quote }}`), want: true, has: "a.b/v1/C"},
		"not the cluster's":     {tree: chart(`{{ .Capabilities.APIVersions.Has "x/v1" }}`), source: helmOf(appv1.ApplicationSourceHelm{APIVersions: []string{"x/v1"}}), has: "true"},
		"a variable of options": {tree: chart(`{{ .Values.a }}`), source: helmOf(appv1.ApplicationSourceHelm{Parameters: []appv1.HelmParameter{{Name: "a", Value: "${KUBE_API_VERSIONS}"}}}), want: true, has: "a.b/v1/C"},
	} {
		t.Run(name, func(t *testing.T) {
			req := request("app")
			tc.source.RepoURL, tc.source.Path = req.Source.RepoURL, "app"
			req.Source, req.KubeVersion, req.APIVersions = tc.source, "1.33", []string{"a.b/v1/C"}
			result, err := renderSource(&req, Trees{"": tc.tree})
			if err != nil {
				t.Fatal(err)
			}
			if result.AsksKinds != tc.want || !strings.Contains(text(result), tc.has) {
				t.Errorf("asks %t; %s", result.AsksKinds, text(result))
			}
		})
	}
}
