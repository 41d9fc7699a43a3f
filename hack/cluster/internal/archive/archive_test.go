// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// read returns the content of every file of a tar, and the headers in order.
func read(t *testing.T, r io.Reader) (map[string][]byte, []*tar.Header) {
	t.Helper()
	files := map[string][]byte{}
	var headers []*tar.Header
	for archive := tar.NewReader(r); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files, headers
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[header.Name], err = io.ReadAll(archive); err != nil {
			t.Fatal(err)
		}
		headers = append(headers, header)
	}
}

func open(t *testing.T, path string) *os.File {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file
}

func TestArchiveHoldsWhatItWasMadeOf(t *testing.T) {
	dir := t.TempDir()
	host := filepath.Join(dir, "program")
	if err := os.WriteFile(host, []byte("binary"), 0o755); err != nil {
		t.Fatal(err)
	}
	layer, err := WriteLayer(filepath.Join(dir, "layer"), Tree{
		"/bin/program": {Host: host},
		"/bin/alias":   {Link: "program"},
		"/etc/motd":    {Data: []byte("hello"), Mode: 0o600},
		"/tmp":         {Dir: true, Mode: 0o1777},
	}.Fill)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "image.tar")
	shared := []Layer{layer}
	err = Write(out, []Image{
		{Refs: []string{"docker.io/library/a:1", "docker.io/library/a:2"}, Layers: shared, Config: Config{Entrypoint: []string{"/bin/program"}, User: "65532"}},
		{Refs: []string{"docker.io/library/b:1"}, Layers: shared},
	})
	if err != nil {
		t.Fatal(err)
	}

	files, headers := read(t, open(t, out))
	if len(headers) != 4 { // one layer for both, two configurations, the manifest
		t.Errorf("archive holds %d files, want 4", len(headers))
	}
	var manifest []manifestEntry
	if err := json.Unmarshal(files["manifest.json"], &manifest); err != nil {
		t.Fatal(err)
	}
	var config imageConfig
	if err := json.Unmarshal(files[manifest[0].Config], &config); err != nil {
		t.Fatal(err)
	}
	if config.Config.User != "65532" || !slices.Equal(config.Config.Entrypoint, []string{"/bin/program"}) || len(config.Config.Env) != 1 {
		t.Errorf("unexpected configuration %+v", config.Config)
	}
	sum := sha256.Sum256(files[manifest[0].Config])
	if want := hex.EncodeToString(sum[:]) + ".json"; manifest[0].Config != want {
		t.Errorf("configuration is named %s, want %s", manifest[0].Config, want)
	}

	zipped, err := gzip.NewReader(open(t, layer.Path))
	if err != nil {
		t.Fatal(err)
	}
	diff := sha256.New()
	content, entries := read(t, io.TeeReader(zipped, diff))
	if _, err := io.Copy(diff, zipped); err != nil {
		t.Fatal(err)
	}
	if got := "sha256:" + hex.EncodeToString(diff.Sum(nil)); got != config.RootFS.DiffIDs[0] {
		t.Errorf("layer has digest %s, configuration says %s", got, config.RootFS.DiffIDs[0])
	}
	if string(content["bin/program"]) != "binary" || string(content["etc/motd"]) != "hello" {
		t.Errorf("unexpected files %q", content)
	}
	var names []string
	for _, h := range entries {
		names = append(names, h.Name)
		if h.Name == "tmp/" && h.Mode != 0o1777 {
			t.Errorf("tmp has mode %o", h.Mode)
		}
		if h.Name == "bin/alias" && h.Linkname != "program" {
			t.Errorf("alias links to %q", h.Linkname)
		}
	}
	if want := []string{"bin/", "bin/alias", "bin/program", "etc/", "etc/motd", "tmp/"}; !slices.Equal(names, want) {
		t.Errorf("layer holds %q, want parents before children: %q", names, want)
	}
}

func TestSameInputGivesSameBytes(t *testing.T) {
	var keys []string
	for range 2 {
		dir := t.TempDir()
		layer, err := WriteLayer(filepath.Join(dir, "layer"), Tree{"/a": {Data: []byte("x")}, "/b/c": {Data: []byte("y")}}.Fill)
		if err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(dir, "out.tar")
		if err := Write(out, []Image{{Refs: []string{"r:1"}, Layers: []Layer{layer}}}); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		keys = append(keys, hex.EncodeToString(sum[:]))
	}
	if keys[0] != keys[1] {
		t.Error("two archives of the same input differ")
	}
}

func TestRefs(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.tar")
	if err := Write(out, []Image{{Refs: []string{"a:1", "a:2"}}, {Refs: []string{"b:1"}}}); err != nil {
		t.Fatal(err)
	}
	refs, err := Refs(out)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"a:1", "a:2", "b:1"}; !slices.Equal(refs, want) {
		t.Errorf("got %q, want %q", refs, want)
	}
	notAnArchive := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(notAnArchive, []byte("text"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Refs(notAnArchive); err == nil {
		t.Error("a file that is no archive was taken for one")
	}
}

func TestFailedWriteLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out.tar")
	if err := Write(out, []Image{{Refs: []string{"a:1"}, Layers: []Layer{{Path: filepath.Join(dir, "absent"), DiffID: "sha256:00"}}}}); err == nil {
		t.Fatal("a missing layer was accepted")
	}
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}
