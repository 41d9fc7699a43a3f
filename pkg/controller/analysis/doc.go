// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package analysis is the control loop of analysis runs: it watches runs and their Jobs, asks pkg/rollout/analysis what
// should happen, measures by the providers of pkg/metric, and writes the status. It must not decide anything itself.
//
// Secrets are read when a measurement begins, live as long as it does, and are taken out of what it found before the
// loop keeps it.
package analysis
