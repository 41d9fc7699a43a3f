// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	serverstorage "k8s.io/apiserver/pkg/server/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
)

// Aliases maps a resource to the one under whose name it is stored.
type Aliases map[schema.GroupResource]schema.GroupResource

// Canonical returns the resource that names gr in etcd.
func (a Aliases) Canonical(gr schema.GroupResource) schema.GroupResource {
	if c, ok := a[gr]; ok {
		return c
	}
	return gr
}

// NewFactory returns a storage factory that keeps every resource below
// "<group>/<resource>" and an alias below the name of what it is an alias of.
//
// The equal prefix is more than tidiness: it is how k8s.io/apiserver knows that
// two resources are the same thing, so that an admission policy written for one
// group is not bypassed through the other.
func NewFactory(config storagebackend.Config, aliases Aliases) serverstorage.StorageFactory {
	return &storageFactory{config: config, aliases: aliases}
}

type storageFactory struct {
	config  storagebackend.Config
	aliases Aliases
}

// NewConfig implements serverstorage.StorageFactory.
func (f *storageFactory) NewConfig(gr schema.GroupResource, _ runtime.Object) (*storagebackend.ConfigForResource, error) {
	return f.config.ForResource(f.aliases.Canonical(gr)), nil
}

// ResourcePrefix implements serverstorage.StorageFactory.
func (f *storageFactory) ResourcePrefix(gr schema.GroupResource) string {
	c := f.aliases.Canonical(gr)
	return c.Group + "/" + c.Resource
}

// Configs implements serverstorage.StorageFactory.
func (f *storageFactory) Configs() []storagebackend.Config { return serverstorage.Configs(f.config) }

// Backends implements serverstorage.StorageFactory.
func (f *storageFactory) Backends() []serverstorage.Backend { return serverstorage.Backends(f.config) }
