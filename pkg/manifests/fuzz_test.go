// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io/fs"
	"net/url"
	"strings"
	"testing"

	"github.com/Masterminds/semver/v3"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// FuzzIndex: any index.yaml gives versions that are ones, or an error.
func FuzzIndex(f *testing.F) {
	f.Add([]byte("entries:\n  c:\n  - {version: 1.0.0, urls: [a.tgz], digest: sha256:00}\n  - {version: x}\n  - null\n"), "1.x")
	f.Add([]byte("entries: {c: null}"), "")
	f.Add([]byte("- 1"), ">=1, <2 || ^3")
	f.Fuzz(func(t *testing.T, text []byte, want string) {
		x, err := parseIndex(text)
		if err != nil {
			return
		}
		for name := range x {
			v, err := x.find(name, want)
			if err != nil {
				continue
			}
			if _, err := semver.NewVersion(v.Version); err != nil || len(v.URLs) != 1 {
				t.Fatalf("%q: %+v", name, v)
			}
		}
	})
}

// FuzzChoose: credentials go only to a URL of the same scheme and host, whose path begins as theirs does.
func FuzzChoose(f *testing.F) {
	for _, pair := range [][2]string{
		{"https://host/org", "https://host/org/app.git"}, {"https://host", "https://host.evil/x"}, {"https://host", "https://host@evil/x"}, {"https://host:443/", "https://host/x"},
		{"git@host:org", "ssh://git@host/org/app"}, {"https://host/org", "https://host/org/../other"}, {"https://h/a/", "https://h/ab"}, {"https://host", "http://host/x"}, {"https://[::1]", "https://[::1]:8443/x"},
		{"host:", "host:x"}, {"https://HOST/x", "https://host/x/y"},
	} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, prefix, repo string) {
		s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "s", Labels: map[string]string{appv1.LabelSecretType: SecretTypeRepositoryCredentials}}, Data: map[string][]byte{"url": []byte(prefix), "password": []byte("x")}}
		_, found := choose([]*corev1.Secret{s}, repo, "p")
		if found == nil || !strings.Contains(prefix, "://") || !strings.Contains(repo, "://") {
			return
		}
		a, err1 := url.Parse(strings.TrimSpace(prefix))
		b, err2 := url.Parse(strings.TrimSpace(repo))
		if err1 != nil || err2 != nil {
			t.Fatalf("%q for %q: %v %v", prefix, repo, err1, err2)
		}
		if !strings.EqualFold(a.Hostname(), b.Hostname()) {
			t.Fatalf("credentials of %q go to %q", prefix, repo)
		}
		ssh := func(scheme string) bool { return strings.Contains(strings.ToLower(scheme), "ssh") }
		if !strings.EqualFold(a.Scheme, b.Scheme) && !(ssh(a.Scheme) && ssh(b.Scheme)) {
			t.Fatalf("credentials of %q go to %q", prefix, repo)
		}
		if strings.Contains(b.Path+"/", "/../") {
			t.Fatalf("%q is taken", repo)
		}
	})
}

// FuzzUnpack: no archive gives a path that is none.
func FuzzUnpack(f *testing.F) {
	for _, name := range []string{"c/Chart.yaml", "../x", "/abs", "c/../../x", "c", "c/a/./b", "c\\..\\x"} {
		var out bytes.Buffer
		zipped := gzip.NewWriter(&out)
		archive := tar.NewWriter(zipped)
		_ = archive.WriteHeader(&tar.Header{Name: name, Size: 1, Typeflag: tar.TypeReg, Mode: 0o644})
		_, _ = archive.Write([]byte("x"))
		_ = archive.Close()
		_ = zipped.Close()
		f.Add(out.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := unpack(data)
		if err != nil {
			return
		}
		for name := range files {
			if !fs.ValidPath(name) {
				t.Fatalf("%q", name)
			}
		}
	})
}

// TestLRU keeps what was used last, within its limit.
func TestLRU(t *testing.T) {
	l := newLRU[int](10)
	l.put("a", 1, 4)
	l.put("b", 2, 4)
	l.get("a")
	l.put("c", 3, 4)
	if _, found := l.get("b"); found {
		t.Error("b is kept")
	}
	if v, found := l.get("a"); !found || v != 1 {
		t.Error("a is not kept")
	}
	l.put("a", 5, 11)
	if _, found := l.get("a"); found || l.size != 4 {
		t.Errorf("what is too large is kept, or the size is wrong: %d", l.size)
	}
}

// TestKey: each field of a request counts for its key, but the revision and the kinds, which count where they are asked for.
func TestKeyOfRequest(t *testing.T) {
	base, err := key(renderRequest())
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range changes() {
		r := renderRequest()
		change(&r)
		changed, err := key(r)
		if err != nil {
			t.Fatal(err)
		}
		if (changed != base) != (name != "revision" && name != "kinds") {
			t.Errorf("%s: same key: %t", name, changed == base)
		}
	}
}
