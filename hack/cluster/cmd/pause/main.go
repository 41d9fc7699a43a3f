// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Command pause holds a pod's namespaces: it waits for a signal to end and
// reaps the children it inherits where a pod shares its process namespace.
// It must never do anything else.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGCHLD)
	for s := range signals {
		if s != syscall.SIGCHLD {
			return
		}
		for {
			// Errors only say that there is nothing (more) to reap.
			if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 || err != nil {
				break
			}
		}
	}
}
