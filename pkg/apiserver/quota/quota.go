// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package quota makes the cluster's ResourceQuotas hold for our objects. The
// cluster's API server counts them but, since they are not created there, never
// refuses one; so the same plugin runs here. It counts objects and nothing else.
package quota

import (
	"context"
	"errors"
	"io"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/apiserver/pkg/admission/plugin/resourcequota"
	"k8s.io/apiserver/pkg/quota/v1/generic"
)

// PluginName is the plugin's name in the admission flags, as in kube-apiserver.
const PluginName = resourcequota.PluginName

// Twins returns the resource by which another group serves the objects of gvr, if there is one.
type Twins func(gvr schema.GroupVersionResource) (schema.GroupVersionResource, bool)

// Register makes the plugin known.
func Register(plugins *admission.Plugins, twins Twins) {
	plugins.Register(PluginName, func(config io.Reader) (admission.Interface, error) {
		if config != nil {
			return nil, errors.New("the plugin takes no configuration here")
		}
		inner, err := resourcequota.NewResourceQuota(nil, 5)
		if err != nil {
			return nil, err
		}
		return &plugin{inner, twins}, nil
	})
}

// Initializer gives the plugin what it counts: any resource, by number.
func Initializer() admission.PluginInitializer { return counting{} }

type counting struct{}

// Initialize implements admission.PluginInitializer.
func (counting) Initialize(p admission.Interface) {
	if wants, ok := p.(initializer.WantsQuotaConfiguration); ok {
		wants.SetQuotaConfiguration(generic.NewConfiguration(nil, map[schema.GroupResource]struct{}{}))
	}
}

type plugin struct {
	*resourcequota.QuotaAdmission
	twins Twins
}

var _ admission.ValidationInterface = &plugin{}

// Validate charges an object to the quotas of both of its groups: whichever group
// a quota names, it is not passed by through the other.
func (p *plugin) Validate(ctx context.Context, a admission.Attributes, o admission.ObjectInterfaces) error {
	// Verbs are created too, but are no objects.
	if a.GetSubresource() != "" {
		return nil
	}
	if err := p.QuotaAdmission.Validate(ctx, a, o); err != nil {
		return err
	}
	twin, ok := p.twins(a.GetResource())
	if !ok {
		return nil
	}
	kind := a.GetKind()
	kind.Group, kind.Version = twin.Group, twin.Version
	return p.QuotaAdmission.Validate(ctx, admission.NewAttributesRecord(a.GetObject(), a.GetOldObject(), kind, a.GetNamespace(), a.GetName(), twin,
		a.GetSubresource(), a.GetOperation(), a.GetOperationOptions(), a.IsDryRun(), a.GetUserInfo()), o)
}
