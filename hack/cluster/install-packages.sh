#!/bin/sh
# Copyright The Argosy Authors.
# SPDX-License-Identifier: Apache-2.0
#
# install-packages.sh installs the Debian packages that the local cluster and the
# tests (git, sshd) need and that this machine lacks; it does nothing where all are there.
set -eu

if ! command -v dpkg-query >/dev/null; then
	echo "install-packages.sh: this is not Debian: install containerd, runc, the CNI plugins, nftables, conntrack, iproute2, git, sshd, a static busybox and mmdebstrap yourself" >&2
	exit 1
fi
missing=
for package in busybox-static ca-certificates conntrack containerd containernetworking-plugins git iproute2 mmdebstrap mount nftables openssh-server procps runc; do
	case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
	*" installed") ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ]; then
	echo "install-packages.sh: must be root to install:$missing" >&2
	exit 1
fi
echo "installing:$missing"
log=$(mktemp)
# Services must not start: the cluster runs a containerd of its own.
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
# shellcheck disable=SC2086 # a list of words
if ! { apt-get update && apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
	tail -n 5 "$log" >&2
	echo "install-packages.sh: apt-get failed; see $log" >&2
	exit 1
fi
rm -f "$log"
