// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"fmt"
	"net/url"
	"slices"

	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"

	"argosy.dev/argosy/apis/query"
)

// The fields of field selectors. metadata.name and, for namespaced kinds, metadata.namespace go without saying.
const (
	// FieldStatusPhase selects workflows and cron workflows by status.phase.
	FieldStatusPhase = "status.phase"
	// FieldWorkflowTemplateRefName selects workflows by spec.workflowTemplateRef.name.
	FieldWorkflowTemplateRefName = "spec.workflowTemplateRef.name"
	// FieldSubmitWorkflowTemplateRefName selects event bindings by spec.submit.workflowTemplateRef.name.
	FieldSubmitWorkflowTemplateRefName = "spec.submit.workflowTemplateRef.name"
)

// AddFieldLabelConversions tells the scheme by which fields each kind of the given group and version can be selected.
func AddFieldLabelConversions(scheme *runtime.Scheme, gv schema.GroupVersion) error {
	for kind, fields := range map[string][]string{
		"Workflow":                {"metadata.namespace", FieldStatusPhase, FieldWorkflowTemplateRefName},
		"WorkflowTemplate":        {"metadata.namespace"},
		"ClusterWorkflowTemplate": nil,
		"CronWorkflow":            {"metadata.namespace", FieldStatusPhase},
		"WorkflowEventBinding":    {"metadata.namespace", FieldSubmitWorkflowTemplateRefName},
	} {
		if err := scheme.AddFieldLabelConversionFunc(gv.WithKind(kind), func(label, value string) (string, string, error) {
			if label == "metadata.name" || slices.Contains(fields, label) {
				return label, value, nil
			}
			return "", "", fmt.Errorf("%q is not a known field selector of %s", label, kind)
		}); err != nil {
			return err
		}
	}
	return nil
}

// AddConversions registers how the query of a request becomes log options. It is keyed by Go type, so once is enough
// for all groups.
func AddConversions(scheme *runtime.Scheme) error {
	return scheme.AddConversionFunc((*url.Values)(nil), (*WorkflowLogOptions)(nil), func(in, out any, _ conversion.Scope) error {
		return convertQueryToLogOptions(*in.(*url.Values), out.(*WorkflowLogOptions))
	})
}

// convertQueryToLogOptions reads the parameters of logs. Others are none of its business.
func convertQueryToLogOptions(values url.Values, out *WorkflowLogOptions) error {
	options := WorkflowLogOptions{
		TypeMeta:  out.TypeMeta,
		Container: values.Get("container"),
		NodeID:    values.Get("nodeId"),
		PodName:   values.Get("podName"),
	}
	for name, into := range map[string]**int64{"tailLines": &options.TailLines, "sinceSeconds": &options.SinceSeconds} {
		n, err := query.Count(values, name)
		if err != nil {
			return err
		}
		*into = n
	}
	for name, set := range map[string]func(*bool){
		"follow":     func(b *bool) { options.Follow = ptr.Deref(b, false) },
		"timestamps": func(b *bool) { options.Timestamps = ptr.Deref(b, false) },
		"prefix":     func(b *bool) { options.Prefix = b },
	} {
		b, err := query.Bool(values, name)
		if err != nil {
			return err
		}
		set(b)
	}
	*out = options
	return nil
}
