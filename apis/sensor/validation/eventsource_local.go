// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	snv1 "argosy.dev/argosy/apis/sensor/v1alpha1"
)

func (r *report) calendar(c *snv1.CalendarEventSource, path *field.Path) {
	r.filter(c.Filter, path)
	if c.Schedule == "" && c.Interval == "" {
		r.required(path.Child("schedule"), "set schedule or interval")
	}
	if c.Schedule != "" && c.Interval != "" {
		r.warn(path, "schedule and interval are both set; only schedule has an effect")
	}
	r.parses(schedule, path.Child("schedule"), c.Schedule)
	r.duration(path.Child("interval"), c.Interval)
	r.timezone(path.Child("timezone"), c.Timezone)
	for i, line := range c.ExclusionDates {
		if r.full() {
			return
		}
		if err := exclusion(line); err != nil {
			r.invalid(path.Child("exclusionDates").Index(i), line, "%v", err)
		}
	}
	if p := c.Persistence; p != nil {
		at := path.Child("persistence")
		if p.Catchup != nil {
			r.duration(at.Child("catchup", "maxDuration"), p.Catchup.MaxDuration)
		}
		if p.ConfigMap != nil {
			r.need(at.Child("configMap", "name"), p.ConfigMap.Name, "name the config map")
		}
	}
}

// exclusion checks that a line says what RFC 5545 calls the times that are left out.
func exclusion(line string) error {
	names := []string{"EXDATE", "EXRULE", "RRULE", "RDATE", "DTSTART"}
	name, _, ok := strings.Cut(line, ":")
	name, _, _ = strings.Cut(name, ";")
	if !ok || !slices.Contains(names, strings.ToUpper(strings.TrimSpace(name))) {
		return fmt.Errorf("is none of %s of RFC 5545, such as EXDATE:20261224T000000Z", strings.Join(names[:3], ", "))
	}
	return nil
}

func (r *report) resource(e *snv1.ResourceEventSource, path *field.Path) {
	r.needs(path, "version", e.Version, "resource", e.Resource)
	if len(e.EventTypes) == 0 {
		r.required(path.Child("eventTypes"), "say which changes count: ADD, UPDATE, DELETE")
	}
	for i, t := range e.EventTypes {
		if r.full() {
			return
		}
		at := path.Child("eventTypes").Index(i)
		r.need(at, string(t), "must be set")
		oneOf(r, at, t, snv1.ResourceAdded, snv1.ResourceUpdated, snv1.ResourceDeleted)
	}
	if e.Filter == nil {
		return
	}
	for _, list := range []struct {
		name      string
		selectors []snv1.Selector
	}{{"labels", e.Filter.Labels}, {"fields", e.Filter.Fields}} {
		for i, s := range list.selectors {
			if r.full() {
				return
			}
			at := path.Child("filter", list.name).Index(i)
			r.need(at.Child("key"), s.Key, "must be set")
			oneOf(r, at.Child("operation"), s.Operation, "=", "==", "!=", "in", "notin", "exists", "!", "gt", "lt")
		}
	}
}

// fileChanges are the changes of files that can be watched.
var fileChanges = []string{"CREATE", "WRITE", "REMOVE", "RENAME", "CHMOD"}

// fileChange checks the kind of change of files: one, or several with | between them.
func (r *report) fileChange(at *field.Path, kind string) {
	r.need(at, kind, "say which changes count: "+strings.Join(fileChanges, ", "))
	if kind == "" {
		return
	}
	for _, k := range strings.Split(kind, "|") {
		if !slices.Contains(fileChanges, strings.ToUpper(strings.TrimSpace(k))) {
			r.add(field.NotSupported(at, short(kind), fileChanges))
			return
		}
	}
}

func (r *report) watchPath(w *snv1.WatchPathConfig, at *field.Path) {
	r.need(at.Child("directory"), w.Directory, "say which directory")
	if w.Directory != "" && !path.IsAbs(w.Directory) {
		r.invalid(at.Child("directory"), w.Directory, "must be an absolute path")
	}
	switch {
	case w.Path == "" && w.PathRegexp == "":
		r.required(at.Child("path"), "set path or pathRegexp")
	case w.Path != "" && w.PathRegexp != "":
		r.forbidden(at.Child("pathRegexp"), "path and pathRegexp cannot both be set")
	}
	if path.IsAbs(w.Path) {
		r.invalid(at.Child("path"), w.Path, "must be relative to the directory")
	}
	r.parses(regularExpression, at.Child("pathRegexp"), w.PathRegexp)
}

func (r *report) file(f *snv1.FileEventSource, path *field.Path) {
	r.filter(f.Filter, path)
	r.fileChange(path.Child("eventType"), f.EventType)
	r.watchPath(&f.WatchPathConfig, path.Child("watchPathConfig"))
}

func (r *report) hdfs(h *snv1.HDFSEventSource, path *field.Path) {
	r.filter(h.Filter, path)
	r.fileChange(path.Child("type"), h.Type)
	r.watchPath(&h.WatchPathConfig, path)
	r.duration(path.Child("checkInterval"), h.CheckInterval)
	r.anyOf(path.Child("addresses"), h.Addresses, "say which name nodes")
	switch {
	case h.KrbCCacheSecret == nil && h.KrbKeytabSecret == nil:
		r.need(path.Child("hdfsUser"), h.HDFSUser, "set hdfsUser, krbCCacheSecret or krbKeytabSecret")
	case h.KrbKeytabSecret != nil:
		r.needs(path, "krbUsername", h.KrbUsername, "krbRealm", h.KrbRealm)
		fallthrough
	default:
		r.needs(path, "krbServicePrincipalName", h.KrbServicePrincipalName)
		if h.KrbConfigConfigMap == nil {
			r.required(path.Child("krbConfigConfigMap"), "Kerberos needs its configuration")
		}
	}
}

func (r *report) sftp(s *snv1.SFTPEventSource, path *field.Path) {
	r.filter(s.Filter, path)
	r.fileChange(path.Child("eventType"), s.EventType)
	r.watchPath(&s.WatchPathConfig, path.Child("watchPathConfig"))
	r.duration(path.Child("pollIntervalDuration"), s.PollIntervalDuration)
	if s.Username == nil {
		r.required(path.Child("username"), "say where the user name is")
	}
	if s.Address == nil {
		r.required(path.Child("address"), "say where the address of the server is")
	}
	if s.Password == nil && s.SSHKeySecret == nil {
		r.required(path.Child("password"), "set password or sshKeySecret")
	}
}

func (r *report) minio(m *snv1.S3Artifact, path *field.Path) {
	r.needs(path, "endpoint", m.Endpoint)
	if m.Bucket == nil {
		r.required(path.Child("bucket"), "name the bucket")
	} else {
		r.need(path.Child("bucket", "name"), m.Bucket.Name, "name the bucket")
	}
	if m.AccessKey == nil {
		r.required(path.Child("accessKey"), "say where the access key is")
	}
	if m.SecretKey == nil {
		r.required(path.Child("secretKey"), "say where the secret key is")
	}
}
