// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package workflow is the shell around the workflow core (argosy.dev/argosy/pkg/workflow): it watches
// Workflows and their pods, hands both to the core, and applies what the core decides: pods created,
// pods deleted, status written, Events sent. It takes no decision about a workflow itself; what should
// happen next is the core's to say, so that it can be tested without a cluster.
//
// The order of effects is what makes a crash harmless: pods first, then the status that records them.
// Every pod's name is a function of its node, so doing an effect twice finds the first one's result.
//
// A status is written beside the work, one write of a workflow at a time, and what is decided meanwhile goes
// into the next one: the end of a pod is followed by the next pod at once, however long a write takes.
package workflow
