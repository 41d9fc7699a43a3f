// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"argosy.dev/argosy/hack/e2e/framework"
)

// auditEvent is what the test reads of an audit event.
type auditEvent struct {
	Kind       string
	Stage      string
	Verb       string
	RequestURI string
	User       struct{ Username string }
	ObjectRef  struct{ Namespace, Name, Resource, Subresource string }
}

// findAudit looks for the end of a request on an object.
func findAudit(data []byte, verb, ns, name, sub string) (*auditEvent, error) {
	s := bufio.NewScanner(bytes.NewReader(data))
	s.Buffer(nil, 32<<20)
	for s.Scan() {
		var e auditEvent
		at := bytes.IndexByte(s.Bytes(), '{')
		if at < 0 || !bytes.Contains(s.Bytes(), []byte(name)) || json.Unmarshal(s.Bytes()[at:], &e) != nil {
			continue // other log lines, or one that is being written
		}
		o := e.ObjectRef
		if e.Kind == "Event" && e.Stage == "ResponseComplete" && e.Verb == verb && o.Namespace == ns && o.Name == name && o.Subresource == sub {
			return &e, nil
		}
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("read audit log: %w", err)
	}
	return nil, errors.New("no such audit event")
}

// The audit log of the cluster and that of our server, behind the front proxy,
// both name the person.
func TestAuditNamesTheUser(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	wf := startGated(t, ns)
	allow(t, ns, "alice", alice, framework.NativeGroup, "create", "workflows/stop")
	if _, err := verb(t.Context(), alice, framework.Native("workflows"), ns, wf.GetName(), "stop", nil, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	logs := map[string]func(context.Context) ([]byte, error){
		"kube-apiserver": func(context.Context) ([]byte, error) {
			return os.ReadFile(filepath.Join(filepath.Dir(admin.Kubeconfig), "log", "audit.log"))
		},
		"our server": func(ctx context.Context) ([]byte, error) {
			p := serverPod(t)
			since := int64(120)
			return admin.Kube.CoreV1().Pods(p.Namespace).GetLogs(p.Name, &corev1.PodLogOptions{SinceSeconds: &since, Container: p.Spec.Containers[serverContainer(t, p)].Name}).DoRaw(ctx)
		},
	}
	for which, read := range logs {
		t.Run(which, func(t *testing.T) {
			var e *auditEvent
			eventually(t, 20*time.Second, "audit event in "+which, func(ctx context.Context) error {
				data, err := read(ctx)
				if err == nil {
					e, err = findAudit(data, "create", ns, wf.GetName(), "stop")
				}
				return err
			})
			if e.User.Username != "alice" {
				t.Errorf("the audit log says it was %q: %s", e.User.Username, e.RequestURI)
			}
			if !strings.HasSuffix(e.RequestURI, "/"+wf.GetName()+"/stop") {
				t.Errorf("request %s", e.RequestURI)
			}
		})
	}
}
