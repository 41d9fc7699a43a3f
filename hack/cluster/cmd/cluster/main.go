// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Command cluster brings a real single-node Kubernetes up on this machine for
// demos and tests, and down again without a trace. It is development tooling:
// the product never imports or needs it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"argosy.dev/argosy/hack/cluster/internal/cluster"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := newCommand().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		stop()
		os.Exit(1)
	}
}

func newCommand() *cobra.Command {
	root := &cobra.Command{Use: "cluster", Short: "A local Kubernetes for demos and tests", SilenceUsage: true, SilenceErrors: true}
	var local string
	root.PersistentFlags().StringVar(&local, "local", defaultLocal(), "directory of everything the cluster keeps")
	open := func() (*cluster.Cluster, error) {
		abs, err := filepath.Abs(local)
		if err != nil {
			return nil, fmt.Errorf("resolving %s: %w", local, err)
		}
		return cluster.New(abs, os.Stdout), nil
	}
	root.AddCommand(lifecycle(open)...)
	root.AddCommand(images(open)...)
	root.AddCommand(services()...)
	return root
}

type opener func() (*cluster.Cluster, error)

func lifecycle(open opener) []*cobra.Command {
	var opts cluster.Options
	up := &cobra.Command{Use: "up", Short: "bring the cluster up, or make sure that it is", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := open()
			if err != nil {
				return err
			}
			return c.Up(cmd.Context(), opts)
		}}
	up.Flags().IntVar(&opts.FakeNodes, "fake-nodes", -1, "number of fake nodes, whose pods end at once (default: as they are)")
	up.Flags().BoolVar(&opts.S3, "s3", false, "also run an S3 server; how to reach it is written to .local/s3.env")
	var purge bool
	down := &cobra.Command{Use: "down", Short: "end the cluster, leaving nothing but its data", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := open()
			if err != nil {
				return err
			}
			return c.Down(cmd.Context(), purge)
		}}
	down.Flags().BoolVar(&purge, "purge", false, "delete the data too")
	status := &cobra.Command{Use: "status", Short: "say what runs", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			c, err := open()
			if err != nil {
				return err
			}
			return c.Status()
		}}
	stop := &cobra.Command{Use: "stop COMPONENT", Short: "end one component; up starts it again", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := open()
			if err != nil {
				return err
			}
			return c.Stop(cmd.Context(), args[0])
		}}
	return []*cobra.Command{up, down, status, stop}
}

// defaultLocal is the .local directory that this program was built into, else
// the one of the working directory.
func defaultLocal() string {
	if exe, err := os.Executable(); err == nil {
		if bin := filepath.Dir(exe); filepath.Base(bin) == "bin" && filepath.Base(filepath.Dir(bin)) == ".local" {
			return filepath.Dir(bin)
		}
	}
	return ".local"
}
