// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"slices"

	"argosy.dev/argosy/pkg/rollout"
)

// untold are Events of looks whose end could not be written, because somebody else has changed the rollout, or because an
// effect has failed. They wait for the next look that gets through. What was done by then is told in any case, since no look
// finds it to be done again; the rest only where that look says the same, and then in its old place. A restart forgets them.
//
// The zero value is ready.
type untold []untoldEvent

type untoldEvent struct {
	rollout.Event
	done bool
}

// keep adds the Events of a look that did not get through. effects is how many of its effects were applied, annotated
// whether its annotations were written.
func (u *untold) keep(events []rollout.Event, effects int, annotated bool) {
	fresh := make([]untoldEvent, 0, len(events))
	for _, e := range events {
		fresh = append(fresh, untoldEvent{e, e.Of.Done(effects, annotated)})
	}
	*u = u.merged(fresh)
}

// release returns all there is to tell after a look that got through, in order, and forgets it.
func (u *untold) release(events []rollout.Event) []rollout.Event {
	if len(*u) == 0 {
		return events
	}
	fresh := make([]untoldEvent, 0, len(events))
	for _, e := range events {
		fresh = append(fresh, untoldEvent{e, true})
	}
	all := make([]rollout.Event, 0, len(events))
	for _, e := range u.merged(fresh) {
		all = append(all, e.Event)
	}
	*u = nil
	return all
}

// merged returns what was kept, and after it what is fresh. What was not done and is not told afresh was not to be.
func (u untold) merged(fresh []untoldEvent) (all untold) {
	for _, old := range u {
		same := slices.IndexFunc(fresh, func(e untoldEvent) bool {
			return e.Type == old.Type && e.Reason == old.Reason && e.Message == old.Message
		})
		switch {
		case old.done:
			all = append(all, old)
		case same >= 0:
			all = append(all, fresh[same])
			fresh = slices.Delete(fresh, same, same+1)
		}
	}
	return append(all, fresh...)
}
