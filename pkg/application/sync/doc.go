// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package sync decides what happens next in a sync: which objects are applied and deleted, in which order, what is waited
// for, and how it ends. It is a pure function of the operation so far, the manifests, the live objects and the time: it
// must not know clients, clocks, goroutines or caches.
//
// A sync goes through phases (PreSync, Sync, PostSync; SyncFail after a failure), each in waves. Step is called again and
// again: it returns effects that are independent of each other; the shell applies them, says in Input.Done what came of
// each, and calls again. When there is nothing to do but wait, there are no effects.
//
// Nothing has to be stored while a sync runs. Where it is can be seen, after a crash, from the live objects alone: what equals
// its manifest was applied, and a hook bears the name of the operation that has made it. What Input.Done and the results
// in the state remember spares work, but no more.
package sync
