// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package storage decides how objects lie in etcd: compressed, under one key
// per kind whichever API group serves it, and with a clear answer when one is
// too large. It must not know any kind.
package storage

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/storage/value"
	"k8s.io/apiserver/pkg/storage/value/encrypt/identity"
)

const (
	// CompressFrom is the size in bytes from which a value is compressed.
	// Below it the saving is less than the page that etcd writes anyway.
	CompressFrom = 2 << 10

	// maxValueSize bounds what a stored value may expand to, so that a crafted
	// one cannot exhaust memory. No request body comes near it.
	maxValueSize = 64 << 20
)

// zstdMagic begins every zstd frame (RFC 8878, 3.1.1) and no JSON or encrypted
// value, so it tells compressed values from plain ones, and `zstd -d` reads them.
var zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}

// coders are shared: EncodeAll and DecodeAll are safe for concurrent use and
// pool their buffers themselves.
var coders = sync.OnceValues(func() (*codec, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(1<<20))
	if err != nil {
		return nil, fmt.Errorf("creating the zstd encoder: %w", err)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxValueSize))
	if err != nil {
		return nil, fmt.Errorf("creating the zstd decoder: %w", err)
	}
	return &codec{enc, dec}, nil
})

type codec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

// Compressing returns transformers that compress before inner encrypts, and
// decompress after it has decrypted. A nil inner stores values unencrypted.
func Compressing(inner value.ResourceTransformers) (value.ResourceTransformers, error) {
	c, err := coders()
	if err != nil {
		return nil, err
	}
	return &resourceTransformers{inner: inner, codec: c}, nil
}

type resourceTransformers struct {
	inner value.ResourceTransformers
	codec *codec
}

// TransformerForResource implements value.ResourceTransformers.
func (r *resourceTransformers) TransformerForResource(gr schema.GroupResource) value.Transformer {
	inner := value.Transformer(identity.NewEncryptCheckTransformer())
	if r.inner != nil {
		inner = r.inner.TransformerForResource(gr)
	}
	return &compressor{inner: inner, codec: r.codec}
}

type compressor struct {
	inner value.Transformer
	codec *codec
}

var _ value.Transformer = &compressor{}

// TransformFromStorage decompresses. A plain value is read as it is, and is
// stale if it would be compressed today, so that the next write shrinks it.
func (t *compressor) TransformFromStorage(ctx context.Context, data []byte, dataCtx value.Context) ([]byte, bool, error) {
	data, stale, err := t.inner.TransformFromStorage(ctx, data, dataCtx)
	if err != nil {
		return nil, stale, err
	}
	if !bytes.HasPrefix(data, zstdMagic) {
		return data, stale || len(data) >= CompressFrom, nil
	}
	plain, err := t.codec.dec.DecodeAll(data, nil)
	if err != nil {
		return nil, stale, fmt.Errorf("decompressing a stored value: %w", err)
	}
	return plain, stale, nil
}

// TransformToStorage compresses values from CompressFrom on.
func (t *compressor) TransformToStorage(ctx context.Context, data []byte, dataCtx value.Context) ([]byte, error) {
	if len(data) >= CompressFrom {
		data = t.codec.enc.EncodeAll(data, make([]byte, 0, len(data)/4))
	}
	return t.inner.TransformToStorage(ctx, data, dataCtx)
}
