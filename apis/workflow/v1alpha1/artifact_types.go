// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Artifact is a named file or directory that a template takes or yields.
type Artifact struct {
	// name identifies the artifact.
	Name string `json:"name"`
	// path is where the artifact is, or is put, in the main container.
	// +optional
	Path string `json:"path,omitempty"`
	// mode holds the permission bits of an input, from 0 to 0777 octal (511 decimal).
	// +optional
	Mode *int32 `json:"mode,omitempty"`
	// from is a tag that names the artifact of another step or task, such as {{steps.a.outputs.artifacts.b}}.
	// +optional
	From             string `json:"from,omitempty"`
	ArtifactLocation `json:""`
	// globalName also publishes an output as {{workflow.outputs.artifacts.GLOBALNAME}}.
	// +optional
	GlobalName string `json:"globalName,omitempty"`
	// archive says how an output is packed. Default: a compressed tar file.
	// +optional
	Archive *ArchiveStrategy `json:"archive,omitempty"`
	// optional lets an artifact be absent: an input that does not exist is left out, an output that was not written
	// is no error. Default: false.
	// +optional
	Optional *bool `json:"optional,omitempty"`
	// subPath is a path inside the artifact that is named by from.
	// +optional
	SubPath string `json:"subPath,omitempty"`
	// recurseMode gives mode to all files of a directory. Default: false.
	// +optional
	RecurseMode *bool `json:"recurseMode,omitempty"`
	// fromExpression is like from; it is written in the expr language, and may choose between artifacts.
	// +optional
	FromExpression string `json:"fromExpression,omitempty"`
	// artifactGC says when this output is deleted. It replaces what the workflow says.
	// +optional
	ArtifactGC *ArtifactGC `json:"artifactGC,omitempty"`
	// deleted is true after the artifact was deleted from its repository. Status only.
	// +optional
	Deleted *bool `json:"deleted,omitempty"`
}

// ArtifactLocation says where an artifact is kept. At most one kind of store is given.
type ArtifactLocation struct {
	// archiveLogs says whether the logs of the main container are kept as an artifact.
	// +optional
	ArchiveLogs *bool `json:"archiveLogs,omitempty"`
	// s3 is an object of an S3 bucket.
	// +optional
	S3 *S3Artifact `json:"s3,omitempty"`
	// git is a git repository. Inputs only.
	// +optional
	Git *GitArtifact `json:"git,omitempty"`
	// http is what an HTTP server gives, or takes by PUT.
	// +optional
	HTTP *HTTPArtifact `json:"http,omitempty"`
	// artifactory is a file of a JFrog Artifactory server.
	// +optional
	Artifactory *ArtifactoryArtifact `json:"artifactory,omitempty"`
	// hdfs is a file of a Hadoop file system.
	// +optional
	HDFS *HDFSArtifact `json:"hdfs,omitempty"`
	// raw is text given here. Inputs only.
	// +optional
	Raw *RawArtifact `json:"raw,omitempty"`
	// oss is an object of Alibaba Cloud OSS.
	// +optional
	OSS *OSSArtifact `json:"oss,omitempty"`
	// gcs is an object of Google Cloud Storage.
	// +optional
	GCS *GCSArtifact `json:"gcs,omitempty"`
	// azure is a blob of Azure Storage.
	// +optional
	Azure *AzureArtifact `json:"azure,omitempty"`
	// plugin is an artifact that an artifact plugin keeps.
	// +optional
	Plugin *PluginArtifact `json:"plugin,omitempty"`
}

// ArtifactGCStrategy says when artifacts are deleted.
type ArtifactGCStrategy string

const (
	// ArtifactGCStrategyUndefined takes over what the workflow says.
	ArtifactGCStrategyUndefined ArtifactGCStrategy = ""
	// ArtifactGCOnWorkflowCompletion deletes artifacts when the workflow has ended.
	ArtifactGCOnWorkflowCompletion ArtifactGCStrategy = "OnWorkflowCompletion"
	// ArtifactGCOnWorkflowDeletion deletes artifacts when the workflow is deleted.
	ArtifactGCOnWorkflowDeletion ArtifactGCStrategy = "OnWorkflowDeletion"
	// ArtifactGCNever keeps artifacts.
	ArtifactGCNever ArtifactGCStrategy = "Never"
)

// ArtifactGC says when and by whom artifacts are deleted.
type ArtifactGC struct {
	// strategy is OnWorkflowCompletion, OnWorkflowDeletion or Never. Default: Never.
	// +optional
	Strategy ArtifactGCStrategy `json:"strategy,omitempty"`
	// podMetadata holds labels and annotations of the pods that delete artifacts.
	// +optional
	PodMetadata *Metadata `json:"podMetadata,omitempty"`
	// serviceAccountName is the service account of the pods that delete artifacts.
	// +optional
	ServiceAccountName string `json:"serviceAccountName,omitempty"`
}

// WorkflowLevelArtifactGC says when and by whom all artifacts of a workflow are deleted.
type WorkflowLevelArtifactGC struct {
	ArtifactGC `json:""`
	// forceFinalizerRemoval lets the workflow go although some artifacts could not be deleted. Default: false.
	// +optional
	ForceFinalizerRemoval *bool `json:"forceFinalizerRemoval,omitempty"`
	// podSpecPatch is a strategic merge patch, as JSON or YAML text, of the pods that delete artifacts.
	// +optional
	PodSpecPatch string `json:"podSpecPatch,omitempty"`
}

// ArchiveStrategy says how an artifact is packed. One of its fields is given.
type ArchiveStrategy struct {
	// tar packs into a tar file.
	// +optional
	Tar *TarStrategy `json:"tar,omitempty"`
	// none keeps the file or directory as it is.
	// +optional
	None *NoneStrategy `json:"none,omitempty"`
	// zip packs into a zip file.
	// +optional
	Zip *ZipStrategy `json:"zip,omitempty"`
}

// TarStrategy packs into a tar file.
type TarStrategy struct {
	// compressionLevel is the gzip level, from 0 (not compressed) to 9 (smallest). -1, the default, is gzip's own
	// default.
	// +optional
	CompressionLevel *int32 `json:"compressionLevel,omitempty"`
}

// NoneStrategy packs nothing. It has no fields: to be there is all it says.
type NoneStrategy struct{}

// ZipStrategy packs into a zip file. It has no fields: to be there is all it says.
type ZipStrategy struct{}

// RawArtifact is text given in the workflow.
type RawArtifact struct {
	// data is the content of the file.
	Data string `json:"data"`
}
