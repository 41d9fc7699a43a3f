// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/apis/scheme"
)

// read gets a subresource of an application.
func (c *appCommands) read(ctx context.Context, name, subresource string, options, into runtime.Object) error {
	client, namespace, err := connect(c.flags)
	if err != nil {
		return err
	}
	return c.client(client).Get().Namespace(namespace).Resource(c.resource).Name(name).SubResource(subresource).
		VersionedParams(options, scheme.ParameterCodec).Do(ctx).Into(into)
}

func (c *appCommands) diff() *cobra.Command {
	var options appv1.ApplicationDiffOptions
	var format string
	var noColor, exitCode bool
	cmd := &cobra.Command{
		Use: "diff NAME", Short: "Show in what the objects of an application differ from its manifests", Args: cobra.ExactArgs(1),
		Long: "Show in what the objects of an application differ from its manifests, and what a sync would make of them.\n\nExits with 0 if nothing differs, 1 if something does, and 2 if it cannot be found out, as kubectl diff does.",
		RunE: func(cmd *cobra.Command, args []string) error {
			diff := &appv1.ApplicationDiff{}
			err := output(format, "json", "yaml", "name")
			if err == nil {
				err = c.read(cmd.Context(), args[0], "diff", &options, diff)
			}
			if err == nil {
				err = c.printDiff(diff, format, noColor)
			}
			switch {
			case err != nil:
				return &exitError{code: 2, err: err}
			case len(diff.Resources) > 0 && exitCode:
				return &exitError{code: 1}
			}
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&options.Revision, "revision", nil, "The version to compare with. Repeated, those of all sources in order.")
	cmd.Flags().BoolVar(&options.Hard, "hard", false, "Make the manifests anew, rather than use those that were made before.")
	cmd.Flags().BoolVar(&noColor, "no-color", false, "No colours, even on a terminal.")
	cmd.Flags().BoolVar(&exitCode, "exit-code", true, "Exit with 1 if something differs.")
	cmd.Flags().StringVarP(&format, "output", "o", "", "json, yaml or name; empty for unified diffs.")
	return cmd
}

func (c *appCommands) printDiff(diff *appv1.ApplicationDiff, format string, noColor bool) error {
	switch format {
	case "json", "yaml":
		diff.SetGroupVersionKind(appv1.SchemeGroupVersion.WithKind("ApplicationDiff"))
		return encode(c.streams.Out, format, diff)
	case "name":
		for _, r := range diff.Resources {
			fmt.Fprintln(c.streams.Out, labelOf(r.Group, r.Kind, r.Name))
		}
		return nil
	}
	_, err := io.WriteString(c.streams.Out, c.printer(noColor).diff(diff))
	return err
}

// labelOf is an object as kubectl names it.
func labelOf(group, kind, name string) string {
	if group != "" {
		kind += "." + group
	}
	return oneLine(strings.ToLower(kind) + "/" + name)
}

// diff draws unified diffs.
func (p appPrinter) diff(diff *appv1.ApplicationDiff) string {
	var b strings.Builder
	for i := range diff.Resources {
		r := &diff.Resources[i]
		what := labelOf(r.Group, r.Kind, r.Name)
		if r.Namespace != "" {
			what += " in " + oneLine(r.Namespace)
		}
		heading := map[appv1.ApplicationDiffChange]string{
			appv1.DiffAdded: "would be made", appv1.DiffModified: "would be changed", appv1.DiffRemoved: "would be deleted, if pruned",
		}[r.Change]
		fmt.Fprintf(&b, "%s\n", p.paint(cell{"# " + what + " " + heading, faint}))
		live, target := "live/"+what, "target/"+what
		if r.Change == appv1.DiffAdded {
			live = "/dev/null"
		}
		if r.Change == appv1.DiffRemoved {
			target = "/dev/null"
		}
		fmt.Fprintf(&b, "%s\n%s\n", p.paint(cell{"--- " + live, red}), p.paint(cell{"+++ " + target, green}))
		hunks := false
		for line := range strings.Lines(clean(r.Diff)) {
			line = strings.TrimSuffix(line, "\n")
			// What the server says of files is said above, in the words of kubectl.
			if hunks = hunks || strings.HasPrefix(line, "@@"); !hunks {
				continue
			}
			color := ""
			switch {
			case strings.HasPrefix(line, "@@"):
				color = blue
			case strings.HasPrefix(line, "+"):
				color = green
			case strings.HasPrefix(line, "-"):
				color = red
			}
			fmt.Fprintf(&b, "%s\n", p.paint(cell{line, color}))
		}
	}
	return b.String()
}

func (c *appCommands) manifests() *cobra.Command {
	var options appv1.ApplicationManifestsOptions
	var format string
	cmd := &cobra.Command{
		Use: "manifests NAME", Short: "Print the manifests that the sources of an application make", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := output(format, "json", "yaml", "name"); err != nil {
				return err
			}
			manifests := &appv1.ApplicationManifests{}
			if err := c.read(cmd.Context(), args[0], "manifests", &options, manifests); err != nil {
				return err
			}
			text, err := manifestText(manifests, format)
			if err != nil {
				return err
			}
			_, err = io.WriteString(c.streams.Out, text)
			return err
		},
	}
	cmd.Flags().StringArrayVar(&options.Revision, "revision", nil, "The version to render. Repeated, those of all sources in order.")
	cmd.Flags().BoolVar(&options.Hard, "hard", false, "Make the manifests anew, rather than use those that were made before.")
	cmd.Flags().StringVarP(&format, "output", "o", "yaml", "yaml, json or name.")
	return cmd
}

// manifestText is a stream of YAML documents, a list in JSON, or names.
func manifestText(m *appv1.ApplicationManifests, format string) (string, error) {
	if format == "json" {
		m.SetGroupVersionKind(appv1.SchemeGroupVersion.WithKind("ApplicationManifests"))
		return encoded(format, m)
	}
	var b strings.Builder
	for _, manifest := range m.Manifests {
		if format == "name" {
			var o struct {
				APIVersion, Kind string
				Metadata         struct{ Name string }
			}
			if err := json.Unmarshal(manifest.Raw, &o); err != nil {
				return "", errors.New("the server sends a manifest that is no object")
			}
			group, _, has := strings.Cut(o.APIVersion, "/")
			if !has {
				group = ""
			}
			b.WriteString(labelOf(group, o.Kind, o.Metadata.Name) + "\n")
			continue
		}
		text, err := yaml.JSONToYAML(manifest.Raw)
		if err != nil {
			return "", fmt.Errorf("encoding a manifest: %w", err)
		}
		b.WriteString("---\n" + string(text))
	}
	return b.String(), nil
}
