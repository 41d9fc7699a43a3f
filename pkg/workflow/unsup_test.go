package workflow

import (
	"encoding/json"
	"strings"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

func unsupported(wf *wfv1.Workflow, g *goldenTemplates) string {
	wf = wf.DeepCopy()
	if e := Resolve(wf, g); len(e) > 0 {
		return e.ToAggregate().Error()
	}
	b, _ := json.Marshal(wf)
	for _, w := range []string{"\"artifacts\"", "parallelism", "configMapKeyRef", "memoize", "podGC", "containerSet", "\"resource\":", "timeout", "daemon", "synchronization", "metrics", "podSpecPatch", "podDisruption", "retryStrategy\":{\"expression", "ttlStrategy", "\"expression\":\"asInt(last", "\"http\":", "\"data\":", "archiveLocation", "expression\":\"asInt(lastRetry"} {
		if strings.Contains(string(b), w) {
			return w
		}
	}
	return ""
}
