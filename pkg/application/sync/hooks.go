// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
)

// AnnotationOperation is on every hook that we make: the operation, the try and the phase that it belongs to. A hook
// of an earlier operation is told from one of this by it, also after a crash.
const AnnotationOperation = "argosy.dev/operation"

// Namer gives the hooks of one operation their names.
type Namer struct {
	revision string
	started  time.Time
	given    map[object.Key]int
}

// NewNamer names the hooks of an operation that syncs a revision and began at a time.
func NewNamer(revision string, started time.Time) *Namer {
	return &Namer{revision: revision[:min(7, len(revision))], started: started, given: map[object.Key]int{}}
}

// Named gives a hook that has only a generateName its name: PREFIX REVISION(7) - phase - start of the operation, as the
// peer does. One that runs in several phases becomes several. If another one of its kind has that name already, as two with
// the same prefix have, the name gets a number: they are told apart by their order, which is the same each time the same
// manifests are named. Everything else is returned as it is.
func (n *Namer) Named(target *unstructured.Unstructured) []*unstructured.Unstructured {
	phases, hook := object.Hooks(target)
	if target.GetName() != "" || target.GetGenerateName() == "" || !hook {
		return []*unstructured.Unstructured{target}
	}
	var out []*unstructured.Unstructured
	for _, phase := range phases {
		named := target.DeepCopy()
		named.SetGenerateName("")
		named.SetName(fmt.Sprintf("%s%s-%s-%d", target.GetGenerateName(), n.revision, strings.ToLower(string(phase)), n.started.Unix()))
		key := object.KeyOf(named)
		if n.given[key]++; n.given[key] > 1 {
			named.SetName(fmt.Sprintf("%s-%d", key.Name, n.given[key]))
		}
		object.Annotate(named, appv1.AnnotationHook, string(phase))
		if id, tracked := object.ParseTrackingID(annotation(named, appv1.AnnotationTrackingID)); tracked {
			object.Track(named, id.Application) // it was written before there was a name, and would be nobody's
		}
		out = append(out, named)
	}
	return out
}

// operationName names an operation and the try of it.
func operationName(started time.Time, uid types.UID, retry int64) string {
	name := strconv.FormatInt(started.Unix(), 10) + "-" + string(uid[:min(8, len(uid))])
	if retry > 0 {
		name += "-" + strconv.FormatInt(retry, 10)
	}
	return name
}

// madeIn returns the operation that has made a hook, and for which phase.
func madeIn(live *unstructured.Unstructured) (operation string, phase object.Phase) {
	operation, word, _ := strings.Cut(annotation(live, AnnotationOperation), "/")
	return operation, object.Phase(word)
}

// marked is a hook as it is applied: with the name of the operation, and, if it has an end that must be seen, the finalizer
// that keeps it until then.
func marked(target *unstructured.Unstructured, operation string, phase object.Phase, ends bool) *unstructured.Unstructured {
	hook := target.DeepCopy()
	object.Annotate(hook, AnnotationOperation, operation+"/"+string(phase))
	if ends && !slices.Contains(hook.GetFinalizers(), object.FinalizerHook) {
		hook.SetFinalizers(append(hook.GetFinalizers(), object.FinalizerHook))
	}
	return hook
}

func hasHookFinalizer(u *unstructured.Unstructured) bool {
	return slices.Contains(u.GetFinalizers(), object.FinalizerHook)
}

// annotation reads one annotation without copying all of them.
func annotation(u *unstructured.Unstructured, name string) string {
	value, _ := annotationsOf(u)[name].(string)
	return value
}

// annotationsOf are the annotations as they are in the object: not to be changed.
func annotationsOf(u *unstructured.Unstructured) map[string]any {
	metadata, _ := u.Object["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	return annotations
}
