// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Command argosy-controller-manager runs Argosy's control loops on their own, for installations that split
// them from the API server. It holds flags and wiring only; the same loops run in argosy-apiserver by default.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/healthz"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/component-base/logs"
	logsapi "k8s.io/component-base/logs/api/v1"
	_ "k8s.io/component-base/logs/json/register"          // --logging-format=json
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // metrics of client-go and work queues
	_ "k8s.io/component-base/metrics/prometheus/version"  // kubernetes_build_info
	"k8s.io/component-base/version/verflag"

	"argosy.dev/argosy/pkg/controller"
	applicationcontroller "argosy.dev/argosy/pkg/controller/application"
	"argosy.dev/argosy/pkg/controller/serving"
	"argosy.dev/argosy/pkg/render"
)

// options are the flags.
type options struct {
	kubeconfig       string
	argosyKubeconfig string
	controllers      []string
	executorImage    string
	leaderElect      bool
	leaseNamespace   string
	applications     applicationcontroller.EngineConfig
	serving          *serving.Options
	logging          *logsapi.LoggingConfiguration
}

func main() {
	if render.IsChild() {
		render.Main()
	}
	// The signal handler turns the first SIGTERM into a graceful end.
	ctx := genericapiserver.SetupSignalContext()
	defer logs.FlushLogs()
	if err := newCommand().ExecuteContext(ctx); err != nil {
		logs.FlushLogs()
		fmt.Fprintln(os.Stderr, "argosy-controller-manager: "+strings.Join(strings.Fields(err.Error()), " "))
		os.Exit(1)
	}
}

func newCommand() *cobra.Command {
	o := options{controllers: []string{"*"}, leaderElect: true, leaseNamespace: "argosy-system", serving: serving.NewOptions(), logging: logsapi.NewLoggingConfiguration()}
	o.applications.Default()
	cmd := &cobra.Command{
		Use:           "argosy-controller-manager",
		Short:         "Runs Argosy's control loops apart from its API server",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			verflag.PrintAndExitIfRequested()
			if err := logsapi.ValidateAndApply(o.logging, nil); err != nil {
				return err
			}
			return o.run(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.kubeconfig, "kubeconfig", "", "Kubeconfig of the cluster. The pod's own identity when empty.")
	flags.StringVar(&o.argosyKubeconfig, "argosy-kubeconfig", "", "Kubeconfig of the Argosy API server itself. When empty, Argosy is reached through the cluster's API server.")
	flags.StringSliceVar(&o.controllers, "controllers", o.controllers, "Loops to run: '*' is all, 'name' that one, '-name' not that one. All: "+strings.Join(controller.Names(), ", ")+".")
	flags.StringVar(&o.executorImage, "executor-image", "", "Image that holds argosy-executor, for the pods that have outputs to report. Required.")
	flags.BoolVar(&o.leaderElect, "leader-elect", o.leaderElect, "Run each loop only while holding its Lease. Required where more than one replica runs.")
	flags.StringVar(&o.leaseNamespace, "leader-elect-resource-namespace", o.leaseNamespace, "Namespace of the loops' Leases, of the Service, and of the Secret with the authority of the serving certificate.")
	o.serving.AddFlags(flags)
	o.applications.AddFlags(flags)
	logsapi.AddFlags(o.logging, flags)
	verflag.AddFlags(flags)
	logs.InitLogs()
	return cmd
}

func (o *options) run(ctx context.Context) error {
	wanted, err := controller.Wanted(o.controllers)
	if err != nil {
		return fmt.Errorf("--controllers: %w", err)
	}
	if o.executorImage == "" {
		return errors.New("--executor-image is required")
	}
	if errs := o.serving.Validate(); len(errs) > 0 {
		return errors.Join(errs...)
	}
	cluster, err := clientcmd.BuildConfigFromFlags("", o.kubeconfig)
	if err != nil {
		return fmt.Errorf("--kubeconfig: %w", err)
	}
	argosy := rest.CopyConfig(cluster)
	if o.argosyKubeconfig != "" {
		if argosy, err = clientcmd.BuildConfigFromFlags("", o.argosyKubeconfig); err != nil {
			return fmt.Errorf("--argosy-kubeconfig: %w", err)
		}
	}
	engine := applicationcontroller.NewEngine(o.applications)
	config := controller.Config{Argosy: argosy, Cluster: cluster, ExecutorImage: o.executorImage, Applications: engine}
	if o.leaderElect {
		config.LeaseNamespace = o.leaseNamespace
	}
	client, err := kubernetes.NewForConfig(cluster)
	if err != nil {
		return fmt.Errorf("client of the cluster: %w", err)
	}
	o.serving.Namespace = o.leaseNamespace
	o.serving.Kubeconfig(o.kubeconfig)
	ctx, stop := context.WithCancel(ctx)
	stopped, err := o.serving.Start(ctx, client, healthz.NamedCheck("applications", func(*http.Request) error { return engine.Ready() }))
	if err != nil {
		stop()
		return err
	}
	err = controller.Run(ctx, wanted, config)
	stop()
	<-stopped
	return err
}
