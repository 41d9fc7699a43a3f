// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package traffic edits the objects by which traffic routers split requests between the pods of a rollout: routes of
// the Gateway API, canary Ingresses of nginx, VirtualServices and DestinationRules of Istio. Everything here is a pure
// function of the rollout, the observed objects and what is desired. What is desired is decided in
// argosy.dev/argosy/pkg/rollout, and the objects are read and written by its shell: no clients in here.
//
// An edit changes what the router's part of the rollout names and leaves the rest of the object as it is: fields that
// nothing here knows, and rules of others. Making the same edit again changes nothing.
package traffic
