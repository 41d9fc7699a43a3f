// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// tag is a place where an argument is put in: {{args.NAME}}.
var tag = regexp.MustCompile(`\{\{(.*?)\}\}`)

// Metric returns the metric of a run with its arguments put in wherever its JSON has a text. secrets are the values of
// the arguments that come from Secrets, by the name of the argument; the tags of those that are absent stay as they are.
// A value is text: what it holds is never taken for JSON or for further tags. A tag that names no argument is an error.
func Metric(run *rov1.AnalysisRun, name string, secrets map[string]string) (*rov1.Metric, error) {
	i := slices.IndexFunc(run.Spec.Metrics, func(m rov1.Metric) bool { return m.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("there is no metric %q", name)
	}
	return resolve(&run.Spec.Metrics[i], run.Spec.Args, secrets)
}

// SecretsOf returns where the arguments of a metric are that come from Secrets, by the name of the argument.
func SecretsOf(run *rov1.AnalysisRun, name string) (map[string]rov1.SecretKeyRef, error) {
	i := slices.IndexFunc(run.Spec.Metrics, func(m rov1.Metric) bool { return m.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("there is no metric %q", name)
	}
	data, err := encode(&run.Spec.Metrics[i])
	if err != nil {
		return nil, err
	}
	var refs map[string]rov1.SecretKeyRef
	for _, m := range tag.FindAllSubmatch(data, -1) {
		for _, arg := range run.Spec.Args {
			if ref := secretRef(&arg); ref != nil && strings.TrimSpace(string(m[1])) == "args."+arg.Name {
				if refs == nil {
					refs = map[string]rov1.SecretKeyRef{}
				}
				refs[arg.Name] = *ref
			}
		}
	}
	return refs, nil
}

// secretRef returns where in a Secret the argument is; nil if it does not come from one. It goes before a value that
// stands beside it.
func secretRef(arg *rov1.Argument) *rov1.SecretKeyRef {
	if arg.ValueFrom == nil {
		return nil
	}
	return arg.ValueFrom.SecretKeyRef
}

func resolve(metric *rov1.Metric, args []rov1.Argument, secrets map[string]string) (*rov1.Metric, error) {
	values := make(map[string]string, len(args))
	for i := range args {
		arg := &args[i]
		if secretRef(arg) != nil {
			value, known := secrets[arg.Name]
			if !known {
				value = "{{args." + arg.Name + "}}"
			}
			values["args."+arg.Name] = value
			continue
		}
		if arg.Value == nil {
			return nil, fmt.Errorf("argument %q has no value", arg.Name)
		}
		values["args."+arg.Name] = *arg.Value
	}
	data, err := encode(metric)
	if err != nil {
		return nil, err
	}
	if !bytes.Contains(data, []byte("{{")) {
		return metric.DeepCopy(), nil
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return nil, fmt.Errorf("metric %q: %w", metric.Name, err)
	}
	if tree, err = put(tree, values); err != nil {
		return nil, err
	}
	if data, err = encode(tree); err != nil {
		return nil, err
	}
	resolved := &rov1.Metric{}
	if err := json.Unmarshal(data, resolved); err != nil {
		return nil, fmt.Errorf("metric %q with its arguments: %w", metric.Name, err)
	}
	return resolved, nil
}

// put replaces the tags in all texts of a JSON value.
func put(node any, values map[string]string) (any, error) {
	switch n := node.(type) {
	case string:
		return putText(n, values)
	case []any:
		for i := range n {
			var err error
			if n[i], err = put(n[i], values); err != nil {
				return nil, err
			}
		}
		return n, nil
	case map[string]any:
		out := make(map[string]any, len(n))
		for key, value := range n {
			name, err := putText(key, values)
			if err != nil {
				return nil, err
			}
			if out[name], err = put(value, values); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return node, nil
}

func putText(text string, values map[string]string) (string, error) {
	var err error
	out := tag.ReplaceAllStringFunc(text, func(t string) string {
		value, known := values[strings.TrimSpace(t[2:len(t)-2])]
		if !known && err == nil {
			err = fmt.Errorf("%s names no argument", t)
		}
		return value
	})
	return out, err
}

func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, fmt.Errorf("encode metric: %w", err)
	}
	return buf.Bytes(), nil
}
