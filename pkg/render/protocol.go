// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

// The parent and the child speak frames: a byte for what it is, four bytes of length, the payload. The child asks for one
// file at a time and waits for the answer, so frames need no numbers.
const (
	// From the parent.
	frameSetup  = 'C' // setup, as JSON: the first frame
	frameRender = 'R' // job, as JSON
	frameOK     = 'f' // what was asked for: content, or JSON of entries
	frameAbsent = 'n' // there is no such file
	frameBeyond = 'o' // a link out of the tree
	frameFault  = 'x' // an Error, as JSON
	frameAbort  = 'a' // the render is over: the parent's own trouble
	// From the child.
	frameHello    = 'H' // hello, as JSON: the sandbox is in place, or why not
	frameRead     = 'r' // TREE NUL PATH
	frameList     = 'l' // TREE NUL PATH
	frameStat     = 's' // TREE NUL PATH
	frameManifest = 'm' // one object, as JSON
	frameDone     = 'd' // done, as JSON
	frameError    = 'e' // an Error, as JSON
)

// maxFrame bounds any frame, in bytes.
const maxFrame = 256 << 20

// setup is what a child is told once.
type setup struct {
	Memory    int64 `json:"memory"`
	Procs     int   `json:"procs"`
	Unguarded bool  `json:"unguarded,omitempty"`
	// Hook names a test of the sandbox, see hookNames.
	Hook string `json:"hook,omitempty"`
}

// hello is what a child answers.
type hello struct {
	// Failure says why there is no sandbox. The child ends then.
	Failure string `json:"failure,omitempty"`
	// Hook is what a test of the sandbox found.
	Hook string `json:"hook,omitempty"`
}

// job is one render.
type job struct {
	Request Request  `json:"request"`
	Trees   []string `json:"trees"`
	Output  int64    `json:"output"`
}

// done says that all manifests were sent.
type done struct {
	Type      string `json:"type"`
	AsksKinds bool   `json:"asksKinds,omitempty"`
}

// writeFrame writes a frame.
func writeFrame(w io.Writer, kind byte, payload []byte) error {
	if len(payload) > maxFrame {
		return fmt.Errorf("frame of %d bytes", len(payload))
	}
	// One write, so that the other side wakes up once.
	frame := make([]byte, 5+len(payload))
	frame[0] = kind
	binary.BigEndian.PutUint32(frame[1:], uint32(len(payload)))
	copy(frame[5:], payload)
	_, err := w.Write(frame)
	return err
}

// writeJSON writes a frame with a value.
func writeJSON(w io.Writer, kind byte, value any) error {
	payload, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return writeFrame(w, kind, payload)
}

// readFrame reads a frame of at most limit bytes. What it allocates grows with what arrives, not with what is announced.
func readFrame(r io.Reader, limit int64) (kind byte, payload []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	size := int64(binary.BigEndian.Uint32(head[1:]))
	if size > limit {
		return 0, nil, fmt.Errorf("frame of %d bytes, more than %d", size, limit)
	}
	if size <= 1<<20 {
		payload = make([]byte, size)
		_, err = io.ReadFull(r, payload)
	} else {
		payload, err = io.ReadAll(io.LimitReader(r, size))
		if err == nil && int64(len(payload)) < size {
			err = io.ErrUnexpectedEOF
		}
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return head[0], payload, err
}
