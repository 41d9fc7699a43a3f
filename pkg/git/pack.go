// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package git

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
)

// checkPack goes through a pack before anything is made of it, and returns how many objects it has. Each object says how
// large it is, and each delta how large its result is: what exceeds the limits is refused before memory is used for it.
func checkPack(r io.Reader, limits Limits) (int64, error) {
	scanner := packfile.NewScanner(r)
	_, count, err := scanner.Header()
	if err != nil {
		return 0, fmt.Errorf("read the pack: %w", err)
	}
	if int64(count) > limits.Objects {
		return 0, fmt.Errorf("%w: the pack has %d objects, the limit is %d", ErrTooLarge, count, limits.Objects)
	}
	var total int64
	for range count {
		header, err := scanner.NextObjectHeader()
		if err != nil {
			return 0, fmt.Errorf("read the pack: %w", err)
		}
		if header.Length > limits.Object {
			return 0, fmt.Errorf("%w: an object has %d bytes, the limit is %d", ErrTooLarge, header.Length, limits.Object)
		}
		size := header.Length
		if header.Type == plumbing.OFSDeltaObject || header.Type == plumbing.REFDeltaObject {
			var start head
			if _, _, err := scanner.NextObject(&start); err != nil {
				return 0, fmt.Errorf("read the pack: %w", err)
			}
			if size, err = deltaSize(start.bytes); err != nil {
				return 0, err
			}
			if size > limits.Object {
				return 0, fmt.Errorf("%w: an object has %d bytes, the limit is %d", ErrTooLarge, size, limits.Object)
			}
		} else if _, _, err := scanner.NextObject(io.Discard); err != nil {
			return 0, fmt.Errorf("read the pack: %w", err)
		}
		if total += size; total > limits.Inflated {
			return 0, fmt.Errorf("%w: the objects have more than %d bytes together", ErrTooLarge, limits.Inflated)
		}
	}
	return int64(count), nil
}

// deltaSize returns the size of what a delta makes: the second of the two numbers at its start.
func deltaSize(delta []byte) (int64, error) {
	_, n := binary.Uvarint(delta)
	if n <= 0 {
		return 0, fmt.Errorf("read the pack: a delta has no size")
	}
	size, m := binary.Uvarint(delta[n:])
	if m <= 0 || size > 1<<62 {
		return 0, fmt.Errorf("read the pack: a delta has no size")
	}
	return int64(size), nil
}

// head keeps the first bytes that are written.
type head struct{ bytes []byte }

func (h *head) Write(p []byte) (int, error) {
	const enough = 2 * binary.MaxVarintLen64
	if room := enough - len(h.bytes); room > 0 {
		h.bytes = append(h.bytes, p[:min(room, len(p))]...)
	}
	return len(p), nil
}
