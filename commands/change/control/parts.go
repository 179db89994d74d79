package control

import (
	"context"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change"
)

// notOver are the states of changes that may still be decided on or worked on.
var notOver = []change.State{
	change.Draft, change.Pending, change.Approved, change.Implementing, change.Verifying, change.RollingBack,
	change.Review,
}

// Parts lists what somebody has a hand in and that is not over: changes in which the separation of duties counts them,
// and a template that they approved, whose approvals hold until the template changes. Everybody else who commits may
// wait for it, so it reads only changes that involve them.
func (s *Service) Parts(ctx context.Context, who bot.PersonID) ([]change.Part, error) {
	const page = 200
	var parts []change.Part
	for before := int64(0); ; {
		list, err := s.store.List(ctx, change.Filter{States: notOver, Involves: who, Before: before, Limit: page})
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			before = c.Number
			if p, ok := c.Part(who); ok {
				parts = append(parts, p)
			}
		}
		if len(list) < page {
			break
		}
	}
	template, err := s.ledger.ApprovedBy(ctx, who)
	if err == nil && template != "" {
		parts = append(parts, change.Part{Object: "template " + template, As: "approved it"})
	}
	return parts, err
}
