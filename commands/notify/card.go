package notify

import (
	"github.com/watchbell/watchbell/bot"
)

func done(parts ...any) bot.Message {
	m := bot.Say(parts...)
	m.Tone = bot.Good
	return m
}

var addAction = bot.Action{Label: "Add an address", Command: add, Form: true}

func about(label, command string, p *Place) bot.Action {
	return bot.Action{Label: label, Command: command, Args: map[string]string{"place": p.ID()}}
}

// added is the answer to whoever added a place.
func added(p *Place) bot.Message {
	m := done(bot.Bold(p.ID()), ", "+p.Name()+", is added. It rings when ")
	if personOf(p.Owner) != "" {
		m.Sections[0].Text = append(m.Sections[0].Text, bot.T("you are called. Try it out now.")...)
	} else {
		m.Sections[0].Text = append(m.Sections[0].Text, bot.T("anybody of "+p.Owner+" is called. Try it out now.")...)
	}
	m.Actions = []bot.Action{about("Send a test", test, p)}
	m.Context = []bot.Text{bot.T("The address is kept as a secret and not shown again.")}
	return m
}

// state is what became of the last try.
func (p *Place) state() bot.Text {
	switch {
	case p.Told.IsZero():
		return bot.T("never told anything yet")
	case p.Fault != "":
		return bot.T("⚠ failed ", p.Told, ": "+p.Fault)
	}
	return bot.T("told ", p.Told)
}

// listed is the list of places.
func listed(places []Place, offered bot.Text) bot.Message {
	m := bot.Message{Title: "Where you are told, beside chat", Tone: bot.Info, Context: []bot.Text{offered}}
	if len(places) == 0 {
		m.Sections = []bot.Section{bot.Para(
			"Nowhere yet: a page reaches you in chat alone. Add your phone, like ",
			bot.Code("/ops notify add ntfy://ntfy.sh/my-secret-topic"),
		)}
		m.Actions = []bot.Action{addAction}
		return m
	}
	try := bot.Action{Label: "Send a test", Command: test, Choose: "place"}
	drop := bot.Action{Label: "Remove", Command: remove, Choose: "place", Confirm: "Remove this address?"}
	for k := range places {
		p := &places[k]
		text := append(bot.T(bot.Bold(p.ID()), " "+p.Name()+" · "), p.state()...)
		m.Sections = append(m.Sections, bot.Section{Text: text})
		o := bot.Option{Value: p.ID(), Label: p.ID() + " " + p.Name()}
		try.Options, drop.Options = append(try.Options, o), append(drop.Options, o)
	}
	m.Actions = []bot.Action{try, drop, addAction}
	return m
}

// page is the same for consoles and programs.
func page(places []Place) bot.Page {
	t := &bot.Table{Columns: []string{"Place", "What", "Last"}}
	for k := range places {
		p := &places[k]
		t.Rows = append(t.Rows, bot.Row{Object: p.ID(), Cells: []bot.Text{bot.T(bot.Bold(p.ID())), bot.T(p.Name()), p.state()}})
	}
	return bot.Page{Title: "How you are told", Table: t, Actions: []bot.Action{addAction}}
}
