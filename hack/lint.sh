#!/usr/bin/env bash
# Checks what needs no cluster: format, vet, staticcheck, and that the generated code is current.
set -euo pipefail
cd "$(dirname "$0")/.."

unformatted=$(git ls-files -co --exclude-standard '*.go' | xargs -r gofmt -l)
if [ -n "$unformatted" ]; then
	printf 'not formatted (run gofmt -w):\n%s\n' "$unformatted" >&2
	exit 1
fi
go -C hack/tools build -o ../../bin/staticcheck honnef.co/go/tools/cmd/staticcheck
go vet ./...
bin/staticcheck ./apis/... ./cmd/... ./pkg/... ./registry/... ./hack/...
# A module of its own. cmd/kube is only Kubernetes put together, and with -trimpath what build.sh has compiled serves.
(cd hack/cluster && go vet -trimpath ./internal/... ./cmd/cluster ./cmd/pause)
hack/generate.sh --verify
go mod tidy -diff
