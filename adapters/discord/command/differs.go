package command

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/adapters/discord/payload"
)

// Differs compares what Discord says is registered, the JSON of GET …/commands, with the layout. Each line names one
// thing that is missing, registered besides, or different. What Discord adds by itself is no difference, and neither is
// what it leaves out because it is the default.
func (l *Layout) Differs(registered []byte) []string {
	var have []map[string]any
	if err := json.Unmarshal(registered, &have); err != nil {
		return []string{fmt.Sprintf("the list of registered commands cannot be read: %v", err)}
	}
	data, err := json.Marshal(l.Commands())
	var want []map[string]any
	if err == nil {
		err = json.Unmarshal(data, &want)
	}
	if err != nil {
		return []string{fmt.Sprintf("the layout cannot be written: %v", err)}
	}
	var c comparison
	c.lists("", want, have)
	return c.lines
}

type comparison struct{ lines []string }

func (c *comparison) add(format string, args ...any) {
	c.lines = append(c.lines, fmt.Sprintf(format, args...))
}

// lists compares commands, or below one its options.
func (c *comparison) lists(where string, want, have []map[string]any) {
	path := func(m map[string]any) string { return strings.TrimSpace(fmt.Sprint(where, " ", m["name"])) }
	if where == "" {
		path = top
	}
	for _, w := range want {
		i := slices.IndexFunc(have, func(h map[string]any) bool { return path(h) == path(w) })
		if i < 0 {
			c.add("%s is missing", path(w))
			continue
		}
		c.things(path(w), w, have[i])
	}
	for _, h := range have {
		if !slices.ContainsFunc(want, func(w map[string]any) bool { return path(w) == path(h) }) {
			c.add("%s is registered and should not be", path(h))
		}
	}
}

// top is a command as people know it. A slash command and an entry of a menu may share a name.
func top(m map[string]any) string {
	name, _ := m["name"].(string)
	kind, set := m["type"].(float64)
	if !set {
		kind = payload.ChatInput // which is the default
	}
	return Definition{Type: int(kind), Name: name}.title()
}

// compared are the fields whose values count, one by one.
var compared = []string{
	"type", "description", "required", "autocomplete", "min_value", "max_value", "min_length", "max_length",
}

func (c *comparison) things(where string, want, have map[string]any) {
	for _, field := range compared {
		if w, h := want[field], have[field]; !empty(w, h) && !reflect.DeepEqual(w, h) {
			c.add("%s: its %s is %s, and should be %s", where, strings.ReplaceAll(field, "_", " "), shown(h), shown(w))
		}
	}
	// Discord may leave these out for commands of a guild, which have one context only.
	for _, field := range []string{"contexts", "integration_types"} {
		if w, h := want[field], have[field]; w != nil && h != nil && !reflect.DeepEqual(w, h) {
			c.add("%s: its %s are %s, and should be %s", where, strings.ReplaceAll(field, "_", " "), shown(h), shown(w))
		}
	}
	if w, h := pairs(want["choices"]), pairs(have["choices"]); !slices.Equal(w, h) {
		c.add("%s: its choices are %s, and should be %s", where, strings.Join(h, ", "), strings.Join(w, ", "))
	}
	c.lists(where, objects(want["options"]), objects(have["options"]))
}

// empty reports whether both values are what a field is that was left out.
func empty(a, b any) bool {
	none := func(v any) bool { return v == nil || reflect.ValueOf(v).IsZero() }
	return none(a) && none(b)
}

func shown(v any) string {
	data, err := json.Marshal(v)
	if err != nil || v == nil {
		return "not set"
	}
	return string(data)
}

func objects(v any) []map[string]any {
	list, _ := v.([]any)
	var all []map[string]any
	for _, x := range list {
		if m, ok := x.(map[string]any); ok {
			all = append(all, m)
		}
	}
	return all
}

// pairs are choices as name=value.
func pairs(v any) []string {
	var all []string
	for _, m := range objects(v) {
		all = append(all, fmt.Sprintf("%v=%v", m["name"], m["value"]))
	}
	return all
}
