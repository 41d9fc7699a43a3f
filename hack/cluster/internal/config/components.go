// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package config

// The names of the components, which are also the names of their records and logs.
const (
	Containerd        = "containerd"
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	Scheduler         = "kube-scheduler"
	Kubelet           = "kubelet"
	Proxy             = "kube-proxy"
	DNS               = "dns"
	Storage           = "storage"
	FakeNodes         = "fake-nodes"
	S3                = "s3"
)

// Identity is a certificate by which a component is known to the API server.
type Identity struct {
	User   string
	Groups []string
}

// Identities are the components that have a kubeconfig.
var Identities = map[string]Identity{
	ControllerManager: {User: "system:kube-controller-manager"},
	Scheduler:         {User: "system:kube-scheduler"},
	Kubelet:           {User: "system:node:" + NodeName, Groups: []string{"system:nodes"}},
	// The proxy's role can read Services and EndpointSlices, which is all that DNS needs.
	Proxy: {User: "system:kube-proxy"},
	// These two stand in for infrastructure outside of the cluster.
	Storage:   {User: "argosy:storage", Groups: []string{"system:masters"}},
	FakeNodes: {User: "argosy:fake-nodes", Groups: []string{"system:masters"}},
}

// Command is the command line of a component.
func (l Layout) Command(name string) []string {
	kube, pki := l.Bin("kube"), func(file string) string { return l.Path("pki", file) }
	kubeconfig := l.ComponentKubeconfig(name)
	switch name {
	case Containerd:
		return []string{"containerd", "--config", l.Path("conf/containerd.toml")}
	case Etcd:
		// Without fsync: data survives the end of any process, which is what
		// tests need, not the loss of the machine, and slow disks cost nothing.
		return []string{kube, Etcd, "--data-dir=" + l.Path("etcd"), "--unsafe-no-fsync",
			"--client-url=http://127.0.0.1:" + EtcdPort, "--peer-url=http://127.0.0.1:" + EtcdPeerPort}
	case APIServer:
		return []string{kube, APIServer,
			"--etcd-servers=http://127.0.0.1:" + EtcdPort,
			"--bind-address=0.0.0.0", "--secure-port=" + APIServerPort, "--advertise-address=" + l.Address,
			"--service-cluster-ip-range=" + ServiceCIDR,
			"--tls-cert-file=" + pki("apiserver.crt"), "--tls-private-key-file=" + pki("apiserver.key"),
			"--client-ca-file=" + pki("ca.crt"), "--token-auth-file=" + l.Path("conf/tokens.csv"),
			"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
			"--service-account-issuer=https://kubernetes.default.svc." + DNSDomain,
			"--service-account-key-file=" + pki("sa.pub"), "--service-account-signing-key-file=" + pki("sa.key"),
			"--requestheader-client-ca-file=" + pki("front-proxy-ca.crt"), "--requestheader-allowed-names=front-proxy-client",
			"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
			"--requestheader-extra-headers-prefix=X-Remote-Extra-",
			"--proxy-client-cert-file=" + pki("front-proxy-client.crt"), "--proxy-client-key-file=" + pki("front-proxy-client.key"),
			"--kubelet-client-certificate=" + pki("kubelet-client.crt"), "--kubelet-client-key=" + pki("kubelet-client.key"),
			"--kubelet-certificate-authority=" + pki("ca.crt"), "--kubelet-preferred-address-types=InternalIP",
			"--allow-privileged=true",
			"--audit-policy-file=" + l.Path("conf/audit-policy.yaml"), "--audit-log-path=" + l.Path("log/audit.log"),
			"--audit-log-maxsize=50", "--audit-log-maxbackup=2",
			"--shutdown-delay-duration=0s"}
	case ControllerManager:
		return []string{kube, ControllerManager, "--kubeconfig=" + kubeconfig,
			"--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig,
			"--bind-address=127.0.0.1", "--secure-port=" + ControllerManagerPort, "--leader-elect=false",
			"--use-service-account-credentials=true", "--service-account-private-key-file=" + pki("sa.key"),
			"--root-ca-file=" + pki("ca.crt"), "--cluster-signing-cert-file=" + pki("ca.crt"), "--cluster-signing-key-file=" + pki("ca.key"),
			"--kube-api-qps=200", "--kube-api-burst=400"}
	case Scheduler:
		return []string{kube, Scheduler, "--kubeconfig=" + kubeconfig,
			"--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig,
			"--bind-address=127.0.0.1", "--secure-port=" + SchedulerPort, "--leader-elect=false",
			"--kube-api-qps=200", "--kube-api-burst=400"}
	case Kubelet:
		return []string{kube, Kubelet, "--kubeconfig=" + kubeconfig, "--config=" + l.Path("conf/kubelet.yaml"),
			"--root-dir=" + l.Path("kubelet"), "--cert-dir=" + l.Path("kubelet/pki"),
			"--hostname-override=" + NodeName, "--node-ip=" + NodeIP}
	case Proxy:
		return []string{kube, Proxy, "--kubeconfig=" + kubeconfig, "--proxy-mode=nftables",
			"--hostname-override=" + NodeName, "--cluster-cidr=" + PodCIDR, "--oom-score-adj=0",
			"--healthz-bind-address=127.0.0.1:" + ProxyHealthPort, "--metrics-bind-address=127.0.0.1:" + ProxyMetricsPort,
			"--conntrack-max-per-core=0", "--conntrack-tcp-timeout-established=0", "--conntrack-tcp-timeout-close-wait=0"}
	case DNS:
		return []string{l.Bin("cluster"), DNS, "--kubeconfig=" + l.ComponentKubeconfig(Proxy), "--address=" + NodeIP + ":53", "--domain=" + DNSDomain}
	case Storage:
		return []string{l.Bin("cluster"), Storage, "--kubeconfig=" + kubeconfig, "--dir=" + l.Path("volumes"), "--node=" + NodeName}
	case FakeNodes:
		return []string{l.Bin("kwok"), "--kubeconfig=" + kubeconfig, "--config=" + l.Path("conf/kwok-stages.yaml"),
			"--manage-all-nodes=false", "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
			"--cidr=" + FakePodCIDR, "--node-ip=" + l.Address, "--node-lease-duration-seconds=40",
			"--server-address=127.0.0.1:" + FakeNodesPort}
	case S3:
		// On the node's address, so that pods reach it as this machine does.
		return []string{l.Bin("s3"), "--port=" + NodeIP + ":" + S3Port, "--region=" + S3Region, "--quiet", "posix", l.Path("s3")}
	}
	return nil
}
