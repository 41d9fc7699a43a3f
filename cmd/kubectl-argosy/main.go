// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Command kubectl-argosy is the kubectl plugin: `kubectl argosy workflow stop NAME` and the like. It only
// calls Argosy's API with the caller's kubeconfig; what a verb means is decided by the server.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

func main() {
	streams := genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}
	if err := newCommand(streams).Execute(); err != nil {
		code, silent := 1, false
		if exit := (*exitError)(nil); errors.As(err, &exit) {
			code, silent = exit.code, exit.err == nil
		}
		if !silent {
			fmt.Fprintln(streams.ErrOut, "error:", err)
		}
		os.Exit(code)
	}
}

// exitError has the program exit with a code of its own. Where there is no err, nothing went wrong: the code is the
// answer.
type exitError struct {
	code int
	err  error
}

// Error implements error.
func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

// Unwrap returns what went wrong.
func (e *exitError) Unwrap() error { return e.err }

// newCommand returns `kubectl argosy` with kubectl's own connection flags.
func newCommand(streams genericiooptions.IOStreams) *cobra.Command {
	flags := genericclioptions.NewConfigFlags(true)
	root := &cobra.Command{
		Use:           "kubectl-argosy",
		Short:         "Work with the workflows, rollouts and applications of Argosy",
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl argosy"},
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.ErrOut)
	flags.AddFlags(root.PersistentFlags())
	root.AddCommand(newWorkflowCommand(flags, streams), newRolloutCommand(flags, streams), newAppCommand(flags, streams))
	return root
}
