// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"strings"

	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// ValidateApplication returns what can never be right in an application, besides its metadata.
func ValidateApplication(app *appv1.Application) field.ErrorList {
	errs := applicationSpec(&app.Spec, field.NewPath("spec"))
	if app.Operation != nil {
		errs = append(errs, operation(app, field.NewPath("operation"))...)
	}
	return atMost(errs)
}

func applicationSpec(spec *appv1.ApplicationSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if name := ptr.Deref(spec.Project, ""); name != "" {
		errs = append(errs, messages(path.Child("project"), name, apivalidation.NameIsDNSSubdomain(name, false))...)
	}
	errs = append(errs, destination(&spec.Destination, path.Child("destination"))...)
	errs = append(errs, sources(spec, path)...)
	if spec.SyncPolicy != nil {
		errs = append(errs, syncPolicy(spec.SyncPolicy, path.Child("syncPolicy"))...)
	}
	for i := range spec.IgnoreDifferences {
		at := path.Child("ignoreDifferences").Index(i)
		d := &spec.IgnoreDifferences[i]
		errs = append(errs, required(d.Kind, at.Child("kind"), "the kind of the objects, or *")...)
		errs = append(errs, differences(d.JSONPointers, d.JQPathExpressions, at)...)
	}
	if limit := spec.RevisionHistoryLimit; limit != nil {
		errs = append(errs, apivalidation.ValidateNonnegativeField(*limit, path.Child("revisionHistoryLimit"))...)
	}
	return errs
}

func destination(d *appv1.ApplicationDestination, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if d.Server != "" && d.Name != "" {
		errs = append(errs, field.Invalid(path, short(d.Server)+", "+short(d.Name), "only one of server and name may be given"))
	}
	if d.Namespace != "" {
		errs = append(errs, messages(path.Child("namespace"), d.Namespace, validation.IsDNS1123Label(d.Namespace))...)
	}
	return errs
}

func syncPolicy(p *appv1.SyncPolicy, path *field.Path) field.ErrorList {
	errs := retry(p.Retry, path.Child("retry"))
	if m := p.ManagedNamespaceMetadata; m != nil {
		at := path.Child("managedNamespaceMetadata")
		errs = append(errs, metav1validation.ValidateLabels(m.Labels, at.Child("labels"))...)
		errs = append(errs, apivalidation.ValidateAnnotations(m.Annotations, at.Child("annotations"))...)
	}
	return errs
}

func retry(r *appv1.RetryStrategy, path *field.Path) field.ErrorList {
	if r == nil || r.Backoff == nil {
		return nil
	}
	at := path.Child("backoff")
	errs := append(seconds(r.Backoff.Duration, at.Child("duration")), seconds(r.Backoff.MaxDuration, at.Child("maxDuration"))...)
	if factor := r.Backoff.Factor; factor != nil {
		errs = append(errs, apivalidation.ValidateNonnegativeField(*factor, at.Child("factor"))...)
	}
	return errs
}

// differences checks the paths of what may differ.
func differences(pointers, expressions []string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, text := range pointers {
		errs = append(errs, pointer(text, path.Child("jsonPointers").Index(i))...)
	}
	for i, text := range expressions {
		errs = append(errs, jqExpression(text, path.Child("jqPathExpressions").Index(i))...)
	}
	return errs
}

func operation(app *appv1.Application, path *field.Path) field.ErrorList {
	op := app.Operation
	errs := retry(op.Retry, path.Child("retry"))
	at := path.Child("sync")
	if op.Sync == nil {
		return append(errs, field.Required(at, "there is no other operation"))
	}
	if s := op.Sync.SyncStrategy; s != nil && s.Apply != nil && s.Hook != nil {
		errs = append(errs, field.Invalid(at.Child("syncStrategy"), "apply, hook", "only one of apply and hook may be given"))
	}
	for i, r := range op.Sync.Resources {
		errs = append(errs, required(r.Kind, at.Child("resources").Index(i).Child("kind"), "")...)
		errs = append(errs, required(r.Name, at.Child("resources").Index(i).Child("name"), "")...)
	}
	if len(op.Sync.Manifests) > 0 && app.Spec.IsAutomated() && !ptr.Deref(op.Sync.DryRun, false) {
		errs = append(errs, field.Forbidden(at.Child("manifests"), "the application is synced without anybody's doing (spec.syncPolicy.automated), which would undo this at once; only a dryRun may be asked for"))
	}
	if n, m := len(op.Sync.Revisions), len(op.Sync.Sources); n > 0 && m > 0 && n != m {
		errs = append(errs, field.Invalid(at.Child("revisions"), n, "must be as many as there are sources"))
	}
	if s := op.Sync.Source; s != nil && len(op.Sync.Sources) == 0 {
		errs = append(errs, oneSource(s, at.Child("source"))...)
	}
	return append(errs, manySources(op.Sync.Sources, at.Child("sources"))...)
}

// WarnApplication returns what is accepted in an application, but will not do what its writer may expect.
func WarnApplication(app *appv1.Application) []string {
	var w warnings
	path := field.NewPath("spec")
	if app.Spec.Project == nil {
		w.add(path.Child("project"), "absent, which the peer refuses; the project %q is meant", appv1.DefaultProject)
	}
	if d := app.Spec.Destination; d.Server == "" && d.Name == "" {
		w.add(path.Child("destination"), "neither server nor name is given, so nothing can be synced")
	}
	w.sources(&app.Spec, path)
	if p := app.Spec.SyncPolicy; p != nil {
		at := path.Child("syncPolicy")
		w.syncOptions(p.SyncOptions, at.Child("syncOptions"))
		if p.ManagedNamespaceMetadata != nil && !has(p.SyncOptions, "CreateNamespace=true") {
			w.add(at.Child("managedNamespaceMetadata"), "ignored without the sync option CreateNamespace=true")
		}
		if r := p.Retry; r != nil && r.Backoff != nil && r.Backoff.Factor != nil && *r.Backoff.Factor == 0 {
			w.add(at.Child("retry", "backoff", "factor"), "0 means that there is no wait between tries")
		}
	}
	for i, d := range app.Spec.IgnoreDifferences {
		if len(d.JSONPointers)+len(d.JQPathExpressions)+len(d.ManagedFieldsManagers) == 0 {
			w.add(path.Child("ignoreDifferences").Index(i), "nothing is ignored: none of jsonPointers, jqPathExpressions and managedFieldsManagers is given")
		}
	}
	w.finalizers(app.Finalizers, field.NewPath("metadata", "finalizers"))
	if app.Operation != nil && app.Operation.Sync != nil {
		w.syncOptions(app.Operation.Sync.SyncOptions, field.NewPath("operation", "sync", "syncOptions"))
	}
	return w
}

// syncOptions of applications, and what each may be. nil stands for true and false.
var syncOptions = map[string][]string{
	"Validate":                    nil,
	"Prune":                       {"true", "false", "confirm"},
	"Delete":                      {"true", "false", "confirm"},
	"PruneLast":                   nil,
	"PrunePropagationPolicy":      {"foreground", "background", "orphan"},
	"Replace":                     nil,
	"Force":                       nil,
	"ServerSideApply":             nil,
	"ClientSideApplyMigration":    nil,
	"ApplyOutOfSyncOnly":          nil,
	"SkipDryRunOnMissingResource": nil,
	"CreateNamespace":             nil,
	"FailOnSharedResource":        nil,
	"RespectIgnoreDifferences":    nil,
}

func (w *warnings) syncOptions(options []string, path *field.Path) {
	for i, option := range options {
		if fault := optionFault(option); fault != "" && !tagged(option) {
			w.add(path.Index(i), "%q is ignored: %s", short(option), fault)
		}
	}
}

// optionFault says what is wrong with a sync option; empty if nothing is.
func optionFault(option string) string {
	name, value, found := strings.Cut(option, "=")
	values, known := syncOptions[name]
	if values == nil {
		values = []string{"true", "false"}
	}
	switch {
	case !found:
		return "options are NAME=VALUE"
	case !known:
		return "there is no such option"
	case !has(values, value):
		return fmt.Sprintf("%s is one of %s", name, strings.Join(values, ", "))
	}
	return ""
}

func has(values []string, value string) bool {
	for _, v := range values {
		if v == value {
			return true
		}
	}
	return false
}

// finalizers warns of those that look like the peer's but are not, since nothing will ever take them away.
func (w *warnings) finalizers(names []string, path *field.Path) {
	suffixes := map[string][]string{
		appv1.FinalizerResources:  {"", appv1.FinalizerForeground, appv1.FinalizerBackground},
		appv1.FinalizerPreDelete:  {"", appv1.FinalizerCleanup},
		appv1.FinalizerPostDelete: {"", appv1.FinalizerCleanup},
	}
	for i, finalizer := range names {
		name, suffix, _ := strings.Cut(finalizer, "/")
		if !strings.HasSuffix(name, "argocd.argoproj.io") {
			continue
		}
		if known, ok := suffixes[name]; !ok || !has(known, suffix) {
			w.add(path.Index(i), "%q is not known, and nothing takes it away when the application is deleted", short(finalizer))
		}
	}
}
