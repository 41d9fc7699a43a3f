// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package pod

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

func input(tmpl wfv1.Template) Input {
	if tmpl.Name == "" {
		tmpl.Name = "t"
	}
	return Input{
		Workflow:      &wfv1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: "wf", Namespace: "ns", UID: "u1"}},
		Template:      &tmpl,
		NodeName:      "wf[0].a",
		NodeID:        "wf-1",
		ExecutorImage: "argosy.dev/argosy:dev",
	}
}

func container(c corev1.Container) wfv1.Template {
	return wfv1.Template{Container: &wfv1.Container{Container: c}}
}

func script(source string, c corev1.Container) wfv1.Template {
	return wfv1.Template{Script: &wfv1.ScriptTemplate{Container: c, Source: source}}
}

// The whole pod, as it is sent: what is not listed here is not in it.
func TestBuildWhole(t *testing.T) {
	path := wfv1.Outputs{Parameters: []wfv1.Parameter{
		{Name: "p", ValueFrom: &wfv1.ValueFrom{Path: "/tmp/$(p)"}},
		{Name: "q", ValueFrom: &wfv1.ValueFrom{Path: "/tmp/q", Default: wfv1.ToAnyString("a=$b")}},
		{Name: "other", ValueFrom: &wfv1.ValueFrom{Expression: "1"}},
	}}
	meta := func(annotations string) string {
		return `
metadata:
  name: wf-t-1594217893
  namespace: ns
  labels: {workflows.argoproj.io/workflow: wf, workflows.argoproj.io/completed: "false"}
  annotations:
    kubectl.kubernetes.io/default-container: main
    workflows.argoproj.io/node-id: wf-1
    workflows.argoproj.io/node-name: "wf[0].a"
` + annotations + `
  ownerReferences: [{apiVersion: workflow.argosy.dev/v1alpha1, kind: Workflow, name: wf, uid: u1, controller: true, blockOwnerDeletion: true}]
`
	}
	const env = `[{name: ARGO_CONTAINER_NAME, value: main}, {name: ARGO_NODE_ID, value: wf-1}]`
	const initContainer = `
  initContainers:
  - name: init
    image: argosy.dev/argosy:dev
    imagePullPolicy: IfNotPresent
    command: [/argosy-executor, copy, /var/run/argo/argosy-executor]
    volumeMounts: [{name: var-run-argo, mountPath: /var/run/argo}]
    securityContext:
      allowPrivilegeEscalation: false
      capabilities: {drop: [ALL]}
      readOnlyRootFilesystem: true
      runAsNonRoot: true
      runAsUser: 65532
      runAsGroup: 65532
      seccompProfile: {type: RuntimeDefault}
`
	for _, tc := range []struct {
		name    string
		tmpl    wfv1.Template
		capture bool
		want    string
	}{
		{"plain", container(corev1.Container{Name: "x", Image: "busybox", Args: []string{"a"}}), false, meta("") + `
spec:
  restartPolicy: Never
  containers:
  - {name: main, image: busybox, args: [a], resources: {}, env: ` + env + `}
`},
		{"script", script("echo hi\n", corev1.Container{Image: "alpine", Command: []string{"sh"}, Args: []string{"-e"}}), false, meta("    workflow.argosy.dev/script: \"echo hi\\n\"") + `
spec:
  restartPolicy: Never
  containers:
  - {name: main, image: alpine, command: [sh], args: [-e, /argo/staging/script], resources: {}, env: ` + env + `,
     volumeMounts: [{name: argo-staging, mountPath: /argo/staging, readOnly: true}]}
  volumes:
  - name: argo-staging
    downwardAPI: {defaultMode: 493, items: [{path: script, fieldRef: {apiVersion: v1, fieldPath: "metadata.annotations['workflow.argosy.dev/script']"}}]}
`},
		{"wrapped", func() wfv1.Template {
			tmpl := container(corev1.Container{Image: "busybox", Command: []string{"sh", "-c"}, Args: []string{"echo $(x)"}})
			tmpl.Outputs = path
			return tmpl
		}(), true, meta(`    workflow.argosy.dev/wrapped: "true"`) + `
spec:
  restartPolicy: Never` + initContainer + `
    resources: {}
  containers:
  - name: main
    image: busybox
    command: [/var/run/argo/argosy-executor, run, --result, --param, "p=/tmp/$$(p)", --param, q=/tmp/q, --default, "q=a=$$b", --, sh, -c]
    args: [echo $(x)]
    resources: {}
    env: ` + env + `
    volumeMounts: [{name: var-run-argo, mountPath: /var/run/argo, readOnly: true}]
  volumes: [{name: var-run-argo, emptyDir: {}}]
`},
		{"wrapped script", script("print(1)", corev1.Container{Image: "python", Command: []string{"python"}, TerminationMessagePath: "/tmp/log", Resources: corev1.ResourceRequirements{
			Limits: corev1.ResourceList{"cpu": resource.MustParse("1"), "nvidia.com/gpu": resource.MustParse("1")}, Claims: []corev1.ResourceClaim{{Name: "c"}},
		}}), true, meta("    workflow.argosy.dev/wrapped: \"true\"\n    workflow.argosy.dev/script: print(1)") + `
spec:
  restartPolicy: Never` + initContainer + `
    resources: {limits: {cpu: 1}}
  containers:
  - name: main
    image: python
    command: [/var/run/argo/argosy-executor, run, --result, --report, /tmp/log, --, python]
    args: [/argo/staging/script]
    terminationMessagePath: /tmp/log
    resources: {limits: {cpu: 1, nvidia.com/gpu: 1}, claims: [{name: c}]}
    env: ` + env + `
    volumeMounts: [{name: argo-staging, mountPath: /argo/staging, readOnly: true}, {name: var-run-argo, mountPath: /var/run/argo, readOnly: true}]
  volumes:
  - name: argo-staging
    downwardAPI: {defaultMode: 493, items: [{path: script, fieldRef: {apiVersion: v1, fieldPath: "metadata.annotations['workflow.argosy.dev/script']"}}]}
  - {name: var-run-argo, emptyDir: {}}
`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := input(tc.tmpl)
			in.CaptureResult = tc.capture
			got, err := Build(in)
			if err != nil {
				t.Fatal(err)
			}
			var want corev1.Pod
			if err := yaml.UnmarshalStrict([]byte(tc.want), &want); err != nil {
				t.Fatal(err)
			}
			want.Name = wfv1.PodName(in.Workflow, in.NodeName, "t")
			if d := cmp.Diff(want, *got); d != "" {
				t.Error(d)
			}
		})
	}
}

// What a template says goes before what the workflow says; neither is changed, and the pod shares nothing with them.
func TestBuildPrecedence(t *testing.T) {
	spec := wfv1.WorkflowSpec{
		ServiceAccountName:           "wf-sa",
		AutomountServiceAccountToken: ptr(false),
		NodeSelector:                 map[string]string{"a": "wf"},
		Tolerations:                  []corev1.Toleration{{Key: "wf"}},
		Affinity:                     &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{}},
		SchedulerName:                "wf-scheduler",
		PodPriorityClassName:         "wf-class",
		SecurityContext:              &corev1.PodSecurityContext{RunAsUser: ptr(int64(1))},
		HostAliases:                  []corev1.HostAlias{{IP: "1.1.1.1"}},
		ImagePullSecrets:             []corev1.LocalObjectReference{{Name: "s"}},
		HostNetwork:                  ptr(true),
		DNSPolicy:                    ptr(corev1.DNSNone),
		DNSConfig:                    &corev1.PodDNSConfig{Nameservers: []string{"1.2.3.4"}},
		PodMetadata:                  &wfv1.Metadata{Labels: map[string]string{"a": "wf", "b": "wf", wfv1.LabelWorkflow: "x"}, Annotations: map[string]string{"a": "wf", "b": "wf", annotationDefaultContainer: "mine", AnnotationWrapped: "true"}},
		Volumes:                      []corev1.Volume{{Name: "shared"}, {Name: "both"}, {Name: "unused"}},
	}
	own := container(corev1.Container{Image: "i", VolumeMounts: []corev1.VolumeMount{{Name: "shared", MountPath: "/s"}, {Name: "both", MountPath: "/b"}, {Name: "both", MountPath: "/b2"}}})
	own.ServiceAccountName, own.AutomountServiceAccountToken = "sa", ptr(true)
	own.NodeSelector, own.Tolerations = map[string]string{"b": "t"}, []corev1.Toleration{{Key: "t"}}
	own.Affinity, own.SchedulerName, own.PriorityClassName = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{}}, "scheduler", "class"
	own.SecurityContext, own.HostAliases = &corev1.PodSecurityContext{RunAsUser: ptr(int64(2))}, []corev1.HostAlias{{IP: "2.2.2.2"}}
	own.Metadata = wfv1.Metadata{Labels: map[string]string{"b": "t", wfv1.LabelCompleted: "true"}, Annotations: map[string]string{"b": "t", wfv1.AnnotationNodeID: "x"}}
	own.Volumes = []corev1.Volume{{Name: "both", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}, {Name: "unused2"}}
	own.InitContainers = []wfv1.UserContainer{
		{Container: corev1.Container{Name: "first", VolumeMounts: []corev1.VolumeMount{{Name: "both", MountPath: "/s"}}}, MirrorVolumeMounts: ptr(true)},
		{Container: corev1.Container{Name: "second"}},
	}

	in := input(own)
	in.Spec, in.OnExit = &spec, true
	specBefore, tmplBefore := spec.DeepCopy(), in.Template.DeepCopy()
	got, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	wantLabels := map[string]string{"a": "wf", "b": "t", wfv1.LabelWorkflow: "wf", wfv1.LabelCompleted: "false", wfv1.LabelOnExit: "true"}
	wantAnnotations := map[string]string{"a": "wf", "b": "t", annotationDefaultContainer: "mine", wfv1.AnnotationNodeID: "wf-1", wfv1.AnnotationNodeName: "wf[0].a"}
	if d := cmp.Diff(wantLabels, got.Labels); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(wantAnnotations, got.Annotations); d != "" {
		t.Error(d)
	}
	main := got.Spec.Containers[0]
	want := corev1.PodSpec{
		RestartPolicy:                corev1.RestartPolicyNever,
		ServiceAccountName:           "sa",
		AutomountServiceAccountToken: ptr(true),
		NodeSelector:                 own.NodeSelector,
		Tolerations:                  own.Tolerations,
		Affinity:                     own.Affinity,
		SchedulerName:                "scheduler",
		PriorityClassName:            "class",
		SecurityContext:              own.SecurityContext,
		HostAliases:                  []corev1.HostAlias{{IP: "1.1.1.1"}, {IP: "2.2.2.2"}},
		ImagePullSecrets:             spec.ImagePullSecrets,
		HostNetwork:                  true,
		DNSPolicy:                    corev1.DNSNone,
		DNSConfig:                    spec.DNSConfig,
		Containers:                   []corev1.Container{main},
		InitContainers: []corev1.Container{
			{Name: "first", VolumeMounts: []corev1.VolumeMount{{Name: "both", MountPath: "/s"}, {Name: "both", MountPath: "/b"}, {Name: "both", MountPath: "/b2"}}},
			{Name: "second"},
		},
		Volumes: []corev1.Volume{{Name: "shared"}, own.Volumes[0]},
	}
	if d := cmp.Diff(want, got.Spec); d != "" {
		t.Error(d)
	}

	// Everything that came from outside is scribbled on.
	got.Spec.NodeSelector["b"] = "scribble"
	got.Spec.ImagePullSecrets[0].Name = "scribble"
	*got.Spec.SecurityContext.RunAsUser = 9
	got.Spec.DNSConfig.Nameservers[0] = "scribble"
	got.Spec.Containers[0].Image = "scribble"
	if d := cmp.Diff(specBefore, &spec); d != "" {
		t.Errorf("the spec was changed: %s", d)
	}
	if d := cmp.Diff(tmplBefore, in.Template); d != "" {
		t.Errorf("the template was changed: %s", d)
	}

	// Without a template's own, the workflow's hold.
	in.Template = ptr(container(corev1.Container{Image: "i"}))
	if got, err = Build(in); err != nil {
		t.Fatal(err)
	}
	want = corev1.PodSpec{
		RestartPolicy: corev1.RestartPolicyNever, ServiceAccountName: "wf-sa", AutomountServiceAccountToken: ptr(false), NodeSelector: spec.NodeSelector, Tolerations: spec.Tolerations,
		Affinity: spec.Affinity, SchedulerName: "wf-scheduler", PriorityClassName: "wf-class", SecurityContext: spec.SecurityContext, HostAliases: spec.HostAliases,
		ImagePullSecrets: spec.ImagePullSecrets, HostNetwork: true, DNSPolicy: corev1.DNSNone, DNSConfig: spec.DNSConfig, Containers: got.Spec.Containers,
	}
	if d := cmp.Diff(want, got.Spec); d != "" {
		t.Error(d)
	}
}

// The spec of a workflow made from a template is the stored one.
func TestBuildStoredSpec(t *testing.T) {
	in := input(container(corev1.Container{Image: "i"}))
	in.Workflow.Spec.ServiceAccountName = "own"
	in.Workflow.Status.StoredWorkflowTemplateSpec = &wfv1.WorkflowSpec{ServiceAccountName: "stored"}
	got, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	if got.Spec.ServiceAccountName != "stored" {
		t.Error(got.Spec.ServiceAccountName)
	}
}

func TestBuildDeadline(t *testing.T) {
	for _, tc := range []struct {
		name     string
		template *intstr.IntOrString
		workflow *int64
		want     *int64
		err      string
	}{
		{name: "none"},
		{name: "template", template: ptr(intstr.FromInt32(5)), want: ptr(int64(5))},
		{name: "as text", template: ptr(intstr.FromString("5")), want: ptr(int64(5))},
		{name: "workflow", workflow: ptr(int64(7)), want: ptr(int64(7))},
		{name: "template is shorter", template: ptr(intstr.FromInt32(5)), workflow: ptr(int64(7)), want: ptr(int64(5))},
		{name: "workflow is shorter", template: ptr(intstr.FromInt32(9)), workflow: ptr(int64(7)), want: ptr(int64(7))},
		{name: "no number", template: ptr(intstr.FromString("5s")), err: `activeDeadlineSeconds: "5s" is not a whole number of seconds`},
		{name: "zero", template: ptr(intstr.FromInt32(0)), err: "activeDeadlineSeconds: must be greater than 0"},
	} {
		tmpl := container(corev1.Container{Image: "i"})
		tmpl.ActiveDeadlineSeconds = tc.template
		in := input(tmpl)
		in.Deadline = tc.workflow
		got, err := Build(in)
		if tc.err != "" {
			if err == nil || err.Error() != tc.err {
				t.Errorf("%s: %v", tc.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		if d := cmp.Diff(tc.want, got.Spec.ActiveDeadlineSeconds); d != "" {
			t.Errorf("%s: %s", tc.name, d)
		}
	}
}

func TestBuildRefuses(t *testing.T) {
	mount := func(name string) corev1.Container {
		return corev1.Container{Image: "i", VolumeMounts: []corev1.VolumeMount{{Name: name, MountPath: "/m"}}}
	}
	reserved := container(mount("argo-staging"))
	reserved.Volumes = []corev1.Volume{{Name: "argo-staging"}}
	initName := container(corev1.Container{Image: "i"})
	initName.InitContainers = []wfv1.UserContainer{{Container: corev1.Container{Name: "init"}}}
	device := container(corev1.Container{Image: "i", VolumeDevices: []corev1.VolumeDevice{{Name: "disk"}}})
	for name, tc := range map[string]struct {
		change func(*Input)
		tmpl   wfv1.Template
		err    string
	}{
		"no pod":              {tmpl: wfv1.Template{DAG: &wfv1.DAGTemplate{}}, err: `template "t": neither a container nor a script`},
		"volume":              {tmpl: container(mount("v")), err: `volume "v" not found`},
		"device":              {tmpl: device, err: `volume "disk" not found`},
		"reserved volume":     {tmpl: reserved, err: `the volume name "argo-staging" is reserved`},
		"reserved init":       {tmpl: initName, err: `the name "init" of an init container is reserved`},
		"command not known":   {tmpl: container(corev1.Container{Image: "i"}), change: func(in *Input) { in.CaptureResult = true }, err: `the entrypoint of image "i" is not known`},
		"no executor":         {tmpl: container(corev1.Container{Image: "i", Command: []string{"x"}}), change: func(in *Input) { in.CaptureResult, in.ExecutorImage = true, "" }, err: "no executor image"},
		"script is too large": {tmpl: script(strings.Repeat("x", 256<<10), corev1.Container{Image: "i"}), err: "Kubernetes stores at most 262144"},
	} {
		in := input(tc.tmpl)
		if tc.change != nil {
			tc.change(&in)
		}
		if _, err := Build(in); err == nil || !strings.Contains(err.Error(), tc.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
