// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/pager"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/generated/clientset/versioned"
)

// printer returns what draws applications, in colours on a terminal.
func (c *appCommands) printer(noColor bool) appPrinter {
	return appPrinter{color: isTerminal(c.streams.Out) && !noColor, now: c.now()}
}

// output checks what -o says.
func output(format string, known ...string) error {
	for _, k := range append(known, "") {
		if format == k {
			return nil
		}
	}
	return fmt.Errorf("-o %s: there are %s", format, strings.Join(known, ", "))
}

// kinded has an application say its kind, which typed clients leave out.
func kinded(app *appv1.Application) *appv1.Application {
	app = app.DeepCopy()
	app.SetGroupVersionKind(appv1.SchemeGroupVersion.WithKind("Application"))
	app.ManagedFields = nil
	return app
}

func (c *appCommands) list() *cobra.Command {
	var all bool
	var format, selector, project string
	cmd := &cobra.Command{
		Use: "list", Short: "List applications with the states they are in", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := output(format, "json", "yaml", "name", "wide"); err != nil {
				return err
			}
			client, namespace, err := connect(c.flags)
			if err != nil {
				return err
			}
			if all {
				namespace = metav1.NamespaceAll
			}
			options := metav1.ListOptions{LabelSelector: selector}
			if project != "" {
				options.FieldSelector = fields.OneTermEqualSelector(appv1.FieldProject, project).String()
			}
			list, err := listApplications(cmd.Context(), client, namespace, options)
			if err != nil {
				return err
			}
			return c.printList(list, format, all)
		},
	}
	cmd.Flags().BoolVarP(&all, "all-namespaces", "A", false, "Applications of all namespaces.")
	cmd.Flags().StringVarP(&selector, "selector", "l", "", "Only those whose labels match.")
	cmd.Flags().StringVarP(&project, "project", "p", "", "Only those of this project.")
	cmd.Flags().StringVarP(&format, "output", "o", "", "json, yaml, name or wide; empty for a table.")
	return cmd
}

// listApplications lists applications, some at a time.
func listApplications(ctx context.Context, client versioned.Interface, namespace string, options metav1.ListOptions) (*appv1.ApplicationList, error) {
	list := &appv1.ApplicationList{}
	pages := pager.New(func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return client.ApplicationV1alpha1().Applications(namespace).List(ctx, o)
	})
	err := pages.EachListItem(ctx, options, func(obj runtime.Object) error {
		app, ok := obj.(*appv1.Application)
		if !ok {
			return fmt.Errorf("unexpected object of type %T in a list of applications", obj)
		}
		list.Items = append(list.Items, *kinded(app))
		return nil
	})
	return list, err
}

func (c *appCommands) printList(list *appv1.ApplicationList, format string, all bool) error {
	switch format {
	case "json", "yaml":
		list.SetGroupVersionKind(appv1.SchemeGroupVersion.WithKind("ApplicationList"))
		return encode(c.streams.Out, format, list)
	case "name":
		for _, app := range list.Items {
			fmt.Fprintln(c.streams.Out, resourceName(&app))
		}
		return nil
	}
	if len(list.Items) == 0 {
		fmt.Fprintln(c.streams.ErrOut, "No applications found.")
		return nil
	}
	_, err := io.WriteString(c.streams.Out, c.printer(false).list(list.Items, all, format == "wide"))
	return err
}

func resourceName(app *appv1.Application) string {
	return "application." + appv1.GroupName + "/" + app.Name
}

// list draws applications, a line each.
func (p appPrinter) list(apps []appv1.Application, namespaces, wide bool) string {
	names := []string{"NAME", "PROJECT", "SYNC", "HEALTH", "POLICY", "REVISION", "CONDITIONS"}
	if namespaces {
		names = append([]string{"NAMESPACE"}, names...)
	}
	if wide {
		names = append(names, "DESTINATION", "SOURCE")
	}
	rows := [][]cell{header(names...)}
	for i := range apps {
		app := &apps[i]
		var wrong []string
		for _, condition := range app.Status.Conditions {
			if condition.Status == "" {
				wrong = append(wrong, oneLine(string(condition.Type)))
			}
		}
		row := []cell{plain(app.Name), plain(oneLine(app.Spec.GetProject())), stateOf(string(app.Status.Sync.Status)), stateOf(string(app.Status.Health.Status)),
			plain(policyOf(&app.Spec)), plain(dash(revisionsOf(app.Status.Sync.Revision, app.Status.Sync.Revisions))), plain(dash(strings.Join(wrong, ",")))}
		if namespaces {
			row = append([]cell{plain(app.Namespace)}, row...)
		}
		if wide {
			var sources []string
			for _, s := range app.Spec.GetSources() {
				sources = append(sources, sourceOf(&s))
			}
			row = append(row, plain(destinationOf(&app.Spec.Destination)), plain(strings.Join(sources, ", ")))
		}
		rows = append(rows, row)
	}
	return p.table(rows)
}

func (c *appCommands) get() *cobra.Command {
	var watch, noColor bool
	var format string
	cmd := &cobra.Command{
		Use: "get NAME", Short: "Show an application with its objects", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := output(format, "json", "yaml", "name", "wide"); err != nil {
				return err
			}
			return c.show(cmd.Context(), args[0], watch, func(_ context.Context, _ versioned.Interface, app *appv1.Application) (string, error) {
				switch format {
				case "json", "yaml":
					return encoded(format, kinded(app))
				case "name":
					return resourceName(app) + "\n", nil
				case "wide":
					p := c.printer(noColor)
					return p.summary(app) + "\n" + p.resources(app) + "\n" + p.history(app.Status.History), nil
				}
				p := c.printer(noColor)
				return p.summary(app) + "\n" + p.resources(app), nil
			})
		},
	}
	addShow(cmd, &watch, &noColor)
	cmd.Flags().StringVarP(&format, "output", "o", "", "json, yaml, name, or wide, which also has past syncs; empty for a summary.")
	return cmd
}

func (c *appCommands) tree() *cobra.Command {
	var watch, noColor bool
	var format string
	cmd := &cobra.Command{
		Use: "tree NAME", Short: "Show an application with its objects, and what they own", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := output(format, "json", "yaml"); err != nil {
				return err
			}
			told := map[string]string{}
			return c.show(cmd.Context(), args[0], watch, func(ctx context.Context, client versioned.Interface, app *appv1.Application) (string, error) {
				t, err := client.ApplicationV1alpha1().Applications(app.Namespace).GetTree(ctx, app.Name, metav1.GetOptions{})
				if err != nil {
					return "", err
				}
				p := c.printer(noColor)
				switch {
				case format != "":
					t.SetGroupVersionKind(appv1.SchemeGroupVersion.WithKind("ApplicationTree"))
					return encoded(format, t)
				case watch && !isTerminal(c.streams.Out):
					return p.changes(t, told), nil
				}
				return p.tree(t), nil
			})
		},
	}
	addShow(cmd, &watch, &noColor)
	cmd.Flags().StringVarP(&format, "output", "o", "", "json or yaml; empty for a tree.")
	return cmd
}

// changes are lines for what has changed in a tree since it was told: for scripts, and logs.
func (p appPrinter) changes(t *appv1.ApplicationTree, told map[string]string) string {
	var b strings.Builder
	line := func(key, state string) {
		if told[key] != state {
			told[key] = state
			fmt.Fprintf(&b, "%s %s\n", key, state)
		}
	}
	line("Application "+t.Name, strings.TrimSpace(dash(string(t.Sync))+" "+dash(string(t.Health.Status))))
	there := map[string]bool{}
	p.walk(t, func(n *appv1.ApplicationTreeNode, _ string) {
		key := oneLine(n.Kind) + " " + oneLine(strings.TrimPrefix(n.Namespace+"/"+n.Name, "/"))
		there[key] = true
		health := ""
		if n.Health != nil {
			health = string(n.Health.Status)
		}
		line(key, strings.TrimSpace(dash(string(n.Sync))+" "+dash(health)+" "+nodeInfo(n)))
	})
	for key := range told {
		if !there[key] && !strings.HasPrefix(key, "Application ") {
			delete(told, key)
			fmt.Fprintf(&b, "%s gone\n", key)
		}
	}
	return b.String()
}

func addShow(cmd *cobra.Command, watch, noColor *bool) {
	cmd.Flags().BoolVarP(watch, "watch", "w", false, "Go on, and show each change.")
	cmd.Flags().BoolVar(noColor, "no-color", false, "No colours, even on a terminal.")
}

// show prints what draw makes of an application, and goes on with each change if watch is set. On a terminal, the newest
// picture takes the place of the last.
func (c *appCommands) show(ctx context.Context, name string, watch bool, draw func(context.Context, versioned.Interface, *appv1.Application) (string, error)) error {
	client, namespace, err := connect(c.flags)
	if err != nil {
		return err
	}
	if !watch {
		app, err := client.ApplicationV1alpha1().Applications(namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		text, err := draw(ctx, client, app)
		if err != nil {
			return err
		}
		_, err = io.WriteString(c.streams.Out, text)
		return err
	}
	ctx, stop := withEnd(ctx, 0)
	defer stop()
	line := c.line()
	err = watchApplication(ctx, client, line, namespace, name, func(app *appv1.Application) (bool, error) {
		if app == nil {
			return true, fmt.Errorf("application %s was deleted", name)
		}
		text, err := patiently(ctx, line, func(ctx context.Context) (string, error) { return draw(ctx, client, app) })
		if err != nil {
			return true, err
		}
		if isTerminal(c.streams.Out) {
			text = "\033[H\033[2J" + text
		}
		_, err = io.WriteString(c.streams.Out, text)
		return false, err
	})
	if isInterrupted(err) {
		return nil // as the user wanted
	}
	return err
}

func (c *appCommands) history() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "history NAME", Short: "List the past syncs of an application, to which rollback can go", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := output(format, "json", "yaml"); err != nil {
				return err
			}
			return c.show(cmd.Context(), args[0], false, func(_ context.Context, _ versioned.Interface, app *appv1.Application) (string, error) {
				if format != "" {
					return encoded(format, app.Status.History)
				}
				return c.printer(false).history(app.Status.History), nil
			})
		},
	}
	cmd.Flags().StringVarP(&format, "output", "o", "", "json or yaml; empty for a table.")
	return cmd
}

// history draws past syncs, the oldest first.
func (p appPrinter) history(all []appv1.RevisionHistory) string {
	rows := [][]cell{header("ID", "AGE", "REVISION", "BY", "SOURCE")}
	for _, h := range all {
		by := "-"
		if h.InitiatedBy != nil && h.InitiatedBy.Username != "" {
			by = oneLine(h.InitiatedBy.Username)
		} else if h.InitiatedBy != nil && h.InitiatedBy.Automated != nil && *h.InitiatedBy.Automated {
			by = "automated"
		}
		var sources []string
		for i := range h.Sources {
			sources = append(sources, sourceOf(&h.Sources[i]))
		}
		if len(sources) == 0 && h.Source != nil {
			sources = append(sources, sourceOf(h.Source))
		}
		rows = append(rows, []cell{plain(fmt.Sprint(h.ID)), plain(p.age(&h.DeployedAt)), plain(dash(revisionsOf(h.Revision, h.Revisions))), plain(by), plain(strings.Join(sources, ", "))})
	}
	return p.table(rows)
}
