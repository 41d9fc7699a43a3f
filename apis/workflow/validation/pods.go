// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

// container checks the container of a container or script template, and what stands beside it.
func (c *checker) container(t *bound, main *corev1.Container, path *field.Path) {
	if main.Image == "" {
		c.required(path.Child("image"), "name the image to run")
	}
	c.mounts(main, path)
	names := sets.New[string]()
	for i := range t.InitContainers {
		u := &t.InitContainers[i]
		at := t.path.Child("initContainers").Index(i)
		switch {
		case u.Name == "":
			c.required(at.Child("name"), "give the container a name")
		case u.Name == wfv1.MainContainerName || u.Name == wfv1.InitContainerName || u.Name == wfv1.WaitContainerName:
			c.invalid(at.Child("name"), u.Name, "this name is reserved for the containers that make up every pod; choose another")
		case names.Has(u.Name):
			c.add(field.Duplicate(at.Child("name"), short(u.Name)))
		case !hasTag(u.Name):
			for _, m := range validation.IsDNS1123Label(u.Name) {
				c.invalid(at.Child("name"), u.Name, "%s", m)
			}
		}
		names.Insert(u.Name)
		if u.Image == "" {
			c.required(at.Child("image"), "name the image to run")
		}
		c.mounts(&u.Container, at)
		if c.full() {
			return
		}
	}
	if len(t.Outputs.Parameters) > 0 && slices.ContainsFunc(t.Outputs.Parameters, fromFile) {
		c.captured[t] = true
	}
}

func fromFile(p wfv1.Parameter) bool { return p.ValueFrom != nil && p.ValueFrom.Path != "" }

// mounts checks that no two volumes are mounted at one path.
func (c *checker) mounts(container *corev1.Container, path *field.Path) {
	by := map[string]string{}
	for i := range container.VolumeMounts {
		m := &container.VolumeMounts[i]
		at := path.Child("volumeMounts").Index(i).Child("mountPath")
		if m.MountPath == "" {
			c.required(at, "say where the volume is mounted")
			continue
		}
		if other, ok := by[m.MountPath]; ok {
			c.invalid(at, m.MountPath, "the volume %q is already mounted at this path", short(other))
			continue
		}
		by[m.MountPath] = m.Name
		if c.full() {
			return
		}
	}
}

// commands reports templates whose outputs are captured although their command is not known. What captures outputs is
// started in place of the command, and starts it in turn; the entrypoint of an image is not known outside of a node.
func (c *checker) commands() {
	captured := slices.Collect(maps.Keys(c.captured))
	slices.SortFunc(captured, func(a, b *bound) int { return strings.Compare(a.path.String(), b.path.String()) })
	for _, t := range captured {
		path, command := t.path.Child("container"), []string(nil)
		switch {
		case t.Container != nil:
			command = t.Container.Command
		case t.Script != nil:
			path, command = t.path.Child("script"), t.Script.Command
		default:
			continue
		}
		if len(command) > 0 {
			continue
		}
		c.from(t.origin, func() {
			c.unable(field.Required(path.Child("command"), "name the command: outputs of this template are captured, for which its command is started by a helper, and the entrypoint of the image is not known"))
		})
	}
}
