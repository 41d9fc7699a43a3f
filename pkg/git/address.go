// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package git

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path"
	"regexp"
	"strings"
)

// Address is the URL of a repository, taken apart.
type Address struct {
	// Scheme is https, http, ssh or file.
	Scheme string
	// User and Password are those in the URL. They are no part of String.
	User, Password string
	// Host is the host, with the port if the URL has one. Empty for file.
	Host string
	// Path is the path on the host. It has no slash in front if the URL is of the form HOST:PATH.
	Path string
}

// maxAddress is how long a URL may be, in bytes.
const maxAddress = 2048

// scpLike is the form [USER@]HOST:PATH, which means ssh.
var scpLike = regexp.MustCompile(`^(?:([A-Za-z0-9._~-]+)@)?([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):([^:/].*|/.*)$`)

// defaultPorts are the ports that need not be named.
var defaultPorts = map[string]string{"https": "443", "http": "80", "ssh": "22"}

// ParseAddress takes a URL apart. Its errors do not contain the URL, which may have a password.
func ParseAddress(text string) (Address, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return Address{}, errors.New("the URL of the repository is empty")
	case len(text) > maxAddress:
		return Address{}, fmt.Errorf("the URL of the repository has more than %d bytes", maxAddress)
	case strings.IndexFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\uFFFD' }) >= 0:
		return Address{}, errors.New("the URL of the repository has a space or a control character")
	}
	if !strings.Contains(text, "://") {
		m := scpLike.FindStringSubmatch(text)
		if m == nil {
			return Address{}, errors.New("the URL of the repository has no scheme: want https://, ssh://, or USER@HOST:PATH")
		}
		return checked(Address{Scheme: "ssh", User: m[1], Host: m[2], Path: m[3]})
	}
	u, err := url.Parse(text)
	if err != nil {
		return Address{}, errors.New("the URL of the repository cannot be read")
	}
	a := Address{Scheme: strings.ToLower(u.Scheme), Host: u.Host, Path: u.Path}
	if a.Scheme == "git+ssh" || a.Scheme == "ssh+git" {
		a.Scheme = "ssh"
	}
	if u.User != nil {
		a.User = u.User.Username()
		a.Password, _ = u.User.Password()
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return Address{}, errors.New("the URL of the repository has a query or fragment")
	}
	return checked(a)
}

// checked returns the address if a repository can be there.
func checked(a Address) (Address, error) {
	a.Host = strings.ToLower(a.Host)
	switch a.Scheme {
	case "https", "http", "ssh":
		if a.Host == "" || strings.HasPrefix(a.Host, "-") || strings.HasPrefix(a.Host, ":") {
			return Address{}, errors.New("the URL of the repository has no host")
		}
	case "file":
		if a.Host != "" && a.Host != "localhost" {
			return Address{}, errors.New("the URL of the repository is a file of another host")
		}
		a.Host = ""
	case "oci":
		return Address{}, errors.New("the scheme oci is not supported")
	default:
		return Address{}, fmt.Errorf("the scheme %.20q of the repository is not supported: want https, http or ssh", a.Scheme)
	}
	// What .. leads to is up to the server, and so credentials for one folder would open another.
	if strings.Contains(a.Path+"/", "/../") || strings.HasPrefix(a.Path, "../") {
		return Address{}, errors.New("the path of the repository has .. in it")
	}
	// A path that begins with a dash would be an option to the program on the other side.
	if a.Path == "" || a.Path == "/" || strings.HasPrefix(a.Path, "-") || strings.ContainsAny(a.Path, "\x00\r\n") {
		return Address{}, errors.New("the URL of the repository has no path, or one that cannot be")
	}
	return a, nil
}

// String returns the URL without credentials. The user is part of an SSH address, and no secret.
func (a Address) String() string {
	user := ""
	if a.Scheme == "ssh" && a.User != "" {
		user = url.User(a.User).String() + "@"
	}
	switch {
	case a.Scheme == "file":
		return "file://" + a.Path
	case !strings.HasPrefix(a.Path, "/"):
		return user + a.Host + ":" + a.Path
	}
	return a.Scheme + "://" + user + a.Host + (&url.URL{Path: a.Path}).EscapedPath()
}

// Key returns a text that is the same for all URLs of one repository: it looks past the case of the host, default ports,
// the user of SSH, the two ways to write SSH, and the suffix .git.
func (a Address) Key() string {
	host := strings.ToLower(a.Host)
	if name, port, err := net.SplitHostPort(host); err == nil && port == defaultPorts[a.Scheme] {
		host = name
	}
	p := strings.TrimSuffix(strings.TrimRight(a.Path, "/"), ".git")
	return a.Scheme + "://" + host + "/" + strings.TrimLeft(p, "/")
}

// Relative returns the address that another URL means when it stands in a file of this repository, such as ../other.git
// in .gitmodules.
func (a Address) Relative(other string) (Address, error) {
	if !strings.HasPrefix(other, "./") && !strings.HasPrefix(other, "../") {
		return ParseAddress(other)
	}
	slash := strings.HasPrefix(a.Path, "/")
	joined := strings.TrimPrefix(path.Join("/", a.Path, other), "/")
	// path.Join stays at the root, where the URL would lead out of the host.
	if steps := strings.Count(other, "../"); steps > strings.Count(strings.Trim(a.Path, "/"), "/")+1 {
		return Address{}, errors.New("the relative URL leads out of the host")
	}
	if slash {
		joined = "/" + joined
	}
	b := a
	b.Path, b.Password = joined, ""
	if b.Scheme != "ssh" {
		b.User = ""
	}
	return checked(b)
}
