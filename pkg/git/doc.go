// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package git reads Git repositories: it resolves revisions and gives the files of a commit, from a bare object store for
// each repository in a data directory. There is no working tree and no program called git. Of a commit, only the objects
// that the store lacks are fetched, and only that commit, where the server allows it.
//
// A repository and what it sends are hostile: all that comes over the wire is bounded, links are resolved within the tree,
// and everything that is read is compared with its hash. What was fetched with one set of credentials is never given to
// somebody who has another.
//
// The package must not know of applications, Secrets or manifests, must not write to a repository, and no error of it may
// contain a credential.
package git
