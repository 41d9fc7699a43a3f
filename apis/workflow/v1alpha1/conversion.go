// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
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

// convertQueryToLogOptions reads the first value of each parameter, as kube-apiserver does, but refuses what is no
// number or boolean, rather than take it for 0 or false. Other parameters are none of its business.
func convertQueryToLogOptions(query url.Values, out *WorkflowLogOptions) error {
	options := WorkflowLogOptions{
		TypeMeta:  out.TypeMeta,
		Container: query.Get("container"),
		NodeID:    query.Get("nodeId"),
		PodName:   query.Get("podName"),
	}
	for name, field := range map[string]**int64{"tailLines": &options.TailLines, "sinceSeconds": &options.SinceSeconds} {
		if !query.Has(name) {
			continue
		}
		n, err := strconv.ParseInt(query.Get(name), 10, 64)
		if err != nil || n < 0 {
			return fmt.Errorf("query parameter %s: %q is not a number of at least 0", name, query.Get(name))
		}
		*field = &n
	}
	for name, set := range map[string]func(bool){
		"follow":     func(b bool) { options.Follow = b },
		"timestamps": func(b bool) { options.Timestamps = b },
		"prefix":     func(b bool) { options.Prefix = &b },
	} {
		if !query.Has(name) {
			continue
		}
		// A parameter without a value is switched on, as in "?follow".
		b := true
		if text := query.Get(name); text != "" {
			var err error
			if b, err = strconv.ParseBool(text); err != nil {
				return fmt.Errorf("query parameter %s: %q is neither true nor false", name, text)
			}
		}
		set(b)
	}
	*out = options
	return nil
}
