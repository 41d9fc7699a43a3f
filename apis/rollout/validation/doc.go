// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package validation refuses objects of the rollout family that cannot work, with the path of each field. It knows the
// object alone: whether the Services, routes and templates that it names exist is for the loop to find out, since they
// may come later.
//
// The few messages of the peer that users and their tools know are kept. The peer stores what is wrong and says so in a
// condition; what it would refuse there is refused here at once. Whatever works with the peer
// must be accepted, pod templates with malformed quantities included.
package validation
