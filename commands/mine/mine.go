// Package mine is one list of all that is somebody's: what they lead and have to do, what is due of theirs, what they
// are called for, what waits for their decision, what they look after. Each capability gives its part, and this one
// knows none of them. Its command stands under the umbrella /ops.
package mine

import (
	"context"
	"fmt"

	"github.com/watchbell/watchbell/bot"
)

const list = "ops.mine"

// Chat asks all capabilities. *engine.Bot does.
type Chat interface {
	Mine(ctx context.Context, p bot.Person) ([]bot.Own, error)
}

// Capability is everything the bot needs to know of the list.
func Capability(chat Chat) bot.Capability {
	return bot.Capability{
		Noun: bot.Noun{
			Name: "ops", Groups: []bot.Group{{Title: "You", Verbs: []string{"mine"}}},
			Buttons: []bot.Action{{Label: "What is mine?", Command: list}},
		},
		Grants: bot.Grants{"auditor": {list}, "member": {list}},
		Commands: []bot.Command{{
			Name: list, Common: true, Permission: list, Reads: true,
			Summary: "all that is yours: what waits for you, your tasks, duties, pages and records",
			Example: "/ops mine",
			Handle: func(ctx context.Context, c *bot.Call) (bot.Reply, error) {
				parts, err := chat.Mine(ctx, c.Person)
				if err != nil {
					return bot.Reply{}, err
				}
				if c.Paged {
					return bot.Look(page(parts)), nil
				}
				return bot.Answer(message(parts)), nil
			},
		}},
		Pages: []bot.View{{Name: "mine", Title: "Mine", Command: list}},
	}
}

// message is the list in a chat.
func message(parts []bot.Own) bot.Message {
	m := bot.Message{Title: "All that is yours", Tone: bot.Info}
	for _, o := range parts {
		text := bot.T(bot.Bold(o.Title))
		for _, line := range o.Lines {
			text = append(append(text, bot.T("\n• ")...), line...)
		}
		if o.More > 0 {
			text = append(text, bot.T(fmt.Sprintf("\n• and %d more", o.More))...)
		}
		m.Sections = append(m.Sections, bot.Section{Text: text})
		m.Actions = append(m.Actions, o.Actions...)
	}
	if len(parts) == 0 {
		m.Tone = bot.Good
		m.Sections = []bot.Section{bot.Para("Nothing is yours and nothing waits for you.")}
	}
	return m
}

// page is the same for consoles and programs.
func page(parts []bot.Own) bot.Page {
	t := &bot.Table{Columns: []string{"Of", "What"}}
	for _, o := range parts {
		for _, line := range o.Lines {
			t.Rows = append(t.Rows, bot.Row{Cells: []bot.Text{bot.T(o.Title), line}})
		}
	}
	return bot.Page{Title: "Mine", Table: t}
}
