// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// supervise runs command as the first process of a container has to: signals are passed on to it, orphans that end up with us are
// reaped, standard input, output and error are the container's. With captured, standard output is copied there on its way. It returns
// the command's exit code, 128+n when signal n ended it; with an error, the command was not started.
func supervise(command []string, captured *tail) (int, error) {
	// From here on no signal ends us: one that comes before the command runs waits for it.
	signals := make(chan os.Signal, 64)
	signal.Notify(signals)
	defer signal.Stop(signals)

	file, failed := lookup(command[0], os.Getenv("PATH"))
	if failed != nil {
		return failed.code, failed
	}
	stdout := 1
	var out *copier
	if captured != nil {
		var err error
		if out, err = newCopier(os.Stdout, captured); err != nil {
			return exitInternal, err
		}
		stdout = out.w
	}
	// Not os.StartProcess: its Wait and ours, which takes any child, would compete.
	pid, err := syscall.ForkExec(file, command, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, uintptr(stdout), 2}})
	if out != nil {
		if cerr := syscall.Close(out.w); err == nil && cerr != nil {
			return exitInternal, fmt.Errorf("closing the write end of the output pipe: %w", cerr)
		}
	}
	if err != nil {
		failed := classify(command[0], err)
		return failed.code, failed
	}
	if out != nil {
		go out.run()
	}

	ended := make(chan waitResult, 1)
	go func() { ended <- reap(pid) }()
	for {
		select {
		case s := <-signals:
			forward(pid, s)
		case w := <-ended:
			if w.err != nil {
				return exitInternal, w.err
			}
			if out != nil {
				out.finish()
			}
			return w.code, nil
		}
	}
}

// waitResult is how the command ended.
type waitResult struct {
	code int
	err  error
}

// reap waits for every child, ours or inherited, until pid has ended.
func reap(pid int) waitResult {
	for {
		var status syscall.WaitStatus
		got, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return waitResult{err: fmt.Errorf("waiting for the command: %w", err)}
		case got != pid:
		case status.Exited():
			return waitResult{code: status.ExitStatus()}
		case status.Signaled():
			return waitResult{code: 128 + int(status.Signal())}
		}
	}
}

// forward passes s on to the process pid, except for the signals that are about this process only.
func forward(pid int, s os.Signal) {
	n, ok := s.(syscall.Signal)
	if !ok || n == syscall.SIGCHLD || n == syscall.SIGURG || n == syscall.SIGPIPE {
		return // Children are reaped elsewhere; SIGURG is how the Go runtime preempts; SIGPIPE is an error of our own write.
	}
	// It fails only if the process has just ended, which is what the signal was for.
	_ = syscall.Kill(pid, n)
}

// copier passes a pipe on to two writers: one that must get everything as soon as it comes, and one that records.
type copier struct {
	w        int      // write end, for the command; blocking, as programs expect of standard output
	r        *os.File // read end
	fd       int      // the descriptor of r
	dst      io.Writer
	captured *tail
	done     chan struct{}
}

func newCopier(dst io.Writer, captured *tail) (*copier, error) {
	var p [2]int
	if err := syscall.Pipe2(p[:], syscall.O_CLOEXEC); err != nil {
		return nil, fmt.Errorf("making the output pipe: %w", err)
	}
	if err := syscall.SetNonblock(p[0], true); err != nil { // so that finish can end a Read
		return nil, fmt.Errorf("making the output pipe: %w", err)
	}
	return &copier{w: p[1], fd: p[0], r: os.NewFile(uintptr(p[0]), "stdout"), dst: dst, captured: captured, done: make(chan struct{})}, nil
}

// run copies until all writers have closed the pipe, or finish is called.
func (c *copier) run() {
	defer close(c.done)
	buf := make([]byte, 64<<10)
	for {
		n, err := c.r.Read(buf)
		c.write(buf[:n])
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			return
		}
	}
	// What is in the pipe now was written before the command ended. A pipe holds at most 1 MiB for an ordinary user; the bound
	// matters if a process left behind goes on writing.
	for drained := 0; drained < 1<<20; {
		n, err := syscall.Read(c.fd, buf)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if n <= 0 || err != nil {
			return
		}
		c.write(buf[:n])
		drained += n
	}
}

// write hands p on. A broken standard output must not stop the command or the capture, and there is nobody left to tell.
func (c *copier) write(p []byte) {
	if len(p) > 0 {
		_, _ = c.dst.Write(p)
		_, _ = c.captured.Write(p)
	}
}

// finish is called when the command has ended: it waits for what it wrote, not for processes it left behind.
func (c *copier) finish() {
	// Were this to fail (a pipe in non-blocking mode does take deadlines), waiting for all writers is the safe way out.
	_ = c.r.SetReadDeadline(time.Now())
	<-c.done
}
