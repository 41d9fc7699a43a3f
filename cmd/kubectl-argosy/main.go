// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Command kubectl-argosy is the kubectl plugin: `kubectl argosy workflow stop NAME` and the like. It only
// calls Argosy's API with the caller's kubeconfig; what a verb means is decided by the server.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

func main() {
	streams := genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}
	if err := newCommand(streams).Execute(); err != nil {
		fmt.Fprintln(streams.ErrOut, "error:", err)
		os.Exit(1)
	}
}

// newCommand returns `kubectl argosy` with kubectl's own connection flags.
func newCommand(streams genericiooptions.IOStreams) *cobra.Command {
	flags := genericclioptions.NewConfigFlags(true)
	root := &cobra.Command{
		Use:           "kubectl-argosy",
		Short:         "Work with the workflows and rollouts of Argosy",
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl argosy"},
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.ErrOut)
	flags.AddFlags(root.PersistentFlags())
	root.AddCommand(newWorkflowCommand(flags, streams), newRolloutCommand(flags, streams))
	return root
}
