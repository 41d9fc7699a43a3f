// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"

	"github.com/spf13/cobra"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

func (c *appCommands) logs() *cobra.Command {
	var options appv1.ApplicationLogOptions
	var tail int64
	var since time.Duration
	cmd := &cobra.Command{
		Use: "logs NAME", Aliases: []string{"log"}, Short: "Print the logs of an application's pods", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if tail >= 0 {
				options.TailLines = &tail
			}
			if since > 0 {
				seconds := max(int64(since.Round(time.Second).Seconds()), 1)
				options.SinceSeconds = &seconds
			}
			client, namespace, err := connect(c.flags)
			if err != nil {
				return err
			}
			ctx, stop := withEnd(cmd.Context(), 0)
			defer stop()
			return stream(ctx, c.client(client), namespace, c.resource, args[0], &options, c.streams.Out)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&options.Follow, "follow", "f", false, "Go on with what is written, and with pods that come.")
	f.BoolVar(&options.Previous, "previous", false, "What the containers wrote before they were last started anew.")
	f.BoolVar(&options.Timestamps, "timestamps", false, "Begin each line with its time.")
	f.StringArrayVar(&options.Resource, "resource", nil, "Only pods that are, or are below, this object: GROUP:KIND:[NAMESPACE/]NAME, where any part may be *. Repeated for several.")
	f.StringVar(&options.PodName, "pod", "", "Only this pod.")
	f.StringVarP(&options.Container, "container", "c", "", "The pods' container; empty is the one that kubectl would show.")
	f.Int64Var(&tail, "tail", -1, "How many of each pod's last lines; less than 0 is all.")
	f.DurationVar(&since, "since", 0, "Only what was written in this time before now, such as 5m; 0 is all.")
	return cmd
}
