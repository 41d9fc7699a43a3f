// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package podlog

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	_ "argosy.dev/argosy/hack/seed"
)

// However the logs come, each line of the merged stream is a whole line of one of them, in its order, after its prefix.
func TestMergerKeepsLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		logs := rapid.SliceOfN(rapid.SliceOfN(rapid.OneOf(
			rapid.StringMatching(`[a-z]{0,20}`),
			rapid.Map(rapid.IntRange(60<<10, 200<<10), func(n int) string { return strings.Repeat("x", n) }),
		), 0, 20), 1, 5).Draw(t, "logs")
		newline := rapid.Bool().Draw(t, "last line ends")
		small := rapid.Bool().Draw(t, "small reads")
		m := New(context.Background(), func(_ context.Context, m *Merger) {
			for i, lines := range logs {
				text := strings.Join(lines, "\n")
				if newline && len(lines) > 0 {
					text += "\n"
				}
				var r io.Reader = strings.NewReader(text)
				if small {
					r = iotest.HalfReader(r)
				}
				m.Start(func(ctx context.Context, m *Merger) { m.Copy(ctx, fmt.Sprintf("[%d] ", i), io.NopCloser(r)) })
			}
		})
		all, err := io.ReadAll(m)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		got := make([][]string, len(logs))
		for _, line := range strings.SplitAfter(string(all), "\n") {
			if line == "" {
				continue
			}
			var i int
			if _, err := fmt.Sscanf(line, "[%d] ", &i); err != nil || !strings.HasSuffix(line, "\n") {
				t.Fatalf("%.100q: %v", line, err)
			}
			_, rest, _ := strings.Cut(line, "] ")
			got[i] = append(got[i], strings.TrimSuffix(rest, "\n"))
		}
		for i, lines := range logs {
			if !newline && len(lines) > 0 && lines[len(lines)-1] == "" {
				lines = lines[:len(lines)-1] // nothing follows the last newline
			}
			if strings.Join(lines, "\n") != strings.Join(got[i], "\n") || len(lines) != len(got[i]) {
				t.Fatalf("log %d: %d lines, want %d", i, len(got[i]), len(lines))
			}
		}
	})
}

// A line without end is handed on in pieces, each with its prefix: memory is bounded.
func TestMergerCutsEndlessLines(t *testing.T) {
	const size = 3*maxLine + 5
	m := New(context.Background(), func(ctx context.Context, m *Merger) {
		m.Copy(ctx, "[p] ", io.NopCloser(strings.NewReader(strings.Repeat("x", size))))
	})
	all, err := io.ReadAll(m)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(all), "\n"), "\n")
	if n := strings.Count(string(all), "x"); n != size {
		t.Errorf("%d bytes of %d", n, size)
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, "[p] x") || len(line) > maxLine+64<<10 {
			t.Errorf("%d bytes: %.20q", len(line), line)
		}
	}
}

// When the reader goes, whatever writes ends: writers that wait for the reader, and those that wait for their logs.
func TestMergerClose(t *testing.T) {
	silent, w := io.Pipe()
	defer w.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	m := New(ctx, func(ctx context.Context, m *Merger) {
		m.Start(func(ctx context.Context, m *Merger) { m.Copy(ctx, "", silent) })
		m.Start(func(ctx context.Context, m *Merger) {
			m.Copy(ctx, "", io.NopCloser(strings.NewReader(strings.Repeat("line\n", 1<<20))))
		})
	})
	if _, err := m.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil { // returns when all goroutines have ended, or hangs the test
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, m); err == nil {
		t.Error("reading goes on after Close")
	}
}
