// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// appPrinter draws applications.
type appPrinter struct {
	color bool
	now   time.Time
}

// cell is a text in a table, and its colour.
type cell struct{ text, color string }

func plain(text string) cell { return cell{text: text} }

// clean takes out of a text what would make a terminal do anything but show it. Texts come from repositories, too.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, text)
}

// oneLine is a text on one line.
func oneLine(text string) string { return strings.Join(strings.Fields(clean(text)), " ") }

// stateOf tells how a state of sync, health or an operation is shown.
func stateOf(state string) cell {
	m := mark{"✖", red}
	switch state {
	case "":
		return cell{"-", faint}
	case "Synced", "Healthy", "Succeeded", "Pruned":
		m = mark{"✔", green}
	case "OutOfSync", "Terminating", "PruneSkipped":
		m = mark{"▲", yellow}
	case "Progressing", "Running", "Requested":
		m = mark{"◌", blue}
	case "Suspended":
		m = mark{"॥", blue}
	case "Missing":
		m = mark{"○", yellow}
	case "Unknown":
		m = mark{"?", faint}
	}
	return cell{m.sign + " " + oneLine(state), m.color}
}

func (p appPrinter) paint(c cell) string {
	if !p.color || c.color == "" {
		return c.text
	}
	return c.color + c.text + reset
}

func (p appPrinter) phase(phase appv1.OperationPhase) string { return p.paint(stateOf(string(phase))) }

// table lays out rows. Columns are as wide as their widest cell, in characters, without the colours.
func (p appPrinter) table(rows [][]cell) string {
	var widths []int
	for _, row := range rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c.text))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		last := len(row) - 1
		for last > 0 && row[last].text == "" {
			last--
		}
		for i, c := range row[:last+1] {
			b.WriteString(p.paint(c))
			if i < last {
				b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c.text)+2))
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func header(names ...string) []cell {
	var out []cell
	for _, name := range names {
		out = append(out, plain(name))
	}
	return out
}

var commit = regexp.MustCompile(`^[0-9a-f]{40}$`)

// revisionsOf are versions, commits by their first digits.
func revisionsOf(one string, all []string) string {
	if len(all) == 0 {
		all = []string{one}
	}
	out := make([]string, len(all))
	for i, v := range all {
		if commit.MatchString(v) {
			v = v[:7]
		}
		out[i] = oneLine(v)
	}
	return strings.Join(out, ",")
}

func (p appPrinter) age(t *metav1.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return duration.HumanDuration(p.now.Sub(t.Time))
}

// summary is what there is to say of an application as a whole.
func (p appPrinter) summary(app *appv1.Application) string {
	var b strings.Builder
	line := func(name, value string) { fmt.Fprintf(&b, "%-15s%s\n", name+":", value) }
	line("Name", app.Name)
	line("Namespace", app.Namespace)
	line("Project", oneLine(app.Spec.GetProject()))
	line("Destination", destinationOf(&app.Spec.Destination))
	for i, s := range app.Spec.GetSources() {
		name := "Source"
		if i > 0 {
			name = fmt.Sprintf("Source %d", i+1)
		}
		line(name, sourceOf(&s))
	}
	line("Sync Policy", policyOf(&app.Spec))
	sync := p.paint(stateOf(string(app.Status.Sync.Status)))
	if v := revisionsOf(app.Status.Sync.Revision, app.Status.Sync.Revisions); v != "" {
		sync += " to " + v
	}
	line("Sync Status", sync)
	health := p.paint(stateOf(string(app.Status.Health.Status)))
	if m := app.Status.Health.Message; m != "" {
		health += " (" + oneLine(m) + ")"
	}
	line("Health Status", health)
	if text := p.operation(app); text != "" {
		line("Operation", text)
	}
	for _, c := range app.Status.Conditions {
		if c.Status != "" { // what Ready, Synced and Healthy say is said above
			continue
		}
		color := red
		if strings.HasSuffix(string(c.Type), "Warning") {
			color = yellow
		}
		line("Condition", p.paint(cell{oneLine(string(c.Type)), color})+" "+oneLine(c.Message))
	}
	for _, info := range app.Spec.Info {
		line("Info", oneLine(info.Name)+": "+oneLine(info.Value))
	}
	return b.String()
}

// operation says how far the last operation is, and who asked for it.
func (p appPrinter) operation(app *appv1.Application) string {
	op, state := app.Operation, app.Status.OperationState
	text := ""
	switch {
	case op != nil && (state == nil || ended(state)):
		text = p.paint(stateOf("Requested"))
	case state != nil:
		op = &state.Operation
		text = p.phase(state.Phase)
		at := &state.StartedAt
		if state.FinishedAt != nil {
			at = state.FinishedAt
		}
		if age := p.age(at); age != "" {
			text += " " + age + " ago"
		}
		if state.RetryCount > 0 {
			text += fmt.Sprintf(", tried again %d times", state.RetryCount)
		}
	default:
		return ""
	}
	if by := op.InitiatedBy; by != nil && by.Username != "" {
		text += ", by " + oneLine(by.Username)
	} else if by != nil && by.Automated != nil && *by.Automated {
		text += ", automated"
	}
	if state != nil && !ended(state) || state != nil && app.Operation == nil {
		if m := oneLine(state.Message); m != "" {
			text += ": " + m
		}
	}
	return text
}

func destinationOf(d *appv1.ApplicationDestination) string {
	cluster := d.Name
	if cluster == "" {
		cluster = d.Server
	}
	return oneLine(dash(cluster) + "/" + d.Namespace)
}

func sourceOf(s *appv1.ApplicationSource) string {
	text := s.RepoURL
	if s.Chart != "" {
		text += " chart " + s.Chart
	}
	if s.Path != "" {
		text += " " + s.Path
	}
	if s.TargetRevision != "" {
		text += " @ " + s.TargetRevision
	}
	return oneLine(text)
}

func policyOf(s *appv1.ApplicationSpec) string {
	if !s.IsAutomated() {
		return "Manual"
	}
	text := "Automated"
	if a := s.SyncPolicy.Automated; a.Prune != nil && *a.Prune {
		text += ", prune"
	}
	if a := s.SyncPolicy.Automated; a.SelfHeal != nil && *a.SelfHeal {
		text += ", self-heal"
	}
	return text
}

// resources are the objects of an application, as its status has them.
func (p appPrinter) resources(app *appv1.Application) string {
	rows := [][]cell{header("GROUP", "KIND", "NAMESPACE", "NAME", "SYNC", "HEALTH", "HOOK", "MESSAGE")}
	results := map[appv1.SyncOperationResource]string{}
	if state := app.Status.OperationState; state != nil && state.SyncResult != nil {
		for _, r := range state.SyncResult.Resources {
			results[appv1.SyncOperationResource{Group: r.Group, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name}] = r.Message
		}
	}
	for _, r := range app.Status.Resources {
		health, message := "", results[appv1.SyncOperationResource{Group: r.Group, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name}]
		if r.Health != nil {
			health = string(r.Health.Status)
			if r.Health.Message != "" {
				message = r.Health.Message
			}
		}
		if r.RequiresPruning {
			message = "its manifest is gone: prune deletes it"
		}
		hook := ""
		if r.Hook {
			hook = "hook"
		}
		rows = append(rows, []cell{plain(oneLine(r.Group)), plain(oneLine(r.Kind)), plain(oneLine(r.Namespace)), plain(oneLine(r.Name)),
			stateOf(string(r.Status)), stateOf(health), plain(hook), plain(oneLine(message))})
	}
	return p.table(rows)
}

// results are the lines of what has become of objects since it was told.
func (p appPrinter) results(all []appv1.ResourceResult, told map[string]string) []string {
	var out []string
	for _, r := range all {
		key := strings.Join([]string{r.SyncPhase, r.HookType, r.Group, r.Kind, r.Namespace, r.Name}, "/")
		state := r.Status
		if r.HookType != "" || state == "" {
			state = string(r.HookPhase)
		}
		what := oneLine(r.Kind) + " " + oneLine(strings.TrimPrefix(r.Namespace+"/"+r.Name, "/"))
		if r.HookType != "" {
			what += " (" + oneLine(r.HookType) + ")"
		}
		text := p.paint(stateOf(state)) + " " + what
		if m := oneLine(r.Message); m != "" {
			text += ": " + m
		}
		if told[key] != text {
			told[key] = text
			out = append(out, text)
		}
	}
	return out
}
