package login

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

const (
	signInCommand = "ops.signin"
	listSessions  = "ops.sessions"
	endSessions   = "ops.session-end"

	// othersSessions is the permission to see and end the sessions of others.
	othersSessions = "ops.sessions-others"

	tellLink  = "session.tell-link"
	tellReset = "session.tell-reset"
	tellAdded = "session.tell-added"
)

// Capability gives the commands by which people sign in from chat and look after their sessions. They stand under the
// umbrella /ops.
func (s *Service) Capability() bot.Capability {
	mine := []string{signInCommand, listSessions, endSessions}
	person := bot.Param{
		Name: "person", Label: "Whose", Kind: bot.PersonParam, Help: "Like @ana. Only administrators see those of others.",
	}
	return bot.Capability{
		Noun: bot.Noun{
			Name:   "ops",
			Groups: []bot.Group{{Title: "Signing in on the web", Verbs: []string{"signin", "sessions", "session-end"}}},
		},
		Grants: bot.Grants{"member": mine, "auditor": mine, "viewer": mine},
		Commands: []bot.Command{
			{
				Name: signInCommand, Permission: signInCommand, InPerson: true,
				Summary: "get a link that signs you in on the web, once", Example: "/ops signin", Handle: s.signInFromChat,
			},
			{
				Name: listSessions, Permission: listSessions, Reads: true, InPerson: true,
				Summary: "list where you are signed in on the web", Example: "/ops sessions", Params: []bot.Param{person},
				Handle: s.listCommand,
			},
			{
				Name: endSessions, Permission: endSessions, InPerson: true, Spaced: true,
				Title: "End a session", Submit: "End it",
				Summary: "sign out somewhere else, or everywhere", Example: "/ops session end all",
				Params: []bot.Param{{
					Name: "session", Label: "Session", Kind: bot.TextParam, Bare: true, Form: true, Required: true, Max: 20,
					Help: "As /ops sessions lists it, like 3fa9c1d2, or all.",
				}, person},
				Handle: s.endCommand,
			},
		},
		Jobs: map[string]bot.JobHandler{
			tellLink: s.tellOfLink, tellReset: s.tellOfReset, tellAdded: s.tellOfAdded,
		},
		Urgency: map[string]bot.Urgency{tellLink: bot.Now, tellReset: bot.Now, tellAdded: bot.Now},
	}
}

// signInFromChat makes a link for whoever asks. What the platform proved is who they are.
func (s *Service) signInFromChat(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	host := c.From.Platform == cliPlatform
	switch {
	case c.From.Platform == webPlatform:
		return bot.Reply{}, bot.Errorf(
			bot.Conflict, "You are on the web already. Write /ops signin in Slack, Discord or a terminal.",
		)
	case !host && !s.On(ChatLink):
		return bot.Reply{}, bot.Errorf(
			bot.Conflict, "Links from chat are off here. An administrator can turn them on: chat-link under login in the "+
				"configuration.",
		)
	}
	if err := s.invited.allow(string(c.Person.ID), c.Now); err != nil {
		return bot.Reply{}, err
	}
	s.invited.count(string(c.Person.ID), c.Now)
	purpose, by := FromChat, "you, with /ops signin"
	if host {
		purpose, by = FromHost, c.Via+" on the server's machine"
	}
	link, secret := NewLink(purpose, c.Person.ID, by, "", c.Now)
	until := link.Expires.UTC().Format(time.RFC3339)
	e := c.Effects(object(c.Person.ID), 1, "made a link that signs in, good until "+until)
	if host {
		e.Jobs = []bot.Job{{Kind: tellLink, Object: object(c.Person.ID), Arg: link.Hash}}
	}
	kept := bot.Message{Tone: bot.Info, Title: "A link that signs you in was made", Sections: []bot.Section{
		bot.Para("It was shown once. Write ", bot.Code("/ops signin"), " for a new one."),
	}}
	e.Answer = bot.Answer(kept)
	if err := s.o.Store.SaveLink(ctx, link, e); err != nil {
		return bot.Reply{}, err
	}
	reply := bot.Answer(linkMessage(s.Address(Path(secret)), link, c.Zone))
	reply.Kept = &kept
	return reply, nil
}

const (
	cliPlatform = "cli"
	webPlatform = "web"
)

func linkMessage(address string, l Link, zone *time.Location) bot.Message {
	return bot.Message{Tone: bot.Info, Title: "Sign in on the web", Sections: []bot.Section{
		bot.Para(bot.Link(address, address)),
		bot.Para(
			"It signs you in once, until " + l.Expires.In(zone).Format("15:04") + ". It is only for you: whoever has it is taken " +
				"for you.",
		),
	}}
}

// whose are the sessions that a command is about: one's own, or those of somebody else for administrators.
func (s *Service) whose(ctx context.Context, c *bot.Call) (bot.Person, []Session, error) {
	who := c.Person
	if c.Given("person") {
		who = c.Who("person")
	}
	if who.ID != c.Person.ID && !c.May(othersSessions) {
		return who, nil, bot.Errorf(bot.Forbidden, "Only administrators see and end the sessions of others.")
	}
	list, err := s.o.Store.SessionsOf(ctx, who.ID)
	return who, running(list, c.Now), err
}

func (s *Service) listCommand(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	who, list, err := s.whose(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	m := bot.Message{Title: "Where " + who.Name + " is signed in on the web", Tone: bot.Info}
	if who.ID == c.Person.ID {
		m.Title = "Where you are signed in on the web"
	}
	if len(list) == 0 {
		m.Sections = []bot.Section{bot.Para("Nowhere.")}
		return bot.Answer(m), nil
	}
	var fields []bot.Field
	for _, x := range list[:min(len(list), sessionsShown)] {
		fields = append(fields, bot.Field{
			Label: x.Name(), Value: bot.T(
				browserName(x.Agent)+", "+x.Address+", by "+wayWords(x.Way)+", since ", x.Made, ", used ", x.Seen,
			),
		})
	}
	m.Sections = []bot.Section{{Fields: fields}}
	if hidden := len(list) - len(fields); hidden > 0 {
		m.Sections = append(m.Sections, bot.Para(value.Counted(hidden, "older session")+" more."))
	}
	m.Sections = append(m.Sections, bot.Para("End one with ", bot.Code("/ops session end "+list[0].Name()), "."))
	return bot.Answer(m), nil
}

const sessionsShown = 20

func (s *Service) endCommand(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	who, list, err := s.whose(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	want := strings.ToLower(strings.TrimSpace(c.Text("session")))
	if want != "all" {
		list = named(list, want)
	} else if len(list) == 0 {
		return bot.Answer(bot.Message{Tone: bot.Info, Title: "There is no session to end"}), nil
	}
	if len(list) == 0 {
		return bot.Reply{}, bot.Errorf(
			bot.NotFound, "Session: there is none called %q. See them with: /ops sessions", bot.Shown(want),
		).About("session")
	}
	var ids, names []string
	for _, x := range list {
		ids, names = append(ids, x.ID), append(names, x.Name())
	}
	e := c.Effects(object(who.ID), 1, "ended "+value.Counted(len(names), "session")+": "+strings.Join(names, ", "))
	e.Answer = bot.Answer(bot.Message{Tone: bot.Good, Title: "Ended " + value.Counted(len(names), "session")})
	return e.Answer, s.o.Store.EndSessions(ctx, who.ID, ids, e)
}

// ForHost makes a link for somebody on the server's machine. The person and all administrators are told.
func (s *Service) ForHost(ctx context.Context, who bot.PersonID, operator string) (address string, l Link, err error) {
	now := s.o.Clock.Now()
	l, secret := NewLink(FromHost, who, operator+" on the server's machine", "", now)
	e := bot.Effects{
		Audit: bot.Audit{
			Action: auditLink, Object: object(who), Result: bot.ResultDone,
			Detail: "made a link that signs in as " + string(who), Source: cliPlatform + "/" + operator, At: now,
		},
		Jobs: []bot.Job{{Kind: tellLink, Object: object(who), Arg: l.Hash}},
	}
	return s.Address(Path(secret)), l, s.o.Store.SaveLink(ctx, l, e)
}

// ForFirst makes the link by which the first administrator comes in.
func (s *Service) ForFirst(ctx context.Context) (address string, l Link, err error) {
	now := s.o.Clock.Now()
	l, secret := NewLink(FirstAdmin, "", "the server when it started", "", now)
	return s.Address(Path(secret)), l, s.o.Store.SaveLink(ctx, l, bot.Effects{Audit: bot.Audit{
		Action: auditLink, Object: "people", Result: bot.ResultDone, Detail: "printed a link for the first administrator",
		Source: "watchbell", At: now,
	}})
}

// Reset ends all sessions of somebody and takes their recovery codes away, and what they have for each way of signing
// in. They and all administrators are told.
func (s *Service) Reset(ctx context.Context, who bot.PersonID, operator string) (ended int, err error) {
	now := s.o.Clock.Now()
	audit := func(detail string) bot.Audit {
		return bot.Audit{
			Action: "session.reset", Object: object(who), Result: bot.ResultDone, Detail: detail,
			Source: cliPlatform + "/" + operator, At: now,
		}
	}
	if err := s.takeWays(ctx, who, audit); err != nil {
		return 0, err
	}
	none := bot.Effects{Audit: audit("took away the recovery codes")}
	if err := s.o.Store.SaveRecovery(ctx, who, nil, none); err != nil {
		return 0, err
	}
	list, err := s.o.Store.SessionsOf(ctx, who)
	if err != nil {
		return 0, err
	}
	var ids []string
	for _, x := range list {
		ids = append(ids, x.ID)
	}
	return len(ids), s.o.Store.EndSessions(ctx, who, ids, bot.Effects{
		Audit: audit("ended " + value.Counted(len(ids), "session")),
		Jobs:  []bot.Job{{Kind: tellReset, Object: object(who), Arg: operator}},
	})
}

// takeWays takes away what somebody signs in with, also by ways that are off now and may be on again later.
func (s *Service) takeWays(ctx context.Context, who bot.PersonID, audit func(detail string) bot.Audit) error {
	keys, err := s.o.Store.PasskeysOf(ctx, who)
	if err != nil {
		return err
	}
	var ids [][]byte
	for _, k := range keys {
		ids = append(ids, k.ID)
	}
	if len(ids) > 0 {
		e := bot.Effects{Audit: audit("took away " + value.Counted(len(ids), "passkey"))}
		if err := s.o.Store.RemovePasskeys(ctx, who, ids, e); err != nil {
			return err
		}
	}
	accounts, err := s.o.Store.SubjectsOf(ctx, who)
	if err != nil || len(accounts) == 0 {
		return err
	}
	var names []string
	for _, a := range accounts {
		names = append(names, a.ID())
	}
	return s.o.Store.RemoveSubjects(ctx, who, names, bot.Effects{
		Audit: audit("took away " + value.Counted(len(names), "company account")),
	})
}

func (s *Service) tellOfLink(ctx context.Context, job bot.Job) error {
	l, err := s.o.Store.LinkOf(ctx, job.Arg)
	if errors.Is(err, bot.ErrNoSuch) {
		return nil // forgotten by now
	}
	if err != nil {
		return err
	}
	return s.tellAll(ctx, "session.link/"+job.Arg[:min(16, len(job.Arg))], l.Person, bot.T(
		"A link that signs in as ", bot.Mention(l.Person), " was made by "+l.By+" at ", l.Made,
		". If nobody should have done that, ask who it was, and end the sessions: ", bot.Code("/ops sessions"), ".",
	), "A link to sign in was made on the server")
}

func (s *Service) tellOfReset(ctx context.Context, job bot.Job) error {
	who := bot.PersonID(strings.TrimPrefix(job.Object, "people/"))
	key := "session.reset/" + string(who) + "/" + job.Enqueued.UTC().Format("20060102T150405.000000")
	return s.tellAll(ctx, key, who, bot.T(
		job.Arg+" on the server's machine ended all web sessions of ", bot.Mention(who), " and took away their passkeys and "+
			"recovery codes at ", job.Enqueued, ".",
	), "A sign-in was reset on the server")
}

// tellOfAdded tells somebody that they have one more way to sign in. Whoever sits at their browser may have added it.
func (s *Service) tellOfAdded(ctx context.Context, job bot.Job) error {
	if s.o.Direct == nil {
		return nil
	}
	who := bot.PersonID(strings.TrimPrefix(job.Object, "people/"))
	key := "session.added/" + string(who) + "/" + job.Enqueued.UTC().Format("20060102T150405.000000")
	return s.o.Direct(ctx, key, job.Object, who, bot.Message{
		Title: "You have one more way to sign in", Tone: bot.Info, Sections: []bot.Section{{Text: bot.T(
			job.Arg+" was added on the web at ", job.Enqueued, ". If that wasn't you, remove it on "+
				s.Address("/me/security")+" and sign out everywhere else there.",
		)}},
	})
}

// tellAll writes to a person and to all administrators, once per key. One who cannot be reached keeps the others from
// nothing.
func (s *Service) tellAll(ctx context.Context, key string, who bot.PersonID, words bot.Text, title string) error {
	all, err := s.o.People(ctx)
	if err != nil || s.o.Direct == nil {
		return err
	}
	m := bot.Message{Title: title, Tone: bot.Warning, Sections: []bot.Section{{Text: words}}}
	var failed error
	for _, p := range all {
		if p.Active && (p.ID == who || slices.Contains(p.Roles, "admin")) {
			failed = errors.Join(failed, s.o.Direct(ctx, key+"/"+string(p.ID), object(who), p.ID, m))
		}
	}
	return failed
}
