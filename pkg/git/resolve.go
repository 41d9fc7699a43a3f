// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"
)

var (
	fullSHA  = regexp.MustCompile(`^[0-9a-fA-F]{40}$`)
	shortSHA = regexp.MustCompile(`^[0-9a-fA-F]{7,39}$`)
	// ranged is what only a semver constraint has, and the name of a branch or tag hardly ever.
	ranged = regexp.MustCompile(`[<>=~^*|,]|\s-\s|(^|\.)[xX](\.|$)`)
)

// maxRevision is how long a revision may be, in bytes. Branches are not longer, and constraints take time to parse.
const maxRevision = 256

// IsSHA tells whether a revision is a whole commit SHA, which needs no resolving.
func IsSHA(revision string) bool { return fullSHA.MatchString(revision) }

// Revision is a resolved revision.
type Revision struct {
	// Commit is the SHA of the commit.
	Commit string
	// Ref is the full name of the branch or tag that it was resolved by. Empty for a SHA.
	Ref string
}

// Resolve returns the commit of a revision: "" or HEAD, a branch, a tag, a full name (refs/...), a whole or short SHA, or a
// semver constraint over tags, of which only those that begin with tagPrefix count, without it. The refs that it goes by
// are at most so old, and nearly new if there is no such revision among them; a whole SHA is returned as it is.
func (r *Repository) Resolve(ctx context.Context, revision, tagPrefix string, age time.Duration) (Revision, error) {
	if IsSHA(revision) {
		return Revision{Commit: strings.ToLower(revision)}, nil
	}
	if len(revision) > maxRevision {
		return Revision{}, fmt.Errorf("%s: %w: it has more than %d bytes", r.address, ErrRevision, maxRevision)
	}
	refs, err := r.Refs(ctx, age)
	if err != nil {
		return Revision{}, err
	}
	if found, ok := refs.Find(revision, tagPrefix); ok {
		return found, nil
	}
	if shortSHA.MatchString(revision) {
		commit, err := r.commitWithPrefix(ctx, strings.ToLower(revision), refs)
		if err != nil {
			return Revision{}, err
		}
		return Revision{Commit: commit}, nil
	}
	if age > refusalAge {
		// It may be newer than the refs, and nobody would ask for others.
		return r.Resolve(ctx, revision, tagPrefix, refusalAge)
	}
	return Revision{}, fmt.Errorf("%s: %w: %q is no branch, tag, commit or constraint that a tag satisfies", r.address, ErrRevision, revision)
}

// Find looks a revision up by the refs alone. It finds no SHAs. What is plainly a constraint is tried as one first, else
// the name of a branch, then of a tag, then a constraint; with a tagPrefix, constraints come first.
func (f *Refs) Find(revision, tagPrefix string) (Revision, bool) {
	if revision == "" || revision == "HEAD" {
		return Revision{Commit: f.Head, Ref: f.HeadRef}, f.Head != ""
	}
	if tagPrefix != "" || ranged.MatchString(revision) {
		if found, ok := f.newest(revision, tagPrefix); ok {
			return found, true
		}
	}
	for _, prefix := range []string{"", "refs/", "refs/heads/", "refs/tags/", "refs/remotes/"} {
		if prefix == "" && !strings.HasPrefix(revision, "refs/") {
			continue
		}
		if commit, found := f.Commits[prefix+revision]; found {
			return Revision{Commit: commit, Ref: prefix + revision}, true
		}
	}
	return f.newest(revision, tagPrefix)
}

// newest returns the tag of the highest version that satisfies a constraint.
func (f *Refs) newest(constraint, tagPrefix string) (Revision, bool) {
	want, err := semver.NewConstraint(constraint)
	if err != nil {
		return Revision{}, false
	}
	var best *semver.Version
	var found Revision
	for name, commit := range f.Commits {
		tag, isTag := strings.CutPrefix(name, "refs/tags/"+tagPrefix)
		if !isTag || len(tag) > maxRevision {
			continue
		}
		version, err := semver.NewVersion(tag)
		if err != nil || !want.Check(version) {
			continue
		}
		// Two tags of one version, such as 1.0.0 and v1.0.0, need an order that does not change by chance.
		if best == nil || best.LessThan(version) || (best.Equal(version) && name < found.Ref) {
			best, found = version, Revision{Commit: commit, Ref: name}
		}
	}
	return found, best != nil
}
