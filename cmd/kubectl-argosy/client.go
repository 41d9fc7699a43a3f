// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"argosy.dev/argosy/generated/clientset/versioned"
)

// connect returns a client of all families and the namespace to work in, by kubectl's own rules.
func connect(flags *genericclioptions.ConfigFlags) (*versioned.Clientset, string, error) {
	namespace, _, err := flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return nil, "", fmt.Errorf("reading the kubeconfig: %w", err)
	}
	config, err := flags.ToRESTConfig()
	if err != nil {
		return nil, "", fmt.Errorf("reading the kubeconfig: %w", err)
	}
	// Warnings are for people, not for a log.
	config.WarningHandler = rest.NewWarningWriter(os.Stderr, rest.WarningWriterOptions{Deduplicate: true})
	client, err := versioned.NewForConfig(config)
	if err != nil {
		return nil, "", fmt.Errorf("connecting: %w", err)
	}
	return client, namespace, nil
}

// connectMetadata returns a client of any resource's metadata.
func connectMetadata(flags *genericclioptions.ConfigFlags) (metadata.Interface, error) {
	config, err := flags.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	client, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	return client, nil
}

// verbs makes the commands of the verbs on one resource.
type verbs struct {
	flags    *genericclioptions.ConfigFlags
	streams  genericiooptions.IOStreams
	resource string
	// client picks the client of the family's group.
	client func(*versioned.Clientset) rest.Interface
	// message is what --message says.
	message string
}

// command returns the command that posts what body returns to the verb, for each of the names given, and prints what
// the server answers.
func (v *verbs) command(verb, use, short string, body func(name string) (runtime.Object, error)) *cobra.Command {
	cmd := &cobra.Command{
		Use: use + " NAME...", Short: short, Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, names []string) error {
			return v.post(cmd.Context(), verb, names, body)
		},
	}
	v.addMessage(cmd)
	return cmd
}

func (v *verbs) addMessage(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&v.message, "message", "m", "", "Why: recorded in an Event.")
}

// line tells the user that the server is away.
func (v *verbs) line() *line { return &line{out: v.streams.ErrOut} }

func (v *verbs) post(ctx context.Context, verb string, names []string, body func(name string) (runtime.Object, error)) error {
	client, namespace, err := connect(v.flags)
	if err != nil {
		return err
	}
	for _, name := range names {
		request, err := body(name)
		if err != nil {
			return err
		}
		answer := &metav1.Status{}
		// Only what has not reached the server is sent again: a verb may have been done of which no answer came.
		_, err = again(ctx, v.line(), isDeaf, func(ctx context.Context) (*metav1.Status, error) {
			return answer, v.client(client).Post().Namespace(namespace).Resource(v.resource).Name(name).SubResource(verb).Body(request).Do(ctx).Into(answer)
		})
		if err != nil {
			return err
		}
		fmt.Fprintln(v.streams.Out, answer.Message)
	}
	return nil
}
