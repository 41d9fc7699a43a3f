// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package git

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"argosy.dev/argosy/pkg/remote"
)

// FuzzAddress: what is taken can be written and read again, has no password in it, and is no option to any program.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{
		"https://user:pass@host/a.git", "git@github.com:org/repo.git", "ssh://git@host:2222/x", "host:/abs", "file:///tmp/x", "git+ssh://h/x", "http://[::1]:80/x",
		"ssh://-oProxyCommand=x/y", "a:-b", "https://host:x/y", "https://h/%2e%2e/x", "HTTPS://HOST/x", "A:/0",
	} {
		f.Add(s, "../other.git")
	}
	f.Fuzz(func(t *testing.T, text, other string) {
		a, err := ParseAddress(text)
		if err != nil {
			return
		}
		if strings.HasPrefix(a.Path, "-") || strings.HasPrefix(a.Host, "-") {
			t.Fatalf("%q: an option: %+v", text, a)
		}
		again, err := ParseAddress(a.String())
		if err != nil {
			t.Fatalf("%q is %q, which cannot be read: %v", text, a, err)
		}
		if again.Scheme != a.Scheme || again.Host != a.Host || again.Path != a.Path || again.Password != "" {
			t.Fatalf("%q: %+v, again %+v", text, a, again)
		}
		if again.Key() != a.Key() {
			t.Fatalf("%q: keys %q and %q", text, a.Key(), again.Key())
		}
		b, err := a.Relative(other)
		if err == nil && strings.HasPrefix(other, "../") && (b.Host != a.Host || b.Scheme != a.Scheme || b.Password != "") {
			t.Fatalf("%q from %q leads to %q", other, text, b)
		}
	})
}

// FuzzFind: no revision makes it fail, and what is found is among the refs.
func FuzzFind(f *testing.F) {
	refs := &Refs{Head: "h", HeadRef: "refs/heads/main", Commits: map[string]string{"refs/heads/main": "m", "refs/tags/v1.2.3": "a", "refs/tags/web-2.0.0": "b", "refs/tags/x": "c"}}
	for _, s := range []string{"", "HEAD", "main", "1.x", ">= 1, < 2", "^1 || ~2", "v1.2.3", "refs/heads/main", "*", "1.2.3 - 2", "\x00", "x"} {
		f.Add(s, "")
		f.Add(s, "web-")
	}
	f.Fuzz(func(t *testing.T, revision, prefix string) {
		if len(revision) > maxRevision {
			return
		}
		found, ok := refs.Find(revision, prefix)
		if !ok {
			return
		}
		if want, there := refs.Commits[found.Ref]; revision != "" && revision != "HEAD" && (!there || want != found.Commit) {
			t.Fatalf("%q: %+v", revision, found)
		}
	})
}

// FuzzModules: .gitmodules of any text gives addresses that can be, or none.
func FuzzModules(f *testing.F) {
	f.Add([]byte("[submodule \"a\"]\n\tpath = a\n\turl = ../b.git\n"))
	f.Add([]byte("[submodule \"a\"]\n\tpath = ../a\n\turl = -u\n"))
	parent := Address{Scheme: "https", Host: "host", Path: "/org/app.git"}
	f.Fuzz(func(t *testing.T, text []byte) {
		for path, at := range parseModules(text, parent) {
			if _, err := ParseAddress(at.String()); err != nil || path == "" {
				t.Fatalf("%q: %v", path, err)
			}
		}
	})
}

// FuzzCheckPack: any bytes end, and within the limits.
func FuzzCheckPack(f *testing.F) {
	f.Add(pack(entry(3, 5, []byte("hello"))))
	f.Add(pack(entry(7, 4, []byte{5, 5, 0x90, 5})))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = checkPack(bytes.NewReader(data), Limits{Objects: 10, Object: 1 << 16, Inflated: 1 << 18})
	})
}

// entry encodes an entry of a pack: a type, the size that it says it has, and content. A REF_DELTA has a base of zeros.
func entry(kind byte, size int, content []byte) []byte {
	var out bytes.Buffer
	c := kind<<4 | byte(size&15)
	for size >>= 4; size > 0; size >>= 7 {
		out.WriteByte(c | 0x80)
		c = byte(size & 0x7f)
	}
	out.WriteByte(c)
	if kind == 7 {
		out.Write(make([]byte, 20))
	}
	z := zlib.NewWriter(&out)
	_, _ = z.Write(content)
	_ = z.Close()
	return out.Bytes()
}

func pack(objects ...[]byte) []byte {
	out := []byte("PACK\x00\x00\x00\x02")
	out = binary.BigEndian.AppendUint32(out, uint32(len(objects)))
	for _, o := range objects {
		out = append(out, o...)
	}
	sum := sha1.Sum(out)
	return append(out, sum[:]...)
}

// TestPackBombs: what an object or a delta says of its size is believed, and held to it.
func TestPackBombs(t *testing.T) {
	limits := Limits{Objects: 10, Object: 1000, Inflated: 3000}
	varint := func(n uint64) []byte { return binary.AppendUvarint(nil, n) }
	delta := func(result uint64) []byte { return append(append(varint(5), varint(result)...), 0x90, 5) }
	for name, c := range map[string]struct {
		pack []byte
		ok   bool
	}{
		"fine":            {pack(entry(3, 5, []byte("hello"))), true},
		"a large object":  {pack(entry(3, 5000, make([]byte, 5000))), false},
		"a lie":           {pack(entry(3, 5, make([]byte, 5000))), false},
		"a delta":         {pack(entry(7, len(delta(900)), delta(900))), true},
		"a large delta":   {pack(entry(7, len(delta(1<<40)), delta(1<<40))), false},
		"a delta of 2^63": {pack(entry(7, len(delta(1<<63)), delta(1<<63))), false},
		"an empty delta":  {pack(entry(7, 0, nil)), false},
		"many":            {pack(slice(11, entry(3, 5, []byte("hello")))...), false},
		"large together":  {pack(slice(4, entry(3, 900, make([]byte, 900)))...), false},
		"deltas together": {pack(slice(4, entry(7, len(delta(900)), delta(900)))...), false},
		"nothing":         {nil, false},
		"cut":             {pack(entry(3, 5, []byte("hello")))[:20], false},
	} {
		if _, err := checkPack(struct{ *bytes.Buffer }{bytes.NewBuffer(c.pack)}, limits); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := checkPack(bytes.NewReader(pack(entry(3, 5000, make([]byte, 5000)))), limits); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a large object: %v", err)
	}
}

func slice(n int, o []byte) [][]byte {
	var out [][]byte
	for range n {
		out = append(out, o)
	}
	return out
}

// TestFingerprint: each part of an Access makes another store.
func TestFingerprint(t *testing.T) {
	key := []byte("key")
	seen := map[string]remote.Access{}
	for _, a := range []remote.Access{
		{}, {Username: "a"}, {Password: "a"}, {BearerToken: "a"}, {ClientCert: "a"}, {ClientKey: "a"}, {CA: "a"}, {Insecure: true}, {PrivateKey: "a"}, {KnownHosts: "a"}, {Proxy: "a"}, {NoProxy: "a"},
		{Username: "a", Password: "b"}, {Username: "ab"},
	} {
		name := a.Fingerprint(key, "https://host/x")
		if other, twice := seen[name]; twice {
			t.Errorf("%+v and %+v share a store", a, other)
		}
		seen[name] = a
		if a.Fingerprint(key, "https://host/y") == name || a.Fingerprint([]byte("other"), "https://host/x") == name {
			t.Errorf("%+v: the address or the key does not count", a)
		}
	}
}
