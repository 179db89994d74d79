package api

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// carryOut carries out the command that the address names, as people do in chat. It takes the same arguments by the
// same names.
func (s *Server) carryOut(w http.ResponseWriter, r *http.Request, t Token) {
	name := r.PathValue("command")
	c, ok := s.o.Tree.Command(name)
	if !ok {
		hint := ""
		if near := value.Nearest(name, s.commandNames()); near != "" {
			hint = " Did you mean " + near + "?"
		}
		s.problem(
			w, http.StatusNotFound, "unknown_command",
			fmt.Sprintf("%q is not a command.%s /api/v1/openapi.json lists all commands.", short(name), hint),
		)
		return
	}
	args, digest, ok := s.arguments(w, r, fieldsOf(c))
	if !ok {
		return
	}
	if reply, ok := s.once(w, r, t, bot.Request{Shortcut: c.Name, Args: args, Digest: digest}); ok {
		s.tell(w, reply)
	}
}

func (s *Server) commandNames() []string {
	var names []string
	for _, c := range s.o.Tree.Commands() {
		names = append(names, c.Name)
	}
	return names
}

// fieldsOf are the arguments that a program can give. Files are given to people's forms only.
func fieldsOf(c *bot.Command) []string {
	var names []string
	for i := range c.Params {
		if offered(&c.Params[i]) {
			names = append(names, c.Params[i].Name)
		}
	}
	return names
}

func offered(p *bot.Param) bool { return !p.Hidden && p.Kind != bot.FileParam }

// said is a message for programs: in sentences times are UTC and people are named.
type said struct {
	Title    string        `json:"title,omitempty"`
	Tone     bot.Tone      `json:"tone,omitempty"`
	Sections []saidSection `json:"sections"`
	Context  []string      `json:"context,omitempty"`
}

type saidSection struct {
	Text   string      `json:"text,omitempty"`
	Quote  bool        `json:"quote,omitempty"` // words of a person
	Fields []saidField `json:"fields,omitempty"`
}

type saidField struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

func newSaid(m *bot.Message) *said {
	if m == nil {
		return nil
	}
	out := &said{Title: m.Title, Tone: m.Tone, Sections: []saidSection{}}
	for _, s := range m.Sections {
		out.Sections = append(out.Sections, saidSection{Text: words(s.Text), Quote: s.Quote, Fields: saidFields(s.Fields)})
	}
	for _, c := range m.Context {
		out.Context = append(out.Context, words(c))
	}
	return out
}

func saidFields(fields []bot.Field) []saidField {
	var list []saidField
	for _, f := range fields {
		list = append(list, saidField{f.Label, cell(f.Value)})
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

// tell answers with what the person would read, and the data for programs where a command has some.
func (s *Server) tell(w http.ResponseWriter, r bot.Reply) {
	if r.Status != bot.Done {
		s.refused(w, r)
		return
	}
	body := map[string]any{"status": r.Status, "text": plain(r)}
	if r.Message != nil {
		body["message"] = newSaid(r.Message)
	}
	if len(r.Data) > 0 {
		body["data"] = r.Data
	}
	if r.Object != "" {
		body["object"] = r.Object
	}
	s.write(w, http.StatusOK, "application/json", body)
}
