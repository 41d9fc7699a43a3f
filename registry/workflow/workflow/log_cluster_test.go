// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	fakerest "k8s.io/client-go/rest/fake"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/generated/clientset/versioned"
)

// cluster is a fake cluster whose pods have logs.
type cluster struct {
	*fake.Clientset
	mu   sync.Mutex
	logs map[string]func(*corev1.PodLogOptions) (io.ReadCloser, error) // by pod
	open int                                                           // logs being read
}

func newCluster() *cluster {
	return &cluster{Clientset: fake.NewClientset(), logs: map[string]func(*corev1.PodLogOptions) (io.ReadCloser, error){}}
}

func (c *cluster) CoreV1() typedcorev1.CoreV1Interface { return core{c.Clientset.CoreV1(), c} }

type core struct {
	typedcorev1.CoreV1Interface
	cluster *cluster
}

func (c core) Pods(namespace string) typedcorev1.PodInterface {
	return pods{c.CoreV1Interface.Pods(namespace), c.cluster}
}

type pods struct {
	typedcorev1.PodInterface
	cluster *cluster
}

func (p pods) GetLogs(name string, opts *corev1.PodLogOptions) *rest.Request {
	client := &fakerest.RESTClient{
		NegotiatedSerializer: clientscheme.Codecs.WithoutConversion(),
		GroupVersion:         schema.GroupVersion{Version: "v1"},
		Client: fakerest.CreateHTTPClient(func(*http.Request) (*http.Response, error) {
			p.cluster.mu.Lock()
			defer p.cluster.mu.Unlock()
			log, ok := p.cluster.logs[name]
			if !ok {
				return nil, fmt.Errorf("no log of %s", name)
			}
			body, err := log(opts)
			if err != nil {
				return nil, err
			}
			p.cluster.open++
			return &http.Response{StatusCode: http.StatusOK, Body: &counted{ReadCloser: body, cluster: p.cluster}}, nil
		}),
	}
	return client.Request()
}

// counted notices when it is closed.
type counted struct {
	io.ReadCloser
	cluster *cluster
	once    sync.Once
}

func (c *counted) Close() error {
	c.once.Do(func() {
		c.cluster.mu.Lock()
		c.cluster.open--
		c.cluster.mu.Unlock()
	})
	return c.ReadCloser.Close()
}

// text makes the log of a pod a text that has an end.
func (c *cluster) text(pod, text string) {
	c.set(pod, func(*corev1.PodLogOptions) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil })
}

// pipe makes the log of a pod what is written to the result.
func (c *cluster) pipe(pod string) *io.PipeWriter {
	r, w := io.Pipe()
	c.set(pod, func(*corev1.PodLogOptions) (io.ReadCloser, error) { return r, nil })
	return w
}

func (c *cluster) set(pod string, log func(*corev1.PodLogOptions) (io.ReadCloser, error)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.logs[pod] = log
}

var (
	isRunning  = corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	hasEnded   = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}
	isCreating = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}
)

var created = 0

// pod returns a pod of the workflow, younger than those before.
func pod(wf *wfv1.Workflow, name, node string, state corev1.ContainerState) *corev1.Pod {
	created++
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: wf.Namespace, UID: types.UID("uid of " + name), CreationTimestamp: metav1.NewTime(time.Unix(int64(created), 0)),
			Labels:          map[string]string{wfv1.LabelWorkflow: wf.Name},
			Annotations:     map[string]string{wfv1.AnnotationNodeID: node},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(wf, wfv1.SchemeGroupVersion.WithKind("Workflow"))},
		},
		Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: "main", State: state}}},
	}
}

func (c *cluster) add(t *testing.T, p *corev1.Pod) *corev1.Pod {
	t.Helper()
	p, err := c.Clientset.CoreV1().Pods(p.Namespace).Create(context.Background(), p, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// become gives the pod's main container a new state.
func (c *cluster) become(t *testing.T, p *corev1.Pod, state corev1.ContainerState) {
	t.Helper()
	p = p.DeepCopy()
	p.Status.ContainerStatuses[0].State = state
	if _, err := c.Clientset.CoreV1().Pods(p.Namespace).UpdateStatus(context.Background(), p, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// stream asks for the log of a workflow. The stream ends with the test.
func stream(t *testing.T, client *versioned.Clientset, name, query string) (io.ReadCloser, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return client.WorkflowV1alpha1().RESTClient().Get().RequestURI("/apis/workflow.argosy.dev/v1alpha1/namespaces/" + namespace + "/workflows/" + name + "/log?" + query).Stream(ctx)
}

// lines reads lines from a stream as they come.
type lines struct {
	t *testing.T
	r *bufio.Reader
}

func follow(t *testing.T, client *versioned.Clientset, name, query string) *lines {
	t.Helper()
	s, err := stream(t, client, name, "follow=true&"+query)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &lines{t, bufio.NewReader(s)}
}

// expect reads one line, which must be want; the empty string is the end of the stream.
func (l *lines) expect(want string) {
	l.t.Helper()
	got, err := l.r.ReadString('\n')
	if err != nil && !(err == io.EOF && want == "") {
		l.t.Fatalf("%q: %v, want %q", got, err, want)
	}
	if got != want {
		l.t.Fatalf("%q, want %q", got, want)
	}
}

func write(t *testing.T, w io.Writer, s string) {
	t.Helper()
	if _, err := io.WriteString(w, s); err != nil {
		t.Fatal(err)
	}
}
