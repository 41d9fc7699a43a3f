// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"argosy.dev/argosy/hack/cluster/internal/archive"
)

// images are the commands about container images.
func images(open opener) []*cobra.Command {
	load := &cobra.Command{Use: "load-image TAR", Short: "import a docker-archive into the cluster, unless it has it", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := open()
			if err != nil {
				return err
			}
			return c.LoadImage(cmd.Context(), args[0])
		}}
	all := &cobra.Command{Use: "images", Short: "make the archives of the cluster's own images; needs no cluster", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := open()
			if err != nil {
				return err
			}
			return c.Images(cmd.Context())
		}}
	return []*cobra.Command{load, all, newImageCommand()}
}

// newImageCommand writes an image of a few files of this machine.
func newImageCommand() *cobra.Command {
	var (
		refs, entrypoint, command, env, add []string
		user, workdir, out                  string
	)
	cmd := &cobra.Command{
		Use:   "image --ref REF --add HOSTFILE=/PATH... -o OUT.tar",
		Short: "write an image made of files as a docker-archive",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			tree := archive.Tree{"/tmp": {Dir: true, Mode: 0o1777}}
			for _, a := range add {
				host, path, ok := strings.Cut(a, "=")
				if !ok || !filepath.IsAbs(path) {
					return fmt.Errorf("--add %s: want HOSTFILE=/PATH", a)
				}
				info, err := os.Stat(host)
				if err != nil {
					return fmt.Errorf("--add: %w", err)
				}
				tree[path] = archive.Entry{Host: host, Mode: int64(info.Mode().Perm())}
			}
			return writeImage(out, tree, archive.Image{Refs: refs, Config: archive.Config{
				Entrypoint: entrypoint, Cmd: command, Env: env, User: user, WorkingDir: workdir}})
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&refs, "ref", nil, "full reference of the image, such as docker.io/library/busybox:latest (repeatable)")
	flags.StringArrayVar(&entrypoint, "entrypoint", nil, "word of the entrypoint (repeatable)")
	flags.StringArrayVar(&command, "cmd", nil, "word of the default arguments (repeatable)")
	flags.StringArrayVar(&env, "env", nil, "NAME=VALUE (repeatable)")
	flags.StringArrayVar(&add, "add", nil, "file to add, as HOSTFILE=/PATH (repeatable)")
	flags.StringVar(&user, "user", "", "user id to run as")
	flags.StringVar(&workdir, "workdir", "", "directory to run in")
	flags.StringVarP(&out, "out", "o", "", "archive to write")
	for _, name := range []string{"ref", "add", "out"} {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err) // the flag is defined above
		}
	}
	return cmd
}

func writeImage(out string, tree archive.Tree, image archive.Image) (err error) {
	layerFile := out + ".layer"
	layer, err := archive.WriteLayer(layerFile, tree.Fill)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(layerFile)) }()
	image.Layers = []archive.Layer{layer}
	return archive.Write(out, []archive.Image{image})
}
