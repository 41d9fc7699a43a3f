// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package gitserver

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// Charts is a Helm chart repository on the server.
type Charts struct {
	// URL is what repoURL says.
	URL string

	t     testing.TB
	s     *Server
	files map[string][]byte
	index []string
}

// Charts makes an empty chart repository.
func (s *Server) Charts(name string) *Charts {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &Charts{URL: s.URL() + "/charts/" + name, t: s.t, s: s, files: map[string][]byte{}}
	s.charts[name] = c
	return c
}

// Add adds a version of a chart. Its files have paths from the chart's root; Chart.yaml is made if it is not among them.
func (c *Charts) Add(name, version string, files map[string]string) {
	c.t.Helper()
	content := map[string]string{"Chart.yaml": fmt.Sprintf("apiVersion: v2\nname: %s\nversion: %s\n", name, version)}
	maps.Copy(content, files)
	prefixed := map[string]string{}
	for path, text := range content {
		prefixed[name+"/"+path] = text
	}
	c.AddArchive(name, version, Archive(c.t, prefixed))
}

// AddArchive adds a version of a chart as it is.
func (c *Charts) AddArchive(name, version string, archive []byte) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	file := fmt.Sprintf("%s-%s.tgz", name, version)
	c.files[file] = archive
	c.index = append(c.index, fmt.Sprintf("  - {apiVersion: v2, name: %s, version: %q, digest: %x, urls: [%s]}\n", name, version, sha256.Sum256(archive), file))
	entries := map[string][]string{}
	for _, line := range c.index {
		_, after, _ := strings.Cut(line, "name: ")
		chart, _, _ := strings.Cut(after, ",")
		entries[chart] = append(entries[chart], line)
	}
	var text strings.Builder
	text.WriteString("apiVersion: v1\nentries:\n")
	for _, chart := range slices.Sorted(maps.Keys(entries)) {
		fmt.Fprintf(&text, "  %s:\n%s", chart, strings.Join(entries[chart], ""))
	}
	c.files["index.yaml"] = []byte(text.String())
}

// Set sets a file of the repository, such as index.yaml.
func (c *Charts) Set(file string, content []byte) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.files[file] = content
}

// Archive makes a tgz of files.
func Archive(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	archive := tar.NewWriter(zipped)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		header := &tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[name])), Typeflag: tar.TypeReg}
		if target, link := strings.CutPrefix(files[name], linkTo); link {
			header.Typeflag, header.Linkname, header.Size = tar.TypeSymlink, target, 0
		}
		if err := archive.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if header.Typeflag == tar.TypeReg {
			if _, err := archive.Write([]byte(files[name])); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func (s *Server) serveCharts(w http.ResponseWriter, r *http.Request) {
	name, file, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/charts/"), "/")
	s.mu.Lock()
	var content []byte
	found := false
	if c := s.charts[name]; c != nil {
		content, found = c.files[file]
	}
	s.mu.Unlock()
	if !found {
		http.NotFound(w, r)
		return
	}
	_, _ = w.Write(content)
}
