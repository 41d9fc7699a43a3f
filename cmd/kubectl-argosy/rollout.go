// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/rest"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/apis/verb"
	"argosy.dev/argosy/generated/clientset/versioned"
)

// newRolloutCommand returns `kubectl argosy rollout`: what shows rollouts, and one command for each verb of the API.
func newRolloutCommand(flags *genericclioptions.ConfigFlags, streams genericiooptions.IOStreams) *cobra.Command {
	cmd := &cobra.Command{Use: "rollout", Aliases: []string{"ro", "rollouts"}, Short: "Show, promote, abort and undo rollouts"}
	v := &verbs{flags: flags, streams: streams, resource: "rollouts",
		client: func(c *versioned.Clientset) rest.Interface { return c.RolloutV1alpha1().RESTClient() }}
	cmd.AddCommand(
		newGetCommand(flags, streams),
		newListCommand(flags, streams),
		newStatusCommand(flags, streams),
		newPromoteCommand(v),
		newUndoCommand(v),
		newRestartCommand(v),
		newSetCommand(v),
		v.command("abort", "abort", "Give up the new version: back to the stable one", func(name string) (runtime.Object, error) {
			return &rov1.RolloutAbort{ObjectMeta: metav1.ObjectMeta{Name: name}, Request: verb.Request{Message: v.message}}, nil
		}),
		v.command("retry", "retry", "Begin an aborted rollout anew", func(name string) (runtime.Object, error) {
			return &rov1.RolloutRetry{ObjectMeta: metav1.ObjectMeta{Name: name}, Request: verb.Request{Message: v.message}}, nil
		}),
		v.command("pause", "pause", "Stay where it is until resumed", func(name string) (runtime.Object, error) {
			return &rov1.RolloutPause{ObjectMeta: metav1.ObjectMeta{Name: name}, Request: verb.Request{Message: v.message}}, nil
		}),
		v.command("resume", "resume", "Go on, if it was paused by hand", func(name string) (runtime.Object, error) {
			return &rov1.RolloutResume{ObjectMeta: metav1.ObjectMeta{Name: name}, Request: verb.Request{Message: v.message}}, nil
		}),
	)
	return cmd
}

func newPromoteCommand(v *verbs) *cobra.Command {
	var full, all bool
	var podHash string
	step := int32(-1)
	cmd := v.command("promote", "promote", "Go on by a step, or to the end", func(name string) (runtime.Object, error) {
		request := &rov1.RolloutPromote{ObjectMeta: metav1.ObjectMeta{Name: name}, Request: verb.Request{Message: v.message}, Full: full, AllSteps: all, PodHash: podHash}
		if step >= 0 {
			request.Step = &step
		}
		return request, nil
	})
	cmd.Flags().BoolVar(&full, "full", false, "Skip all that is left: pauses, analyses and steps.")
	cmd.Flags().BoolVar(&all, "skip-all-steps", false, "Skip all steps that are left, but not what comes after them.")
	cmd.Flags().Int32Var(&step, "step", -1, "Only if the rollout is at this step, counted from 0.")
	cmd.Flags().StringVar(&podHash, "pod-hash", "", "Only if this version is being rolled out: the hash of its pod template.")
	return cmd
}

func newUndoCommand(v *verbs) *cobra.Command {
	var revision int64
	cmd := v.command("undo", "undo", "Go back to an earlier revision", func(name string) (runtime.Object, error) {
		return &rov1.RolloutUndo{ObjectMeta: metav1.ObjectMeta{Name: name}, Request: verb.Request{Message: v.message}, ToRevision: revision}, nil
	})
	cmd.Flags().Int64Var(&revision, "to-revision", 0, "The revision to go back to; 0 is the one before the latest.")
	return cmd
}

func newRestartCommand(v *verbs) *cobra.Command {
	var in time.Duration
	cmd := v.command("restart", "restart", "Replace all pods by new ones, a few at a time", func(name string) (runtime.Object, error) {
		request := &rov1.RolloutRestart{ObjectMeta: metav1.ObjectMeta{Name: name}, Request: verb.Request{Message: v.message}}
		if in > 0 {
			at := metav1.NewTime(time.Now().Add(in).UTC())
			request.At = &at
		}
		return request, nil
	})
	cmd.Flags().DurationVar(&in, "in", 0, "Begin after this time, such as 10m; 0 is at once.")
	return cmd
}

// newSetCommand returns `kubectl argosy rollout set image`.
func newSetCommand(v *verbs) *cobra.Command {
	set := &cobra.Command{Use: "set", Short: "Change what a rollout runs"}
	image := &cobra.Command{
		Use: "image NAME CONTAINER=IMAGE...", Short: "Run another image in containers of the pods; * stands for all containers", Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return v.post(cmd.Context(), "setimage", args[:1], func(name string) (runtime.Object, error) {
				images, err := parseImages(args[1:])
				if err != nil {
					return nil, err
				}
				return &rov1.RolloutSetImage{ObjectMeta: metav1.ObjectMeta{Name: name}, Request: verb.Request{Message: v.message}, Images: images}, nil
			})
		},
	}
	v.addMessage(image)
	set.AddCommand(image)
	return set
}

// parseImages reads CONTAINER=IMAGE pairs.
func parseImages(args []string) (map[string]string, error) {
	images := map[string]string{}
	for _, arg := range args {
		container, image, ok := strings.Cut(arg, "=")
		if !ok || container == "" || image == "" {
			return nil, fmt.Errorf("%q is not CONTAINER=IMAGE", arg)
		}
		if _, twice := images[container]; twice {
			return nil, fmt.Errorf("container %q is given twice", container)
		}
		images[container] = image
	}
	if _, all := images["*"]; all && len(images) > 1 {
		return nil, errors.New("* stands for all containers, so no other can be given")
	}
	return images, nil
}
