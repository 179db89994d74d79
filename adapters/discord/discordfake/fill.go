package discordfake

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// arguments are what a person gives a command, menu or modal, with the users, roles, channels and files among it.
type arguments struct {
	s        *Server
	c        *Channel
	resolved map[string]any
	focused  string // of an autocompletion: the option that is being typed
	found    bool
}

// fill holds options to what is registered, as the client does, and returns them as they are sent.
func (a *arguments) fill(cmd map[string]any, options []Option) ([]any, error) {
	definitions, _ := cmd["options"].([]any)
	given := map[string]bool{}
	list := []any{}
	for _, o := range options {
		def := definition(definitions, o.Name)
		if def == nil {
			return nil, fmt.Errorf("there is no option %q", o.Name)
		}
		if given[o.Name] {
			return nil, fmt.Errorf("the option %q is given twice", o.Name)
		}
		given[o.Name] = true
		wire, err := a.option(def, o)
		if err != nil {
			return nil, err
		}
		list = append(list, wire)
	}
	verbs := 0
	for _, v := range definitions {
		def, _ := v.(map[string]any)
		if kind := kindOf(def); kind == subcommand || kind == subcommandGroup {
			verbs++
		} else if def["required"] == true && !given[stringOf(def["name"])] && a.focused == "" {
			return nil, fmt.Errorf("the option %q is required, so Discord does not send the command", def["name"])
		}
	}
	if verbs > 0 && len(list) != 1 {
		return nil, fmt.Errorf("%v needs one subcommand, because Discord does not offer it alone", cmd["name"])
	}
	return list, nil
}

func definition(list []any, name string) map[string]any {
	for _, v := range list {
		if def, _ := v.(map[string]any); def["name"] == name {
			return def
		}
	}
	return nil
}

func (a *arguments) option(def map[string]any, o Option) (map[string]any, error) {
	kind := kindOf(def)
	wire := map[string]any{"name": o.Name, "type": kind}
	if kind == subcommand || kind == subcommandGroup {
		list, err := a.fill(def, o.Options)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.Name, err)
		}
		wire["options"] = list
		return wire, nil
	}
	if a.focused == o.Name {
		if def["autocomplete"] != true {
			return nil, fmt.Errorf("the option %q does not complete itself", o.Name)
		}
		a.found = true
		wire["focused"], wire["value"] = true, fmt.Sprint(o.Value) // what was typed is always text
		return wire, nil
	}
	value, err := a.value(def, kind, o.Value)
	if err != nil {
		return nil, fmt.Errorf("the option %q: %w", o.Name, err)
	}
	wire["value"] = value
	return wire, nil
}

// value is a value as it is sent, in the type of its option.
func (a *arguments) value(def map[string]any, kind int, v any) (any, error) {
	text := fmt.Sprint(v)
	switch kind {
	case stringOption:
		low, _ := intOf(def["min_length"])
		high, ok := intOf(def["max_length"])
		if !ok {
			high = 6000
		}
		if n := characters(text); n < low || n > high || n == 0 {
			return nil, fmt.Errorf("must have %d to %d characters", low, high)
		}
		v = text
	case integerOption:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n > 1<<53 || n < -1<<53 {
			return nil, fmt.Errorf("%q is not a whole number", text)
		}
		v = n
	case numberOption:
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is not a number", text)
		}
		v = n
	case booleanOption:
		yes, err := strconv.ParseBool(text)
		if err != nil {
			return nil, fmt.Errorf("%q is not true or false", text)
		}
		return yes, nil
	case userOption:
		return text, a.resolve(userSelect, text)
	case channelOption:
		return text, a.resolve(channelSelect, text)
	case roleOption:
		return text, a.resolve(roleSelect, text)
	case mentionOption:
		return text, a.resolve(mentionableSelect, text)
	case fileOption:
		u, ok := v.(Upload)
		if !ok {
			return nil, fmt.Errorf("%v is not a file", v)
		}
		return a.upload(u), nil
	}
	return v, chosen(def, text)
}

// chosen: an option with fixed choices takes nothing else.
func chosen(def map[string]any, text string) error {
	list, _ := def["choices"].([]any)
	if len(list) == 0 {
		return nil
	}
	for _, v := range list {
		if c, _ := v.(map[string]any); fmt.Sprint(c["value"]) == text {
			return nil
		}
	}
	return fmt.Errorf("there is no choice %q", text)
}

func (a *arguments) add(kind, id string, wire any) {
	m, _ := a.resolved[kind].(map[string]any)
	if m == nil {
		m = map[string]any{}
		a.resolved[kind] = m
	}
	m[id] = wire
}

// resolve adds what an id stands for.
func (a *arguments) resolve(kind int, id string) error {
	s := a.s
	if kind == channelSelect {
		c := s.channels[id]
		if c == nil {
			return fmt.Errorf("there is no channel %s", id)
		}
		wire := s.wireChannel(c)
		delete(wire, "permission_overwrites")
		wire["permissions"] = s.in(c, s.o.Bot).String()
		a.add("channels", id, wire)
		return nil
	}
	var g *guild
	if a.c.Guild != "" {
		g = s.guilds[a.c.Guild]
	}
	if g != nil && g.roles[id] != nil && (kind == roleSelect || kind == mentionableSelect) {
		a.add("roles", id, s.wireRole(g, g.roles[id]))
		return nil
	}
	if _, known := s.users[id]; !known || kind == roleSelect {
		return fmt.Errorf("there is no %s", id)
	}
	a.add("users", id, s.wireUser(id))
	if g != nil && g.members[id] != nil {
		m := s.wirePartialMember(g, id)
		m["permissions"] = s.in(a.c, id).String()
		a.add("members", id, m)
	}
	return nil
}

func (a *arguments) upload(u Upload) string {
	file := a.s.keep(a.c.ID, u, "", true)
	if file.Type == "" {
		file.Type = "application/octet-stream"
	}
	a.add("attachments", file.ID, a.s.wireAttachment(file))
	return file.ID
}

// picked checks what a person picks from a menu, and resolves ids. In a message a menu asks for min_values at least.
func (a *arguments) picked(e map[string]any, values []string, needed bool) error {
	low, given := intOf(e["min_values"])
	if !given {
		low = 1
	}
	high, given := intOf(e["max_values"])
	if !given {
		high = 1
		if kindOf(e) == checkboxGroup {
			list, _ := e["options"].([]any)
			high = len(list)
		}
	}
	if n := len(values); n > high || n < low && (needed || n > 0) {
		return fmt.Errorf("takes %d to %d values, not %d", low, high, n)
	}
	for i, v := range values {
		if slices.Contains(values[:i], v) {
			return fmt.Errorf("%q is picked twice", v)
		}
		if kind := kindOf(e); kind != stringSelect && kind != checkboxGroup {
			if err := a.resolve(kind, v); err != nil {
				return err
			}
		} else if !offers(e, v) {
			return fmt.Errorf("there is no option %q", v)
		}
	}
	return nil
}

func offers(e map[string]any, value string) bool {
	list, _ := e["options"].([]any)
	return slices.ContainsFunc(list, func(v any) bool { o, _ := v.(map[string]any); return o["value"] == value })
}

// Submit sends off the modal that is open before a user. Values go by the id of the input; inputs that are not named
// keep what they show. Several values of one input are separated by commas, a checkbox is true or false, and for a file
// upload the value is the file's content. The same key again is a second delivery.
func (s *Server) Submit(user, key string, values map[string]string) (Ack, error) {
	return s.act(key, func() (*interaction, error) {
		m := s.modals[user]
		if m == nil {
			return nil, fmt.Errorf("no modal is open before %s", user)
		}
		c := s.channels[m.from.channel]
		if c == nil {
			return nil, fmt.Errorf("the channel of the modal is gone")
		}
		for id := range values {
			if find(childrenOf(m.body), id) == nil {
				return nil, fmt.Errorf("the modal has no input %q", id)
			}
		}
		a := &arguments{s: s, c: c, resolved: map[string]any{}}
		list := []any{}
		for _, top := range childrenOf(m.body) {
			wire, err := a.part(top, values)
			if err != nil {
				return nil, err
			}
			list = append(list, wire)
		}
		in := s.newInteraction(modalInteraction, user, c)
		in.opened, in.source, in.modal = m.from, m.source, m
		data := map[string]any{"custom_id": m.body["custom_id"], "components": list}
		if len(a.resolved) > 0 {
			data["resolved"] = a.resolved
		}
		in.payload["data"] = data
		if m.source != nil {
			in.payload["message"] = s.wireAs(m.source, true)
		}
		return in, nil
	})
}

// part is what one component of a modal sends.
func (a *arguments) part(e map[string]any, values map[string]string) (map[string]any, error) {
	wire := map[string]any{"type": kindOf(e), "id": e["id"]}
	switch kindOf(e) {
	case textDisplay:
	case label:
		child, _ := e["component"].(map[string]any)
		part, err := a.part(child, values)
		if err != nil {
			return nil, err
		}
		wire["component"] = part
	case actionRow:
		parts := []any{}
		for _, child := range childrenOf(e) {
			part, err := a.part(child, values)
			if err != nil {
				return nil, err
			}
			parts = append(parts, part)
		}
		wire["components"] = parts
	default:
		id := stringOf(e["custom_id"])
		wire["custom_id"] = id
		typed, given := values[id]
		if err := a.held(e, wire, typed, given); err != nil {
			return nil, fmt.Errorf("%s: %w, so Discord does not submit the modal", id, err)
		}
	}
	return wire, nil
}

var errNeeded = errors.New("it needs an answer")

// held puts what an input holds into what is sent.
func (a *arguments) held(e, wire map[string]any, typed string, given bool) error {
	needed := e["required"] != false
	switch kind := kindOf(e); kind {
	case textInput:
		if !given {
			typed = stringOf(e["value"])
		}
		wire["value"] = typed
		return typedFits(e, typed, needed)
	case checkbox:
		wire["value"] = e["default"] == true
		if given {
			yes, err := strconv.ParseBool(typed)
			if err != nil {
				return fmt.Errorf("%q is not true or false", typed)
			}
			wire["value"] = yes
		}
	case radioGroup:
		if !given {
			typed = strings.Join(defaults(e), ",")
		}
		wire["value"] = orNull(typed)
		switch {
		case typed == "" && needed:
			return errNeeded
		case typed != "" && !offers(e, typed):
			return fmt.Errorf("there is no option %q", typed)
		}
	case fileUpload:
		ids := []string{}
		if given && typed != "" {
			ids = append(ids, a.upload(Upload{Name: "upload.txt", Type: "text/plain", Data: []byte(typed)}))
		}
		if len(ids) == 0 && needed {
			return errNeeded
		}
		wire["values"] = ids
	default:
		list := defaults(e)
		if given {
			list = strings.FieldsFunc(typed, func(r rune) bool { return r == ',' })
		}
		if list == nil {
			list = []string{}
		}
		wire["values"] = list
		if len(list) == 0 && needed {
			return errNeeded
		}
		return a.picked(e, list, needed)
	}
	return nil
}

func typedFits(e map[string]any, typed string, needed bool) error {
	low, _ := intOf(e["min_length"])
	high, given := intOf(e["max_length"])
	if !given {
		high = maxTyped
	}
	switch n := units(typed); {
	case n == 0 && needed:
		return errNeeded
	case n > high, n > 0 && n < low:
		return fmt.Errorf("takes %d to %d characters, not %d", low, high, n)
	}
	return nil
}

// defaults are the values that an input shows as picked.
func defaults(e map[string]any) []string {
	var list []string
	options, _ := e["options"].([]any)
	for _, v := range options {
		if o, _ := v.(map[string]any); o["default"] == true {
			list = append(list, stringOf(o["value"]))
		}
	}
	preset, _ := e["default_values"].([]any)
	for _, v := range preset {
		if d, _ := v.(map[string]any); d != nil {
			list = append(list, stringOf(d["id"]))
		}
	}
	return list
}
