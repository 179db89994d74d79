package incident

import (
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Role is a part one person plays in an incident: the lead decides and keeps the overview, the deputy stands in, comms
// tells everybody outside, the scribe writes down what happens.
type Role string

const (
	LeadRole   Role = "lead"
	DeputyRole Role = "deputy"
	CommsRole  Role = "comms"
	ScribeRole Role = "scribe"
)

func (i *Incident) holder(r Role) *bot.PersonID {
	switch r {
	case DeputyRole:
		return &i.Deputy
	case CommsRole:
		return &i.Comms
	case ScribeRole:
		return &i.Scribe
	}
	return &i.Lead
}

// setLead makes p the lead and acknowledges the incident the first time.
func (i *Incident) setLead(p bot.PersonID, at time.Time) {
	i.Lead, i.LeadlessSince, i.HandoverTo = p, time.Time{}, ""
	if i.Acknowledged.IsZero() {
		i.Acknowledged = at
	}
	i.join(Actor{Person: p})
}

// Assign gives a role to somebody. The first lead may be named by anybody and is it at once; a later one is offered the
// lead and has to accept.
func (i *Incident) Assign(by Actor, r Role, to bot.PersonID, at time.Time) error {
	if !i.State.Open() {
		return i.refuse("assign roles")
	}
	have := i.holder(r)
	if *have == to {
		return bot.Errorf(bot.Conflict, "%s is already %s of %s.", to, r, i.ID())
	}
	if r == LeadRole {
		return i.assignLead(by, to, at)
	}
	if r == DeputyRole || *have != "" && *have != by.Person {
		// A deputy may do what the lead may, so only the lead names one.
		if err := i.needLead(by, at, "give the role of "+string(r)+" to somebody"); err != nil {
			return err
		}
	}
	*have = to
	i.join(by)
	i.join(Actor{Person: to})
	i.Log(RoleEntry, by.Person, at, "@"+string(to)+" is "+string(r))
	return nil
}

func (i *Incident) assignLead(by Actor, to bot.PersonID, at time.Time) error {
	switch {
	case i.Lead == "" || by.Override && by.Person == to:
		i.join(by)
		i.setLead(to, at)
		i.Log(LeadEntry, by.Person, at, "@"+string(to)+" leads")
		return nil
	case by.Person == to && i.leadGone(at):
		return bot.Errorf(
			bot.Conflict,
			"%s leads %s, but has owed an update since %s. If they are gone, take over: /incident lead me %s anyway=yes",
			i.Lead, i.ID(), i.NextUpdate, i.ID(),
		)
	case by.Person == to:
		return bot.Errorf(
			bot.Conflict, "%s is already lead of %s. Ask them to hand over: /incident handover %s @%s", i.Lead, i.ID(), i.ID(),
			to,
		)
	}
	return i.Handover(by, to, at)
}

// A lead counts as gone when an update is overdue for this long.
const goneAfter = 15 * time.Minute

func (i *Incident) leadGone(at time.Time) bool {
	return i.Lead != "" && i.State.Active() && !i.NextUpdate.IsZero() && at.Sub(i.NextUpdate) > goneAfter
}

// tookOver stands in the entry before the id of a lead who was replaced.
const tookOver = "took over from @"

// TakeOver makes whoever acts the lead in place of one who is gone, so that an incident never waits for somebody who is
// not there.
func (i *Incident) TakeOver(by Actor, at time.Time) error {
	switch {
	case !i.State.Open():
		return i.refuse("take it over")
	case i.Lead == "" || by.Override || !i.leadGone(at):
		return i.Assign(by, LeadRole, by.Person, at)
	case i.Lead == by.Person:
		return bot.Errorf(bot.Conflict, "You are already lead of %s.", i.ID())
	}
	gone := i.Lead
	i.join(by)
	i.setLead(by.Person, at)
	i.Log(LeadEntry, by.Person, at, "@"+string(by.Person)+" leads: "+tookOver+string(gone)+", who owed an update")
	return nil
}

// Handover offers the lead to somebody. Until they accept, the old lead stays.
func (i *Incident) Handover(by Actor, to bot.PersonID, at time.Time) error {
	if !i.State.Open() {
		return i.refuse("hand it over")
	}
	if i.Lead == to {
		return bot.Errorf(bot.Conflict, "%s is already lead of %s.", to, i.ID())
	}
	if i.Lead == "" {
		return i.assignLead(by, to, at)
	}
	if err := i.needLead(by, at, "hand it over"); err != nil {
		return err
	}
	if i.HandoverTo == to {
		return bot.Errorf(bot.Conflict, "%s was asked already and has not answered yet.", to)
	}
	i.HandoverTo = to
	i.join(Actor{Person: to})
	i.Log(HandoverEntry, by.Person, at, "@"+string(to)+" is asked to take the lead")
	return nil
}

// Accept takes the lead that was offered. Only the one who was asked can, and only while the offer stands.
func (i *Incident) Accept(by Actor, at time.Time) error {
	switch {
	case !i.State.Open():
		return i.refuse("take the lead")
	case i.Lead == by.Person:
		return bot.Errorf(bot.Conflict, "You are already lead of %s.", i.ID())
	case i.HandoverTo == "":
		return bot.Errorf(bot.Conflict, "Nobody is asked to take over %s any more; %s leads it.", i.ID(), i.Lead)
	case i.HandoverTo != by.Person:
		return bot.Errorf(bot.Forbidden, "%s was asked to take over %s, not you.", i.HandoverTo, i.ID())
	}
	i.setLead(by.Person, at)
	i.Log(LeadEntry, by.Person, at, "@"+string(by.Person)+" leads")
	return nil
}

// Decline refuses the lead that was offered.
func (i *Incident) Decline(by Actor, at time.Time) error {
	if i.HandoverTo != by.Person || by.Person == "" {
		return bot.Errorf(bot.Conflict, "You are not asked to take over %s.", i.ID())
	}
	i.HandoverTo = ""
	i.Log(HandoverRefused, by.Person, at, "@"+string(by.Person)+" cannot take the lead")
	return nil
}

// Unassign frees a role. People may give up their own; the lead may free all.
func (i *Incident) Unassign(by Actor, r Role, at time.Time) error {
	if !i.State.Open() {
		return i.refuse("free roles")
	}
	have := i.holder(r)
	if *have == "" {
		return bot.Errorf(bot.Conflict, "%s has no %s.", i.ID(), r)
	}
	if *have != by.Person {
		if err := i.needLead(by, at, "free somebody else's role"); err != nil {
			return err
		}
	}
	was := *have
	*have = ""
	kind := RoleEntry
	if r == LeadRole {
		kind, i.LeadlessSince, i.HandoverTo = LeadEntry, at, ""
	}
	i.Log(kind, by.Person, at, "@"+string(was)+" is no longer "+string(r))
	return nil
}

// Release frees every role of somebody who is no longer here. It reports whether they had any.
func (i *Incident) Release(gone bot.PersonID, at time.Time) bool {
	had := i.HandoverTo == gone
	if had {
		i.HandoverTo = ""
	}
	for _, r := range []Role{LeadRole, DeputyRole, CommsRole, ScribeRole} {
		have := i.holder(r)
		if *have != gone {
			continue
		}
		*have, had = "", true
		kind := RoleEntry
		if r == LeadRole {
			kind, i.LeadlessSince, i.HandoverTo = LeadEntry, at, ""
		}
		i.Log(kind, "", at, "@"+string(gone)+" is no longer "+string(r)+": the account is deactivated")
	}
	return had
}

// Join makes somebody a responder.
func (i *Incident) Join(by Actor, at time.Time) error {
	if slices.Contains(i.Responders, by.Person) {
		return bot.Errorf(bot.Conflict, "You are already on %s.", i.ID())
	}
	i.Responders = append(i.Responders, by.Person)
	i.Log(JoinEntry, by.Person, at, "@"+string(by.Person)+" joined")
	return nil
}
