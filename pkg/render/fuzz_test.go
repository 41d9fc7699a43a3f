// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// What a child sends is hostile if it was taken over: whatever arrives is decoded or refused, and allocates no more than
// was sent.
func FuzzFrames(f *testing.F) {
	var seed bytes.Buffer
	for _, kind := range []byte{frameHello, frameRead, frameManifest, frameDone, frameError} {
		if err := writeFrame(&seed, kind, []byte(`{"type":"Helm","kind":"Invalid"}`)); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(seed.Bytes())
	f.Add([]byte{frameManifest, 0xff, 0xff, 0xff, 0xff, 1})
	f.Add([]byte{frameRead, 0, 0, 0, 3, 0, 'a'})
	f.Fuzz(func(t *testing.T, data []byte) {
		in := bytes.NewReader(data)
		for {
			before := in.Len()
			kind, payload, err := readFrame(in, 1<<20)
			if err != nil {
				break
			}
			if before-in.Len() != 5+len(payload) {
				t.Fatalf("frame of %d bytes took %d", len(payload), before-in.Len())
			}
			var again bytes.Buffer
			if err := writeFrame(&again, kind, payload); err != nil || !bytes.Equal(again.Bytes(), data[len(data)-before:len(data)-in.Len()]) {
				t.Fatalf("written again it differs: %v", err)
			}
		}
	})
}

// A whole conversation: what a child says never ends in more than an error.
func FuzzConversation(f *testing.F) {
	var seed bytes.Buffer
	for _, frame := range []struct {
		kind    byte
		payload string
	}{{frameRead, "\x00a"}, {frameList, "\x00"}, {frameStat, "x\x00../a"}, {frameManifest, "{}"}, {frameDone, `{"type":"Helm"}`}} {
		if err := writeFrame(&seed, frame.kind, []byte(frame.payload)); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(seed.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		p := &process{in: nothing{}, out: newReader(data)}
		result, err := p.converse(Config{}.defaulted(), request("a"), Trees{"": Map{"a": "text"}})
		if err == nil && result == nil {
			t.Fatal("neither result nor error")
		}
		if err != nil && result != nil {
			t.Fatal("both result and error")
		}
	})
}

// Splitting loses nothing but markers, comments and blank documents, and no document has a marker within.
func FuzzSplitYAML(f *testing.F) {
	f.Add([]byte("a: b\n---\nc: d\n...\n# e\n---\n--- {f: g}\n"))
	f.Add([]byte("---\r\na: |\n  ---\n---x\n--- # c\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		at := 0
		for _, doc := range splitYAML(data) {
			i := bytes.Index(data[at:], doc.text)
			if i < 0 {
				t.Fatalf("%q is not in %q after %d", doc.text, data, at)
			}
			if lines := bytes.Count(data[:at+i], []byte("\n")); lines > doc.line {
				t.Fatalf("%q begins in line %d, not %d", doc.text, lines, doc.line)
			}
			at += i + len(doc.text)
			for n, row := range bytes.SplitAfter(doc.text, []byte("\n")) {
				if n > 0 && isMarker(row, "---") && hasContent(bytes.Join(bytes.SplitAfter(doc.text, []byte("\n"))[:n], nil)) {
					t.Fatalf("%q has a marker within", doc.text)
				}
			}
		}
		if objects, err := objectsOfYAML("f", data); err == nil {
			for _, object := range objects {
				if !json.Valid(object) {
					t.Fatalf("%q is no JSON", object)
				}
			}
		} else if kindOf(err) != Invalid || !utf8.ValidString(asError(err).Message) {
			t.Fatalf("error %v", err)
		}
	})
}

// A glob compiles or is refused; a text without special characters matches itself only, and * all.
func FuzzGlob(f *testing.F) {
	f.Add("a/**/{b,c}*[!x-z]?.yaml", "a/d/e/bx.yaml")
	f.Add(`\*`, "*")
	f.Add("[]a]", "]")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		for _, paths := range []bool{false, true} {
			g, err := compileGlob(pattern, paths)
			if err != nil {
				continue
			}
			matched := g.matches(name)
			if !strings.ContainsAny(pattern, `*?[]{},\`) && matched != (pattern == name) {
				t.Errorf("%q matches %q: %t", pattern, name, matched)
			}
			if all, err := compileGlob("**", paths); err != nil || !all.matches(name) {
				t.Errorf("** does not match %q", name)
			}
		}
	})
}

func TestGlob(t *testing.T) {
	cases := []struct {
		pattern, name string
		plain, paths  bool
	}{
		{"*.yaml", "a.yaml", true, true},
		{"*.yaml", "a/b.yaml", true, false},
		{"a/*", "a/b/c", true, false},
		{"a/**", "a/b/c", true, true},
		{"**/c.yaml", "c.yaml", false, true},
		{"**/c.yaml", "a/b/c.yaml", true, true},
		{"a/**/c.yaml", "a/c.yaml", false, true},
		{"{a,b}.yaml", "b.yaml", true, true},
		{"{a,b/*}.yaml", "b/c.yaml", true, true},
		{"{a,b}.yaml", "c.yaml", false, false},
		{"a?c", "abc", true, true},
		{"a?c", "a/c", true, false},
		{"[a-c]x", "bx", true, true},
		{"[!a-c]x", "bx", false, false},
		{"[!a-c]x", "dx", true, true},
		{"[]]", "]", true, true},
		{`\*`, "*", true, true},
		{`\*`, "a", false, false},
		{"a,b", "a,b", true, true},
		{"a.c", "abc", false, false},
		{"ä*", "äb", true, true},
	}
	for _, c := range cases {
		for paths, want := range map[bool]bool{false: c.plain, true: c.paths} {
			g, err := compileGlob(c.pattern, paths)
			if err != nil {
				t.Fatalf("%s: %v", c.pattern, err)
			}
			if got := g.matches(c.name); got != want {
				t.Errorf("%s matches %s (paths: %t): %t", c.pattern, c.name, paths, got)
			}
		}
	}
	for _, pattern := range []string{"{a", "a}", "[a", `a\`, strings.Repeat("a", maxGlob+1), "\xff"} {
		if _, err := compileGlob(pattern, false); err == nil {
			t.Errorf("%.20q is taken", pattern)
		}
	}
}
