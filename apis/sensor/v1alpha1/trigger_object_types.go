// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"argosy.dev/argosy/apis/raw"
)

// KubernetesResourceOperation is what is done with an object.
type KubernetesResourceOperation string

const (
	// K8sCreate makes it.
	K8sCreate KubernetesResourceOperation = "create"
	// K8sUpdate merges it into the one that is there, or makes it.
	K8sUpdate KubernetesResourceOperation = "update"
	// K8sPatch patches the one that is there, or makes it.
	K8sPatch KubernetesResourceOperation = "patch"
	// K8sDelete deletes it.
	K8sDelete KubernetesResourceOperation = "delete"
)

// StandardK8STrigger makes or changes an object of Kubernetes, with the rights of the sensor's service account.
type StandardK8STrigger struct {
	// source is where the object is.
	// +optional
	Source *ArtifactLocation `json:"source,omitempty"`
	// operation is create, update, patch or delete. Default: create.
	// +optional
	Operation KubernetesResourceOperation `json:"operation,omitempty"`
	// parameters take fields of events into the object.
	// +optional
	// +listType=atomic
	Parameters []TriggerParameter `json:"parameters,omitzero"`
	// patchStrategy is how a patch is meant, by its media type. Default: application/merge-patch+json.
	// +optional
	PatchStrategy types.PatchType `json:"patchStrategy,omitempty"`
	// liveObject takes the object from the cluster, and not from source, before parameters are put in. source then
	// says just which. It is for update. Default: false.
	// +optional
	LiveObject *bool `json:"liveObject,omitempty"`
}

// ArgoWorkflowOperation is what is done with a workflow.
type ArgoWorkflowOperation string

// What is done with a workflow.
const (
	// WorkflowSubmit creates it.
	WorkflowSubmit ArgoWorkflowOperation = "submit"
	// WorkflowSubmitFrom creates one from a WorkflowTemplate, ClusterWorkflowTemplate or CronWorkflow, which is the source.
	WorkflowSubmitFrom ArgoWorkflowOperation = "submit-from"
	// WorkflowResubmit creates a copy of one that has ended.
	WorkflowResubmit ArgoWorkflowOperation = "resubmit"
	// WorkflowRetry runs what has failed of one again.
	WorkflowRetry ArgoWorkflowOperation = "retry"
	// WorkflowResume resumes one that is suspended.
	WorkflowResume ArgoWorkflowOperation = "resume"
	// WorkflowSuspend suspends one.
	WorkflowSuspend ArgoWorkflowOperation = "suspend"
	// WorkflowTerminate ends one at once.
	WorkflowTerminate ArgoWorkflowOperation = "terminate"
	// WorkflowStop ends one after its exit handlers.
	WorkflowStop ArgoWorkflowOperation = "stop"
)

// ArgoWorkflowTrigger runs a workflow, or acts on one.
type ArgoWorkflowTrigger struct {
	// source is where the workflow is.
	// +optional
	Source *ArtifactLocation `json:"source,omitempty"`
	// operation is submit, submit-from, resubmit, retry, resume, suspend, terminate or stop.
	// +optional
	Operation ArgoWorkflowOperation `json:"operation,omitempty"`
	// parameters take fields of events into the workflow.
	// +optional
	// +listType=atomic
	Parameters []TriggerParameter `json:"parameters,omitzero"`
	// args are further arguments, as the argo command has them, such as --serviceaccount=x.
	// +optional
	// +listType=atomic
	Args []string `json:"args,omitzero"`
}

// ArtifactLocation is where an object is, as YAML or JSON. One field is set.
type ArtifactLocation struct {
	// s3 is an object in a bucket.
	// +optional
	S3 *S3Artifact `json:"s3,omitempty"`
	// inline is the text itself.
	// +optional
	Inline *string `json:"inline,omitempty"`
	// file is a file of the server's machine.
	// +optional
	File *FileArtifact `json:"file,omitempty"`
	// url is what an address answers.
	// +optional
	URL *URLArtifact `json:"url,omitempty"`
	// configmap is the key of a config map.
	// +optional
	Configmap *corev1.ConfigMapKeySelector `json:"configmap,omitempty"`
	// git is a file in a Git repository.
	// +optional
	Git *GitArtifact `json:"git,omitempty"`
	// resource is the object itself. It is kept as it is written.
	// +optional
	Resource *raw.Object `json:"resource,omitempty"`
}

// FileArtifact is a file of the server's machine.
type FileArtifact struct {
	// path is the path.
	// +optional
	Path string `json:"path,omitempty"`
}

// URLArtifact is what an address answers.
type URLArtifact struct {
	// path is the address.
	Path string `json:"path"`
	// verifyCert checks the certificate of the server. Default: false.
	// +optional
	VerifyCert *bool `json:"verifyCert,omitempty"`
}

// GitArtifact is a file in a Git repository.
type GitArtifact struct {
	// url is the address of the repository.
	URL string `json:"url"`
	// cloneDirectory is the folder that the peer clones to. It has no meaning here.
	// +optional
	CloneDirectory *string `json:"cloneDirectory,omitempty"`
	// creds are a user name and password.
	// +optional
	Creds *GitCreds `json:"creds,omitempty"`
	// sshKeySecret is the key of a secret with a private SSH key.
	// +optional
	SSHKeySecret *corev1.SecretKeySelector `json:"sshKeySecret,omitempty"`
	// githubApp are credentials of a GitHub App.
	// +optional
	GithubApp *GithubAppCreds `json:"githubApp,omitempty"`
	// filePath is the path of the file in the repository.
	FilePath string `json:"filePath"`
	// branch is the branch. Default: master.
	// +optional
	Branch string `json:"branch,omitempty"`
	// tag is a tag, instead of branch.
	// +optional
	Tag string `json:"tag,omitempty"`
	// ref is a reference, such as refs/heads/x, instead of branch.
	// +optional
	Ref string `json:"ref,omitempty"`
	// remote is a further remote, from which branch, tag or ref is taken.
	// +optional
	Remote *GitRemoteConfig `json:"remote,omitempty"`
	// insecureIgnoreHostKey takes any host key of the server. Default: false.
	// +optional
	InsecureIgnoreHostKey *bool `json:"insecureIgnoreHostKey,omitempty"`
}

// GitCreds are a user name and password for Git.
type GitCreds struct {
	// username is the key of a secret with the user name.
	// +optional
	Username *corev1.SecretKeySelector `json:"username,omitempty"`
	// password is the key of a secret with the password or token.
	// +optional
	Password *corev1.SecretKeySelector `json:"password,omitempty"`
}

// GitRemoteConfig is a further remote of a Git repository.
type GitRemoteConfig struct {
	// name is the name of the remote.
	Name string `json:"name"`
	// urls are its addresses. The first counts.
	// +optional
	// +listType=atomic
	URLS []string `json:"urls,omitzero"`
}
