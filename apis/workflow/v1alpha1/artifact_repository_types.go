// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// ArtifactRepository says where artifacts are kept whose own location does not say it in full. At most one kind of
// store is given.
type ArtifactRepository struct {
	// archiveLogs says whether the logs of main containers are kept as artifacts.
	// +optional
	ArchiveLogs *bool `json:"archiveLogs,omitempty"`
	// s3 keeps artifacts in an S3 bucket.
	// +optional
	S3 *S3ArtifactRepository `json:"s3,omitempty"`
	// artifactory keeps artifacts on a JFrog Artifactory server.
	// +optional
	Artifactory *ArtifactoryArtifactRepository `json:"artifactory,omitempty"`
	// hdfs keeps artifacts in a Hadoop file system.
	// +optional
	HDFS *HDFSArtifactRepository `json:"hdfs,omitempty"`
	// oss keeps artifacts in Alibaba Cloud OSS.
	// +optional
	OSS *OSSArtifactRepository `json:"oss,omitempty"`
	// gcs keeps artifacts in Google Cloud Storage.
	// +optional
	GCS *GCSArtifactRepository `json:"gcs,omitempty"`
	// azure keeps artifacts in Azure Storage.
	// +optional
	Azure *AzureArtifactRepository `json:"azure,omitempty"`
	// plugin keeps artifacts by an artifact plugin.
	// +optional
	Plugin *PluginArtifactRepository `json:"plugin,omitempty"`
}

// S3ArtifactRepository keeps artifacts in an S3 bucket.
type S3ArtifactRepository struct {
	S3Bucket `json:""`
	// keyFormat is the key of each object, with {{...}} tags. Default: {{workflow.name}}/{{pod.name}}.
	// +optional
	KeyFormat string `json:"keyFormat,omitempty"`
	// keyPrefix is put before the default key of each object.
	//
	// Deprecated: use keyFormat.
	// +optional
	KeyPrefix string `json:"keyPrefix,omitempty"`
}

// ArtifactoryArtifactRepository keeps artifacts on a JFrog Artifactory server.
type ArtifactoryArtifactRepository struct {
	ArtifactoryAuth `json:""`
	// repoURL is the address of the repository on the server.
	// +optional
	RepoURL string `json:"repoURL,omitempty"`
	// keyFormat is the path of each file in the repository, with {{...}} tags.
	// +optional
	KeyFormat string `json:"keyFormat,omitempty"`
}

// HDFSArtifactRepository keeps artifacts in a Hadoop file system.
type HDFSArtifactRepository struct {
	HDFSConfig `json:""`
	// pathFormat is the path of each file, with {{...}} tags.
	// +optional
	PathFormat string `json:"pathFormat,omitempty"`
	// force replaces files that are there already. Default: false.
	// +optional
	Force bool `json:"force,omitempty"`
}

// OSSArtifactRepository keeps artifacts in Alibaba Cloud OSS.
type OSSArtifactRepository struct {
	OSSBucket `json:""`
	// keyFormat is the key of each object, with {{...}} tags.
	// +optional
	KeyFormat string `json:"keyFormat,omitempty"`
}

// GCSArtifactRepository keeps artifacts in Google Cloud Storage.
type GCSArtifactRepository struct {
	GCSBucket `json:""`
	// keyFormat is the key of each object, with {{...}} tags.
	// +optional
	KeyFormat string `json:"keyFormat,omitempty"`
}

// AzureArtifactRepository keeps artifacts in Azure Storage.
type AzureArtifactRepository struct {
	AzureBlobContainer `json:""`
	// blobNameFormat is the name of each blob, with {{...}} tags.
	// +optional
	BlobNameFormat string `json:"blobNameFormat,omitempty"`
}

// PluginArtifactRepository keeps artifacts by an artifact plugin.
type PluginArtifactRepository struct {
	// name is the name of the plugin.
	Name string `json:"name"`
	// keyFormat is the key of each artifact, with {{...}} tags.
	// +optional
	KeyFormat string `json:"keyFormat,omitempty"`
	// configuration is handed to the plugin as it is.
	Configuration string `json:"configuration"`
}
