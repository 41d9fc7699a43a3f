// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"argosy.dev/argosy/hack/cluster/internal/archive"
	"argosy.dev/argosy/hack/cluster/internal/config"
	"argosy.dev/argosy/hack/cluster/internal/images"
	"argosy.dev/argosy/hack/cluster/internal/node"
)

// Images makes the archives of all images that are not there yet. It needs no
// running cluster, so that a cold build can do it beside compiling.
func (c *Cluster) Images(ctx context.Context) error {
	if err := os.MkdirAll(c.layout.Path("images"), 0o755); err != nil {
		return fmt.Errorf("making directory: %w", err)
	}
	sets, err := c.imageSets()
	if err != nil {
		return err
	}
	for _, set := range sets {
		if _, _, err := c.build(ctx, set); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) imageSets() ([]images.Set, error) {
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		return nil, fmt.Errorf("looking for busybox: %w; run hack/cluster/install-packages.sh", err)
	}
	return images.Sets(busybox, c.layout.Bin("pause"), config.PauseImage), nil
}

// build makes the set's archive unless it is there, and returns its path and key.
// One builder works at a time, so whatever it finds half done is of a killed one.
func (c *Cluster) build(ctx context.Context, set images.Set) (path, key string, err error) {
	key, err = set.Key()
	if err != nil {
		return "", "", err
	}
	path = c.layout.Path("images", set.Name+"-"+key+".tar")
	held, err := flock(c.layout.Path("images", ".lock"), func() { c.say("waiting for another command to make images") })
	if err != nil {
		return "", "", err
	}
	defer func() { err = errors.Join(err, held.Close()) }()
	if _, err := os.Stat(path); err == nil {
		return path, key, nil
	}
	c.say("making %s images", set.Name)
	for _, pattern := range []string{set.Name + "-*.tar", ".build-*", ".archive-*"} {
		stale, err := filepath.Glob(c.layout.Path("images", pattern))
		if err != nil {
			return "", "", fmt.Errorf("listing images: %w", err)
		}
		for _, path := range stale {
			if err := os.RemoveAll(path); err != nil {
				return "", "", fmt.Errorf("removing stale images: %w", err)
			}
		}
	}
	return path, key, set.Build(ctx, path)
}

// ensureImages makes and imports every set that the runtime does not have.
func (c *Cluster) ensureImages(ctx context.Context) error {
	sets, err := c.imageSets()
	if err != nil {
		return err
	}
	for _, set := range sets {
		key, err := set.Key()
		if err != nil {
			return err
		}
		if ok, err := c.imported(ctx, set.Name, key, set.Refs); err != nil || ok {
			if err != nil {
				return err
			}
			continue
		}
		path, key, err := c.build(ctx, set)
		if err != nil {
			return err
		}
		if err := c.importArchive(ctx, set.Name, path, key, set.Refs); err != nil {
			return err
		}
		c.say("imported %s images", set.Name)
	}
	return nil
}

// LoadImage imports a docker-archive unless the same one was imported last.
func (c *Cluster) LoadImage(ctx context.Context, path string) error {
	refs, err := archive.Refs(path)
	if err != nil {
		return err
	}
	if len(refs) == 0 {
		return fmt.Errorf("%s names no image", path)
	}
	key, err := images.FileKey(path)
	if err != nil {
		return err
	}
	if ok, err := c.imported(ctx, refs[0], key, refs); err != nil {
		return err
	} else if ok {
		c.say("%s is loaded already", refs[0])
		return nil
	}
	if err := c.importArchive(ctx, refs[0], path, key, refs); err != nil {
		return err
	}
	c.say("loaded %s", refs[0])
	return nil
}

// importsFile records the key of what was last imported under each name.
func (c *Cluster) importsFile() string { return c.layout.Path("containerd", "argosy-imports.json") }

func (c *Cluster) imports() (map[string]string, error) {
	done := map[string]string{}
	data, err := os.ReadFile(c.importsFile())
	if errors.Is(err, fs.ErrNotExist) {
		return done, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading imports: %w", err)
	}
	// Half a record means only that images are imported once more.
	if err := json.Unmarshal(data, &done); err != nil {
		return map[string]string{}, nil
	}
	return done, nil
}

// imported reports whether the images are there in that version.
func (c *Cluster) imported(ctx context.Context, name, key string, refs []string) (_ bool, err error) {
	done, err := c.imports()
	if err != nil || done[name] != key {
		return false, err
	}
	runtime, err := node.Connect(c.layout.ContainerdSocket())
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, runtime.Close()) }()
	have, err := runtime.Images(ctx)
	if err != nil {
		return false, err
	}
	for _, ref := range refs {
		if !have[ref] {
			return false, nil
		}
	}
	return true, nil
}

func (c *Cluster) importArchive(ctx context.Context, name, path, key string, refs []string) error {
	cmd := exec.CommandContext(ctx, "ctr", "--address", c.layout.ContainerdSocket(), "--namespace", "k8s.io", "images", "import", path)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("importing %s: %w: %s", path, err, bytes.TrimSpace(out))
	}
	// The runtime learns of images by events; pods may use them only from then on.
	err := wait(ctx, "imported images", func(ctx context.Context) (err error) {
		runtime, err := node.Connect(c.layout.ContainerdSocket())
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, runtime.Close()) }()
		have, err := runtime.Images(ctx)
		if err != nil {
			return err
		}
		for _, ref := range refs {
			if !have[ref] {
				return fmt.Errorf("%s is not there", ref)
			}
		}
		return nil
	}, startTimeout)
	if err != nil {
		return err
	}
	c.importing.Lock()
	defer c.importing.Unlock()
	done, err := c.imports()
	if err != nil {
		return err
	}
	done[name] = key
	data, err := json.Marshal(done)
	if err != nil {
		return fmt.Errorf("recording imports: %w", err)
	}
	return writeIfChanged(c.importsFile(), data, 0o644)
}
