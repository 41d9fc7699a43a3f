// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"sigs.k8s.io/yaml"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/generated/clientset/versioned"
	"argosy.dev/argosy/pkg/rollout/tree"
)

// isTerminal tells whether out is a terminal, which takes colours and can be written over.
func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

func newGetCommand(flags *genericclioptions.ConfigFlags, streams genericiooptions.IOStreams) *cobra.Command {
	var watch, noColor bool
	var output string
	cmd := &cobra.Command{
		Use: "get NAME", Short: "Show a rollout with its ReplicaSets, pods and analysis runs", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, namespace, err := connect(flags)
			if err != nil {
				return err
			}
			cluster, err := connectMetadata(flags)
			if err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt)
			defer stop()
			terminal := isTerminal(streams.Out)
			show := func(t *rov1.RolloutTree) error {
				switch output {
				case "":
					p := printer{color: terminal && !noColor, now: time.Now()}
					text := p.tree(t)
					if terminal && watch {
						text = "\033[H\033[2J" + text
					}
					_, err := io.WriteString(streams.Out, text)
					return err
				default:
					return encode(streams.Out, output, t)
				}
			}
			if output != "" && output != "json" && output != "yaml" {
				return fmt.Errorf("-o %s: there are json and yaml", output)
			}
			if !watch {
				t, err := client.RolloutV1alpha1().Rollouts(namespace).GetTree(ctx, args[0], metav1.GetOptions{})
				if err != nil {
					return err
				}
				return show(t)
			}
			return follower{client, cluster, namespace, args[0], &line{out: streams.ErrOut}}.follow(ctx, func(t *rov1.RolloutTree) (bool, error) { return false, show(t) })
		},
	}
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "Go on, and show each change.")
	cmd.Flags().BoolVar(&noColor, "no-color", false, "No colours, even on a terminal.")
	cmd.Flags().StringVarP(&output, "output", "o", "", "json or yaml; empty for a tree.")
	return cmd
}

func encode(out io.Writer, format string, obj any) error {
	text, err := encoded(format, obj)
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, text)
	return err
}

// encoded is an object as JSON or YAML.
func encoded(format string, obj any) (string, error) {
	var data []byte
	var err error
	if format == "json" {
		data, err = json.MarshalIndent(obj, "", "    ")
		data = append(data, '\n')
	} else {
		data, err = yaml.Marshal(obj)
	}
	if err != nil {
		return "", fmt.Errorf("encoding the answer: %w", err)
	}
	return string(data), nil
}

func newStatusCommand(flags *genericclioptions.ConfigFlags, streams genericiooptions.IOStreams) *cobra.Command {
	var watch bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use: "status NAME", Short: "Wait until a rollout is healthy, paused or degraded; exits with 1 if it is degraded or time is over", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, namespace, err := connect(flags)
			if err != nil {
				return err
			}
			ctx, stop := withEnd(cmd.Context(), timeout)
			defer stop()
			err = untilSettled(ctx, client, &line{out: streams.ErrOut}, streams.Out, namespace, args[0], watch)
			if errors.Is(err, errTime) {
				return errors.New("the rollout has not settled in time")
			}
			return err
		},
	}
	cmd.Flags().BoolVarP(&watch, "watch", "w", true, "Wait until the rollout has settled.")
	cmd.Flags().DurationVarP(&timeout, "timeout", "t", 0, "How long to wait, such as 5m; 0 is for ever.")
	return cmd
}

// untilSettled prints where a rollout stands, and each change, until it has settled; without watch, once.
func untilSettled(ctx context.Context, client versioned.Interface, line *line, out io.Writer, namespace, name string, watch bool) error {
	last := ""
	return watchRollout(ctx, client, line, namespace, name, func(ro *rov1.Rollout) (bool, error) {
		if ro == nil {
			return true, fmt.Errorf("rollout %s was deleted", name)
		}
		t := tree.Build(ro, tree.Parts{})
		text := dash(string(t.Phase))
		if t.Message != "" {
			text += " - " + t.Message
		}
		if text != last {
			fmt.Fprintln(out, text)
			last = text
		}
		switch t.Phase {
		case rov1.RolloutPhaseDegraded:
			return true, fmt.Errorf("the rollout is degraded: %s", t.Message)
		case rov1.RolloutPhaseHealthy, rov1.RolloutPhasePaused:
			return true, nil
		}
		return !watch, nil
	})
}

func newListCommand(flags *genericclioptions.ConfigFlags, streams genericiooptions.IOStreams) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use: "list", Short: "List rollouts with the steps and weights at which they are", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, namespace, err := connect(flags)
			if err != nil {
				return err
			}
			if all {
				namespace = metav1.NamespaceAll
			}
			list, err := client.RolloutV1alpha1().Rollouts(namespace).List(cmd.Context(), metav1.ListOptions{})
			if err != nil {
				return err
			}
			if len(list.Items) == 0 {
				fmt.Fprintln(streams.ErrOut, "No rollouts found.")
				return nil
			}
			w := tabwriter.NewWriter(streams.Out, 0, 8, 3, ' ', 0)
			header := "NAME\tSTRATEGY\tSTATUS\tSTEP\tSET-WEIGHT\tREADY\tDESIRED\tUP-TO-DATE\tAVAILABLE"
			if all {
				header = "NAMESPACE\t" + header
			}
			fmt.Fprintln(w, header)
			for i := range list.Items {
				t := tree.Build(&list.Items[i], tree.Parts{})
				if all {
					fmt.Fprintf(w, "%s\t", t.Namespace)
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d/%d\t%d\t%d\t%d\n", t.Name, dash(t.Strategy), dash(string(t.Phase)), dash(t.Step), weight(t.SetWeight),
					t.Replicas.Ready, t.Replicas.Current, t.Replicas.Desired, t.Replicas.Updated, t.Replicas.Available)
			}
			return w.Flush()
		},
	}
	cmd.Flags().BoolVarP(&all, "all-namespaces", "A", false, "Rollouts of all namespaces.")
	return cmd
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func weight(w *int32) string {
	if w == nil {
		return "-"
	}
	return fmt.Sprint(*w)
}
