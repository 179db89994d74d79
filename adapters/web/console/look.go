package console

import (
	"crypto/rand"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/adapters/web/markup"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// looker turns values of the core into values of the templates, for one person on one page.
type looker struct {
	c    *Console
	v    Viewer
	here string
	now  time.Time
	view *bot.View // that the page belongs to

	filled *bool // a page has one filled button at most
}

func (c *Console) looker(v Viewer, here string) looker {
	return looker{c: c, v: v, here: here, now: c.o.Clock.Now(), filled: new(bool)}
}

// panelView is a panel as its template needs it.
type panelView struct {
	Title, Note, Empty string
	ID                 string // its anchor
	Mine               bool
	Facts              []factView
	Long               bool // the facts are the main thing
	Lines              []lineView
	Table              *tableView
	Message            *messageView
	Entries            []entryView
	Picture            *bot.Picture
	Week               *weekView
	More               *link
	Actions            []actionView
}

type link struct {
	Label, Path string
	Current     bool
}

type factView struct {
	Label string
	Value []markup.Span
}

type lineView struct {
	Mark  bot.Mark
	Lead  []markup.Span
	ID    string
	Path  string
	Title string
	State bot.Mark
	Note  []markup.Span
	End   []markup.Span
	Due   string // the class of the end
	Done  bool

	Tick    *actionView
	Actions []actionView
}

type entryView struct {
	At   []markup.Span
	Icon bot.Icon
	Tone bot.Tone
	Text []markup.Span
	Said []markup.Span
}

type messageView struct {
	markup.Message
	Buttons []actionView
	Rest    []actionView
}

// actionView is a button: a form of its own that posts what it stands for.
type actionView struct {
	bot.Action
	ID      string // names the action, so that pressing twice does it once
	Back    string
	Path    string // it leads to a page instead
	Class   string
	Choices []bot.Option // one of which is chosen
	Small   bool
	Tick    string // what it ticks off
}

func (l looker) text(t bot.Text) []markup.Span { return markup.TextFor(l.v.Person, t, l.now) }

func (l looker) panel(p bot.Panel) panelView {
	view := panelView{
		Title: p.Title, Note: p.Note, Empty: p.Empty, ID: anchor(p.Title), Mine: p.Place == bot.Mine && len(p.Lines) > 0,
		Facts: l.facts(p.Facts), Long: p.Place != bot.Aside, Table: l.table(p.Table, nil), Message: l.message(p.Message),
		Picture: p.Picture, Week: l.week(p.Week), Actions: l.actions(p.Actions, true),
	}
	for _, line := range p.Lines {
		view.Lines = append(view.Lines, l.line(line))
	}
	if view.Note == "" && len(p.Lines) > 0 {
		view.Note = strconv.Itoa(len(p.Lines))
	}
	for _, e := range p.Entries {
		view.Entries = append(view.Entries, entryView{l.text(e.At), e.Icon, e.Tone, l.text(e.Text), l.text(e.Said)})
	}
	if p.More != nil {
		view.More = &link{Label: p.More.Label, Path: l.jump(*p.More)}
	}
	if len(view.Facts)+len(view.Lines)+len(view.Entries) > 0 || view.Table != nil || view.Message != nil ||
		view.Picture != nil || view.Week != nil {
		view.Empty = ""
	}
	return view
}

func anchor(title string) string {
	return strings.ReplaceAll(strings.ToLower(value.Slug(title, 40)), "_", "-")
}

func (l looker) facts(fields []bot.Field) []factView {
	var list []factView
	for _, f := range fields {
		list = append(list, factView{f.Label, l.text(f.Value)})
	}
	return list
}

func (l looker) line(line bot.Line) lineView {
	view := lineView{
		Mark: line.Mark, Lead: l.text(line.Lead), ID: line.Object, Title: line.Title, State: line.State,
		Note: l.text(line.Note), End: l.text(line.End), Done: line.Done,
		Due:     map[bot.Tone]string{bot.Warning: "due soon", bot.Critical: "due late"}[line.Tone],
		Actions: l.actions(line.Actions, true),
	}
	switch {
	case line.Jump != nil:
		view.Path = l.jump(*line.Jump)
	case line.Object != "":
		view.Path = l.c.pathOf(line.Object)
	}
	if line.Tick != nil {
		tick := l.action(*line.Tick, true)
		tick.Tick = line.Title
		view.Tick = &tick
	}
	return view
}

func (l looker) jump(j bot.Jump) string {
	if j.Object != "" {
		return l.c.pathOf(j.Object)
	}
	return viewPath(j.View, j.Args)
}

func (l looker) message(m *bot.Message) *messageView {
	if m == nil {
		return nil
	}
	view := messageView{Message: markup.MessageFor(l.v.Person, *m, l.now)}
	view.Buttons, view.Rest = l.offer(m.Actions)
	return &view
}

// offer splits the actions of a page or message: the first ones are buttons, the others entries of More.
func (l looker) offer(actions []bot.Action) (buttons, more []actionView) {
	first, rest := bot.Message{Actions: actions}.Offer()
	return l.actions(first, false), l.actions(rest, false)
}

func (l looker) actions(list []bot.Action, small bool) []actionView {
	var views []actionView
	for _, a := range list {
		views = append(views, l.action(a, small))
	}
	return views
}

func (l looker) action(a bot.Action, small bool) actionView {
	view := actionView{Action: a, ID: rand.Text(), Back: l.here, Class: string(a.Style), Small: small, Choices: a.Options}
	if a.Style == bot.Primary {
		if *l.filled {
			view.Class = ""
		}
		*l.filled = true
	}
	if a.People {
		for _, p := range l.v.People {
			view.Choices = append(view.Choices, markup.PersonOption(p))
		}
	}
	view.Path = l.leads(a)
	return view
}

// leads is where an action leads that does nothing but show a page or open a form. Everything else is posted.
func (l looker) leads(a bot.Action) string {
	if a.Form && a.Quote == nil && a.Choose == "" && len(a.Values) == 0 {
		q := url.Values{}
		for k, v := range a.Args {
			q.Set(k, v)
		}
		q.Set(backArg, l.here)
		return "/do/" + url.PathEscape(a.Command) + "?" + q.Encode()
	}
	if a.Choose != "" {
		return ""
	}
	for _, v := range l.c.o.Core.Views() {
		switch {
		case v.Command == a.Command:
			return viewPath(v.Name, a.Args)
		case v.One != nil && v.One.Command == a.Command && a.Args[v.One.Arg] != "":
			return thingPath(v, a.Args[v.One.Arg])
		}
		if v.One == nil || a.Args[v.One.Arg] == "" {
			continue
		}
		if i := slices.IndexFunc(v.One.Tabs, func(t bot.Tab) bool { return t.Command == a.Command }); i >= 0 {
			return thingPath(v, a.Args[v.One.Arg]) + "/" + v.One.Tabs[i].Name
		}
	}
	return ""
}
