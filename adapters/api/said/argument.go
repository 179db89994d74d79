package said

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// Offered reports whether a program can give an argument. Files are given to people's forms only.
func Offered(p *bot.Param) bool { return !p.Hidden && p.Kind != bot.FileParam }

// NeedsFile reports whether a command cannot do without a file, which only people's forms can give.
func NeedsFile(c *bot.Command) bool {
	return slices.ContainsFunc(c.Params, func(p bot.Param) bool { return p.Kind == bot.FileParam && p.Required })
}

// Arguments are the names of the arguments that a program can give.
func Arguments(c *bot.Command) []string {
	var names []string
	for i := range c.Params {
		if Offered(&c.Params[i]) {
			names = append(names, c.Params[i].Name)
		}
	}
	return names
}

// Schema is how the arguments of a command are written, as the properties of a JSON object, and which are required.
func Schema(c *bot.Command) (properties Object, required []string) {
	properties = Object{}
	for i := range c.Params {
		p := &c.Params[i]
		if !Offered(p) {
			continue
		}
		properties[p.Name] = argument(p)
		if p.Required {
			required = append(required, p.Name)
		}
	}
	return properties, required
}

// argument is how an argument is written. Choices are not listed: some of them, like the services, change while the
// program runs.
func argument(p *bot.Param) Object {
	a := Object{"type": "string"}
	switch {
	case p.Many:
		a = Object{"type": []string{"string", "array"}, "items": Object{"type": "string"}}
	case p.Kind == bot.NumberParam:
		a = Object{"type": []string{"integer", "string"}}
	case p.Kind == bot.FlagParam:
		a = Object{"type": []string{"boolean", "string"}}
	}
	about := aboutKind[p.Kind]
	switch {
	case p.Kind == bot.PersonParam && p.Many:
		about = "Ids of people."
	case p.Kind == bot.TextParam && p.Max > 0:
		about = fmt.Sprintf("At most %d characters, as people count them.", p.Max)
	}
	if p.Help != "" || about != "" {
		a["description"] = strings.TrimSpace(p.Help + " " + about)
	}
	return a
}

var aboutKind = map[bot.ParamKind]string{
	bot.PersonParam:   "A person's id or name.",
	bot.TimeParam:     "RFC 3339, or words in the time zone of the token's person.",
	bot.DurationParam: "Like 90m or 2h.",
	bot.DayParam:      "A day like 2027-03-01, the same in every time zone, or words in the one of the token's person.",
	bot.MoneyParam:    "An amount and its currency by ISO 4217, like 1250.50 EUR.",
}

// Text is a JSON value as people type it: a text, a number, yes or no, or a list of texts.
func Text(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return map[bool]string{true: "yes", false: "no"}[v], true
	case []any:
		var parts []string
		for _, x := range v {
			text, ok := x.(string)
			if !ok || strings.Contains(text, ",") {
				return "", false
			}
			parts = append(parts, text)
		}
		return strings.Join(parts, ","), true
	}
	return "", false
}
