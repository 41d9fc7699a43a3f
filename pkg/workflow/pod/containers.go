// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package pod

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

// executorUser is the user that the executor's image is made for. It is named in the pod, so that the init container is acceptable to the
// "restricted" pod security level whatever user the rest of the pod runs as.
const executorUser int64 = 65532

// mainContainer returns the user's container under the name main, and whether it is a script's.
func mainContainer(tmpl *wfv1.Template, nodeID string) (c *corev1.Container, script bool, err error) {
	switch tmpl.Type() {
	case wfv1.TemplateTypeContainer:
		c = &tmpl.Container.Container
	case wfv1.TemplateTypeScript:
		c, script = &tmpl.Script.Container, true
		c.Args = append(c.Args, ScriptPath)
	default:
		return nil, false, fmt.Errorf("template %q: neither a container nor a script", tmpl.Name)
	}
	c.Name = wfv1.MainContainerName
	// First, so that the user's own variables may refer to them, and may replace them.
	c.Env = append([]corev1.EnvVar{
		{Name: "ARGO_CONTAINER_NAME", Value: wfv1.MainContainerName},
		{Name: "ARGO_NODE_ID", Value: nodeID},
	}, c.Env...)
	return c, script, nil
}

// initContainers returns the user's init containers, with the volume mounts of main where they want them.
func initContainers(tmpl *wfv1.Template, main *corev1.Container) ([]corev1.Container, error) {
	var out []corev1.Container
	for _, u := range tmpl.InitContainers {
		switch u.Name {
		case wfv1.InitContainerName, wfv1.MainContainerName, wfv1.WaitContainerName:
			return nil, fmt.Errorf("template %q: the name %q of an init container is reserved", tmpl.Name, u.Name)
		}
		c := u.Container
		if u.MirrorVolumeMounts != nil && *u.MirrorVolumeMounts {
			for _, m := range main.VolumeMounts {
				if !slices.ContainsFunc(c.VolumeMounts, func(own corev1.VolumeMount) bool { return own.MountPath == m.MountPath }) {
					c.VolumeMounts = append(c.VolumeMounts, m)
				}
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// addVolumes gives the pod the volumes that its containers mount, no others: the template's, or else the workflow's.
func addVolumes(p *corev1.PodSpec, spec *wfv1.WorkflowSpec, tmpl *wfv1.Template, containers []corev1.Container) error {
	var names []string
	for _, c := range containers {
		for _, m := range c.VolumeMounts {
			names = append(names, m.Name)
		}
		for _, d := range c.VolumeDevices {
			names = append(names, d.Name)
		}
	}
	for _, name := range names {
		named := func(v corev1.Volume) bool { return v.Name == name }
		if slices.ContainsFunc(p.Volumes, named) {
			continue
		}
		if name == scriptVolume || name == executorVolume {
			return fmt.Errorf("template %q: the volume name %q is reserved", tmpl.Name, name)
		}
		from := tmpl.Volumes
		i := slices.IndexFunc(from, named)
		if i < 0 {
			from = spec.Volumes
			i = slices.IndexFunc(from, named)
		}
		if i < 0 {
			return fmt.Errorf("template %q: volume %q not found in the template or the workflow", tmpl.Name, name)
		}
		p.Volumes = append(p.Volumes, from[i])
	}
	return nil
}

// stageScript makes source the file ScriptPath of main.
func stageScript(p *corev1.Pod, main *corev1.Container, source string) {
	p.Annotations[AnnotationScript] = source
	mode := int32(0o755) // `command: [/argo/staging/script]` and a script with an interpreter line both work, for any user
	p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{
		Name: scriptVolume,
		VolumeSource: corev1.VolumeSource{DownwardAPI: &corev1.DownwardAPIVolumeSource{
			DefaultMode: &mode,
			Items: []corev1.DownwardAPIVolumeFile{{
				Path:     "script",
				FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.annotations['" + AnnotationScript + "']"},
			}},
		}},
	})
	main.VolumeMounts = append(main.VolumeMounts, corev1.VolumeMount{Name: scriptVolume, MountPath: scriptDir, ReadOnly: true})
}

// fileParameters returns the output parameters that are read from files.
func fileParameters(tmpl *wfv1.Template) []wfv1.Parameter {
	var out []wfv1.Parameter
	for _, q := range tmpl.Outputs.Parameters {
		if q.ValueFrom != nil && q.ValueFrom.Path != "" {
			out = append(out, q)
		}
	}
	return out
}

// wrapped tells whether the executor has to capture anything.
func wrapped(tmpl *wfv1.Template, captureResult bool) bool {
	return captureResult || len(fileParameters(tmpl)) > 0
}

// wrap lets the executor start main's command, and returns the init container that brings the executor.
func wrap(p *corev1.Pod, main *corev1.Container, tmpl *wfv1.Template, in Input) (corev1.Container, error) {
	if len(main.Command) == 0 {
		return corev1.Container{}, fmt.Errorf("template %q: a command is needed to capture outputs: the entrypoint of image %q is not known", tmpl.Name, main.Image)
	}
	if in.ExecutorImage == "" {
		return corev1.Container{}, errors.New("no executor image is configured, which capturing outputs needs")
	}
	program := executorDir + "/argosy-executor"
	command := []string{program, "run"}
	if in.CaptureResult {
		command = append(command, "--result")
	}
	for _, q := range fileParameters(tmpl) {
		command = append(command, "--param", literal(q.Name+"="+q.ValueFrom.Path))
		if q.ValueFrom.Default != nil {
			command = append(command, "--default", literal(q.Name+"="+q.ValueFrom.Default.Text))
		}
	}
	if main.TerminationMessagePath != "" {
		command = append(command, "--report", main.TerminationMessagePath)
	}
	main.Command = append(append(command, "--"), main.Command...)
	main.VolumeMounts = append(main.VolumeMounts, corev1.VolumeMount{Name: executorVolume, MountPath: executorDir, ReadOnly: true})
	p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: executorVolume, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}})
	p.Annotations[AnnotationWrapped] = "true"
	return corev1.Container{
		Name:            wfv1.InitContainerName,
		Image:           in.ExecutorImage,
		ImagePullPolicy: corev1.PullIfNotPresent,
		Command:         []string{"/argosy-executor", "copy", program},
		Resources:       sameResources(main.Resources),
		SecurityContext: restricted(),
		VolumeMounts:    []corev1.VolumeMount{{Name: executorVolume, MountPath: executorDir}},
	}, nil
}

// sameResources gives the init container what main has of CPU, memory and disk. Both never run at the same time, so the pod needs no
// more than without it, keeps its quality-of-service class, and passes quotas that want limits on every container.
func sameResources(main corev1.ResourceRequirements) corev1.ResourceRequirements {
	pick := func(list corev1.ResourceList) corev1.ResourceList {
		var out corev1.ResourceList
		for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage} {
			if q, ok := list[name]; ok {
				if out == nil {
					out = corev1.ResourceList{}
				}
				out[name] = q
			}
		}
		return out
	}
	return corev1.ResourceRequirements{Limits: pick(main.Limits), Requests: pick(main.Requests)}
}

// restricted is the least that copying a file needs.
func restricted() *corev1.SecurityContext {
	yes, no, user := true, false, executorUser
	return &corev1.SecurityContext{
		AllowPrivilegeEscalation: &no,
		Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		ReadOnlyRootFilesystem:   &yes,
		RunAsNonRoot:             &yes,
		RunAsUser:                &user,
		RunAsGroup:               &user,
		SeccompProfile:           &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
}

// literal protects s from the $(VARIABLE) expansion of container commands.
func literal(s string) string { return strings.ReplaceAll(s, "$", "$$") }
