// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"testing"
	"time"
)

// TestRetry: what has failed is tried again, less and less often, whatever the settings say of asking without a failure.
func TestRetry(t *testing.T) {
	m := &memory{}
	if wait := m.retry(false); wait != 0 {
		t.Errorf("without a failure it waits %s", wait)
	}
	for i, want := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 10 * time.Minute, 10 * time.Minute} {
		if wait := m.retry(true); wait != want {
			t.Errorf("after failure %d it waits %s, not %s", i+1, wait, want)
		}
	}
	for range 100 {
		m.retry(true)
	}
	if wait := m.retry(true); wait != longTroubled {
		t.Errorf("after many failures it waits %s", wait)
	}
	if m.retry(false); m.retry(true) != troubled {
		t.Error("a success is not the end of the failures before")
	}
}
