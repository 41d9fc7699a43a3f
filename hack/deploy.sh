#!/usr/bin/env bash
# Brings the local cluster up and the Argosy of this tree into it. Safe to run again: what has not changed
# is left alone, so after a code change only Argosy is built, loaded and restarted.
set -euo pipefail
cd "$(dirname "$0")/.."
repo=$PWD
image=${IMAGE:-argosy.dev/argosy:dev}
cluster=.local/bin/cluster
export KUBECONFIG=$repo/.local/kubeconfig PATH=$repo/.local/bin:$PATH

hack/cluster/build.sh
make --no-print-directory build
"$cluster" up "$@"
"$cluster" image --ref "$image" --entrypoint /argosy-apiserver --user 65532 \
	--add bin/argosy-apiserver=/argosy-apiserver \
	--add bin/argosy-controller-manager=/argosy-controller-manager \
	--add bin/argosy-executor=/argosy-executor -o .local/argosy.tar
"$cluster" load-image .local/argosy.tar

# The pod template carries the image's digest, so that a new build rolls the pods and an old one does not.
digest=$(sha256sum .local/argosy.tar | cut -c1-16)
kubectl kustomize artifacts/deploy/overlays/local | sed "s/ARGOSY_BUILD/$digest/" |
	kubectl apply --server-side --force-conflicts -f - >.local/log/deploy.log
kubectl -n argosy-system rollout status statefulset/argosy-apiserver --timeout=120s >/dev/null
groups=(application.argosy.dev rollout.argosy.dev sensor.argosy.dev workflow.argosy.dev argoproj.io)
kubectl wait --for=condition=Available --timeout=60s "${groups[@]/#/apiservice/v1alpha1.}" >/dev/null
# A server that was away is missing in what kube-apiserver tells of all groups until it has asked again.
for group in "${groups[@]}"; do
	timeout 60 bash -c 'until [ -n "$(kubectl api-resources --api-group="$1" -o name 2>/dev/null)" ]; do sleep 1; done' - "$group"
done
echo "Argosy is ready: export KUBECONFIG=$KUBECONFIG"
