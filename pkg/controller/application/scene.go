// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application"
	"argosy.dev/argosy/pkg/application/diff"
	"argosy.dev/argosy/pkg/application/health"
	"argosy.dev/argosy/pkg/application/object"
	"argosy.dev/argosy/pkg/application/project"
	"argosy.dev/argosy/pkg/application/settings"
	"argosy.dev/argosy/pkg/cluster"
)

// scene is all that is looked at to say how an application does, but for its manifests and objects.
type scene struct {
	app      *appv1.Application
	user     string
	tenant   *tenant
	settings *settings.Settings
	project  *appv1.AppProject
	cache    *cluster.Cache
	kinds    *cluster.Kinds
	instance string
	tracking application.Tracking
	options  object.Options
	diff     diff.Options
	// asksKinds tells that its manifests depend on what the cluster serves.
	asksKinds bool
	// began is when the operation did whose scene it is, and force tells that it deletes objects and makes them anew.
	began time.Time
	force bool
	// warnings are what is wrong, and does not keep from looking.
	warnings []application.Finding
	// last tells that the application is being deleted, and unfit then why what its sources make is not known or must not be
	// used. Empty permits it.
	last  bool
	unfit string
}

// problem is a finding that keeps from looking at an application any further.
type problem struct{ application.Finding }

func (p problem) Error() string { return p.Message }

// errNoCluster is the error of an application whose cluster is gone.
var errNoCluster = errors.New("the cluster is gone")

func invalid(format string, args ...any) error {
	return problem{application.Finding{Type: appv1.ConditionInvalidSpecError, Message: fmt.Sprintf(format, args...)}}
}

func incomparable(err error) error {
	return problem{application.Finding{Type: appv1.ConditionComparisonError, Message: err.Error()}}
}

// scene finds what is needed to look at an application. An error that is a problem says why it cannot be looked at, any
// other that it cannot be now.
func (e *Engine) scene(ctx context.Context, app *appv1.Application) (*scene, error) {
	return e.sceneOf(ctx, app, false)
}

// lastScene is the scene of an application that is being deleted: what keeps from syncing it does not keep from deleting it.
func (e *Engine) lastScene(ctx context.Context, app *appv1.Application) (*scene, error) {
	return e.sceneOf(ctx, app, true)
}

func (e *Engine) sceneOf(ctx context.Context, app *appv1.Application, last bool) (*scene, error) {
	select {
	case <-e.started:
	default:
		return nil, apierrors.NewServiceUnavailable("what applications are made of cannot be looked at yet")
	}
	s := &scene{app: app, user: userOf(app), instance: object.InstanceName(app, e.config.ControlNamespace), options: optionsOf(app), last: last}
	var err error
	if s.tenant, err = e.tenants.get(ctx, app.Namespace); err != nil {
		return nil, err
	}
	var wrong []settings.Problem
	s.settings, wrong = s.tenant.parsed()
	if s.warnings, err = settled(wrong); err != nil {
		return nil, err
	}
	if s.project, err = e.project(app, s.settings); err != nil {
		return nil, err
	}
	if err := s.supported(); err != nil {
		return nil, err
	}
	if err := e.enter(ctx, s); err != nil {
		return nil, err
	}
	s.tracking = application.Tracking{Annotate: s.settings.Tracking != settings.TrackingLabel, Installation: s.settings.InstallationID}
	if s.settings.Tracking != settings.TrackingAnnotation {
		s.tracking.Label = s.settings.InstanceLabel
	}
	if s.diff, err = s.settings.Diff(app, s.instance); err != nil && !last {
		return nil, invalid("spec.ignoreDifferences: %v", err)
	}
	return s, nil
}

// supported notes what the application or its project asks for and that is not built. Of an application that is being
// deleted nothing of it keeps its objects: only its hooks do not run where what they come from is not known, or not fit.
func (s *scene) supported() error {
	for _, finding := range project.Unsupported(s.app, s.project) {
		switch {
		case finding.Blocks && !s.last:
			return invalid("%s", finding)
		case finding.Blocks && finding.OnlySyncs:
		case finding.Blocks && s.unfit == "":
			s.unfit = finding.String()
		}
		s.warnings = append(s.warnings, application.Finding{Type: appv1.ConditionUnsupportedWarning, Message: finding.String()})
	}
	return nil
}

// maxWrong is of how many wrong keys of the settings each application tells.
const maxWrong = 10

// settled returns what applications say of wrong keys of their namespace's settings. It is an error if one of them bounds what
// they may do.
func settled(wrong []settings.Problem) ([]application.Finding, error) {
	var warnings []application.Finding
	var stop []error
	for i, problem := range wrong {
		switch {
		case problem.Binds:
			stop = append(stop, problem)
		case i < maxWrong:
			warnings = append(warnings, application.Finding{Type: appv1.ConditionInvalidSettingsWarning, Message: problem.Error() + "; the default is used"})
		case i == maxWrong:
			warnings = append(warnings, application.Finding{Type: appv1.ConditionInvalidSettingsWarning, Message: fmt.Sprintf("%s: %d more keys are wrong", settings.ConfigMap, len(wrong)-maxWrong)})
		}
	}
	if len(stop) > 0 {
		return nil, incomparable(errors.Join(stop...))
	}
	return warnings, nil
}

// enter finds the cluster that the application goes to, and opens its cache as whoever may write there.
func (e *Engine) enter(ctx context.Context, s *scene) error {
	destination, err := cluster.Resolve(s.app.Spec.Destination, s.project.Name, s.tenant.secretsOf(cluster.SecretTypeCluster), e.cluster)
	if errors.Is(err, cluster.ErrNoCluster) {
		return fmt.Errorf("%w: %w", errNoCluster, invalid("spec.destination: %v", err))
	}
	if err != nil {
		return invalid("spec.destination: %v", err)
	}
	if err := s.check(project.Cluster{Server: destination.Server, Name: destination.Name, Project: destination.Project}); err != nil {
		return err
	}
	named, err := project.ServiceAccount(s.project, destination.Server, s.app.Spec.Destination.Namespace, s.app.Namespace)
	if err != nil {
		return invalid("%v", err)
	}
	identity, err := e.identity(s, destination, named)
	if err != nil {
		return err
	}
	if s.cache, err = e.caches.Use(s.user, destination, identity); err != nil {
		return invalid("spec.destination: %v", err)
	}
	if s.kinds, err = s.cache.Kinds(ctx); err != nil {
		return incomparable(fmt.Errorf("cluster %s cannot be asked what it serves: %w", destination.Server, err))
	}
	return nil
}

// check asks whether the project permits the application. One that is being deleted needs its sources for hooks only.
func (s *scene) check(at project.Cluster) error {
	app := s.app
	if s.last {
		bare := *app
		bare.Spec.Source, bare.Spec.Sources = nil, nil
		app = &bare
		for _, source := range project.Sources(s.app) {
			if err := project.PermitsSource(s.project, source.RepoURL); err != nil && s.unfit == "" {
				s.unfit = err.Error()
			}
		}
	}
	if errs := project.Check(s.project, app, at); len(errs) > 0 {
		return invalid("%v", errors.Join(errs...))
	}
	return nil
}

// identity is as whom a destination is used. named is the account that the project names, empty if it names none. Whoever
// may write projects in a namespace can name any account there is, so one of another namespace is not taken from them, but
// for the projects of the control namespace, which are the administrator's.
func (e *Engine) identity(s *scene, destination cluster.Destination, named string) (cluster.Identity, error) {
	identity := cluster.Identity(named)
	if identity == "" {
		if destination.Own {
			return cluster.ServiceAccount(s.app.Namespace, e.config.ServiceAccount), nil
		}
		return "", nil
	}
	if err := identity.Check(); err != nil {
		return "", invalid("spec.destinationServiceAccounts of project %s: %v", s.project.Name, err)
	}
	if s.app.Namespace != e.config.ControlNamespace && identity.Namespace() != s.app.Namespace {
		return "", invalid("spec.destinationServiceAccounts of project %s: %s is an account of another namespace than %s: only projects of namespace %s may name such",
			s.project.Name, named, s.app.Namespace, e.config.ControlNamespace)
	}
	return identity, nil
}

// project returns the application's project, with what global projects add.
func (e *Engine) project(app *appv1.Application, says *settings.Settings) (*appv1.AppProject, error) {
	projects := e.projects.AppProjects(app.Namespace)
	name := project.NameOf(app)
	found, err := projects.Get(name)
	switch {
	case err == nil:
	case !apierrors.IsNotFound(err):
		return nil, fmt.Errorf("reading project %s: %w", name, err)
	case name == project.DefaultName:
		found = project.Default(app.Namespace)
	default:
		return nil, invalid("%v", project.Missing(app))
	}
	var globals []*appv1.AppProject
	for _, name := range says.GlobalsOf(found) {
		global, err := projects.Get(name)
		if apierrors.IsNotFound(err) {
			return nil, invalid("the global project %s, which the settings add to project %s, does not exist", name, found.Name)
		}
		if err != nil {
			return nil, fmt.Errorf("reading project %s: %w", name, err)
		}
		globals = append(globals, global)
	}
	if len(globals) == 0 {
		return found, nil
	}
	return project.Merge(found, globals...), nil
}

// cluster is the destination as the project sees it.
func (s *scene) cluster() project.Cluster {
	d := s.cache.Destination()
	return project.Cluster{Server: d.Server, Name: d.Name, Project: d.Project}
}

// namespaced tells whether objects of a kind are in namespaces.
func (s *scene) namespaced(gvk schema.GroupVersionKind) (namespaced, known bool) {
	kind, err := s.kinds.Find(gvk.GroupKind(), "")
	return kind.Namespaced, err == nil
}

// checked tells whether there is a check of health for a kind.
func (s *scene) checked(gk schema.GroupKind) bool { return health.Checked(gk, s.settings.Health) }

// permitted returns why the project does not permit an object.
func (s *scene) permitted(key object.Key) error {
	return project.PermitsObject(s.project, key, key.Namespace != "", s.cluster())
}

// optionsOf are the application's sync options.
func optionsOf(app *appv1.Application) object.Options {
	if app.Spec.SyncPolicy == nil {
		return nil
	}
	return app.Spec.SyncPolicy.SyncOptions
}
