package discordfake

import (
	"fmt"
	"slices"
	"strings"
)

// Ack is what a person sees after acting.
type Ack struct {
	Type        int            // of the first answer: Answered, Deferred, …; 0 after a repeated delivery
	Interaction string         // its id
	Message     Message        // what it posted or changed; of a deferral what is filled in later
	Modal       map[string]any // what it opened
	Choices     []Choice       // what it suggested
}

// act makes an interaction under the lock, or finds the one that was delivered with this key before, and delivers it.
func (s *Server) act(key string, build func() (*interaction, error)) (Ack, error) {
	s.mu.Lock()
	in, again := s.sent[key]
	again = again && key != ""
	var err error
	if !again {
		in, err = build()
		if err == nil && key != "" {
			s.sent[key] = in
		}
	}
	s.mu.Unlock()
	if err != nil {
		return Ack{}, err
	}
	if err := s.deliver(in, again); err != nil {
		return Ack{Interaction: in.id}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ack := Ack{Interaction: in.id}
	if again {
		return ack, nil
	}
	ack.Type, ack.Choices, ack.Modal = in.answered, in.choices, copyOf(in.form)
	if in.original != nil && in.answered != Opened {
		ack.Message = in.original.copy()
	}
	return ack, nil
}

// Option is a value that a person gives a command, or a subcommand with its values.
type Option struct {
	Name    string
	Value   any // the id of a user, role or channel; an Upload for a file
	Options []Option
	verb    bool
}

// Opt is the value of an option.
func Opt(name string, value any) Option { return Option{Name: name, Value: value} }

// Sub is a subcommand, or a group with one.
func Sub(name string, options ...Option) Option {
	return Option{Name: name, Options: options, verb: true}
}

// allowedIn finds a channel that a person sees and is allowed something in.
func (s *Server) allowedIn(user, channel string, needs Permission) (*Channel, error) {
	c := s.channels[channel]
	switch {
	case c == nil || !s.in(c, user).has(ViewChannel):
		return nil, fmt.Errorf("%s does not see the channel %s", user, channel)
	case !s.in(c, user).has(needs):
		return nil, fmt.Errorf("%s may not do that in the channel %s", user, channel)
	}
	return c, nil
}

// registered finds a command that a person may use in a channel.
func (s *Server) registered(user string, c *Channel, kind int, name string) (map[string]any, error) {
	for _, guild := range slices.Compact([]string{c.Guild, ""}) {
		for _, cmd := range s.commands[guild] {
			if cmd["name"] != name || kindOf(cmd) != kind {
				continue
			}
			if !s.mayUse(user, c, cmd) {
				return nil, fmt.Errorf("%s may not use %s in the channel %s", user, name, c.ID)
			}
			return cmd, nil
		}
	}
	return nil, fmt.Errorf("the application has no command %s", name)
}

// mayUse: the permissions that an administrator set for a command count, else those that the command asks for.
func (s *Server) mayUse(user string, c *Channel, cmd map[string]any) bool {
	if c.Guild == "" {
		return true
	}
	p := s.in(c, user)
	if p.has(Administrator) || p == everything {
		return true
	}
	roles := append([]string{c.Guild}, s.guilds[c.Guild].members[user].roles...)
	verdict := ""
	for _, id := range []any{s.o.Application, cmd["id"]} {
		for _, entry := range s.hidden[c.Guild] {
			list, _ := entry["permissions"].([]any)
			for _, v := range list {
				rule, _ := v.(map[string]any)
				target := stringOf(rule["id"])
				if entry["id"] == id && (target == user || target == c.ID || slices.Contains(roles, target)) {
					verdict = fmt.Sprint(rule["permission"])
				}
			}
		}
	}
	if verdict != "" {
		return verdict == "true"
	}
	f := newForm()
	return p.has(f.permissions(cmd, "default_member_permissions"))
}

// Command types a slash command, as the client lets people do: with the options that are registered, in their types.
// The same key again is a second delivery of it.
func (s *Server) Command(user, channel, key, root string, options ...Option) (Ack, error) {
	return s.act(key, func() (*interaction, error) {
		c, cmd, err := s.slash(user, channel, root)
		if err != nil {
			return nil, err
		}
		a := &arguments{s: s, c: c, resolved: map[string]any{}}
		list, err := a.fill(cmd, options)
		if err != nil {
			return nil, fmt.Errorf("/%s: %w", root, err)
		}
		return s.invoke(commandInteraction, user, c, cmd, a, list, options), nil
	})
}

// slash finds a registered slash command that a person may use.
func (s *Server) slash(user, channel, root string) (*Channel, map[string]any, error) {
	c, err := s.allowedIn(user, channel, UseApplicationCommands)
	if err != nil {
		return nil, nil, err
	}
	if c.Archived {
		return nil, nil, fmt.Errorf("nobody can use commands in the archived thread %s", channel)
	}
	cmd, err := s.registered(user, c, chatInput, root)
	return c, cmd, err
}

func (s *Server) invoke(
	kind int, user string, c *Channel, cmd map[string]any, a *arguments, list []any, options []Option,
) *interaction {
	in := s.newInteraction(kind, user, c)
	data := map[string]any{"id": cmd["id"], "name": cmd["name"], "type": cmd["type"]}
	if guild := stringOf(cmd["guild_id"]); guild != "" {
		data["guild_id"] = guild
	}
	if len(list) > 0 {
		data["options"] = list
	}
	if len(a.resolved) > 0 {
		data["resolved"] = a.resolved
	}
	in.payload["data"], in.commandType = data, kindOf(cmd)
	words := []string{stringOf(cmd["name"])}
	for len(options) == 1 && options[0].verb {
		words = append(words, options[0].Name)
		options = options[0].Options
	}
	in.command = strings.Join(words, " ")
	return in
}

// Autocomplete types into an option of a slash command, which focused names, and returns what the app suggests. Options
// that are filled in already may be given, and what was typed is the value of the focused one.
func (s *Server) Autocomplete(user, channel, root string, options []Option, focused string) ([]Choice, error) {
	ack, err := s.act("", func() (*interaction, error) {
		c, cmd, err := s.slash(user, channel, root)
		if err != nil {
			return nil, err
		}
		a := &arguments{s: s, c: c, resolved: map[string]any{}, focused: focused}
		list, err := a.fill(cmd, options)
		if err == nil && !a.found {
			err = fmt.Errorf("no option %q completes itself", focused)
		}
		if err != nil {
			return nil, fmt.Errorf("/%s: %w", root, err)
		}
		return s.invoke(autocompleteInteraction, user, c, cmd, a, list, options), nil
	})
	return ack.Choices, err
}

// MessageCommand uses a command of a message's menu.
func (s *Server) MessageCommand(user, channel, message, key, name string) (Ack, error) {
	return s.act(key, func() (*interaction, error) {
		c, err := s.allowedIn(user, channel, UseApplicationCommands)
		if err != nil {
			return nil, err
		}
		cmd, err := s.registered(user, c, messageCommand, name)
		if err != nil {
			return nil, err
		}
		m := s.seen(user, channel, message)
		if m == nil || m.Only != "" {
			return nil, fmt.Errorf("%s sees no message %s", user, message)
		}
		a := &arguments{s: s, c: c, resolved: map[string]any{"messages": map[string]any{m.ID: s.wireAs(m, true)}}}
		in := s.invoke(commandInteraction, user, c, cmd, a, nil, nil)
		in.payload["data"].(map[string]any)["target_id"] = m.ID
		return in, nil
	})
}

// UserCommand uses a command of a person's menu.
func (s *Server) UserCommand(user, channel, target, key, name string) (Ack, error) {
	return s.act(key, func() (*interaction, error) {
		c, err := s.allowedIn(user, channel, UseApplicationCommands)
		if err != nil {
			return nil, err
		}
		cmd, err := s.registered(user, c, userCommand, name)
		if err != nil {
			return nil, err
		}
		a := &arguments{s: s, c: c, resolved: map[string]any{}}
		if err := a.resolve(userSelect, target); err != nil {
			return nil, err
		}
		in := s.invoke(commandInteraction, user, c, cmd, a, nil, nil)
		in.payload["data"].(map[string]any)["target_id"] = target
		return in, nil
	})
}

// seen finds a message that a person sees.
func (s *Server) seen(user, channel, id string) *Message {
	for _, m := range s.messages[channel] {
		if m.ID == id && !m.Deleted && (m.Only == "" || m.Only == user) {
			return m
		}
	}
	return nil
}

// Click presses a button or picks from a menu of a message that the person sees. Values are what is picked: values of
// options, or ids of users, roles or channels.
func (s *Server) Click(user, channel, message, key, customID string, values ...string) (Ack, error) {
	return s.act(key, func() (*interaction, error) {
		c, err := s.allowedIn(user, channel, ViewChannel)
		if err != nil {
			return nil, err
		}
		if u := s.users[user]; u.TimedOutUntil.After(s.now()) {
			return nil, fmt.Errorf("%s is timed out", user)
		}
		m := s.seen(user, channel, message)
		if m == nil {
			return nil, fmt.Errorf("%s sees no message %s", user, message)
		}
		e := find(m.Components, customID)
		switch {
		case e == nil:
			return nil, fmt.Errorf("the message %s shows nothing with the id %s", message, customID)
		case e["disabled"] == true:
			return nil, fmt.Errorf("%s is disabled", customID)
		case c.Archived:
			return nil, fmt.Errorf("nobody can use buttons in the archived thread %s", channel)
		}
		in := s.newInteraction(componentInteraction, user, c)
		in.source = m
		data := map[string]any{"custom_id": customID, "component_type": kindOf(e), "id": e["id"]}
		if kindOf(e) != buttonType {
			a := &arguments{s: s, c: c, resolved: map[string]any{}}
			if err := a.picked(e, values, true); err != nil {
				return nil, fmt.Errorf("%s: %w", customID, err)
			}
			data["values"] = append([]string{}, values...)
			if len(a.resolved) > 0 {
				data["resolved"] = a.resolved
			}
		} else if len(values) > 0 {
			return nil, fmt.Errorf("%s is a button and takes no values", customID)
		}
		in.payload["data"], in.payload["message"] = data, s.wireAs(m, true)
		return in, nil
	})
}

// Deliver tells the app of an interaction of a test's own, in a channel or a conversation. The fields of payload
// replace those that Discord would send, and fields that are nil are left out. So a test can send an interaction of an
// application that a user installed, one of a type that nobody knows yet, or a broken one.
func (s *Server) Deliver(user, channel, key string, payload map[string]any) (Ack, error) {
	return s.act(key, func() (*interaction, error) {
		c := s.channels[channel]
		if c == nil {
			return nil, fmt.Errorf("there is no channel %s", channel)
		}
		kind, ok := intOf(payload["type"])
		if !ok {
			kind = commandInteraction
		}
		in := s.newInteraction(kind, user, c)
		in.commandType = chatInput
		for name, v := range payload {
			if v == nil {
				delete(in.payload, name)
			} else {
				in.payload[name] = v
			}
		}
		return in, nil
	})
}

// Dispatch tells all sessions of an event of a test's own, whatever their intents.
func (s *Server) Dispatch(name string, d map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dispatch(0, name, d)
}

// Modal is the modal that is open before a user, nil if there is none.
func (s *Server) Modal(user string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.modals[user]; m != nil {
		return copyOf(m.body)
	}
	return nil
}

// Dismiss closes the modal before a user without a word to the app, as Discord does.
func (s *Server) Dismiss(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.modals, user)
}

// Say writes a message and returns its id. The app learns of it by an event, whose content it sees when the message
// mentions it or is written to it alone, or with the intent MESSAGE_CONTENT. The same key again is the same event
// again.
func (s *Server) Say(user, channel, key, text string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.events[key]; ok && key != "" {
		s.tell(e)
		return e.message, nil
	}
	c, err := s.allowedIn(user, channel, ViewChannel)
	if err != nil {
		return "", err
	}
	needs := SendMessages
	if c.isThread() {
		needs = SendMessagesInThreads
	}
	if !s.in(c, user).has(needs) || c.Locked {
		return "", fmt.Errorf("%s may not write in the channel %s", user, channel)
	}
	m := &Message{ID: s.id(), Channel: channel, Guild: c.Guild, Author: user, Content: text}
	s.mention(m, parseAll)
	s.awake(c)
	s.remember(key, m.ID, func() { s.post(m) })
	return m.ID, nil
}

// React puts an emoji below a message that the person sees. The same key again is the same event again.
func (s *Server) React(user, channel, message, key, emoji string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.events[key]; ok && key != "" {
		s.tell(e)
		return nil
	}
	if _, err := s.allowedIn(user, channel, ViewChannel); err != nil {
		return err
	}
	m := s.seen(user, channel, message)
	if m == nil || m.Only != "" {
		return fmt.Errorf("%s sees no message %s", user, message)
	}
	s.remember(key, message, func() { s.react(m, user, emoji) })
	return nil
}

// Unreact takes an emoji away.
func (s *Server) Unreact(user, channel, message, emoji string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.message(channel, message); m != nil {
		s.unreact(m, user, emoji)
	}
}
