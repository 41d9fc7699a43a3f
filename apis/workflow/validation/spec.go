// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"encoding/json"
	"k8s.io/utils/ptr"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/workflow"
)

// checker checks one spec with the templates that it reaches.
type checker struct {
	report
	spec *wfv1.WorkflowSpec
	// path is that of the spec.
	path *field.Path
	// elsewhere are templates of other objects, by their key in status.storedTemplates.
	elsewhere map[string]wfv1.Template
	// open tells that templates of other objects, and what a workflow brings along, are not known here.
	open bool
	// runs tells that arguments must have values.
	runs bool
	// own is the workflow's spec where spec is that with the template's under it; otherwise nil.
	own *wfv1.WorkflowSpec
	// entry tells that there must be an entrypoint.
	entry bool
	// labelKeys and annotationKeys are those of the workflow, parameters the names of its arguments.
	labelKeys, annotationKeys, parameters sets.Set[string]

	local  map[string]*bound
	remote map[string]*bound
	// pending are templates of other objects that were reached and not yet looked at.
	pending []*bound
	// outputs are the names of the workflow's outputs; anyOutput tells that some name is known only at run time.
	outputs   sets.Set[string]
	anyOutput bool
	// defaultsSize is the size of templateDefaults as JSON, merged how much of that was merged so far.
	defaultsSize, merged int
	// expressions counts the expressions that were compiled.
	expressions int
	// captured are the templates whose result something refers to.
	captured map[*bound]bool
}

// bound is a template where it is found, with the workflow's defaults.
type bound struct {
	*wfv1.Template
	path *field.Path
	// scope is where names of templates in it are looked up: empty in the spec at hand, otherwise the beginning of a
	// key in status.storedTemplates.
	scope  string
	origin *origin
	inline bool
	// names is computed when it is first asked for.
	names *names
}

// names are what a template declares. Lists are searched once, since a large object refers to them often.
type names struct {
	inputs, outputs                 map[string]*wfv1.Parameter
	inputArtifacts, outputArtifacts sets.Set[string]
	// needed are the inputs that have no value of their own.
	needed []string
	// enums are the values that inputs allow.
	enums map[string]sets.Set[string]
}

// allows tells whether an input's enum has the value.
func (n *names) allows(in *wfv1.Parameter, value string) bool {
	set, ok := n.enums[in.Name]
	if !ok {
		set = sets.New[string]()
		for i := range in.Enum {
			set.Insert(in.Enum[i].Text)
		}
		if n.enums == nil {
			n.enums = map[string]sets.Set[string]{}
		}
		n.enums[in.Name] = set
	}
	return set.Has(value)
}

// declared returns the names that the template declares.
func (t *bound) declared() *names {
	if t.names != nil {
		return t.names
	}
	n := &names{inputs: map[string]*wfv1.Parameter{}, outputs: map[string]*wfv1.Parameter{}, inputArtifacts: sets.New[string](), outputArtifacts: sets.New[string]()}
	for i := range t.Inputs.Parameters {
		p := &t.Inputs.Parameters[i]
		n.inputs[p.Name] = p
		if !hasSource(p) {
			n.needed = append(n.needed, p.Name)
		}
	}
	for i := range t.Outputs.Parameters {
		n.outputs[t.Outputs.Parameters[i].Name] = &t.Outputs.Parameters[i]
	}
	for i := range t.Inputs.Artifacts {
		n.inputArtifacts.Insert(t.Inputs.Artifacts[i].Name)
	}
	for i := range t.Outputs.Artifacts {
		n.outputArtifacts.Insert(t.Outputs.Artifacts[i].Name)
	}
	t.names = n
	return n
}

// shape checks the fields of the spec that stand for themselves.
func (c *checker) shape(spec *wfv1.WorkflowSpec, path *field.Path) {
	c.unsupported(spec, path)
	c.objectName(path.Child("serviceAccountName"), spec.ServiceAccountName)
	c.objectName(path.Child("podPriorityClassName"), spec.PodPriorityClassName)
	if d := spec.ActiveDeadlineSeconds; d != nil && *d < 0 {
		c.add(field.Invalid(path.Child("activeDeadlineSeconds"), *d, "must not be negative"))
	}
	c.shutdown(spec.Shutdown, path.Child("shutdown"))
	if p := spec.DNSPolicy; p != nil {
		known := []corev1.DNSPolicy{corev1.DNSClusterFirstWithHostNet, corev1.DNSClusterFirst, corev1.DNSDefault, corev1.DNSNone, ""}
		if !sets.New(known...).Has(*p) {
			c.add(field.NotSupported(path.Child("dnsPolicy"), corev1.DNSPolicy(short(string(*p))), known[:4]))
		}
	}
	c.retryStrategy(spec.RetryStrategy, path.Child("retryStrategy"))
	c.metadata(path.Child("podMetadata"), spec.PodMetadata)
	if m := spec.WorkflowMetadata; m != nil {
		c.metadata(path.Child("workflowMetadata"), &wfv1.Metadata{Labels: m.Labels, Annotations: m.Annotations})
		for _, name := range slices.Sorted(maps.Keys(m.LabelsFrom)) {
			at := path.Child("workflowMetadata", "labelsFrom")
			c.key(at, name)
			c.compiles(at.Key(short(name)).Child("expression"), m.LabelsFrom[name].Expression)
		}
	}
	c.volumes(spec.Volumes, path.Child("volumes"))
	if d := spec.TemplateDefaults; d != nil && d.Name != "" {
		c.invalid(path.Child("templateDefaults", "name"), d.Name, "defaults have no name: every template keeps its own")
	}
}

// shutdown checks how a workflow is ended before its time.
func (r *report) shutdown(s wfv1.ShutdownStrategy, path *field.Path) {
	switch s {
	case wfv1.ShutdownStrategyNone, wfv1.ShutdownStrategyStop, wfv1.ShutdownStrategyTerminate:
	default:
		r.add(field.NotSupported(path, wfv1.ShutdownStrategy(short(string(s))), []wfv1.ShutdownStrategy{wfv1.ShutdownStrategyStop, wfv1.ShutdownStrategyTerminate}))
	}
}

// volumes checks that volumes can be told apart.
func (c *checker) volumes(volumes []corev1.Volume, path *field.Path) {
	seen := sets.New[string]()
	for i := range volumes {
		at := path.Index(i).Child("name")
		switch name := volumes[i].Name; {
		case name == "":
			c.required(at, "containers mount a volume by its name")
		case seen.Has(name):
			c.add(field.Duplicate(at, short(name)))
		default:
			seen.Insert(name)
		}
		if c.full() {
			return
		}
	}
}

// templates checks all templates of the spec and those that they reach elsewhere.
func (c *checker) templates() {
	c.local, c.remote, c.captured = map[string]*bound{}, map[string]*bound{}, map[*bound]bool{}
	here := c.origin
	path := c.path.Child("templates")
	all := make([]*bound, len(c.spec.Templates))
	for i := range c.spec.Templates {
		t := &c.spec.Templates[i]
		at := path.Index(i)
		all[i] = c.bind(&bound{Template: t, path: at, origin: here})
		if !c.fieldName(at.Child("name"), t.Name) {
			continue
		}
		if c.local[t.Name] != nil {
			c.add(field.Duplicate(at.Child("name"), t.Name))
			continue
		}
		c.local[t.Name] = all[i]
	}
	c.globalOutputs()
	for _, t := range all {
		if c.full() {
			return
		}
		c.template(t)
	}
	c.entries()
	for len(c.pending) > 0 && !c.full() {
		t := c.pending[0]
		c.pending = c.pending[1:]
		c.from(t.origin, func() {
			c.unsupported(t.Template, t.path)
			c.template(c.bind(t))
		})
	}
	c.commands()
}

// bind gives a template the workflow's defaults.
func (c *checker) bind(t *bound) *bound {
	if c.spec.TemplateDefaults == nil || !c.affordDefaults() {
		return t
	}
	merged, err := workflow.WithDefaults(t.Template, c.spec.TemplateDefaults)
	if err != nil {
		c.invalid(c.path.Child("templateDefaults"), t.Name, "cannot be merged under the template %q: %v", short(t.Name), err)
		return t
	}
	t.Template = merged
	return t
}

// maxMerging bounds the bytes of templateDefaults that are merged under all templates together.
const maxMerging = 32 << 20

// affordDefaults tells whether the defaults may be merged once more. Large defaults under many templates would take
// time that grows with the square of the object's size.
func (c *checker) affordDefaults() bool {
	if c.defaultsSize == 0 {
		text, err := json.Marshal(c.spec.TemplateDefaults)
		if err != nil {
			c.invalid(c.path.Child("templateDefaults"), "", "%v", err)
			return false
		}
		c.defaultsSize = len(text)
	}
	before := c.merged
	c.merged += c.defaultsSize
	if before <= maxMerging && c.merged > maxMerging {
		c.add(field.Forbidden(c.path.Child("templateDefaults"), "they are too large to be merged under this many templates"))
	}
	return c.merged <= maxMerging
}

// lookup finds the template that a step, task or hook uses. ok is false if it is not there; a nil template with ok
// cannot be judged.
func (c *checker) lookup(name string, ref *wfv1.TemplateRef, from *bound, at *field.Path) (t *bound, ok bool) {
	scope := ""
	if from != nil {
		scope = from.scope
	}
	if ref != nil {
		kind := "namespaced"
		if ptr.Deref(ref.ClusterScope, false) {
			kind = "cluster"
		}
		scope, name = kind+"/"+ref.Name, ref.Template
	}
	if scope == "" {
		t, ok = c.local[name]
		return t, ok
	}
	key := scope + "/" + name
	if t, ok := c.remote[key]; ok {
		return t, true
	}
	tmpl, ok := c.elsewhere[key]
	if !ok {
		return nil, c.open
	}
	t = &bound{Template: &tmpl, path: field.NewPath("templates").Key(name), scope: scope, origin: c.origin}
	if t.origin == nil || from == nil || from.scope != scope {
		t.origin = &origin{base: at, what: objectOf(scope)}
		if c.origin != nil {
			t.origin.base = c.origin.base
		}
	}
	c.remote[key] = t
	c.pending = append(c.pending, t)
	return t, true
}

// objectOf names the object of a scope.
func objectOf(scope string) string {
	kind, name, _ := strings.Cut(scope, "/")
	if kind == "cluster" {
		return "ClusterWorkflowTemplate " + short(name)
	}
	return "WorkflowTemplate " + short(name)
}

// globalOutputs gathers the outputs that any template publishes.
func (c *checker) globalOutputs() {
	c.outputs = sets.New[string]()
	collect := func(t *wfv1.Template) {
		for i := range t.Outputs.Parameters {
			c.globalOutput("parameters.", t.Outputs.Parameters[i].GlobalName)
		}
		for i := range t.Outputs.Artifacts {
			c.globalOutput("artifacts.", t.Outputs.Artifacts[i].GlobalName)
		}
	}
	all := func(t *wfv1.Template) {
		collect(t)
		for _, group := range t.Steps {
			for i := range group {
				if group[i].Inline != nil {
					collect(group[i].Inline)
				}
			}
		}
		if t.DAG != nil {
			for i := range t.DAG.Tasks {
				if t.DAG.Tasks[i].Inline != nil {
					collect(t.DAG.Tasks[i].Inline)
				}
			}
		}
	}
	for i := range c.spec.Templates {
		all(&c.spec.Templates[i])
	}
	for _, t := range c.elsewhere {
		all(&t)
	}
}

func (c *checker) globalOutput(kind, name string) {
	if hasTag(name) {
		c.anyOutput = true
	} else if name != "" {
		c.outputs.Insert(kind + name)
	}
}
