// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/rest"

	"argosy.dev/argosy/apis/scheme"
	"argosy.dev/argosy/apis/verb"
	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/generated/clientset/versioned"
)

// newWorkflowCommand returns `kubectl argosy workflow`: one command for each verb of the API.
func newWorkflowCommand(flags *genericclioptions.ConfigFlags, streams genericiooptions.IOStreams) *cobra.Command {
	cmd := &cobra.Command{Use: "workflow", Aliases: []string{"wf", "workflows"}, Short: "Stop, terminate, suspend and resume workflows, and read their logs"}
	v := &verbs{flags: flags, streams: streams, resource: "workflows",
		client: func(c *versioned.Clientset) rest.Interface { return c.WorkflowV1alpha1().RESTClient() }}
	var selector string
	selectNodes := func(c *cobra.Command) *cobra.Command {
		c.Flags().StringVar(&selector, "node-field-selector", "", "Only the suspended nodes that match, such as displayName=approve.")
		return c
	}
	cmd.AddCommand(
		selectNodes(v.command("stop", "stop", "End what runs, then run the exit handlers", func(name string) (runtime.Object, error) {
			return &wfv1.WorkflowStop{ObjectMeta: metav1.ObjectMeta{Name: name}, Request: verb.Request{Message: v.message}, NodeFieldSelector: selector}, nil
		})),
		v.command("terminate", "terminate", "End what runs at once, with no exit handlers", func(name string) (runtime.Object, error) {
			return &wfv1.WorkflowTerminate{ObjectMeta: metav1.ObjectMeta{Name: name}, Request: verb.Request{Message: v.message}}, nil
		}),
		v.command("suspend", "suspend", "Start no more steps until resumed", func(name string) (runtime.Object, error) {
			return &wfv1.WorkflowSuspend{ObjectMeta: metav1.ObjectMeta{Name: name}, Request: verb.Request{Message: v.message}}, nil
		}),
		selectNodes(v.command("resume", "resume", "Go on: a suspended workflow, or its suspended nodes", func(name string) (runtime.Object, error) {
			return &wfv1.WorkflowResume{ObjectMeta: metav1.ObjectMeta{Name: name}, Request: verb.Request{Message: v.message}, NodeFieldSelector: selector}, nil
		})),
		newLogCommand(flags, streams),
	)
	return cmd
}

// newLogCommand returns `kubectl argosy workflow log`.
func newLogCommand(flags *genericclioptions.ConfigFlags, streams genericiooptions.IOStreams) *cobra.Command {
	var options wfv1.WorkflowLogOptions
	cmd := &cobra.Command{
		Use: "log NAME", Aliases: []string{"logs"}, Short: "Print the logs of all of a workflow's pods", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, namespace, err := connect(flags)
			if err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt)
			defer stop()
			return stream(ctx, client.WorkflowV1alpha1().RESTClient(), namespace, "workflows", args[0], &options, streams.Out)
		},
	}
	cmd.Flags().BoolVarP(&options.Follow, "follow", "f", false, "Go on until the workflow has ended.")
	cmd.Flags().BoolVar(&options.Timestamps, "timestamps", false, "Begin each line with its time.")
	cmd.Flags().StringVarP(&options.Container, "container", "c", "", "The pods' container; main when empty.")
	cmd.Flags().StringVar(&options.NodeID, "node-id", "", "Only this node's pod.")
	cmd.Flags().StringVar(&options.PodName, "pod", "", "Only this pod.")
	return cmd
}

// stream copies the log of an object to out until it ends or ctx does.
func stream(ctx context.Context, client rest.Interface, namespace, resource, name string, options runtime.Object, out io.Writer) error {
	reader, err := client.Get().Namespace(namespace).Resource(resource).Name(name).SubResource("log").
		VersionedParams(options, scheme.ParameterCodec).Stream(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = reader.Close() }() // only read from: nothing is lost by a failing close
	if _, err := io.Copy(out, reader); err != nil && ctx.Err() == nil {
		return fmt.Errorf("reading the log: %w", err)
	}
	return nil
}
