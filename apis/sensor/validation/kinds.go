// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"encoding/json"
	"net/http"
	"net/url"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	snv1 "argosy.dev/argosy/apis/sensor/v1alpha1"
)

// kindChecker checks what is a trigger's own.
type kindChecker struct {
	*report
	known dependencies
	// patched tells that parameters change the trigger before it is used: what the peer does not ask for may come then.
	patched bool
}

// own checks the parameters and the payload of a trigger, and returns whether its fields may come from parameters.
func (k kindChecker) own(path *field.Path, parameters, payload []snv1.TriggerParameter) (patched bool) {
	known := k.known
	if k.patched {
		// The names may be put in by parameters.
		known = nil
	}
	k.parameters(parameters, path.Child("parameters"), known)
	k.parameters(payload, path.Child("payload"), known)
	return k.patched || len(parameters) > 0
}

// object checks triggers that act on objects of Kubernetes.
func (k kindChecker) object(t *snv1.TriggerTemplate, path *field.Path) {
	if s := t.K8s; s != nil {
		at := path.Child("k8s")
		k.own(at, s.Parameters, nil)
		oneOf(k.report, at.Child("operation"), s.Operation, snv1.K8sCreate, snv1.K8sUpdate, snv1.K8sPatch, snv1.K8sDelete)
		if s.Operation == snv1.K8sPatch {
			oneOf(k.report, at.Child("patchStrategy"), s.PatchStrategy, types.JSONPatchType, types.MergePatchType, types.StrategicMergePatchType, types.ApplyYAMLPatchType)
		}
		k.source(s.Source, at.Child("source"), len(s.Parameters) > 0)
	}
	if w := t.ArgoWorkflow; w != nil {
		at := path.Child("argoWorkflow")
		k.own(at, w.Parameters, nil)
		k.need(at.Child("operation"), string(w.Operation), "say what is done with the workflow, such as submit")
		oneOf(k.report, at.Child("operation"), w.Operation, snv1.WorkflowSubmit, snv1.WorkflowSubmitFrom, snv1.WorkflowResubmit, snv1.WorkflowRetry,
			snv1.WorkflowResume, snv1.WorkflowSuspend, snv1.WorkflowTerminate, snv1.WorkflowStop)
		k.source(w.Source, at.Child("source"), len(w.Parameters) > 0)
	}
}

// source checks where an object is. filled tells that parameters change the object once it is read.
func (k kindChecker) source(s *snv1.ArtifactLocation, path *field.Path, filled bool) {
	if s == nil {
		k.required(path, "say where the object is")
		return
	}
	set := 0
	for _, is := range []bool{s.S3 != nil, s.Inline != nil, s.File != nil, s.URL != nil, s.Configmap != nil, s.Git != nil, s.Resource != nil} {
		if is {
			set++
		}
	}
	if set == 0 && !k.patched {
		k.required(path, "say where the object is: set one of resource, inline, configmap, git, s3, url, file")
	}
	if set > 1 {
		k.warn(path, "more than one place is set; the object is read from one only")
	}
	if s.Resource != nil && !filled && !k.patched {
		var object struct{ APIVersion, Kind string }
		// It is an object, or it could not have been decoded; a kind of another type is none.
		_ = json.Unmarshal(s.Resource.Raw, &object)
		k.need(path.Child("resource", "apiVersion"), object.APIVersion, "say of which group and version the object is")
		k.need(path.Child("resource", "kind"), object.Kind, "say of which kind the object is")
	}
	if k.patched {
		return
	}
	if s.S3 != nil {
		at := path.Child("s3")
		k.need(at.Child("endpoint"), s.S3.Endpoint, "say where the store is")
		if s.S3.Bucket == nil {
			k.required(at.Child("bucket"), "name the bucket and the key of the object")
		} else {
			k.need(at.Child("bucket", "name"), s.S3.Bucket.Name, "name the bucket")
			k.need(at.Child("bucket", "key"), s.S3.Bucket.Key, "name the key of the object")
		}
	}
	if s.File != nil {
		k.need(path.Child("file", "path"), s.File.Path, "say which file")
	}
	if s.URL != nil {
		k.need(path.Child("url", "path"), s.URL.Path, "say which address")
	}
	if s.Configmap != nil {
		k.need(path.Child("configmap", "name"), s.Configmap.Name, "name the config map")
		k.need(path.Child("configmap", "key"), s.Configmap.Key, "name the key of the config map")
	}
	if s.Git != nil {
		k.need(path.Child("git", "url"), s.Git.URL, "say which repository")
		k.need(path.Child("git", "filePath"), s.Git.FilePath, "say which file of the repository")
	}
}

// call checks triggers that call something and look at the answer.
func (k kindChecker) call(t *snv1.TriggerTemplate, path *field.Path) {
	if h := t.HTTP; h != nil {
		at := path.Child("http")
		patched := k.own(at, h.Parameters, h.Payload)
		k.parameters(h.DynamicHeaders, at.Child("dynamicHeaders"), k.known)
		k.need(at.Child("url"), h.URL, "say where the request is sent to")
		if u, err := url.Parse(h.URL); err != nil && !patched {
			k.invalid(at.Child("url"), h.URL, "is no address")
		} else if err == nil && h.URL != "" && !patched && u.Scheme != "http" && u.Scheme != "https" {
			k.warn(at.Child("url"), "does not begin with http:// or https://")
		}
		oneOf(k.report, at.Child("method"), h.Method, http.MethodGet, http.MethodDelete, http.MethodPatch, http.MethodPost, http.MethodPut)
		k.tls(h.TLS, at.Child("tls"))
		if h.Timeout != nil && *h.Timeout < 0 {
			k.add(field.Invalid(at.Child("timeout"), *h.Timeout, "must not be negative"))
		}
	}
	if l := t.AWSLambda; l != nil {
		at := path.Child("awsLambda")
		k.own(at, l.Parameters, l.Payload)
		k.need(at.Child("functionName"), l.FunctionName, "name the function")
		k.need(at.Child("region"), l.Region, "say which region")
		k.payload(l.Payload, at)
	}
	if w := t.OpenWhisk; w != nil {
		at := path.Child("openWhisk")
		k.own(at, w.Parameters, w.Payload)
		k.need(at.Child("host"), w.Host, "say which host")
		k.need(at.Child("actionName"), w.ActionName, "name the action")
		k.secret(w.AuthToken, at.Child("authToken"))
	}
	if c := t.CustomTrigger; c != nil {
		at := path.Child("custom")
		k.own(at, c.Parameters, c.Payload)
		k.need(at.Child("serverURL"), c.ServerURL, "say which server")
		if c.Spec == nil {
			k.required(at.Child("spec"), "say what the server shall do")
		}
		if c.Secure != nil && *c.Secure && c.CertSecret == nil {
			k.required(at.Child("certSecret"), "an encrypted connection needs certificates")
		}
	}
}

// message checks triggers that send a message.
func (k kindChecker) message(t *snv1.TriggerTemplate, path *field.Path) {
	if m := t.Kafka; m != nil {
		at := path.Child("kafka")
		k.own(at, m.Parameters, m.Payload)
		k.need(at.Child("url"), m.URL, "say which brokers")
		k.need(at.Child("topic"), m.Topic, "name the topic")
		k.payload(m.Payload, at)
		k.tls(m.TLS, at.Child("tls"))
		k.sasl(m.SASL, at.Child("sasl"))
	}
	if m := t.NATS; m != nil {
		at := path.Child("nats")
		k.own(at, m.Parameters, m.Payload)
		k.need(at.Child("url"), m.URL, "say which servers")
		k.need(at.Child("subject"), m.Subject, "name the subject")
		k.payload(m.Payload, at)
		k.tls(m.TLS, at.Child("tls"))
	}
	if m := t.Pulsar; m != nil {
		at := path.Child("pulsar")
		if !k.own(at, m.Parameters, m.Payload) {
			k.need(at.Child("url"), m.URL, "say which servers")
			k.need(at.Child("topic"), m.Topic, "name the topic")
		}
		k.tls(m.TLS, at.Child("tls"))
		k.backoff(m.ConnectionBackoff, at.Child("connectionBackoff"))
	}
	if m := t.AzureEventHubs; m != nil {
		at := path.Child("azureEventHubs")
		if !k.own(at, m.Parameters, m.Payload) {
			k.need(at.Child("fqdn"), m.FQDN, "say which host")
			k.need(at.Child("hubName"), m.HubName, "name the hub")
		}
	}
	if m := t.AzureServiceBus; m != nil {
		at := path.Child("azureServiceBus")
		k.own(at, m.Parameters, m.Payload)
		k.tls(m.TLS, at.Child("tls"))
	}
	if m := t.Slack; m != nil {
		at := path.Child("slack")
		k.own(at, m.Parameters, nil)
		if m.SlackToken == nil {
			k.required(at.Child("slackToken"), "say where the token for Slack's API is")
		}
	}
	if m := t.Email; m != nil {
		at := path.Child("email")
		k.own(at, m.Parameters, nil)
		k.need(at.Child("host"), m.Host, "say which server")
		if p := m.Port; p != nil && (*p < 0 || *p > 65535) {
			k.add(field.Invalid(at.Child("port"), *p, "must be from 0 to 65535"))
		}
	}
	if l := t.Log; l != nil && l.IntervalSeconds != nil && *l.IntervalSeconds < 0 {
		k.add(field.Invalid(path.Child("log", "intervalSeconds"), *l.IntervalSeconds, "must not be negative"))
	}
}

// payload asks for a payload, which may have no elements.
func (k kindChecker) payload(p []snv1.TriggerParameter, path *field.Path) {
	if p == nil {
		k.required(path.Child("payload"), "say what is sent")
	}
}
