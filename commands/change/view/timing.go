package view

import (
	"time"

	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
)

// waitsOf is how long each group of the change took to give what was asked of it, for stages that were satisfied at a
// time that counts.
func waitsOf(c *change.Change, counts func(time.Time) bool) map[string][]time.Duration {
	found := map[string][]time.Duration{}
	ready := map[string]time.Time{}
	for range c.Needs.Stages { // stages may wait for others in any order
		for _, s := range c.Stages() {
			if _, known := ready[s.Name]; known || !s.Satisfied() {
				continue
			}
			began := c.Submitted
			for _, a := range s.After {
				if t, ok := ready[a]; ok {
					began = value.Later(began, t)
				}
			}
			at := s.Yes[s.Quorum-1].At
			ready[s.Name] = at
			if counts(at) {
				found[s.From] = append(found[s.From], max(0, at.Sub(began)-c.Paused))
			}
		}
	}
	return found
}
