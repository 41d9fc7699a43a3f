// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/render"
)

// maxVariants is how many results are kept of one request, such as of two branches between which an application goes to
// and fro.
const maxVariants = 4

// entry is the result of a rendering, with all that it depends on besides the request.
type entry struct {
	kind    appv1.ApplicationSourceType
	objects []*unstructured.Unstructured
	digest  string
	size    int64

	// revision is set if the result depends on the revision itself, and kinds if it depends on what the cluster serves.
	revision string
	kinds    string
	// asked are the answers that the trees gave.
	asked map[question]string
	// needs are what had to be fetched, with what was got.
	needs []need

	// versions are the trees of which it is known that they give these answers, by name. The cache's mutex guards it.
	versions map[string]string
}

// need is a chart or values that a source needs, and a text that changes if these do.
type need struct {
	chart  render.Chart
	values render.Values
	got    string
}

// cache keeps entries by the hash of their request.
type cache struct {
	mu      sync.Mutex
	entries *lru[[]*entry]
	// busy are the requests that are being rendered.
	busy map[string]*turn
}

// turn lets one at a time render a request.
type turn struct {
	lock    chan struct{}
	waiting int
}

func newCache(limit int64) *cache {
	return &cache{entries: newLRU[[]*entry](limit), busy: map[string]*turn{}}
}

// key is the hash of a request, but for the revision and what the cluster serves: most results depend on neither.
func key(req render.Request) (string, error) {
	req.Revision, req.APIVersions = "", nil
	text, err := json.Marshal(struct {
		Domain  string
		Request render.Request
	}{req.Domain, req})
	if err != nil {
		return "", fmt.Errorf("hash the request: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// variants returns the entries of a request, the last used first.
func (c *cache) variants(key string) []*entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	entries, _ := c.entries.get(key)
	return entries
}

// keep puts an entry in front of those of its request, for trees of these versions.
func (c *cache) keep(key string, e *entry, versions map[string]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.versions = versions
	old, _ := c.entries.get(key)
	entries := []*entry{e}
	size := e.size
	for _, other := range old {
		if other != e && len(entries) < maxVariants && other.digest+other.revision+other.kinds != e.digest+e.revision+e.kinds {
			entries = append(entries, other)
			size += other.size
		}
	}
	c.entries.put(key, entries, size)
}

// known tells whether a tree of this version is known to give an entry's answers.
func (c *cache) known(e *entry, tree, version string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return version != "" && e.versions[tree] == version
}

// newEntry reads manifests.
func newEntry(result *render.Result) (*entry, error) {
	e := &entry{kind: result.Type, objects: make([]*unstructured.Unstructured, 0, len(result.Manifests))}
	sum := sha256.New()
	for i, text := range result.Manifests {
		object := &unstructured.Unstructured{}
		if err := utiljson.Unmarshal(text, &object.Object); err != nil || object.Object == nil {
			return nil, fmt.Errorf("manifest %d of the renderer is no object", i)
		}
		e.objects = append(e.objects, object)
		fmt.Fprintf(sum, "%d\n", len(text))
		sum.Write(text)
		// Maps of strings take several times the bytes of their text.
		e.size += int64(6*len(text)) + 512
	}
	e.digest = hex.EncodeToString(sum.Sum(nil))
	return e, nil
}

// weigh adds to the size what is not objects.
func (e *entry) weigh() {
	for q := range e.asked {
		e.size += int64(len(q.path) + len(q.tree) + 160)
	}
	e.size += int64(len(e.needs)*256) + 512
}

// enter waits until nobody else renders a request. The caller calls what it returns.
func (c *cache) enter(ctx context.Context, key string) (leave func(), err error) {
	c.mu.Lock()
	t := c.busy[key]
	if t == nil {
		t = &turn{lock: make(chan struct{}, 1)}
		c.busy[key] = t
	}
	t.waiting++
	c.mu.Unlock()
	gone := func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if t.waiting--; t.waiting == 0 {
			delete(c.busy, key)
		}
	}
	select {
	case t.lock <- struct{}{}:
		return func() { <-t.lock; gone() }, nil
	case <-ctx.Done():
		gone()
		return nil, ctx.Err()
	}
}
