// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/git"
	"argosy.dev/argosy/pkg/remote"
)

// source is one source of a request while it is worked on.
type source struct {
	appv1.ApplicationSource
	// field is its name in messages.
	field string
	// revision is the commit, or the version of the chart.
	revision string

	git *git.Repository
	// charts is set for a chart, which found is a version of, once it has been looked up.
	charts *chartRepository
	found  *chartVersion
	// tree is opened when something of it is read.
	tree hashed
}

// refName is what $NAME in a path of values can be.
var refName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// hasManifests tells whether a source is rendered: one that only gives a name to a repository is not.
func (s *source) hasManifests() bool { return s.Ref == "" || s.Path != "" || s.Chart != "" }

// sources checks the sources of a request, and finds out how they are reached.
func (g *Generator) sources(who tenant, req Request) ([]*source, error) {
	if len(req.Sources) == 0 {
		return nil, errors.New("the application has no source")
	}
	list := make([]*source, 0, len(req.Sources))
	refs := map[string]bool{}
	for i := range req.Sources {
		s := &source{ApplicationSource: req.Sources[i], field: "source"}
		if len(req.Sources) > 1 {
			s.field = fmt.Sprintf("sources[%d]", i)
		}
		if i < len(req.Revisions) {
			s.revision = req.Revisions[i]
		}
		if req.Permits != nil && !req.Permits(s.RepoURL) {
			return nil, fmt.Errorf("%s: the repository %s is not permitted in project %q", s.field, remote.Clean(s.RepoURL), who.project)
		}
		if err := g.reach(who, s); err != nil {
			return nil, fmt.Errorf("%s: %w", s.field, err)
		}
		if s.Ref != "" && refs[s.Ref] {
			return nil, fmt.Errorf("%s: ref: %q is the name of another source, too", s.field, s.Ref)
		}
		refs[s.Ref] = true
		list = append(list, s)
	}
	return list, nil
}

func (g *Generator) reach(who tenant, s *source) error {
	switch {
	case strings.HasPrefix(s.RepoURL, "oci://"):
		return errors.New("repoURL: repositories of the scheme oci are not supported")
	case s.Plugin != nil:
		return errors.New("plugin: config management plugins are not supported")
	case s.Ref != "" && s.Chart != "":
		return errors.New("ref: a chart cannot be referred to")
	case s.Ref != "" && !refName.MatchString(s.Ref):
		return errors.New("ref: must consist of letters, digits, - and _")
	}
	if s.Chart != "" {
		r, err := g.chartRepository(who, s.RepoURL, s.passOn())
		s.charts = &r
		return err
	}
	var err error
	s.git, err = g.repository(who, s.RepoURL)
	return err
}

func (s *source) passOn() bool {
	return s.Helm != nil && s.Helm.PassCredentials != nil && *s.Helm.PassCredentials
}

// resolve sets the revision of a source that is not pinned.
func (g *Generator) resolve(ctx context.Context, s *source, age time.Duration) error {
	if s.revision != "" {
		if s.git != nil && !git.IsSHA(s.revision) {
			// Pinned by name, as a sync operation may be.
			found, err := s.git.Resolve(ctx, s.revision, s.TagPrefix, age)
			s.revision = found.Commit
			return err
		}
		if s.charts != nil && !exact(s.revision) {
			return g.lookUp(ctx, s, s.revision, age)
		}
		return nil
	}
	if s.charts != nil {
		return g.lookUp(ctx, s, s.TargetRevision, age)
	}
	found, err := s.git.Resolve(ctx, s.TargetRevision, s.TagPrefix, age)
	s.revision = found.Commit
	return err
}

func (g *Generator) lookUp(ctx context.Context, s *source, want string, age time.Duration) error {
	found, err := g.find(ctx, *s.charts, s.Chart, want, age)
	if err != nil {
		return err
	}
	s.revision, s.found = found.Version, &found
	return nil
}

// version is a text that is the same if the tree of a source is.
func (s *source) version() string { return s.RepoURL + " " + s.Chart + " " + s.revision }

// open returns the tree of a source, which it fetches if it is not there.
func (g *Generator) open(ctx context.Context, who tenant, s *source) (hashed, error) {
	if s.tree != nil {
		return s.tree, nil
	}
	if s.charts != nil {
		if s.found == nil {
			// A pinned version was there once, so any index that has it will do.
			if err := g.lookUp(ctx, s, s.revision, 24*time.Hour); err != nil {
				if err = g.lookUp(ctx, s, s.revision, 0); err != nil {
					return nil, err
				}
			}
		}
		tree, err := g.chart(ctx, *s.charts, s.Chart, *s.found)
		if err != nil {
			return nil, err
		}
		s.tree = tree
		return tree, nil
	}
	tree, err := s.git.Tree(ctx, s.revision)
	if err != nil {
		return nil, err
	}
	tree.WithSubmodules(ctx, func(_ context.Context, at git.Address) (*git.Repository, error) {
		return g.repository(who, at.String())
	})
	s.tree = gitTree{tree}
	return s.tree, nil
}

// close gives back what a source holds.
func (s *source) close() error {
	if tree, ok := s.tree.(gitTree); ok {
		return tree.Close()
	}
	return nil
}
