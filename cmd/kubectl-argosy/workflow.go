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
)

// newWorkflowCommand returns `kubectl argosy workflow`: one command for each verb of the API.
func newWorkflowCommand(flags *genericclioptions.ConfigFlags, streams genericiooptions.IOStreams) *cobra.Command {
	cmd := &cobra.Command{Use: "workflow", Aliases: []string{"wf", "workflows"}, Short: "Stop, terminate, suspend and resume workflows, and read their logs"}
	var message, selector string
	add := func(use, short string, withSelector bool, body func(name string) runtime.Object) {
		c := &cobra.Command{
			Use: use + " NAME...", Short: short, Args: cobra.MinimumNArgs(1),
			RunE: func(cmd *cobra.Command, names []string) error {
				client, namespace, err := connect(flags)
				if err != nil {
					return err
				}
				for _, name := range names {
					if err := post(cmd.Context(), client, namespace, name, use, body(name)); err != nil {
						return err
					}
					fmt.Fprintf(streams.Out, "workflow.%s/%s: %s requested\n", wfv1.GroupName, name, use)
				}
				return nil
			},
		}
		c.Flags().StringVarP(&message, "message", "m", "", "Why: recorded with the workflow.")
		if withSelector {
			c.Flags().StringVar(&selector, "node-field-selector", "", "Only the suspended nodes that match, such as displayName=approve.")
		}
		cmd.AddCommand(c)
	}
	add("stop", "End what runs, then run the exit handlers", true, func(name string) runtime.Object {
		return &wfv1.WorkflowStop{ObjectMeta: metav1.ObjectMeta{Name: name}, Request: verb.Request{Message: message}, NodeFieldSelector: selector}
	})
	add("terminate", "End what runs at once, with no exit handlers", false, func(name string) runtime.Object {
		return &wfv1.WorkflowTerminate{ObjectMeta: metav1.ObjectMeta{Name: name}, Request: verb.Request{Message: message}}
	})
	add("suspend", "Start no more steps until resumed", false, func(name string) runtime.Object {
		return &wfv1.WorkflowSuspend{ObjectMeta: metav1.ObjectMeta{Name: name}, Request: verb.Request{Message: message}}
	})
	add("resume", "Go on: a suspended workflow, or its suspended nodes", true, func(name string) runtime.Object {
		return &wfv1.WorkflowResume{ObjectMeta: metav1.ObjectMeta{Name: name}, Request: verb.Request{Message: message}, NodeFieldSelector: selector}
	})
	cmd.AddCommand(newLogCommand(flags, streams))
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
			return stream(ctx, client, namespace, args[0], &options, streams.Out)
		},
	}
	cmd.Flags().BoolVarP(&options.Follow, "follow", "f", false, "Go on until the workflow has ended.")
	cmd.Flags().BoolVar(&options.Timestamps, "timestamps", false, "Begin each line with its time.")
	cmd.Flags().StringVarP(&options.Container, "container", "c", "", "The pods' container; main when empty.")
	cmd.Flags().StringVar(&options.NodeID, "node-id", "", "Only this node's pod.")
	cmd.Flags().StringVar(&options.PodName, "pod", "", "Only this pod.")
	return cmd
}

// connect returns a client of the workflow API and the namespace to work in, by kubectl's own rules.
func connect(flags *genericclioptions.ConfigFlags) (*rest.RESTClient, string, error) {
	loader := flags.ToRawKubeConfigLoader()
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, "", fmt.Errorf("reading the kubeconfig: %w", err)
	}
	config, err := flags.ToRESTConfig()
	if err != nil {
		return nil, "", fmt.Errorf("reading the kubeconfig: %w", err)
	}
	config.APIPath = "/apis"
	config.GroupVersion = &wfv1.SchemeGroupVersion
	config.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	client, err := rest.RESTClientFor(config)
	if err != nil {
		return nil, "", fmt.Errorf("connecting: %w", err)
	}
	return client, namespace, nil
}

// post asks for a verb on one workflow.
func post(ctx context.Context, client *rest.RESTClient, namespace, name, verb string, body runtime.Object) error {
	return client.Post().Namespace(namespace).Resource("workflows").Name(name).SubResource(verb).Body(body).Do(ctx).Error()
}

// stream copies a workflow's log to out until it ends or ctx does.
func stream(ctx context.Context, client *rest.RESTClient, namespace, name string, options *wfv1.WorkflowLogOptions, out io.Writer) error {
	reader, err := client.Get().Namespace(namespace).Resource("workflows").Name(name).SubResource("log").
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
