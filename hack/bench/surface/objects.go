// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package surface

import (
	"encoding/json"
	"fmt"
	"strings"
)

// completed keeps the loop's hands off: it follows only workflows without this label.
const completed = "workflows.argoproj.io/completed"

// small is a workflow of a common size, 2 to 3 KB: a DAG of a few tasks with their templates.
func small(apiVersion, name string) []byte {
	arguments := func(pairs ...string) map[string]any {
		var ps []any
		for i := 0; i < len(pairs); i += 2 {
			ps = append(ps, map[string]any{"name": pairs[i], "value": pairs[i+1]})
		}
		return map[string]any{"parameters": ps}
	}
	task := func(name, template, depends string) map[string]any {
		t := map[string]any{"name": name, "template": template, "arguments": arguments("message", "from "+name, "bucket", "{{workflow.parameters.bucket}}")}
		if depends != "" {
			t["depends"] = depends
		}
		return t
	}
	container := func(name string) map[string]any {
		return map[string]any{
			"name":   name,
			"inputs": map[string]any{"parameters": []any{map[string]any{"name": "message"}, map[string]any{"name": "bucket"}}},
			"container": map[string]any{
				"image": "registry.example.com/pipelines/" + name + ":1.4.2", "command": []string{"/bin/sh", "-c"},
				"args":      []string{"run --message '{{inputs.parameters.message}}' --to 's3://{{inputs.parameters.bucket}}/" + name + "'"},
				"env":       []any{map[string]any{"name": "LOG_LEVEL", "value": "info"}, map[string]any{"name": "TOKEN", "valueFrom": map[string]any{"secretKeyRef": map[string]any{"name": "pipeline", "key": "token"}}}},
				"resources": map[string]any{"requests": map[string]any{"cpu": "100m", "memory": "128Mi"}, "limits": map[string]any{"memory": "512Mi"}},
			},
			"retryStrategy": map[string]any{"limit": 3, "retryPolicy": "OnFailure"},
		}
	}
	return encode(map[string]any{
		"apiVersion": apiVersion, "kind": "Workflow",
		"metadata": map[string]any{"name": name, "labels": map[string]any{completed: "true", "team": "data", "pipeline": "nightly"}},
		"spec": map[string]any{
			"entrypoint": "main", "serviceAccountName": "pipeline", "arguments": arguments("bucket", "results", "day", "2026-11-24"),
			"activeDeadlineSeconds": 86400, "podMetadata": map[string]any{"annotations": map[string]any{"example.com/owner": "data-platform", "example.com/cost-centre": "4711"}},
			"templates": []any{
				map[string]any{"name": "main", "dag": map[string]any{"tasks": []any{
					task("fetch", "fetch", ""), task("clean", "transform", "fetch"), task("enrich", "transform", "fetch"), task("publish", "publish", "clean && enrich"),
				}}},
				container("fetch"), container("transform"), container("publish"),
			},
		},
	})
}

// placeholders in the body of a status write.
const (
	versionMark = "@VERSION@"
	messageMark = "@MESSAGE@"
)

// nodes is how many nodes the large status has.
const nodes = 100

// large is the same workflow with the status of one that has run: a hundred nodes, about 60 KB.
func large(apiVersion, name string) []byte {
	var wf map[string]any
	if err := json.Unmarshal(small(apiVersion, name), &wf); err != nil {
		panic(err) // of our own making
	}
	wf["metadata"].(map[string]any)["resourceVersion"] = versionMark
	status := map[string]any{}
	for i := range nodes {
		id := fmt.Sprintf("%s-%d", name, 1_000_000_007*(i+1)%4_294_967_291)
		status[id] = map[string]any{
			"id": id, "name": fmt.Sprintf("%s.task-%d", name, i), "displayName": fmt.Sprintf("task-%d", i), "type": "Pod",
			"templateName": "transform", "templateScope": "local/" + name, "phase": "Succeeded", "boundaryID": name,
			"startedAt": "2026-11-24T02:10:05Z", "finishedAt": "2026-11-24T02:11:35Z", "progress": "1/1", "hostNodeName": "worker-17",
			"resourcesDuration": map[string]any{"cpu": 9, "memory": 92},
			"inputs": map[string]any{"parameters": []any{
				map[string]any{"name": "message", "value": fmt.Sprintf("from task %d", i)}, map[string]any{"name": "bucket", "value": "results"},
			}},
			"outputs":  map[string]any{"exitCode": "0", "result": strings.Repeat("x", 40)},
			"children": []string{fmt.Sprintf("%s-%d", name, 1_000_000_007*(i+2)%4_294_967_291)},
		}
	}
	wf["status"] = map[string]any{
		"phase": "Succeeded", "message": messageMark, "progress": "100/100", "startedAt": "2026-11-24T02:10:00Z", "finishedAt": "2026-11-24T02:15:00Z",
		"nodes": status, "conditions": []any{map[string]any{"type": "Completed", "status": "True"}},
	}
	return encode(wf)
}

func encode(o map[string]any) []byte {
	b, err := json.Marshal(o)
	if err != nil {
		panic(err) // maps and strings always encode
	}
	return b
}
