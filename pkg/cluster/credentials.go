// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"k8s.io/client-go/rest"
)

// secretConfig is the field config of a cluster's Secret, as the peer defines it.
type secretConfig struct {
	Username    string `json:"username"`
	Password    string `json:"password"`
	BearerToken string `json:"bearerToken"`
	TLS         struct {
		Insecure   bool   `json:"insecure"`
		ServerName string `json:"serverName"`
		CAData     []byte `json:"caData"`
		CertData   []byte `json:"certData"`
		KeyData    []byte `json:"keyData"`
	} `json:"tlsClientConfig"`
	AWS                json.RawMessage `json:"awsAuthConfig"`
	Exec               json.RawMessage `json:"execProviderConfig"`
	ProxyURL           string          `json:"proxyUrl"`
	DisableCompression bool            `json:"disableCompression"`
}

// readConfig makes a client configuration of a Secret's config, and tells whether it holds credentials. What a library
// says of text that it cannot read may quote it, so no such words are passed on.
func readConfig(server string, data []byte) (config *rest.Config, credentials bool, err error) {
	base, err := url.Parse(server)
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return nil, false, errors.New("server is not the URL of an API server")
	}
	if base.User != nil {
		return nil, false, errors.New("server holds a user or password: these belong in config")
	}
	var says secretConfig
	if len(bytes.TrimSpace(data)) > 0 {
		if err := json.Unmarshal(data, &says); err != nil {
			return nil, false, errors.New("config is not the JSON that describes a cluster's credentials")
		}
	}
	if given(says.Exec) {
		return nil, false, errors.New("execProviderConfig is not supported: it would run a program in our server. Use a service account's token")
	}
	if given(says.AWS) {
		return nil, false, errors.New("awsAuthConfig is not supported: it would use our server's own rights in the cloud. Use a service account's token")
	}
	config = &rest.Config{
		Host: server, Username: says.Username, Password: says.Password, BearerToken: says.BearerToken, DisableCompression: says.DisableCompression,
		TLSClientConfig: rest.TLSClientConfig{
			Insecure: says.TLS.Insecure, ServerName: says.TLS.ServerName,
			CAData: says.TLS.CAData, CertData: says.TLS.CertData, KeyData: says.TLS.KeyData,
		},
	}
	switch {
	case says.BearerToken != "" && (says.Username != "" || says.Password != ""):
		return nil, false, errors.New("config has both bearerToken and username")
	case says.TLS.Insecure && len(says.TLS.CAData) > 0:
		return nil, false, errors.New("config has both insecure and caData")
	case (len(says.TLS.CertData) > 0) != (len(says.TLS.KeyData) > 0):
		return nil, false, errors.New("config has only one of certData and keyData")
	}
	if says.ProxyURL != "" {
		proxy, err := url.Parse(says.ProxyURL)
		if err != nil || proxy.Host == "" {
			return nil, false, errors.New("proxyUrl is not a URL")
		}
		switch proxy.Scheme {
		case "http", "https", "socks5":
		default:
			return nil, false, errors.New("proxyUrl is neither http, https nor socks5")
		}
		config.Proxy = http.ProxyURL(proxy)
	}
	if _, err := rest.TLSConfigFor(config); err != nil {
		return nil, false, errors.New("the certificates in config cannot be read")
	}
	credentials = says.Username != "" || says.Password != "" || says.BearerToken != "" || len(says.TLS.CertData) > 0
	return config, credentials, nil
}

func given(raw json.RawMessage) bool { return len(raw) > 0 && !bytes.Equal(raw, []byte("null")) }
