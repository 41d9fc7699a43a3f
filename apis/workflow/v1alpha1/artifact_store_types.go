// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import corev1 "k8s.io/api/core/v1"

// S3Bucket is a bucket of a store that speaks the S3 protocol, and how to get at it.
type S3Bucket struct {
	// endpoint is the host name and port of the store, without scheme.
	// +optional
	Endpoint string `json:"endpoint,omitempty"`
	// bucket is the name of the bucket.
	// +optional
	Bucket string `json:"bucket,omitempty"`
	// region is the region of the bucket.
	// +optional
	Region string `json:"region,omitempty"`
	// insecure uses plain HTTP. Default: false.
	// +optional
	Insecure *bool `json:"insecure,omitempty"`
	// accessKeySecret is the key of a Secret that holds the access key.
	// +optional
	AccessKeySecret *corev1.SecretKeySelector `json:"accessKeySecret,omitempty"`
	// secretKeySecret is the key of a Secret that holds the secret key.
	// +optional
	SecretKeySecret *corev1.SecretKeySelector `json:"secretKeySecret,omitempty"`
	// sessionTokenSecret is the key of a Secret that holds the session token of temporary credentials.
	// +optional
	SessionTokenSecret *corev1.SecretKeySelector `json:"sessionTokenSecret,omitempty"`
	// roleARN is the AWS role to assume.
	// +optional
	RoleARN string `json:"roleARN,omitempty"`
	// useSDKCreds finds credentials as the AWS SDK does, in the pod's environment. Default: false.
	// +optional
	UseSDKCreds *bool `json:"useSDKCreds,omitempty"`
	// createBucketIfNotPresent, when present, creates the bucket before its first use.
	// +optional
	CreateBucketIfNotPresent *CreateS3BucketOptions `json:"createBucketIfNotPresent,omitempty"`
	// encryptionOptions say how the store encrypts objects.
	// +optional
	EncryptionOptions *S3EncryptionOptions `json:"encryptionOptions,omitempty"`
	// caSecret is the key of a Secret that holds the certificate authority of the store, PEM-encoded.
	// +optional
	CASecret *corev1.SecretKeySelector `json:"caSecret,omitempty"`
	// addressingStyle says where the bucket's name stands in the URL: path, virtual-hosted, or empty for what the
	// store needs.
	// +optional
	AddressingStyle S3AddressingStyle `json:"addressingStyle,omitempty"`
}

// S3AddressingStyle says where the bucket's name stands in a URL.
type S3AddressingStyle string

const (
	// S3AutoStyle chooses by the store.
	S3AutoStyle S3AddressingStyle = ""
	// S3PathStyle puts the name into the path.
	S3PathStyle S3AddressingStyle = "path"
	// S3VirtualHostedStyle puts the name before the host name.
	S3VirtualHostedStyle S3AddressingStyle = "virtual-hosted"
)

// CreateS3BucketOptions say how a bucket is created.
type CreateS3BucketOptions struct {
	// objectLocking turns object locking on. Default: false.
	// +optional
	ObjectLocking *bool `json:"objectLocking,omitempty"`
}

// S3EncryptionOptions say how a store encrypts objects.
type S3EncryptionOptions struct {
	// kmsKeyId is the key of the key management service that encrypts. Empty means a key of the store.
	// +optional
	KmsKeyID string `json:"kmsKeyId,omitempty"`
	// kmsEncryptionContext is a JSON object that the key management service records with each use of the key.
	// +optional
	KmsEncryptionContext string `json:"kmsEncryptionContext,omitempty"`
	// enableEncryption turns encryption on. Default: false.
	// +optional
	EnableEncryption *bool `json:"enableEncryption,omitempty"`
	// serverSideCustomerKeySecret is the key of a Secret that holds a key of the customer's own, with which the
	// store encrypts.
	// +optional
	ServerSideCustomerKeySecret *corev1.SecretKeySelector `json:"serverSideCustomerKeySecret,omitempty"`
}

// S3Artifact is an object of an S3 bucket.
type S3Artifact struct {
	S3Bucket `json:""`
	// key is the key of the object in the bucket. It may hold {{...}} tags.
	// +optional
	Key string `json:"key,omitempty"`
}

// GitArtifact is a git repository that is cloned.
type GitArtifact struct {
	// repo is the URL of the repository.
	Repo string `json:"repo"`
	// revision is the commit, tag or branch to check out. Default: the repository's HEAD.
	// +optional
	Revision string `json:"revision,omitempty"`
	// depth is how many commits of history are fetched. Absent or 0 means all.
	// +optional
	Depth *int64 `json:"depth,omitempty"`
	// fetch lists further refspecs to fetch.
	// +optional
	// +listType=atomic
	Fetch []string `json:"fetch,omitzero"`
	// usernameSecret is the key of a Secret that holds the user name.
	// +optional
	UsernameSecret *corev1.SecretKeySelector `json:"usernameSecret,omitempty"`
	// passwordSecret is the key of a Secret that holds the password or token.
	// +optional
	PasswordSecret *corev1.SecretKeySelector `json:"passwordSecret,omitempty"`
	// sshPrivateKeySecret is the key of a Secret that holds the SSH private key.
	// +optional
	SSHPrivateKeySecret *corev1.SecretKeySelector `json:"sshPrivateKeySecret,omitempty"`
	// insecureIgnoreHostKey accepts any SSH host key. Default: false.
	// +optional
	InsecureIgnoreHostKey *bool `json:"insecureIgnoreHostKey,omitempty"`
	// insecureSkipTLS accepts any TLS certificate. Default: false.
	// +optional
	InsecureSkipTLS *bool `json:"insecureSkipTLS,omitempty"`
	// disableSubmodules leaves submodules out. Default: false.
	// +optional
	DisableSubmodules *bool `json:"disableSubmodules,omitempty"`
	// singleBranch fetches one branch only, that of the field branch. Default: false.
	// +optional
	SingleBranch *bool `json:"singleBranch,omitempty"`
	// branch is the branch that singleBranch fetches.
	// +optional
	Branch string `json:"branch,omitempty"`
}

// HTTPArtifact is what an HTTP server gives, or takes by PUT.
type HTTPArtifact struct {
	// url is the address.
	URL string `json:"url"`
	// headers are sent with the request.
	// +optional
	// +listType=atomic
	Headers []Header `json:"headers,omitzero"`
	// auth says how to authenticate.
	// +optional
	Auth *HTTPAuth `json:"auth,omitempty"`
	// saveStreamViaFile writes the answer to a file first rather than hand it on as it comes. Default: false.
	// +optional
	SaveStreamViaFile *bool `json:"saveStreamViaFile,omitempty"`
}

// Header is one header of an HTTP request.
type Header struct {
	// name is the name of the header.
	Name string `json:"name"`
	// value is the value of the header.
	Value string `json:"value"`
}

// HTTPAuth says how to authenticate at an HTTP server. One of its fields is given.
type HTTPAuth struct {
	// clientCert authenticates by a TLS client certificate.
	// +optional
	ClientCert *ClientCertAuth `json:"clientCert,omitempty"`
	// oauth2 authenticates by OAuth 2 client credentials.
	// +optional
	OAuth2 *OAuth2Auth `json:"oauth2,omitempty"`
	// basicAuth authenticates by user name and password.
	// +optional
	BasicAuth *BasicAuth `json:"basicAuth,omitempty"`
}

// ClientCertAuth is a TLS client certificate.
type ClientCertAuth struct {
	// clientCertSecret is the key of a Secret that holds the certificate, PEM-encoded.
	// +optional
	ClientCertSecret *corev1.SecretKeySelector `json:"clientCertSecret,omitempty"`
	// clientKeySecret is the key of a Secret that holds the private key, PEM-encoded.
	// +optional
	ClientKeySecret *corev1.SecretKeySelector `json:"clientKeySecret,omitempty"`
}

// OAuth2Auth gets a token by the client credentials grant of OAuth 2.
type OAuth2Auth struct {
	// clientIDSecret is the key of a Secret that holds the client's identifier.
	// +optional
	ClientIDSecret *corev1.SecretKeySelector `json:"clientIDSecret,omitempty"`
	// clientSecretSecret is the key of a Secret that holds the client's secret.
	// +optional
	ClientSecretSecret *corev1.SecretKeySelector `json:"clientSecretSecret,omitempty"`
	// tokenURLSecret is the key of a Secret that holds the URL at which the token is got.
	// +optional
	TokenURLSecret *corev1.SecretKeySelector `json:"tokenURLSecret,omitempty"`
	// scopes are the scopes asked for.
	// +optional
	// +listType=atomic
	Scopes []string `json:"scopes,omitzero"`
	// endpointParams are further parameters of the token request.
	// +optional
	// +listType=atomic
	EndpointParams []OAuth2EndpointParam `json:"endpointParams,omitzero"`
}

// OAuth2EndpointParam is one parameter of a token request.
type OAuth2EndpointParam struct {
	// key is the name of the parameter.
	Key string `json:"key"`
	// value is the value of the parameter.
	// +optional
	Value string `json:"value,omitempty"`
}

// BasicAuth is a user name and a password.
type BasicAuth struct {
	// usernameSecret is the key of a Secret that holds the user name.
	// +optional
	UsernameSecret *corev1.SecretKeySelector `json:"usernameSecret,omitempty"`
	// passwordSecret is the key of a Secret that holds the password.
	// +optional
	PasswordSecret *corev1.SecretKeySelector `json:"passwordSecret,omitempty"`
}

// ArtifactoryAuth says how to authenticate at an Artifactory server.
type ArtifactoryAuth struct {
	// usernameSecret is the key of a Secret that holds the user name.
	// +optional
	UsernameSecret *corev1.SecretKeySelector `json:"usernameSecret,omitempty"`
	// passwordSecret is the key of a Secret that holds the password.
	// +optional
	PasswordSecret *corev1.SecretKeySelector `json:"passwordSecret,omitempty"`
}

// ArtifactoryArtifact is a file of a JFrog Artifactory server.
type ArtifactoryArtifact struct {
	// url is the address of the file.
	URL             string `json:"url"`
	ArtifactoryAuth `json:""`
}

// HDFSConfig says how to get at a Hadoop file system.
type HDFSConfig struct {
	HDFSKrbConfig `json:""`
	// addresses are the addresses of the name nodes, as host:port.
	// +optional
	// +listType=atomic
	Addresses []string `json:"addresses,omitzero"`
	// hdfsUser is the user, where Kerberos is not used.
	// +optional
	HDFSUser string `json:"hdfsUser,omitempty"`
	// dataTransferProtection is how data is protected on its way, as the file system has it configured:
	// authentication, integrity or privacy.
	// +optional
	DataTransferProtection string `json:"dataTransferProtection,omitempty"`
}

// HDFSKrbConfig says how to authenticate by Kerberos, with a ticket cache or a keytab.
type HDFSKrbConfig struct {
	// krbCCacheSecret is the key of a Secret that holds a ticket cache.
	// +optional
	KrbCCacheSecret *corev1.SecretKeySelector `json:"krbCCacheSecret,omitempty"`
	// krbKeytabSecret is the key of a Secret that holds a keytab.
	// +optional
	KrbKeytabSecret *corev1.SecretKeySelector `json:"krbKeytabSecret,omitempty"`
	// krbUsername is the user of the keytab.
	// +optional
	KrbUsername string `json:"krbUsername,omitempty"`
	// krbRealm is the realm of the keytab.
	// +optional
	KrbRealm string `json:"krbRealm,omitempty"`
	// krbConfigConfigMap is the key of a ConfigMap that holds the Kerberos configuration (krb5.conf).
	// +optional
	KrbConfigConfigMap *corev1.ConfigMapKeySelector `json:"krbConfigConfigMap,omitempty"`
	// krbServicePrincipalName is the principal of the file system's service.
	// +optional
	KrbServicePrincipalName string `json:"krbServicePrincipalName,omitempty"`
}

// HDFSArtifact is a file of a Hadoop file system.
type HDFSArtifact struct {
	HDFSConfig `json:""`
	// path is the absolute path of the file.
	Path string `json:"path"`
	// force replaces a file that is there already. Default: false.
	// +optional
	Force *bool `json:"force,omitempty"`
}

// GCSBucket is a bucket of Google Cloud Storage, and how to get at it.
type GCSBucket struct {
	// bucket is the name of the bucket.
	// +optional
	Bucket string `json:"bucket,omitempty"`
	// serviceAccountKeySecret is the key of a Secret that holds the JSON key of a service account. Absent means the
	// credentials of the pod's environment.
	// +optional
	ServiceAccountKeySecret *corev1.SecretKeySelector `json:"serviceAccountKeySecret,omitempty"`
}

// GCSArtifact is an object of Google Cloud Storage.
type GCSArtifact struct {
	GCSBucket `json:""`
	// key is the name of the object in the bucket. It may hold {{...}} tags.
	Key string `json:"key"`
}

// OSSBucket is a bucket of Alibaba Cloud OSS, and how to get at it.
type OSSBucket struct {
	// endpoint is the host name of the store.
	// +optional
	Endpoint string `json:"endpoint,omitempty"`
	// bucket is the name of the bucket.
	// +optional
	Bucket string `json:"bucket,omitempty"`
	// accessKeySecret is the key of a Secret that holds the access key.
	// +optional
	AccessKeySecret *corev1.SecretKeySelector `json:"accessKeySecret,omitempty"`
	// secretKeySecret is the key of a Secret that holds the secret key.
	// +optional
	SecretKeySecret *corev1.SecretKeySelector `json:"secretKeySecret,omitempty"`
	// createBucketIfNotPresent creates the bucket before its first use. Default: false.
	// +optional
	CreateBucketIfNotPresent *bool `json:"createBucketIfNotPresent,omitempty"`
	// securityToken is the token of temporary credentials.
	// +optional
	SecurityToken string `json:"securityToken,omitempty"`
	// lifecycleRule says how the store ages objects of the bucket.
	// +optional
	LifecycleRule *OSSLifecycleRule `json:"lifecycleRule,omitempty"`
	// useSDKCreds finds credentials as the SDK does, in the pod's environment. Default: false.
	// +optional
	UseSDKCreds *bool `json:"useSDKCreds,omitempty"`
}

// OSSLifecycleRule says how a store ages objects.
type OSSLifecycleRule struct {
	// markInfrequentAccessAfterDays is after how many days an object moves to the class of infrequent access.
	// +optional
	MarkInfrequentAccessAfterDays *int32 `json:"markInfrequentAccessAfterDays,omitempty"`
	// markDeletionAfterDays is after how many days an object is deleted.
	// +optional
	MarkDeletionAfterDays *int32 `json:"markDeletionAfterDays,omitempty"`
}

// OSSArtifact is an object of Alibaba Cloud OSS.
type OSSArtifact struct {
	OSSBucket `json:""`
	// key is the name of the object in the bucket. It may hold {{...}} tags.
	Key string `json:"key"`
}

// AzureBlobContainer is a container of Azure Storage, and how to get at it.
type AzureBlobContainer struct {
	// endpoint is the URL of the storage account, such as https://ACCOUNT.blob.core.windows.net.
	Endpoint string `json:"endpoint"`
	// container is the name of the container.
	Container string `json:"container"`
	// accountKeySecret is the key of a Secret that holds the account's access key.
	// +optional
	AccountKeySecret *corev1.SecretKeySelector `json:"accountKeySecret,omitempty"`
	// useSDKCreds finds credentials as the SDK does, in the pod's environment. Default: false.
	// +optional
	UseSDKCreds *bool `json:"useSDKCreds,omitempty"`
}

// AzureArtifact is a blob of Azure Storage.
type AzureArtifact struct {
	AzureBlobContainer `json:""`
	// blob is the name of the blob in the container. It may hold {{...}} tags.
	Blob string `json:"blob"`
}

// PluginArtifact is an artifact that an artifact plugin keeps.
type PluginArtifact struct {
	// name is the name of the plugin.
	// +optional
	Name string `json:"name,omitempty"`
	// configuration is handed to the plugin as it is.
	// +optional
	Configuration string `json:"configuration,omitempty"`
	// connectionTimeoutSeconds is how many seconds to wait for the plugin. 0 means the plugin's own default.
	// +optional
	ConnectionTimeoutSeconds *int32 `json:"connectionTimeoutSeconds,omitempty"`
	// key identifies the artifact to the plugin. It may hold {{...}} tags.
	Key string `json:"key"`
}
