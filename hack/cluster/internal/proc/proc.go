// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package proc starts, finds and ends the long-lived processes of the local
// cluster. A process is known by a record file holding its id, its start time
// and the boot it belongs to, so that a recycled process id is never taken for
// ours and never signalled.
//
// It must not know what the processes are.
package proc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Spec is a process that should run.
type Spec struct {
	// Name of the process; its record and log file are named after it.
	Name string
	// Args is the command line, the program's path first.
	Args []string
	// Env is added to a minimal environment.
	Env []string
	// Version changes whenever the process must be restarted to take effect,
	// such as a hash over its program and its configuration files.
	Version string
}

// record is what is kept about a started process.
type record struct {
	PID     int    `json:"pid"`
	Started string `json:"started"` // field 22 of /proc/PID/stat: clock ticks since boot
	Boot    string `json:"boot"`    // kernel's boot id: start times mean nothing across boots
	Spec    Spec   `json:"spec"`
}

// Table is the processes whose records are in one directory.
type Table struct {
	// RunDir holds the records.
	RunDir string
	// LogDir takes the outputs, one file a process, started anew when it passes 50 MB.
	LogDir string
}

const maxLog = 50 << 20

// Start starts a process in a session of its own, so that it outlives the
// caller and its terminal, and records it.
func (t Table) Start(spec Spec) error {
	logPath := filepath.Join(t.LogDir, spec.Name+".log")
	if info, err := os.Stat(logPath); err == nil && info.Size() > maxLog {
		if err := os.Rename(logPath, logPath+".old"); err != nil {
			return fmt.Errorf("rotating log: %w", err)
		}
	}
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("opening log: %w", err)
	}
	defer log.Close() //nolint:errcheck // the child has its own descriptor
	cmd := exec.Command(spec.Args[0], spec.Args[1:]...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=/root"}, spec.Env...)
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", spec.Name, err)
	}
	started, err := startTime(cmd.Process.Pid)
	if err == nil {
		err = t.write(record{PID: cmd.Process.Pid, Started: started, Boot: bootID(), Spec: spec})
	}
	if err != nil {
		return errors.Join(fmt.Errorf("recording %s: %w", spec.Name, err), cmd.Process.Kill())
	}
	// Reap it if it ends while this process still runs.
	go cmd.Wait() //nolint:errcheck // how it ended is read from its log
	return nil
}

// Running reports the process's id, and whether it runs with the given version.
// The id is 0 if it does not run.
func (t Table) Running(name, version string) (pid int, current bool) {
	r, err := t.read(name)
	if err != nil || !r.alive() {
		return 0, false
	}
	return r.PID, r.Spec.Version == version
}

// Spec returns what the recorded process was started with.
func (t Table) Spec(name string) (Spec, error) {
	r, err := t.read(name)
	return r.Spec, err
}

// Names lists the recorded processes, running or not.
func (t Table) Names() ([]string, error) {
	files, err := filepath.Glob(filepath.Join(t.RunDir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("listing processes: %w", err)
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(filepath.Base(f), ".json")
	}
	return files, nil
}

// Stop ends a process: it asks, and after grace it kills. The record is gone
// afterwards. It is no error if the process does not run.
func (t Table) Stop(ctx context.Context, name string, grace time.Duration) error {
	r, err := t.read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	// An unreadable record is half-written state of a killed run: no process
	// can be named by it, so only the file goes.
	if err == nil {
		if err := r.end(ctx, grace); err != nil {
			return fmt.Errorf("stopping %s: %w", name, err)
		}
	}
	if err := os.Remove(t.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("stopping %s: %w", name, err)
	}
	return nil
}

func (r record) end(ctx context.Context, grace time.Duration) error {
	ask := time.Now().Add(grace)
	giveUp := ask.Add(10 * time.Second)
	sent := syscall.Signal(0)
	for r.alive() {
		want := syscall.SIGTERM
		if time.Now().After(ask) {
			want = syscall.SIGKILL
		}
		if sent != want {
			if err := syscall.Kill(r.PID, want); err != nil && !errors.Is(err, syscall.ESRCH) {
				return err
			}
			// A stopped process takes SIGTERM only when it goes on.
			_ = syscall.Kill(r.PID, syscall.SIGCONT)
			sent = want
		}
		if time.Now().After(giveUp) {
			return fmt.Errorf("process %d does not end", r.PID)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// alive reports whether exactly the recorded process runs; a zombie does not.
func (r record) alive() bool {
	if r.PID <= 0 || r.Boot != bootID() {
		return false
	}
	started, err := startTime(r.PID)
	return err == nil && started == r.Started
}

// startTime reads when a process started. A zombie counts as ended.
func startTime(pid int) (string, error) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", err
	}
	return parseStat(string(data))
}

// parseStat takes the start time out of a /proc/PID/stat line (proc(5)). The
// second field is the program's name, which may hold spaces and parentheses.
func parseStat(stat string) (string, error) {
	end := strings.LastIndex(stat, ")")
	if end < 0 {
		return "", fmt.Errorf("unexpected process status %q", stat)
	}
	fields := strings.Fields(stat[end+1:]) // from field 3, the state, on
	if len(fields) < 20 {
		return "", fmt.Errorf("unexpected process status %q", stat)
	}
	if fields[0] == "Z" || fields[0] == "X" {
		return "", os.ErrProcessDone
	}
	return fields[19], nil
}

func bootID() string {
	data, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

func (t Table) path(name string) string { return filepath.Join(t.RunDir, name+".json") }

func (t Table) read(name string) (record, error) {
	var r record
	data, err := os.ReadFile(t.path(name))
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("record of %s: %w", name, err)
	}
	return r, nil
}

func (t Table) write(r record) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	temp := t.path(r.Spec.Name) + ".tmp"
	if err := os.WriteFile(temp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(temp, t.path(r.Spec.Name))
}
