// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"

	"argosy.dev/argosy/pkg/workflow/report"
)

// run runs the user's command, reports its outputs, and returns the exit code: the command's own, unless the executor fails where the
// command succeeded.
func (o *runOptions) run(stderr io.Writer) int {
	var captured *tail
	if o.result {
		captured = &tail{}
	}
	code, err := supervise(o.command, captured)
	if err != nil {
		fmt.Fprintf(stderr, "argosy-executor: %v\n", err)
		if werr := writeReport(o.report, report.Report{Message: shorten(err.Error()), NotStarted: true}); werr != nil {
			fmt.Fprintf(stderr, "argosy-executor: %v\n", werr)
		}
		return code
	}

	r := report.Report{}
	if captured != nil {
		result := captured.String()
		r.Result = &result
	}
	r.Parameters, err = o.readParams()
	if code != 0 {
		// Outputs that a failed command did not get to write are no news; what it has to say itself goes along.
		r.Message, err = userMessage(o.report), nil
	}
	if err == nil {
		err = writeReport(o.report, r)
	}
	if err == nil {
		return code
	}

	fmt.Fprintf(stderr, "argosy-executor: %v\n", err)
	failure := report.Report{Message: shorten(err.Error())}
	if code == 0 {
		succeeded := int32(0)
		failure.ExitCode = &succeeded
		code = exitInternal
	}
	if werr := writeReport(o.report, failure); werr != nil {
		fmt.Fprintf(stderr, "argosy-executor: %v\n", werr)
	}
	return code
}

// shorten cuts an error message (many parameters may be missing at once) to what surely fits in a report.
func shorten(s string) string {
	const limit = report.MaxEncoded / 4
	if len(s) > limit {
		return s[:limit] + "..."
	}
	return s
}
