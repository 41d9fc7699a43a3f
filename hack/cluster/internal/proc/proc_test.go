// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package proc

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func newTable(t *testing.T) Table {
	t.Helper()
	return Table{RunDir: t.TempDir(), LogDir: t.TempDir()}
}

func TestStartKeepStop(t *testing.T) {
	table := newTable(t)
	if err := table.Start(Spec{Name: "sleeper", Args: []string{"sleep", "60"}, Version: "1"}); err != nil {
		t.Fatal(err)
	}
	pid, current := table.Running("sleeper", "1")
	if pid == 0 || !current {
		t.Fatalf("it does not run: pid %d, current %v", pid, current)
	}
	if _, current := table.Running("sleeper", "2"); current {
		t.Error("another version counts as current")
	}
	if err := table.Stop(context.Background(), "sleeper", time.Second); err != nil {
		t.Fatal(err)
	}
	if pid, _ := table.Running("sleeper", "1"); pid != 0 {
		t.Error("it still runs")
	}
	if names, err := table.Names(); err != nil || len(names) != 0 {
		t.Errorf("records left: %v, %v", names, err)
	}
	if err := table.Stop(context.Background(), "sleeper", time.Second); err != nil {
		t.Errorf("stopping what does not run: %v", err)
	}
}

func TestStopKillsWhatDoesNotEnd(t *testing.T) {
	table := newTable(t)
	deaf := "trap '' TERM; echo deaf; while :; do sleep 1; done"
	if err := table.Start(Spec{Name: "deaf", Args: []string{"sh", "-c", deaf}}); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(table.LogDir, "deaf.log")
	for deadline := time.Now().Add(10 * time.Second); ; {
		if data, err := os.ReadFile(log); err == nil && string(data) == "deaf\n" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it did not start")
		}
	}
	if err := table.Stop(context.Background(), "deaf", 50*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if pid, _ := table.Running("deaf", ""); pid != 0 {
		t.Error("it still runs")
	}
}

// A recycled process id, another boot or a broken record must never lead to a
// signal: this test's own process would get it.
func TestForeignProcessIsLeftAlone(t *testing.T) {
	own, err := startTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	records := map[string]record{
		"recycled":   {PID: os.Getpid(), Started: own + "0", Boot: bootID()},
		"other-boot": {PID: os.Getpid(), Started: own, Boot: "0000"},
		"nobody":     {Started: own, Boot: bootID()},
	}
	table := newTable(t)
	for name, r := range records {
		r.Spec.Name = name
		if err := table.write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(table.path("broken"), []byte(`{"pid":`), 0o600); err != nil {
		t.Fatal(err)
	}
	names, err := table.Names()
	if err != nil || len(names) != 4 {
		t.Fatalf("got %v, %v", names, err)
	}
	for _, name := range names {
		if pid, _ := table.Running(name, ""); pid != 0 {
			t.Errorf("%s counts as running", name)
		}
		if err := table.Stop(context.Background(), name, 0); err != nil {
			t.Errorf("stopping %s: %v", name, err)
		}
	}
}

func TestParseStat(t *testing.T) {
	const rest = " 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20 21"
	for _, test := range []struct {
		name, stat, want string
		fails            bool
	}{
		{name: "plain", stat: "7 (kube) S" + rest, want: "4242"},
		{name: "name with spaces and parentheses", stat: "7 (a) (b c)) R" + rest, want: "4242"},
		{name: "zombie", stat: "7 (kube) Z" + rest, fails: true},
		{name: "short", stat: "7 (kube) S 1 2", fails: true},
		{name: "empty", stat: "", fails: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseStat(test.stat)
			if got != test.want || (err != nil) != test.fails {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}
