// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package validation refuses objects of the application family that can never be right, with the path of each field,
// and warns of what is accepted but will not do what its writer may expect. It knows the object alone: whether the
// repositories, clusters and projects that it names exist is for the loop to find out, since they may come later.
//
// The peer stores nearly everything, and says what is wrong in a condition. What its schema refuses is refused here,
// too; beyond that only what no later change of anything else can make right. Of an application's sources only those
// count that are used, and of an application set's templates nothing but texts without tags, since parameters may turn
// them into anything.
package validation
