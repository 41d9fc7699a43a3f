// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

const (
	// tokenTime is how long a token may take.
	tokenTime = 30 * time.Second
	// tokenEarly is how long before its end a token is used no more: a fetch that begins with it may last.
	tokenEarly = 5 * time.Minute
	// tokenDefault is how long a token is used that does not say how long it lasts.
	tokenDefault = 10 * time.Minute
	// refusalAge is how long a refusal is not asked about again.
	refusalAge = 10 * time.Second
	// maxTokens is how many tokens are kept, and maxTokenAnswer how long an answer may be.
	maxTokens, maxTokenAnswer = 1000, 1 << 20
)

// Tokens gets tokens for credentials that are exchanged, and keeps each until shortly before its end. It is safe for
// concurrent use.
type Tokens struct {
	local bool
	now   func() time.Time

	mu   sync.Mutex
	kept map[string]*keptToken
}

// keptToken is a token, or a refusal. Its lock is held while it is asked for, so that one request serves all who wait.
type keptToken struct {
	lock  chan struct{}
	token token
	// at is when it was asked for, until how long it is good.
	at, until time.Time
	err       error
}

// NewTokens returns an empty Tokens. local lets it reach this machine and its link, and now is the clock; time.Now if nil.
func NewTokens(local bool, now func() time.Time) *Tokens {
	if now == nil {
		now = time.Now
	}
	return &Tokens{local: local, now: now, kept: map[string]*keptToken{}}
}

// Fill returns an Access with what its credentials are exchanged for, which is as it was if they are not of that kind.
// Errors do not contain secrets.
func (t *Tokens) Fill(ctx context.Context, a Access) (Access, error) {
	if a.Exchange == nil {
		return a, nil
	}
	if t == nil {
		return a, errors.New("credentials that have to be exchanged for a token cannot be used here")
	}
	k := t.entry(a)
	select {
	case k.lock <- struct{}{}:
		defer func() { <-k.lock }()
	case <-ctx.Done():
		return a, ctx.Err()
	}
	now := t.now()
	switch {
	case k.err == nil && now.Before(k.until):
	case k.err != nil && now.Before(k.at.Add(refusalAge)):
		return a, k.err
	default:
		got, err := t.ask(ctx, a, now)
		if ctx.Err() != nil {
			return a, ctx.Err() // it says nothing of the credentials
		}
		k.at, k.err, k.token = now, err, got
		if err != nil {
			return a, err
		}
		k.until = got.expires.Add(-tokenEarly)
		if got.expires.IsZero() {
			k.until = now.Add(tokenDefault)
		}
	}
	a.Username, a.Password, a.BearerToken = k.token.username, k.token.password, k.token.bearer
	return a, nil
}

// Forget drops the token of an Access, which the repository has refused.
func (t *Tokens) Forget(a Access) {
	if t == nil || a.Exchange == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.kept, t.name(a))
}

// name is the same for all that get the same token in the same way.
func (t *Tokens) name(a Access) string {
	return Access{Exchange: a.Exchange, Insecure: a.Insecure, Proxy: a.Proxy, NoProxy: a.NoProxy}.Fingerprint(nil, "token")
}

func (t *Tokens) entry(a Access) *keptToken {
	name := t.name(a)
	t.mu.Lock()
	defer t.mu.Unlock()
	k := t.kept[name]
	if k == nil {
		if len(t.kept) >= maxTokens {
			clear(t.kept) // who needs one gets it again
		}
		k = &keptToken{lock: make(chan struct{}, 1)}
		t.kept[name] = k
	}
	return k
}

// ask asks for a token, by the way that leads to the repository, but with its own certificates and without the
// repository's credentials.
func (t *Tokens) ask(ctx context.Context, a Access, now time.Time) (token, error) {
	ctx, cancel := context.WithTimeout(ctx, tokenTime)
	defer cancel()
	transport, err := Access{CA: a.Exchange.CA, Insecure: a.Insecure, Proxy: a.Proxy, NoProxy: a.NoProxy}.Transport(t.local)
	if err != nil {
		return token{}, err
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{
		Transport: Bounded{Next: transport, Limit: maxTokenAnswer}, Timeout: tokenTime,
		// What we say must not go where another server wants it.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	got, err := a.Exchange.token(ctx, client, now)
	if err != nil {
		return token{}, fmt.Errorf("no token: %s", a.Scrub(err.Error()))
	}
	return got, nil
}
