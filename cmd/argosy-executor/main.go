// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Command argosy-executor is the program that runs inside a workflow pod whose outputs are captured. An init container copies it next to
// the user's program (`copy`); there it is the container's first process (`run`): it starts the user's command, stays out of its way,
// and reports standard output and output parameters through the termination message.
//
// It has to run in any image (static, no shell, read-only root, any user) and to start fast, so it uses the standard library only. It
// never talks to the network.
package main

import (
	"fmt"
	"io"
	"os"
)

// exitInternal is the exit code of a failure of the executor itself, which makes the node an Error, not Failed (the peer's code).
const exitInternal = 64

const usage = `usage:
  argosy-executor copy DST
      Copies this program to the file DST, mode 0755.
  argosy-executor run [--result] [--param NAME=PATH]... [--default NAME=VALUE]... [--report PATH] -- COMMAND [ARG]...
      Runs COMMAND and exits as it did. --result captures its standard output, --param reads the file PATH into the output
      parameter NAME when it has ended (--default: the value if that cannot be read), --report is where the report is written
      (default /dev/termination-log).
`

func main() {
	os.Exit(dispatch(os.Args[1:], os.Stderr))
}

// dispatch runs the subcommand named by args and returns the process's exit code.
func dispatch(args []string, stderr io.Writer) int {
	fail := func(err error) int {
		fmt.Fprintf(stderr, "argosy-executor: %v\n", err)
		return exitInternal
	}
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return exitInternal
	}
	switch args[0] {
	case "copy":
		if len(args) != 2 {
			return fail(fmt.Errorf("copy needs one argument, the destination\n%s", usage))
		}
		if err := copySelf(args[1]); err != nil {
			return fail(err)
		}
		return 0
	case "run":
		o, err := parseRun(args[1:])
		if err != nil {
			return fail(fmt.Errorf("%w\n%s", err, usage))
		}
		return o.run(stderr)
	default:
		return fail(fmt.Errorf("unknown command %q\n%s", args[0], usage))
	}
}
