// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package project

import (
	"net/url"
	"regexp"
	"strings"
)

// scp is the short way to write an ssh URL: USER@HOST:PATH.
var scp = regexp.MustCompile(`^([^@/]+@)?([A-Za-z0-9._-]+):([^/].*)$`)

// NormalizeURL makes one text of the spellings of a repository that mean the same one: case, .git and slashes at the
// end, spaces around, and HOST:PATH for ssh://HOST/PATH. It also works on globs. The scheme matters.
func NormalizeURL(repo string) string {
	repo = strings.ToLower(strings.TrimSpace(repo))
	if !strings.Contains(repo, "://") {
		if m := scp.FindStringSubmatch(repo); m != nil {
			repo = "ssh://" + m[1] + m[2] + "/" + m[3]
		}
	}
	return strings.TrimSuffix(strings.TrimRight(strings.TrimSuffix(strings.TrimRight(repo, "/"), ".git"), "/"), ".git")
}

// Clean returns a URL without what may be secret in it: user, password, query and fragment.
func Clean(repo string) string {
	u, err := url.Parse(repo)
	if err != nil {
		if at := strings.LastIndexByte(repo, '@'); at >= 0 {
			return repo[at+1:]
		}
		return repo
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		u.User, u.RawQuery, u.Fragment = nil, "", ""
		return u.String()
	}
	return repo
}
