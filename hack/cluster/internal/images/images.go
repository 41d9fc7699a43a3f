// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package images makes the images that the local cluster offers, since there is
// no registry: small ones out of busybox and larger ones out of a Debian root.
// They stand in for the public images of the same names as far as the
// conformance cases use them, and are no more than that.
//
// It makes archives; importing them is the caller's.
package images

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"argosy.dev/argosy/hack/cluster/internal/archive"
)

// Set is images that are made, and imported, as one archive.
type Set struct {
	// Name of the archive.
	Name string
	// Refs are the full references that importing it gives.
	Refs []string
	// inputs identify what the images are made of, beside this code.
	inputs []string
	build  func(ctx context.Context, dir string) ([]archive.Image, error)
}

// Sets returns all sets, the quickest first. busybox and pause are the paths of
// static programs, pause the one that holds a pod's namespaces.
func Sets(busybox, pause, pauseRef string) []Set {
	return []Set{
		{
			Name:   "small",
			Refs:   append([]string{pauseRef}, refsOf(smallImages)...),
			inputs: []string{pause, busybox},
			build: func(ctx context.Context, dir string) ([]archive.Image, error) {
				layer, err := busyboxLayer(ctx, busybox, filepath.Join(dir, "busybox.tar.gz"))
				if err != nil {
					return nil, err
				}
				pauseLayer, err := archive.WriteLayer(filepath.Join(dir, "pause.tar.gz"), archive.Tree{"/pause": {Host: pause}}.Fill)
				if err != nil {
					return nil, err
				}
				made := []archive.Image{{Refs: []string{pauseRef}, Layers: []archive.Layer{pauseLayer},
					Config: archive.Config{Entrypoint: []string{"/pause"}, User: "65535:65535"}}}
				return derive(made, smallImages, layer, dir)
			},
		},
		{
			Name: "debian",
			Refs: refsOf(debianImages),
			build: func(ctx context.Context, dir string) ([]archive.Image, error) {
				layer, err := debianLayer(ctx, dir)
				if err != nil {
					return nil, err
				}
				return derive(nil, debianImages, layer, dir)
			},
		},
	}
}

// recipe describes an image made of a base layer and a few files of its own.
type recipe struct {
	refs   []string
	files  archive.Tree
	config archive.Config
}

func refsOf(recipes []recipe) []string {
	var refs []string
	for _, r := range recipes {
		refs = append(refs, r.refs...)
	}
	return refs
}

// derive makes the images of the recipes on a base layer.
func derive(made []archive.Image, recipes []recipe, base archive.Layer, dir string) ([]archive.Image, error) {
	for i, r := range recipes {
		layers := []archive.Layer{base}
		if len(r.files) > 0 {
			own, err := archive.WriteLayer(filepath.Join(dir, fmt.Sprintf("own-%d.tar.gz", i)), r.files.Fill)
			if err != nil {
				return nil, err
			}
			layers = append(layers, own)
		}
		made = append(made, archive.Image{Refs: r.refs, Layers: layers, Config: r.config})
	}
	return made, nil
}

// Build makes the set's archive at path, using dir for what is in between.
func (s Set) Build(ctx context.Context, path string) (err error) {
	dir, err := os.MkdirTemp(filepath.Dir(path), ".build-*")
	if err != nil {
		return fmt.Errorf("making images: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	made, err := s.build(ctx, dir)
	if err != nil {
		return fmt.Errorf("making %s images: %w", s.Name, err)
	}
	return archive.Write(path, made)
}

// busyboxLayer is a root of busybox with a link for each of its applets.
func busyboxLayer(ctx context.Context, busybox, path string) (archive.Layer, error) {
	list, err := exec.CommandContext(ctx, busybox, "--list").Output()
	if err != nil {
		return archive.Layer{}, fmt.Errorf("listing applets: %w", err)
	}
	tree := archive.Tree{
		"/bin/busybox":       {Host: busybox},
		"/usr/bin/env":       {Link: "/bin/busybox"},
		"/etc/passwd":        {Data: []byte("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"), Mode: 0o644},
		"/etc/group":         {Data: []byte("root:x:0:\nnobody:x:65534:\n"), Mode: 0o644},
		"/etc/nsswitch.conf": {Data: []byte("hosts: files dns\n"), Mode: 0o644},
		"/etc/os-release":    {Data: []byte("NAME=\"BusyBox\"\nID=busybox\n"), Mode: 0o644},
		"/tmp":               {Dir: true, Mode: 0o1777},
		"/root":              {Dir: true, Mode: 0o700},
		"/home":              {Dir: true},
		"/var/tmp":           {Dir: true, Mode: 0o1777},
		"/usr/local/bin":     {Dir: true},
		"/mnt":               {Dir: true},
	}
	for scanner := bufio.NewScanner(bytes.NewReader(list)); scanner.Scan(); {
		if applet := scanner.Text(); applet != "busybox" {
			tree["/bin/"+applet] = archive.Entry{Link: "/bin/busybox"}
		}
	}
	return archive.WriteLayer(path, tree.Fill)
}

// debianPackages are what the images made of the Debian root offer together.
const debianPackages = "python3,curl,jq,ca-certificates,procps"

// debianLayer is a Debian root made by mmdebstrap from the machine's own
// package sources, without documentation and devices.
func debianLayer(ctx context.Context, dir string) (archive.Layer, error) {
	args := []string{"--variant=essential", "--include=" + debianPackages, "--quiet"}
	for _, dir := range []string{"doc", "man", "locale", "info", "lintian", "bug"} {
		args = append(args, "--dpkgopt=path-exclude=/usr/share/"+dir+"/*")
	}
	suite, err := debianSuite()
	if err != nil {
		return archive.Layer{}, err
	}
	args = append(args, suite, "-")
	sources, err := aptSources()
	if err != nil {
		return archive.Layer{}, err
	}
	cmd := exec.CommandContext(ctx, "mmdebstrap", append(args, sources...)...)
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return archive.Layer{}, fmt.Errorf("running mmdebstrap: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return archive.Layer{}, fmt.Errorf("running mmdebstrap: %w", err)
	}
	layer, copyErr := archive.WriteLayer(filepath.Join(dir, "debian.tar.gz"), func(w *tar.Writer) error { return copyTar(w, tar.NewReader(out)) })
	if copyErr != nil {
		// It would wait forever for its output to be read.
		_ = cmd.Process.Kill()
	}
	if err := cmd.Wait(); err != nil {
		return archive.Layer{}, fmt.Errorf("running mmdebstrap: %w: %s", errors.Join(err, copyErr), bytes.TrimSpace(stderr.Bytes()))
	}
	return layer, copyErr
}

// copyTar copies a root's archive but for its devices, which a runtime makes.
func copyTar(w *tar.Writer, r *tar.Reader) error {
	for {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			// The producer pads its output and must not find the pipe closed.
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading root: %w", err)
		}
		if header.Typeflag == tar.TypeChar || header.Typeflag == tar.TypeBlock {
			continue
		}
		if err := w.WriteHeader(header); err != nil {
			return fmt.Errorf("writing root: %w", err)
		}
		if _, err := io.Copy(w, r); err != nil {
			return fmt.Errorf("writing root: %w", err)
		}
	}
}

// debianSuite is the machine's own release, which its package sources are for.
func debianSuite() (string, error) {
	data, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return "", fmt.Errorf("reading release: %w", err)
	}
	for _, line := range strings.Split(string(data), "\n") {
		if name, ok := strings.CutPrefix(line, "VERSION_CODENAME="); ok {
			return strings.Trim(name, `"`), nil
		}
	}
	return "", errors.New("/etc/os-release names no release: is this Debian?")
}

// aptSources are the files with the machine's package sources.
func aptSources() ([]string, error) {
	var sources []string
	for _, pattern := range []string{"/etc/apt/sources.list", "/etc/apt/sources.list.d/debian.sources"} {
		if _, err := os.Stat(pattern); err == nil {
			sources = append(sources, pattern)
		}
	}
	if len(sources) == 0 {
		return nil, errors.New("no Debian package sources in /etc/apt")
	}
	return sources, nil
}
