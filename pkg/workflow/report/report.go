// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package report is the codec of what a workflow container hands back: the executor inside the pod writes a Report into the
// container's termination message, the control loop reads it there. That saves a sidecar and an API call for small outputs.
//
// The package is linked into the executor, so it imports the standard library only and knows nothing of Kubernetes or of workflows.
package report

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

const (
	// MaxEncoded is how many bytes of termination message the kubelet keeps for one container.
	MaxEncoded = 4096
	// MaxDecoded bounds, in bytes, the JSON that Decode is willing to inflate: the message is written by a user's container, which
	// may have put anything there, and deflate inflates up to a thousandfold.
	MaxDecoded = 1 << 20
	// version marks a message as a report: a program may write a termination message of its own.
	version = "v1"
)

// ErrTooLarge is returned by Encode when a report does not fit in MaxEncoded bytes, even compressed.
var ErrTooLarge = errors.New("the outputs are too large")

// ErrNotReport is returned by Decode for a message that was not written by Encode.
var ErrNotReport = errors.New("the termination message is not an executor's report")

// Report is what the container tells about itself. Values are text: bytes that are not UTF-8 are replaced by U+FFFD when encoded, as
// they would be on their way through any Kubernetes API.
type Report struct {
	// Result is the captured standard output; nil when it was not captured.
	Result *string `json:"result,omitempty"`
	// Parameters holds the output parameters that were read, by name.
	Parameters map[string]string `json:"parameters,omitempty"`
	// Message explains a failure: the executor's own, or what the user's program left in the termination log.
	Message string `json:"message,omitempty"`
	// NotStarted tells that the user's command could not be started at all; Message says why.
	NotStarted bool `json:"notStarted,omitempty"`
	// ExitCode is the code of the user's command. It is set only where the container exits with another one, because the executor
	// itself failed.
	ExitCode *int32 `json:"exitCode,omitempty"`
}

// envelope is the wire form: JSON, so that a person reads it in `kubectl describe`. Either the report's fields stand in it, or Deflate
// holds the compressed JSON of the report (base64, as encoding/json spells bytes).
type envelope struct {
	Argosy  string `json:"argosy"`
	Deflate []byte `json:"deflate,omitempty"`
	Report
}

// Encode returns the termination message for r, at most MaxEncoded bytes. The same report always gives the same bytes. It fails with
// ErrTooLarge (wrapped, with the sizes).
func Encode(r Report) ([]byte, error) {
	plain, err := marshal(envelope{Argosy: version, Report: r})
	if err != nil {
		return nil, err
	}
	if len(plain) <= MaxEncoded {
		return plain, nil
	}
	if len(plain) > MaxDecoded {
		return nil, fmt.Errorf("%w: %d bytes as JSON, at most %d can be reported", ErrTooLarge, len(plain), MaxDecoded)
	}
	inner, err := marshal(r)
	if err != nil {
		return nil, err
	}
	var deflated bytes.Buffer
	w, err := flate.NewWriter(&deflated, flate.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("compressing the report: %w", err)
	}
	if _, err := w.Write(inner); err != nil {
		return nil, fmt.Errorf("compressing the report: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compressing the report: %w", err)
	}
	packed, err := marshal(envelope{Argosy: version, Deflate: deflated.Bytes()})
	if err != nil {
		return nil, err
	}
	if len(packed) > MaxEncoded {
		return nil, fmt.Errorf("%w: %d bytes, %d when compressed, where %d is the most that can be reported", ErrTooLarge, len(plain), len(packed), MaxEncoded)
	}
	return packed, nil
}

// Decode reads a termination message written by Encode. It fails with ErrNotReport where the message is something else, and with
// another error where it claims to be a report but is broken, or inflates beyond MaxDecoded.
func Decode(message string) (Report, error) {
	var e envelope
	if err := json.Unmarshal([]byte(message), &e); err != nil || e.Argosy == "" {
		return Report{}, ErrNotReport
	}
	if e.Argosy != version {
		return Report{}, fmt.Errorf("report version %q is not known", e.Argosy)
	}
	if e.Deflate == nil {
		return e.Report, nil
	}
	inner, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(e.Deflate)), MaxDecoded+1))
	if err != nil {
		return Report{}, fmt.Errorf("decompressing the report: %w", err)
	}
	if len(inner) > MaxDecoded {
		return Report{}, fmt.Errorf("the report inflates to more than %d bytes", MaxDecoded)
	}
	var r Report
	if err := json.Unmarshal(inner, &r); err != nil {
		return Report{}, fmt.Errorf("reading the report: %w", err)
	}
	return r, nil
}

// marshal is json.Marshal without HTML escapes, which cost five bytes for each <, > and &, and without the encoder's newline.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("writing the report: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
