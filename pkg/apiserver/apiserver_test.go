// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"k8s.io/apiserver/pkg/endpoints/request"

	"argosy.dev/argosy/apis/scheme"
)

func TestOptions(t *testing.T) {
	for args, want := range map[string]string{
		"":                                  "",
		"--etcd-servers=http://127.0.0.1:1": "",
		"--data-dir=":                       "--data-dir must be given",
		"--etcd-servers=http://127.0.0.1:1 --data-dir=":    "",
		"--quota-backend-bytes=0":                          "--quota-backend-bytes must be positive",
		"--tls-cert-file=x":                                "must be given together",
		"--take-over-argoproj --compatibility-group=false": "--take-over-argoproj needs --compatibility-group",
		"--secure-port=70000":                              "--secure-port 70000",
		"--storage-backend=zookeeper":                      "--storage-backend invalid",
		"--request-timeout=-1s":                            "--request-timeout",
	} {
		o := NewOptions()
		fs := pflag.NewFlagSet("", pflag.ContinueOnError)
		for _, set := range o.Flags().FlagSets {
			fs.AddFlagSet(set)
		}
		if err := fs.Parse(strings.Fields(args)); err != nil {
			t.Errorf("%q: %v", args, err)
			continue
		}
		err := o.Validate()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: error %v, want %q", args, err, want)
		}
	}
}

func TestSubmissionLimit(t *testing.T) {
	for _, tc := range []struct {
		verb, subresource string
		size              int
		announced         bool
		code              int
	}{
		{"create", "", MaxSubmissionBytes, true, 200},
		{"create", "", MaxSubmissionBytes + 1, true, 413},
		{"create", "", MaxSubmissionBytes + 1, false, 413},
		{"create", "stop", MaxSubmissionBytes + 1, true, 413},
		{"patch", "", MaxSubmissionBytes + 1, true, 413},
		{"patch", "status", MaxSubmissionBytes + 1, true, 200},
		{"update", "", MaxSubmissionBytes + 1, true, 200},
		{"update", "status", MaxSubmissionBytes + 1, false, 200},
	} {
		handler := withSubmissionLimit(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// As the handlers of k8s.io/apiserver answer what a body fails with.
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				if err.Error() != tooLarge().Error() {
					t.Errorf("reading fails with %v", err)
				}
				w.WriteHeader(http.StatusRequestEntityTooLarge)
			}
		}), scheme.Codecs)
		req := httptest.NewRequest("POST", "/apis/g/v/workflows", bytes.NewReader(make([]byte, tc.size)))
		if !tc.announced {
			req.ContentLength = -1
		}
		req = req.WithContext(request.WithRequestInfo(req.Context(), &request.RequestInfo{
			IsResourceRequest: true, Verb: tc.verb, Subresource: tc.subresource, APIGroup: "g", APIVersion: "v",
		}))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, req)
		if w.Code != tc.code {
			t.Errorf("%+v: %d", tc, w.Code)
		}
	}
}

func TestLongRunning(t *testing.T) {
	check := longRunning()
	for _, tc := range []struct {
		verb, subresource string
		want              bool
	}{{"watch", "", true}, {"get", "log", true}, {"get", "", false}, {"create", "stop", false}, {"list", "", false}} {
		if got := check(httptest.NewRequest("GET", "/", nil), &request.RequestInfo{IsResourceRequest: true, Verb: tc.verb, Subresource: tc.subresource}); got != tc.want {
			t.Errorf("%s %s: %v", tc.verb, tc.subresource, got)
		}
	}
}
