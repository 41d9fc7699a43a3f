// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

const secretToken = "a token that nobody may see"

// describe makes the Secret of a cluster, of pairs of field and value.
func describe(name string, pairs ...string) *corev1.Secret {
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{appv1.LabelSecretType: SecretTypeCluster}}, Data: map[string][]byte{}}
	for pair := range slices.Chunk(pairs, 2) {
		s.Data[pair[0]] = []byte(pair[1])
	}
	return s
}

func TestResolve(t *testing.T) {
	own := &rest.Config{Host: "https://10.0.0.1", BearerToken: "ours"}
	bearer := `{"bearerToken":"` + secretToken + `","tlsClientConfig":{"insecure":true}}`
	secrets := []*corev1.Secret{
		describe("east", "name", "east", "server", "https://east.example.com/", "config", bearer, "namespaces", "b, a ,b", "clusterResources", "true"),
		describe("west", "name", "west", "server", "https://west.example.com", "config", bearer, "project", "team", "namespaces", "a"),
		describe("west-all", "name", "west-all", "server", "https://west.example.com", "config", bearer),
		describe("twin-1", "name", "twin", "server", "https://twin-1.example.com", "config", bearer),
		describe("twin-2", "name", "twin", "server", "https://twin-2.example.com", "config", bearer),
		describe("no-server", "name", "no-server", "config", bearer),
		{ObjectMeta: metav1.ObjectMeta{Name: "other"}, Data: map[string][]byte{"name": []byte("other"), "server": []byte("https://other.example.com")}},
	}
	for _, test := range []struct {
		server, name, project string
		want, wrong           string
	}{
		{server: "https://a", name: "b", wrong: "not both"},
		{wrong: "neither"},
		{server: InClusterServer, want: "https://kubernetes.default.svc in-cluster own=true [] true"},
		{server: InClusterServer + "/", want: "https://kubernetes.default.svc in-cluster own=true [] true"},
		{name: "in-cluster", want: "https://kubernetes.default.svc in-cluster own=true [] true"},
		{name: "east", want: "https://east.example.com east own=false [a b] true"},
		{server: "https://east.example.com", want: "https://east.example.com east own=false [a b] true"},
		{server: "https://west.example.com", project: "team", want: "https://west.example.com west own=false [a] false"},
		{server: "https://west.example.com", project: "other", want: "https://west.example.com west-all own=false [] true"},
		{name: "twin", wrong: "twin-1 and twin-2"},
		{name: "none", wrong: `there is no cluster "none"`},
		{name: "other", wrong: `there is no cluster "other"`},
		{name: "no-server", wrong: "server is missing"},
	} {
		d, err := Resolve(appv1.ApplicationDestination{Server: test.server, Name: test.name}, test.project, secrets, own)
		if test.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), test.wrong) {
				t.Errorf("%+v: %v", test, err)
			}
			continue
		}
		if got := fmt.Sprintf("%s %s own=%t %v %t", d.Server, d.Name, d.Own, d.Namespaces, d.ClusterResources); err != nil || got != test.want {
			t.Errorf("%+v: %s, %v", test, got, err)
		}
	}
	if _, err := Resolve(appv1.ApplicationDestination{Name: InClusterName}, "", nil, nil); err == nil {
		t.Error("our own cluster is used though it is not to be")
	}
}

// A Secret may describe the cluster in which we run. Without credentials of its own it means ours, which are never used
// without an identity.
func TestSecretOfTheOwnCluster(t *testing.T) {
	own := &rest.Config{Host: "https://10.0.0.1", BearerToken: "ours"}
	for config, want := range map[string]bool{"": true, `{"tlsClientConfig":{"insecure":false}}`: true, `{"bearerToken":"theirs"}`: false} {
		d, err := Resolve(appv1.ApplicationDestination{Name: "home"}, "", []*corev1.Secret{
			describe("home", "name", "home", "server", InClusterServer+"/", "config", config, "namespaces", "a"),
		}, own)
		if err != nil {
			t.Fatal(err)
		}
		if d.Own != want || (d.config.BearerToken == "ours") != want || !slices.Equal(d.Namespaces, []string{"a"}) {
			t.Errorf("%s: %+v", config, d)
		}
		if _, err := New(Config{}).Use("a", d, ""); (err != nil) != want {
			t.Errorf("%s: used without an identity: %v", config, err)
		}
	}
}

// What is wrong with credentials is said without saying them.
func TestCredentialsAreNotInErrors(t *testing.T) {
	for config, wrong := range map[string]string{
		`{"bearerToken":"` + secretToken + `"`:                                                     "not the JSON",
		`{"bearerToken":{"x":"` + secretToken + `"}}`:                                              "not the JSON",
		`{"tlsClientConfig":{"caData":"` + secretToken + `"}}`:                                     "not the JSON",
		`{"execProviderConfig":{"command":"` + secretToken + `"}}`:                                 "execProviderConfig is not supported",
		`{"awsAuthConfig":{"clusterName":"` + secretToken + `"}}`:                                  "awsAuthConfig is not supported",
		`{"bearerToken":"` + secretToken + `","username":"u"}`:                                     "both bearerToken and username",
		`{"tlsClientConfig":{"insecure":true,"caData":"YQ=="}}`:                                    "both insecure and caData",
		`{"tlsClientConfig":{"certData":"YQ=="}}`:                                                  "only one of",
		`{"tlsClientConfig":{"certData":"YQ==","keyData":"YQ=="}}`:                                 "certificates",
		`{"proxyUrl":"http://u:` + strings.ReplaceAll(secretToken, " ", "%zz") + `@proxy"}`:        "not a URL",
		`{"proxyUrl":"file://` + strings.ReplaceAll(secretToken, " ", "-") + `/x"}`:                "neither http",
		`{"proxyUrl":"http://u:` + strings.ReplaceAll(secretToken, " ", "-") + `@proxy\u0000.ex"}`: "not a URL",
	} {
		_, err := Resolve(appv1.ApplicationDestination{Name: "x"}, "", []*corev1.Secret{describe("s", "name", "x", "server", "https://x.example.com", "config", config)}, nil)
		if err == nil || !strings.Contains(err.Error(), wrong) || !strings.Contains(err.Error(), "Secret s") {
			t.Errorf("%s: %v", config, err)
		} else if strings.Contains(err.Error(), "nobody") {
			t.Errorf("%s: the error holds the secret: %v", config, err)
		}
	}
	for _, server := range []string{"x.example.com", "ftp://x", "https://", "https://u:" + strings.ReplaceAll(secretToken, " ", "-") + "@x"} {
		_, err := Resolve(appv1.ApplicationDestination{Name: "x"}, "", []*corev1.Secret{describe("s", "name", "x", "server", server)}, nil)
		if err == nil || strings.Contains(err.Error(), "nobody") {
			t.Errorf("server %s: %v", server, err)
		}
	}
}

func TestPermits(t *testing.T) {
	all, some, whole := Destination{Name: "all", ClusterResources: true}, Destination{Name: "some", Namespaces: []string{"a"}}, Destination{Namespaces: []string{"a"}, ClusterResources: true}
	for _, test := range []struct {
		d         Destination
		namespace string
		want      bool
	}{{all, "a", true}, {all, "", true}, {some, "a", true}, {some, "b", false}, {some, "", false}, {whole, "", true}, {whole, "b", false}} {
		if err := test.d.Permits(test.namespace); (err == nil) != test.want {
			t.Errorf("%+v, %q: %v", test.d, test.namespace, err)
		}
	}
}

// Another version of a Secret makes another cache; the same credentials from elsewhere share one.
func TestVersions(t *testing.T) {
	version := func(secret *corev1.Secret) string {
		t.Helper()
		d, err := Resolve(appv1.ApplicationDestination{Name: "x"}, "", []*corev1.Secret{secret}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return d.version
	}
	base := []string{"name", "x", "server", "https://x.example.com", "config", `{"bearerToken":"a"}`}
	first := version(describe("one", base...))
	if version(describe("two", base...)) != first {
		t.Error("the same credentials have two versions")
	}
	for _, other := range [][]string{
		{"name", "x", "server", "https://y.example.com", "config", `{"bearerToken":"a"}`},
		{"name", "x", "server", "https://x.example.com", "config", `{"bearerToken":"b"}`},
		append(slices.Clone(base), "namespaces", "a"),
	} {
		if version(describe("one", other...)) == first {
			t.Errorf("%v has the same version", other)
		}
	}
}

// A destination that names nothing has no cluster: nothing was ever made there that would have to be deleted.
func TestResolveNothing(t *testing.T) {
	if _, err := Resolve(appv1.ApplicationDestination{}, "", nil, nil); !errors.Is(err, ErrNoCluster) {
		t.Errorf("got %v", err)
	}
}
