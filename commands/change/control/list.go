package control

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/commands/change/view"
)

// How much a list shows: in chat, and on a page.
const (
	pageSize = 10
	rows     = 50
)

func (s *Service) list(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	which := cmp.Or(c.Text("which"), "open")
	size := pageSize
	if c.Paged {
		size = rows
	}
	f := change.Filter{Service: strings.Join(c.List("service"), ""), Env: c.Text("env"), Level: policy.Level(c.Text("risk")), Before: int64(c.Number("before")), Limit: size + 1}
	if len(c.List("service")) > 1 {
		return bot.Reply{}, bot.Errorf(bot.Invalid, "Name one service, like: /change list service=%s", c.List("service")[0]).About("service")
	}
	day := c.Now.In(c.Zone)
	day = time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, c.Zone)
	switch which {
	case "open":
		f.States = []change.State{change.Draft, change.Pending, change.Approved, change.Implementing, change.Verifying, change.RollingBack, change.Review}
	case "pending":
		f.States = []change.State{change.Pending}
	case "mine":
		f.Requester = c.Person.ID
	case "emergency":
		f.Type = policy.Emergency
	case "today":
		f.From, f.To = day.UTC(), day.AddDate(0, 0, 1).UTC()
	case "week":
		f.From, f.To = day.UTC(), day.AddDate(0, 0, 7).UTC()
	}
	if states := c.List("state"); len(states) > 0 {
		f.States = nil
		for _, st := range states {
			f.States = append(f.States, change.State(st))
		}
	}
	found, err := s.store.List(ctx, f)
	if err != nil {
		return bot.Reply{}, err
	}
	more := len(found) > size
	found = found[:min(len(found), size)]
	if c.Paged {
		return bot.Look(listPage(found, which, more, c)), nil
	}
	return bot.Answer(listMessage(found, which, more, c)), nil
}

var listTitles = map[string]string{"open": "Open changes", "mine": "Your changes", "pending": "Changes that wait for approval", "today": "Changes today", "week": "Changes of the next seven days", "emergency": "Emergency changes", "all": "Changes"}

// older are the arguments that show what follows in a list.
func older(found []*change.Change, which string, c *bot.Call) map[string]string {
	args := map[string]string{"which": which, "before": strconv.FormatInt(found[len(found)-1].Number, 10)}
	for _, name := range []string{"env", "risk"} {
		if c.Given(name) {
			args[name] = c.Text(name)
		}
	}
	for _, name := range []string{"service", "state"} {
		if l := c.List(name); len(l) > 0 {
			args[name] = strings.Join(l, ",")
		}
	}
	return args
}

func listPage(found []*change.Change, which string, more bool, c *bot.Call) bot.Page {
	t := &bot.Table{Columns: []string{"Change", "Type", "Risk", "State", "Title", "Services", "Environment", "Requester", "Start", "End"}}
	for _, x := range found {
		start, end := bot.Text{}, bot.Text{}
		if !x.Window.Start.IsZero() {
			start, end = bot.T(x.Window.Start), bot.T(x.Window.End)
		}
		t.Rows = append(t.Rows, bot.Row{Object: x.ID(), Cells: []bot.Text{bot.T(x.ID()), bot.T(string(x.Type)), bot.T(string(x.Risk.Level)), bot.T(x.State.Label()), bot.T(value.Isolate(x.Title)),
			bot.T(strings.Join(x.Services, ", ")), bot.T(x.Env), bot.T(x.Requester), start, end}})
	}
	if more {
		t.Next = older(found, which, c)
	}
	return bot.Page{Title: listTitles[which], Table: t, Actions: []bot.Action{newAction}}
}

func listMessage(found []*change.Change, which string, more bool, c *bot.Call) bot.Message {
	if len(found) == 0 {
		none := map[string]string{"open": "No change is open.", "mine": "You have requested no change.", "pending": "No change waits for approval.", "today": "No change is planned for today.", "week": "No change is planned for the next seven days.", "emergency": "There was no emergency change.", "all": "No change matches."}
		return bot.Message{Tone: bot.Good, Sections: []bot.Section{bot.Para(none[which])}, Actions: []bot.Action{newAction}}
	}
	m := bot.Message{Title: listTitles[which]}
	var options []bot.Option
	for _, x := range found {
		m.Sections = append(m.Sections, bot.Section{Text: view.ListLine(x)})
		options = append(options, bot.Option{Value: x.ID(), Label: x.ID() + " " + value.Shown(x.Title, 60)})
	}
	m.Actions = []bot.Action{{Label: "Show…", Command: "change.show", Choose: "change", Options: options}, newAction}
	if more {
		m.Actions = append(m.Actions, bot.Action{Label: "Older", Command: "change.list", Args: older(found, which, c)})
	}
	return m
}

// asked is a change that waits for somebody, in a stage.
type asked struct {
	Change *change.Change
	Stage  string
}

// waiting lists what waits for somebody's decision, most urgent first.
func (s *Service) waiting(ctx context.Context, who bot.PersonID, limit int) ([]asked, error) {
	found, err := s.waitingUpTo(ctx, who, 0)
	slices.SortStableFunc(found, func(a, b asked) int { return a.Change.Deadline().Compare(b.Change.Deadline()) })
	return found[:min(len(found), limit)], err
}

// waitingUpTo looks for what waits for somebody's decision, the newest first, until it has found so many; 0 is all. Who is in which group is read
// once for all.
func (s *Service) waitingUpTo(ctx context.Context, who bot.PersonID, enough int) ([]asked, error) {
	page := 200
	if enough > 0 {
		page = 4 * enough
	}
	var found []asked
	rosters := map[string]change.Roster{}
	delegations, err := s.ledger.Delegations(ctx, s.clock.Now())
	if err != nil {
		return nil, err
	}
	people, err := s.o.People(ctx)
	if err != nil {
		return nil, err
	}
	p := place{people: people}
	if p.kat, err = s.catalogOf(ctx, people); err != nil {
		return nil, err
	}
	for before := int64(0); ; {
		list, err := s.store.List(ctx, change.Filter{States: []change.State{change.Pending, change.Implementing, change.Verifying, change.RollingBack, change.Review}, Before: before, Limit: page})
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			before = c.Number
			name := c.Needs.SHA + strings.Join(c.Services, ",")
			r, ok := rosters[name]
			if !ok {
				if r, err = s.roster(ctx, p, c.Needs.Groups, c.Services, false); err != nil {
					return nil, err
				}
				rosters[name] = r
			}
			if stage := c.WaitsFor(who, r, delegations, s.clock.Now()); stage != "" {
				found = append(found, asked{c, stage})
			}
			if enough > 0 && len(found) == enough {
				return found, nil
			}
		}
		if len(list) < page {
			return found, nil
		}
	}
}

func (s *Service) pending(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	found, err := s.waiting(ctx, c.Person.ID, 1000)
	if err != nil {
		return bot.Reply{}, err
	}
	after := c.Number("after")
	m := pendingMessage(found[min(after, len(found)):], pageSize)
	if rest := len(found) - after - pageSize; rest > 0 {
		m.Actions = append(m.Actions, bot.Action{Label: fmt.Sprintf("%d more", rest), Command: "change.pending", Args: map[string]string{"after": strconv.Itoa(after + pageSize)}})
	}
	return bot.Answer(m), nil
}

// pendingMessage lists what waits for somebody: what is of low risk can be approved from it, the rest is looked at by itself.
func pendingMessage(found []asked, n int) bot.Message {
	if len(found) == 0 {
		return view.Done("Nothing waits for your decision.")
	}
	m := bot.Message{Title: fmt.Sprintf("%d changes wait for your decision", len(found)), Tone: bot.Info}
	if len(found) == 1 {
		m.Title = "One change waits for your decision"
	}
	var low []string
	var options []bot.Option
	for _, a := range found[:min(n, len(found))] {
		c := a.Change
		line := append(view.ListLine(c), bot.T(" · "+a.Stage)...)
		if d := c.Deadline(); !d.IsZero() {
			line = append(line, bot.T(" · expires ", d)...)
		}
		m.Sections = append(m.Sections, bot.Section{Text: line})
		options = append(options, bot.Option{Value: c.ID(), Label: c.ID() + " " + value.Shown(c.Title, 60)})
		if c.Risk.Level == policy.Low && c.State == change.Pending {
			low = append(low, fmt.Sprintf("%s:%d", c.ID(), c.Revision))
			if len(low) <= 3 {
				m.Actions = append(m.Actions, view.ApproveAction(c, "Approve "+c.ID()))
			}
		}
	}
	if rest := len(found) - n; rest > 0 {
		m.Sections = append(m.Sections, bot.Para(fmt.Sprintf("… and %d more: /change pending", rest)))
	}
	first := []bot.Action{{Label: "Look at one…", Command: "change.show", Choose: "change", Options: options, Style: bot.Primary}}
	if len(low) > 1 {
		first = append(first, bot.Action{Label: fmt.Sprintf("Approve all %d of low risk", len(low)), Command: "change.bulk", Args: map[string]string{"changes": strings.Join(low, ",")},
			Confirm: "Approve all of these in the revisions that are shown here?"})
	}
	m.Actions = append(first, m.Actions...)
	return m
}

// How much somebody's own page lists.
const homeLines = 5

func (s *Service) home(ctx context.Context, p bot.Person) ([]bot.Message, error) {
	waiting, err := s.waiting(ctx, p.ID, 100)
	if err != nil {
		return nil, err
	}
	mine, err := s.store.List(ctx, change.Filter{Requester: p.ID, States: []change.State{change.Draft, change.Pending, change.Approved, change.Implementing, change.Verifying, change.RollingBack, change.Review}, Limit: homeLines})
	if err != nil {
		return nil, err
	}
	top := bot.Message{Title: "Changes", Actions: []bot.Action{newAction, {Label: "This week", Command: "change.list", Args: map[string]string{"which": "week"}}}}
	top.Sections = []bot.Section{bot.Para("Nothing waits for your decision.")}
	messages := []bot.Message{top}
	if len(waiting) > 0 {
		messages[0].Sections = nil
		messages = append(messages, pendingMessage(waiting, homeLines))
	}
	for _, c := range mine {
		messages = append(messages, bot.Message{Sections: []bot.Section{{Text: view.ListLine(c)}}, Actions: []bot.Action{view.Act("Show", "change.show", c)}})
	}
	return messages, nil
}
