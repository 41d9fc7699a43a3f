// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package seed has property tests draw the same in each run, so that a failure is news about the change at hand and not
// about luck. Tests of a package that use rapid import it for that alone. With -rapid.seed=0 they draw anew, which is what
// `make test-random` does, at length. It must not be imported by anything but tests.
package seed

import (
	"flag"

	_ "pgregory.net/rapid" // its flags are defined before ours is set
)

func init() {
	if err := flag.Set("rapid.seed", "20261129"); err != nil {
		panic(err)
	}
}
