// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

// abilities says for one type which of its fields this version acts on, and what the others would be for.
type abilities struct {
	// built are the JSON names of the fields that are acted on. Embedded structures have the name "".
	built string
	// not are the fields that are not acted on, each with what to call it in a message.
	not map[string]string
}

// features lists every field of the types that a workflow's spec is made of. A field in neither list is refused, and a
// test fails, so that a new field is never ignored silently. Fields of Kubernetes' own types are not listed: they reach
// the pod as they are.
var features = map[reflect.Type]abilities{
	reflect.TypeFor[wfv1.WorkflowSpec](): {
		built: "templates entrypoint arguments serviceAccountName automountServiceAccountToken volumes suspend nodeSelector affinity " +
			"tolerations imagePullSecrets hostNetwork dnsPolicy dnsConfig onExit hooks activeDeadlineSeconds priority schedulerName " +
			"podPriorityClassName hostAliases securityContext shutdown workflowTemplateRef retryStrategy podMetadata templateDefaults " +
			"workflowMetadata",
		not: map[string]string{
			"executor":              "a service account for the executor, which needs none,",
			"volumeClaimTemplates":  "making volume claims",
			"volumeClaimGC":         "deleting volume claims",
			"parallelism":           "a limit of parallelism",
			"artifactRepositoryRef": "an artifact repository",
			"ttlStrategy":           "deleting workflows after a time",
			"podGC":                 "deleting pods before their workflow",
			"podPriority":           "a pod priority as a number (name a priority class in podPriorityClassName)",
			"podSpecPatch":          "patching the spec of pods",
			"podDisruptionBudget":   "a pod disruption budget",
			"metrics":               "emitting metrics",
			"synchronization":       "locking by mutexes and semaphores",
			"archiveLogs":           "keeping logs as artifacts",
			"artifactGC":            "deleting artifacts",
			"executorPlugins":       "running executor plugins",
			"podResources":          "resources of the pod as a whole",
			"resourceClaims":        "claiming resources dynamically",
		},
	},
	reflect.TypeFor[wfv1.Template](): {
		built: "name inputs outputs nodeSelector affinity metadata steps container script dag suspend volumes initContainers " +
			"activeDeadlineSeconds retryStrategy failFast tolerations schedulerName priorityClassName serviceAccountName " +
			"automountServiceAccountToken hostAliases securityContext annotations",
		not: map[string]string{
			"daemon":          "running daemons",
			"containerSet":    "the template type containerSet",
			"resource":        "the template type resource",
			"data":            "the template type data",
			"http":            "the template type http",
			"plugin":          "the template type plugin",
			"sidecars":        "running sidecars",
			"archiveLocation": "a place for artifacts",
			"parallelism":     "a limit of parallelism",
			"priority":        "a pod priority as a number (name a priority class in priorityClassName)",
			"executor":        "a service account for the executor, which needs none,",
			"podSpecPatch":    "patching the spec of pods",
			"metrics":         "emitting metrics",
			"synchronization": "locking by mutexes and semaphores",
			"memoize":         "memoizing outputs",
			"timeout":         "a timeout that counts the wait for the pod (activeDeadlineSeconds counts from its start)",
			"pendingTimeout":  "a timeout of the wait for the pod",
			"podResources":    "resources of the pod as a whole",
			"resourceClaims":  "claiming resources dynamically",
		},
	},
	reflect.TypeFor[wfv1.Inputs]():    {built: "parameters", not: map[string]string{"artifacts": "taking artifacts"}},
	reflect.TypeFor[wfv1.Arguments](): {built: "parameters", not: map[string]string{"artifacts": "handing on artifacts"}},
	reflect.TypeFor[wfv1.Outputs](): {built: "parameters", not: map[string]string{
		"artifacts": "yielding artifacts",
		"result":    "a result that is given beforehand (it is part of the status)",
		"exitCode":  "an exit code that is given beforehand (it is part of the status)",
	}},
	reflect.TypeFor[wfv1.Parameter](): {built: "name default value valueFrom globalName enum description"},
	reflect.TypeFor[wfv1.ValueFrom](): {built: "path parameter supplied default expression", not: map[string]string{
		"jsonPath":        "taking a value from an object of the cluster",
		"jqFilter":        "taking a value from an object of the cluster",
		"event":           "taking a value from an event",
		"configMapKeyRef": "taking a value from a ConfigMap",
	}},
	reflect.TypeFor[wfv1.SuppliedValueFrom]():   {},
	reflect.TypeFor[wfv1.AnyString]():           {built: ""},
	reflect.TypeFor[wfv1.Metadata]():            {built: "annotations labels"},
	reflect.TypeFor[wfv1.WorkflowMetadata]():    {built: "annotations labels labelsFrom"},
	reflect.TypeFor[wfv1.LabelValueFrom]():      {built: "expression"},
	reflect.TypeFor[wfv1.WorkflowTemplateRef](): {built: "name clusterScope"},
	reflect.TypeFor[wfv1.TemplateRef]():         {built: "name template clusterScope"},
	reflect.TypeFor[wfv1.WorkflowStep](): {built: "name template inline arguments templateRef withItems withParam withSequence when " +
		"continueOn onExit hooks"},
	reflect.TypeFor[wfv1.DAGTemplate](): {built: "target tasks failFast"},
	reflect.TypeFor[wfv1.DAGTask](): {built: "name template inline arguments templateRef dependencies withItems withParam " +
		"withSequence when continueOn onExit depends hooks"},
	reflect.TypeFor[wfv1.ContinueOn]():    {built: "error failed"},
	reflect.TypeFor[wfv1.Sequence]():      {built: "count start end format"},
	reflect.TypeFor[wfv1.LifecycleHook](): {built: "template arguments templateRef expression"},
	reflect.TypeFor[wfv1.RetryStrategy](): {built: "limit retryPolicy", not: map[string]string{
		"backoff":    "waiting between tries",
		"affinity":   "keeping tries apart",
		"expression": "deciding about a try by an expression",
	}},
	reflect.TypeFor[wfv1.ScriptTemplate]():  {built: " source"},
	reflect.TypeFor[wfv1.SuspendTemplate](): {built: "duration"},
	reflect.TypeFor[wfv1.Container]():       {built: " "},
	reflect.TypeFor[wfv1.UserContainer]():   {built: " mirrorVolumeMounts"},
}

// verdict is what is to be done about one field.
type verdict struct {
	structField
	built bool
	// what names a feature that is not built.
	what string
	// deep tells that the field holds types listed in features.
	deep bool
}

var verdicts = judge()

// judge combines features with the fields that the types have.
func judge() map[reflect.Type][]verdict {
	all := make(map[reflect.Type][]verdict, len(features))
	for t, a := range features {
		built := strings.Split(a.built, " ")
		for _, f := range fieldsOf(t) {
			v := verdict{structField: f, built: slices.Contains(built, f.name), what: a.not[f.name]}
			if v.what == "" {
				v.what = "the field " + f.name
			}
			v.deep = listed(t.Field(f.index).Type)
			all[t] = append(all[t], v)
		}
	}
	return all
}

// listed tells whether a type consists of types in features.
func listed(t reflect.Type) bool {
	for {
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			t = t.Elem()
		default:
			_, ok := features[t]
			return ok
		}
	}
}

// unsupported reports each field that is used and not acted on.
func (r *report) unsupported(v any, path *field.Path) {
	r.features(reflect.ValueOf(v), path, 0)
}

// maxFeatureDepth is more than templates can nest: inline templates hold no inline templates.
const maxFeatureDepth = 24

func (r *report) features(v reflect.Value, path *field.Path, depth int) {
	if depth > maxFeatureDepth || r.full() {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			r.features(v.Elem(), path, depth)
		}
	case reflect.Slice:
		for i := range v.Len() {
			r.features(v.Index(i), path.Index(i), depth+1)
		}
	case reflect.Map:
		if hooks, ok := v.Interface().(wfv1.LifecycleHooks); ok {
			r.hooks(hooks, path, depth)
		}
	case reflect.Struct:
		for _, f := range verdicts[v.Type()] {
			fv := v.Field(f.index)
			switch {
			case !used(fv):
			case !f.built:
				r.notBuilt(child(path, f.name), f.what)
			case f.deep:
				r.features(fv, child(path, f.name), depth+1)
			}
		}
	}
}

// hooks looks into hooks, of which one is built.
func (r *report) hooks(hooks wfv1.LifecycleHooks, path *field.Path, depth int) {
	for _, name := range slices.Sorted(maps.Keys(hooks)) {
		at := path.Key(short(string(name)))
		if name != wfv1.ExitLifecycleEvent {
			r.notBuilt(at, "a hook other than \"exit\"")
			continue
		}
		r.features(reflect.ValueOf(hooks[name]), at, depth+1)
	}
}

// used tells whether a field says anything. A flag that is false asks for nothing.
func used(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() > 0
	case reflect.Pointer:
		return !v.IsNil() && (v.Elem().Kind() != reflect.Bool || v.Elem().Bool())
	}
	return !v.IsZero()
}
