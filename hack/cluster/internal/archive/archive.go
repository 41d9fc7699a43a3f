// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package archive writes container images as docker-archives (the format of
// `docker save`, which containerd imports) without a registry or a container
// engine. The same input gives the same bytes, so that an image can be known
// by the hash of its archive.
//
// It only writes files; it must not know containerd or the cluster.
package archive

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// Config is the part of an OCI image configuration that says how a container
// of the image is started. Empty fields leave the runtime's default.
type Config struct {
	Entrypoint   []string            `json:"Entrypoint,omitempty"`
	Cmd          []string            `json:"Cmd,omitempty"`
	Env          []string            `json:"Env,omitempty"`
	User         string              `json:"User,omitempty"`
	WorkingDir   string              `json:"WorkingDir,omitempty"`
	ExposedPorts map[string]struct{} `json:"ExposedPorts,omitempty"`
}

// Layer is a file holding one gzipped layer tar.
type Layer struct {
	// Path of the gzipped tar.
	Path string
	// DiffID is the digest of the uncompressed tar, as "sha256:…".
	DiffID string
}

// Image is one image: its full references ("docker.io/library/busybox:latest"),
// its layers from the bottom up, and how it starts.
type Image struct {
	Refs   []string
	Layers []Layer
	Config Config
}

// defaultPath is the PATH of every image that sets none, as runtimes expect.
const defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

type manifestEntry struct {
	Config   string   `json:"Config"`
	RepoTags []string `json:"RepoTags"`
	Layers   []string `json:"Layers"`
}

type imageConfig struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
	Config       Config `json:"config"`
	RootFS       rootFS `json:"rootfs"`
}

type rootFS struct {
	Type    string   `json:"type"`
	DiffIDs []string `json:"diff_ids"`
}

// WriteLayer writes a layer to path by calling fill with the tar writer, and
// returns it. The file appears only when it is complete.
func WriteLayer(path string, fill func(*tar.Writer) error) (_ Layer, err error) {
	out, err := os.CreateTemp(filepath.Dir(path), ".layer-*")
	if err != nil {
		return Layer{}, fmt.Errorf("making layer: %w", err)
	}
	defer func() { err = errors.Join(err, discard(out)) }()
	// Layers are unpacked at once on the same machine: speed matters, size hardly.
	zipped, err := gzip.NewWriterLevel(out, gzip.BestSpeed)
	if err != nil {
		return Layer{}, fmt.Errorf("making layer: %w", err)
	}
	diff := sha256.New()
	archive := tar.NewWriter(io.MultiWriter(zipped, diff))
	if err := fill(archive); err != nil {
		return Layer{}, err
	}
	for _, close := range []func() error{archive.Close, zipped.Close, out.Close} {
		if err := close(); err != nil {
			return Layer{}, fmt.Errorf("writing layer: %w", err)
		}
	}
	if err := os.Rename(out.Name(), path); err != nil {
		return Layer{}, fmt.Errorf("writing layer: %w", err)
	}
	return Layer{Path: path, DiffID: "sha256:" + hex.EncodeToString(diff.Sum(nil))}, nil
}

// Write writes images to one docker-archive at path, each layer once. The file
// appears only when it is complete.
func Write(path string, images []Image) (err error) {
	out, err := os.CreateTemp(filepath.Dir(path), ".archive-*")
	if err != nil {
		return fmt.Errorf("making archive: %w", err)
	}
	defer func() { err = errors.Join(err, discard(out)) }()
	archive := tar.NewWriter(out)
	var manifest []manifestEntry
	written := map[string]bool{}
	for _, image := range images {
		entry, err := writeImage(archive, image, written)
		if err != nil {
			return fmt.Errorf("image %v: %w", image.Refs, err)
		}
		manifest = append(manifest, entry)
	}
	data, err := json.Marshal(manifest)
	if err != nil {
		return fmt.Errorf("encoding manifest: %w", err)
	}
	if err := writeFile(archive, "manifest.json", data); err != nil {
		return err
	}
	for _, close := range []func() error{archive.Close, out.Close} {
		if err := close(); err != nil {
			return fmt.Errorf("writing archive: %w", err)
		}
	}
	if err := os.Rename(out.Name(), path); err != nil {
		return fmt.Errorf("writing archive: %w", err)
	}
	return nil
}

func writeImage(archive *tar.Writer, image Image, written map[string]bool) (manifestEntry, error) {
	config := imageConfig{Architecture: runtime.GOARCH, OS: "linux", Config: image.Config, RootFS: rootFS{Type: "layers"}}
	if len(config.Config.Env) == 0 {
		config.Config.Env = []string{defaultPath}
	}
	entry := manifestEntry{RepoTags: image.Refs}
	for _, layer := range image.Layers {
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, layer.DiffID)
		name := layer.DiffID[len("sha256:"):] + ".tar.gz"
		entry.Layers = append(entry.Layers, name)
		if written[name] {
			continue
		}
		written[name] = true
		if err := copyFile(archive, name, layer.Path, 0o644); err != nil {
			return manifestEntry{}, err
		}
	}
	data, err := json.Marshal(config)
	if err != nil {
		return manifestEntry{}, fmt.Errorf("encoding configuration: %w", err)
	}
	sum := sha256.Sum256(data)
	entry.Config = hex.EncodeToString(sum[:]) + ".json"
	if written[entry.Config] {
		return entry, nil
	}
	written[entry.Config] = true
	return entry, writeFile(archive, entry.Config, data)
}

func writeFile(archive *tar.Writer, name string, data []byte) error {
	if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(data))}); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	if _, err := archive.Write(data); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

func copyFile(archive *tar.Writer, name, path string, mode int64) (err error) {
	in, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	info, err := in.Stat()
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	if err := archive.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: info.Size()}); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	if _, err := io.Copy(archive, in); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

// discard closes and removes a temporary file; that it is closed or renamed
// already is what success looks like.
func discard(f *os.File) error {
	if err := f.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	if err := os.Remove(f.Name()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// Refs returns the references of all images in a docker-archive.
func Refs(path string) (_ []string, err error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading archive: %w", err)
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	for archive := tar.NewReader(in); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s is no docker-archive: it has no manifest.json", path)
		}
		if err != nil {
			return nil, fmt.Errorf("reading archive: %w", err)
		}
		if header.Name != "manifest.json" {
			continue
		}
		var manifest []manifestEntry
		if err := json.NewDecoder(archive).Decode(&manifest); err != nil {
			return nil, fmt.Errorf("reading manifest of %s: %w", path, err)
		}
		var refs []string
		for _, entry := range manifest {
			refs = append(refs, entry.RepoTags...)
		}
		return refs, nil
	}
}
