// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package config

import (
	_ "embed" // for the stages
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

//go:embed kwok-stages.yaml
var kwokStages string

// Files renders every static configuration file, by path.
func (l Layout) Files() map[string]string {
	return map[string]string{
		l.Path("conf/kwok-stages.yaml"):       kwokStages,
		l.Path("conf/containerd.toml"):        l.containerd(),
		l.Path("conf/kubelet.yaml"):           l.kubelet(),
		l.Path("conf/cni/10-argosy.conflist"): l.cni(),
		l.Path("conf/audit-policy.yaml"):      auditPolicy,
		l.Path("conf/resolv.conf"):            "# Pods resolve by the cluster's own DNS; there is no other.\n",
	}
}

// containerd renders the runtime's configuration. The settings under "cri" that
// name oom scores and hugetlb let it run without CAP_SYS_RESOURCE and without
// that cgroup controller.
func (l Layout) containerd() string {
	return fmt.Sprintf(`version = 2
root = %[1]q
state = %[2]q
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.aufs"]
oom_score = 0
[grpc]
  address = %[3]q
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = %[4]q
  restrict_oom_score_adj = true
  tolerate_missing_hugetlb_controller = true
  disable_hugetlb_controller = true
  max_concurrent_downloads = 1
  netns_mounts_under_state_dir = true
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = %[5]q
`, l.Path("containerd"), l.RuntimeState(), l.ContainerdSocket(), PauseImage, l.Path("conf/cni"))
}

// cni renders the pod network: a routed veth pair for each pod. No bridge
// carries pods, so that traffic to a Service's address always passes the host's
// routing, where kube-proxy's rules are, whatever the kernel does with bridges.
// There is no portmap plugin: hostPort would leave iptables tables behind.
func (l Layout) cni() string {
	return fmt.Sprintf(`{
  "cniVersion": "0.4.0",
  "name": "argosy",
  "plugins": [
    {"type": "ptp", "ipMasq": false, "ipam": {
      "type": "host-local", "dataDir": %q,
      "ranges": [[{"subnet": %q}]], "routes": [{"dst": "0.0.0.0/0"}]}}
  ]
}
`, l.Run+"/cni", PodCIDR)
}

// kubelet renders the node agent's configuration. Nothing is evicted or
// collected for lack of disk: the machine may be nearly full for reasons that
// are not the cluster's.
func (l Layout) kubelet() string {
	return fmt.Sprintf(`apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: %[1]s
port: %[2]s
healthzPort: %[3]s
readOnlyPort: 0
containerRuntimeEndpoint: unix://%[4]s
clusterDNS: [%[1]s]
clusterDomain: %[5]s
resolvConf: %[6]s
podLogsDir: %[7]s
volumePluginDir: %[8]s
tlsCertFile: %[9]s
tlsPrivateKeyFile: %[10]s
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: %[11]s}
authorization: {mode: Webhook}
failCgroupV1: false
failSwapOn: false
cgroupDriver: cgroupfs
cgroupsPerQOS: false
enforceNodeAllocatable: []
localStorageCapacityIsolation: false
oomScoreAdj: 0
makeIPTablesUtilChains: false
maxPods: 250
serializeImagePulls: false
registryPullQPS: 0
eventRecordQPS: 0
kubeAPIQPS: 200
kubeAPIBurst: 400
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
evictionHard: {memory.available: 1Mi, nodefs.available: 0%%, nodefs.inodesFree: 0%%, imagefs.available: 0%%, imagefs.inodesFree: 0%%}
crashLoopBackOff: {maxContainerRestartPeriod: 1s}
shutdownGracePeriod: 0s
nodeStatusUpdateFrequency: 5s
nodeLeaseDurationSeconds: 40
logging: {verbosity: 1}
`, NodeIP, KubeletPort, KubeletHealthPort, l.ContainerdSocket(), DNSDomain, l.Path("conf/resolv.conf"),
		l.Path("log/pods"), l.Path("kubelet-plugins"), l.Path("pki/kubelet-server.crt"), l.Path("pki/kubelet-server.key"), l.Path("pki/ca.crt"))
}

// auditPolicy records who did what to the groups this project serves, and
// nothing else: the rest of a cluster is noise here.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  resources:
  - group: "workflow.argosy.dev"
  - group: "application.argosy.dev"
  - group: "rollout.argosy.dev"
  - group: "sensor.argosy.dev"
  - group: "argoproj.io"
- level: None
`

// Token is a static bearer token of a user.
type Token struct {
	Value, User string
	Groups      []string
}

// TokenFile renders kube-apiserver's --token-auth-file.
func TokenFile(tokens []Token) string {
	var b strings.Builder
	for _, t := range tokens {
		fmt.Fprintf(&b, "%s,%s,%s", t.Value, t.User, t.User)
		if len(t.Groups) > 0 {
			fmt.Fprintf(&b, ",%q", strings.Join(t.Groups, ","))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// Credentials is how a kubeconfig's user proves who it is: a token, or the
// contents of a certificate and its key in PEM.
type Credentials struct {
	Token     string
	Cert, Key []byte
}

// Kubeconfig renders a client configuration as JSON, which is YAML too.
func Kubeconfig(user string, ca []byte, c Credentials) (string, error) {
	auth := map[string]string{}
	if c.Token != "" {
		auth["token"] = c.Token
	} else {
		auth["client-certificate-data"] = base64.StdEncoding.EncodeToString(c.Cert)
		auth["client-key-data"] = base64.StdEncoding.EncodeToString(c.Key)
	}
	data, err := json.MarshalIndent(map[string]any{
		"apiVersion": "v1",
		"kind":       "Config",
		"clusters": []any{map[string]any{"name": "argosy", "cluster": map[string]string{
			"server": Server(), "certificate-authority-data": base64.StdEncoding.EncodeToString(ca)}}},
		"users":           []any{map[string]any{"name": user, "user": auth}},
		"contexts":        []any{map[string]any{"name": user, "context": map[string]string{"cluster": "argosy", "user": user}}},
		"current-context": user,
	}, "", "  ")
	if err != nil {
		return "", fmt.Errorf("encoding kubeconfig: %w", err)
	}
	return string(data) + "\n", nil
}
