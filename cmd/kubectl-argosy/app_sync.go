// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/apis/verb"
)

// syncFlags are what a sync is asked for with. The names are the peer's.
type syncFlags struct {
	revisions                                          []string
	compared                                           string
	prune, dryRun, force, replace, serverSide, onlyOut bool
	strategy                                           string
	options, resources, info                           []string
	local                                              string
	retryLimit, retryFactor                            int64
	retryDuration, retryMax                            time.Duration
	waiting                                            waiting
}

func (f *syncFlags) add(cmd *cobra.Command) {
	s := cmd.Flags()
	s.StringArrayVar(&f.revisions, "revision", nil, "The version to sync to. Repeated, those of all sources in order.")
	s.StringVar(&f.compared, "compared-revision", "", "Only if this is the version that it was last compared with.")
	s.BoolVar(&f.prune, "prune", false, "Delete objects whose manifests are gone.")
	s.BoolVar(&f.dryRun, "dry-run", false, "Find out what it would do, and change nothing in the cluster.")
	s.StringVar(&f.strategy, "strategy", "", "hook, or apply, which runs no hooks. Empty is hook.")
	s.BoolVar(&f.force, "force", false, "Delete objects that cannot be changed, and make them anew.")
	s.BoolVar(&f.replace, "replace", false, "Replace objects rather than apply them.")
	s.BoolVar(&f.serverSide, "server-side", false, "Apply by server-side apply.")
	s.BoolVar(&f.onlyOut, "apply-out-of-sync-only", false, "Only the objects that are out of sync.")
	s.StringArrayVar(&f.options, "sync-option", nil, "A sync option: NAME=VALUE. Repeated for several.")
	s.StringArrayVar(&f.resources, "resource", nil, "Only these objects: GROUP:KIND:[NAMESPACE/]NAME. Repeated for several.")
	s.StringArrayVar(&f.info, "info", nil, "Something to show beside the operation: NAME=VALUE. Repeated for several.")
	s.StringVar(&f.local, "local", "", "Sync the manifests in this folder (YAML and JSON files, nothing is rendered) instead of those of the sources. It needs the right to create applications/override.")
	s.Int64Var(&f.retryLimit, "retry-limit", 0, "How often to try again if it fails; less than 0 is without end. Without it, as the application says.")
	s.DurationVar(&f.retryDuration, "retry-backoff-duration", 5*time.Second, "How long to wait before the second try.")
	s.DurationVar(&f.retryMax, "retry-backoff-max-duration", 3*time.Minute, "The longest wait between tries.")
	s.Int64Var(&f.retryFactor, "retry-backoff-factor", 2, "By what the wait grows with each try.")
	f.waiting.add(cmd)
}

// request returns the request for a sync of the application of the name.
func (f *syncFlags) request(cmd *cobra.Command, name, message string) (*appv1.ApplicationSync, error) {
	req := &appv1.ApplicationSync{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Request: verb.Request{Message: message},
		ComparedRevision: f.compared, Prune: f.prune, DryRun: f.dryRun,
	}
	switch len(f.revisions) {
	case 0:
	case 1:
		req.Revision = f.revisions[0]
	default:
		req.Revisions = f.revisions
	}
	var force *bool
	if f.force {
		force = &f.force
	}
	switch {
	case f.strategy == "apply":
		req.Strategy = &appv1.SyncStrategy{Apply: &appv1.SyncStrategyApply{Force: force}}
	case f.strategy != "" && f.strategy != "hook":
		return nil, fmt.Errorf("--strategy %s: there are hook and apply", f.strategy)
	case f.strategy == "hook" || f.force:
		req.Strategy = &appv1.SyncStrategy{Hook: &appv1.SyncStrategyHook{Force: force}}
	}
	for _, option := range []struct {
		on   bool
		text string
	}{{f.replace, "Replace=true"}, {f.serverSide, "ServerSideApply=true"}, {f.onlyOut, "ApplyOutOfSyncOnly=true"}} {
		if option.on {
			req.SyncOptions = append(req.SyncOptions, option.text)
		}
	}
	req.SyncOptions = append(req.SyncOptions, f.options...)
	var err error
	if req.Resources, err = parseResources(f.resources); err != nil {
		return nil, err
	}
	for _, text := range f.info {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("--info %q is not NAME=VALUE", text)
		}
		req.Info = append(req.Info, appv1.Info{Name: name, Value: value})
	}
	if cmd.Flags().Changed("retry-limit") {
		req.Retry = &appv1.RetryStrategy{Limit: &f.retryLimit, Backoff: &appv1.Backoff{
			Duration: f.retryDuration.String(), MaxDuration: f.retryMax.String(), Factor: &f.retryFactor,
		}}
	}
	if f.local != "" {
		if req.Manifests, err = localManifests(f.local); err != nil {
			return nil, err
		}
		if len(req.Manifests) == 0 {
			return nil, errors.New("--local " + f.local + ": no manifests are there")
		}
	}
	return req, nil
}

func (c *appCommands) sync() *cobra.Command {
	var f syncFlags
	cmd := &cobra.Command{
		Use: "sync NAME...", Short: "Bring the manifests of applications to their destinations", Args: cobra.MinimumNArgs(1),
		Long: "Bring the manifests of applications to their destinations, and wait until it is done.\n\n" + operationExits + " It also does if objects are left that have no manifest any longer, which --prune would delete.",
	}
	cmd.RunE = func(_ *cobra.Command, names []string) error {
		return c.operate(cmd.Context(), "sync", names, f.waiting, leftToPrune, func(name string) (runtime.Object, error) {
			return f.request(cmd, name, c.message)
		})
	}
	f.add(cmd)
	c.addMessage(cmd)
	return cmd
}

// leftToPrune says that a sync of the whole application has left objects that have no manifest any longer: what was asked
// for is not all there is.
func leftToPrune(app *appv1.Application) error {
	state := app.Status.OperationState
	sync := state.Operation.Sync
	if sync == nil || ptr.Deref(sync.DryRun, false) || len(sync.Resources) > 0 || state.SyncResult == nil || app.Status.Sync.Status == appv1.SyncStatusSynced {
		return nil
	}
	left := 0
	for i := range state.SyncResult.Resources {
		if state.SyncResult.Resources[i].Status == appv1.ResultPruneSkipped {
			left++
		}
	}
	if left == 0 {
		return nil
	}
	return fmt.Errorf("application %s: %d objects have no manifest any longer and are left; --prune deletes them", app.Name, left)
}
