// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// CalendarEventSource makes an event of each time of a schedule. Either schedule or interval is given.
type CalendarEventSource struct {
	EventOptions `json:""`
	// schedule are the times, as a line of crontab with five fields, or as @hourly, @daily and the like.
	// +optional
	Schedule string `json:"schedule,omitempty"`
	// interval is the time between two events, such as "10s".
	// +optional
	Interval string `json:"interval,omitempty"`
	// exclusionDates are times that are left out, each as EXDATE, EXRULE or RRULE of RFC 5545.
	// +optional
	// +listType=atomic
	ExclusionDates []string `json:"exclusionDates,omitzero"`
	// timezone is the time zone of the schedule, such as "Europe/Berlin". Default: UTC.
	// +optional
	Timezone string `json:"timezone,omitempty"`
	// persistence says how to remember the last event, so that those missed can be caught up on.
	// +optional
	Persistence *EventPersistence `json:"persistence,omitempty"`
}

// EventPersistence says how a calendar remembers its last event.
type EventPersistence struct {
	// catchup makes up for events that were missed.
	// +optional
	Catchup *CatchupConfiguration `json:"catchup,omitempty"`
	// configMap is where the last event is remembered.
	// +optional
	ConfigMap *ConfigMapPersistence `json:"configMap,omitempty"`
}

// CatchupConfiguration makes up for events that were missed.
type CatchupConfiguration struct {
	// enabled makes up for them. Default: false.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// maxDuration is how old a missed event may be, such as "10m". Default: 24h.
	// +optional
	MaxDuration string `json:"maxDuration,omitempty"`
}

// ConfigMapPersistence is a config map that remembers the last event.
type ConfigMapPersistence struct {
	// name is the name of the config map.
	// +optional
	Name string `json:"name,omitempty"`
	// createIfNotExist creates it if need be. Default: false.
	// +optional
	CreateIfNotExist *bool `json:"createIfNotExist,omitempty"`
}

// ResourceEventType is a change of an object.
type ResourceEventType string

// The changes of an object.
const (
	ResourceAdded   ResourceEventType = "ADD"
	ResourceUpdated ResourceEventType = "UPDATE"
	ResourceDeleted ResourceEventType = "DELETE"
)

// ResourceEventSource makes an event of each change of objects of a kind. The service account of the event source
// must be allowed to list and watch them.
type ResourceEventSource struct {
	// namespace is the namespace of the objects. Empty means all.
	// +optional
	Namespace *string `json:"namespace,omitempty"`
	// group is the API group of the objects. Empty is the core group.
	// +optional
	Group *string `json:"group,omitempty"`
	// version is the version of the group.
	Version string `json:"version"`
	// resource is the plural name of the kind, such as pods.
	Resource string `json:"resource"`
	// eventTypes are the changes that count: ADD, UPDATE, DELETE.
	// +optional
	// +listType=atomic
	EventTypes []ResourceEventType `json:"eventTypes,omitzero"`
	// filter says which objects count.
	// +optional
	Filter *ResourceFilter `json:"filter,omitempty"`
	// metadata is handed on with each event.
	// +optional
	Metadata map[string]string `json:"metadata,omitzero"`
}

// ResourceFilter says which objects count.
type ResourceFilter struct {
	// prefix is how the name must begin.
	// +optional
	Prefix string `json:"prefix,omitempty"`
	// labels are conditions on labels, all of which must hold.
	// +optional
	// +listType=atomic
	Labels []Selector `json:"labels,omitzero"`
	// fields are conditions on fields, such as metadata.name, all of which must hold.
	// +optional
	// +listType=atomic
	Fields []Selector `json:"fields,omitzero"`
	// createdBy is the time after which nothing that was created counts.
	// +optional
	CreatedBy metav1.Time `json:"createdBy,omitzero"`
	// afterStart leaves out what was created before the event source started. Default: false.
	// +optional
	AfterStart *bool `json:"afterStart,omitempty"`
}

// Selector is a condition on a label or a field.
type Selector struct {
	// key is the name of the label, or the path of the field.
	Key string `json:"key"`
	// operation is ==, =, !=, in, notin, exists, !, gt or lt. Default: ==.
	// +optional
	Operation string `json:"operation,omitempty"`
	// value is what is compared with. Several are separated by commas.
	// +optional
	Value *string `json:"value,omitempty"`
}

// FileEventSource makes an event of each change of a file of the server's machine.
type FileEventSource struct {
	EventOptions `json:""`
	// eventType is the kind of change: CREATE, WRITE, REMOVE, RENAME, CHMOD, or several with | between them.
	EventType string `json:"eventType"`
	// watchPathConfig says which files.
	WatchPathConfig WatchPathConfig `json:"watchPathConfig"`
	// polling looks at the files again and again, where the system does not tell of changes. Default: false.
	// +optional
	Polling *bool `json:"polling,omitempty"`
}

// WatchPathConfig says which files of a directory are watched. Either path or pathRegexp is given.
type WatchPathConfig struct {
	// directory is the absolute path of the directory.
	Directory string `json:"directory"`
	// path is the path of the file in the directory.
	// +optional
	Path string `json:"path,omitempty"`
	// pathRegexp is a regular expression of paths in the directory.
	// +optional
	PathRegexp string `json:"pathRegexp,omitempty"`
}

// HDFSEventSource makes an event of each change of a file in HDFS.
type HDFSEventSource struct {
	EventOptions    `json:""`
	WatchPathConfig `json:""`
	// type is the kind of change: CREATE, WRITE, REMOVE, RENAME, CHMOD.
	Type string `json:"type"`
	// checkInterval is how often it is looked, such as "1m". Default: 1m.
	// +optional
	CheckInterval string `json:"checkInterval,omitempty"`
	// addresses are the addresses of name nodes.
	// +optional
	// +listType=atomic
	Addresses []string `json:"addresses,omitzero"`
	// hdfsUser is the user, where Kerberos is not used.
	// +optional
	HDFSUser string `json:"hdfsUser,omitempty"`
	// krbCCacheSecret is the key of a secret with a Kerberos credential cache. Either it or krbKeytabSecret is given
	// to use Kerberos.
	// +optional
	KrbCCacheSecret *corev1.SecretKeySelector `json:"krbCCacheSecret,omitempty"`
	// krbKeytabSecret is the key of a secret with a Kerberos keytab.
	// +optional
	KrbKeytabSecret *corev1.SecretKeySelector `json:"krbKeytabSecret,omitempty"`
	// krbUsername is the Kerberos user of the keytab.
	// +optional
	KrbUsername string `json:"krbUsername,omitempty"`
	// krbRealm is the Kerberos realm of the keytab.
	// +optional
	KrbRealm string `json:"krbRealm,omitempty"`
	// krbConfigConfigMap is the key of a config map with the configuration of Kerberos.
	// +optional
	KrbConfigConfigMap *corev1.ConfigMapKeySelector `json:"krbConfigConfigMap,omitempty"`
	// krbServicePrincipalName is the principal of the name nodes.
	// +optional
	KrbServicePrincipalName string `json:"krbServicePrincipalName,omitempty"`
}

// SFTPEventSource makes an event of each change of a file on an SFTP server.
type SFTPEventSource struct {
	EventOptions `json:""`
	// eventType is the kind of change: CREATE or REMOVE.
	EventType string `json:"eventType"`
	// watchPathConfig says which files.
	WatchPathConfig WatchPathConfig `json:"watchPathConfig"`
	// username is the key of a secret with the user name.
	// +optional
	Username *corev1.SecretKeySelector `json:"username,omitempty"`
	// password is the key of a secret with the password. Either it or sshKeySecret is given.
	// +optional
	Password *corev1.SecretKeySelector `json:"password,omitempty"`
	// sshKeySecret is the key of a secret with the private SSH key.
	// +optional
	SSHKeySecret *corev1.SecretKeySelector `json:"sshKeySecret,omitempty"`
	// address is the key of a secret with the host and port of the server.
	// +optional
	Address *corev1.SecretKeySelector `json:"address,omitempty"`
	// pollIntervalDuration is how often it is looked, such as "10s". Default: 10s.
	// +optional
	PollIntervalDuration string `json:"pollIntervalDuration,omitempty"`
}

// GenericEventSource takes what a gRPC server of the user's own sends, which speaks the peer's protocol.
type GenericEventSource struct {
	EventOptions `json:""`
	// url is the address of the server.
	URL string `json:"url"`
	// config is text that is sent to the server at the beginning, which says what is wanted.
	Config string `json:"config"`
	// insecure connects without encryption. Default: false.
	// +optional
	Insecure *bool `json:"insecure,omitempty"`
	// authSecret is the key of a secret with a token for the server.
	// +optional
	AuthSecret *corev1.SecretKeySelector `json:"authSecret,omitempty"`
	// jsonBody takes the body of a message as JSON, not as text. Default: false.
	// +optional
	JSONBody *bool `json:"jsonBody,omitempty"`
}
