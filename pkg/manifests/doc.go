// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package manifests makes the manifests of an application: it finds the credentials of its repositories, resolves their
// revisions, gives their files to the renderer, and keeps what came of it for as long as nothing that was read has changed.
//
// A kept result is found by a hash of the whole request, and used again if every file and folder that the rendering looked
// at has the same hash as then. So a commit costs the rendering of the applications that read what it changes, and for the
// others only a look at the tree.
//
// The package must not look at clusters, decide what is synced, or give what one project may read to another.
package manifests
