// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	"argosy.dev/argosy/hack/cluster/internal/config"
	"argosy.dev/argosy/hack/cluster/internal/pki"
)

// users have a static token and a kubeconfig each.
var users = []config.Token{
	{User: "admin", Groups: []string{"system:masters"}},
	{User: "alice"},
	{User: "bob"},
}

// prepareSecrets makes sure of every certificate, key, token and kubeconfig.
func (c *Cluster) prepareSecrets() error {
	store := pki.Store{Dir: c.layout.Path("pki")}
	for _, ca := range []string{"ca", "front-proxy-ca"} {
		if err := store.CA(ca); err != nil {
			return err
		}
	}
	if err := store.SigningKey("sa"); err != nil {
		return err
	}
	leaves := map[string]pki.Leaf{
		"apiserver": {
			CommonName: "kube-apiserver",
			Names: []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
				"kubernetes.default.svc." + config.DNSDomain},
			IPs: []string{"127.0.0.1", c.layout.Address, config.KubernetesIP},
		},
		"kubelet-server": {CommonName: "kubelet", Names: []string{config.NodeName, "localhost"}, IPs: []string{config.NodeIP, "127.0.0.1"}},
		"kubelet-client": {CommonName: "kube-apiserver-kubelet-client", Organizations: []string{"system:masters"}},
	}
	for name, id := range config.Identities {
		leaves[name] = pki.Leaf{CommonName: id.User, Organizations: id.Groups}
	}
	for name, leaf := range leaves {
		if err := store.Leaf("ca", name, leaf); err != nil {
			return err
		}
	}
	if err := store.Leaf("front-proxy-ca", "front-proxy-client", pki.Leaf{CommonName: "front-proxy-client"}); err != nil {
		return err
	}
	ca, err := os.ReadFile(store.Cert("ca"))
	if err != nil {
		return fmt.Errorf("reading certificate authority: %w", err)
	}
	for name, id := range config.Identities {
		cert, err := os.ReadFile(store.Cert(name))
		if err != nil {
			return fmt.Errorf("reading certificate: %w", err)
		}
		key, err := os.ReadFile(store.Key(name))
		if err != nil {
			return fmt.Errorf("reading key: %w", err)
		}
		if err := writeKubeconfig(c.layout.ComponentKubeconfig(name), id.User, ca, config.Credentials{Cert: cert, Key: key}); err != nil {
			return err
		}
	}
	return c.prepareUsers(ca)
}

// prepareUsers makes sure of the users' tokens, which stay the same as long as
// the data does, and writes their kubeconfigs.
func (c *Cluster) prepareUsers(ca []byte) error {
	path := c.layout.Path("conf/tokens.csv")
	known := map[string]string{}
	if data, err := os.ReadFile(path); err == nil {
		for _, line := range strings.Split(string(data), "\n") {
			if f := strings.SplitN(line, ",", 3); len(f) == 3 && len(f[0]) == 2*tokenBytes {
				known[f[1]] = f[0]
			}
		}
	}
	var tokens []config.Token
	for _, user := range users {
		user.Value = known[user.User]
		if user.Value == "" {
			random := make([]byte, tokenBytes)
			if _, err := rand.Read(random); err != nil {
				return fmt.Errorf("making token: %w", err)
			}
			user.Value = hex.EncodeToString(random)
		}
		tokens = append(tokens, user)
		if err := writeKubeconfig(c.layout.Kubeconfig(user.User), user.User, ca, config.Credentials{Token: user.Value}); err != nil {
			return err
		}
	}
	return writeIfChanged(path, []byte(config.TokenFile(tokens)), 0o600)
}

const tokenBytes = 24

func writeKubeconfig(path, user string, ca []byte, credentials config.Credentials) error {
	content, err := config.Kubeconfig(user, ca, credentials)
	if err != nil {
		return err
	}
	return writeIfChanged(path, []byte(content), 0o600)
}

// writeIfChanged replaces a file in one step, and not at all if it is the same,
// so that its readers never see half of it.
func writeIfChanged(path string, content []byte, mode os.FileMode) error {
	if old, err := os.ReadFile(path); err == nil && string(old) == string(content) {
		return nil
	}
	if err := os.WriteFile(path+".tmp", content, mode); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}
