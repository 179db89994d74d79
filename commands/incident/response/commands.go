package response

import (
	"context"
	"regexp"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/incident"
	"github.com/watchbell/watchbell/commands/incident/view"
)

// Limits of what people write.
const (
	maxTitle  = 200
	maxText   = 4000
	maxImpact = 500
	minReason = 10
	maxPicked = 200 // incidents that a form offers; older ones are found by their id
)

// Capability is everything the bot needs to know of incidents.
func (s *Service) Capability() bot.Capability {
	return bot.Capability{
		Noun: bot.Noun{
			Name: "incident", Aliases: []string{"inc"}, Summary: "declare and run incidents", Default: "incident.declare",
			Groups: groups,
			Buttons: []bot.Action{
				declareAction, {Label: "Open incidents", Command: "incident.list"},
				{Label: "My incidents", Command: "incident.list", Args: map[string]string{"which": "mine"}},
			},
		},
		Pages:    s.pages(),
		Mine:     s.theirs,
		Grants:   grants,
		Commands: s.commands(),
		Jobs: map[string]bot.JobHandler{
			startResponse: s.startResponse, openRoom: s.openRoom, showCard: s.showCard, setTopic: s.setTopic,
			postEntry: s.postEntry, invite: s.invite,
			tellPerson: s.tellPeople, nudge: s.nudge,
			beginReview: s.beginReview, closeRoom: s.closeRoom, linkChange: s.linkChange, showAgain: s.showAgain,
		},
		Urgency: urgency,
		Dues:    func(ctx context.Context) ([]bot.Due, error) { return s.store.Dues(ctx) },
		Estate:  &bot.Estate{Owned: s.owned, Hand: s.hand},
		Preview: s.preview,
		Prefix:  "INC",
		Rooms:   s.openRooms,
	}
}

// groups are the commands by what people do.
var groups = []bot.Group{
	{Title: "Declare and look", Verbs: []string{"declare", "list", "show", "catchup", "timeline", "changes"}},
	{Title: "Take part", Verbs: []string{"join", "lead", "role", "unassign", "handover", "accept", "decline"}},
	{Title: "Work on it", Verbs: []string{"update", "sev", "status", "note", "suspect", "edit", "times"}},
	{Title: "Tasks", Verbs: []string{"task", "followup", "tasks", "owner", "done"}},
	{Title: "Time and reminders", Verbs: []string{"pause", "resume", "snooze", "remind"}},
	{Title: "End it", Verbs: []string{"mitigate", "resolve", "cancel", "reopen", "review", "export", "close"}},
}

var declareAction = view.DeclareAction

var verdictWord = regexp.MustCompile(`^(suspect|not-related)$`)

var sevWord = regexp.MustCompile(`(?i)^sev[-:]?\d+$|^sev-?unknown$`)

func (s *Service) severityParam(required bool) bot.Param {
	return bot.Param{
		Name: "severity", Aliases: []string{"sev"}, Kind: bot.ChoiceParam, Fixed: true, Bare: true, Form: true,
		Required: required, Match: sevWord,
		Help: "sev1 (critical) to sev4 (low), or unknown. If unsure pick the higher.",
		Options: func(context.Context) ([]bot.Option, error) {
			var o []bot.Option
			for _, e := range incident.Severities {
				label := e.Severity.Label() + " – " + e.Meaning
				o = append(o, bot.Option{Value: string(e.Severity), Label: value.Cut(label, 75)})
			}
			return o, nil
		},
		Parse: func(raw string) (string, bool) { sev, ok := incident.ParseSeverity(raw); return string(sev), ok },
	}
}

func (s *Service) serviceParam(many bool) bot.Param {
	return bot.Param{
		Name: "service", Aliases: []string{"services", "svc"}, Kind: bot.ChoiceParam, Form: true, Many: many,
		Help: "A service, like service=payments.", Options: bot.ServiceOptions(s.services),
	}
}

func (s *Service) id() bot.Param {
	return bot.Param{
		Name: "incident", Kind: bot.RefParam, Bare: true, Required: true, Prefix: "INC", Options: s.openIncidents,
		Help: "INC-42; in an incident's channel you can leave it out.",
	}
}

// anyID is an incident that may be over. Where none is named it is an open one, if there is any.
func (s *Service) anyID() bot.Param {
	p := s.id()
	p.Options, p.Likely = s.recentIncidents, s.openOrRecent
	return p
}

// endedID is an incident that is over.
func (s *Service) endedID() bot.Param {
	p := s.id()
	p.Options, p.Likely = s.recentIncidents, s.endedIncidents
	return p
}

func text(name, label, help string, required bool) bot.Param {
	return bot.Param{
		Name: name, Label: label, Kind: bot.TextParam, Bare: true, Form: true, Required: required, Paragraph: true,
		Max: maxText, Help: help,
	}
}

func why(required bool, minimum int) bot.Param {
	return bot.Param{
		Name: "why", Label: "Why", Kind: bot.TextParam, Bare: true, Form: true, Required: required, Min: minimum, Max: 1000,
		Help: "The reason; it is kept on the timeline.",
	}
}

func who(required bool) bot.Param {
	return bot.Param{
		Name: "person", Label: "Who", Aliases: []string{"who", "owner"}, Kind: bot.PersonParam, Bare: true, Form: true,
		Required: required, Help: "@ana, or me.",
	}
}

func choices(values ...string) func(context.Context) ([]bot.Option, error) {
	var o []bot.Option
	for _, v := range values {
		o = append(o, bot.Option{Value: v, Label: v})
	}
	return func(context.Context) ([]bot.Option, error) { return o, nil }
}

func statusParam(required bool) bot.Param {
	return bot.Param{
		Name: "status", Kind: bot.ChoiceParam, Fixed: true, Bare: true, Form: true, Required: required,
		Options: choices(string(incident.Investigating), string(incident.Identified), string(incident.Monitoring)),
		Help:    "investigating, identified or monitoring.",
	}
}

func roleParam(withLead bool) bot.Param {
	names := []string{"deputy", "comms", "scribe"}
	if withLead {
		names = append([]string{"lead"}, names...)
	}
	return bot.Param{
		Name: "role", Kind: bot.ChoiceParam, Fixed: true, Bare: true, Form: true, Required: true, Options: choices(names...),
		Help: "One person a role.",
	}
}

func pastTime(name, label, help string) bot.Param {
	return bot.Param{Name: name, Label: label, Kind: bot.TimeParam, Form: true, Toward: value.Past, Help: help}
}

func (s *Service) commands() []bot.Command {
	list := append(s.coreCommands(), s.peopleCommands()...)
	list = append(list, s.recordCommands()...)
	for i := range list {
		list[i].Permission = list[i].Name
	}
	return list
}

func (s *Service) coreCommands() []bot.Command {
	title := bot.Param{
		Name: "title", Kind: bot.TextParam, Bare: true, Form: true, Required: true, Max: maxTitle,
		Help: "What is wrong, like: Checkout returns 502.",
	}
	impact := bot.Param{
		Name: "impact", Kind: bot.TextParam, Form: true, Max: maxImpact,
		Help: "Who is affected, and how. You can add it later.",
	}
	update := text("text", "Update", "What is known, what is being done.", true)
	at := pastTime("at", "At", "14:05, yesterday 23:10 or 10m ago; default now.")
	at.Word = "at"
	until := bot.Param{
		Name: "until", Kind: bot.TimeParam, Word: "until", Form: true, Required: true, Toward: value.Future,
		Help: "tomorrow 09:00, 16:30 or 2h; at most 7 days.",
	}
	started := pastTime("started", "Started at (if before it was declared)", "13:40 or 2026-11-25 13:40.")
	summary := text("summary", "What resolved it", "Like: rolled back release 42.", true)
	summary.Min = 10
	next := bot.Param{
		Name: "next", Label: "Next update in", Kind: bot.DurationParam, Form: true, Longest: 7 * 24 * time.Hour,
		Help: "30m or 2h; default by severity.",
	}
	sevUpdate, statusUpdate := s.severityParam(false), statusParam(false)
	sevDeclare := s.severityParam(false)
	sevDeclare.Help = "It begins as sev3, degraded with a workaround. If it is worse, choose sev1 or sev2."
	sevUpdate.Bare, statusUpdate.Bare = false, false
	return []bot.Command{
		{
			Name: "incident.declare", Common: true, InOutage: true, OpensRoom: true, Aliases: []string{"new", "open", "create"},
			Title: "Declare an incident", Submit: "Declare", Shortcut: "Declare incident", Global: "Declare incident",
			Summary: "declare an incident; the title is enough",
			Example: "/incident declare Checkout returns 502 sev2 service=payments",
			Params: []bot.Param{
				title, sevDeclare, s.serviceParam(true), impact,
				{Name: "anyway", Kind: bot.FlagParam, Help: "anyway=yes declares it although a similar one is open."},
				{Name: "change", Kind: bot.RefParam, Prefix: "CHG", Hidden: true},
			},
			Handle: s.declare, Prefill: prefillDeclare,
		},
		{
			Name: "incident.show", Common: true, Reads: true, Summary: "show an incident", Example: "/incident show INC-1",
			Params: []bot.Param{s.anyID()}, Handle: s.show, Title: "Show an incident", Submit: "Show",
		},
		{
			Name: "incident.list", Common: true, Aliases: []string{"ls"}, Reads: true,
			Summary: "list incidents: open, mine, stale or all", Example: "/incident list all severity=sev1,sev2 since=7d",
			Params: []bot.Param{
				{
					Name: "which", Kind: bot.ChoiceParam, Fixed: true, Bare: true, Options: choices("open", "mine", "stale", "all"),
					Help: "open (default), mine, stale or all.",
				},
				listSeverity(s.severityParam(false)), listService(s.serviceParam(false)),
				{Name: "since", Kind: bot.DurationParam, Help: "Declared in the last 7d, 24h."},
				{Name: "before", Kind: bot.NumberParam, Min: 1, Max: 1 << 30, Hidden: true},
			}, Handle: s.list,
		},
		{
			Name: "incident.update", Common: true, OnCard: true, InOutage: true, Title: "Give an update", Submit: "Send update",
			Summary: "tell everybody what is known", Example: "/incident update Rolled back, error rate is falling",
			Params: []bot.Param{
				s.id(), update, statusUpdate, sevUpdate,
				{Name: "impact", Kind: bot.TextParam, Form: true, Max: maxImpact, Help: "Who is affected, and how."}, next,
			},
			Handle: s.update, Prefill: s.prefillRecord,
		},
		{
			Name: "incident.sev", Common: true, OnCard: true, Aliases: []string{"severity"}, Title: "Change the severity",
			Summary: "change the severity; lowering needs a reason", Example: "/incident sev 2 only one region is affected",
			Params: []bot.Param{s.id(), s.severityParam(true), why(false, 0)}, Handle: s.severity, Prefill: s.prefillRecord,
		},
		{
			Name: "incident.status", Common: true, OnCard: true, Title: "Change the status", Summary: "say how far the work is",
			Example: "/incident status identified A bad release",
			Params:  []bot.Param{s.id(), statusParam(true), why(false, 0)}, Handle: s.status,
		},
		{
			Name: "incident.mitigate", Common: true, OnCard: true, Aliases: []string{"impact-over"}, Title: "Impact is over",
			Submit: "Impact is over", Summary: "say that the impact is over, while work goes on",
			Example: "/incident mitigate at 14:05",
			Params:  []bot.Param{s.id(), at}, Handle: s.mitigate,
		},
		{
			Name: "incident.pause", OnCard: true, Title: "Pause the incident", Submit: "Pause",
			Summary: "pause until a time; reminders stay quiet",
			Example: "/incident pause waiting for the vendor until tomorrow 09:00",
			Params:  []bot.Param{s.id(), until, why(true, 3)}, Handle: s.pause,
		},
		{
			Name: "incident.resume", OnCard: true, Summary: "go on with a paused incident", Example: "/incident resume",
			Title: "Resume", Params: []bot.Param{s.id()}, Handle: s.unpause,
		},
		{
			Name: "incident.resolve", Common: true, OnCard: true, Title: "Resolve the incident", Submit: "Resolve",
			Summary: "end the incident", Example: "/incident resolve Rolled back release 42, error rate is normal",
			Params: []bot.Param{s.id(), summary, started, impact}, Handle: s.resolve, Prefill: s.prefillResolve,
		},
		{
			Name: "incident.cancel", Common: true, OnCard: true, Title: "Cancel the incident", Submit: "Cancel it",
			Summary: "cancel a false alarm", Example: "/incident cancel False alarm, a test by mistake",
			Params: []bot.Param{s.id(), why(true, 3)}, Handle: s.cancel,
		},
		{
			Name: "incident.reopen", OnCard: true, Title: "Reopen the incident", Submit: "Reopen",
			Summary: "make an ended incident active again", Example: "/incident reopen INC-1 The errors are back since 15:00",
			Params: []bot.Param{s.endedID(), why(true, minReason)}, Handle: s.reopen,
		},
		{
			Name: "incident.close", OnCard: true, Title: "Close the incident", Submit: "Close",
			Summary: "close a resolved and reviewed incident", Example: "/incident close INC-1",
			Params: []bot.Param{s.endedID()}, Handle: s.closeIncident,
		},
	}
}

func listSeverity(p bot.Param) bot.Param { p.Form, p.Many = false, true; return p }
func listService(p bot.Param) bot.Param  { p.Form = false; return p }

// prefillDeclare proposes the first line of a message as the title.
func prefillDeclare(_ context.Context, c *bot.Call) (map[string]string, error) {
	values := map[string]string{"severity": string(incident.SEV3)}
	if c.Quote != nil {
		values["title"] = value.Cut(value.Line(c.Quote.Text), 120)
	}
	return values, nil
}

func (s *Service) prefillResolve(ctx context.Context, c *bot.Call) (map[string]string, error) {
	values, err := s.prefillRecord(ctx, c)
	if err != nil {
		return nil, err
	}
	return map[string]string{"started": values["started"], "impact": values["impact"]}, nil
}

func (s *Service) peopleCommands() []bot.Command {
	return []bot.Command{
		{
			Name: "incident.lead", Common: true, OnCard: true, Title: "Lead the incident", Submit: "Assign",
			Summary: "take the lead, or name the lead", Example: "/incident lead me",
			Params: []bot.Param{
				s.id(), who(false),
				{
					Name: "anyway", Kind: bot.FlagParam,
					Help: "anyway=yes takes it from a lead who is gone: whose update is overdue by more than 15 minutes.",
				},
			},
			Handle: s.lead,
		},
		{
			Name: "incident.role", Common: true, OnCard: true, Aliases: []string{"assign"}, Title: "Assign a role",
			Submit: "Assign", Summary: "give a role to somebody", Example: "/incident role comms @ana",
			Params: []bot.Param{s.id(), roleParam(true), who(false)}, Handle: s.role,
		},
		{
			Name: "incident.unassign", OnCard: true, Title: "Free a role", Submit: "Free it", Summary: "free a role",
			Example: "/incident unassign scribe",
			Params:  []bot.Param{s.id(), roleParam(true)}, Handle: s.unassign,
		},
		{
			Name: "incident.handover", Common: true, OnCard: true, Title: "Hand over the lead", Submit: "Ask them",
			Summary: "offer the lead to somebody, who has to accept", Example: "/incident handover @ana",
			Params: []bot.Param{s.id(), who(true)}, Handle: s.handover,
		},
		{
			Name: "incident.accept", Title: "Accept the lead", Summary: "accept the lead that was offered to you",
			Example: "/incident accept",
			Params:  []bot.Param{s.id()}, Handle: s.accept,
		},
		{
			Name: "incident.decline", OnCard: true, Title: "Decline the lead",
			Summary: "decline the lead that was offered to you", Example: "/incident decline",
			Params: []bot.Param{s.id()}, Handle: s.decline,
		},
		{
			Name: "incident.join", Common: true, InOutage: true, Title: "Join an incident", Submit: "Join",
			Summary: "join as a responder", Example: "/incident join INC-1",
			Params: []bot.Param{s.id()}, Handle: s.join,
		},
	}
}

func (s *Service) recordCommands() []bot.Command {
	noteAt := pastTime("at", "At", "When it happened: 14:05, yesterday 23:10 or 10m ago; default now.")
	noteAt.Word = "at"
	due := bot.Param{
		Name: "due", Kind: bot.TimeParam, Word: "due", Form: true, Toward: value.Future,
		Help: "30m, 16:00, fri or 2026-12-01.",
	}
	title := bot.Param{Name: "title", Kind: bot.TextParam, Form: true, Max: maxTitle, Help: "What is wrong."}
	minutes := bot.Param{
		Name: "for", Label: "Quiet for", Kind: bot.DurationParam, Bare: true, Form: true, Longest: 24 * time.Hour,
		Help: "15m, 30m (default) or 1h.",
	}
	publish := bot.Param{
		Name: "publish", Label: "Publish it", Kind: bot.ChoiceParam, Fixed: true, Form: true, Options: choices("no", "yes"),
		Help: "yes when everybody has read it.",
	}
	correct := []bot.Param{
		s.anyID(),
		pastTime("started", "Started", "When the impact began."),
		pastTime("detected", "Detected", "When somebody or something noticed."),
		pastTime("mitigated", "Impact over", "When the impact ended."),
		pastTime("resolved", "Resolved", "When it was resolved."),
		{Name: "acknowledged", Kind: bot.TimeParam, Toward: value.Past, Help: "When somebody took it on."},
		why(true, 3),
	}
	part := func(name, label, help string) bot.Param {
		p := text(name, label, help, false)
		p.Bare = false
		return p
	}
	return []bot.Command{
		{
			Name: "incident.note", Common: true, InOutage: true, Aliases: []string{"event"}, Title: "Add to the timeline",
			Submit: "Add", Shortcut: "Add to timeline", Reaction: "pushpin", Keeps: true, Summary: "add to the timeline",
			Example: "/incident note Restarted the web servers at 14:05",
			Params:  []bot.Param{s.anyID(), text("text", "What happened", "One event.", true), noteAt}, Handle: s.note,
			Prefill: s.prefillNote,
		},
		{
			Name: "incident.catchup", Aliases: []string{"catch-up"}, Title: "What happened so far", Submit: "Show", Reads: true,
			Summary: "what happened so far, in ten lines that only you see", Example: "/incident catchup INC-1",
			Params: []bot.Param{s.anyID()}, Handle: s.catchup,
		},
		{
			Name: "incident.timeline", Common: true, Aliases: []string{"log"}, Title: "Timeline", Submit: "Show", Reads: true,
			Summary: "show everything that happened", Example: "/incident timeline INC-1",
			Params: []bot.Param{s.anyID()}, Handle: s.timeline,
		},
		{
			Name: "incident.task", Common: true, OnCard: true, Reaction: "white_check_mark", Shortcut: "Add task",
			Title: "Add a task", Submit: "Add", Summary: "add something to do now",
			Example: "/incident task Check the database @ana due 30m",
			Params:  []bot.Param{s.id(), text("text", "Task", "What is to be done.", true), who(false), due}, Handle: s.task,
			Prefill: quoted,
		},
		{
			Name: "incident.followup", Common: true, OnCard: true, Reaction: "memo", Aliases: []string{"follow-up"},
			Title: "Add a follow-up", Submit: "Add", Summary: "add something to do after the incident",
			Example: "/incident followup Add a disk alert @ana due fri",
			Params:  []bot.Param{s.anyID(), text("text", "Follow-up", "What is to be done.", true), who(false), due},
			Handle:  s.followup,
		},
		{
			Name: "incident.tasks", Aliases: []string{"followups"}, Title: "Tasks", Submit: "Show", Reads: true,
			Summary: "show tasks and follow-ups", Example: "/incident tasks INC-1",
			Params: []bot.Param{s.anyID()}, Handle: s.tasks,
		},
		{
			Name: "incident.done", Common: true, OnCard: true, Title: "Finish a task", Submit: "Done",
			Summary: "mark a task or follow-up as done", Example: "/incident done 3",
			Params: []bot.Param{
				s.anyID(),
				{
					Name: "number", Kind: bot.NumberParam, Bare: true, Form: true, Required: true, Min: 1, Max: incident.MaxTasks,
					Help: "The number of the task.",
				},
			},
			Handle: s.finishTask,
		},
		{
			Name: "incident.owner", Title: "Assign the task", Submit: "Assign", Summary: "give a task or follow-up to somebody",
			Example: "/incident owner 3 @ana",
			Params: []bot.Param{
				s.anyID(),
				{
					Name: "number", Kind: bot.NumberParam, Bare: true, Form: true, Required: true, Min: 1, Max: incident.MaxTasks,
					Help: "The number of the task.",
				},
				who(true),
			},
			Handle: s.own,
		},
		{
			Name: "incident.edit", OnCard: true, Title: "Edit the incident", Summary: "change title, impact or services",
			Example: "/incident edit title=\"Checkout returns 502 in Europe\"", Asks: true,
			Params: []bot.Param{
				s.anyID(), title,
				{Name: "impact", Kind: bot.TextParam, Form: true, Max: maxImpact, Help: "Who is affected, and how."},
				s.serviceParam(true),
			},
			Handle:  s.edit,
			Prefill: s.prefillRecord,
		},
		{
			Name: "incident.times", Title: "Correct the times", Summary: "correct when it started, ended and so on",
			Example: "/incident times started=13:40 why=\"first alert\"", Asks: true,
			Params: correct, Handle: s.times, Prefill: s.prefillRecord,
		},
		{
			Name: "incident.changes", Title: "Changes", Submit: "Show", Reads: true,
			Summary: "show the changes near an incident", Example: "/incident changes INC-1", Params: []bot.Param{s.anyID()},
			Handle: s.listChanges,
		},
		{
			Name: "incident.suspect", Title: "Suspect a change", Submit: "Save", Summary: "suspect a change, or rule it out",
			Example: "/incident suspect INC-1 CHG-1",
			Params: []bot.Param{
				s.anyID(),
				{
					Name: "suspect", Label: "Change", Kind: bot.RefParam, Prefix: "CHG", Bare: true, Form: true, Required: true,
					Help: "CHG-7",
				},
				{
					Name: "verdict", Kind: bot.ChoiceParam, Fixed: true, Bare: true, Match: verdictWord, Form: true,
					Options: choices(string(incident.Suspect), string(incident.NotRelated)),
					Help:    "suspect (default) or not-related.",
				},
			},
			Handle: s.suspect,
		},
		{
			Name: "incident.snooze", Summary: "keep the update reminder quiet for a while", Example: "/incident snooze 30m",
			Title:  "Snooze the reminder",
			Params: []bot.Param{s.id(), minutes}, Handle: s.snooze,
		},
		{
			Name: "incident.remind", Title: "Update reminders", Summary: "stop or start the update reminders of an incident",
			Example: "/incident remind off",
			Params: []bot.Param{
				s.id(),
				{
					Name: "reminders", Kind: bot.ChoiceParam, Fixed: true, Bare: true, Form: true, Required: true,
					Options: choices("off", "on"), Help: "off or on.",
				},
			},
			Handle: s.mute,
		},
		{
			Name: "incident.review", Aliases: []string{"pm", "postmortem"}, Title: "Write the review", Submit: "Save",
			Summary: "write or publish the post-mortem review",
			Example: "/incident review happened=\"A release broke the login\"", Asks: true,
			Params: []bot.Param{
				s.endedID(), part("happened", "What happened", "The story in a few sentences."),
				part("contributing", "Contributing factors", "More than one cause; no names."),
				part("well", "What went well", "Worth keeping."), part("hard", "What was hard", "Worth changing."), publish,
			}, Handle: s.review, Prefill: s.prefillRecord,
		},
		{
			Name: "incident.export", Title: "Post-mortem", Submit: "Show", Reads: true,
			Summary: "show the post-mortem document", Example: "/incident export INC-1",
			Params: []bot.Param{s.anyID()}, Handle: s.export,
		},
	}
}
