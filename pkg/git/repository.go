// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-git/go-git/v5/plumbing"

	"argosy.dev/argosy/pkg/remote"
)

// Repository is one repository, as one Access reaches it. It is safe for concurrent use.
type Repository struct {
	store   *Store
	address Address
	access  remote.Access
	// dir holds the generations of objects.
	dir string
	// used is when it was last asked for. The store's mutex guards it.
	used time.Time
	// lock is held by the one fetch at a time.
	lock chan struct{}

	mu       sync.Mutex
	refs     *Refs
	asked    *asking
	fetching map[string]*fetching
	objects  *objects
	web      *http.Transport
	counters Counters
}

// Counters say what a repository has cost since the process began.
type Counters struct {
	// Lists is how often the refs were asked for, Fetches how often objects were fetched.
	Lists, Fetches int
	// Full is how many fetches took all branches and tags with their whole history.
	Full int
	// Bytes is how much fetches have transmitted.
	Bytes int64
}

// Counters returns what the repository has cost.
func (r *Repository) Counters() Counters {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counters
}

func (r *Repository) count(f func(*Counters)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(&r.counters)
}

// String returns the URL, without credentials.
func (r *Repository) String() string { return r.address.String() }

// Address returns the address, without password.
func (r *Repository) Address() Address { return r.address }

// fetching is a fetch under way. Its error is set before done is closed.
type fetching struct {
	done chan struct{}
	err  error
}

// Tree returns the files of a commit, whose objects it fetches if they are not there. The caller closes it.
func (r *Repository) Tree(ctx context.Context, commit string) (*Tree, error) {
	if !IsSHA(commit) {
		return nil, fmt.Errorf("%s: %w: %q is not the SHA of a commit", r.address, ErrRevision, commit)
	}
	commit = strings.ToLower(commit)
	for {
		held, err := r.hold(commit)
		if err != nil {
			return nil, err
		}
		if held != nil {
			tree, err := newTree(r, held, plumbing.NewHash(commit))
			if err != nil {
				return nil, errors.Join(err, held.release())
			}
			return tree, nil
		}
		if err := r.ensure(ctx, commit); err != nil {
			return nil, err
		}
	}
}

// hold returns the objects if the commit is among them, else nil.
func (r *Repository) hold(commit string) (*objects, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.openLocked(); err != nil {
		return nil, err
	}
	if r.objects == nil || !r.objects.state.has(commit) {
		return nil, nil
	}
	r.objects.hold()
	return r.objects, nil
}

// openLocked opens the newest generation of objects, if there is one.
func (r *Repository) openLocked() error {
	if r.objects != nil {
		return nil
	}
	opened, err := openObjects(r.dir, r.store.limits)
	if err != nil {
		return fmt.Errorf("open the store of %s: %w", r.address, err)
	}
	r.objects = opened
	return nil
}

// ensure fetches a commit, or waits for whoever does.
func (r *Repository) ensure(ctx context.Context, commit string) error {
	r.mu.Lock()
	f := r.fetching[commit]
	if f == nil {
		f = &fetching{done: make(chan struct{})}
		started := r.store.start(func(ctx context.Context) {
			f.err = r.explain(r.fetch(ctx, commit))
			r.mu.Lock()
			delete(r.fetching, commit)
			r.mu.Unlock()
			close(f.done)
		})
		if !started {
			r.mu.Unlock()
			return errClosed
		}
		if r.fetching == nil {
			r.fetching = map[string]*fetching{}
		}
		r.fetching[commit] = f
	}
	r.mu.Unlock()
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return r.explain(ctx.Err())
	}
}

// damaged drops objects that were found to be incomplete: the next use builds them anew.
func (r *Repository) damaged(o *objects) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.objects != o {
		return
	}
	r.objects = nil
	o.discard()
}

func (r *Repository) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.web != nil {
		r.web.CloseIdleConnections()
	}
	if r.objects == nil {
		return nil
	}
	o := r.objects
	r.objects = nil
	return o.release()
}
