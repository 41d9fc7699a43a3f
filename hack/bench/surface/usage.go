// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package surface

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The servers whose use of the processor is counted, by what their command lines hold.
var components = [...]struct{ name, mark string }{
	{"kube-apiserver", "kube-apiserver\x00"},
	{"etcd", "etcd\x00--"},
	{"argosy", "argosy-apiserver\x00"},
}

// tick is the unit of processor time in /proc on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// usage is processor time by component, in the order of components.
type usage [3]time.Duration

func (u usage) minus(v usage) usage {
	for i := range u {
		u[i] -= v[i]
	}
	return u
}

// over scales idle use, per second, to a time.
func (u usage) over(d time.Duration) usage {
	for i := range u {
		u[i] = time.Duration(float64(u[i]) * d.Seconds())
	}
	return u
}

func (u usage) total() time.Duration { return u[0] + u[1] + u[2] }

// per shows the use of one of n operations: the sum, and in brackets its parts.
func (u usage) per(n int) string {
	if u.total() <= 0 {
		return "?"
	}
	each := func(d time.Duration) float64 { return max(0, float64(d.Microseconds())/1000/float64(n)) }
	return fmt.Sprintf("%.2f ms (%.2f+%.2f+%.2f)", each(u.total()), each(u[0]), each(u[1]), each(u[2]))
}

// meter reads the use of the servers' processes, which must run on this machine. A component with no process
// counts nothing.
type meter struct {
	pids [3][]int
	// idle is the use of one second in which nothing is asked.
	idle usage
}

// newMeter finds the processes.
func newMeter() (*meter, error) {
	m := &meter{}
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, fmt.Errorf("find processes: %w", err)
	}
	for _, dir := range dirs {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil || pid == os.Getpid() {
			continue
		}
		line, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		if err != nil {
			continue // ended meanwhile
		}
		args := bytes.SplitN(line, []byte{0}, 4)
		if len(args) < 3 {
			continue
		}
		// A multi-call binary has its name as first argument.
		begin := filepath.Base(string(args[0])) + "\x00"
		if b := filepath.Base(string(args[0])); b == "kube" {
			begin = string(args[1]) + "\x00" + string(args[2])
		} else {
			begin += string(args[1])
		}
		for i, c := range components {
			if strings.HasPrefix(begin, c.mark) {
				m.pids[i] = append(m.pids[i], pid)
			}
		}
	}
	return m, nil
}

// learnIdle measures what the servers use with nothing to do.
func (m *meter) learnIdle(d time.Duration) {
	before := m.read()
	time.Sleep(d)
	used := m.read().minus(before)
	for i := range used {
		m.idle[i] = time.Duration(float64(used[i]) / d.Seconds())
	}
}

// read returns what the processes have used since they began.
func (m *meter) read() (u usage) {
	for i := range m.pids {
		for _, pid := range m.pids[i] {
			u[i] += cpu(pid)
		}
	}
	return u
}

// cpu is what a process has used in user and system mode; zero if it is gone.
func cpu(pid int) time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The name, in brackets, may hold anything.
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	var ticks int64
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0
		}
		ticks += n
	}
	return time.Duration(ticks) * tick
}

// resident is the memory of a process, in bytes; zero if it is gone.
func resident(pid int) int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(b))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
