// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package config says what the local cluster looks like: where its files are,
// its addresses and ports, the configuration files and the command lines of its
// components. It renders; it must not start, stop or ask anything.
package config

import (
	"os"
	"path/filepath"
)

// The addresses and ports of the cluster. They are the same for every clone of
// the repository: one machine runs one local cluster at a time.
const (
	// NodeName is the one real node.
	NodeName = "argosy"
	// Interface is the network interface that carries NodeIP. Loopback would
	// not do: kube-apiserver refuses to advertise it.
	Interface = "argosy0"
	NodeIP    = "10.25.0.1"
	PodCIDR   = "10.26.0.0/16"
	// ServiceCIDR's first address is the Service "kubernetes".
	ServiceCIDR  = "10.27.0.0/16"
	KubernetesIP = "10.27.0.1"
	// DNSDomain is the suffix of Service names.
	DNSDomain = "cluster.local"

	APIServerPort         = "26443"
	EtcdPort              = "26379"
	EtcdPeerPort          = "26380"
	KubeletPort           = "26450"
	KubeletHealthPort     = "26448"
	ControllerManagerPort = "26457"
	SchedulerPort         = "26459"
	ProxyHealthPort       = "26456"
	ProxyMetricsPort      = "26449"
	S3Port                = "26900"
	FakeNodesPort         = "26910"

	// FakeNodeLabel is the label and the taint of fake nodes.
	FakeNodeLabel = "kwok.x-k8s.io/node"
	// FakePodCIDR is where fake pods say they are.
	FakePodCIDR = "10.28.0.0/16"

	// PauseImage holds each pod's namespaces.
	PauseImage = "localhost/pause:1"
	// StorageClass is the default class, served by the provisioner.
	StorageClass = "standard"
	// S3Region is what clients of the S3 server must say.
	S3Region = "us-east-1"
)

// Layout is the places of one clone's cluster.
type Layout struct {
	// Local is the absolute path of the clone's .local directory.
	Local string
	// Run holds what ends with the machine's boot: sockets, containerd's state,
	// the processes' records and the record of the clone that owns the cluster.
	// It is short, since the path of a Unix socket has at most 107 bytes and a
	// clone may be anywhere.
	Run string
	// Address is where the API server says it is: NodeIP where there is a node.
	Address string
}

// Path joins elements to the .local directory.
func (l Layout) Path(elem ...string) string {
	return filepath.Join(append([]string{l.Local}, elem...)...)
}

// Bin is the path of a program built into .local/bin.
func (l Layout) Bin(name string) string { return l.Path("bin", name) }

// Kubeconfig is the path of a user's kubeconfig; "admin" has the plain name.
func (l Layout) Kubeconfig(user string) string {
	if user == "admin" {
		return l.Path("kubeconfig")
	}
	return l.Path(user + ".kubeconfig")
}

// ComponentKubeconfig is the path of a component's kubeconfig.
func (l Layout) ComponentKubeconfig(name string) string { return l.Path("conf", name+".kubeconfig") }

// ContainerdSocket is the address of the cluster's own containerd.
func (l Layout) ContainerdSocket() string { return l.Run + "/containerd.sock" }

// Processes is the directory of the processes' records. It is not in the clone:
// records mean nothing after a boot, and another clone must find them when this
// one is deleted.
func (l Layout) Processes() string { return l.Run + "/processes" }

// RuntimeState is containerd's state directory.
func (l Layout) RuntimeState() string { return l.Run + "/containerd" }

// Server is the API server's URL on this machine.
func Server() string { return "https://127.0.0.1:" + APIServerPort }

// Dirs lists the directories that must exist, with the modes they need.
func (l Layout) Dirs() map[string]os.FileMode {
	dirs := map[string]os.FileMode{l.Run: 0o711, l.Processes(): 0o700}
	for _, d := range []string{"pki", "etcd", "conf"} {
		dirs[l.Path(d)] = 0o700
	}
	for _, d := range []string{"bin", "log", "log/pods", "conf/cni", "images", "kubelet", "kubelet-plugins", "containerd", "volumes", "s3"} {
		dirs[l.Path(d)] = 0o755
	}
	return dirs
}

// SocketPaths are the Unix sockets under .local, whose length is bounded.
func (l Layout) SocketPaths() []string {
	return []string{l.Path("kubelet/device-plugins/kubelet.sock"), l.Path("kubelet/pod-resources/kubelet.sock")}
}
