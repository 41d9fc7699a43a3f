// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// The names of annotations, labels and finalizers are the peer's, since users' manifests and tools have them.

// Annotations of applications.
const (
	// AnnotationRefresh asks that what there is be compared with what is wanted now. The value is RefreshNormal or
	// RefreshHard. It is taken away when that is done.
	AnnotationRefresh = "argocd.argoproj.io/refresh"
	// AnnotationHydrate asks that manifests be rendered and committed now. The value is RefreshNormal.
	AnnotationHydrate = "argocd.argoproj.io/hydrate"
	// AnnotationManifestGeneratePaths are the paths, separated by semicolons, of which a change matters.
	AnnotationManifestGeneratePaths = "argocd.argoproj.io/manifest-generate-paths"
	// AnnotationManagedByURL is where the installation that has the application in charge can be reached.
	AnnotationManagedByURL = "argocd.argoproj.io/managed-by-url"
	// AnnotationSkipReconcile has the application, or application set, left alone. The value is "true".
	AnnotationSkipReconcile = "argocd.argoproj.io/skip-reconcile"
	// AnnotationDeletionApproved says that objects which need a confirmation may be deleted. The value is the time
	// (RFC 3339), not before the operation began.
	AnnotationDeletionApproved = "argocd.argoproj.io/deletion-approved"
	// AnnotationClientSideApplyMigrationManager is the field manager whose fields are taken over by server-side apply.
	AnnotationClientSideApplyMigrationManager = "argocd.argoproj.io/client-side-apply-migration-manager"
	// AnnotationIgnoreDefaultLinks leaves out the links that are found in Ingresses and Services.
	AnnotationIgnoreDefaultLinks = "argocd.argoproj.io/ignore-default-links"
	// AnnotationLinkPrefix is the prefix of links that are shown with an object.
	AnnotationLinkPrefix = "link.argocd.argoproj.io/"
	// AnnotationApplicationSetRefresh asks that an application set look for parameters now. The value is "true".
	AnnotationApplicationSetRefresh = "argocd.argoproj.io/application-set-refresh"
)

// Values of AnnotationRefresh and AnnotationHydrate.
const (
	// RefreshNormal uses manifests that were made before, if they are of the same revision.
	RefreshNormal = "normal"
	// RefreshHard makes the manifests anew.
	RefreshHard = "hard"
)

// Annotations of the objects that an application manages.
const (
	// AnnotationCompareOptions change how the object is compared.
	AnnotationCompareOptions = "argocd.argoproj.io/compare-options"
	// AnnotationSyncOptions change how the object is applied.
	AnnotationSyncOptions = "argocd.argoproj.io/sync-options"
	// AnnotationSyncWave is the wave in which the object is applied: a number. Default: 0.
	AnnotationSyncWave = "argocd.argoproj.io/sync-wave"
	// AnnotationHook makes the object a hook. The value is when it runs.
	AnnotationHook = "argocd.argoproj.io/hook"
	// AnnotationHookDeletePolicy says when a hook is deleted.
	AnnotationHookDeletePolicy = "argocd.argoproj.io/hook-delete-policy"
	// AnnotationTrackingID says to which application the object belongs.
	AnnotationTrackingID = "argocd.argoproj.io/tracking-id"
	// AnnotationInstallationID says to which installation the object belongs.
	AnnotationInstallationID = "argocd.argoproj.io/installation-id"
	// AnnotationIgnoreHealthcheck leaves the object out of the application's health.
	AnnotationIgnoreHealthcheck = "argocd.argoproj.io/ignore-healthcheck"
	// AnnotationIgnoreResourceUpdates has changes of the object in the cluster passed over.
	AnnotationIgnoreResourceUpdates = "argocd.argoproj.io/ignore-resource-updates"
)

// Labels.
const (
	// LabelInstance is the label by which objects may be tracked. The value is the name of the application.
	LabelInstance = "app.kubernetes.io/instance"
	// LabelSecretType is set on Secrets of clusters, repositories and their credentials.
	LabelSecretType = "argocd.argoproj.io/secret-type"
	// LabelApplicationSetName is set on the applications of a set. The value is its name.
	LabelApplicationSetName = "argocd.argoproj.io/application-set-name"
)

// Finalizers of applications. Those with FinalizerForeground and FinalizerBackground behind a slash are known too.
const (
	// FinalizerResources deletes what the application has made before the application.
	FinalizerResources = "resources-finalizer.argocd.argoproj.io"
	// FinalizerPreDelete runs the hooks that come before the deletion of objects.
	FinalizerPreDelete = "pre-delete-finalizer.argocd.argoproj.io"
	// FinalizerPostDelete runs the hooks that come after the deletion of objects.
	FinalizerPostDelete = "post-delete-finalizer.argocd.argoproj.io"
	// FinalizerHooks is there while hooks of a sync bear a finalizer of ours, so that none is left that cannot be deleted.
	FinalizerHooks = "argosy.dev/hooks"
)

// What may stand behind the name of a finalizer and a slash.
const (
	// FinalizerForeground waits until what an object owns is gone.
	FinalizerForeground = "foreground"
	// FinalizerBackground does not.
	FinalizerBackground = "background"
	// FinalizerCleanup deletes hooks that have run.
	FinalizerCleanup = "cleanup"
)
