// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"argosy.dev/argosy/pkg/remote"
)

const (
	// maxIndex is how large an index.yaml may be, in bytes.
	maxIndex = 40 << 20
	// maxIndexes is how many are kept.
	maxIndexes = 64
)

// library knows the indexes of chart repositories and the charts that were unpacked lately.
type library struct {
	mu      sync.Mutex
	indexes map[string]*catalogue
	charts  *lru[*chartTree]
}

// catalogue is the index of a repository as one Access sees it. Its lock is held while it is asked for, so that one
// request serves all who wait.
type catalogue struct {
	lock chan struct{}
	// at is the time just before the repository was asked.
	at    time.Time
	index index
	err   error
	used  time.Time
}

// chartRepository is where a chart comes from.
type chartRepository struct {
	url    string
	access remote.Access
	who    tenant
	passOn bool
}

// chartRepository finds out how a chart repository is reached. Its URL may be @NAME or alias:NAME of a Secret.
func (g *Generator) chartRepository(who tenant, repoURL string, passOn bool) (chartRepository, error) {
	name, alias := strings.CutPrefix(repoURL, "@")
	if !alias {
		name, alias = strings.CutPrefix(repoURL, "alias:")
	}
	if alias {
		secrets, err := g.config.Credentials.Secrets(who.namespace)
		if err != nil {
			return chartRepository{}, fmt.Errorf("read the Secrets of repositories: %w", err)
		}
		s := named(secrets, name, who.project)
		if s == nil {
			return chartRepository{}, fmt.Errorf("no repository has the name %.100q", name)
		}
		repoURL = s.get("url")
	}
	if strings.HasPrefix(repoURL, "oci://") {
		return chartRepository{}, errors.New("repositories of the scheme oci are not supported")
	}
	if _, err := webURL(repoURL); err != nil {
		return chartRepository{}, err
	}
	access, err := g.access(who, repoURL)
	return chartRepository{url: strings.TrimRight(repoURL, "/"), access: access, who: who, passOn: passOn}, err
}

// find returns the version of a chart that a version or constraint means. The index that it goes by is at most so old.
func (g *Generator) find(ctx context.Context, r chartRepository, name, want string, age time.Duration) (chartVersion, error) {
	x, err := g.index(ctx, r, age)
	if err != nil {
		return chartVersion{}, err
	}
	v, err := x.find(name, want)
	if err != nil && age > g.config.Age {
		// It may be newer than the index, and nobody would ask for another.
		return g.find(ctx, r, name, want, g.config.Age)
	}
	if err != nil {
		return chartVersion{}, fmt.Errorf("%s: %w", remote.Clean(r.url), err)
	}
	return v, nil
}

// index returns the index of a repository.
func (g *Generator) index(ctx context.Context, r chartRepository, age time.Duration) (index, error) {
	called := g.config.Now()
	c := g.library.catalogue(r.access.Fingerprint(nil, r.url), called)
	select {
	case c.lock <- struct{}{}:
		defer func() { <-c.lock }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if !c.at.IsZero() {
		if c.err == nil && !c.at.Before(called.Add(-age)) {
			return c.index, nil
		}
		// Those who have waited for a refusal share it; later ones ask again soon.
		if c.err != nil && !c.at.Before(called.Add(-min(age, 10*time.Second))) {
			return nil, c.err
		}
	}
	at := g.config.Now()
	text, err := g.download(ctx, r.who, r.url+"/index.yaml", r.access, r.passOn, maxIndex)
	if ctx.Err() != nil {
		return nil, err // It says nothing of the repository.
	}
	var x index
	if err == nil {
		if x, err = parseIndex(text); err != nil {
			err = fmt.Errorf("%s: %w", remote.Clean(r.url), err)
		}
	}
	c.at, c.index, c.err = at, x, err
	return x, err
}

// catalogue returns that of a name, and forgets the one that was not used for longest if there are too many.
func (l *library) catalogue(name string, now time.Time) *catalogue {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.indexes[name]
	if c == nil {
		if len(l.indexes) >= maxIndexes {
			oldest := ""
			for other, known := range l.indexes {
				if oldest == "" || known.used.Before(l.indexes[oldest].used) {
					oldest = other
				}
			}
			delete(l.indexes, oldest)
		}
		c = &catalogue{lock: make(chan struct{}, 1)}
		l.indexes[name] = c
	}
	c.used = now
	return c
}

// chart downloads and unpacks a version of a chart, unless it is kept.
func (g *Generator) chart(ctx context.Context, r chartRepository, name string, v chartVersion) (*chartTree, error) {
	key := strings.Join([]string{r.access.Fingerprint(nil, r.url), name, v.Version, v.Digest, v.URLs[0]}, " ")
	g.library.mu.Lock()
	known, found := g.library.charts.get(key)
	g.library.mu.Unlock()
	if found {
		return known, nil
	}
	base, err := url.Parse(r.url + "/")
	if err != nil {
		return nil, errors.New("the URL cannot be read")
	}
	at, err := base.Parse(v.URLs[0])
	if err != nil {
		return nil, fmt.Errorf("chart %q: the index has a URL that cannot be read", name)
	}
	access := r.access
	if !r.passOn && !sameOrigin(base, at) {
		access = remote.Access{Proxy: access.Proxy, NoProxy: access.NoProxy}
	}
	archive, err := g.download(ctx, r.who, at.String(), access, r.passOn, maxArchive)
	if err != nil {
		return nil, fmt.Errorf("chart %q: %w", name, err)
	}
	sum := sha256.Sum256(archive)
	if v.Digest != "" && !strings.EqualFold(v.Digest, hex.EncodeToString(sum[:])) {
		return nil, fmt.Errorf("chart %q: version %s is not what the index says: the digests differ", name, v.Version)
	}
	files, err := unpack(archive)
	if err != nil {
		return nil, fmt.Errorf("chart %q: %w", name, err)
	}
	tree := newChartTree(files, hex.EncodeToString(sum[:]))
	g.library.mu.Lock()
	g.library.charts.put(key, tree, tree.size)
	g.library.mu.Unlock()
	return tree, nil
}
