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

// Column is one column of a table: how it is headed, and what it says of an object.
type Column[T Object] struct {
	metav1.TableColumnDefinition
	// Cell is what the column says of t. now is when the table is made, so that
	// durations of what still runs can be told.
	Cell func(t T, now time.Time) any
}

// Table is how objects of a kind are printed by kubectl get: their name, then these columns.
type Table[T Object] []Column[T]

var _ rest.TableConvertor = Table[Object]{}

var nameColumn = metav1.TableColumnDefinition{Name: "Name", Type: "string", Format: "name", Description: metav1.ObjectMeta{}.SwaggerDoc()["name"]}

// Text is a column of text.
func Text[T Object](name, description string, cell func(T) string) Column[T] {
	return Timed(name, description, func(t T, _ time.Time) string { return cell(t) })
}

// Timed is a column of text that depends on the time.
func Timed[T Object](name, description string, cell func(T, time.Time) string) Column[T] {
	return Column[T]{
		metav1.TableColumnDefinition{Name: name, Type: "string", Description: description},
		func(t T, now time.Time) any { return cell(t, now) },
	}
}

// Integer is a column of numbers.
func Integer[T Object](name, description string, cell func(T) int64) Column[T] {
	return Column[T]{
		metav1.TableColumnDefinition{Name: name, Type: "integer", Description: description},
		func(t T, _ time.Time) any { return cell(t) },
	}
}

// Since is a column that tells how long ago something was.
func Since[T Object](name, description string, cell func(T) metav1.Time) Column[T] {
	return Timed(name, description, func(t T, now time.Time) string { return Ago(cell(t), now) })
}

// Age is the column of how long ago the object was created, which every kind has.
func Age[T Object]() Column[T] {
	return Since("Age", "Time since the object was created.", func(t T) metav1.Time { return t.GetCreationTimestamp() })
}

// Wide makes a column one that only -o wide shows.
func Wide[T Object](c Column[T]) Column[T] {
	c.Priority = 1
	return c
}

// Ago tells how long before now t was, or "<unknown>" if it is not set.
func Ago(t metav1.Time, now time.Time) string {
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
	return c.at(time.Now(), obj, options)
}

func (c Table[T]) at(now time.Time, obj, options runtime.Object) (*metav1.Table, error) {
	table := &metav1.Table{}
	add := func(o runtime.Object) error {
		t, ok := o.(T)
		if !ok {
			return fmt.Errorf("unexpected object of type %T in a table", o)
		}
		cells := make([]any, 0, len(c)+1)
		cells = append(cells, t.GetName())
		for _, column := range c {
			cells = append(cells, column.Cell(t, now))
		}
		table.Rows = append(table.Rows, metav1.TableRow{Cells: cells, Object: runtime.RawExtension{Object: o}})
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
		table.ColumnDefinitions = make([]metav1.TableColumnDefinition, 0, len(c)+1)
		table.ColumnDefinitions = append(table.ColumnDefinitions, nameColumn)
		for _, column := range c {
			table.ColumnDefinitions = append(table.ColumnDefinitions, column.TableColumnDefinition)
		}
	}
	return table, nil
}
