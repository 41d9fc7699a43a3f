// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// printer draws the tree of a rollout.
type printer struct {
	color bool
	now   time.Time
}

// mark is how a state is shown: a sign and a colour.
type mark struct {
	sign, color string
}

const (
	green  = "\033[32m"
	yellow = "\033[33m"
	red    = "\033[31m"
	blue   = "\033[34m"
	faint  = "\033[2m"
	reset  = "\033[0m"
)

// markOf tells how a state of an object of a kind is shown: an analysis that runs is not over, a pod that runs is well.
func markOf(kind, status string) mark {
	if kind == "AnalysisRun" && status == "Running" {
		status = "Progressing"
	}
	switch status {
	case "Healthy", "Running", "Successful", "Completed", "Succeeded":
		return mark{"✔", green}
	case "Progressing", "Pending", "ContainerCreating", "PodInitializing", "Terminating":
		return mark{"◌", yellow}
	case "Paused":
		return mark{"॥", blue}
	case "Inconclusive":
		return mark{"?", yellow}
	case "ScaledDown", "":
		return mark{"•", faint}
	case "Error":
		return mark{"⚠", red}
	default:
		return mark{"✖", red}
	}
}

// row is a line of the table: four columns and free text at the end.
type row struct {
	name, kind string
	status     string
	age        string
	info       string
}

// tree returns the whole picture: a summary, then the tree.
func (p printer) tree(t *rov1.RolloutTree) string {
	var b strings.Builder
	line := func(indent, name, value string) { fmt.Fprintf(&b, "%-17s%s\n", indent+name+":", value) }
	line("", "Name", t.Name)
	line("", "Namespace", t.Namespace)
	line("", "Status", p.status("Rollout", string(t.Phase)))
	if t.Message != "" {
		line("", "Message", t.Message)
	}
	line("", "Strategy", dash(t.Strategy))
	if t.Step != "" {
		line("  ", "Step", t.Step)
	}
	if t.SetWeight != nil {
		line("  ", "SetWeight", fmt.Sprint(*t.SetWeight))
	}
	if t.ActualWeight != nil {
		line("  ", "ActualWeight", fmt.Sprint(*t.ActualWeight))
	}
	for i, image := range t.Images {
		text := image.Image
		if len(image.Roles) > 0 {
			text += " (" + strings.Join(image.Roles, ", ") + ")"
		}
		if i == 0 {
			line("", "Images", text)
		} else {
			fmt.Fprintf(&b, "%-17s%s\n", "", text)
		}
	}
	b.WriteString("Replicas:\n")
	for _, r := range []struct {
		name string
		n    int32
	}{{"Desired", t.Replicas.Desired}, {"Current", t.Replicas.Current}, {"Updated", t.Replicas.Updated}, {"Ready", t.Replicas.Ready}, {"Available", t.Replicas.Available}} {
		line("  ", r.name, fmt.Sprint(r.n))
	}
	b.WriteString("\n")
	b.WriteString(p.table(p.rows(t)))
	return b.String()
}

func (p printer) rows(t *rov1.RolloutTree) []row {
	rows := []row{{name: "⟳ " + t.Name, kind: "Rollout", status: string(t.Phase), age: p.age(t.CreationTimestamp)}}
	for i, revision := range t.Revisions {
		last := i == len(t.Revisions)-1
		rows = append(rows, row{name: branch("", last) + fmt.Sprintf("# revision:%d", revision.Revision)})
		below := indent("", last)
		children := len(revision.ReplicaSets) + len(revision.AnalysisRuns)
		for _, rs := range revision.ReplicaSets {
			children--
			rows = append(rows, row{name: branch(below, children == 0) + "⧉ " + rs.Name, kind: "ReplicaSet", status: rs.Status,
				age: p.age(rs.CreationTimestamp), info: p.replicaSetInfo(rs)})
			inner := indent(below, children == 0)
			for j, pod := range rs.Pods {
				info := fmt.Sprintf("ready:%d/%d", pod.Ready, pod.Containers)
				if pod.Restarts > 0 {
					info += fmt.Sprintf(",restarts:%d", pod.Restarts)
				}
				rows = append(rows, row{name: branch(inner, j == len(rs.Pods)-1) + "□ " + pod.Name, kind: "Pod", status: pod.Status,
					age: p.age(pod.CreationTimestamp), info: info})
			}
		}
		for _, run := range revision.AnalysisRuns {
			children--
			rows = append(rows, row{name: branch(below, children == 0) + "α " + run.Name, kind: "AnalysisRun", status: string(run.Status),
				age: p.age(run.CreationTimestamp), info: analysisInfo(run)})
		}
	}
	return rows
}

func branch(prefix string, last bool) string {
	if last {
		return prefix + "└──"
	}
	return prefix + "├──"
}

func indent(prefix string, last bool) string {
	if last {
		return prefix + "   "
	}
	return prefix + "│  "
}

func (p printer) replicaSetInfo(rs rov1.RolloutTreeReplicaSet) string {
	info := rs.Roles
	if rs.ScaleDownAt != nil {
		left := max(rs.ScaleDownAt.Sub(p.now), 0).Round(time.Second)
		info = append(info[:len(info):len(info)], "delay:"+left.String())
	}
	return strings.Join(info, ",")
}

func analysisInfo(run rov1.RolloutTreeAnalysisRun) string {
	var info []string
	for _, c := range []struct {
		sign string
		n    int32
	}{{"✔", run.Successful}, {"✖", run.Failed}, {"?", run.Inconclusive}, {"⚠", run.Error}} {
		if c.n > 0 {
			info = append(info, fmt.Sprintf("%s %d", c.sign, c.n))
		}
	}
	return strings.Join(info, ",")
}

// table lays out the rows. Columns are as wide as their widest cell, in characters, without the colours.
func (p printer) table(rows []row) string {
	header := row{name: "NAME", kind: "KIND", age: "AGE", info: "INFO"}
	names, kinds, states, ages := len(header.name), len(header.kind), len("STATUS"), len(header.age)
	for _, r := range rows {
		names = max(names, utf8.RuneCountInString(r.name))
		kinds = max(kinds, utf8.RuneCountInString(r.kind))
		ages = max(ages, len(r.age))
		if r.kind != "" {
			states = max(states, utf8.RuneCountInString(r.status)+2)
		}
	}
	var b strings.Builder
	write := func(name, kind, status string, statusWidth int, age, info string) {
		text := pad(name, utf8.RuneCountInString(name), names) + "  " + pad(kind, utf8.RuneCountInString(kind), kinds) + "  " +
			pad(status, statusWidth, states) + "  " + pad(age, len(age), ages) + "  " + info
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	write(header.name, header.kind, "STATUS", len("STATUS"), header.age, header.info)
	for _, r := range rows {
		if r.kind == "" {
			b.WriteString(r.name + "\n")
			continue
		}
		write(r.name, r.kind, p.status(r.kind, r.status), utf8.RuneCountInString(r.status)+2, r.age, r.info)
	}
	return b.String()
}

func pad(text string, width, to int) string { return text + strings.Repeat(" ", max(to-width, 0)) }

// status is a state with its sign, in its colour.
func (p printer) status(kind, status string) string {
	m := markOf(kind, status)
	if !p.color {
		return m.sign + " " + status
	}
	return m.color + m.sign + reset + " " + status
}

func (p printer) age(t metav1.Time) string {
	if t.IsZero() {
		return ""
	}
	return duration.HumanDuration(p.now.Sub(t.Time))
}
