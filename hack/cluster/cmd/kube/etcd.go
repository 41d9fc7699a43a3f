// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/url"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/apiserver/pkg/server"
)

// newEtcdCommand is a single etcd member on loopback. It knows only the flags
// that the local cluster sets; etcd's own main reads flags globally and cannot
// live beside other commands.
func newEtcdCommand() *cobra.Command {
	var dir, client, peer string
	var unsafeNoFsync bool
	cmd := &cobra.Command{
		Use:          "etcd",
		SilenceUsage: true,
		RunE: func(*cobra.Command, []string) error {
			c := embed.NewConfig()
			c.Dir, c.LogLevel, c.UnsafeNoFsync = dir, "warn", unsafeNoFsync
			cu, err := url.Parse(client)
			if err != nil {
				return fmt.Errorf("client url: %w", err)
			}
			pu, err := url.Parse(peer)
			if err != nil {
				return fmt.Errorf("peer url: %w", err)
			}
			c.ListenClientUrls, c.AdvertiseClientUrls = []url.URL{*cu}, []url.URL{*cu}
			c.ListenPeerUrls, c.AdvertisePeerUrls = []url.URL{*pu}, []url.URL{*pu}
			c.InitialCluster = c.InitialClusterFromName(c.Name)
			c.AutoCompactionMode, c.AutoCompactionRetention = "periodic", "30m"
			c.QuotaBackendBytes = 4 << 30
			e, err := embed.StartEtcd(c)
			if err != nil {
				return fmt.Errorf("starting etcd: %w", err)
			}
			stop := server.SetupSignalHandler()
			select {
			case <-stop:
				e.Close()
				return nil
			case err := <-e.Err():
				return fmt.Errorf("etcd: %w", err)
			}
		},
	}
	cmd.Flags().StringVar(&dir, "data-dir", "", "directory of the data")
	cmd.Flags().StringVar(&client, "client-url", "http://127.0.0.1:2379", "address for clients")
	cmd.Flags().StringVar(&peer, "peer-url", "http://127.0.0.1:2380", "address for peers")
	cmd.Flags().BoolVar(&unsafeNoFsync, "unsafe-no-fsync", false, "do not sync writes to the disk: survives kill -9 of the process but not a crash of the machine")
	return cmd
}
