// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"argosy.dev/argosy/pkg/render"
)

// Limits of an archive of a chart.
const (
	maxArchive  = 32 << 20
	maxUnpacked = 128 << 20
	maxEntries  = 20_000
	// maxPadding is how many bytes of an archive may be neither names nor contents: headers and gaps.
	maxPadding = maxEntries * 2048
)

// unpack reads a chart's archive: a tgz with one folder, which becomes the root. Nothing touches a disk. Links and paths
// that lead out are refused.
func unpack(archive []byte) (render.Map, error) {
	zipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, errors.New("the chart is no tgz")
	}
	entries := tar.NewReader(io.LimitReader(zipped, maxUnpacked+maxPadding))
	files := render.Map{}
	var total int64
	for n := 0; ; n++ {
		header, err := entries.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, errors.New("the chart's archive is damaged or too large")
		}
		if n >= maxEntries {
			return nil, fmt.Errorf("the chart has more than %d files", maxEntries)
		}
		switch header.Typeflag {
		case tar.TypeDir, tar.TypeXGlobalHeader:
			continue
		case tar.TypeReg:
		default:
			return nil, fmt.Errorf("the chart's archive has a link or device: %.100q", header.Name)
		}
		name, err := within(header.Name)
		if err != nil {
			return nil, err
		}
		if total += header.Size; header.Size < 0 || total > maxUnpacked {
			return nil, fmt.Errorf("the chart has more than %d bytes", maxUnpacked)
		}
		content, err := io.ReadAll(io.LimitReader(entries, header.Size))
		if err != nil {
			return nil, errors.New("the chart's archive is damaged or too large")
		}
		files[name] = string(content)
	}
	if len(files) == 0 {
		return nil, errors.New("the chart's archive is empty")
	}
	return files, nil
}

// within returns a path of an archive without its first folder.
func within(name string) (string, error) {
	clean := path.Clean(strings.TrimPrefix(name, "./"))
	if !fs.ValidPath(clean) || strings.ContainsAny(clean, "\\\x00") || strings.Contains("/"+name+"/", "/../") {
		return "", fmt.Errorf("the chart's archive has a path that leads out of it: %.100q", name)
	}
	_, below, found := strings.Cut(clean, "/")
	if !found || below == "" {
		return "", fmt.Errorf("the chart's archive has a file outside of its folder: %.100q", name)
	}
	return below, nil
}
