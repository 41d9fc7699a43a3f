// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package health

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/argoproj/argo-cd/v3/resource_customizations"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"argosy.dev/argosy/pkg/application/glob"
)

// Overrides are checks that users write. They are safe for concurrent use, and do not change. Nil has none.
type Overrides struct {
	exact    map[string]*check
	patterns []pattern
}

type pattern struct {
	glob  string
	check *check
}

// NewOverrides compiles checks in Lua, by GROUP/KIND, or KIND alone for the core group. Both may be globs, as the peer
// has them in argocd-cm: the exact name goes before all globs, and among these the longest, then the first by
// alphabet. An error names the check that is wrong.
func NewOverrides(scripts map[string]string) (*Overrides, error) {
	o := &Overrides{exact: map[string]*check{}}
	for name, script := range scripts {
		c, err := compile(name, script)
		if err != nil {
			return nil, fmt.Errorf("health check of %s: %w", name, err)
		}
		if strings.ContainsAny(name, "*?[{") {
			o.patterns = append(o.patterns, pattern{name, c})
		} else {
			o.exact[name] = c
		}
	}
	slices.SortFunc(o.patterns, func(a, b pattern) int {
		if d := len(b.glob) - len(a.glob); d != 0 {
			return d
		}
		return strings.Compare(a.glob, b.glob)
	})
	return o, nil
}

func (o *Overrides) find(gk schema.GroupKind) (*check, error) {
	if o == nil {
		return nil, nil
	}
	name := gk.Kind
	if gk.Group != "" {
		name = gk.Group + "/" + gk.Kind
	}
	if c := o.exact[name]; c != nil {
		return c, nil
	}
	for _, p := range o.patterns {
		if glob.Match(p.glob, name) {
			return p.check, nil
		}
	}
	return nil, nil
}

// files are the peer's checks, as it ships them: GROUP/KIND/health.lua, where _ stands for any text.
var files fs.FS = resource_customizations.Embedded

// wild are the directories of files with _ in them, as globs, from the longest.
var wild = sync.OnceValues(func() ([][2]string, error) {
	names, err := fs.Glob(files, "*/*/health.lua")
	if err != nil {
		return nil, fmt.Errorf("the peer's checks: %w", err)
	}
	var out [][2]string
	for _, name := range names {
		if dir := strings.TrimSuffix(name, "/health.lua"); strings.Contains(dir, "_") {
			out = append(out, [2]string{strings.ReplaceAll(dir, "_", "*"), name})
		}
	}
	slices.SortFunc(out, func(a, b [2]string) int { return len(b[0]) - len(a[0]) })
	return out, nil
})

var (
	bundledMutex sync.Mutex
	bundledKnown = map[string]*check{} // by file: there are 238
)

// bundled returns the peer's check of a kind, or nil. Each is compiled when it is first needed.
func bundled(gk schema.GroupKind) (*check, error) {
	gk = peerGroup(gk)
	if gk.Group == "" || strings.ContainsAny(gk.Group+gk.Kind, "/_") {
		return nil, nil
	}
	name := gk.Group + "/" + gk.Kind + "/health.lua"
	if _, err := fs.Stat(files, name); err != nil {
		globs, err := wild()
		if err != nil {
			return nil, err
		}
		at := slices.IndexFunc(globs, func(g [2]string) bool { return glob.Match(g[0], gk.Group+"/"+gk.Kind) })
		if at < 0 {
			return nil, nil
		}
		name = globs[at][1]
	}
	bundledMutex.Lock()
	defer bundledMutex.Unlock()
	if c := bundledKnown[name]; c != nil {
		return c, nil
	}
	script, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, fmt.Errorf("the peer's check %s: %w", name, err)
	}
	c, err := compile(name, string(script))
	if err != nil {
		return nil, fmt.Errorf("the peer's check %s: %w", name, err)
	}
	bundledKnown[name] = c
	return c, nil
}
