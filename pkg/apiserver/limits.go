// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"fmt"
	"io"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/endpoints/handlers/responsewriters"
	"k8s.io/apiserver/pkg/endpoints/request"
	genericfilters "k8s.io/apiserver/pkg/server/filters"
)

const (
	// MaxBodyBytes is the largest request body. A workflow of 10,000 nodes is a
	// normal object and takes about 5 MB as JSON; compressed, it fits into etcd.
	MaxBodyBytes = 16 << 20

	// MaxSubmissionBytes is the largest body that creates or patches an object
	// other than its status. Nobody writes such an object by hand, and each one
	// is validated, run and watched.
	MaxSubmissionBytes = 4 << 20
)

// longRunning tells which requests stream. Through the aggregation layer only
// some subresources may last longer than a minute, log and proxy among them, so
// whatever streams bears one of these names.
func longRunning() request.LongRunningRequestCheck {
	return genericfilters.BasicLongRunningRequestCheck(sets.NewString("watch", "proxy"), sets.NewString("log", "proxy", "exec", "attach", "portforward"))
}

// withSubmissionLimit refuses submissions above MaxSubmissionBytes with 413. It
// needs the request info in the context.
func withSubmissionLimit(next http.Handler, serializer runtime.NegotiatedSerializer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info, ok := request.RequestInfoFrom(r.Context())
		if !ok || !isSubmission(info) || r.Body == nil {
			next.ServeHTTP(w, r)
			return
		}
		if r.ContentLength > MaxSubmissionBytes {
			gv := schema.GroupVersion{Group: info.APIGroup, Version: info.APIVersion}
			responsewriters.ErrorNegotiated(tooLarge(), serializer, gv, w, r)
			return
		}
		r.Body = &limitedBody{r.Body, MaxSubmissionBytes}
		next.ServeHTTP(w, r)
	})
}

func isSubmission(info *request.RequestInfo) bool {
	return info.IsResourceRequest && info.Subresource != "status" && (info.Verb == "create" || info.Verb == "patch")
}

func tooLarge() error {
	return apierrors.NewRequestEntityTooLargeError(fmt.Sprintf("the body may have at most %d bytes", MaxSubmissionBytes))
}

// limitedBody fails once more than left bytes have been read, for bodies that
// do not announce their length.
type limitedBody struct {
	io.ReadCloser
	left int64
}

// Read implements io.Reader.
func (b *limitedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, tooLarge()
	}
	return n, err
}
