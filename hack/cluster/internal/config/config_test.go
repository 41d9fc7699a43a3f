// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"encoding/json"
	"net/netip"
	"os"
	"strings"
	"testing"

	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"k8s.io/client-go/tools/clientcmd"
	kubeletv1beta1 "k8s.io/kubelet/config/v1beta1"
	"sigs.k8s.io/yaml"
)

var layout = Layout{Local: "/a clone/.local", Run: "/run/c", Address: NodeIP}

// Every rendered file must be what its reader takes, unknown fields refused.
func TestFilesParse(t *testing.T) {
	files := layout.Files()
	strict := func(path string, into any) {
		t.Helper()
		content, ok := files[layout.Path(path)]
		if !ok {
			t.Fatalf("%s is not rendered", path)
		}
		if err := yaml.UnmarshalStrict([]byte(content), into); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	var kubelet kubeletv1beta1.KubeletConfiguration
	strict("conf/kubelet.yaml", &kubelet)
	if kubelet.EvictionHard["nodefs.available"] != "0%" || *kubelet.Authentication.Anonymous.Enabled {
		t.Errorf("unexpected kubelet configuration %+v", kubelet)
	}
	var audit auditv1.Policy
	strict("conf/audit-policy.yaml", &audit)
	if last := audit.Rules[len(audit.Rules)-1]; last.Level != auditv1.LevelNone || len(last.Resources) != 0 {
		t.Errorf("the rest is not left out of the audit log: %+v", last)
	}
	var network map[string]any
	if err := json.Unmarshal([]byte(files[layout.Path("conf/cni/10-argosy.conflist")]), &network); err != nil {
		t.Errorf("network configuration: %v", err)
	}
	if toml := files[layout.Path("conf/containerd.toml")]; !strings.Contains(toml, `root = "/a clone/.local/containerd"`) {
		t.Errorf("containerd's root is not in the clone:\n%s", toml)
	}
}

func TestAddressesDoNotOverlap(t *testing.T) {
	var prefixes []netip.Prefix
	for _, cidr := range []string{NodeIP + "/32", PodCIDR, ServiceCIDR, FakePodCIDR} {
		p, err := netip.ParsePrefix(cidr)
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range prefixes {
			if p.Overlaps(other) {
				t.Errorf("%s overlaps %s", p, other)
			}
		}
		prefixes = append(prefixes, p)
	}
	service := netip.MustParsePrefix(ServiceCIDR)
	if first := service.Masked().Addr().Next(); first.String() != KubernetesIP {
		t.Errorf("kube-apiserver's Service is %s, not %s", first, KubernetesIP)
	}
}

func TestEveryComponentHasACommand(t *testing.T) {
	for _, name := range []string{Containerd, Etcd, APIServer, ControllerManager, Scheduler, Kubelet, Proxy, DNS, Storage, FakeNodes, S3} {
		if len(layout.Command(name)) < 2 {
			t.Errorf("%s has no command line", name)
		}
	}
}

func TestTokenFile(t *testing.T) {
	got := TokenFile([]Token{{Value: "t1", User: "admin", Groups: []string{"system:masters", "x"}}, {Value: "t2", User: "bob"}})
	if want := "t1,admin,admin,\"system:masters,x\"\nt2,bob,bob\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestKubeconfigIsUsable(t *testing.T) {
	for name, credentials := range map[string]Credentials{
		"token":       {Token: "secret"},
		"certificate": {Cert: []byte("cert"), Key: []byte("key")},
	} {
		t.Run(name, func(t *testing.T) {
			content, err := Kubeconfig("alice", []byte("authority"), credentials)
			if err != nil {
				t.Fatal(err)
			}
			path := t.TempDir() + "/kubeconfig"
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			cfg, err := clientcmd.BuildConfigFromFlags("", path)
			if err != nil {
				t.Fatal(err)
			}
			if cfg.Host != Server() || string(cfg.CAData) != "authority" || cfg.Insecure || cfg.BearerToken != credentials.Token || string(cfg.CertData) != string(credentials.Cert) {
				t.Errorf("unexpected client configuration %+v", cfg)
			}
		})
	}
}
