// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	_ "argosy.dev/argosy/hack/seed"
	"argosy.dev/argosy/pkg/workflow/report"
)

// asExecutor makes the test binary behave as the executor, so that the tests below run real processes.
const asExecutor = "ARGOSY_TEST_AS_EXECUTOR"

func TestMain(m *testing.M) {
	if os.Getenv(asExecutor) != "" {
		os.Unsetenv(asExecutor)
		main()
	}
	os.Exit(m.Run())
}

// executor returns the command `argosy-executor ARGS`.
func executor(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asExecutor+"=1")
	return cmd
}

// terminationLog returns the path of an empty file, as the kubelet makes it.
func terminationLog(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "termination-log")
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func readReport(t *testing.T, path string) report.Report {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.Decode(string(b))
	if err != nil {
		t.Fatalf("%v: %q", err, b)
	}
	return r
}

func ptr[T any](v T) *T { return &v }

func TestRun(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	plain := write("plain", "not a program", 0o644)
	noInterpreter := write("no-interpreter", "#!/does/not/exist\n", 0o755)
	noFormat := write("no-format", "echo hi\n", 0o755)
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o644); err != nil {
		t.Fatal(err)
	}
	value := write("value", "one\ntwo\n\n", 0o644)
	huge := write("huge", strings.Repeat("x", report.MaxDecoded+1), 0o644)
	noise := make([]byte, 8<<10)
	rand.New(rand.NewSource(1)).Read(noise)
	random := write("random", fmt.Sprintf("%x", noise), 0o644)

	for _, tc := range []struct {
		name   string
		args   []string
		code   int
		want   report.Report
		has    string // what the report's message contains, in place of want.Message
		stdout string
	}{
		{name: "exit code", args: []string{"--", "sh", "-c", "exit 3"}, code: 3},
		{name: "success", args: []string{"--", "true"}},
		{name: "result", args: []string{"--result", "--", "printf", `a\n\n`}, stdout: "a\n\n", want: report.Report{Result: ptr("a\n")}},
		{name: "empty result", args: []string{"--result", "--", "true"}, want: report.Report{Result: ptr("")}},
		{name: "result of a failure", args: []string{"--result", "--", "sh", "-c", "echo a; exit 1"}, code: 1, stdout: "a\n", want: report.Report{Result: ptr("a")}},
		{name: "stderr is no result", args: []string{"--result", "--", "sh", "-c", "echo a; echo b >&2"}, stdout: "a\n", want: report.Report{Result: ptr("a")}},
		{name: "arguments are not touched", args: []string{"--result", "--", "printf", "%s|", "--result", "--", "$HOME", ""}, stdout: "--result|--|$HOME||", want: report.Report{Result: ptr("--result|--|$HOME||")}},
		{name: "killed by a signal", args: []string{"--", "sh", "-c", "kill -TERM $$"}, code: 143},
		{name: "killed hard", args: []string{"--", "sh", "-c", "kill -KILL $$"}, code: 137},
		{name: "not in PATH", args: []string{"--", "no-such-program"}, code: 127, has: `"no-such-program": executable file not found in PATH`, want: report.Report{NotStarted: true}},
		{name: "no such path", args: []string{"--", "/no/such/program"}, code: 127, has: "no such file", want: report.Report{NotStarted: true}},
		{name: "not executable", args: []string{"--", plain}, code: 126, has: "permission denied", want: report.Report{NotStarted: true}},
		{name: "a directory", args: []string{"--", dir}, code: 126, has: "is a directory", want: report.Report{NotStarted: true}},
		{name: "no interpreter", args: []string{"--", noInterpreter}, code: 127, has: "no such file", want: report.Report{NotStarted: true}},
		{name: "no format", args: []string{"--", noFormat}, code: 126, has: "exec format error", want: report.Report{NotStarted: true}},
		{name: "parameters", args: []string{"--param", "p=" + value, "--param", "q=" + value, "--", "true"}, want: report.Report{Parameters: map[string]string{"p": "one\ntwo\n", "q": "one\ntwo\n"}}},
		{name: "written by the command", args: []string{"--param", "p=" + dir + "/new", "--", "sh", "-c", "echo v > " + dir + "/new"}, want: report.Report{Parameters: map[string]string{"p": "v"}}},
		{name: "default", args: []string{"--param", "p=/no", "--default", "p=a=b\n", "--", "true"}, want: report.Report{Parameters: map[string]string{"p": "a=b\n"}}},
		{name: "default is not needed", args: []string{"--param", "p=" + value, "--default", "p=x", "--", "true"}, want: report.Report{Parameters: map[string]string{"p": "one\ntwo\n"}}},
		{name: "missing", args: []string{"--param", "p=/no/such", "--", "true"}, code: 64, has: `output parameter "p": stat /no/such: no such file`, want: report.Report{ExitCode: ptr(int32(0))}},
		{name: "a fifo", args: []string{"--param", "p=" + fifo, "--", "true"}, code: 64, has: "not a regular file", want: report.Report{ExitCode: ptr(int32(0))}},
		{name: "huge, default or not", args: []string{"--param", "p=" + huge, "--default", "p=x", "--", "true"}, code: 64, has: "too large", want: report.Report{ExitCode: ptr(int32(0))}},
		{name: "does not fit", args: []string{"--param", "p=" + random, "--", "true"}, code: 64, has: "too large", want: report.Report{ExitCode: ptr(int32(0))}},
		{name: "does not fit, failed anyway", args: []string{"--param", "p=" + random, "--", "false"}, code: 1, has: "too large"},
		{name: "missing, failed anyway", args: []string{"--param", "p=/no", "--param", "q=" + value, "--", "false"}, code: 1, want: report.Report{Parameters: map[string]string{"q": "one\ntwo\n"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			log := terminationLog(t)
			cmd := executor(append([]string{"run", "--report", log}, tc.args...)...)
			var stdout bytes.Buffer
			cmd.Stdout = &stdout
			err := cmd.Run()
			if code := cmd.ProcessState.ExitCode(); code != tc.code {
				t.Errorf("exit code %d, want %d (%v)", code, tc.code, err)
			}
			if stdout.String() != tc.stdout {
				t.Errorf("stdout %q, want %q", stdout.String(), tc.stdout)
			}
			got := readReport(t, log)
			if tc.has != "" {
				if !strings.Contains(got.Message, tc.has) {
					t.Errorf("message %q, want %q", got.Message, tc.has)
				}
				got.Message = ""
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// What a failed program leaves in the termination log goes along; that of a program that succeeded does not.
func TestUserMessage(t *testing.T) {
	for script, want := range map[string]report.Report{
		"echo disk full > LOG; exit 2":                        {Message: "disk full"},
		"echo fine > LOG":                                     {},
		"head -c 100000 /dev/zero | tr '\\0' x > LOG; exit 1": {Message: strings.Repeat("x", report.MaxEncoded/2) + "..."},
	} {
		log := terminationLog(t)
		cmd := executor("run", "--report", log, "--", "sh", "-c", strings.ReplaceAll(script, "LOG", log))
		if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, readReport(t, log)); d != "" {
			t.Errorf("%s: %s", script, d)
		}
	}
}

// Without a termination log the outputs are lost, which is the executor's failure, but never hides the command's.
func TestNoTerminationLog(t *testing.T) {
	for script, want := range map[string]int{"exit 0": 64, "exit 5": 5} {
		cmd := executor("run", "--report", filepath.Join(t.TempDir(), "missing"), "--result", "--", "sh", "-c", script)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
			t.Fatal(err)
		}
		if code := cmd.ProcessState.ExitCode(); code != want || !strings.Contains(stderr.String(), "termination log") {
			t.Errorf("%s: exit code %d, stderr %q", script, code, stderr.String())
		}
	}
}

// Signals reach the command, and its answer comes back; output is passed on while it runs, with and without capture.
func TestSignals(t *testing.T) {
	for _, capture := range []bool{false, true} {
		t.Run(fmt.Sprint("capture ", capture), func(t *testing.T) {
			log := terminationLog(t)
			args := []string{"run", "--report", log}
			if capture {
				args = append(args, "--result")
			}
			script := `trap 'echo got HUP' HUP; trap 'echo got TERM; exit 9' TERM; echo ready; read x; while :; do read x || sleep 0.01; done`
			cmd := executor(append(args, "--", "sh", "-c", script)...)
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(stdout)
			expect := func(want string) {
				t.Helper()
				if !lines.Scan() || lines.Text() != want {
					t.Fatalf("%q (%v), want %q", lines.Text(), lines.Err(), want)
				}
			}
			expect("ready")
			if err := stdin.Close(); err != nil {
				t.Fatal(err)
			}
			for _, s := range []struct {
				sig  syscall.Signal
				want string
			}{{syscall.SIGHUP, "got HUP"}, {syscall.SIGTERM, "got TERM"}} {
				if err := cmd.Process.Signal(s.sig); err != nil {
					t.Fatal(err)
				}
				expect(s.want)
			}
			if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 9 {
				t.Fatal(err)
			}
			got := readReport(t, log)
			if capture && (got.Result == nil || *got.Result != "ready\ngot HUP\ngot TERM") {
				t.Errorf("report %+v", got)
			}
		})
	}
}

// A process left behind that holds standard output open does not hold up the end, and what the command wrote is not lost.
func TestOrphanHoldsStdout(t *testing.T) {
	log := terminationLog(t)
	cmd := executor("run", "--report", log, "--result", "--", "sh", "-c", "sleep 300 2>/dev/null & echo $!; seq 1 20000 | tail -n 5000")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(stdout) // the orphan holds the executor's pipe, not this one
	if err != nil {
		t.Fatal(err)
	}
	// It may not fit in a report; that is not the point here.
	if err := cmd.Wait(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	pid, rest, _ := strings.Cut(string(all), "\n")
	var orphan int
	if _, err := fmt.Sscan(pid, &orphan); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(orphan, syscall.SIGKILL); err != nil {
		t.Errorf("the orphan had gone before: %v", err)
	}
	if n := strings.Count(rest, "\n"); n != 5000 || !strings.HasSuffix(rest, "\n20000\n") {
		t.Errorf("%d lines", n)
	}
}

// As the first process of a PID namespace, the executor reaps whatever is left behind, and TERM ends a command without a handler, which
// it would not do if the command itself were that first process.
func TestAsInit(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("a PID namespace needs root")
	}
	log := terminationLog(t)
	script := `for i in 1 2 3 4 5; do (true &) ; done
	  i=0; while [ $i -lt 200 ] && grep -qs "^State:.Z" /proc/[0-9]*/status; do i=$((i+1)); sleep 0.01; done
	  grep -ls "^State:.Z" /proc/[0-9]*/status; echo ready; sleep 1000`
	cmd := executor("run", "--report", log, "--result", "--", "sh", "-c", "mount -t proc proc /proc && "+script)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skipf("no namespaces here: %v", err)
	}
	lines := bufio.NewScanner(stdout)
	if !lines.Scan() || lines.Text() != "ready" {
		t.Errorf("zombies: %q", lines.Text())
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 143 {
		t.Errorf("%v", err)
	}
}

func TestCopy(t *testing.T) {
	dir := t.TempDir()
	dst := filepath.Join(dir, "argosy-executor")
	defer syscall.Umask(syscall.Umask(0o077))
	for range 2 { // a restarted init container copies again
		if out, err := executor("copy", dst).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	fi, err := os.Stat(dst)
	if err != nil {
		t.Fatal(err)
	}
	if fi.Mode() != 0o755 {
		t.Errorf("mode %v", fi.Mode())
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v %v", entries, err)
	}
	cmd := exec.Command(dst, "run", "--report", terminationLog(t), "--", "sh", "-c", "exit 7")
	cmd.Env = append(os.Environ(), asExecutor+"=1")
	if err := cmd.Run(); cmd.ProcessState.ExitCode() != 7 {
		t.Errorf("the copy: %v", err)
	}
	if out, err := executor("copy", filepath.Join(dir, "no", "dir")).CombinedOutput(); err == nil || !bytes.Contains(out, []byte("copying this program")) {
		t.Errorf("%v: %s", err, out)
	}
}

func TestArguments(t *testing.T) {
	for _, args := range [][]string{
		{}, {"help"}, {"copy"}, {"copy", "a", "b"}, {"run"}, {"run", "--"}, {"run", "true"}, {"run", "--param"}, {"run", "--param", "x", "--", "true"},
		{"run", "--param", "=x", "--", "true"}, {"run", "--default", "p=x", "--", "true"}, {"run", "--param", "p=a", "--param", "p=b", "--", "true"},
		{"run", "--result=true", "--", "true"},
	} {
		var stderr bytes.Buffer
		if code := dispatch(args, &stderr); code != exitInternal || stderr.Len() == 0 {
			t.Errorf("%q: exit code %d, %q", args, code, stderr.String())
		}
	}
}

func TestLookup(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for name, mode := range map[string]os.FileMode{"a/x": 0o644, "b/x": 0o755, "only": 0o755, "a/denied": 0o644} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("b/denied", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, path, want string
		code             int
	}{
		{"x", dir + "/a:" + dir + "/b", dir + "/b/x", 0}, // the first is not executable
		{"x", "b", "b/x", 0},
		{"only", "/no:", "./only", 0},
		{"only", ".", "./only", 0},
		{"./only", "", "./only", 0},
		{"only", "/no", "", exitNotFound},
		{"", "/no", "", exitNotFound},
		{"./none", "", "", exitNotFound},
		{"./a", "", "", exitNotExecutable},
		{"a/x", "", "", exitNotExecutable},
		{"denied", "a:b", "", exitNotExecutable},
	} {
		got, err := lookup(tc.name, tc.path)
		code := 0
		if err != nil {
			code = err.code
		}
		if got != tc.want || code != tc.code {
			t.Errorf("lookup(%q, %q) = %q, %d; want %q, %d", tc.name, tc.path, got, code, tc.want, tc.code)
		}
	}
}

// However it is written, the tail is the end of the whole without one trailing newline.
func TestTail(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var whole []byte
		var got tail
		for range rapid.IntRange(0, 6).Draw(t, "writes") {
			p := bytes.Repeat([]byte(rapid.StringMatching(`[a-z\n]{1,7}`).Draw(t, "text")), rapid.IntRange(0, 60000).Draw(t, "times"))
			if n, err := got.Write(p); n != len(p) || err != nil {
				t.Fatal(n, err)
			}
			whole = append(whole, p...)
		}
		want := strings.TrimSuffix(string(whole), "\n")
		if len(want) > maxResult {
			want = want[len(want)-maxResult:]
		}
		if got.String() != want {
			t.Fatalf("%d bytes, want %d", len(got.String()), len(want))
		}
	})
}
