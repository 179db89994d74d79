// Package said is how what people read and type is written for programs: answers and pages as JSON, and the arguments
// of commands as JSON Schema. The API and the agents' tools speak the same way, because both ask here.
package said

import (
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Object is a JSON object.
type Object = map[string]any

// Message is a message for programs: in sentences times are UTC and people are named.
type Message struct {
	Title    string    `json:"title,omitempty"`
	Tone     bot.Tone  `json:"tone,omitempty"`
	Sections []Section `json:"sections"`
	Context  []string  `json:"context,omitempty"`
}

// Section is a part of a message.
type Section struct {
	Text   string  `json:"text,omitempty"`
	Quote  bool    `json:"quote,omitempty"` // words of a person
	Fields []Field `json:"fields,omitempty"`
}

// Field is a label with its value.
type Field struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// NewMessage writes a message; nil stays nil.
func NewMessage(m *bot.Message) *Message {
	if m == nil {
		return nil
	}
	out := &Message{Title: m.Title, Tone: m.Tone, Sections: []Section{}}
	for _, s := range m.Sections {
		out.Sections = append(out.Sections, Section{Text: words(s.Text), Quote: s.Quote, Fields: fields(s.Fields)})
	}
	for _, c := range m.Context {
		out.Context = append(out.Context, words(c))
	}
	return out
}

func fields(of []bot.Field) []Field {
	var list []Field
	for _, f := range of {
		list = append(list, Field{f.Label, cell(f.Value)})
	}
	return list
}

// cell is a value for programs: a time by itself is RFC 3339, a person by themselves their id.
func cell(t bot.Text) string {
	if len(t) == 1 {
		switch span := t[0]; {
		case span.Kind == bot.TimeSpan && span.Time != nil:
			return span.Time.UTC().Format(time.RFC3339)
		case span.Kind == bot.PersonSpan:
			return span.Ref
		}
	}
	return isolates.Replace(words(t))
}

// isolates are what keeps text of another direction apart where people read it. They are no part of a value.
var isolates = strings.NewReplacer("\u2068", "", "\u2069", "")

// words are a sentence for programs.
func words(t bot.Text) string { return strings.TrimSpace(t.Plain(time.UTC)) }

// Plain is all that a reply says, as text.
func Plain(r bot.Reply) string {
	if r.Message == nil {
		return ""
	}
	m := *r.Message
	m.Actions = nil
	return m.Plain(time.UTC)
}

// Answer is a reply that says yes: what the person would read, and the data for programs where a command has some.
func Answer(r bot.Reply) Object {
	body := Object{"status": r.Status, "text": Plain(r)}
	if r.Message != nil {
		body["message"] = NewMessage(r.Message)
	}
	if len(r.Data) > 0 {
		body["data"] = r.Data
	}
	if r.Object != "" {
		body["object"] = r.Object
	}
	return body
}

// Reason is the code of a refusal: its kind, that it was refused with a way on, or that nothing was said at all.
func Reason(r bot.Reply) string {
	switch {
	case r.Status == "":
		return "not_answered"
	case r.Kind == bot.Unavailable || r.Status == bot.Unready:
		return "unavailable"
	case r.Kind != "":
		return strings.ReplaceAll(string(r.Kind), " ", "_")
	}
	return "refused"
}

// Refusal says why something was not done, by argument where that is known, with what the command says to programs all
// the same.
func Refusal(r bot.Reply) Object {
	body := Object{"detail": Plain(r), "reason_code": Reason(r)}
	if len(r.Errors) > 0 {
		body["errors"] = r.Errors
	}
	if len(r.Data) > 0 {
		body["data"] = r.Data
	}
	return body
}

// Page is a page for programs. A command that answered with a message has a page of that. next says how the rows that
// follow are asked for.
func Page(v bot.View, r bot.Reply, next func(args map[string]string) any) Object {
	p := r.Page
	if p == nil {
		p = &bot.Page{Title: v.Title, Message: r.Message}
	}
	o := Object{"name": v.Name, "title": p.Title}
	if len(p.Facts) > 0 {
		o["facts"] = fields(p.Facts)
	}
	if t := p.Table; t != nil {
		rows := []Object{}
		for _, row := range t.Rows {
			cells := make([]string, len(row.Cells))
			for i, c := range row.Cells {
				cells[i] = cell(c)
			}
			rows = append(rows, Object{"object": row.Object, "cells": cells})
		}
		table := Object{"columns": t.Columns, "rows": rows}
		if t.Next != nil {
			table["next"] = next(t.Next)
		}
		o["table"] = table
	}
	if p.Message != nil {
		o["message"] = NewMessage(p.Message)
	}
	if p.Object != "" {
		o["object"] = p.Object
	}
	if len(p.Panels) > 0 {
		panels := []Object{}
		for _, x := range p.Panels {
			panels = append(panels, panelOf(x))
		}
		o["panels"] = panels
	}
	return o
}
