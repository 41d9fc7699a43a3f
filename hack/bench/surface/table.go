// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package surface

import (
	"fmt"
	"strings"
)

// lossMargin is the share by which two runs of the same thing differ anyway on a machine that the measured servers
// share with the client.
const lossMargin = 0.07

// Table is what was measured, one column for each side.
type Table struct {
	Header []string
	Rows   []Row
}

// Row is one measurement.
type Row struct {
	What   string
	Values []string
	// Figures are what sides are compared by: more is better. None, where there is nothing to compare.
	Figures []float64
	// Hop tells that the way through the aggregation layer may cost what it costs.
	Hop bool
}

// ratio shows how (b) does against (a): above 1 is better.
func (r Row) ratio() string {
	if len(r.Figures) < 2 || r.Figures[0] == 0 {
		return ""
	}
	ratio := r.Figures[1] / r.Figures[0]
	text := fmt.Sprintf("%.2f", ratio)
	switch {
	case !r.loses():
		return text
	case r.Hop:
		return text + " (the hop)"
	default:
		return text + " **loses**"
	}
}

func (r Row) loses() bool {
	return len(r.Figures) >= 2 && r.Figures[1] < r.Figures[0]*(1-lossMargin)
}

func (r Row) line() string {
	return "| " + strings.Join(append(append([]string{r.What}, r.Values...), r.ratio()), " | ") + " |"
}

// Met tells whether (b) loses nowhere but for the hop.
func (t *Table) Met() bool {
	for _, r := range t.Rows {
		if r.loses() && !r.Hop {
			return false
		}
	}
	return true
}

// String is the table in Markdown.
func (t *Table) String() string {
	var s strings.Builder
	s.WriteString("| " + strings.Join(t.Header, " | ") + " |\n|" + strings.Repeat("---|", len(t.Header)) + "\n")
	for _, r := range t.Rows {
		s.WriteString(r.line() + "\n")
	}
	return s.String()
}

func mb(bytes float64) string { return fmt.Sprintf("%.1f MB", bytes/1e6) }
