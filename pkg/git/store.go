// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"argosy.dev/argosy/pkg/remote"
)

// Limits bound what a repository may take. Zero values mean the defaults.
type Limits struct {
	// Refs is how many bytes the list of a repository's refs may have. Default: 64 MiB.
	Refs int64
	// Pack is how many bytes one fetch may transmit. Default: 2 GiB.
	Pack int64
	// Inflated is how many bytes the objects of one fetch may have together, unpacked. Default: 16 GiB.
	Inflated int64
	// Object is how many bytes one object may have. Default: 100 MiB.
	Object int64
	// Objects is how many objects one fetch may bring. Default: 10 million.
	Objects int64
	// RefsTime and FetchTime are how long a list of refs and a fetch may take. Defaults: 30 s and 10 min.
	RefsTime, FetchTime time.Duration
	// Packs is after how many fetches a store is built anew, so that what nobody reads any more goes. Default: 50.
	Packs int
	// Idle is how long a repository that nobody uses is kept on disk. Default: 7 days.
	Idle time.Duration
	// Cache is how many bytes of objects are kept in memory for each repository in use. Default: 8 MiB.
	Cache int64
}

func (l Limits) withDefaults() Limits {
	set(&l.Refs, 64<<20)
	set(&l.Pack, 2<<30)
	set(&l.Inflated, 16<<30)
	set(&l.Object, 100<<20)
	set(&l.Objects, 10_000_000)
	set(&l.RefsTime, 30*time.Second)
	set(&l.FetchTime, 10*time.Minute)
	set(&l.Packs, 50)
	set(&l.Idle, 7*24*time.Hour)
	set(&l.Cache, 8<<20)
	return l
}

func set[T int | int64 | time.Duration](value *T, instead T) {
	if *value <= 0 {
		*value = instead
	}
}

// Options say how a store works.
type Options struct {
	// Dir is the data directory. It belongs to one store at a time.
	Dir string
	// FileDirs are folders below which repositories of file:// URLs may be. Where there are none such URLs are refused: users
	// could read whatever the server can by them.
	FileDirs []string
	// AllowLocal allows hosts that are the machine itself or on its link.
	AllowLocal bool
	// Tokens gets tokens for credentials that have to be exchanged for one. Nil: such cannot be used.
	Tokens *remote.Tokens
	// Limits bound what a repository may take.
	Limits Limits
	// Asked is told of each request to a repository ("ls-remote" or "fetch"), and Forgot of a repository that nobody uses any
	// longer, by URLs without credentials. Nil: nobody wants to know.
	Asked  func(repo, kind string, took time.Duration, err error)
	Forgot func(repo string)
	// Now is the clock. Default: time.Now.
	Now func() time.Time
}

// Store holds the repositories of one data directory. It is safe for concurrent use.
type Store struct {
	options Options
	limits  Limits
	key     []byte

	// ctx ends with the store. Fetches run under it, since several callers may wait for one.
	ctx    context.Context
	cancel context.CancelFunc
	flying sync.WaitGroup

	mu           sync.Mutex
	closed       bool
	repositories map[string]*Repository
}

// NewStore opens the data directory, which it makes if it is not there, and removes what has long not been used.
func NewStore(o Options) (*Store, error) {
	if o.Dir == "" {
		return nil, errors.New("a store of Git repositories needs a directory")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Asked == nil {
		o.Asked = func(string, string, time.Duration, error) {}
	}
	if o.Forgot == nil {
		o.Forgot = func(string) {}
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the directory for Git repositories: %w", err)
	}
	key, err := keyOf(filepath.Join(o.Dir, "key"))
	if err != nil {
		return nil, err
	}
	s := &Store{options: o, limits: o.Limits.withDefaults(), key: key, repositories: map[string]*Repository{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, s.Sweep()
}

// keyOf reads the key by which repositories are named, or makes one.
func keyOf(file string) ([]byte, error) {
	key, err := os.ReadFile(file)
	if err == nil && len(key) == 32 {
		return key, nil
	}
	key = make([]byte, 32)
	rand.Read(key)
	if err := os.WriteFile(file, key, 0o600); err != nil {
		return nil, fmt.Errorf("write the key for Git repositories: %w", err)
	}
	return key, nil
}

// Close ends all fetches and closes all files. Trees must not be used afterwards.
func (s *Store) Close() error {
	s.cancel()
	s.mu.Lock()
	s.closed = true
	repositories := s.repositories
	s.repositories = nil
	s.mu.Unlock()
	s.flying.Wait()
	var errs []error
	for _, r := range repositories {
		errs = append(errs, r.close())
	}
	return errors.Join(errs...)
}

// Repository returns the repository at a URL, as it is reached by an Access. Nothing is fetched yet.
func (s *Store) Repository(url string, access remote.Access) (*Repository, error) {
	address, err := ParseAddress(url)
	if err != nil {
		return nil, err
	}
	if address.Scheme == "file" && !below(s.options.FileDirs, filepath.Clean(address.Path)) {
		return nil, errNoFiles
	}
	if address.Password != "" && access.Password == "" && access.BearerToken == "" {
		access.Username, access.Password = address.User, address.Password
	}
	if address.Scheme == "ssh" && address.User == "" {
		address.User = access.Username
	}
	address.Password = ""
	name := access.Fingerprint(s.key, address.String())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errors.New("the store of Git repositories is closed")
	}
	r := s.repositories[name]
	if r == nil {
		r = &Repository{store: s, address: address, access: access, dir: filepath.Join(s.options.Dir, name), lock: make(chan struct{}, 1)}
		s.repositories[name] = r
	}
	r.used = s.options.Now()
	return r, nil
}

// Sweep removes repositories that nobody has used for Limits.Idle. The owner of the store calls it now and then.
func (s *Store) Sweep() error {
	entries, err := os.ReadDir(s.options.Dir)
	if err != nil {
		return fmt.Errorf("list Git repositories: %w", err)
	}
	before := s.options.Now().Add(-s.limits.Idle)
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !entry.IsDir() {
			continue
		}
		used := info.ModTime()
		if r := s.repositories[entry.Name()]; r != nil {
			used = r.used
		}
		if used.After(before) {
			continue
		}
		if r := s.repositories[entry.Name()]; r != nil {
			select {
			case r.lock <- struct{}{}: // No fetch is under way, and this Repository fetches no more.
			default:
				continue
			}
			delete(s.repositories, entry.Name())
			errs = append(errs, r.close())
			s.options.Forgot(r.String())
		}
		errs = append(errs, os.RemoveAll(filepath.Join(s.options.Dir, entry.Name())))
	}
	return errors.Join(errs...)
}

// background runs a function under the store's own context and waits for it as long as the caller's lasts: others may wait
// for the same. It must not be called after Close.
func (s *Store) start(f func(ctx context.Context)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.flying.Add(1)
	go func() {
		defer s.flying.Done()
		f(s.ctx)
	}()
	return true
}
