// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// notBuilt is said of a field that nothing here acts on.
const notBuilt = "this version does not measure by it"

// Unsupported returns the fields of metrics at path that this version takes and does not act on. A run that has one ends
// as an error that names it.
func Unsupported(metrics []rov1.Metric, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i := range metrics {
		p, at := &metrics[i].Provider, path.Index(i).Child("provider")
		for _, c := range []struct {
			name  string
			given bool
		}{
			{"kayenta", p.Kayenta != nil}, {"datadog", p.Datadog != nil}, {"wavefront", p.Wavefront != nil},
			{"newRelic", p.NewRelic != nil}, {"cloudWatch", p.CloudWatch != nil}, {"graphite", p.Graphite != nil},
			{"influxdb", p.Influxdb != nil}, {"skywalking", p.SkyWalking != nil}, {"plugin", len(p.Plugin) > 0},
		} {
			if c.given {
				errs = append(errs, field.Forbidden(at.Child(c.name), notBuilt))
			}
		}
		if p.Prometheus != nil {
			errs = append(errs, unsupportedAuthentication(p.Prometheus.Authentication, at.Child("prometheus"))...)
		}
		if p.Web != nil {
			errs = append(errs, unsupportedAuthentication(p.Web.Authentication, at.Child("web"))...)
		}
	}
	return errs
}

func unsupportedAuthentication(a *rov1.Authentication, path *field.Path) field.ErrorList {
	if a == nil || a.Sigv4 == nil || *a.Sigv4 == (rov1.Sigv4Config{}) {
		return nil
	}
	return field.ErrorList{field.Forbidden(path.Child("authentication", "sigv4"), "this version does not sign requests for AWS")}
}
