// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"argosy.dev/argosy/pkg/workflow/report"
)

// readParams reads the output parameters. A file that cannot be read takes the default, if there is one; otherwise it is an error, and
// the others are read nevertheless.
func (o *runOptions) readParams() (map[string]string, error) {
	if len(o.params) == 0 {
		return nil, nil
	}
	values := make(map[string]string, len(o.params))
	var errs []error
	for _, p := range o.params {
		value, err := readParam(p.path)
		if err != nil && !errors.Is(err, report.ErrTooLarge) {
			if def, ok := o.defaults[p.name]; ok {
				value, err = def, nil
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("output parameter %q: %w", p.name, err))
			continue
		}
		values[p.name] = value
	}
	return values, errors.Join(errs...)
}

// readParam returns the content of path without one trailing newline.
func readParam(path string) (string, error) {
	// Opening a FIFO would wait for a writer that has gone.
	fi, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if !fi.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, report.MaxDecoded+1))
	if err != nil {
		return "", err
	}
	if len(b) > report.MaxDecoded {
		return "", fmt.Errorf("%s: %w: more than %d bytes", path, report.ErrTooLarge, report.MaxDecoded)
	}
	return strings.TrimSuffix(string(b), "\n"), nil
}

// userMessage returns what the user's program itself left in the termination log, which the report is about to replace.
func userMessage(path string) string {
	const limit = report.MaxEncoded / 2 // leaves room for the outputs
	f, err := os.Open(path)
	if err != nil {
		return "" // Nothing there to keep.
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return ""
	}
	if len(b) > limit {
		b = append(b[:limit], "..."...)
	}
	return strings.TrimSpace(string(b))
}

// writeReport puts r into the termination log at path.
func writeReport(path string, r report.Report) error {
	b, err := report.Encode(r)
	if err != nil {
		return err
	}
	// No O_CREATE: the kubelet made the file and mounted it; anywhere else nobody would read it.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return fmt.Errorf("opening the termination log: %w", err)
	}
	if _, err := f.Write(b); err != nil {
		f.Close()
		return fmt.Errorf("writing the termination log: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("writing the termination log: %w", err)
	}
	return nil
}
