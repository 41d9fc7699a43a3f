// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/duration"
	"k8s.io/apiserver/pkg/registry/rest"
)

// Table is how objects of a kind are printed by kubectl get: a column of names,
// then Columns, filled by Row.
type Table[T Object] struct {
	// Columns are all columns after the name.
	Columns []metav1.TableColumnDefinition
	// Row returns one cell for each of Columns. now is when the table is made,
	// so that durations of what still runs can be told.
	Row func(t T, now time.Time) []any
	// Now is the clock; nil means the system's.
	Now func() time.Time
}

var _ rest.TableConvertor = Table[Object]{}

// Name and Age are the columns that every kind has.
var (
	nameColumn = metav1.TableColumnDefinition{Name: "Name", Type: "string", Format: "name", Description: metav1.ObjectMeta{}.SwaggerDoc()["name"]}
	// AgeColumn is how long ago the object was created. Fill it with Age.
	AgeColumn = metav1.TableColumnDefinition{Name: "Age", Type: "string", Description: "Time since the object was created."}
)

// Column describes a column of text that is always shown.
func Column(name, description string) metav1.TableColumnDefinition {
	return metav1.TableColumnDefinition{Name: name, Type: "string", Description: description}
}

// Wide describes a column of text that is shown by -o wide only.
func Wide(name, description string) metav1.TableColumnDefinition {
	return metav1.TableColumnDefinition{Name: name, Type: "string", Description: description, Priority: 1}
}

// Age is the cell of AgeColumn.
func Age(obj metav1.Object, now time.Time) string {
	return Since(obj.GetCreationTimestamp(), now)
}

// Since tells how long before now t was, or "<unknown>" if it is not set.
func Since(t metav1.Time, now time.Time) string {
	if t.IsZero() {
		return "<unknown>"
	}
	return duration.HumanDuration(now.Sub(t.Time))
}

// Timestamp prints a time, or nothing if it is not set.
func Timestamp(t metav1.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// OneLine keeps text that comes from elsewhere within its row.
func OneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// ConvertToTable implements rest.TableConvertor for an object and for a list.
func (c Table[T]) ConvertToTable(_ context.Context, obj, options runtime.Object) (*metav1.Table, error) {
	now := time.Now
	if c.Now != nil {
		now = c.Now
	}
	at := now()
	table := &metav1.Table{}
	add := func(o runtime.Object) error {
		t, ok := o.(T)
		if !ok {
			return fmt.Errorf("unexpected object of type %T in a table", o)
		}
		table.Rows = append(table.Rows, metav1.TableRow{
			Cells:  append([]any{t.GetName()}, c.Row(t, at)...),
			Object: runtime.RawExtension{Object: o},
		})
		return nil
	}
	if meta.IsListType(obj) {
		if err := meta.EachListItem(obj, add); err != nil {
			return nil, err
		}
	} else if err := add(obj); err != nil {
		return nil, err
	}
	if list, err := meta.ListAccessor(obj); err == nil {
		table.ResourceVersion = list.GetResourceVersion()
		table.Continue = list.GetContinue()
		table.RemainingItemCount = list.GetRemainingItemCount()
	} else if m, err := meta.CommonAccessor(obj); err == nil {
		table.ResourceVersion = m.GetResourceVersion()
	}
	if o, ok := options.(*metav1.TableOptions); !ok || !o.NoHeaders {
		table.ColumnDefinitions = append([]metav1.TableColumnDefinition{nameColumn}, c.Columns...)
	}
	return table, nil
}
