// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

// commitWithPrefix returns the commit that a short SHA means. No server answers this, so the commits of all branches and
// tags are fetched, without files where the server can leave them out, into a store of their own.
func (r *Repository) commitWithPrefix(ctx context.Context, prefix string, refs *Refs) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, r.store.limits.FetchTime)
	defer cancel()
	select {
	case r.lock <- struct{}{}:
		defer func() { <-r.lock }()
	case <-ctx.Done():
		return "", r.explain(ctx.Err())
	}
	dir := filepath.Join(r.dir, "history")
	known := historyState(dir)
	storage := newStorage(dir, r.store.limits)
	defer storage.Close() //nolint:errcheck // All that was written has been closed.
	if !known.covers(refs) {
		began := time.Now()
		err := r.fetchHistory(ctx, dir, known, storage)
		r.store.options.Asked(r.String(), "fetch", time.Since(began), err)
		if err != nil {
			return "", r.explain(err)
		}
	}
	commits, err := withPrefix(storage, prefix)
	if err != nil {
		// What cannot be read is fetched anew the next time.
		_ = os.RemoveAll(dir)
		return "", fmt.Errorf("%s: %w", r.address, ErrCorrupt)
	}
	switch len(commits) {
	case 0:
		return "", fmt.Errorf("%s: %w: no commit of a branch or tag begins with %s", r.address, ErrRevision, prefix)
	case 1:
		return commits[0], nil
	}
	return "", fmt.Errorf("%s: %w: %d commits begin with %s", r.address, ErrRevision, len(commits), prefix)
}

func historyState(dir string) state {
	var s state
	text, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err != nil || json.Unmarshal(text, &s) != nil {
		return state{}
	}
	return s
}

// covers tells whether all branches and tags are there.
func (s state) covers(refs *Refs) bool {
	for name, commit := range refs.Commits {
		if (strings.HasPrefix(name, "refs/heads/") || strings.HasPrefix(name, "refs/tags/")) && !slices.Contains(s.Complete, commit) {
			return false
		}
	}
	return true
}

func (r *Repository) fetchHistory(ctx context.Context, dir string, known state, storage *filesystem.Storage) error {
	if known.Packs == 0 || known.Packs >= r.store.limits.Packs {
		known = state{}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	s, err := r.session(ctx)
	if err != nil {
		return err
	}
	defer s.Close() //nolint:errcheck // What we wanted of it we have.
	adv, err := s.AdvertisedReferencesContext(ctx)
	if err != nil {
		return err
	}
	o := order{wants: tips(adv), haves: hashes(known.Complete, maxHaves), multiACK: strings.HasPrefix(r.address.Scheme, "http")}
	if adv.Capabilities.Supports(capability.Filter) {
		o.filter = packp.FilterTreeDepth(0)
	}
	if r.address.Scheme == "file" {
		o.haves = nil
	}
	n, err := download(ctx, s, adv, o, dir, r.store.limits, storage)
	r.count(func(c *Counters) { c.Fetches++; c.Full++; c.Bytes += n })
	if err != nil {
		return err
	}
	known.Packs++
	known.Complete = nil // Old tips are of no use beside new ones.
	known.add(o.wants[0].String(), o, adv)
	return known.save(dir)
}

// withPrefix returns the commits whose SHA begins with a text.
func withPrefix(storage *filesystem.Storage, prefix string) ([]string, error) {
	start, err := hex.DecodeString(prefix[:len(prefix)/2*2])
	if err != nil {
		return nil, err
	}
	found, err := storage.HashesWithPrefix(start)
	if err != nil {
		return nil, err
	}
	commits := []string{}
	for _, hash := range found {
		if !strings.HasPrefix(hash.String(), prefix) {
			continue
		}
		if _, err := storage.EncodedObject(plumbing.CommitObject, hash); err == nil {
			commits = append(commits, hash.String())
		}
	}
	slices.Sort(commits)
	return slices.Compact(commits), nil
}
