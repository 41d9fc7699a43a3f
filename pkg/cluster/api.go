// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"argosy.dev/argosy/pkg/application/object"
)

// FieldManager is the name under which objects are applied. It is the peer's, so that objects which it has applied
// server-side go on belonging to the same manager.
const FieldManager = "argocd-controller"

// Config is what caches are made with.
type Config struct {
	// Changed is told of every change that an application may have to act on. It is called by the goroutines of watches,
	// so it must not block, nor call methods of a Cache.
	Changed func(Change)
	// InstanceLabel is the label by which applications track objects that say so in Needs. Empty is
	// app.kubernetes.io/instance.
	InstanceLabel string
	// Idle is how long a watch, and a cache, is kept that nobody uses. 0 is 5 minutes.
	Idle time.Duration
	// Grace is how long something that could be watched may be forbidden before that counts: an API server that starts denies
	// everything for a moment. 0 is 20 seconds.
	Grace time.Duration
	// Requested is told of each request that was made with a context of For. Nil: nobody wants to know.
	Requested func(Request)
	// UserAgent is what clusters are told of the client.
	UserAgent string
}

// Change says that an object has appeared, changed in a way that can be seen, or gone; or that its kind is now served, or
// no longer.
type Change struct {
	// Cache is where it was seen.
	Cache *Cache
	// Key is the object. Where a whole kind has changed (served, readable, or not any longer) there is no name.
	Key object.Key
	// Users are the users of the cache whom it concerns: those that need the object, and those whose instance it or one of
	// its owners belongs to. It is never empty.
	Users []string
}

// Needs is what a user of a cache wants to know of the cluster.
type Needs struct {
	// Instance is by what name objects know the application (object.InstanceName).
	Instance string
	// Label tells that objects belong to the instance by their label also, not only by annotation.
	Label bool
	// Objects are all objects that the user knows of: targets, hooks, and what it had. They are held in full, and their
	// kinds are watched: what belongs to an instance is found only in kinds that somebody needs.
	Objects []object.Key
	// Kinds tells that what the user wants depends on what the cluster serves: it is told of every kind that comes or goes.
	Kinds bool
	// Namespaces are where objects of these kinds are looked for, besides those of Objects, if the identity may not list
	// the whole cluster.
	Namespaces []string
}

// Mode is how an object is applied.
type Mode string

const (
	// ServerSide is server-side apply, one request.
	ServerSide Mode = "ServerSide"
	// ClientSide is a merge of three ways (last applied, target, live), computed here.
	ClientSide Mode = "ClientSide"
	// Replace creates the object, or puts it in the place of the live one.
	Replace Mode = "Replace"
)

// ApplyRequest asks that an object be made what it should be.
type ApplyRequest struct {
	// Object is what is applied. It is not changed.
	Object *unstructured.Unstructured
	// Mode is ServerSide if empty.
	Mode Mode
	// Force deletes the live object first and creates it anew. Namespaces and CustomResourceDefinitions are never deleted:
	// they are applied as if it were not set.
	Force bool
	// NoValidation leaves unknown and duplicate fields unreported. Otherwise they are errors. An object with fields that the
	// server does not know cannot be applied server-side at all, so it is then applied client-side.
	NoValidation bool
	// DryRun has the server answer what would come of it, and change nothing.
	DryRun bool
	// Migrate are the field managers whose fields, written by client-side apply, are taken over before a server-side apply.
	// Nil migrates none. MigratedManagers is the usual.
	Migrate []string
	// Manager is the field manager. Empty is FieldManager.
	Manager string
}

// Applied is what came of an ApplyRequest.
type Applied struct {
	// Object is the server's answer. It must not be changed: the cache shows it from now on.
	Object *unstructured.Unstructured
	// Message says what was done, in the peer's words: "configmap/a serverside-applied".
	Message string
}

// DeleteRequest asks that an object be deleted.
type DeleteRequest struct {
	Key object.Key
	// UID must be the object's. Empty deletes whatever bears the name.
	UID types.UID
	// Propagation is what becomes of what the object owns. Empty is Foreground.
	Propagation metav1.DeletionPropagation
	// DryRun changes nothing.
	DryRun bool
}

// Deleted is what came of a DeleteRequest.
type Deleted struct {
	// Gone tells that the object is there no longer. Otherwise it is going: finalizers, what it owns, or its processes hold
	// it up, and the cache shows it until it has gone.
	Gone bool
	// Message says what was done, in the peer's words: "pruned".
	Message string
}

// Node is an object in a tree of owners.
type Node struct {
	Key object.Key
	// Version is the version of its API.
	Version string
	UID     types.UID
	// ResourceVersion is the version of the object.
	ResourceVersion string
	// Created is when it was created.
	Created time.Time
	// Parents are the UIDs of those of its owners that are in the tree. None for a root.
	Parents []types.UID
	// Object is the object as far as the cache holds it: in full what is managed; of Pods, ReplicaSets, Jobs and
	// PersistentVolumeClaims what tells their health; of others nothing but metadata. It must not be changed.
	Object *unstructured.Unstructured
	// Images are the images of its containers, sorted.
	Images []string
	// Info is what there is to say of objects of its kind: of a Pod its state, ready containers, restarts and node.
	Info []Info
}

// Info is a name and a value, as people read them.
type Info struct{ Name, Value string }
