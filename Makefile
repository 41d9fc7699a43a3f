# Targets are stable; each is idempotent and says in a line what it does (`make help`).
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VERSION  ?= v0.1.0-dev
IMAGE    ?= argosy.dev/argosy:dev
LOCAL    := $(CURDIR)/.local
CLUSTER  := $(LOCAL)/bin/cluster
BINARIES := argosy-apiserver argosy-controller-manager argosy-executor kubectl-argosy
CHECKS   ?= 1000
RUN      ?= .
CASES    ?= ../shared/conformance
LDFLAGS  := -s -w -X k8s.io/component-base/version.gitVersion=$(VERSION)
PRODUCT  := ./apis/... ./cmd/... ./generated/... ./pkg/... ./registry/...

export CGO_ENABLED ?= 0
# The same flags everywhere, so that build, vet, lint and test share what the compiler has done.
export GOFLAGS := -trimpath $(filter-out -trimpath,$(GOFLAGS))
export PATH := $(LOCAL)/bin:$(PATH)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build all binaries into bin/
	go build -ldflags '$(LDFLAGS)' -o bin/ $(addprefix ./cmd/,$(notdir $(wildcard cmd/*)))

generate: ## write generated code anew (deepcopy, defaults, OpenAPI, clients)
	hack/generate.sh

lint: ## gofmt, vet, staticcheck; generated code is current
	hack/lint.sh

cluster: ## local cluster up, Argosy built, loaded, installed, ready (.local/kubeconfig)
	hack/deploy.sh

cluster-down: ## stop the local cluster and remove all it left on the machine
	hack/cluster/build.sh cluster && $(CLUSTER) down

demo: cluster ## run a DAG workflow on the local cluster and show it
	hack/demo.sh

test: lint test-unit test-integration test-e2e ## everything CI checks

test-unit: ## unit tests of all packages (with real servers of Git: git and sshd are installed where they are not)
	command -v git >/dev/null && [ -x /usr/sbin/sshd ] || hack/cluster/install-packages.sh
	hack/gotest.sh -short $(PRODUCT) ./hack/conformance/...
	cd hack/cluster && go test -trimpath -short ./internal/...

test-random: ## property tests with other draws than everybody's, and more of them (CHECKS)
	go test -count=1 $$(git grep -l argosy/hack/seed -- '*_test.go' | xargs -n1 dirname | sort -u | sed 's|^|./|') -run '$(RUN)' -rapid.seed=0 -rapid.checks=$(CHECKS)

test-integration: ## our server with its embedded etcd, in process; what we ask of clusters, against a kube-apiserver
	hack/cluster/build.sh kube
	hack/gotest.sh -count=1 ./hack/integration/...

test-e2e: cluster ## end to end on the local cluster
	KUBECONFIG=$(LOCAL)/kubeconfig hack/gotest.sh -count=1 -timeout 30m ./hack/e2e/...

bench: cluster ## measure: chain of pods, reaction time, fake nodes, rollouts, applications, the API beside custom resources
	hack/cluster/build.sh kwok
	trap '$(CLUSTER) up --fake-nodes 0' EXIT; $(CLUSTER) up --fake-nodes 10; \
	  KUBECONFIG=$(LOCAL)/kubeconfig go run ./hack/bench

conformance: cluster ## hold the cluster to the peers: their manifests, random objects of their schemas, recorded runs: make conformance CASES=<dir>
	KUBECONFIG=$(LOCAL)/kubeconfig go run ./hack/conformance --cases $(CASES)

cross: ## the kubectl plugin for linux, darwin and windows on amd64 and arm64
	for os in linux darwin windows; do for arch in amd64 arm64; do \
	  ext=; [ $$os = windows ] && ext=.exe; \
	  GOOS=$$os GOARCH=$$arch go build -ldflags '-s -w' -o bin/kubectl-argosy-$$os-$$arch$$ext ./cmd/kubectl-argosy; done; done

.PHONY: help build generate lint cluster cluster-down demo test test-unit test-integration test-random test-e2e bench conformance cross
