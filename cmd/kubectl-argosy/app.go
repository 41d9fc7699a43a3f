// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/rest"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/apis/verb"
	"argosy.dev/argosy/generated/clientset/versioned"
)

// appCommands makes the commands of applications.
type appCommands struct {
	verbs
	now func() time.Time
}

// newAppCommand returns `kubectl argosy app`: what shows applications, and one command for each verb of the API.
func newAppCommand(flags *genericclioptions.ConfigFlags, streams genericiooptions.IOStreams) *cobra.Command {
	cmd := &cobra.Command{Use: "app", Aliases: []string{"apps", "application", "applications"}, Short: "Show, compare, sync and roll back applications"}
	c := &appCommands{verbs: verbs{flags: flags, streams: streams, resource: "applications",
		client: func(c *versioned.Clientset) rest.Interface { return c.ApplicationV1alpha1().RESTClient() }}, now: time.Now}
	cmd.AddCommand(
		c.list(), c.get(), c.tree(), c.history(), c.diff(), c.manifests(), c.logs(),
		c.sync(), c.wait(), c.rollback(), c.refresh(),
		aliased(c.command("terminate", "terminate", "End the operation that runs, or withdraw one that has not begun", func(name string) (runtime.Object, error) {
			return &appv1.ApplicationTerminate{ObjectMeta: metav1.ObjectMeta{Name: name}, Request: verb.Request{Message: c.message}}, nil
		}), "terminate-op"),
	)
	return cmd
}

func aliased(cmd *cobra.Command, names ...string) *cobra.Command {
	cmd.Aliases = names
	return cmd
}

func (c *appCommands) refresh() *cobra.Command {
	var hard bool
	cmd := c.command("refresh", "refresh", "Compare what there is with what is wanted now", func(name string) (runtime.Object, error) {
		req := &appv1.ApplicationRefresh{ObjectMeta: metav1.ObjectMeta{Name: name}, Request: verb.Request{Message: c.message}, Type: appv1.RefreshNormal}
		if hard {
			req.Type = appv1.RefreshHard
		}
		return req, nil
	})
	cmd.Flags().BoolVar(&hard, "hard", false, "Make the manifests anew, rather than use those that were made before.")
	return cmd
}

func (c *appCommands) rollback() *cobra.Command {
	var prune, dryRun bool
	var w waiting
	cmd := &cobra.Command{
		Use: "rollback NAME [ID]", Short: "Bring again what a past sync has brought; without an ID the one before the last", Args: cobra.RangeArgs(1, 2),
		Long: "Bring again what a past sync has brought; without an ID the one before the last.\n\n" + operationExits,
		RunE: func(cmd *cobra.Command, args []string) error {
			var id *int64
			if len(args) == 2 {
				n, err := strconv.ParseInt(args[1], 10, 64)
				if err != nil {
					return fmt.Errorf("%q is no ID: see history", args[1])
				}
				id = &n
			}
			return c.operate(cmd.Context(), "rollback", args[:1], w, func(*appv1.Application) error { return nil }, func(name string) (runtime.Object, error) {
				return &appv1.ApplicationRollback{ObjectMeta: metav1.ObjectMeta{Name: name}, Request: verb.Request{Message: c.message}, ID: id, Prune: prune, DryRun: dryRun}, nil
			})
		},
	}
	cmd.Flags().BoolVar(&prune, "prune", false, "Delete objects that have no manifest in that version.")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "Find out what it would do, and change nothing in the cluster.")
	w.add(cmd)
	c.addMessage(cmd)
	return cmd
}

// operationExits says what scripts can rely on.
const operationExits = "Exits with 1 if the operation fails or time is over."

// waiting is how long a command waits for the operation that it asks for.
type waiting struct {
	async   bool
	timeout time.Duration
}

func (w *waiting) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&w.async, "async", false, "Do not wait for the end of the operation.")
	cmd.Flags().DurationVar(&w.timeout, "timeout", 0, "How long to wait, such as 5m; 0 is for ever.")
}

// operate posts what body returns to the verb, for each of the names, and waits for the ends of the operations. judge says
// of an application whose operation has succeeded what is wrong all the same.
func (c *appCommands) operate(ctx context.Context, verb string, names []string, w waiting, judge func(*appv1.Application) error, body func(name string) (runtime.Object, error)) error {
	if err := c.post(ctx, verb, names, body); err != nil || w.async {
		return err
	}
	client, namespace, err := connect(c.flags)
	if err != nil {
		return err
	}
	ctx, stop := withEnd(ctx, w.timeout)
	defer stop()
	var failed []error
	for _, name := range names {
		failed = append(failed, c.untilOperated(ctx, client, namespace, name, judge))
	}
	return errors.Join(failed...)
}

// untilOperated prints what becomes of an operation, until it ends.
func (c *appCommands) untilOperated(ctx context.Context, client versioned.Interface, namespace, name string, judge func(*appv1.Application) error) error {
	p := c.printer(false)
	told := map[string]string{}
	return watchApplication(ctx, client, c.line(), namespace, name, func(app *appv1.Application) (bool, error) {
		if app == nil {
			return true, fmt.Errorf("application %s was deleted", name)
		}
		state := app.Status.OperationState
		if state != nil && state.SyncResult != nil {
			for _, line := range p.results(state.SyncResult.Resources, told) {
				fmt.Fprintln(c.streams.Out, line)
			}
		}
		if app.Operation != nil || state == nil || !ended(state) {
			return false, nil
		}
		text := fmt.Sprintf("%s: %s", clean(app.Name), p.phase(state.Phase))
		if state.Message != "" {
			text += ": " + oneLine(state.Message)
		}
		fmt.Fprintln(c.streams.Out, text)
		if state.Phase != appv1.OperationSucceeded {
			return true, fmt.Errorf("the operation of application %s: %s", name, state.Phase)
		}
		return true, judge(app)
	})
}

// ended tells whether an operation has ended, and will not be tried again.
func ended(state *appv1.OperationState) bool {
	switch state.Phase {
	case appv1.OperationSucceeded, appv1.OperationFailed, appv1.OperationError:
		return state.FinishedAt != nil
	}
	return false
}
