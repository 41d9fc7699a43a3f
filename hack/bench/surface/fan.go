// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package surface

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// fanned is what it took to tell many watchers of some creations.
type fanned struct {
	creates measured
	// events were delivered in all, the last one lag after the last creation was answered.
	events int
	took   time.Duration
	lag    time.Duration
	used   usage
	// cut is how many watches the server ended, since their watchers did not keep up; they went on from where they were.
	cut int64
}

func (f fanned) String() string {
	text := fmt.Sprintf("%.0f creates/s, %.0f events/s, last one %s after the last create, CPU for each event %s",
		f.creates.rate(), float64(f.events)/f.took.Seconds(), ms(f.lag), f.used.per(f.events))
	if f.cut > 0 {
		text += fmt.Sprintf(", %d watches cut off", f.cut)
	}
	return text
}

// fanOut has n objects created by k clients while w watchers look on, each with its own connection.
func (b *bench) fanOut(ctx context.Context, s *side, w, k, n int, create operation) (fanned, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	from, err := s.listVersion(ctx)
	if err != nil {
		return fanned{}, err
	}
	var seen, cut atomic.Int64
	var last atomic.Int64 // nanoseconds since began
	began := time.Now()
	all := make(chan struct{})
	failed := make(chan error, w)
	var opened, watchers sync.WaitGroup
	for range w {
		client, err := connection(s.config)
		if err != nil {
			return fanned{}, err
		}
		defer client.CloseIdleConnections()
		opened.Add(1)
		watchers.Go(func() {
			// Where the server ends a watch, it goes on from the last event, as a reflector's does.
			var once sync.Once
			for at := from; ; cut.Add(1) {
				var newest []byte
				query := "?watch=1&allowWatchBookmarks=true&timeoutSeconds=600&resourceVersion=" + at
				err := frames(ctx, client, s.url(query), func() { once.Do(opened.Done) }, func(line []byte) bool {
					newest = append(newest[:0], line...)
					if !bytes.HasPrefix(line, []byte(`{"type":"ADDED"`)) {
						return true
					}
					last.Store(int64(time.Since(began)))
					if seen.Add(1) == int64(w*n) {
						close(all)
					}
					return true
				})
				if ctx.Err() != nil {
					return
				}
				if newest != nil {
					at, err = eventVersion(newest)
				}
				if err != nil {
					failed <- err
					cancel()
					return
				}
			}
		})
	}
	opened.Wait()
	before := b.meter.read()
	start := time.Since(began)
	r, err := b.load(ctx, s, k, n, create)
	created := time.Since(began)
	if err == nil {
		select {
		case <-all:
		case <-time.After(2 * time.Minute):
			err = fmt.Errorf("only %d of %d events came", seen.Load(), w*n)
		case err = <-failed:
		}
	}
	used := b.meter.read().minus(before)
	cancel()
	watchers.Wait()
	if err != nil {
		select {
		case cause := <-failed:
			err = errors.Join(cause, err)
		default:
		}
		return fanned{}, err
	}
	end := time.Duration(last.Load())
	f := fanned{creates: r, events: w * n, took: end - start, lag: max(0, end-created), cut: cut.Load()}
	f.used = used.minus(b.meter.idle.over(f.took))
	return f, nil
}

// informer is the operation that measures how long a client waits for its first full picture, by the streamed list that client-go asks for.
func (b *bench) informer(ctx context.Context, client *http.Client, s *side) error {
	query := "?watch=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=0&timeoutSeconds=60"
	ended := false
	err := frames(ctx, client, s.url(query), func() {}, func(line []byte) bool {
		ended = bytes.HasPrefix(line, []byte(`{"type":"BOOKMARK"`)) && bytes.Contains(line, []byte("k8s.io/initial-events-end"))
		return !ended
	})
	if err == nil && !ended {
		err = errors.New("the list ended early")
	}
	return err
}

// frames reads a watch, one JSON document a line, until more says no or the stream ends. opened is called once the
// server has answered.
func frames(ctx context.Context, client *http.Client, url string, opened func(), more func(line []byte) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var once sync.Once
	defer once.Do(opened)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("watch: %s", resp.Status)
	}
	once.Do(opened)
	in := bufio.NewReaderSize(resp.Body, 16<<10)
	var line []byte
	for {
		part, prefix, err := in.ReadLine()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("watch: %w", err)
		}
		line = append(line, part...)
		if prefix {
			continue
		}
		if !more(line) {
			return nil
		}
		line = line[:0]
	}
}

// eventVersion is the resourceVersion of a watch event's object.
func eventVersion(event []byte) (string, error) {
	var e struct {
		Type   string
		Object struct {
			Message  string
			Metadata struct{ ResourceVersion string }
		}
	}
	if err := json.Unmarshal(event, &e); err != nil {
		return "", fmt.Errorf("read an event: %w", err)
	}
	if e.Type == "ERROR" {
		return "", fmt.Errorf("watch: %s", e.Object.Message)
	}
	return e.Object.Metadata.ResourceVersion, nil
}

// listVersion is the resourceVersion as of now.
func (s *side) listVersion(ctx context.Context) (string, error) {
	clients, err := s.connections(1)
	if err != nil {
		return "", err
	}
	got, err := ask(ctx, clients[0], http.MethodGet, s.url("?limit=1"), nil)
	if err != nil {
		return "", err
	}
	var list struct {
		Metadata struct{ ResourceVersion string }
	}
	if err := json.Unmarshal(got, &list); err != nil {
		return "", fmt.Errorf("read a list: %w", err)
	}
	return list.Metadata.ResourceVersion, nil
}
