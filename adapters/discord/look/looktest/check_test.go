package looktest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/look"
	"github.com/watchbell/watchbell/adapters/discord/look/looktest"
	"github.com/watchbell/watchbell/bot"
)

// message is a good message that a test spoils.
func message() look.Body {
	return look.Message(bot.Message{
		Title: "Title", Tone: bot.Info, Sections: []bot.Section{bot.Para("text")},
		Actions: []bot.Action{
			{Label: "Go", Token: "t1"}, {Label: "Pick", Token: "t2", Options: []bot.Option{{Value: "v", Label: "V"}}},
			{Label: "Who", Token: "t3", People: true},
		},
	})
}

// modal is a good modal that a test spoils.
func modal() look.Modal {
	return look.Step(bot.Form{Token: "T", Title: "Title", Inputs: []bot.Input{
		{Name: "line", Label: "Line"}, {Name: "person", Label: "Who", Kind: bot.PersonInput, Required: true},
		{Name: "boxes", Label: "Boxes", Kind: bot.ChoicesInput, Options: []bot.Option{{Value: "v"}, {Value: "w"}}},
		{Name: "file", Label: "File", Kind: bot.FileInput},
	}}, 0, time.UTC, nil)
}

func text(s string) look.Component { return look.Component{Type: look.TextDisplay, Content: s} }

// The checks would be worth nothing if they let everything through.
func TestCheckRefuses(t *testing.T) {
	if err := looktest.Check(message()); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(b *look.Body, inside *[]look.Component){
		"no flag":        func(b *look.Body, _ *[]look.Component) { b.Flags = 0 },
		"parse is null":  func(b *look.Body, _ *[]look.Component) { b.Mentions.Parse = nil },
		"twice":          func(b *look.Body, _ *[]look.Component) { b.Mentions.Users = []string{"1", "1"} },
		"nothing":        func(b *look.Body, _ *[]look.Component) { b.Components = nil },
		"nothing inside": func(_ *look.Body, in *[]look.Component) { *in = nil },
		"no text":        func(_ *look.Body, in *[]look.Component) { (*in)[0].Content = "\u200b" },
		"many characters": func(_ *look.Body, in *[]look.Component) {
			*in = append(*in, text(strings.Repeat("x", 2000)), text(strings.Repeat("y", 2000)))
		},
		"many bytes": func(_ *look.Body, in *[]look.Component) { *in = append(*in, text(strings.Repeat("字", 3390))) },
		"many components": func(_ *look.Body, in *[]look.Component) {
			for n := range 40 {
				*in = append(*in, text(fmt.Sprint(n)))
			}
		},
		"an id twice": func(_ *look.Body, in *[]look.Component) { *in = append(*in, (*in)[len(*in)-1]) },
		"a long id": func(_ *look.Body, in *[]look.Component) {
			(*in)[len(*in)-1].Components[0].CustomID = strings.Repeat("i", 101)
		},
		"a label in a row": func(_ *look.Body, in *[]look.Component) {
			(*in)[len(*in)-1].Components[0] = look.Component{Type: look.Label, CustomID: "x"}
		},
		"an empty row": func(_ *look.Body, in *[]look.Component) { (*in)[len(*in)-1].Components = nil },
		"two menus in a row": func(_ *look.Body, in *[]look.Component) {
			row := &(*in)[len(*in)-1]
			second := row.Components[0]
			second.CustomID = "other"
			row.Components = append(row.Components, second)
		},
		"a long button": func(_ *look.Body, in *[]look.Component) {
			(*in)[len(*in)-3].Components[0].Label = strings.Repeat("x", 81)
		},
		"a menu of nothing": func(_ *look.Body, in *[]look.Component) { (*in)[len(*in)-2].Components[0].Options = nil },
		"an option twice": func(_ *look.Body, in *[]look.Component) {
			menu := &(*in)[len(*in)-2].Components[0]
			menu.Options = append(menu.Options, menu.Options[0])
		},
		"a container in a container": func(b *look.Body, in *[]look.Component) {
			*in = append(*in, look.Component{Type: look.Container, Components: []look.Component{text("x")}})
		},
		"no address": func(_ *look.Body, in *[]look.Component) {
			*in = append(*in, look.Component{Type: look.MediaGallery, Items: []look.Item{{Media: look.Media{URL: "x.png"}}}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := message()
			spoil(&b, &b.Components[0].Components)
			if looktest.Check(b) == nil {
				t.Error("this passes")
			}
		})
	}
	raw := `{"flags":32768,"allowed_mentions":{"parse":[]},"content":"x","components":[{"type":10,"content":"x"}]}`
	if looktest.Check([]byte(raw)) == nil {
		t.Error("a message with content passes")
	}
}

func TestCheckModalRefuses(t *testing.T) {
	if err := looktest.CheckModal(modal()); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(m *look.Modal, parts []look.Component){
		"no modal":      func(m *look.Modal, _ []look.Component) { m.Type = 4 },
		"no title":      func(m *look.Modal, _ []look.Component) { m.Data.Title = "" },
		"a long title":  func(m *look.Modal, _ []look.Component) { m.Data.Title = strings.Repeat("x", 46) },
		"no id":         func(m *look.Modal, _ []look.Component) { m.Data.CustomID = "" },
		"nothing":       func(m *look.Modal, _ []look.Component) { m.Data.Components = nil },
		"six":           func(m *look.Modal, p []look.Component) { m.Data.Components = append(p, text("a"), text("b")) },
		"a button":      func(_ *look.Modal, p []look.Component) { p[0] = look.Component{Type: look.Button} },
		"long label":    func(_ *look.Modal, p []look.Component) { p[0].Label = strings.Repeat("x", 46) },
		"long help":     func(_ *look.Modal, p []look.Component) { p[0].Description = strings.Repeat("x", 101) },
		"nothing asked": func(_ *look.Modal, p []look.Component) { p[0].Component = nil },
		"an id twice":   func(_ *look.Modal, p []look.Component) { p[0].Component.CustomID = "file" },
		"a long value":  func(_ *look.Modal, p []look.Component) { p[0].Component.Value = strings.Repeat("x", 4001) },
		"two lines":     func(_ *look.Modal, p []look.Component) { p[0].Component.Value = "a\nb" },
		"no style":      func(_ *look.Modal, p []look.Component) { p[0].Component.Style = 0 },
		"required?":     func(_ *look.Modal, p []look.Component) { p[0].Component.Required = nil },
		"none required": func(_ *look.Modal, p []look.Component) { p[1].Component.MinValues = new(0) },
		"nobody":        func(_ *look.Modal, p []look.Component) { p[1].Component.Defaults = []look.Default{{Type: "user"}} },
		"eleven boxes": func(_ *look.Modal, p []look.Component) {
			for n := range 9 {
				p[2].Component.Options = append(p[2].Component.Options, look.Choice{Label: "x", Value: fmt.Sprint(n)})
			}
		},
		"too many chosen": func(_ *look.Modal, p []look.Component) {
			p[2].Component.MaxValues = 1
			p[2].Component.Options[0].Default, p[2].Component.Options[1].Default = true, true
		},
		"no file limits": func(_ *look.Modal, p []look.Component) { p[3].Component.MaxValues = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			m := modal()
			spoil(&m, m.Data.Components)
			if looktest.CheckModal(m) == nil {
				t.Error("this passes")
			}
		})
	}
}
