package view

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// NewAction opens the form of a new change.
var NewAction = bot.Action{Label: "Request a change", Command: "change.new", Style: bot.Primary, Form: true}

// ListLine is a change in a list.
func ListLine(c *change.Change) bot.Text {
	t := bot.T(icon(c)+" ", bot.Bold(c.ID()), " · "+c.State.Label())
	if c.Hold.Why != "" {
		t = append(t, bot.T(" (on hold)")...)
	}
	if c.Risk.Level != "" {
		t = append(t, bot.T(" · "+string(c.Risk.Level))...)
	}
	where := value.Listed(c.Services) + " · " + c.Env
	t = append(t, bot.T(" — "+value.Shown(c.Title, 120)+"\n"+where+" · by ", bot.By(c.Requester, c.Agent))...)
	if c.Window.Set() {
		t = append(t, bot.T(" · ", c.Window.Start, " to ", c.Window.End)...)
	}
	if why, back := c.WentBack(); back {
		t = append(t, bot.T("\n", bot.Bold("Rolled back: "), value.Cut(cmp.Or(why, "no reason was given"), 120))...)
	}
	return t
}

// listTitles are the titles of lists, by what is asked for.
var listTitles = map[string]string{
	"open":      "Open changes",
	"mine":      "Your changes",
	"pending":   "Changes that wait for approval",
	"today":     "Changes today",
	"week":      "Changes of the next seven days",
	"emergency": "Emergency changes",
	"all":       "Changes",
}

// listNone says that nothing is in a list.
var listNone = map[string]string{
	"open":      "No change is open.",
	"mine":      "You have requested no change.",
	"pending":   "No change waits for approval.",
	"today":     "No change is planned for today.",
	"week":      "No change is planned for the next seven days.",
	"emergency": "There was no emergency change.",
	"all":       "No change matches.",
}

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

// ListPage is a list as a page.
func ListPage(found []*change.Change, which string, more bool, c *bot.Call) bot.Page {
	t := &bot.Table{Columns: []string{
		"Change", "Type", "Risk", "State", "Title", "Services", "Environment", "Requester", "Start", "End",
	}, Main: 4}
	for _, x := range found {
		start, end := bot.Text{}, bot.Text{}
		if !x.Window.Start.IsZero() {
			start, end = bot.T(x.Window.Start), bot.T(x.Window.End)
		}
		t.Rows = append(t.Rows, bot.Row{Object: x.ID(), Cells: []bot.Text{
			bot.T(x.ID()),
			bot.T(string(x.Type)),
			bot.T(string(x.Risk.Level)),
			bot.T(x.State.Label()),
			bot.T(value.Isolate(x.Title)),
			bot.T(strings.Join(x.Services, ", ")),
			bot.T(x.Env),
			bot.T(x.Requester),
			start,
			end,
		}, Marks: map[int]bot.Mark{3: Mark(x)}})
	}
	if more {
		t.Next = older(found, which, c)
	}
	return bot.Page{Title: listTitles[which], Table: t, Actions: []bot.Action{NewAction}, Filters: listFilters}
}

// listFilters cut a list down.
var listFilters = []bot.Filter{
	{Arg: "which", Label: "Which changes", Pick: true, Options: []bot.Option{
		{Value: "open", Label: "Open"}, {Value: "pending", Label: "Wait for approval"}, {Value: "mine", Label: "Mine"},
		{Value: "today", Label: "Today"}, {Value: "week", Label: "7 days"}, {Value: "emergency", Label: "Emergency"},
		{Value: "all", Label: "All"},
	}},
	{Arg: "risk", Label: "Risk", Options: []bot.Option{
		{Value: string(policy.Low), Label: "Low"}, {Value: string(policy.Medium), Label: "Medium"},
		{Value: string(policy.High), Label: "High"},
	}},
	{Arg: "service", Label: "Service"}, {Arg: "env", Label: "Environment"},
}

// ListMessage is a list in a chat. more says that it goes on.
func ListMessage(found []*change.Change, which string, more bool, c *bot.Call) bot.Message {
	if len(found) == 0 {
		none := []bot.Section{bot.Para(listNone[which])}
		return bot.Message{Tone: bot.Good, Sections: none, Actions: []bot.Action{NewAction}}
	}
	m := bot.Message{Title: listTitles[which]}
	var options []bot.Option
	for _, x := range found {
		m.Sections = append(m.Sections, bot.Section{Text: ListLine(x)})
		options = append(options, bot.Option{Value: x.ID(), Label: x.ID() + " " + value.Shown(x.Title, 60)})
	}
	m.Actions = []bot.Action{
		{Label: "Show…", Command: "change.show", Choose: "change", Options: options},
		NewAction,
	}
	if more {
		next := bot.Action{Label: "Older", Command: "change.list", Args: older(found, which, c)}
		m.Actions = append(m.Actions, next)
	}
	return m
}

// Awaited is a change that waits for somebody, in a stage.
type Awaited struct {
	Change *change.Change
	Stage  string
}

// PendingMessage lists what waits for somebody: what is of low risk can be approved from it, the rest is looked at by
// itself.
func PendingMessage(found []Awaited, n int) bot.Message {
	if len(found) == 0 {
		return Done("Nothing waits for your decision.")
	}
	m := bot.Message{Title: fmt.Sprintf("%d changes wait for your decision", len(found)), Tone: bot.Info}
	if len(found) == 1 {
		m.Title = "One change waits for your decision"
	}
	var low []string
	var options []bot.Option
	for _, a := range found[:min(n, len(found))] {
		c := a.Change
		line := append(ListLine(c), bot.T(" · "+a.Stage)...)
		if d := c.Deadline(); !d.IsZero() {
			line = append(line, bot.T(" · expires ", d)...)
		}
		m.Sections = append(m.Sections, bot.Section{Text: line})
		options = append(options, bot.Option{Value: c.ID(), Label: c.ID() + " " + value.Shown(c.Title, 60)})
		if c.Risk.Level == policy.Low && c.State == change.Pending {
			low = append(low, fmt.Sprintf("%s:%d", c.ID(), c.Revision))
			if len(low) <= 3 {
				m.Actions = append(m.Actions, ApproveAction(c, "Approve "+c.ID()))
			}
		}
	}
	if rest := len(found) - n; rest > 0 {
		m.Sections = append(m.Sections, bot.Para(fmt.Sprintf("… and %d more: /change pending", rest)))
	}
	first := []bot.Action{{
		Label: "Look at one…", Command: "change.show", Choose: "change", Options: options, Style: bot.Primary,
	}}
	if len(low) > 1 {
		first = append(first, bot.Action{
			Label:   fmt.Sprintf("Approve all %d of low risk", len(low)),
			Command: "change.bulk",
			Args:    map[string]string{"changes": strings.Join(low, ",")},
			Confirm: "Approve all of these in the revisions that are shown here?",
		})
	}
	m.Actions = append(first, m.Actions...)
	return m
}
