// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
	"github.com/go-git/go-git/v5/plumbing/transport"
)

// maxHaves is how many commits the server is told that we have. More would not make the pack smaller by much.
const maxHaves = 64

// order is what is asked of a server.
type order struct {
	wants, haves, shallows []plumbing.Hash
	// shallow leaves out the parents of the wants.
	shallow bool
	filter  packp.Filter
	// multiACK says that we understand several acknowledgements, without which Azure DevOps refuses to serve. All servers of
	// HTTP know it; go-git leaves it out of what they say, since it does not use it to find out more.
	multiACK bool
}

// fetch gets a commit with all its files.
func (r *Repository) fetch(ctx context.Context, commit string) error {
	ctx, cancel := context.WithTimeout(ctx, r.store.limits.FetchTime)
	defer cancel()
	select {
	case r.lock <- struct{}{}:
		defer func() { <-r.lock }()
	case <-ctx.Done():
		return ctx.Err()
	}
	held, err := r.hold(commit)
	if err != nil {
		return err
	}
	if held != nil { // It came with the fetch before.
		return held.release()
	}
	began := time.Now()
	err = r.receive(ctx, commit)
	r.store.options.Asked(r.String(), "fetch", time.Since(began), err)
	return err
}

// receive has the server send a commit with all its files.
func (r *Repository) receive(ctx context.Context, commit string) error {
	s, err := r.session(ctx)
	if err != nil {
		return err
	}
	defer s.Close() //nolint:errcheck // What we wanted of it we have.
	at := r.store.options.Now()
	adv, err := s.AdvertisedReferencesContext(ctx)
	if err != nil {
		return err
	}
	r.remember(refsOf(adv, at))
	hash := plumbing.NewHash(commit)
	want, tip := wanted(adv, hash)
	if !tip && (adv.Capabilities.Supports(capability.AllowReachableSHA1InWant) || adv.Capabilities.Supports(capability.AllowTipSHA1InWant)) {
		want, tip = hash, true
	}
	return r.into(ctx, s, adv, hash, want, !tip)
}

// into fetches into the generation of objects in use, or into a new one where there is none or it has had enough fetches.
func (r *Repository) into(ctx context.Context, s session, adv *packp.AdvRefs, commit, want plumbing.Hash, full bool) error {
	r.mu.Lock()
	if err := r.openLocked(); err != nil {
		r.mu.Unlock()
		return err
	}
	next := state{}
	generation := 1
	if r.objects != nil {
		next, generation = r.objects.state, r.objects.generation
		if next.Packs >= r.store.limits.Packs {
			next, generation = state{}, generation+1
		}
	}
	r.mu.Unlock()
	dir := filepath.Join(r.dir, strconv.Itoa(generation))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	o := order{wants: []plumbing.Hash{want}, shallow: !full && adv.Capabilities.Supports(capability.Shallow), multiACK: strings.HasPrefix(r.address.Scheme, "http")}
	if o.shallow {
		o.shallows = hashes(next.Shallow, maxHaves)
		o.haves = slices.Concat(o.shallows, hashes(next.Complete, maxHaves))
	} else {
		o.haves = hashes(next.Complete, maxHaves)
	}
	if full {
		o.wants = tips(adv)
	}
	if r.address.Scheme == "file" {
		o.haves = nil // go-git's server wants to know each of them.
	}
	storage := newStorage(dir, r.store.limits)
	defer storage.Close() //nolint:errcheck // All that was written has been closed.
	n, err := download(ctx, s, adv, o, dir, r.store.limits, storage)
	r.count(func(c *Counters) {
		c.Fetches++
		c.Bytes += n
		if full {
			c.Full++
		}
	})
	if err != nil {
		return err
	}
	if object, err := storage.EncodedObject(plumbing.AnyObject, commit); err != nil {
		return fmt.Errorf("%w: the repository has no commit %s", ErrRevision, commit)
	} else if object.Type() != plumbing.CommitObject && object.Type() != plumbing.TagObject {
		return fmt.Errorf("%w: %s is a %s and no commit", ErrRevision, commit, object.Type())
	}
	next.Packs++
	next.add(commit.String(), o, adv)
	if err := next.save(dir); err != nil {
		return fmt.Errorf("write the store of objects: %w", err)
	}
	return r.replace(generation)
}

// add notes what a fetch has brought.
func (s *state) add(commit string, o order, adv *packp.AdvRefs) {
	s.Shallow, s.Complete = slices.Clone(s.Shallow), slices.Clone(s.Complete)
	if o.shallow {
		s.Shallow = append(s.Shallow, commit)
		return
	}
	known := map[string]bool{commit: true}
	for _, hash := range o.wants {
		known[hash.String()] = true
	}
	for name, hash := range adv.Peeled {
		if known[adv.References[name].String()] {
			known[hash.String()] = true
		}
	}
	for _, old := range s.Complete {
		delete(known, old)
	}
	for hash := range known {
		s.Complete = append(s.Complete, hash)
	}
	slices.Sort(s.Complete)
}

// replace gives readers the objects of a generation as it is now.
func (r *Repository) replace(generation int) error {
	fresh, err := openGeneration(r.dir, generation, r.store.limits)
	if err != nil {
		return err
	}
	r.mu.Lock()
	old := r.objects
	r.objects = fresh
	r.mu.Unlock()
	if old == nil {
		return nil
	}
	if old.generation != generation {
		old.discard()
		return nil
	}
	return old.release()
}

// tips are the branches and tags, once each.
func tips(adv *packp.AdvRefs) []plumbing.Hash {
	var wants []plumbing.Hash
	for name, hash := range adv.References {
		if strings.HasPrefix(name, "refs/heads/") || strings.HasPrefix(name, "refs/tags/") {
			wants = append(wants, hash)
		}
	}
	plumbing.HashesSort(wants)
	return slices.Compact(wants)
}

// hashes are the last n of a list.
func hashes(texts []string, n int) []plumbing.Hash {
	texts = texts[max(0, len(texts)-n):]
	list := make([]plumbing.Hash, 0, len(texts))
	for _, text := range texts {
		list = append(list, plumbing.NewHash(text))
	}
	return list
}

// download asks for objects, checks what comes, and puts it into a storage. It returns how many bytes came.
func download(ctx context.Context, s session, adv *packp.AdvRefs, o order, dir string, limits Limits, storage packWriter) (int64, error) {
	if len(o.wants) == 0 {
		return 0, fmt.Errorf("%w: the repository has no branches", ErrRevision)
	}
	req := packp.NewUploadPackRequestFromCapabilities(adv.Capabilities)
	req.Wants, req.Haves, req.Shallows, req.Filter = o.wants, o.haves, o.shallows, o.filter
	if o.shallow {
		req.Depth = packp.DepthCommits(1)
		req.Capabilities.Set(capability.Shallow) //nolint:errcheck // It takes no argument.
	}
	if o.multiACK {
		req.Capabilities.Set(capability.MultiACK) //nolint:errcheck // It takes no argument.
	}
	if o.filter != "" {
		req.Capabilities.Set(capability.Filter) //nolint:errcheck // It takes no argument.
	}
	if adv.Capabilities.Supports(capability.NoProgress) {
		req.Capabilities.Set(capability.NoProgress) //nolint:errcheck // It takes no argument.
	}
	resp, err := s.UploadPack(ctx, req)
	if errors.Is(err, transport.ErrEmptyUploadPackRequest) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer resp.Close() //nolint:errcheck // It was only read.
	file, err := os.CreateTemp(dir, "incoming-*")
	if err != nil {
		return 0, err
	}
	defer os.Remove(file.Name()) //nolint:errcheck // The next start of the store removes what is left.
	defer file.Close()           //nolint:errcheck // It goes away.
	n, err := io.Copy(file, &interruptible{ctx, io.LimitReader(unband(req.Capabilities, resp), limits.Pack+1)})
	if err != nil {
		return n, err
	}
	if n > limits.Pack {
		return n, fmt.Errorf("%w: the pack has more than %d bytes", ErrTooLarge, limits.Pack)
	}
	return n, index(file, limits, storage)
}

// packWriter is what of a storage is needed to put a pack into it.
type packWriter interface {
	PackfileWriter() (io.WriteCloser, error)
}

// index checks the pack in a file and puts it into a storage.
func index(file *os.File, limits Limits, storage packWriter) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	// Without the method Seek the scanner reads through, and keeps nothing.
	count, err := checkPack(struct{ io.Reader }{file}, limits)
	if err != nil || count == 0 {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	w, err := storage.PackfileWriter()
	if err != nil {
		return err
	}
	_, err = io.Copy(w, file)
	if err := errors.Join(err, w.Close()); err != nil && !errors.Is(err, packfile.ErrEmptyPackfile) {
		return err
	}
	return nil
}

// unband takes the pack out of the bands in which it is sent beside messages.
func unband(capabilities *capability.List, r io.Reader) io.Reader {
	switch {
	case capabilities.Supports(capability.Sideband64k):
		return sideband.NewDemuxer(sideband.Sideband64k, r)
	case capabilities.Supports(capability.Sideband):
		return sideband.NewDemuxer(sideband.Sideband, r)
	}
	return r
}

// interruptible is a reader that ends with a context.
type interruptible struct {
	ctx context.Context
	r   io.Reader
}

// Read fails once the context has ended.
func (i *interruptible) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.r.Read(p)
}
