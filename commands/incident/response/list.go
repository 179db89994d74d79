package response

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/incident"
	"github.com/watchbell/watchbell/commands/incident/view"
)

// How much a list shows: in chat, and on a page.
const (
	pageSize = 10
	rows     = 50
)

func (s *Service) list(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	which := c.Text("which")
	if which == "" {
		which = "open"
	}
	size := pageSize
	if c.Paged {
		size = rows
	}
	f := Filter{
		Open: which != "all", Severities: c.List("severity"), Service: c.Text("service"), Before: int64(c.Number("before")),
		Limit: size + 1,
	}
	if which == "mine" {
		f.Person = c.Person.ID
	}
	if c.Given("since") {
		f.Since = c.Now.Add(-c.Duration("since"))
	}
	read := s.store.List
	if which == "stale" {
		read = s.stale
	}
	found, err := read(ctx, f)
	if err != nil {
		return bot.Reply{}, err
	}
	more := len(found) > size
	found = found[:min(len(found), size)]
	if c.Paged {
		p, err := s.listPage(ctx, found, which, more, c)
		return bot.Look(p), err
	}
	return bot.Answer(listMessage(found, which, more, c)), nil
}

var listTitles = map[string]string{
	"open": "Open incidents", "mine": "Your open incidents", "stale": "Stale incidents", "all": "Incidents",
}

// older are the arguments that show what follows in a list.
func older(found []*incident.Incident, which string, c *bot.Call) map[string]string {
	args := map[string]string{"which": which, "before": strconv.FormatInt(found[len(found)-1].Number, 10)}
	if l := c.List("severity"); len(l) > 0 {
		args["severity"] = strings.Join(l, ",")
	}
	if c.Given("service") {
		args["service"] = c.Text("service")
	}
	if c.Given("since") {
		args["since"] = fmt.Sprintf("%dm", int(c.Duration("since").Minutes()))
	}
	return args
}

func (s *Service) listPage(ctx context.Context, found []*incident.Incident, which string, more bool, c *bot.Call) (
	bot.Page, error,
) {
	t := view.Table(found, c.Now)
	if more {
		t.Next = older(found, which, c)
	}
	services, err := bot.ServiceOptions(s.services)(ctx)
	severities := []bot.Option{}
	for _, e := range incident.Severities {
		severities = append(severities, bot.Option{Value: string(e.Severity), Label: e.Severity.Label()})
	}
	return bot.Page{Title: listTitles[which], Table: t, Actions: []bot.Action{declareAction}, Filters: []bot.Filter{
		{Arg: "which", Label: "Which incidents", Pick: true, Options: []bot.Option{
			{Value: "open", Label: "Open"}, {Value: "mine", Label: "Mine"}, {Value: "stale", Label: "Stale"},
			{Value: "all", Label: "All"},
		}},
		{Arg: "severity", Label: "Severity", Options: severities}, {Arg: "service", Label: "Service", Options: services},
	}}, err
}

// stale lists the incidents on which no person did anything for longer than their severity allows.
func (s *Service) stale(ctx context.Context, f Filter) ([]*incident.Incident, error) {
	wanted, now := f.Limit, s.clock.Now()
	f.Limit = 200
	var kept []*incident.Incident
	for {
		list, err := s.store.List(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, i := range list {
			f.Before = i.Number
			if !i.Nudge(incident.Stale, now, s.policy).Due.IsZero() {
				kept = append(kept, i)
			}
			if len(kept) == wanted {
				return kept, nil
			}
		}
		if len(list) < f.Limit {
			return kept, nil
		}
	}
}

func listMessage(found []*incident.Incident, which string, more bool, c *bot.Call) bot.Message {
	if len(found) == 0 {
		what := map[string]string{
			"open": "No incident is open.", "mine": "You are on no open incident.", "stale": "No open incident is stale.",
			"all": "No incident matches.",
		}[which]
		return bot.Message{Tone: bot.Good, Sections: []bot.Section{bot.Para(what)}, Actions: []bot.Action{declareAction}}
	}
	m := bot.Message{Title: listTitles[which]}
	for _, i := range found {
		lead := bot.T("no lead")
		if i.Lead != "" {
			lead = bot.T("lead ", i.Lead)
		}
		line := bot.T(
			incident.Icon(i)+" ", bot.Bold(i.ID()),
			" · "+i.Severity.Label()+" · "+i.State.Label()+" — "+value.Isolate(i.Title)+"\n",
			lead, " · declared ", i.Declared, " · "+value.FormatDuration(i.Duration(c.Now)),
		)
		if len(i.Services) > 0 {
			line = append(line, bot.T(" · "+strings.Join(i.Services, ", "))...)
		}
		m.Sections = append(m.Sections, bot.Section{Text: line})
	}
	m.Actions = []bot.Action{
		{Label: "Show…", Command: "incident.show", Choose: "incident", Options: pick(found)}, declareAction,
	}
	if more {
		m.Actions = append(m.Actions, bot.Action{Label: "Older", Command: "incident.list", Args: older(found, which, c)})
	}
	return m
}

func pick(list []*incident.Incident) []bot.Option {
	options := make([]bot.Option, 0, len(list))
	for _, i := range list {
		options = append(options, bot.Option{Value: i.ID(), Label: i.ID() + " " + value.Shown(i.Title, 60)})
	}
	return options
}

// openIncidents are the choices where no place says which incident is meant.
func (s *Service) openIncidents(ctx context.Context) ([]bot.Option, error) {
	list, err := s.store.List(ctx, Filter{Open: true, Limit: maxPicked})
	return pick(list), err
}

func (s *Service) openOrRecent(ctx context.Context) ([]bot.Option, error) {
	if open, err := s.openIncidents(ctx); err != nil || len(open) > 0 {
		return open, err
	}
	return s.recentIncidents(ctx)
}

func (s *Service) endedIncidents(ctx context.Context) ([]bot.Option, error) {
	list, err := s.store.List(ctx, Filter{Limit: bot.MaxOptions})
	return pick(slices.DeleteFunc(list, func(i *incident.Incident) bool { return i.State.Open() })), err
}

func (s *Service) recentIncidents(ctx context.Context) ([]bot.Option, error) {
	list, err := s.store.List(ctx, Filter{Limit: maxPicked})
	return pick(list), err
}
