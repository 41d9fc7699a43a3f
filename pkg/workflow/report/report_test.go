// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	_ "argosy.dev/argosy/hack/seed"
)

func ptr[T any](v T) *T { return &v }

func TestEncodeDecode(t *testing.T) {
	for _, tc := range []struct {
		name string
		in   Report
		wire string // "" where it is compressed
	}{
		{"nothing", Report{}, `{"argosy":"v1"}`},
		{"empty result", Report{Result: ptr("")}, `{"argosy":"v1","result":""}`},
		{"markup is not escaped", Report{Result: ptr("<a&b>")}, `{"argosy":"v1","result":"<a&b>"}`},
		{"parameters in order", Report{Parameters: map[string]string{"b": "2", "a": ""}}, `{"argosy":"v1","parameters":{"a":"","b":"2"}}`},
		{"failure", Report{Message: "no such file", ExitCode: ptr(int32(0))}, `{"argosy":"v1","message":"no such file","exitCode":0}`},
		{"large but regular", Report{Result: ptr(strings.Repeat("0123456789\n", 20000)), Parameters: map[string]string{"p": "v"}}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b, err := Encode(tc.in)
			if err != nil {
				t.Fatal(err)
			}
			if tc.wire != "" && string(b) != tc.wire {
				t.Errorf("wire form %s, want %s", b, tc.wire)
			}
			if len(b) > MaxEncoded {
				t.Errorf("%d bytes", len(b))
			}
			got, err := Decode(string(b))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tc.in, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestEncodeTooLarge(t *testing.T) {
	noise := make([]byte, 4000)
	rand.New(rand.NewSource(1)).Read(noise)
	for name, r := range map[string]Report{
		"does not compress": {Result: ptr(base64.StdEncoding.EncodeToString(noise))},
		"beyond the bound":  {Result: ptr(strings.Repeat("a", MaxDecoded+1))},
	} {
		if b, err := Encode(r); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %d bytes, error %v", name, len(b), err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, m := range []string{"", "null", "[]", "out of memory", `{"result":"x"}`, `{"argosy":""}`, `{"argosy":"v1"} trailing`} {
		if _, err := Decode(m); !errors.Is(err, ErrNotReport) {
			t.Errorf("%q: %v", m, err)
		}
	}
	var bomb bytes.Buffer
	w, _ := flate.NewWriter(&bomb, flate.BestCompression)
	fmt.Fprintf(w, `{"result":"%s"}`, strings.Repeat("a", 2<<20))
	w.Close()
	for name, m := range map[string]string{
		"later version": `{"argosy":"v2"}`,
		"not deflate":   `{"argosy":"v1","deflate":"AAAA"}`,
		"empty deflate": `{"argosy":"v1","deflate":""}`,
		"bomb":          fmt.Sprintf(`{"argosy":"v1","deflate":"%s"}`, base64.StdEncoding.EncodeToString(bomb.Bytes())),
	} {
		if _, err := Decode(m); err == nil || errors.Is(err, ErrNotReport) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever is reported comes back unchanged (as UTF-8), or is refused as too large; the bytes are a function of the report.
func TestRoundTrip(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 6000), func(b []byte) string { return string(b) }))
	rapid.Check(t, func(t *rapid.T) {
		in := Report{Message: text.Draw(t, "message"), Parameters: rapid.MapOfN(rapid.StringMatching(`[a-z]{1,8}`), text, 0, 4).Draw(t, "parameters")}
		if rapid.Bool().Draw(t, "captured") {
			in.Result = ptr(text.Draw(t, "result"))
		}
		b, err := Encode(in)
		if errors.Is(err, ErrTooLarge) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := Encode(in); !bytes.Equal(b, again) || len(b) > MaxEncoded || !utf8.Valid(b) {
			t.Fatalf("not a termination message: %q", b)
		}
		got, err := Decode(string(b))
		if err != nil {
			t.Fatal(err)
		}
		want := Report{Message: valid(in.Message)}
		if in.Result != nil {
			want.Result = ptr(valid(*in.Result))
		}
		for k, v := range in.Parameters {
			if want.Parameters == nil {
				want.Parameters = map[string]string{}
			}
			want.Parameters[k] = valid(v)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
	})
}

// valid replaces each byte that is not UTF-8, as encoding/json does.
func valid(s string) string { return string([]rune(s)) }

func FuzzDecode(f *testing.F) {
	for _, r := range []Report{{}, {Result: ptr("x")}, {Result: ptr(strings.Repeat("abc", 9000))}} {
		b, err := Encode(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Add(`{"argosy":"v1","deflate":"AAAA"}`)
	f.Fuzz(func(t *testing.T, m string) {
		r, err := Decode(m)
		if err != nil {
			return
		}
		b, err := Encode(r)
		if errors.Is(err, ErrTooLarge) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		again, err := Decode(string(b))
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Parameters) == 0 {
			r.Parameters = nil
		}
		if d := cmp.Diff(r, again); d != "" {
			t.Fatal(d)
		}
	})
}
