// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
)

// childArgument is the only argument of a child.
const childArgument = "argosy-render-child"

// What a child exits with, beside what the Go runtime does.
const (
	exitGone   = 90 // the parent is gone, or does not speak
	exitNoBox  = 91 // there is no sandbox
	exitCPU    = 92 // the processor time is used up
	exitPanics = 93 // the renderer panicked
)

// IsChild tells whether this process was started to render. Programs that use a Renderer ask before anything else.
func IsChild() bool { return len(os.Args) == 2 && os.Args[1] == childArgument }

// Main is what a child runs. It does not return.
func Main() {
	// What libraries log would be the content of hostile files. The parent keeps the end of stderr to tell how a child
	// died, and looks for a few words of the Go runtime only.
	debug.SetTraceback("single")
	debug.SetMaxStack(128 << 20)
	cpu := make(chan os.Signal, 1)
	signal.Notify(cpu, syscall.SIGXCPU)
	go func() {
		<-cpu
		os.Exit(exitCPU)
	}()

	in := bufio.NewReaderSize(os.Stdin, 64<<10)
	kind, payload, err := readFrame(in, 1<<20)
	if err != nil || kind != frameSetup {
		os.Exit(exitGone)
	}
	var s setup
	if err := json.Unmarshal(payload, &s); err != nil {
		os.Exit(exitGone)
	}
	runtime.GOMAXPROCS(max(1, s.Procs))
	debug.SetMemoryLimit(s.Memory / 4 * 3)
	answer := hello{}
	if err := enterSandbox(s); err != nil {
		answer.Failure = err.Error()
	} else if s.Hook != "" {
		answer.Hook = runHook(s.Hook)
	}
	if err := writeJSON(os.Stdout, frameHello, answer); err != nil {
		os.Exit(exitGone)
	}
	if answer.Failure != "" {
		os.Exit(exitNoBox)
	}
	serve(in, os.Stdout)
	os.Exit(exitGone)
}

// serve renders until the parent closes the pipe.
func serve(in io.Reader, out io.Writer) {
	type frame struct {
		kind    byte
		payload []byte
	}
	jobs, answers := make(chan job), make(chan frame)
	go func() {
		for {
			kind, payload, err := readFrame(in, maxFrame)
			if err != nil {
				// The parent is gone, even if a render is running.
				os.Exit(exitGone)
			}
			if kind != frameRender {
				answers <- frame{kind, payload}
				continue
			}
			var j job
			if err := json.Unmarshal(payload, &j); err != nil {
				os.Exit(exitGone)
			}
			jobs <- j
		}
	}()
	ask := func(kind byte, tree, path string) ([]byte, error) {
		if err := writeFrame(out, kind, []byte(tree+"\x00"+path)); err != nil {
			os.Exit(exitGone)
		}
		answer := <-answers
		switch answer.kind {
		case frameOK:
			return answer.payload, nil
		case frameAbsent:
			return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
		case frameBeyond:
			return nil, fmt.Errorf("%s: %w", path, ErrOutside)
		case frameFault:
			fault := &Error{}
			if err := json.Unmarshal(answer.payload, fault); err == nil {
				return nil, fault
			}
		}
		return nil, errAborted
	}
	for j := range jobs {
		serveJob(j, ask, out)
	}
}

// errAborted ends a render in the child after trouble in the parent, which knows what it was.
var errAborted = errors.New("aborted")

// serveJob renders once and reports.
func serveJob(j job, ask func(kind byte, tree, path string) ([]byte, error), out io.Writer) {
	defer func() {
		if caught := recover(); caught != nil {
			// What the value says may be the content of a file, unless the runtime says it.
			message := "the renderer panicked"
			if err, ok := caught.(runtime.Error); ok {
				message += ": " + err.Error()
			}
			_ = writeJSON(out, frameError, &Error{Kind: Crash, Message: message})
			os.Exit(exitPanics)
		}
	}()
	trees := Trees{}
	for _, name := range j.Trees {
		trees[name] = newRemote(name, ask)
	}
	size := int64(0)
	buffered := bufio.NewWriterSize(out, 64<<10)
	result, err := renderSource(&j.Request, trees)
	if err == nil {
		for _, manifest := range result.Manifests {
			if size += int64(len(manifest)); size > j.Output {
				err = &Error{Kind: TooLarge, Message: fmt.Sprintf("the manifests are larger than %d bytes", j.Output)}
				break
			}
		}
	}
	if err != nil {
		_ = writeJSON(out, frameError, asError(err))
		return
	}
	for _, manifest := range result.Manifests {
		if err := writeFrame(buffered, frameManifest, manifest); err != nil {
			os.Exit(exitGone)
		}
	}
	if err := writeJSON(buffered, frameDone, done{Type: string(result.Type), AsksKinds: result.AsksKinds}); err != nil {
		os.Exit(exitGone)
	}
	if err := buffered.Flush(); err != nil {
		os.Exit(exitGone)
	}
}

// asError is the Error of a failed render.
func asError(err error) *Error {
	if fault := (*Error)(nil); errors.As(err, &fault) {
		return fault
	}
	return &Error{Kind: Invalid, Message: short(err.Error())}
}

// maxMessage bounds messages, in bytes: libraries print what they choke on.
const maxMessage = 1024

// short is a message of bounded length in one line.
func short(message string) string {
	message = strings.Join(strings.Fields(message), " ")
	message = string(bytes.ToValidUTF8([]byte(message), []byte("?")))
	if len(message) <= maxMessage {
		return message
	}
	return string(bytes.ToValidUTF8([]byte(message[:maxMessage]), nil)) + "…"
}

// warmTimer has the Go runtime set up its timers, which needs file descriptors, before the sandbox forbids it.
func warmTimer() {
	fired := make(chan struct{})
	time.AfterFunc(time.Microsecond, func() { close(fired) })
	<-fired
}
