// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package schemas

import "reflect"

// standIn is where the schema of a Go type is found, if the schema at hand is silent since the peer's types recur.
type standIn struct {
	family, kind string
	path         []string
}

// standIns are the stand-ins, by the name of the Go type. A type that is not listed is walked by its own fields.
var standIns = map[string]standIn{
	workflowTypes + "Template":     {"workflow", "Workflow", []string{"spec", "templates", "[]"}},
	sensorTypes + "Trigger":        {"sensor", "Sensor", []string{"spec", "triggers", "[]"}},
	workflowTypes + "WorkflowSpec": {"workflow", "Workflow", []string{"spec"}},
}

// justName is what objects have of metadata, which the schemas leave out. The rest is Kubernetes' own business.
var justName = &Schema{Properties: map[string]*Schema{"name": {Type: "string"}}}

// deepest is how often a type may occur within itself.
const deepest = 1

// complete returns a schema for the structure t where s is silent, or s itself.
func (g *Generator) complete(s *Schema, t reflect.Type) *Schema {
	if !s.silent() {
		return s
	}
	if t == objectMeta {
		return justName
	}
	if g.within[t] > deepest {
		return &Schema{}
	}
	if at, ok := standIns[nameOf(t)]; ok {
		all, err := Kinds(at.family)
		if err != nil {
			panic(err) // the schema at hand was read from beside it
		}
		for _, k := range all {
			if k.Name == at.kind {
				return k.Schema.find(at.path...)
			}
		}
	}
	byFields := &Schema{Properties: map[string]*Schema{}}
	for name := range jsonFields(t) {
		byFields.Properties[name] = &Schema{PreserveUnknown: true}
	}
	return byFields
}

func nameOf(t reflect.Type) string { return t.PkgPath() + "." + t.Name() }

// losesZero are fields of which false and 0 are lost, by Go type and JSON name: a GitOps tool sees a manifest that
// says so as drift. The list must not grow: a field that users write keeps its zero by being a pointer.
var losesZero = map[string]bool{
	workflowTypes + "Artifact.deleted":                                   true,
	workflowTypes + "Artifact.optional":                                  true,
	workflowTypes + "Artifact.recurseMode":                               true,
	workflowTypes + "AzureBlobContainer.useSDKCreds":                     true,
	workflowTypes + "ContinueOn.error":                                   true,
	workflowTypes + "ContinueOn.failed":                                  true,
	workflowTypes + "CreateS3BucketOptions.objectLocking":                true,
	workflowTypes + "ExecutorPluginSidecar.automountServiceAccountToken": true,
	workflowTypes + "GitArtifact.disableSubmodules":                      true,
	workflowTypes + "GitArtifact.insecureIgnoreHostKey":                  true,
	workflowTypes + "GitArtifact.insecureSkipTLS":                        true,
	workflowTypes + "GitArtifact.singleBranch":                           true,
	workflowTypes + "HDFSArtifact.force":                                 true,
	workflowTypes + "HTTP.insecureSkipVerify":                            true,
	workflowTypes + "HTTPArtifact.saveStreamViaFile":                     true,
	workflowTypes + "Mutex.database":                                     true,
	workflowTypes + "OSSBucket.createBucketIfNotPresent":                 true,
	workflowTypes + "OSSBucket.useSDKCreds":                              true,
	workflowTypes + "OSSLifecycleRule.markDeletionAfterDays":             true,
	workflowTypes + "OSSLifecycleRule.markInfrequentAccessAfterDays":     true,
	workflowTypes + "PluginArtifact.connectionTimeoutSeconds":            true,
	workflowTypes + "ResourceTemplate.setOwnerReference":                 true,
	workflowTypes + "S3Bucket.useSDKCreds":                               true,
	workflowTypes + "S3EncryptionOptions.enableEncryption":               true,
	workflowTypes + "TemplateRef.clusterScope":                           true,
	workflowTypes + "WorkflowLevelArtifactGC.forceFinalizerRemoval":      true,
	workflowTypes + "WorkflowTemplateRef.clusterScope":                   true,
}
