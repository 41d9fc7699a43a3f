// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/hack/e2e/framework"
)

// scrape returns what /metrics of our server tells a user. It is reached by its Service, not through the aggregation layer.
func scrape(ctx context.Context, c *framework.Client) (string, error) {
	service, err := admin.Kube.CoreV1().Services(systemNamespace).Get(ctx, "argosy-apiserver", metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	secret, err := admin.Kube.CoreV1().Secrets(systemNamespace).Get(ctx, "argosy-apiserver-ca", metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	config := rest.CopyConfig(c.Config)
	config.Host = "https://" + service.Spec.ClusterIP
	config.CAFile, config.CAData, config.ServerName = "", secret.Data["ca.crt"], "argosy-apiserver."+systemNamespace+".svc"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return "", err
	}
	text, err := client.Discovery().RESTClient().Get().AbsPath("/metrics").DoRaw(ctx)
	return string(text), err
}

// tells waits until /metrics has lines with all of the parts, in any order of labels.
func tells(t *testing.T, name string, parts ...string) {
	t.Helper()
	eventually(t, time.Minute, "metric "+name, func(ctx context.Context) error {
		text, err := scrape(ctx, admin)
		if err != nil {
			return err
		}
		for line := range strings.Lines(text) {
			if has(line, name, parts) {
				return nil
			}
		}
		return fmt.Errorf("no %s with %v", name, parts)
	})
}

func has(line, name string, parts []string) bool {
	if !strings.HasPrefix(line, name+"{") {
		return false
	}
	for _, part := range parts {
		if !strings.Contains(line, part) {
			return false
		}
	}
	return true
}

// TestMetrics: dashboards made for the peers find rollouts and applications by the same names and labels, and nothing of
// what is gone. Only who may get /metrics sees them.
func TestMetrics(t *testing.T) {
	t.Parallel()
	if _, err := scrape(within(t, time.Minute), bob); !apierrors.IsForbidden(err) {
		t.Errorf("bob, who has no rights, scrapes: %v", err)
	}
	a := newApp(t, false, "replicas: 1\nstrategy: {canary: {steps: [{setWeight: 50}, {pause: {}}]}}")
	a.wait("Healthy")
	rollout := []string{fmt.Sprintf("namespace=%q", a.ns), fmt.Sprintf("name=%q", a.name)}
	tells(t, "rollout_info", append(rollout, `strategy="canary"`, `phase="Healthy"`)...)
	tells(t, "rollout_info_replicas_available", append(rollout, "} 1")...)
	tells(t, "rollout_phase", append(rollout, `phase="Completed"`, "} 1")...)
	tells(t, "rollout_events_total", append(rollout, `reason="RolloutCompleted"`, `type="Normal"`)...)
	tells(t, "rollout_reconcile_count", rollout...)

	w := newWorld(t, map[string]string{"a/cm.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n"})
	w.app("shop", "a", "", automated)
	w.is("shop", appv1.SyncStatusSynced, appv1.HealthHealthy)
	app := []string{fmt.Sprintf("namespace=%q", w.ns), `name="shop"`, `project="default"`}
	tells(t, "argocd_app_info", append(app, `sync_status="Synced"`, `health_status="Healthy"`, `autosync_enabled="true"`, `dest_server="https://kubernetes.default.svc"`)...)
	tells(t, "argocd_app_sync_total", append(app, `phase="Succeeded"`, `dry_run="false"`)...)
	tells(t, "argocd_app_k8s_request_total", append(app, `verb="patch"`, `resource_kind="configmaps"`, `response_code="201"`)...)
	tells(t, "argocd_app_reconcile_count", fmt.Sprintf("namespace=%q", w.ns))
	tells(t, "argocd_git_request_total", `request_type="ls-remote"`, nodeAddress)
	tells(t, "argocd_cluster_connection_status", `server="https://kubernetes.default.svc"`, "} 1")

	ctx := within(t, time.Minute)
	if err := admin.Dynamic.Resource(applications).Namespace(w.ns).Delete(ctx, "shop", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := a.client().Delete(ctx, a.name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, "metrics of what is gone", func(ctx context.Context) error {
		text, err := scrape(ctx, admin)
		if err != nil {
			return err
		}
		for line := range strings.Lines(text) {
			if strings.Contains(line, a.ns) && strings.Contains(line, fmt.Sprintf("name=%q", a.name)) || strings.Contains(line, w.ns) && strings.Contains(line, `name="shop"`) {
				return errors.New("still told: " + line)
			}
		}
		return nil
	})
}
