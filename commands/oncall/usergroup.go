package oncall

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// A rota may have a user group of a chat platform that follows it: whoever answers for the rota is its only member, so
// that a mention of it reaches them.

// userGroupForm is how people write one: slack:@oncall, or slack: and its id.
var userGroupForm = regexp.MustCompile(`^slack:(@[a-z0-9][a-z0-9._-]{0,80}|S[A-Z0-9]{2,20})$`)

const noUserGroup = "none"

// setGroup says which user group follows a rota. It replaces the members of that group, who may decide about changes, so
// only administrators say it.
func (s *Service) setGroup(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	group := strings.TrimSpace(c.Text("group"))
	switch {
	case !c.May(override):
		return bot.Reply{}, bot.Errorf(
			bot.Forbidden, "Only administrators say which user group follows a rota, as it replaces the members of the group.",
		)
	case group != noUserGroup && !userGroupForm.MatchString(group):
		return bot.Reply{}, bot.Errorf(
			bot.Invalid, "Group: %q is not a user group. Write it like slack:@oncall, or none.", bot.Shown(group),
		).About("group")
	}
	return s.alter(ctx, c, func(r *Rota, _ []Stand) ([]Stand, bot.Message, []bot.Job, error) {
		r.UserGroup, r.InGroup, r.GroupFault = group, "", ""
		if group == noUserGroup {
			r.UserGroup = ""
			return nil, done("No user group follows ", bot.Bold(r.Name), " any more."), nil, nil
		}
		m := done(
			"The user group ", bot.Code(group), " follows ", bot.Bold(r.Name), ": whoever answers for it is its only member.",
		)
		return nil, m, []bot.Job{{Kind: followGroup, Object: r.Name}}, nil
	})
}

// behind is who a rota's user group has to consist of and does not yet; "" is nobody, and then it stays as it is.
func (s *Service) behind(ctx context.Context, r *Rota, now time.Time) (bot.PersonID, error) {
	if r.UserGroup == "" {
		return "", nil
	}
	active, _, err := s.active(ctx)
	if err != nil {
		return "", err
	}
	v, err := s.view(ctx, r, now, active)
	if err != nil || v.Who == r.InGroup {
		return "", err
	}
	return v.Who, nil
}

// follow makes a rota's user group consist of whoever answers for it.
func (s *Service) follow(ctx context.Context, job bot.Job) error {
	all, err := s.keep.Rotas(ctx)
	if err != nil {
		return err
	}
	r := named(all, job.Object)
	if r == nil {
		return nil
	}
	now := s.clock.Now()
	who, err := s.behind(ctx, r, now)
	if err != nil || who == "" {
		return err
	}
	err = s.chat.SetGroup(ctx, r.UserGroup, []bot.PersonID{who})
	fault := ""
	var never *bot.PermanentError
	switch {
	case errors.As(err, &never), errors.Is(err, bot.ErrRefused), errors.Is(err, bot.ErrGone):
		fault = value.Cut(value.Line(err.Error()), 200) // said in the list of rotas, until the next one takes over
	case err != nil:
		return err
	}
	return s.keep.UpdateRota(ctx, r.Name, now, func(now *Rota, _ []Stand) ([]Stand, bot.Effects, error) {
		detail := r.UserGroup + " consists of " + string(who)
		if fault != "" {
			detail = r.UserGroup + " was not changed: " + fault
		}
		if now.UserGroup == r.UserGroup {
			now.InGroup, now.GroupFault = who, fault
		}
		return nil, bySystem("oncall.group", group(now.Name), detail, now.Version, s.clock.Now()), nil
	})
}

// groupText says which user group follows a rota, and whether it does.
func (r *Rota) groupText() bot.Text {
	switch {
	case r.UserGroup == "":
		return nil
	case r.GroupFault != "":
		return bot.T("; ⚠ the user group ", bot.Code(r.UserGroup), " does not follow: "+r.GroupFault)
	}
	return bot.T("; the user group ", bot.Code(r.UserGroup), " follows it")
}
