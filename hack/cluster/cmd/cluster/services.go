// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"argosy.dev/argosy/hack/cluster/internal/config"
	"argosy.dev/argosy/hack/cluster/internal/dns"
	"argosy.dev/argosy/hack/cluster/internal/storage"
)

// services are the long-lived processes that up starts from this same program.
func services() []*cobra.Command {
	commands := []*cobra.Command{dnsCommand(), storageCommand()}
	for _, c := range commands {
		c.Hidden = true
		c.Args = cobra.NoArgs
	}
	return commands
}

func dnsCommand() *cobra.Command {
	var kubeconfig, address, domain string
	cmd := &cobra.Command{Use: config.DNS, RunE: func(cmd *cobra.Command, _ []string) error {
		client, err := clientFor(kubeconfig)
		if err != nil {
			return err
		}
		return dns.Serve(cmd.Context(), client, address, domain)
	}}
	cmd.Flags().StringVar(&kubeconfig, "kubeconfig", "", "how to reach the API server")
	cmd.Flags().StringVar(&address, "address", "", "address to answer on")
	cmd.Flags().StringVar(&domain, "domain", "", "the cluster's domain")
	return cmd
}

func storageCommand() *cobra.Command {
	var kubeconfig, dir, node string
	cmd := &cobra.Command{Use: config.Storage, RunE: func(cmd *cobra.Command, _ []string) error {
		client, err := clientFor(kubeconfig)
		if err != nil {
			return err
		}
		return (&storage.Provisioner{Client: client, Dir: dir, Node: node}).Run(cmd.Context())
	}}
	cmd.Flags().StringVar(&kubeconfig, "kubeconfig", "", "how to reach the API server")
	cmd.Flags().StringVar(&dir, "dir", "", "directory of the volumes")
	cmd.Flags().StringVar(&node, "node", "", "name of this node")
	return cmd
}

func clientFor(kubeconfig string) (kubernetes.Interface, error) {
	cfg, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("loading kubeconfig: %w", err)
	}
	cfg.QPS = -1 // the cluster's priority and fairness governs
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("making client: %w", err)
	}
	return client, nil
}
