// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package images

import "argosy.dev/argosy/hack/cluster/internal/archive"

// revision is raised when an image changes for a reason that the recipes below
// and the inputs of a Set do not show, such as what goes into a layer.
const revision = "1"

// library names Docker Hub's official images in full.
func library(name string, tags ...string) []string { return hub("library/"+name, tags...) }

func hub(name string, tags ...string) []string {
	var refs []string
	for _, tag := range tags {
		refs = append(refs, "docker.io/"+name+":"+tag)
	}
	return refs
}

func file(content string) archive.Entry { return archive.Entry{Data: []byte(content), Mode: 0o644} }

func program(content string) archive.Entry { return archive.Entry{Data: []byte(content), Mode: 0o755} }

// bash gives scripts that name bash a shell; the busybox root has only its own.
const bash = "#!/bin/sh\nexec /bin/sh \"$@\"\n"

// argosay is a test image's only program: it does what its first argument says.
const argosay = `#!/bin/sh
verb="${1:-echo}"
[ $# -gt 0 ] && shift
case "$verb" in
echo)
  if [ -n "$2" ]; then mkdir -p "$(dirname "$2")" && echo "$1" > "$2"; else echo "${1:-hello argo}"; fi ;;
cat) exec cat "$@" ;;
sleep) exec sleep "$@" ;;
exit) exit "${1:-0}" ;;
sh) exec sh "$@" ;;
assert_contains)
  grep -qF -- "$2" "$1" || { echo "$1 does not contain $2" >&2; exit 1; } ;;
*) echo "argosay: unknown verb $verb" >&2; exit 64 ;;
esac
`

const cowsay = "#!/bin/sh\necho \"< $* >\"\nprintf '    \\\\\\n      (whale)\\n'\n"

// httpd serves a page in the place of a web server.
const httpd = `#!/bin/sh
exec /bin/busybox httpd -f -p "${PORT:-80}" -h /usr/share/nginx/html
`

// smallImages are made on the busybox root.
var smallImages = []recipe{
	{refs: library("busybox", "latest", "stable", "1", "1.35", "1.36", "1.37"), config: archive.Config{Cmd: []string{"sh"}}},
	{
		refs: library("alpine", "latest", "3", "3.6", "3.7", "3.8", "3.20", "3.21", "3.22", "3.23"),
		files: archive.Tree{
			"/etc/alpine-release": file("3.23.0\n"),
			"/etc/os-release":     file("NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.23.0\nPRETTY_NAME=\"Alpine Linux v3.23\"\n"),
		},
		config: archive.Config{Cmd: []string{"/bin/sh"}},
	},
	{
		refs:   hub("argoproj/argosay", "latest", "v1", "v2"),
		files:  archive.Tree{"/bin/argosay": program(argosay), "/bin/bash": program(bash), "/argosay": {Link: "/bin/argosay"}},
		config: archive.Config{Entrypoint: []string{"argosay"}},
	},
	{
		refs: library("nginx", "latest", "1.13", "1.19-alpine", "alpine"),
		files: archive.Tree{
			"/usr/share/nginx/html/index.html": file("<h1>Welcome to nginx!</h1>\n"),
			"/usr/sbin/nginx":                  program(httpd),
		},
		config: archive.Config{Cmd: []string{"nginx"}, ExposedPorts: map[string]struct{}{"80/tcp": {}}},
	},
	{
		refs:   hub("docker/whalesay", "latest"),
		files:  archive.Tree{"/usr/local/bin/cowsay": program(cowsay), "/bin/bash": program(bash)},
		config: archive.Config{Cmd: []string{"sh"}},
	},
}

// debianImages are made on the Debian root.
var debianImages = []recipe{
	{
		refs:   library("debian", "latest", "stable", "stable-slim", "bookworm", "bookworm-slim", "trixie", "trixie-slim", "12", "13", "8.9", "9.1"),
		config: archive.Config{Cmd: []string{"bash"}},
	},
	{
		refs: library("ubuntu", "latest", "17.10", "20.04", "22.04", "24.04"),
		files: archive.Tree{"/etc/os-release": file(
			"NAME=\"Ubuntu\"\nID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"24.04\"\nPRETTY_NAME=\"Ubuntu 24.04 LTS\"\n")},
		config: archive.Config{Cmd: []string{"bash"}},
	},
	{
		refs: library("python", "latest", "alpine", "alpine3.6", "alpine3.23", "3", "3-alpine", "3-slim", "3.12", "3.12-alpine", "3.13", "3.13-alpine", "slim"),
		files: archive.Tree{
			"/usr/local/bin/python":  {Link: "/usr/bin/python3"},
			"/usr/local/bin/python3": {Link: "/usr/bin/python3"},
		},
		config: archive.Config{Cmd: []string{"python3"}},
	},
	{
		refs:   hub("curlimages/curl", "latest"),
		config: archive.Config{Entrypoint: []string{"curl"}},
	},
	{
		refs:   hub("stedolan/jq", "latest"),
		config: archive.Config{Entrypoint: []string{"jq"}},
	},
}
