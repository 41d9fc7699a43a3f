// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Command argosy-apiserver is the Argosy API server, with the control loops in
// the same process unless told otherwise. It holds flags and wiring only.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	genericapiserver "k8s.io/apiserver/pkg/server"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/component-base/logs"
	logsapi "k8s.io/component-base/logs/api/v1"
	_ "k8s.io/component-base/logs/json/register"          // --logging-format=json
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // metrics of client-go and work queues
	_ "k8s.io/component-base/metrics/prometheus/version"  // kubernetes_build_info
	"k8s.io/component-base/term"
	"k8s.io/component-base/version/verflag"
	"k8s.io/klog/v2"

	"argosy.dev/argosy/pkg/apiserver"
	"argosy.dev/argosy/pkg/controller"
	applicationcontroller "argosy.dev/argosy/pkg/controller/application"
	rolloutcontroller "argosy.dev/argosy/pkg/controller/rollout"
	"argosy.dev/argosy/pkg/render"
)

// options are the flags of the server and of the loops in it.
type options struct {
	server        *apiserver.Options
	logging       *logsapi.LoggingConfiguration
	controllers   []string
	executorImage string
	leaderElect   bool
	applications  applicationcontroller.EngineConfig
}

func init() {
	utilruntime.Must(logsapi.AddFeatureGates(utilfeature.DefaultMutableFeatureGate))
}

func main() {
	if render.IsChild() {
		render.Main()
	}
	// The signal handler turns the first SIGTERM into a graceful shutdown.
	ctx := genericapiserver.SetupSignalContext()
	defer logs.FlushLogs()
	if err := newCommand().ExecuteContext(ctx); err != nil {
		logs.FlushLogs()
		fmt.Fprintln(os.Stderr, "argosy-apiserver: "+oneLine(err))
		os.Exit(1)
	}
}

// oneLine keeps what a wrapped error says, in one line.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

func newCommand() *cobra.Command {
	o := &options{
		server:      apiserver.NewOptions(),
		logging:     logsapi.NewLoggingConfiguration(),
		controllers: []string{"*"},
		leaderElect: true,
	}
	o.applications.Default()
	cmd := &cobra.Command{
		Use:           "argosy-apiserver",
		Short:         "Serves the Argosy API through the aggregation layer, and runs its control loops",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			verflag.PrintAndExitIfRequested()
			if err := logsapi.ValidateAndApply(o.logging, utilfeature.DefaultFeatureGate); err != nil {
				return err
			}
			cliflag.PrintFlags(cmd.Flags())
			return o.run(cmd.Context())
		},
	}
	flags := o.flags()
	for _, fs := range flags.FlagSets {
		cmd.Flags().AddFlagSet(fs)
	}
	cmd.SetGlobalNormalizationFunc(cliflag.WordSepNormalizeFunc)
	width, _, _ := term.TerminalSize(cmd.OutOrStdout())
	cliflag.SetUsageAndHelpFunc(cmd, flags, width)
	return cmd
}

func (o *options) flags() cliflag.NamedFlagSets {
	flags := o.server.Flags()
	fs := flags.FlagSet("control loops")
	fs.StringSliceVar(&o.controllers, "controllers", o.controllers, "Loops to run: '*' is all, 'name' that one, '-name' not that one. All: "+strings.Join(controller.Names(), ", ")+".")
	fs.StringVar(&o.executorImage, "executor-image", "", "Image that holds argosy-executor, for the pods that have outputs to report. Required if loops run.")
	fs.BoolVar(&o.leaderElect, "leader-elect", o.leaderElect, "Run each loop only while holding its Lease. Required where more than one replica runs.")
	o.applications.AddFlags(flags.FlagSet("applications"))
	logsapi.AddFlags(o.logging, flags.FlagSet("logs"))
	verflag.AddFlags(flags.FlagSet("global"))
	return flags
}

func (o *options) run(ctx context.Context) error {
	if err := o.server.ServerRun.ComponentGlobalsRegistry.Set(); err != nil {
		return err
	}
	if err := o.server.Validate(); err != nil {
		return err
	}
	wanted, err := controller.Wanted(o.controllers)
	if err != nil {
		return fmt.Errorf("--controllers: %w", err)
	}
	if wanted.Len() > 0 && o.executorImage == "" {
		return errors.New("--executor-image is required where control loops run")
	}
	leases := ""
	if o.leaderElect {
		leases = o.server.Namespace
	}
	engine := applicationcontroller.NewEngine(o.applications)
	seen := &rolloutcontroller.Seen{}
	return o.server.Run(ctx, apiserver.Views{Applications: engine, Rollouts: seen}, func(ctx context.Context, clients apiserver.Clients) error {
		klog.FromContext(ctx).Info("Starting control loops", "loops", wanted.UnsortedList())
		return controller.Run(ctx, wanted, controller.Config{
			Argosy:         clients.Argosy,
			Cluster:        clients.Cluster,
			ExecutorImage:  o.executorImage,
			Applications:   engine,
			Rollouts:       seen,
			LeaseNamespace: leases,
		})
	})
}
