// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"bytes"
	"context"
	"errors"
	"math/rand"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/value"
	"pgregory.net/rapid"

	_ "argosy.dev/argosy/hack/seed"
)

// reversing stands for encryption: what it writes is not what it was given.
type reversing struct{}

func (reversing) TransformerForResource(schema.GroupResource) value.Transformer { return reverser{} }

type reverser struct{}

func (reverser) TransformFromStorage(_ context.Context, d []byte, _ value.Context) ([]byte, bool, error) {
	return reversed(d), false, nil
}

func (reverser) TransformToStorage(_ context.Context, d []byte, _ value.Context) ([]byte, error) {
	return reversed(d), nil
}

func reversed(d []byte) []byte {
	out := make([]byte, len(d))
	for i, b := range d {
		out[len(d)-1-i] = b
	}
	return out
}

func transformer(t testing.TB, inner value.ResourceTransformers) value.Transformer {
	t.Helper()
	r, err := Compressing(inner)
	if err != nil {
		t.Fatal(err)
	}
	return r.TransformerForResource(schema.GroupResource{Resource: "things"})
}

func TestCompressionRoundTrip(t *testing.T) {
	ctx := context.Background()
	for name, inner := range map[string]value.ResourceTransformers{"plain": nil, "encrypted": reversing{}} {
		t.Run(name, func(t *testing.T) {
			tr := transformer(t, inner)
			rapid.Check(t, func(t *rapid.T) {
				in := append([]byte("{"), bytes.Repeat(rapid.SliceOf(rapid.Byte()).Draw(t, "data"), rapid.IntRange(1, 300).Draw(t, "times"))...)
				stored, err := tr.TransformToStorage(ctx, in, value.DefaultContext("k"))
				if err != nil {
					t.Fatal(err)
				}
				out, stale, err := tr.TransformFromStorage(ctx, stored, value.DefaultContext("k"))
				if err != nil || stale || !bytes.Equal(in, out) {
					t.Fatalf("round trip: stale %v, error %v, equal %v", stale, err, bytes.Equal(in, out))
				}
			})
		})
	}
}

func TestCompressionOfStoredValues(t *testing.T) {
	ctx := context.Background()
	tr := transformer(t, nil)
	large := []byte(`{"a":"` + strings.Repeat("x", CompressFrom) + `"}`)

	stored, err := tr.TransformToStorage(ctx, large, value.DefaultContext("k"))
	if err != nil || !bytes.HasPrefix(stored, zstdMagic) || len(stored) > len(large)/15 {
		t.Errorf("large value: error %v, stored as %d bytes beginning %x", err, len(stored), stored[:4])
	}
	if out, stale, err := tr.TransformFromStorage(ctx, large, nil); err != nil || !stale || !bytes.Equal(out, large) {
		t.Errorf("large plain value: stale %v (want true), error %v", stale, err)
	}
	if out, stale, err := tr.TransformFromStorage(ctx, []byte("{}"), nil); err != nil || stale || string(out) != "{}" {
		t.Errorf("small plain value: %q, stale %v, error %v", out, stale, err)
	}
	if _, _, err := tr.TransformFromStorage(ctx, append(append([]byte{}, zstdMagic...), "garbage"...), nil); err == nil {
		t.Error("damaged value: no error")
	}
	if _, _, err := tr.TransformFromStorage(ctx, []byte("k8s:enc:aescbc:v1:k:x"), nil); err == nil {
		t.Error("an encrypted value without its key was returned as if it were plain")
	}
}

func TestDecompressionIsBounded(t *testing.T) {
	c, err := coders()
	if err != nil {
		t.Fatal(err)
	}
	bomb := c.enc.EncodeAll(make([]byte, maxValueSize+1), nil)
	if _, _, err := transformer(t, nil).TransformFromStorage(context.Background(), bomb, nil); err == nil {
		t.Error("a value expanding beyond the bound was accepted")
	}
}

func FuzzTransformFromStorage(f *testing.F) {
	f.Add([]byte("{}"))
	f.Add(zstdMagic)
	tr := transformer(f, nil)
	good, err := tr.TransformToStorage(context.Background(), bytes.Repeat([]byte("abc"), CompressFrom), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, data []byte) {
		out, _, err := tr.TransformFromStorage(context.Background(), data, nil)
		if err == nil && len(out) > maxValueSize {
			t.Errorf("%d bytes from %d", len(out), len(data))
		}
	})
}

func TestAliasesShareOnePrefix(t *testing.T) {
	native := schema.GroupResource{Group: "workflow.argosy.dev", Resource: "workflows"}
	alias := schema.GroupResource{Group: "argoproj.io", Resource: "workflows"}
	f := NewFactory(storagebackend.Config{}, Aliases{alias: native})
	if a, b := f.ResourcePrefix(alias), f.ResourcePrefix(native); a != b || a != "workflow.argosy.dev/workflows" {
		t.Errorf("prefixes %q and %q", a, b)
	}
	c, err := f.NewConfig(alias, nil)
	if err != nil || c.GroupResource != native {
		t.Errorf("config for %v, error %v", c.GroupResource, err)
	}
}

type etcdError struct{}

func (etcdError) Code() codes.Code { return codes.InvalidArgument }
func (etcdError) Error() string    { return "etcdserver: request is too large" }

func TestExplain(t *testing.T) {
	other := errors.New("other")
	if got := explain(other); got != other {
		t.Errorf("other error became %v", got)
	}
	if got := explain(nil); got != nil {
		t.Errorf("nil became %v", got)
	}
	for _, err := range []error{
		etcdError{},
		status.Error(codes.ResourceExhausted, "trying to send message larger than max (3145728 vs. 2097152)"),
	} {
		var st apierrors.APIStatus
		if got := explain(err); !errors.As(got, &st) || st.Status().Code != http.StatusRequestEntityTooLarge {
			t.Errorf("%v became %v", err, got)
		}
	}
}

func BenchmarkCompress(b *testing.B) {
	// About what a workflow of some hundred nodes looks like: repetitive, with ids that are not.
	var buf bytes.Buffer
	r := rand.New(rand.NewSource(1))
	buf.WriteByte('{')
	for range 500 {
		id := make([]byte, 10)
		for i := range id {
			id[i] = byte('0' + r.Intn(10))
		}
		buf.WriteString(`"many-` + string(id) + `":{"id":"many-` + string(id) + `","type":"Pod","phase":"Succeeded","templateScope":"local/many"},`)
	}
	tr := transformer(b, nil)
	b.SetBytes(int64(buf.Len()))
	for b.Loop() {
		stored, err := tr.TransformToStorage(context.Background(), buf.Bytes(), nil)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(buf.Len())/float64(len(stored)), "ratio")
	}
}
