// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Config bounds renders and the processes that do them. Zero values have defaults.
type Config struct {
	// Processes is how many renders run at once, and how many processes there are. Default: the number of processors.
	Processes int
	// Deadline is how long a render may take by the clock. Default: 120 s.
	Deadline time.Duration
	// CPU is how much processor time a render may take, in whole seconds. Default: 60 s.
	CPU time.Duration
	// Memory is what a process may allocate, in bytes. Default: 512 MiB.
	Memory int64
	// Input and Output bound what a render may read, and the manifests it makes, in bytes. Defaults: 128 MiB, 64 MiB.
	Input, Output int64
	// Idle is for how long a process that does nothing is kept. Default: 60 s.
	Idle time.Duration
	// Renders is after how many renders a process is replaced. Default: 200.
	Renders int
	// Threads is how many threads of a process run at once; one renders, the others collect garbage. Default: 2.
	Threads int
	// Unconfined does without the sandbox of system calls, for kernels that have none. Memory and time are limited
	// nevertheless. Default: false, which refuses to render there.
	Unconfined bool

	hook string // see hooks_test.go
}

// defaulted is the configuration with defaults.
func (c Config) defaulted() Config {
	number := func(field *int64, value int64) {
		if *field <= 0 {
			*field = value
		}
	}
	count := func(field *int, value int) {
		if *field <= 0 {
			*field = value
		}
	}
	span := func(field *time.Duration, value time.Duration) {
		if *field <= 0 {
			*field = value
		}
	}
	count(&c.Processes, runtime.GOMAXPROCS(0))
	count(&c.Renders, 200)
	count(&c.Threads, 2)
	span(&c.Deadline, 120*time.Second)
	span(&c.CPU, 60*time.Second)
	span(&c.Idle, 60*time.Second)
	number(&c.Memory, 512<<20)
	number(&c.Input, 128<<20)
	number(&c.Output, 64<<20)
	return c
}

// Renderer renders in child processes of this binary, whose main must call Main when IsChild says so. It is safe for use
// by several goroutines.
type Renderer struct {
	config Config
	slots  chan struct{} // one for every render that runs

	mu     sync.Mutex
	closed bool
	idle   []*process // the one that was used last is at the end
}

// New makes a Renderer. Processes are started when they are needed.
func New(config Config) *Renderer {
	config = config.defaulted()
	return &Renderer{config: config, slots: make(chan struct{}, config.Processes)}
}

// errClosed is returned after Close.
var errClosed = errors.New("the renderer is closed")

// Render renders a source. It waits for a free process as long as the context lasts; the deadline counts from then. An
// *Error is the fault of what is rendered, any other error is ours.
func (r *Renderer) Render(ctx context.Context, req Request, trees Trees) (*Result, error) {
	select {
	case r.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-r.slots }()
	p, err := r.take(ctx, req.Domain)
	if err != nil {
		return nil, err
	}
	result, err := p.render(ctx, r.config, req, trees)
	r.give(p, err)
	return result, err
}

// take finds an idle process of the domain, or starts one.
func (r *Renderer) take(ctx context.Context, domain string) (*process, error) {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil, errClosed
	}
	for i := len(r.idle) - 1; i >= 0; i-- {
		p := r.idle[i]
		if p.domain != domain {
			continue
		}
		r.idle = slices.Delete(r.idle, i, i+1)
		r.mu.Unlock()
		p.expiry.Stop()
		select {
		case <-p.exited: // somebody has killed it
			p.end()
			return r.start(ctx, domain)
		default:
			return p, nil
		}
	}
	// Others make room: there are never more processes than slots.
	var oldest *process
	if len(r.idle) > 0 && len(r.idle)+len(r.slots) > r.config.Processes {
		// One after the other: slices.Delete clears what it moves away from, and in one assignment it may come first.
		oldest = r.idle[0]
		r.idle = slices.Delete(r.idle, 0, 1)
	}
	r.mu.Unlock()
	if oldest != nil {
		oldest.expiry.Stop()
		oldest.end()
	}
	return r.start(ctx, domain)
}

func (r *Renderer) start(ctx context.Context, domain string) (*process, error) {
	p, err := startProcess(ctx, r.config)
	if err != nil {
		return nil, err
	}
	p.domain = domain
	return p, nil
}

// give keeps a process for the next render, unless what it did last leaves doubts.
func (r *Renderer) give(p *process, err error) {
	var fault *Error
	sound := err == nil || errors.As(err, &fault) && (fault.Kind == Invalid || fault.Kind == Needs)
	r.mu.Lock()
	if !sound || r.closed || p.renders >= r.config.Renders {
		r.mu.Unlock()
		p.end()
		return
	}
	p.expiry = time.AfterFunc(r.config.Idle, func() { r.expire(p) })
	r.idle = append(r.idle, p)
	r.mu.Unlock()
}

// expire ends a process that was idle for too long.
func (r *Renderer) expire(p *process) {
	r.mu.Lock()
	i := slices.Index(r.idle, p)
	if i >= 0 {
		r.idle = slices.Delete(r.idle, i, i+1)
	}
	r.mu.Unlock()
	if i >= 0 {
		p.end()
	}
}

// Close ends all processes. Renders that run are waited for; later ones fail.
func (r *Renderer) Close() {
	r.mu.Lock()
	r.closed = true
	idle := r.idle
	r.idle = nil
	r.mu.Unlock()
	for _, p := range idle {
		p.expiry.Stop()
		p.end()
	}
	for range cap(r.slots) {
		r.slots <- struct{}{}
	}
	for range cap(r.slots) {
		<-r.slots
	}
}
