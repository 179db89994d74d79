package response

import (
	"context"
	"fmt"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/incident"
)

// able refuses people who cannot take a role: they would be asked in vain.
func able(c *bot.Call, who bot.Person) error {
	switch {
	case !who.Active:
		return bot.Errorf(bot.Invalid, "%s is deactivated and cannot take this on. Choose somebody else.", who.ID).About(
			"person",
		)
	case !c.Allows(who, "incident.update"):
		return bot.Errorf(
			bot.Invalid, "%s may not work on incidents (roles: %s) and cannot take this on. Choose somebody else.", who.ID,
			strings.Join(who.Roles, ", "),
		).About("person")
	}
	return nil
}

// person is who the command is about: whoever uses it, unless it names somebody.
func person(c *bot.Call) bot.Person {
	if c.Given("person") {
		return c.Who("person")
	}
	return c.Person
}

func (s *Service) lead(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	if c.Given("anyway") && person(c).ID == c.Person.ID {
		return s.change(ctx, c, func(i *incident.Incident) error { return i.TakeOver(actor(c), c.Now) },
			func(i *incident.Incident) bot.Message { return incident.Done("You are lead of " + i.ID() + ".") },
			s.invitations(c.Person.ID)...)
	}
	return s.assign(ctx, c, incident.LeadRole)
}

func (s *Service) role(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.assign(ctx, c, incident.Role(c.Text("role")))
}

func (s *Service) assign(ctx context.Context, c *bot.Call, r incident.Role) (bot.Reply, error) {
	who := person(c)
	if err := able(c, who); err != nil {
		return bot.Reply{}, err
	}
	by := actor(c)
	if c.Token != "" && c.Opened == nil {
		by.Override = false // the button was there while nobody led: it must not push out who took the lead meanwhile
	}
	return s.change(ctx, c, func(i *incident.Incident) error { return i.Assign(by, r, who.ID, c.Now) },
		func(i *incident.Incident) bot.Message {
			if r == incident.LeadRole && i.Lead != who.ID {
				return incident.Done(who.ID, " is asked to take the lead of "+i.ID()+
					". Until they accept, ", i.Lead, " stays lead.")
			}
			if who.ID == c.Person.ID {
				return incident.Done(fmt.Sprintf("You are %s of %s.", r, i.ID()))
			}
			return incident.Done(who.ID, fmt.Sprintf(" is %s of %s.", r, i.ID()))
		}, s.invitations(who.ID)...)
}

// invitations are the jobs that bring somebody into the incident's channels.
func (s *Service) invitations(who bot.PersonID) []bot.Job {
	var jobs []bot.Job
	for _, platform := range s.chat.Platforms() {
		jobs = append(jobs, bot.Job{Kind: invite, Arg: platform + "/" + string(who)})
	}
	return jobs
}

func (s *Service) unassign(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	r := incident.Role(c.Text("role"))
	return s.change(ctx, c, func(i *incident.Incident) error { return i.Unassign(actor(c), r, c.Now) },
		func(i *incident.Incident) bot.Message {
			return incident.Done(fmt.Sprintf("%s has no %s now.", i.ID(), r))
		})
}

func (s *Service) handover(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	who := c.Who("person")
	if err := able(c, who); err != nil {
		return bot.Reply{}, err
	}
	return s.change(ctx, c, func(i *incident.Incident) error { return i.Handover(actor(c), who.ID, c.Now) },
		func(i *incident.Incident) bot.Message {
			if i.Lead == who.ID {
				return incident.Done(who.ID, " leads "+i.ID()+".")
			}
			return incident.Done(who.ID, " is asked to take over "+i.ID()+". Until they accept, ", i.Lead, " stays lead.")
		}, s.invitations(who.ID)...)
}

func (s *Service) accept(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.change(ctx, c, func(i *incident.Incident) error { return i.Accept(actor(c), c.Now) },
		func(i *incident.Incident) bot.Message { return incident.HandoverPacket(i, c.Now) })
}

func (s *Service) decline(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.change(ctx, c, func(i *incident.Incident) error { return i.Decline(actor(c), c.Now) },
		func(i *incident.Incident) bot.Message {
			return incident.Done("You declined. ", i.Lead, " stays lead of "+i.ID()+".")
		})
}

func (s *Service) join(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	return s.change(ctx, c, func(i *incident.Incident) error { return i.Join(actor(c), c.Now) },
		func(i *incident.Incident) bot.Message { return incident.Welcome(i, c.Now) }, s.invitations(c.Person.ID)...)
}
