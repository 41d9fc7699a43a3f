// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package validation says what of the workflow family is refused at submission, each finding with the path of its field.
//
// A Workflow is refused for anything that cannot run: what is wrong, and what this version does not do yet. The other
// kinds are only stored, so what is not done yet is a warning there. The rules are those of Argo Workflows, moved from
// the start of a workflow to its submission, and never stricter than what really runs there.
//
// It must not read anything but the object it is given, and never change it: templates elsewhere have been frozen into
// status by pkg/workflow.Resolve before. The work is linear in the size of the object, whatever is in it.
package validation
