package control

import (
	"context"
	"regexp"
	"slices"
	"time"

	"github.com/watchbell/watchbell/commands/change/plan"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/commands/change/view"
)

// Limits of what people write.
const (
	maxTitle  = 200
	maxText   = 4000
	maxReason = 1000
	minReason = 10
	maxPicked = 200 // changes that a form offers; older ones are found by their id
)

// Capability is everything the bot needs to know of changes.
func (s *Service) Capability() bot.Capability {
	return bot.Capability{
		Noun: bot.Noun{
			Name: "change", Aliases: []string{"chg"}, Summary: "request, approve and carry out changes", Groups: groups,
			Buttons: []bot.Action{
				view.NewAction, {Label: "Waiting for me", Command: "change.pending"},
				{Label: "This week", Command: "change.list", Args: map[string]string{"which": "week"}},
			},
		},
		Pages: []bot.View{{
			Name: view.Name, Title: "Changes", Icon: "swap", Command: "change.list", Home: true, Mine: s.Register.Home,
			One: &bot.One{
				Prefix: "CHG", Command: "change.show", Arg: "change",
				Tabs: []bot.Tab{{Name: "evidence", Title: "Evidence", Command: "change.evidence"}},
			},
			Board: s.Register.Board,
		}, {Name: "calendar", Title: "Calendar", Icon: "calendar", Command: "change.calendar"}},
		Mine:     s.Register.Own,
		Grants:   grants,
		Commands: s.commands(),
		Jobs: map[string]bot.JobHandler{
			followUp: s.followUp, showCard: s.showCard, postEntry: s.postEntry, askPeople: s.askPeople, lookAt: s.lookAt,
			tick: s.tick, recheckOn: s.recheckService,
			linkIncident: s.linkIncident, tellPeople: s.tellPeople, remindPeople: s.remindPeople, weekly: s.weekly,
		},
		Schedules: []bot.Schedule{
			{Name: tick, Cron: "* * * * *", Zone: time.UTC, Kind: tick, Idle: s.idle},
			{Name: weekly, Cron: "30 8 * * 1", Zone: time.UTC, Kind: weekly},
		},
		Urgency: map[string]bot.Urgency{
			followUp: bot.Now, askPeople: bot.Now, tellPeople: bot.Now, remindPeople: bot.Now, postEntry: bot.Now,
			recheckOn: bot.Now, lookAt: bot.Reminder, tick: bot.Reminder, weekly: bot.Digest,
		},
		Estate:  &bot.Estate{Owned: s.owned, Hand: s.hand},
		Dues:    func(ctx context.Context) ([]bot.Due, error) { return s.dues.Dues(ctx) },
		Preview: s.preview,
		Prefix:  "CHG",
	}
}

// groups are the commands by what people do; those of pipelines come last.
var groups = []bot.Group{
	{
		Title: "Plan a change",
		Verbs: []string{
			"new", "edit", "window", "risk", "submit", "cancel", "revise", "ack", "exempt", "remind", "emergency",
		},
	},
	{
		Title: "Decide",
		Verbs: []string{
			"pending", "approve", "reject", "ask", "answer", "bulk", "withdraw", "hold", "resume", "tick", "delegate",
			"undelegate",
		},
	},
	{
		Title: "Carry it out",
		Verbs: []string{"start", "done", "verify", "rollback", "extend", "review", "link", "break", "witness", "waive", "assign"},
	},
	{Title: "Look", Verbs: []string{"list", "show", "calendar", "explain", "metrics", "evidence", "verify-card", "help"}},
	{Title: "Rules of the house", Verbs: []string{"policy", "template", "freeze"}},
	{Title: "For pipelines", Verbs: []string{"gate", "heartbeat", "deployed", "state", "feed"}},
}

func (s *Service) id(options func(context.Context) ([]bot.Option, error)) bot.Param {
	return bot.Param{
		Name: "change", Kind: bot.RefParam, Bare: true, Required: true, Prefix: "CHG", Digits: true, Options: options,
		Help: "CHG-42, or 42; in the thread of a card you can leave it out.",
	}
}

func (s *Service) pick(states ...change.State) func(context.Context) ([]bot.Option, error) {
	return func(ctx context.Context) ([]bot.Option, error) {
		list, err := s.store.List(ctx, change.Filter{States: states, Limit: maxPicked})
		var o []bot.Option
		for _, c := range list {
			o = append(o, bot.Option{Value: c.ID(), Label: c.ID() + " " + value.Shown(c.Title, 60)})
		}
		return o, err
	}
}

// anyID is a change that may be over. Where none is named it is one that is not, if there is any.
func (s *Service) anyID() bot.Param {
	p := s.id(s.pick())
	p.Likely = func(ctx context.Context) ([]bot.Option, error) {
		if now, err := s.pick(
			change.Draft, change.Pending, change.Approved, change.Implementing, change.Verifying, change.RollingBack,
			change.Review,
		)(ctx); err != nil || len(now) > 0 {
			return now, err
		}
		return s.pick()(ctx)
	}
	return p
}

func (s *Service) openID() bot.Param {
	return s.id(s.pick(change.Draft, change.Pending, change.Approved))
}

func line(name, label, help string, max int) bot.Param {
	return bot.Param{Name: name, Label: label, Kind: bot.TextParam, Form: true, Max: max, Help: help}
}

func para(name, label, help string) bot.Param {
	return bot.Param{Name: name, Label: label, Kind: bot.TextParam, Form: true, Paragraph: true, Max: maxText, Help: help}
}

// reason is why somebody does something.
func reason(name, label, help string, required bool, minimum int) bot.Param {
	return bot.Param{
		Name: name, Label: label, Kind: bot.TextParam, Bare: true, Form: true, Paragraph: true, Required: required,
		Min: minimum, Max: maxReason, Help: help,
	}
}

// needed are what a request has to say before it can be decided.
func needed(list []bot.Param, names ...string) []bot.Param {
	for i := range list {
		list[i].Needed = slices.Contains(names, list[i].Name)
	}
	return list
}

func picked(p bot.Param) bot.Param { p.Picker = true; return p }

func unasked(p bot.Param) bot.Param { p.Form = false; return p }

func choices(values ...string) func(context.Context) ([]bot.Option, error) {
	var o []bot.Option
	for _, v := range values {
		o = append(o, bot.Option{Value: v, Label: v})
	}
	return func(context.Context) ([]bot.Option, error) { return o, nil }
}

func choice(name, label, help string, values ...string) bot.Param {
	return bot.Param{
		Name: name, Label: label, Kind: bot.ChoiceParam, Fixed: true, Form: true, Options: choices(values...), Help: help,
	}
}

func (s *Service) serviceParam() bot.Param {
	return bot.Param{
		Name: "service", Label: "Services", Aliases: []string{"services"}, Kind: bot.ChoiceParam, Form: true, Many: true,
		Help:    "What is changed, like billing-db; several with commas.",
		Options: bot.ServiceOptions(s.o.Services),
	}
}

func (s *Service) envParam() bot.Param {
	return bot.Param{
		Name: "env", Label: "Environment", Aliases: []string{"environment"}, Kind: bot.ChoiceParam, Form: true,
		Help: "Where, like prod.",
		Options: func(ctx context.Context) ([]bot.Option, error) {
			p, _, _, err := s.PolicyNow(ctx)
			if err != nil || p == nil {
				return nil, err
			}
			return choices(p.Envs...)(ctx)
		},
	}
}

func (s *Service) templateParam() bot.Param {
	return bot.Param{
		Name: "template", Kind: bot.ChoiceParam, Help: "The template of a standard change.",
		Options: func(ctx context.Context) ([]bot.Option, error) {
			p, _, _, err := s.PolicyNow(ctx)
			if err != nil || p == nil {
				return nil, err
			}
			var names []string
			for _, t := range p.Templates {
				names = append(names, t.Name)
			}
			return choices(names...)(ctx)
		},
	}
}

var revisionWord = regexp.MustCompile(`(?i)^r\d{1,6}$`)

var (
	revision = bot.Param{
		Name: "revision", Aliases: []string{"rev"}, Kind: bot.NumberParam, Bare: true, Match: revisionWord, Min: 1,
		Max: 1 << 20, Help: "The revision you looked at, like r3; needed where the risk is medium or high.",
	}
	stage = bot.Param{Name: "stage", Kind: bot.TextParam, Max: 60, Help: "Which approval, if you may give several."}
	start = bot.Param{
		Name: "start", Label: "Window opens", Kind: bot.TimeParam, Form: true, Toward: value.Future,
		Help: "tomorrow 22:00, sat 22:00 or 2026-11-28 22:00; a zone may follow.",
	}
	end = picked(line("end", "Window closes", "1h, 23:30 or tomorrow 23:30; a length, or a time after the start.", 60))
)

// allFields are the inputs of the whole form, in the order in which somebody thinks of them.
var allFields = []string{
	"title", "service", "env", "why", "plan", "start", "end", "backout", "test", "implementer", "users", "tested",
	"backout-tested", "systems", "novelty", "data", "outage", "artifact",
}

// fields are the parameters of a change's content; asked are the names of those that the form asks for.
func (s *Service) fields(asked ...string) []bot.Param {
	all := []bot.Param{
		line("title", "Title", "What is changed, like: Resize billing-db to r6g.4xlarge.", maxTitle), s.serviceParam(),
		s.envParam(),
		para("why", "Why", "Why it is needed."), para("plan", "Plan", "The steps, and how long they take."),
		start, end,
		para("backout", "Backout plan", "How to go back, and how long that takes."),
		para("test", "How it was tested", "Where, when, with what result."),
		{
			Name: "implementer", Label: "Who carries it out", Aliases: []string{"implementers"}, Kind: bot.PersonParam,
			Many: true, Form: true, Help: "@dan, or several with commas; by default its requester.",
		},
		line("artifact", "What is deployed", "Like sha256:9f3c…; several with commas.", 1000),
		{
			Name: "author", Label: "Who wrote it", Kind: bot.PersonParam,
			Help: "The author of what is deployed cannot approve it.",
		},
	}
	for _, q := range plan.Questions {
		p := bot.Param{Name: q.ID, Label: q.Label, Kind: bot.ChoiceParam, Fixed: true, Form: true}
		var o []bot.Option
		for _, x := range q.Options {
			o = append(o, bot.Option{Value: x.Value, Label: x.Label})
			if p.Help != "" {
				p.Help += ", "
			}
			p.Help += x.Value
		}
		p.Options = func(context.Context) ([]bot.Option, error) { return o, nil }
		all = append(all, p)
	}
	for i := range all {
		all[i].Form = slices.Contains(asked, all[i].Name)
	}
	slices.SortStableFunc(all, func(a, b bot.Param) int { return order(asked, a.Name) - order(asked, b.Name) })
	return all
}

func order(asked []string, name string) int {
	if i := slices.Index(asked, name); i >= 0 {
		return i
	}
	return len(asked)
}

func params(first []bot.Param, more ...bot.Param) []bot.Param {
	return append(slices.Clone(first), more...)
}

func (s *Service) commands() []bot.Command {
	list := slices.Concat(s.planCommands(), s.voteCommands(), s.runCommands(), s.deskCommands(), s.programCommands())
	for i := range list {
		list[i].Permission = list[i].Name
	}
	return list
}

func (s *Service) planCommands() []bot.Command {
	fresh := needed(s.fields(allFields...), "title", "service", "env", "why", "plan", "start", "end")
	fresh[0].Bare = true
	edit := func(asked ...string) []bot.Param { return params([]bot.Param{s.openID()}, s.fields(asked...)...) }
	return []bot.Command{
		{
			Name: "change.new", Common: true, Aliases: []string{"request", "create"}, Title: "Request a change",
			Submit:  "Request",
			Foresee: s.foresee,
			Global:  "Request a change", Asks: true, Summary: "request a change; it is submitted when nothing is missing",
			Example: `/change new title="Resize the database" service=payments env=prod why="Queries time out" plan="Fail over, resize, fail back" backout="Fail back to the old size" start="tomorrow 22:00" end=1h`,
			Params: params(
				fresh, s.templateParam(),
				unasked(choice("type", "", "normal (default) or emergency; a template makes it standard.", "normal", "emergency")),
				bot.Param{
					Name: "for", Kind: bot.PersonParam, Help: "The person you request it for; neither of you can approve it.",
				},
				bot.Param{Name: "draft", Kind: bot.FlagParam, Help: "draft=yes keeps it as a draft."},
				bot.Param{Name: "incident", Kind: bot.RefParam, Prefix: "INC", Help: "The incident that an emergency is for."},
			),
			Handle: s.create,
		},
		{
			Name: "change.emergency", Common: true, Title: "Emergency change", Submit: "Start at once",
			Summary: "start an emergency change at once; it is approved afterwards",
			Example: `/change emergency Fail over to the standby, checkout is down service=checkout incident=INC-1`,
			Params: []bot.Param{
				{
					Name: "title", Label: "What is done", Kind: bot.TextParam, Bare: true, Form: true, Required: true, Max: maxTitle,
					Help: "What you are about to do.",
				},
				s.serviceParam(), s.envParam(),
				para("why", "Why it cannot wait", "At least 20 characters, unless it is for an incident."),
				para("plan", "Plan", "The steps, as far as they are known."),
				{
					Name: "incident", Kind: bot.RefParam, Prefix: "INC",
					Help: "INC-7; in an incident's channel you can leave it out.",
				},
			}, Handle: s.emergency,
		},
		{
			Name: "change.submit", Common: true, Title: "Submit the change", Submit: "Submit",
			Summary: "ask for the approval of a draft",
			Example: "/change submit CHG-1", Params: []bot.Param{s.id(s.pick(change.Draft))}, Handle: s.submit,
		},
		{
			Name: "change.edit", Title: "Edit the change", Summary: "edit a change; the people who approved it are asked again",
			Example: `/change edit CHG-1 start="tomorrow 23:00" end=1h`, Asks: true,
			Params: edit(allFields...), Handle: s.edit, Prefill: s.prefill,
		},
		{
			Name: "change.window", Title: "Window and backout", Submit: "Save",
			Summary: "set the window, the backout plan and who carries it out",
			Example: `/change window CHG-1 start="sat 22:00" end=2h backout="restore the snapshot"`, Asks: true,
			Params: edit("start", "end", "backout", "test", "implementer"), Handle: s.edit, Prefill: s.prefill,
		},
		{
			Name: "change.risk", Title: "Risk of the change", Submit: "Save",
			Summary: "answer the questions about the risk; each one left out counts as medium",
			Example: `/change risk CHG-1 users=some tested=yes backout-tested=yes systems=one novelty=routine data=yes outage=none`,
			Asks:    true,
			Params:  edit("users", "tested", "backout-tested", "systems", "novelty", "data", "outage"), Handle: s.edit,
			Prefill: s.prefill,
		},
		{
			Name: "change.cancel", Common: true, OnCard: true, Title: "Cancel the change", Submit: "Cancel it",
			Summary: "end a change that has not started", Example: "/change cancel CHG-1 The vendor moved the date",
			Params: []bot.Param{s.openID(), reason("why", "Why", "The reason.", true, 3)}, Handle: s.cancel,
		},
		{
			Name: "change.revise", Title: "Revise the change", Submit: "Make a draft",
			Summary: "make a draft of a change that was rejected, expired or cancelled", Example: "/change revise CHG-1",
			Params: []bot.Param{s.id(s.pick(change.Rejected, change.Expired, change.Cancelled))}, Handle: s.revise,
		},
		{
			Name: "change.ack", Title: "Acknowledge a conflict", Submit: "Acknowledge",
			Summary: "acknowledge a conflict by name: another change, a soft freeze, a window",
			Example: "/change ack CHG-1 CHG-2",
			Params: []bot.Param{
				s.openID(),
				{
					Name: "what", Label: "Conflict with", Kind: bot.TextParam, Bare: true, Form: true, Required: true, Max: 100,
					Help: "CHG-2, freeze:year-end or window:billing-db, as the card says.",
				},
			},
			Handle: s.ack,
		},
		{
			Name: "change.exempt", Title: "Ask for an exemption", Submit: "Ask",
			Summary: "ask for an exemption from a freeze, or let it go ahead in an incident you lead",
			Example: `/change exempt CHG-1 what=year-end why="The certificate runs out on 2 January"`,
			Params: []bot.Param{
				s.openID(), line("what", "From what", "The freeze, like year-end, or the incident, like INC-3.", 60),
				reason("why", "Why", "What happens if it waits.", true, minReason),
			},
			Handle: s.exempt,
		},
	}
}

func (s *Service) voteCommands() []bot.Command {
	id := s.id(s.pick(change.Pending))
	comment := reason("comment", "Comment", "Optional; the requester reads it.", false, 0)
	condition := line("condition", "On the condition that", "Optional: what has to be done before it starts.", 300)
	return []bot.Command{
		{
			Name: "change.approve", Common: true, InPerson: true, OnCard: true, Title: "Approve the change", Submit: "Approve",
			Summary: "approve a change; name the revision you looked at", Example: "/change approve CHG-1 r1 Looks good",
			Params: []bot.Param{id, revision, stage, comment, condition}, Handle: s.approve, Intro: s.confirm, May: s.mayVote,
		},
		{
			Name: "change.reject", Common: true, InPerson: true, OnCard: true, Title: "Reject the change", Submit: "Reject",
			Summary: "reject a change; the reason tells its requester what to do",
			Example: "/change reject CHG-1 The backout plan was never tested",
			Params:  []bot.Param{id, revision, stage, reason("reason", "Why", "What has to be different.", true, 1)},
			Handle:  s.reject, Intro: s.confirm, May: s.mayVote,
		},
		{
			Name: "change.ask", Common: true, OnCard: true, Title: "Ask about the change", Submit: "Ask",
			Summary: "ask its requester something; the clock stops until they answer",
			Example: "/change ask CHG-1 How long does the fail-back take?",
			Params: []bot.Param{
				id, revision, stage, reason("question", "Question", "What you need to know before you decide.", true, 3),
			},
			Handle: s.ask, May: s.mayVote,
		},
		{
			Name: "change.answer", Common: true, OnCard: true, Title: "Answer", Submit: "Answer",
			Summary: "answer the question that waits", Example: "/change answer CHG-1 About two minutes",
			Params: []bot.Param{id, reason("text", "Answer", "The approvers read it too.", true, 1)}, Handle: s.answer,
		},
		{
			Name: "change.withdraw", InPerson: true, OnCard: true, Title: "Take your vote back", Submit: "Take it back",
			Summary: "take your vote back before the change starts", Example: "/change withdraw CHG-1 I overlooked the index",
			Params: []bot.Param{s.id(s.pick(change.Pending, change.Approved)), reason("why", "Why", "Optional.", false, 0)},
			Handle: s.withdraw,
		},
		{
			Name: "change.hold", OnCard: true, Title: "Hold the change", Submit: "Hold",
			Summary: "stop a change without deciding it; pipelines wait",
			Example: "/change hold CHG-1 The storage team is looking into it",
			Params:  []bot.Param{s.anyID(), reason("why", "Why", "What has to happen first.", true, 3)}, Handle: s.hold,
		},
		{
			Name: "change.resume", InPerson: true, OnCard: true, Title: "Go on", Submit: "Go on", Summary: "end a hold",
			Example: "/change resume CHG-1", Params: []bot.Param{s.anyID()}, Handle: s.resume,
		},
		{
			Name: "change.remind", Title: "Remind", Submit: "Remind",
			Summary: "remind those who have to decide, every two hours at most", Example: "/change remind CHG-1",
			Params: []bot.Param{id}, Handle: s.remind,
		},
		{
			Name: "change.tick", InPerson: true, OnCard: true, Title: "A condition is met", Submit: "It is met",
			Summary: "say that a condition of an approval is met", Example: "/change tick CHG-1 1",
			Params: []bot.Param{
				s.anyID(),
				{
					Name: "number", Label: "Condition", Kind: bot.NumberParam, Bare: true, Form: true, Required: true, Min: 1,
					Max: change.MaxConditions, Help: "Its number on the card.",
				},
			},
			Handle: s.tickOff,
		},
		{
			Name: "change.delegate", InPerson: true, Title: "Delegate your votes", Submit: "Delegate",
			Summary: "let somebody vote for you until a time", Example: "/change delegate @chloe until fri 18:00",
			Params: []bot.Param{
				{Name: "person", Label: "To whom", Kind: bot.PersonParam, Bare: true, Form: true, Required: true, Help: "@chloe"},
				{
					Name: "until", Label: "Until", Kind: bot.TimeParam, Word: "until", Form: true, Required: true,
					Toward: value.Future, Help: "fri 18:00 or 2026-12-01; at most 60 days.",
				},
				line("scope", "Only for the group", "Optional: a group of the policy, like approvers.", 40),
			}, Handle: s.delegate,
		},
		{
			Name: "change.undelegate", Title: "End your delegations", Submit: "End them", Summary: "end what you delegated",
			Example: "/change undelegate", Handle: s.undelegate,
		},
		{
			Name: "change.break", InPerson: true, Title: "Break glass", Submit: "Start against policy",
			Summary: "start a change against the policy; a second person has to witness it",
			Example: "/change break CHG-1 All approvers are on one plane and the disk is full",
			Params: []bot.Param{
				s.id(s.pick(change.Pending, change.Approved)),
				reason("why", "Why", "At least 20 characters. Everybody is told.", true, change.MinGlassReason),
			},
			Handle: s.breakGlass,
		},
		{
			Name: "change.witness", InPerson: true, Title: "Witness", Submit: "I witness it",
			Summary: "be the second person of a broken glass", Example: "/change witness CHG-1", Params: []bot.Param{s.anyID()},
			Handle: s.witness,
		},
	}
}

func (s *Service) runCommands() []bot.Command {
	note := reason("note", "Note", "Optional.", false, 0)
	return []bot.Command{
		{
			Name: "change.start", Common: true, Title: "Start the change", Submit: "Start",
			Summary: "start an approved change, once", Example: "/change start CHG-1",
			Params: []bot.Param{
				s.id(s.pick(change.Approved)),
				unasked(line("artifact", "", "What is deployed; it has to be what was approved.", 1000)),
			},
			Handle: s.start,
		},
		{
			Name: "change.done", Common: true, OnCard: true, Title: "Done", Submit: "Done",
			Summary: "say that the work, or the way back, is done", Example: "/change done CHG-1 No errors in the log",
			Params: []bot.Param{s.id(s.pick(change.Implementing, change.RollingBack)), note}, Handle: s.finish,
		},
		{
			Name: "change.verify", Common: true, OnCard: true, Title: "Verify the change", Submit: "Verify",
			Summary: "say whether it works", Example: "/change verify CHG-1 ok Latency is down",
			Params: []bot.Param{
				s.id(s.pick(change.Verifying)),
				{
					Name: "result", Kind: bot.ChoiceParam, Fixed: true, Bare: true, Form: true, Required: true,
					Options: choices("ok", "issues", "fail"),
					Help:    "ok, issues (works, but not as planned) or fail (it is rolled back).",
				},
				note,
			},
			Handle: s.verify,
		},
		{
			Name: "change.rollback", Common: true, Title: "Roll back", Submit: "Roll back",
			Summary: "go back: the backout plan is shown", Example: "/change rollback CHG-1 Error rate went up",
			Params: []bot.Param{
				s.id(s.pick(change.Implementing, change.Verifying)), reason("why", "Why", "What went wrong.", true, 3),
			},
			Handle: s.rollback,
		},
		{
			Name: "change.extend", InPerson: true, OnCard: true, Title: "More time", Submit: "Allow",
			Summary: "allow a change that runs over its window to go on", Example: "/change extend CHG-1 until 23:30",
			Params: []bot.Param{
				s.id(s.pick(change.Implementing, change.Verifying)),
				{
					Name: "until", Kind: bot.TimeParam, Word: "until", Form: true, Required: true, Toward: value.Future,
					Help: "23:30 or 30m.",
				},
			},
			Handle: s.extend,
		},
		{
			Name: "change.review", Common: true, Aliases: []string{"pir"}, Title: "Review the change", Submit: "Save",
			Summary: "write the post-implementation review",
			Example: `/change review CHG-1 outcome=success Took ten minutes longer than planned`,
			Params: []bot.Param{
				s.id(s.pick(change.Review)),
				choice(
					"outcome", "How it went", "success, success_with_issues, rolled_back or failed.", string(policy.Success),
					string(policy.WithIssues), string(policy.RolledBack), string(policy.Failed),
				),
				reason("text", "Review", "What was learnt.", true, 3),
			}, Handle: s.review, Prefill: s.prefill,
		},
		{
			Name: "change.waive", InPerson: true, Title: "Waive what is owed", Submit: "Waive",
			Summary: "as a change manager, waive a review or an approval that is owed",
			Example: "/change waive CHG-1 pir Covered by the review of INC-7",
			Params: []bot.Param{
				s.anyID(),
				{
					Name: "duty", Label: "What", Kind: bot.ChoiceParam, Fixed: true, Bare: true, Form: true, Required: true,
					Options: choices(string(change.PIR), string(change.RetroApproval)), Help: "pir or retro_approval.",
				},
				reason("why", "Why", "The reason.", true, minReason),
			},
			Handle: s.waive,
		},
		{
			Name: "change.assign", Title: "Give the review away", Submit: "Give",
			Summary: "give the post-implementation review that is owed to somebody else",
			Example: "/change assign CHG-1 @ana",
			Params: []bot.Param{
				s.anyID(),
				{Name: "person", Label: "To whom", Kind: bot.PersonParam, Bare: true, Form: true, Required: true, Help: "@ana"},
			},
			Handle: s.assign,
		},
		{
			Name: "change.link", Title: "Link to an incident", Submit: "Link",
			Summary: "say what a change has to do with an incident", Example: "/change link CHG-1 INC-1 caused",
			Params: []bot.Param{
				s.anyID(),
				{Name: "incident", Kind: bot.RefParam, Prefix: "INC", Bare: true, Required: true, Form: true, Help: "INC-7"},
				{
					Name: "how", Label: "How", Kind: bot.ChoiceParam, Fixed: true, Bare: true, Form: true, Required: true,
					Options: choices(string(change.Suspected), string(change.Caused), string(change.Unrelated)),
					Help:    "suspected, caused or unrelated.",
				},
			},
			Handle: s.link,
		},
	}
}

func (s *Service) deskCommands() []bot.Command {
	return []bot.Command{
		{
			Name: "change.show", Common: true, Reads: true, Title: "Show a change", Submit: "Show",
			Summary: "show a change with everything",
			Example: "/change show CHG-1", Params: []bot.Param{s.anyID()}, Handle: s.show,
		},
		{
			Name: "change.list", Common: true, Aliases: []string{"ls"}, Reads: true,
			Summary: "list changes: open, mine, pending, today, week, emergency or all",
			Example: "/change list week service=payments risk=high",
			Params: []bot.Param{
				{
					Name: "which", Kind: bot.ChoiceParam, Fixed: true, Bare: true,
					Options: choices("open", "mine", "pending", "today", "week", "emergency", "all"),
					Help:    "open (default), mine, pending, today, week, emergency or all.",
				},
				unasked(s.serviceParam()), unasked(s.envParam()),
				unasked(choice("risk", "", "low, medium or high.", "low", "medium", "high")),
				{
					Name: "state", Kind: bot.ChoiceParam, Fixed: true, Options: choices(value.Texts(change.States)...), Many: true,
					Help: "Like approved.",
				},
				{Name: "before", Kind: bot.NumberParam, Min: 1, Max: 1 << 30, Hidden: true},
			}, Handle: s.Register.List,
		},
		{
			Name: "change.pending", Common: true, Reads: true, Summary: "what waits for your decision",
			Example: "/change pending",
			Params:  []bot.Param{{Name: "after", Kind: bot.NumberParam, Min: 1, Max: 1 << 30, Hidden: true}},
			Handle:  s.Register.Pending,
		},
		{
			Name: "change.bulk", InPerson: true, Title: "Approve several",
			Summary: "approve several changes of low risk at once", Example: "/change bulk CHG-1:1,CHG-2:1",
			Params: []bot.Param{
				{
					Name: "changes", Kind: bot.TextParam, Bare: true, Required: true, Max: 2000,
					Help: "Ids with the revisions you looked at, like CHG-1:1,CHG-2:3.",
				},
			},
			Handle: s.bulk,
		},
		{
			Name: "change.explain", Common: true, Reads: true, Title: "Explain a change", Submit: "Explain",
			Summary: "which rules matched and why, and all of the risk", Example: "/change explain CHG-1",
			Params: []bot.Param{s.anyID()}, Handle: s.explainRules,
		},
		{
			Name: "change.policy", Reads: true, Summary: "show the policy in force, test it, or compare it with the one before",
			Example: "/change policy show",
			Params: []bot.Param{
				{
					Name: "what", Kind: bot.ChoiceParam, Fixed: true, Bare: true, Options: choices("show", "test", "diff"),
					Help: "show (default), test or diff.",
				},
			},
			Handle: s.Register.Policy,
		},
		{
			Name: "change.freeze", Title: "Freeze", Submit: "Freeze", Summary: "list freezes, add one, or end one early",
			Example: `/change freeze add from="sat 18:00" to="mon 08:00" env=prod reason="Data centre moves"`,
			Params: []bot.Param{
				{
					Name: "what", Kind: bot.ChoiceParam, Fixed: true, Bare: true, Match: regexp.MustCompile(`^(list|add|end)$`),
					Options: choices("list", "add", "end"), Help: "list (default), add or end.",
				},
				{Name: "freeze", Kind: bot.RefParam, Prefix: "FRZ", Bare: true, Help: "The one to end, like FRZ-1."},
				{
					Name: "from", Label: "From", Kind: bot.TimeParam, Form: true, Toward: value.Future,
					Help: "now, sat 18:00 or 2026-12-18 18:00.",
				}, picked(line("to", "To", "mon 08:00, or a length like 12h.", 60)),
				unasked(choice("mode", "", "hard (default), or soft: it may be acknowledged.", "hard", "soft")),
				s.envParam(), s.serviceParam(), reason("reason", "Why", "Everybody reads it.", false, 0),
			}, Handle: s.freeze,
		},
		{
			Name: "change.template", Summary: "list the templates of standard changes, or approve one",
			Example: "/change template approve restart-web",
			Params: []bot.Param{
				{
					Name: "what", Kind: bot.ChoiceParam, Fixed: true, Bare: true, Options: choices("list", "approve"),
					Help: "list (default) or approve.",
				},
				{Name: "name", Kind: bot.TextParam, Bare: true, Max: 40, Help: "The template."},
			}, Handle: s.template,
		},
		{
			Name: "change.calendar", Common: true, Reads: true,
			Summary: "the calendar of changes, freezes and maintenance windows", Example: "/change calendar week",
			Params: []bot.Param{
				{
					Name: "range", Kind: bot.ChoiceParam, Fixed: true, Bare: true, Options: choices("today", "week", "month"),
					Help: "today, week (default) or month.",
				},
			},
			Handle: s.Register.Calendar,
		},
		{
			Name: "change.metrics", Reads: true,
			Summary: "how long approvals take, how often changes fail, how many are emergencies",
			Example: "/change metrics since=30d",
			Params: []bot.Param{
				{Name: "since", Kind: bot.DurationParam, Longest: 366 * 24 * time.Hour, Help: "30d (default) or 90d."},
			},
			Handle: s.Register.Metrics,
		},
		{
			Name: "change.evidence", Reads: true, Title: "Evidence", Submit: "Show",
			Summary: "who decided what, by which policy, with the digests", Example: "/change evidence CHG-1",
			Params: []bot.Param{s.anyID()}, Handle: s.showEvidence,
		},
		{
			Name: "change.verify-card", Reads: true, Shortcut: "Is this card real?", OnOurs: true, Title: "Is this card real?",
			Submit: "Check", Summary: "whether a message was really posted by Watchbell",
			Example: "/change verify-card https://example.slack.com/archives/C024BE7LD/p1764079320000100",
			Params: []bot.Param{
				{
					Name: "link", Label: "Link to the message", Kind: bot.TextParam, Bare: true, Form: true, Max: 500,
					Help: "As the chat copies it. From a message's menu nothing is needed.",
				},
			},
			Handle: s.verifyCard,
		},
	}
}

func (s *Service) programCommands() []bot.Command {
	env := bot.Param{Name: "env", Kind: bot.TextParam, Max: 40, Help: "prod"}
	service := bot.Param{Name: "service", Kind: bot.TextParam, Max: 64, Help: "The service that is deployed."}
	artifact := bot.Param{Name: "artifact", Kind: bot.TextParam, Max: 1000, Help: "What is deployed, like sha256:9f3c…"}
	return []bot.Command{
		{
			Name: "change.gate", Summary: "ask, as a pipeline, whether a change may be deployed now",
			Example: "/change gate CHG-1 env=prod service=payments run=4711",
			Params: []bot.Param{
				s.anyID(), env, service, artifact,
				{
					Name: "run", Kind: bot.TextParam, Max: 200,
					Help: "Names the run of the pipeline: the same run gets the same grant again.",
				},
			},
			Handle: s.gate,
		},
		{
			Name: "change.heartbeat", Summary: "say, as a pipeline, that the work goes on", Example: "/change heartbeat CHG-1",
			Params: []bot.Param{s.id(s.pick(change.Implementing))}, Handle: s.heartbeat,
		},
		{
			Name: "change.deployed", Summary: "say, as a pipeline, what was deployed",
			Example: "/change deployed service=payments env=prod artifact=sha256:9f3c change=CHG-1",
			Params: []bot.Param{
				service, env, artifact, {Name: "change", Kind: bot.TextParam, Max: 20, Help: "The change it belongs to."},
			},
			Handle: s.deployed,
		},
		{
			Name: "change.state", Reads: true, Summary: "whether changes are possible at a time",
			Example: "/change state env=prod service=payments",
			Params:  []bot.Param{env, service, {Name: "at", Kind: bot.TextParam, Max: 60, Help: "Default now."}},
			Handle:  s.Register.State,
		},
		{
			Name: "change.feed", Reads: true, Summary: "the calendar in the form that calendar programs read",
			Example: "/change feed", Handle: s.Register.Feed,
		},
	}
}
