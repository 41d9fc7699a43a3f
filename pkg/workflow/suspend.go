// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/workflow/template"
)

// advanceSuspend ends a suspend node when its time has come. Otherwise it waits for the verb resume.
func (r *run) advanceSuspend(n *wfv1.NodeStatus, c *call, t *boundTemplate) {
	if ended, why := r.ended(c); ended {
		if r.spec.Shutdown != "" {
			why = fmt.Sprintf("Stopped with strategy '%s'", r.spec.Shutdown)
		}
		r.finish(n.ID, wfv1.NodeFailed, why)
		return
	}
	if t.tmpl.Suspend == nil || t.tmpl.Suspend.Duration == "" || r.paused {
		return
	}
	text, unresolved, err := template.String(t.tmpl.Suspend.Duration, r.leafVars(c, n, t.tmpl))
	if err == nil && len(unresolved) > 0 {
		err = unresolved[0]
	}
	var d time.Duration
	if err == nil {
		d, err = ParseDuration(text)
	}
	if err != nil {
		r.finish(n.ID, wfv1.NodeError, fmt.Sprintf("suspend.duration: %v", err))
		return
	}
	if at := n.StartedAt.Add(d); r.world.Now.Before(at) {
		r.requeue(at)
		return
	}
	out, err := suppliedOutputs(n.Outputs)
	if err != nil {
		r.finish(n.ID, wfv1.NodeError, err.Error())
		return
	}
	if out != nil {
		r.edit(n.ID).Outputs = out
		r.addGlobals(out)
	}
	r.finish(n.ID, wfv1.NodeSucceeded, "")
}

// ParseDuration parses what users write as a duration: a Go duration, or a whole number of seconds.
func ParseDuration(s string) (time.Duration, error) {
	s = strings.TrimSpace(s)
	if seconds, err := strconv.ParseInt(s, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("%q is neither a number of seconds nor a duration such as 90s or 2h", s)
	}
	return d, nil
}

// suspendOutputs are the outputs of a suspend node while it waits for them to be supplied.
func suspendOutputs(tmpl *wfv1.Template) *wfv1.Outputs {
	if len(tmpl.Outputs.Parameters) == 0 {
		return nil
	}
	return tmpl.Outputs.DeepCopy()
}

// suppliedOutputs completes the outputs of a suspend node that goes on: what was not supplied takes its default.
func suppliedOutputs(out *wfv1.Outputs) (*wfv1.Outputs, error) {
	if out == nil {
		return nil, nil
	}
	out = out.DeepCopy()
	for i := range out.Parameters {
		p := &out.Parameters[i]
		if p.Value != nil {
			continue
		}
		if p.ValueFrom != nil && p.ValueFrom.Default != nil {
			p.Value = p.ValueFrom.Default
		} else if p.Default != nil {
			p.Value = p.Default
		} else {
			return nil, fmt.Errorf("output parameter '%s' has not been set and does not have a default value", p.Name)
		}
		p.ValueFrom = nil
	}
	return out, nil
}
