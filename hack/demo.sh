#!/usr/bin/env bash
# Runs the example DAG on the local cluster and shows it as a user would look at it.
set -euo pipefail
cd "$(dirname "$0")/.."
export KUBECONFIG=$PWD/.local/kubeconfig PATH=$PWD/.local/bin:$PATH
show() { printf '\n$ %s\n' "$*"; "$@"; }

kubectl delete workflow diamond --ignore-not-found >/dev/null
show kubectl create -f artifacts/examples/workflow/dag-diamond.yaml
show kubectl wait workflow/diamond --for=condition=Completed --timeout=120s
show kubectl get workflow diamond
show kubectl get pods -l workflows.argoproj.io/workflow=diamond
show kubectl get --raw "/apis/workflow.argosy.dev/v1alpha1/namespaces/default/workflows/diamond/log"
show kubectl describe workflow diamond | tail -n 12
[ "$(kubectl get workflow diamond -o jsonpath='{.status.phase}')" = Succeeded ]
