// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// KubectlPath finds the kubectl of the local cluster, else the machine's.
func KubectlPath() (string, error) {
	if root, err := Root(); err == nil {
		p := filepath.Join(root, ".local", "bin", "kubectl")
		if _, err := os.Stat(p); err == nil {
			return p, nil
		}
	}
	p, err := exec.LookPath("kubectl")
	if err != nil {
		return "", fmt.Errorf("no kubectl in .local/bin or PATH: %w", err)
	}
	return p, nil
}

// KubectlCommand prepares kubectl as the client's user; stdin may be empty.
func (c *Client) KubectlCommand(ctx context.Context, stdin string, args ...string) (*exec.Cmd, error) {
	p, err := KubectlPath()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, p, args...)
	// Without a HOME of its own kubectl would share a discovery cache with
	// other clusters of this machine.
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig, "KUBECACHEDIR="+filepath.Join(filepath.Dir(c.Kubeconfig), "kubecache"))
	if root, err := Root(); err == nil { // where our plugin is built
		cmd.Env = append(cmd.Env, "PATH="+filepath.Join(root, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
	}
	if stdin != "" {
		cmd.Stdin = bytes.NewReader([]byte(stdin))
	}
	return cmd, nil
}

// Kubectl runs kubectl as the client's user and returns what it printed. The
// error carries the exit code and stderr.
func (c *Client) Kubectl(ctx context.Context, stdin string, args ...string) (stdout, stderr string, err error) {
	cmd, err := c.KubectlCommand(ctx, stdin, args...)
	if err != nil {
		return "", "", err
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), errs.String(), fmt.Errorf("kubectl %v: %w: %s", args, err, errs.String())
	}
	return out.String(), errs.String(), nil
}
