package web_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/value"
)

// scripted stands in for the core: it knows a few words, and remembers what it was asked.
type scripted struct {
	chat  *web.Chat
	clock *bottest.Clock
	hold  chan struct{} // "/slow" waits for it

	mu    sync.Mutex
	asked []bot.Request
	room  bot.Conversation
	card  bot.MessageRef
	sev   string
	lead  bot.PersonID
}

// started waits until Run has taken the bot: only then the pages may ask.
func (s *scripted) started(t *testing.T) {
	t.Helper()
	for range 400 {
		if s.chat.Health() == nil {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("the chat does not start")
}

func (s *scripted) requests() []bot.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]bot.Request(nil), s.asked...)
}

func (s *scripted) receive(ctx context.Context, r bot.Request) bot.Reply {
	s.mu.Lock()
	s.asked = append(s.asked, r)
	s.mu.Unlock()
	switch {
	case r.Shortcut != "":
		return bot.Reply{
			Status: bot.FormOpen,
			Form: &bot.Form{Token: "f-declare", Title: "Declare an incident", Submit: "Declare",
				Inputs: []bot.Input{{Name: "title", Label: "Title", Kind: bot.LineInput, Required: true, Value: r.Quote.Text}}},
		}
	case r.Values != nil:
		return s.submitted(ctx, r)
	case r.Token != "":
		return s.clicked(ctx, r)
	case strings.HasPrefix(r.Text, "/incident declare "):
		return s.declare(ctx, r)
	case r.Text == "/incident update":
		return bot.Reply{Status: bot.FormOpen, Form: updateForm("", "")}
	case strings.HasPrefix(r.Text, "/slow"):
		select {
		case <-s.hold:
		case <-ctx.Done():
			return bot.Answer(bot.Say("It was broken off."))
		}
		if strings.HasSuffix(r.Text, "form") {
			return bot.Reply{Status: bot.FormOpen, Form: updateForm("", "")}
		}
		if strings.HasSuffix(r.Text, "secret") {
			return secretAnswer()
		}
		return bot.Answer(bot.Say("It took its time."))
	case r.Text == "/secret":
		return secretAnswer()
	case r.Text == "/lost": // the first time nobody can carry it out
		if len(s.requests()) == 1 {
			return bot.Reply{
				Status:  bot.Unready,
				Message: &bot.Message{Tone: bot.Critical, Sections: []bot.Section{bot.Para("This may not have been recorded.")}},
			}
		}
		return bot.Answer(bot.Say("It is recorded."))
	case r.Text == "/incident help":
		return bot.Answer(helpMessage())
	}
	return bot.Reply{
		Status: bot.Usage,
		Message: &bot.Message{
			Tone:     bot.Warning,
			Sections: []bot.Section{bot.Para("There is no command " + r.Text + ". Did you mean /incident declare?")},
		},
	}
}

// secretAnswer is one whose words must not be kept.
func secretAnswer() bot.Reply {
	r, kept := bot.Answer(bot.Say("The secret is 4711.")), bot.Say("A secret was shown once.")
	r.Kept = &kept
	return r
}

func helpMessage() bot.Message {
	return bot.Message{Title: "/incident: declare and run incidents", Sections: []bot.Section{{Fields: []bot.Field{
		{
			Label: "/incident declare Checkout returns 502 sev2 service=payments",
			Value: bot.T("declare an incident; the title is enough"),
		},
		{Label: "/incident list all severity=sev1,sev2 since=7d", Value: bot.T("list incidents: open, mine, stale or all")},
		{Label: "/incident resolve Rolled back release 42, error rate is normal", Value: bot.T("end the incident")},
	}}},
		Context: []bot.Text{bot.T("For one command with all its options write ", bot.Code("/incident help declare"), ".")}}
}

func (s *scripted) declare(ctx context.Context, r bot.Request) bot.Reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sev = "SEV2"
	var err error
	if s.room, err = s.chat.OpenChannel(ctx, "inc-42-checkout-returns-502", "inc-42"); err == nil {
		err = s.chat.Invite(ctx, s.room, r.From)
	}
	if err == nil {
		err = s.chat.SetTopic(ctx, s.room, "SEV2 · Investigating · no lead yet · INC-42 · Checkout returns 502")
	}
	if err == nil {
		s.card, err = s.chat.Post(ctx, s.room, s.incident(), "card")
	}
	if err == nil {
		err = s.chat.Pin(ctx, s.card)
	}
	if err != nil {
		return bot.Reply{
			Status: bot.Unready, Message: &bot.Message{Tone: bot.Critical, Sections: []bot.Section{bot.Para(err.Error())}},
		}
	}
	return bot.Answer(bot.Message{
		Tone: bot.Good,
		Sections: []bot.Section{
			bot.Para("Declared ", bot.Bold("INC-42"), " (SEV2): Checkout returns 502. It has its own channel now: ",
				bot.InChannel(s.room, "inc-42-checkout-returns-502")),
		},
	})
}

func (s *scripted) incident() bot.Message { return incidentCard(s.sev, s.lead, s.clock.Now()) }

// incidentCard looks like the card of the real thing.
func incidentCard(sev string, lead bot.PersonID, started time.Time) bot.Message {
	person := func(p bot.PersonID, none string) bot.Text {
		if p == "" {
			return bot.T(none)
		}
		names := map[bot.PersonID]string{"ana": "Ana Ruiz", "ben": "Ben Okafor"}
		return bot.Text{{Kind: bot.PersonSpan, Ref: string(p), User: string(p), Text: names[p]}}
	}
	m := bot.Message{
		Title: "🟠 INC-42 · " + sev + " · Investigating — Checkout returns 502", Tone: bot.Warning,
		Sections: []bot.Section{
			{
				Text: bot.T(
					bot.Bold("Impact: "), "one in five customers cannot pay · ", bot.Bold("Services: "), "payments, web\n",
					bot.Bold("Started "), started, " · ",
					bot.Bold("next update due "), started.Add(43*time.Minute),
				),
			},
			{
				Fields: []bot.Field{
					{Label: "Lead", Value: person(lead, "⚠ unassigned — take it")}, {Label: "Deputy", Value: bot.T("—")},
					{Label: "Comms", Value: person("ben", "")}, {Label: "Scribe", Value: bot.T("—")},
				},
			},
		},
		Context: []bot.Text{bot.T("v3 · reported by ", person("ana", ""))},
	}
	for _, a := range []bot.Action{
		{Label: "Give update", Style: bot.Primary, Token: "t-update"},
		{
			Label: "Change severity", Token: "t-sev", Choose: "severity",
			Options: []bot.Option{
				{Value: "SEV1", Label: "SEV1 – critical: many customers, or money is lost"},
				{Value: "SEV3", Label: "SEV3 – minor: few notice, there is a way around"},
			},
		},
		{Label: "Task", Token: "t-task", Choose: "person", People: true},
		{Label: "Take lead", Token: "t-lead"}, {Label: "Note", Token: "t-note"},
		{Label: "Resolve", Style: bot.Danger, Token: "t-resolve"},
	} {
		a.Command = "incident." + a.Token[2:]
		m.Actions = append(m.Actions, a)
	}
	return m
}

func updateForm(text, problem string) *bot.Form {
	return &bot.Form{
		Token: "f-update", Command: "incident.update", Title: "Give an update", Submit: "Send update",
		Inputs: []bot.Input{
			{
				Name: "text", Label: "Update", Kind: bot.ParagraphInput, Required: true, Value: text, Error: problem,
				Help: "What is known, what is being done.",
			},
			{
				Name: "status", Label: "Status", Kind: bot.ChoiceInput, Value: "investigating",
				Help: "investigating, identified or monitoring.",
				Options: []bot.Option{
					{Value: "investigating", Label: "Investigating"}, {Value: "identified", Label: "Identified"},
					{Value: "monitoring", Label: "Monitoring"},
				},
			},
			{Name: "owner", Label: "Next update by", Kind: bot.PersonInput},
			{
				Name: "service", Label: "Services", Kind: bot.ChoicesInput, Value: "payments",
				Options: []bot.Option{
					{Value: "payments", Label: "Payments"}, {Value: "web", Label: "Web shop"}, {Value: "search", Label: "Search"},
				},
			},
			{Name: "next", Label: "Next update in", Kind: bot.LineInput, Help: "30m or 2h; default by severity."},
		},
	}
}

// askingForm asks in the ways that not every platform has: with pickers of times and days, and with choices that are
// found by typing.
func askingForm(now time.Time) *bot.Form {
	few := []bot.Option{{Value: "payments", Label: "Payments"}, {Value: "web", Label: "Web shop"}}
	return &bot.Form{
		Token: "f-asking", Command: "change.new", Title: "Request a change", Submit: "Request",
		Inputs: []bot.Input{
			{Name: "title", Label: "Title", Kind: bot.LineInput, Required: true, Value: "Resize the database"},
			{Name: "implementer", Label: "Who carries it out", Kind: bot.PersonInput},
			{
				Name: "service", Label: "Services", Kind: bot.ChoicesInput, Required: true, Value: "payments", Options: few,
				Search: true, Help: "There are 240: type part of a name.",
			},
			{
				Name: "incident", Label: "Incident", Kind: bot.ChoiceInput,
				Options: []bot.Option{{Value: "INC-1", Label: "INC-1 Checkout returns 502"}}, Search: true,
			},
			{
				Name: "start", Label: "Window opens", Kind: bot.TimeInput, Required: true, Value: "tomorrow 22:00",
				Time: now.Add(12 * time.Hour), Help: "In your own time zone.",
			},
			{
				Name: "end", Label: "Window closes", Kind: bot.TimeInput, Value: "half past ten",
				Error: "“half past ten” is no time. Write 22:30.",
			},
			{Name: "review", Label: "Review on", Kind: bot.DayInput, Value: "1 mar 2027",
				Day: value.Day{Year: 2027, Month: time.March, Day: 1}},
			{Name: "expires", Label: "Expires on", Kind: bot.DayInput, Value: "01/02/2027",
				Error: "“01/02/2027” is not a day. Write 2027-02-01."},
		},
	}
}

func (s *scripted) clicked(ctx context.Context, r bot.Request) bot.Reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch r.Token {
	case "t-update":
		return bot.Reply{Status: bot.FormOpen, Form: updateForm("", "")}
	case "t-note":
		return bot.Reply{Status: bot.FormOpen, Form: askingForm(s.clock.Now())}
	case "t-sev":
		s.sev = r.Choice
	case "t-lead":
		s.lead = bot.PersonID(r.From.User)
	case "t-resolve":
		return bot.Reply{
			Status: bot.Refused,
			Message: &bot.Message{
				Tone: bot.Warning,
				Sections: []bot.Section{
					bot.Para("You may not do this: incident.resolve needs one of the roles incident-lead, responder."),
				},
			},
		}
	}
	if err := s.chat.Edit(ctx, s.card, s.incident()); err != nil {
		return bot.Reply{Status: bot.Unready, Message: &bot.Message{Sections: []bot.Section{bot.Para(err.Error())}}}
	}
	done := bot.Answer(bot.Message{
		Tone: bot.Good, Sections: []bot.Section{bot.Para(fmt.Sprintf("Done: %s %s.", r.Token, r.Choice))},
	})
	done.Shown = r.Token == "t-lead"
	return done
}

func (s *scripted) submitted(ctx context.Context, r bot.Request) bot.Reply {
	if r.Token == "f-asking" {
		return bot.Answer(bot.Say("Requested."))
	}
	if text := r.Values["text"]; len(text) < 10 {
		return bot.Reply{
			Status: bot.Usage,
			Form:   updateForm(text, "Update needs at least 10 characters. What is known, what is being done."),
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m := bot.Message{
		Tone: bot.Info, Title: "Update #4 on INC-42", Sections: []bot.Section{{Quote: true, Text: bot.T(r.Values["text"])}},
	}
	if _, err := s.chat.Post(ctx, s.room, m, "update/"+r.Key); err != nil {
		return bot.Reply{Status: bot.Unready, Message: &bot.Message{Sections: []bot.Section{bot.Para(err.Error())}}}
	}
	return bot.Answer(bot.Message{
		Tone: bot.Good, Sections: []bot.Section{bot.Para("Update ", bot.Bold("#4"), " of INC-42 is out.")},
	})
}
