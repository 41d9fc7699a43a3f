// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// goal is what an application is waited for.
type goal struct {
	sync, health, operation, suspended, deleted bool
	resources                                   []appv1.SyncOperationResource
}

// or returns the goal, or where it is none what is usually waited for.
func (g goal) or() goal {
	if !g.sync && !g.health && !g.operation && !g.suspended && !g.deleted {
		g.sync, g.health, g.operation = true, true, true
	}
	return g
}

// reached tells whether an application is where it should be; if not, why says what is missing. nil is an application
// that is deleted.
func (g goal) reached(app *appv1.Application) (done bool, why string, err error) {
	switch {
	case app == nil && g.deleted:
		return true, "", nil
	case app == nil:
		return false, "", errors.New("it was deleted")
	case g.deleted:
		return false, "it is still there", nil
	case g.operation && operating(app):
		return false, "its operation has not ended", nil
	case (g.sync || g.health || g.suspended) && stale(app):
		return false, "its latest spec has not been compared yet", nil
	}
	if len(g.resources) == 0 {
		why = g.missing(app.Status.Sync.Status, app.Status.Health.Status)
		return why == "", why, nil
	}
	for _, want := range g.resources {
		is := find(app.Status.Resources, want)
		if is == nil {
			return false, name(want) + " is none of its objects", nil
		}
		var health appv1.HealthStatusCode
		if is.Health != nil {
			health = is.Health.Status
		} else {
			health = appv1.HealthHealthy // nothing is known of its kind
		}
		if why := g.missing(is.Status, health); why != "" {
			return false, name(want) + ": " + why, nil
		}
	}
	return true, "", nil
}

// missing says which state is not there yet.
func (g goal) missing(sync appv1.SyncStatusCode, health appv1.HealthStatusCode) string {
	well := g.health && health == appv1.HealthHealthy || g.suspended && health == appv1.HealthSuspended
	switch {
	case g.sync && sync != appv1.SyncStatusSynced:
		return "sync is " + dash(string(sync))
	case (g.health || g.suspended) && !well:
		return "health is " + dash(string(health))
	}
	return ""
}

// operating tells that an operation is asked for, or has not ended.
func operating(app *appv1.Application) bool {
	return app.Operation != nil || app.Status.OperationState != nil && !ended(app.Status.OperationState)
}

// stale tells that the server has not looked at the latest spec, or that a refresh is asked for.
func stale(app *appv1.Application) bool {
	if app.Annotations[appv1.AnnotationRefresh] != "" {
		return true
	}
	for _, c := range app.Status.Conditions {
		if c.Type == appv1.ConditionSynced && c.ObservedGeneration != 0 {
			return c.ObservedGeneration < app.Generation
		}
	}
	return false
}

func find(all []appv1.ResourceStatus, want appv1.SyncOperationResource) *appv1.ResourceStatus {
	for i := range all {
		r := &all[i]
		if r.Group == want.Group && r.Kind == want.Kind && r.Name == want.Name && (want.Namespace == "" || r.Namespace == want.Namespace) {
			return r
		}
	}
	return nil
}

func name(r appv1.SyncOperationResource) string {
	full := r.Name
	if r.Namespace != "" {
		full = r.Namespace + "/" + full
	}
	return r.Kind + " " + full
}

// parseResource reads GROUP:KIND:[NAMESPACE/]NAME.
func parseResource(text string) (appv1.SyncOperationResource, error) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 || parts[1] == "" || parts[2] == "" {
		return appv1.SyncOperationResource{}, fmt.Errorf("%q is not GROUP:KIND:[NAMESPACE/]NAME", text)
	}
	r := appv1.SyncOperationResource{Group: parts[0], Kind: parts[1], Name: parts[2]}
	if namespace, name, ok := strings.Cut(parts[2], "/"); ok {
		r.Namespace, r.Name = namespace, name
	}
	if r.Name == "" {
		return r, fmt.Errorf("%q is not GROUP:KIND:[NAMESPACE/]NAME", text)
	}
	return r, nil
}

func parseResources(texts []string) ([]appv1.SyncOperationResource, error) {
	var out []appv1.SyncOperationResource
	for _, text := range texts {
		r, err := parseResource(text)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func (c *appCommands) wait() *cobra.Command {
	var g goal
	var resources []string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use: "wait NAME...", Short: "Wait until applications are synced and healthy, and no operation runs", Args: cobra.MinimumNArgs(1),
		Long: "Wait until applications are synced and healthy, and no operation runs, or for what the flags say.\n\nExits with 1 if time is over, or an application is deleted that is waited for.",
		RunE: func(cmd *cobra.Command, names []string) error {
			var err error
			if g.resources, err = parseResources(resources); err != nil {
				return err
			}
			client, namespace, err := connect(c.flags)
			if err != nil {
				return err
			}
			ctx, stop := withEnd(cmd.Context(), timeout)
			defer stop()
			for _, name := range names {
				last := ""
				err := watchApplication(ctx, client, c.line(), namespace, name, func(app *appv1.Application) (bool, error) {
					done, why, err := g.or().reached(app)
					if err == nil && !done && why != last {
						last = why
						fmt.Fprintf(c.streams.Out, "%s: %s\n", name, clean(why))
					}
					return done, err
				})
				if g.deleted && isGone(err) {
					err = nil
				}
				if err != nil {
					if last != "" {
						err = fmt.Errorf("%w: %s", err, last)
					}
					return fmt.Errorf("application %s: %w", name, err)
				}
				fmt.Fprintf(c.streams.Out, "%s: done\n", name)
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.BoolVar(&g.sync, "sync", false, "Until it is synced.")
	f.BoolVar(&g.health, "health", false, "Until it is healthy.")
	f.BoolVar(&g.operation, "operation", false, "Until no operation runs.")
	f.BoolVar(&g.suspended, "suspended", false, "Until it is suspended; with --health, healthy or suspended.")
	f.BoolVar(&g.deleted, "delete", false, "Until it is deleted.")
	f.StringArrayVar(&resources, "resource", nil, "Only these of its objects: GROUP:KIND:[NAMESPACE/]NAME. Repeated for several.")
	f.DurationVar(&timeout, "timeout", 0, "How long to wait, such as 5m; 0 is for ever.")
	return cmd
}
