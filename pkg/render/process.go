// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// process is a child. It is used by one goroutine at a time.
type process struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	pipe    io.Closer
	stderr  *tail
	domain  string
	renders int
	hook    string
	expiry  *time.Timer // while it is idle

	mu     sync.Mutex
	gone   bool          // it has ended: its number must not be killed any more
	exited chan struct{} // closed when it was waited for, and its stderr is read
}

// startTime bounds how long a child may take to start.
const startTime = 30 * time.Second

// startProcess starts a child and waits until it is in its sandbox.
func startProcess(ctx context.Context, c Config) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{stderr: &tail{}, exited: make(chan struct{})}
	// Pipes of our own, since those of exec.Cmd are closed as soon as the process is waited for.
	childIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, childOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, childIn.Close(), in.Close())
	}
	p.in, p.pipe, p.out = in, out, bufio.NewReaderSize(out, 64<<10)
	p.cmd = exec.Command(self, childArgument)
	p.cmd.Env = []string{} // not nil, which would be ours
	p.cmd.Dir = "/"
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = childIn, childOut, p.stderr
	p.cmd.WaitDelay = time.Second
	// A group of its own: signals of a terminal do not reach it, and killing the group leaves nothing.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err = p.cmd.Start()
	_, _ = childIn.Close(), childOut.Close()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting a renderer: %w", err), in.Close(), out.Close())
	}
	go p.reap()

	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	defer context.AfterFunc(ctx, p.kill)()
	answer, err := p.greet(c)
	if err != nil {
		p.end()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, fmt.Errorf("starting a renderer: %w", err)
	}
	if answer.Failure != "" {
		p.end()
		return nil, fmt.Errorf("the renderer cannot be confined: %s", answer.Failure)
	}
	p.hook = answer.Hook
	return p, nil
}

// greet sets the child up.
func (p *process) greet(c Config) (answer hello, err error) {
	if err := writeJSON(p.in, frameSetup, setup{Memory: c.Memory, Procs: c.Threads, Unguarded: c.Unconfined, Hook: c.hook}); err != nil {
		return answer, err
	}
	kind, payload, err := readFrame(p.out, 1<<20)
	if err != nil {
		return answer, fmt.Errorf("it does not answer: %w", err)
	}
	if kind != frameHello {
		return answer, errors.New("it does not speak the protocol: does main call render.Main?")
	}
	return answer, json.Unmarshal(payload, &answer)
}

// reap waits for the end of the process, and ends what it may have left in its group.
func (p *process) reap() {
	pid := p.cmd.Process.Pid
	awaitExit(pid)
	p.mu.Lock()
	// It is a zombie still, so the number is its own.
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	p.gone = true
	p.mu.Unlock()
	_ = p.cmd.Wait() // says how it ended, which postMortem looks at
	close(p.exited)
}

// kill ends the process, without waiting.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.gone {
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	}
}

// end kills the process and waits until it is gone.
func (p *process) end() {
	p.kill()
	_ = p.in.Close()
	<-p.exited
	_ = p.pipe.Close()
}

// render renders once. If it returns an error that is not an Error of the kinds Invalid, Needs or TooLarge, the process
// must not be used again.
func (p *process) render(ctx context.Context, c Config, req Request, trees Trees) (*Result, error) {
	if err := limitCPU(p.cmd.Process.Pid, uint64(c.CPU/time.Second)); err != nil {
		return nil, fmt.Errorf("limiting the renderer's processor time: %w", err)
	}
	expired, cancel := context.WithTimeout(ctx, c.Deadline)
	defer cancel()
	defer context.AfterFunc(expired, p.kill)()
	p.renders++
	result, err := p.converse(c, req, trees)
	var fault *Error
	if err == nil || errors.As(err, &fault) || !errors.Is(err, errBroken) {
		return result, err
	}
	// The process is gone, or does what it should not.
	// It may be dying of its own; how it does tells why.
	select {
	case <-p.exited:
	case <-time.After(time.Second):
	}
	p.end()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if expired.Err() != nil {
		return nil, &Error{Kind: Deadline, Message: fmt.Sprintf("rendering took longer than %v", c.Deadline)}
	}
	return nil, p.postMortem(c)
}

// errBroken says that a child does not speak any more.
var errBroken = errors.New("the renderer does not answer")

// converse sends a job and answers questions until the manifests are there.
func (p *process) converse(c Config, req Request, trees Trees) (*Result, error) {
	order := job{Request: req, Output: c.Output}
	for name := range trees {
		order.Trees = append(order.Trees, name)
	}
	if err := writeJSON(p.in, frameRender, order); err != nil {
		return nil, fmt.Errorf("%w: %w", errBroken, err)
	}
	result := &Result{}
	input, output := int64(0), int64(0)
	for {
		kind, payload, err := readFrame(p.out, c.Output+1<<20)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errBroken, err)
		}
		switch kind {
		case frameRead, frameList, frameStat:
			tree, path, _ := strings.Cut(string(payload), "\x00")
			reply, answer, ours := serveFile(trees, kind, tree, path)
			if input += int64(len(answer)) + 64; input > c.Input && ours == nil {
				reply = frameFault
				answer, ours = json.Marshal(&Error{Kind: TooLarge, Message: fmt.Sprintf("%s: more than %d bytes are read", path, c.Input)})
			}
			if err := writeFrame(p.in, reply, answer); err != nil && ours == nil {
				return nil, fmt.Errorf("%w: %w", errBroken, err)
			}
			if ours != nil {
				return nil, fmt.Errorf("reading %s: %w", path, ours)
			}
		case frameManifest:
			if output += int64(len(payload)); output > c.Output {
				return nil, &Error{Kind: TooLarge, Message: fmt.Sprintf("the manifests are larger than %d bytes", c.Output)}
			}
			result.Manifests = append(result.Manifests, json.RawMessage(payload))
		case frameDone:
			var end done
			if err := json.Unmarshal(payload, &end); err != nil {
				return nil, fmt.Errorf("%w: %w", errBroken, err)
			}
			result.Type, result.AsksKinds = appv1.ApplicationSourceType(end.Type), end.AsksKinds
			return result, nil
		case frameError:
			fault := &Error{}
			if err := json.Unmarshal(payload, fault); err != nil {
				return nil, fmt.Errorf("%w: %w", errBroken, err)
			}
			fault.Message = short(fault.Message)
			return nil, fault
		default:
			return nil, fmt.Errorf("%w: frame %q", errBroken, kind)
		}
	}
}

// postMortem says why a process has ended.
func (p *process) postMortem(c Config) *Error {
	said := p.stderr.String()
	status, _ := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	switch {
	case status.ExitStatus() == exitCPU:
		return &Error{Kind: Deadline, Message: fmt.Sprintf("rendering took more than %v of processor time", c.CPU)}
	case strings.Contains(said, "stack exceeds") || strings.Contains(said, "stack overflow"):
		return &Error{Kind: Memory, Message: "rendering recurses without end"}
	case strings.Contains(said, "out of memory"), strings.Contains(said, "cannot allocate memory"), strings.Contains(said, "cannot map pages"),
		strings.Contains(said, "errno=11"), strings.Contains(said, "errno=12"), strings.Contains(said, "makeslice: len out of range"):
		return &Error{Kind: Memory, Message: fmt.Sprintf("rendering took more than %d MiB of memory", c.Memory>>20)}
	case status.Signaled() && status.Signal() == syscall.SIGKILL:
		return &Error{Kind: Memory, Message: "the renderer was killed, probably for want of memory"}
	case status.Signaled():
		return &Error{Kind: Crash, Message: "the renderer was ended by the signal " + status.Signal().String()}
	}
	return &Error{Kind: Crash, Message: fmt.Sprintf("the renderer has ended with exit code %d", status.ExitStatus())}
}

// tail keeps the first and last of what is written to it.
type tail struct {
	mu          sync.Mutex
	first, last []byte
}

// Write keeps at most 8 KiB.
func (t *tail) Write(text []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	const half = 4 << 10
	t.last = append(t.last, text...)
	if missing := half - len(t.first); missing > 0 {
		t.first = append(t.first, text[:min(missing, len(text))]...)
	}
	if len(t.last) > half {
		t.last = append([]byte(nil), t.last[len(t.last)-half:]...)
	}
	return len(text), nil
}

// String is what was kept.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.first) + "\n" + string(t.last)
}
