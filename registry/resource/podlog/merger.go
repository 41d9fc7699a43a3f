// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package podlog makes one stream of the logs of several pods, by whole lines. It must not know whose pods they are, and
// reads no pods.
package podlog

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

const (
	// maxLine is how long a line, in bytes, may be to stay in one piece when logs are merged. Longer ones are cut.
	maxLine = 1 << 20
	// maxBatch is how many bytes of whole lines are handed on at once.
	maxBatch = 32 << 10
)

// Merger is a stream made of several: whole lines of each, as they come. What is in flight is bounded by a batch for each of them, since
// writers wait for the reader: a slow reader slows only its own logs down.
type Merger struct {
	ctx     context.Context
	cancel  context.CancelFunc
	batches chan []byte
	rest    []byte // of the last batch; only Read touches it
	running sync.WaitGroup
}

// New returns a stream of what produce, in a goroutine of its own, and those that it starts by m.Start write to it. All of them end
// with ctx, or when it is closed. The stream ends when all of them have.
func New(ctx context.Context, produce func(context.Context, *Merger)) *Merger {
	ctx, cancel := context.WithCancel(ctx)
	m := &Merger{ctx: ctx, cancel: cancel, batches: make(chan []byte)}
	m.Start(produce)
	go func() {
		m.running.Wait()
		close(m.batches)
	}()
	return m
}

// Start runs f in a goroutine. It is called by produce only, or before it.
func (m *Merger) Start(f func(context.Context, *Merger)) {
	m.running.Add(1)
	go func() {
		defer m.running.Done()
		f(m.ctx, m)
	}()
}

// Read implements io.Reader. It waits for the first byte only.
func (m *Merger) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(m.rest) == 0 {
		select {
		case <-m.ctx.Done():
			return 0, m.ctx.Err()
		case b, ok := <-m.batches:
			if !ok {
				if err := m.ctx.Err(); err != nil {
					return 0, err // closed, not ended
				}
				return 0, io.EOF
			}
			m.rest = b
		}
	}
	n := 0
	for {
		k := copy(p[n:], m.rest)
		n, m.rest = n+k, m.rest[k:]
		if n == len(p) {
			return n, nil
		}
		select {
		case b, ok := <-m.batches:
			if !ok {
				return n, nil // The next call says so.
			}
			m.rest = b
		default:
			return n, nil
		}
	}
}

// Close ends the stream and everything that writes to it.
func (m *Merger) Close() error {
	m.cancel()
	m.running.Wait()
	return nil
}

// send hands b on to the reader, and tells whether there still is one.
func (m *Merger) send(ctx context.Context, b []byte) bool {
	select {
	case m.batches <- b:
		return true
	case <-ctx.Done():
		return false
	}
}

// Note writes a line of our own.
func (m *Merger) Note(ctx context.Context, line string) {
	m.send(ctx, []byte(line+"\n"))
}

// Copy writes the lines of body, each after prefix, and closes it. It returns when body has ended or nobody reads any longer.
func (m *Merger) Copy(ctx context.Context, prefix string, body io.ReadCloser) {
	// A read does not know of ctx; closing ends it.
	stop := context.AfterFunc(ctx, func() { body.Close() })
	defer func() {
		stop()
		body.Close()
	}()
	r := bufio.NewReaderSize(body, 64<<10)
	var batch []byte
	begin := 0 // of the unfinished line in batch
	inLine := false
	for {
		part, err := r.ReadSlice('\n')
		if !inLine && len(part) > 0 {
			begin = len(batch)
			batch = append(batch, prefix...)
		}
		inLine = len(part) > 0 && part[len(part)-1] != '\n' || inLine && len(part) == 0
		batch = append(batch, part...)
		if inLine && (err != nil && !errors.Is(err, bufio.ErrBufferFull) || len(batch)-begin >= maxLine) {
			batch, inLine = append(batch, '\n'), false
		}
		switch {
		case err == nil, errors.Is(err, bufio.ErrBufferFull):
			if inLine || len(batch) < maxBatch && lineWaits(r) {
				continue
			}
			if !m.send(ctx, batch) {
				return
			}
			batch = nil
		default:
			if len(batch) > 0 && !m.send(ctx, batch) {
				return
			}
			if !errors.Is(err, io.EOF) && ctx.Err() == nil {
				m.Note(ctx, fmt.Sprintf("%sthe log is interrupted: %v", prefix, err))
			}
			return
		}
	}
}

// lineWaits tells whether r holds a whole line already.
func lineWaits(r *bufio.Reader) bool {
	b, _ := r.Peek(r.Buffered()) // never more than there is, so it does not fail
	return bytes.IndexByte(b, '\n') >= 0
}
