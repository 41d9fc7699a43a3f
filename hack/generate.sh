#!/usr/bin/env bash
# Writes all that is generated anew: deep copies and OpenAPI model names beside the types, OpenAPI definitions and the
# client packages in generated/, the API reference in docs/reference. With --verify it does so in a copy of the tree,
# and fails if anything differs.
# The generators are those that hack/tools/go.mod pins.
set -euo pipefail
cd "$(dirname "$0")/.."

module=argosy.dev/argosy
# Packages with API types, as GROUP/VERSION below apis/. A new family adds a line.
apis=(
	application/v1alpha1
	workflow/v1alpha1
	rollout/v1alpha1
	sensor/v1alpha1
)
# What the OpenAPI definitions of our types refer to. Their code lives in the module cache: definitions only.
referred=(
	k8s.io/api/autoscaling/v1
	k8s.io/api/batch/v1
	k8s.io/api/core/v1
	k8s.io/api/policy/v1
	k8s.io/api/scheduling/v1alpha3
	k8s.io/apimachinery/pkg/api/resource
	k8s.io/apimachinery/pkg/apis/meta/v1
	k8s.io/apimachinery/pkg/runtime
	k8s.io/apimachinery/pkg/util/intstr
	k8s.io/apimachinery/pkg/version
)
generators=(
	k8s.io/code-generator/cmd/applyconfiguration-gen
	k8s.io/code-generator/cmd/client-gen
	k8s.io/code-generator/cmd/deepcopy-gen
	k8s.io/code-generator/cmd/informer-gen
	k8s.io/code-generator/cmd/lister-gen
	k8s.io/kube-openapi/cmd/openapi-gen
)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# external_apply_configurations: TYPE:PACKAGE for each core type for which client-go has an apply configuration.
external_apply_configurations() {
	local client_go group
	client_go=$(go list -m -f '{{.Dir}}' k8s.io/client-go)
	for group in core/v1 policy/v1; do
		sed -nE "s,^type ([A-Z][A-Za-z0-9]*)ApplyConfiguration struct.*,k8s.io/api/$group.\1:k8s.io/client-go/applyconfigurations/$group,p" \
			"$client_go/applyconfigurations/$group/"*.go
	done | paste -sd,
}

generate() { # generate: in the current folder, which holds a copy of the module
	local packages=("${apis[@]/#/$module/apis/}") types
	# All that needs deep copies and OpenAPI definitions: what the APIs share, too.
	types=("$module/apis/raw" "$module/apis/verb" "${packages[@]}")
	local header=(--go-header-file hack/boilerplate.go.txt)
	local inputs=() readonly_packages=() api pkg
	for api in "${apis[@]}"; do inputs+=(--input "$api"); done
	for pkg in "${referred[@]}"; do readonly_packages+=(--readonly-pkg "$pkg"); done

	# What no type asks for any longer must go.
	rm -rf generated
	find apis -name 'zz_generated.*.go' -delete

	"$bin/deepcopy-gen" "${header[@]}" --output-file zz_generated.deepcopy.go "${types[@]}"
	# The report would list where our JSON names, which are the peers', break Kubernetes' conventions.
	"$bin/openapi-gen" "${header[@]}" --output-file zz_generated.openapi.go \
		--output-dir generated/openapi --output-pkg "$module/generated/openapi" \
		--output-model-name-file zz_generated.model_name.go --report-filename /dev/null \
		"${readonly_packages[@]}" "${referred[@]}" "${types[@]}"
	"$bin/applyconfiguration-gen" "${header[@]}" \
		--external-applyconfigurations "$(external_apply_configurations)" \
		--output-dir generated/applyconfiguration --output-pkg "$module/generated/applyconfiguration" "${packages[@]}"
	"$bin/client-gen" "${header[@]}" \
		--output-dir generated/clientset --output-pkg "$module/generated/clientset" --clientset-name versioned \
		--apply-configuration-package "$module/generated/applyconfiguration" \
		--input-base "$module/apis" "${inputs[@]}"
	"$bin/lister-gen" "${header[@]}" \
		--output-dir generated/listers --output-pkg "$module/generated/listers" "${packages[@]}"
	"$bin/informer-gen" "${header[@]}" \
		--output-dir generated/informers --output-pkg "$module/generated/informers" \
		--versioned-clientset-package "$module/generated/clientset/versioned" \
		--listers-package "$module/generated/listers" "${packages[@]}"
	gofmt -w generated
	rm -rf docs/reference
	go run ./hack/apidocs -out docs/reference
}

bin=$scratch/bin
mkdir "$bin"
go -C hack/tools build -o "$bin/" "${generators[@]}"

case "${1-}" in
"" | --verify) ;;
*)
	echo "usage: hack/generate.sh [--verify]" >&2
	exit 2
	;;
esac

# Generation happens in a copy, so that a failure leaves the tree as it was.
copy=$scratch/argosy
mkdir "$copy"
cp -r --parents -t "$copy" apis hack/apidocs hack/boilerplate.go.txt go.mod go.sum
(cd "$copy" && generate)

if [ "${1-}" = --verify ]; then
	differs=0
	for folder in apis generated docs/reference; do
		diff -ruN "$folder" "$copy/$folder" || differs=1
	done
	if [ "$differs" = 1 ]; then
		echo "what is generated is not current: run make generate" >&2
		exit 1
	fi
	exit
fi
rm -rf generated docs/reference
find apis -name 'zz_generated.*.go' -delete
cp -r "$copy/generated" .
mkdir -p docs
cp -r "$copy/docs/reference" docs/
(cd "$copy" && find apis -name 'zz_generated.*.go' -print0 | xargs -0 cp --parents -t "$OLDPWD")
