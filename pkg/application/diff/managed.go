// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/value"
)

// NeedsPrediction tells whether it takes a dry run to know that a server-side apply of target by manager would change
// live. It is false only where it is plain that it would not: the managed fields say that the manager has applied
// exactly the fields of target, and all of them have the values of target. An empty manager is DefaultManager.
func NeedsPrediction(target, live *unstructured.Unstructured, manager string) bool {
	if target == nil || live == nil {
		return true
	}
	if target.GetAPIVersion() != live.GetAPIVersion() || target.GetKind() != live.GetKind() || target.GetName() != live.GetName() {
		return true
	}
	owned, ok := applied(live, manager)
	if !ok {
		return true
	}
	if _, texts := target.Object["stringData"]; texts && isSecret(target) {
		target = bare(target)
	}
	n := 0
	for key, t := range target.Object {
		switch key {
		case "apiVersion", "kind":
			continue
		case "metadata":
			t, l, set, ok := metadata(target, live, owned)
			if !ok {
				return true
			}
			seen, same := covers(t, l, set)
			if !same {
				return true
			}
			n += seen
			continue
		}
		seen, same := covers(map[string]any{key: t}, live.Object, owned)
		if !same {
			return true
		}
		n += seen
	}
	return n != owned.Size()
}

// applied returns the fields that a manager has applied to a live object, in the version in which the object is.
func applied(live *unstructured.Unstructured, manager string) (*fieldpath.Set, bool) {
	if manager == "" {
		manager = DefaultManager
	}
	var set *fieldpath.Set
	for _, entry := range live.GetManagedFields() {
		if entry.Manager != manager || entry.Operation != metav1.ManagedFieldsOperationApply || entry.Subresource != "" {
			continue
		}
		if set != nil || entry.APIVersion != live.GetAPIVersion() {
			return nil, false
		}
		if set = fields(entry); set == nil {
			return nil, false
		}
	}
	return set, set != nil
}

func fields(entry metav1.ManagedFieldsEntry) *fieldpath.Set {
	if entry.FieldsV1 == nil {
		return nil
	}
	set := &fieldpath.Set{}
	if err := set.FromJSON(bytes.NewReader(entry.FieldsV1.GetRawBytes())); err != nil {
		return nil
	}
	return set
}

// unowned are the fields of metadata that nobody can own.
var unowned = append([]string{"name", "namespace"}, serverFields...)

// metadata returns the parts of metadata that can be owned.
func metadata(target, live *unstructured.Unstructured, owned *fieldpath.Set) (t map[string]any, l any, set *fieldpath.Set, ok bool) {
	whole, ok := target.Object["metadata"].(map[string]any)
	if !ok {
		return nil, nil, nil, false
	}
	t = make(map[string]any, len(whole))
	for key, value := range whole {
		if !slices.Contains(unowned, key) {
			t[key] = value
		}
	}
	set, there := owned.Children.Get(fieldpath.FieldNameElement("metadata"))
	if !there {
		set = &fieldpath.Set{}
	}
	return t, live.Object["metadata"], set, true
}

// covers tells whether a set owns all that there is in t, and l has the same values there, in the same order. n is how
// many members of the set were met: if they are all of them, the set owns nothing that is not in t.
func covers(t, l any, set *fieldpath.Set) (n int, same bool) {
	switch t := t.(type) {
	case map[string]any:
		l, ok := l.(map[string]any)
		if !ok {
			return 0, false
		}
		for key, value := range t {
			if value == nil {
				continue // see Normalized
			}
			there, found := l[key]
			if !found {
				return 0, false
			}
			seen, same := covered(value, there, set, fieldpath.FieldNameElement(key))
			if !same {
				return 0, false
			}
			n += seen
		}
		return n, true
	case []any:
		l, ok := l.([]any)
		if !ok {
			return 0, false
		}
		last := -1
		for _, item := range t {
			element, ok := elementOf(item, set)
			if !ok {
				return 0, false
			}
			at := indexOf(l, element)
			if at <= last { // not there, twice, or in another order, which an apply would change
				return 0, false
			}
			last = at
			seen, same := covered(item, l[at], set, element)
			if !same {
				return 0, false
			}
			n += seen
		}
		return n, true
	}
	return 0, false
}

// covered is covers for a field of a map or an element of a list.
func covered(t, l any, set *fieldpath.Set, element fieldpath.PathElement) (n int, same bool) {
	child, deeper := set.Children.Get(element)
	member := set.Members.Has(element)
	switch {
	case deeper:
		n, same = covers(t, l, child)
	case member:
		same = equal(t, l)
	}
	if member {
		n++
	}
	return n, same
}

// elementOf returns by which element of a set an item of a list is meant. A key that the item does not have is one that
// has a default.
func elementOf(item any, set *fieldpath.Set) (fieldpath.PathElement, bool) {
	fields, ok := item.(map[string]any)
	if !ok {
		element := fieldpath.ValueElement(value.NewValueInterface(item))
		return element, set.Members.Has(element)
	}
	var found []fieldpath.PathElement
	look := func(e fieldpath.PathElement) {
		if e.Key != nil && hasKey(fields, *e.Key) && !slices.ContainsFunc(found, e.Equals) {
			found = append(found, e)
		}
	}
	set.Members.Iterate(look)
	set.Children.Iterate(look)
	if len(found) != 1 {
		return fieldpath.PathElement{}, false
	}
	return found[0], true
}

func hasKey(item map[string]any, key value.FieldList) bool {
	met := false
	for _, field := range key {
		got, there := item[field.Name]
		if !there {
			continue
		}
		if !equal(got, number(field.Value.Unstructured())) {
			return false
		}
		met = true
	}
	return met
}

// number makes int what it is in an unstructured object.
func number(v any) any {
	if n, ok := v.(int); ok {
		return int64(n)
	}
	return v
}

// indexOf is where in a list an element is, or -1.
func indexOf(list []any, element fieldpath.PathElement) int {
	switch {
	case element.Key != nil:
		return slices.IndexFunc(list, func(item any) bool {
			fields, ok := item.(map[string]any)
			return ok && hasKey(fields, *element.Key)
		})
	case element.Value != nil:
		wanted := number((*element.Value).Unstructured())
		return slices.IndexFunc(list, func(item any) bool { return equal(item, wanted) })
	case element.Index != nil && *element.Index >= 0 && *element.Index < len(list):
		return *element.Index
	}
	return -1
}

// ownedBy returns all that some managers own in an object.
func ownedBy(live *unstructured.Unstructured, managers []string) *fieldpath.Set {
	all := &fieldpath.Set{}
	for _, entry := range live.GetManagedFields() {
		if slices.Contains(managers, entry.Manager) {
			if set := fields(entry); set != nil {
				all = all.Union(set)
			}
		}
	}
	return all
}

// removeSet takes the leaves of a set out of a value, and returns what is left of it. Maps and elements that are owned as
// such stay, since others may own what is in them.
func removeSet(v any, set *fieldpath.Set) any {
	set.Children.Iterate(func(element fieldpath.PathElement) {
		child, _ := set.Children.Get(element)
		switch v := v.(type) {
		case map[string]any:
			if element.FieldName != nil {
				inner, there := v[*element.FieldName]
				if !there {
					return
				}
				if left := removeSet(inner, child); hollow(left) {
					delete(v, *element.FieldName) // the other side may not have had it at all
				} else {
					v[*element.FieldName] = left
				}
			}
		case []any:
			if at := indexOf(v, element); at >= 0 {
				v[at] = removeSet(v[at], child)
			}
		}
	})
	set.Members.Iterate(func(element fieldpath.PathElement) {
		if _, deeper := set.Children.Get(element); deeper {
			return
		}
		switch v2 := v.(type) {
		case map[string]any:
			if element.FieldName != nil {
				delete(v2, *element.FieldName)
			}
		case []any:
			if at := indexOf(v2, element); at >= 0 {
				v = append(slices.Clone(v2[:at]), v2[at+1:]...)
			}
		}
	})
	return v
}

// hollow tells whether a value is a map in which nothing is left.
func hollow(v any) bool {
	m, ok := v.(map[string]any)
	return ok && len(m) == 0
}

// keepOwned copies the leaves of a set from one value into another, as far as both have them.
func keepOwned(into, from any, set *fieldpath.Set) {
	set.Children.Iterate(func(element fieldpath.PathElement) {
		child, _ := set.Children.Get(element)
		switch into := into.(type) {
		case map[string]any:
			if from, ok := from.(map[string]any); ok && element.FieldName != nil {
				keepOwned(into[*element.FieldName], from[*element.FieldName], child)
			}
		case []any:
			from, ok := from.([]any)
			if i, j := indexOf(into, element), -1; ok && i >= 0 {
				if j = indexOf(from, element); j >= 0 {
					keepOwned(into[i], from[j], child)
				}
			}
		}
	})
	set.Members.Iterate(func(element fieldpath.PathElement) {
		if _, deeper := set.Children.Get(element); deeper || element.FieldName == nil {
			return
		}
		to, ok := into.(map[string]any)
		m, ok2 := from.(map[string]any)
		if !ok || !ok2 {
			return
		}
		value, there := m[*element.FieldName]
		if _, wanted := to[*element.FieldName]; there && wanted {
			setPath(to, []any{*element.FieldName}, value)
		}
	})
}

// Fingerprint is a key under which the answer of a dry run may be kept: it changes if the answer could. That is when the
// target changes, or the live object in anything but its status, unless the target has one.
func Fingerprint(target, live *unstructured.Unstructured) string {
	hash := sha256.New()
	encoder := json.NewEncoder(hash)
	write := func(v any) {
		if err := encoder.Encode(v); err != nil {
			panic("an object is not of JSON: " + err.Error())
		}
	}
	if target != nil {
		write(target.Object)
	}
	if live != nil {
		status := false
		if target != nil {
			_, status = target.Object["status"]
		}
		write(steady(live, status))
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// steady is an object without what changes by itself.
func steady(live *unstructured.Unstructured, status bool) map[string]any {
	out := make(map[string]any, len(live.Object))
	for key, value := range live.Object {
		if key != "status" || status {
			out[key] = value
		}
	}
	whole, ok := live.Object["metadata"].(map[string]any)
	if !ok {
		return out
	}
	metadata := make(map[string]any, len(whole))
	for key, value := range whole {
		if key != "resourceVersion" && key != "managedFields" {
			metadata[key] = value
		}
	}
	var managed []any
	for _, entry := range live.GetManagedFields() {
		if entry.Subresource == "" || status {
			entry.Time = nil
			managed = append(managed, entry)
		}
	}
	metadata["managedFields"] = managed
	out["metadata"] = metadata
	return out
}
