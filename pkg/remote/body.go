// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"errors"
	"fmt"
	"io"
	"net/http"
)

// ErrTooLarge is the error of reading more than a limit.
var ErrTooLarge = errors.New("the answer is larger than is allowed")

// maxRefusal is how much of an answer that is an error is read, in bytes.
const maxRefusal = 16 << 10

// Bounded is a RoundTripper whose answers end at a limit.
type Bounded struct {
	Next http.RoundTripper
	// Limit is how many bytes the body of an answer may have.
	Limit int64
}

// RoundTrip implements http.RoundTripper.
func (b Bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := b.Next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= http.StatusOK && resp.StatusCode < http.StatusMultipleChoices {
		resp.Body = Limit(resp.Body, b.Limit)
	} else {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, maxRefusal), resp.Body}
	}
	return resp, nil
}

// Limit returns a reader that fails with ErrTooLarge beyond so many bytes.
func Limit(r io.ReadCloser, limit int64) io.ReadCloser { return &limited{r, limit, limit} }

type limited struct {
	io.ReadCloser
	left, limit int64
}

func (l *limited) exceeded() error {
	return fmt.Errorf("%w: it has more than %d bytes", ErrTooLarge, l.limit)
}

// Read fails once there is more than may be.
func (l *limited) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, l.exceeded()
	}
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.ReadCloser.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return n - 1, l.exceeded()
	}
	return n, err
}
