// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package application decides about whole applications: what requests for them mean, and what is to be done next. It is
// pure: it has no clients, no clock and no goroutines.
package application
