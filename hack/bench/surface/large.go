// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package surface

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// writers is how many workflows with a large status there are, each written by a client of its own.
const writers = 16

// largeStatus writes and reads the status of a workflow that has many nodes.
func (b *bench) largeStatus(ctx context.Context) error {
	bodies := map[*side][]*body{}
	for _, s := range b.sides {
		made, err := b.makeLarge(ctx, s)
		if err != nil {
			return fmt.Errorf("large workflows, %s: %w", s.name, err)
		}
		bodies[s] = made
	}
	size := len(bodies[b.sides[0]][0].text)
	for _, k := range []int{1, writers} {
		what := fmt.Sprintf("write a status of %d nodes (%d KB), %s", nodes, size>>10, plural(k))
		err := b.rated(ctx, what, false, k, b.Writes*min(k, 4), func(s *side) operation {
			return func(ctx context.Context, client *http.Client, c, i int) error {
				return bodies[s][c].put(ctx, client, fmt.Sprint("write ", i))
			}
		})
		if err != nil {
			return err
		}
	}
	return b.rated(ctx, fmt.Sprintf("get one of %d nodes, 1 client", nodes), true, 1, b.Gets, func(s *side) operation {
		return func(ctx context.Context, client *http.Client, _, i int) error {
			_, err := ask(ctx, client, http.MethodGet, s.url(fmt.Sprintf("/large-%d", i%writers)), nil)
			return err
		}
	})
}

// body is a workflow that is written again and again.
type body struct {
	url     string
	text    []byte
	version string
}

// put writes the status with a new message, under the version that the last write returned.
func (b *body) put(ctx context.Context, client *http.Client, message string) error {
	text := bytes.Replace(b.text, []byte(versionMark), []byte(b.version), 1)
	text = bytes.Replace(text, []byte(messageMark), []byte(message), 1)
	got, err := ask(ctx, client, http.MethodPut, b.url, text)
	if err != nil {
		return err
	}
	b.version, err = versionOf(got)
	return err
}

// makeLarge creates the workflows of a side that have a large status, and writes it once.
func (b *bench) makeLarge(ctx context.Context, s *side) ([]*body, error) {
	clients, err := s.connections(1)
	if err != nil {
		return nil, err
	}
	made := make([]*body, writers)
	for i := range made {
		name := fmt.Sprintf("large-%d", i)
		got, err := ask(ctx, clients[0], http.MethodPost, s.url(""), small(s.apiVersion(), name))
		if err != nil {
			return nil, err
		}
		made[i] = &body{url: s.url("/" + name + s.status), text: large(s.apiVersion(), name)}
		if made[i].version, err = versionOf(got); err != nil {
			return nil, err
		}
		if err := made[i].put(ctx, clients[0], "first"); err != nil {
			return nil, err
		}
	}
	return made, nil
}

func versionOf(object []byte) (string, error) {
	var o struct {
		Metadata struct{ ResourceVersion string }
	}
	if err := json.Unmarshal(object, &o); err != nil {
		return "", fmt.Errorf("read an object: %w", err)
	}
	if o.Metadata.ResourceVersion == "" {
		return "", errors.New("the object has no resource version")
	}
	return o.Metadata.ResourceVersion, nil
}
