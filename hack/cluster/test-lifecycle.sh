#!/bin/sh
# Copyright The Argosy Authors.
# SPDX-License-Identifier: Apache-2.0
#
# test-lifecycle.sh proves on this machine that the cluster comes up, works,
# recovers from kill -9 of everything and from lost data, and goes down without
# a trace. It runs in network, mount and process namespaces of its own with a
# directory of its own, so a cluster that is up is not disturbed. Needs root and
# what hack/cluster/build.sh builds; takes about a minute.
set -eu

if [ "${1:-}" != inside ]; then
	here=$(cd "$(dirname "$0")" && pwd)
	work=$(mktemp -d /tmp/argosy-lifecycle.XXXXXX)
	mkdir "$work/.local"
	cp -r "$here/../../.local/bin" "$here/../../.local/images" "$work/.local/"
	status=0
	unshare --mount --net --pid --fork --mount-proc "$here/$(basename "$0")" inside "$work" || status=$?
	rm -rf "$work"
	exit $status
fi

cd "$2"
# Nothing of a cluster that runs outside may be seen here.
awk '$5 ~ "^/run/" { print $5 }' /proc/self/mountinfo | sort -r | while read -r point; do umount -l "$point"; done
mount -t tmpfs tmpfs /run
ip link set lo up
ulimit -n 4096

passed=0 failed=0
check() { # NAME COMMAND...
	name=$1
	shift
	if "$@" >check.log 2>&1; then
		passed=$((passed + 1))
		echo "ok: $name"
	else
		failed=$((failed + 1))
		echo "FAILED: $name"
		sed 's/^/    /' check.log
	fi
}
cluster() { .local/bin/cluster "$@"; }
kubectl() { .local/bin/kubectl --kubeconfig .local/kubeconfig "$@"; }
pod_ends() { kubectl wait "pod/$1" --for=jsonpath='{.status.phase}'=Succeeded --timeout=60s; }
# kill_all kills every process in here but this script and those matching $1.
kill_all() {
	for dir in /proc/[0-9]*; do
		pid=${dir#/proc/}
		line=$(tr '\0' ' ' <"$dir/cmdline" 2>/dev/null) || continue
		case $pid:$line in
		1:* | "$$":* | *"$1"*) ;;
		*) kill -9 "$pid" 2>/dev/null || true ;;
		esac
	done
}
# answers asks the Service by its name from another pod.
answers() {
	kubectl delete pod client --ignore-not-found --now
	kubectl run client --image=alpine:3.23 --restart=Never -- wget -qO- http://web.default.svc.cluster.local/
	pod_ends client && kubectl logs client | grep -q nginx
}
no_trace() {
	if ps -eo pid=,stat=,args= | awk '$2 !~ /^Z/' | grep -vE 'test-lifecycle|ps -eo|awk|grep' | grep .; then return 1; fi
	if grep -E " ($PWD|/run/argosy|/run/netns)" /proc/self/mountinfo; then return 1; fi
	if ip -o link | grep -v ': lo:' | grep .; then return 1; fi
	if nft list tables | grep .; then return 1; fi
	if [ -e /run/argosy-cluster ] || [ -e /run/containerd ]; then return 1; fi
}

check "comes up" cluster up
check "is up already" cluster up
check "claim binds" kubectl create -f - <<'Y'
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
Y
check "pod with a volume" kubectl create -f - <<'Y'
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - name: web
    image: nginx:latest
    imagePullPolicy: Always
    volumeMounts: [{name: data, mountPath: /data, subPath: sub}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
Y
check "service" kubectl create service clusterip web --tcp=80:80
kubectl label pod web app=web >check.log
check "pod is ready" kubectl wait pod/web --for=condition=Ready --timeout=60s
check "service answers by name" answers
check "exec" kubectl exec web -- touch /data/kept
check "alice has no rights" sh -c '! .local/bin/kubectl --kubeconfig .local/alice.kubeconfig get pods'

kill_all /pause
check "comes up after kill -9 of everything" cluster up
check "pod is restarted" kubectl wait pod/web --for=jsonpath='{.status.containerStatuses[0].restartCount}'=1 --timeout=60s
check "pod is ready again" kubectl wait pod/web --for=condition=Ready --timeout=60s
check "data survived" kubectl exec web -- ls /data/kept
check "service answers after kill -9" answers

.local/bin/cluster stop kube-apiserver
check "status tells of a stopped component" sh -c '! .local/bin/cluster status'
check "comes up after a component was stopped" cluster up
check "status is good" cluster status

kill_all nothing
rm -rf .local/etcd .local/conf .local/pki .local/containerd
check "comes up after its data was lost" cluster up
check "runs pods after its data was lost" kubectl run again --image=busybox --restart=Never -- true
check "pod ends" pod_ends again

kubectl run left --image=nginx >check.log
check "pod to leave behind" kubectl wait pod/left --for=condition=Ready --timeout=60s
kill_all httpd
check "goes down after kill -9 of everything" cluster down --purge
check "leaves no trace" no_trace

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
