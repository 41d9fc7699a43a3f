#!/bin/sh
# Copyright The Argosy Authors.
# SPDX-License-Identifier: Apache-2.0
#
# build.sh [PROGRAM...] builds the local cluster's programs into .local/bin; go
# decides what is out of date. Without arguments it builds what every cluster
# needs: cluster, pause and kube; as root also its images, and the packages that
# these need. "s3" and "kwok" are built only when named.
#
# Check this module with -trimpath and CGO_ENABLED=0 too (go vet -trimpath, go
# test -trimpath): with other flags Go compiles all of Kubernetes once more.
# $RUN, if set, is put in front of each go command.
set -eu
cd "$(dirname "$0")"
bin=$(cd ../.. && pwd)/.local/bin
mkdir -p "$bin"
export CGO_ENABLED=0 GOFLAGS="-mod=readonly -buildvcs=false"

version=v1.37.2
flags="-s -w"
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
	flags="$flags -X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=37"
done

if [ "$(uname -s)" != Linux ]; then
	echo "build.sh: the local cluster needs Linux" >&2
	exit 1
fi
images=
if [ $# = 0 ]; then
	set -- cluster pause images kube
fi
for program; do
	case $program in
	cluster | pause) ${RUN:-} go build -trimpath -ldflags '-s -w' -o "$bin/$program" "./cmd/$program" ;;
	kube)
		${RUN:-} go build -trimpath -ldflags "$flags" -o "$bin/kube" ./cmd/kube
		ln -sf kube "$bin/kubectl"
		;;
	images)
		# They mostly wait for the network, so the compiler need not wait for them.
		if [ "$(id -u)" = 0 ]; then
			./install-packages.sh
			"$bin/cluster" images &
			images=$!
		fi
		;;
	s3) (cd extras && ${RUN:-} go build -trimpath -ldflags '-s -w' -o "$bin/s3" github.com/versity/versitygw/cmd/versitygw) ;;
	kwok) (cd extras && ${RUN:-} go build -trimpath -ldflags '-s -w' -o "$bin/kwok" sigs.k8s.io/kwok/cmd/kwok) ;;
	*)
		echo "build.sh: unknown program $program" >&2
		exit 2
		;;
	esac
done
if [ -n "$images" ]; then
	wait "$images"
fi
