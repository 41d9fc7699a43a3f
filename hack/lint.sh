#!/usr/bin/env bash
# Checks what needs no cluster: format, vet, staticcheck, and that the generated code is current.
set -euo pipefail
cd "$(dirname "$0")/.."

unformatted=$(git ls-files -co --exclude-standard '*.go' | xargs -r gofmt -l)
if [ -n "$unformatted" ]; then
	printf 'not formatted (run gofmt -w):\n%s\n' "$unformatted" >&2
	exit 1
fi
# bin/ and .local/ hold no packages; hack/cluster and hack/tools are modules of their own.
go -C hack/tools build -o ../../bin/staticcheck honnef.co/go/tools/cmd/staticcheck
go vet ./...
bin/staticcheck ./apis/... ./cmd/... ./pkg/... ./registry/... ./hack/...
(cd hack/cluster && go vet ./...)
hack/generate.sh --verify
go mod tidy -diff
