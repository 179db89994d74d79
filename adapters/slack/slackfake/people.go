package slackfake

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Ack is how the app acknowledged something. Status is 200 when it came through a socket.
type Ack struct {
	Status int
	Body   string

	noRetry bool
}

// responseURL takes answers to one action.
type responseURL struct {
	channel, user, thread string
	used                  int
	at                    time.Time
}

func (s *Server) newURL(channel, user, thread string) string {
	id := s.id("r")
	s.urls[id] = &responseURL{channel: channel, user: user, thread: thread, at: s.now()}
	return s.http.URL + "/response/" + id
}

// once makes the payload for a key, or returns the one it was delivered with before.
func (s *Server) once(key string, build func() (map[string]any, error)) (map[string]any, error) {
	if p, ok := s.sent[key]; ok && key != "" {
		return p, nil
	}
	p, err := build()
	if err == nil && key != "" {
		s.sent[key] = p
	}
	return p, err
}

// act makes a payload under the lock and delivers it.
func (s *Server) act(kind, key string, build func() (map[string]any, error)) (Ack, error) {
	s.mu.Lock()
	payload, err := s.once(key, build)
	s.mu.Unlock()
	if err != nil {
		return Ack{}, err
	}
	return s.deliver(kind, payload, retry{})
}

// Command types a slash command. The same key again is a second delivery of it. What the acknowledgement says is shown
// as Slack shows it.
func (s *Server) Command(user, channel, key, command, text string) (Ack, error) {
	ack, err := s.act("slash_commands", key, func() (map[string]any, error) {
		name := ""
		if c := s.channels[channel]; c != nil {
			name = c.Name
		}
		in := map[string]any{
			"token": "old", "team_id": s.o.Team, "team_domain": "northwind", "channel_id": channel, "channel_name": name,
			"user_id": user, "user_name": s.users[user].Name,
			"command": command, "text": text, "api_app_id": appID, "response_url": s.newURL(channel, user, ""),
			"trigger_id":            s.newTrigger(user),
			"is_enterprise_install": fmt.Sprint(s.o.OrgWide),
		}
		if s.o.Enterprise != "" { // Source: https://docs.slack.dev/interactivity/implementing-slash-commands, "enterprise_id"
			in["enterprise_id"], in["enterprise_name"] = s.o.Enterprise, s.o.Enterprise
		}
		return in, nil
	})
	if err != nil {
		return ack, err
	}
	return ack, s.said(user, channel, command, ack)
}

// said shows the answer to a command: JSON of a message, or plain text. By default only the person who typed the
// command sees it.
func (s *Server) said(user, channel, command string, ack Ack) error {
	body := strings.TrimSpace(ack.Body)
	switch {
	case ack.Status != http.StatusOK:
		return fmt.Errorf("%s failed with the error \"http_service_error\": the app answered %d", command, ack.Status)
	case body == "":
		return nil
	}
	in := answer{Text: body}
	if strings.HasPrefix(body, "{") {
		in = answer{}
		if err := json.Unmarshal([]byte(body), &in); err != nil {
			return fmt.Errorf("%s failed with the error \"invalid_payload\": %w", command, err)
		}
	}
	if in.Text == "" && len(in.Blocks) == 0 { // Slack's own framework sends {} for nothing
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.show(in, channel, user, "")
}

// What Calls names that was sent without a call of the Web API: an answer in an acknowledgement or at a response URL,
// and a view in an acknowledgement.
const (
	ByAnswer = "answer"
	ByView   = "view"
)

// answer is a message that answers an action, in an acknowledgement or at a response URL.
type answer struct {
	Text   string           `json:"text"`
	Type   string           `json:"response_type"`
	Blocks []map[string]any `json:"blocks"`
}

// show adds an answer to a channel, unless Slack would not take it.
func (s *Server) show(in answer, channel, user, thread string) error {
	if in.Type != "" && in.Type != "ephemeral" && in.Type != "in_channel" {
		return problem("invalid_response_type")
	}
	if in.Text == "" && len(in.Blocks) == 0 {
		return problem("no_text")
	}
	if err := checkBlocks(in.Blocks, 50); err != nil {
		return err
	}
	blocks, _ := json.Marshal(in.Blocks)
	s.calls = append(s.calls, Call{
		Method: ByAnswer, At: s.now(),
		Args: map[string]string{"channel": channel, "user": user, "text": in.Text, "blocks": string(blocks)},
	})
	m := &Message{Channel: channel, TS: s.ts(), Thread: thread, User: botUser, Text: in.Text, Blocks: in.Blocks}
	if in.Type != "in_channel" {
		m.Only = user
	}
	s.messages[channel] = append(s.messages[channel], m)
	return nil
}

// who is whoever acts, as interactions tell it. Source:
// https://docs.slack.dev/reference/interaction-payloads/block_actions-payload: user.team_id is the team of the user,
// also of one from another company.
func (s *Server) who(user string) map[string]any {
	u := s.users[user]
	team := u.Team
	if team == "" {
		team = s.o.Team
	}
	return map[string]any{"id": user, "username": u.Name, "name": u.Name, "team_id": team}
}

// interaction begins a payload. Source: the same page: team and enterprise are those of the installation, whoever acts;
// team is null where the app is installed for the whole organisation.
func (s *Server) interaction(kind, user string) map[string]any {
	p := map[string]any{
		"type": kind, "team": map[string]any{"id": s.o.Team, "domain": "northwind"}, "user": s.who(user), "api_app_id": appID,
		"token":      "old",
		"trigger_id": s.newTrigger(user), "enterprise": nil, "is_enterprise_install": s.o.OrgWide,
	}
	if s.o.Enterprise != "" {
		p["team"] = map[string]any{
			"id": s.o.Team, "domain": "northwind", "enterprise_id": s.o.Enterprise, "enterprise_name": s.o.Enterprise,
		}
		p["enterprise"] = map[string]any{"id": s.o.Enterprise, "name": s.o.Enterprise}
	}
	if s.o.OrgWide {
		p["team"] = nil
	}
	return p
}

// find looks for an element by its action id.
func find(blocks []any, actionID string) (element map[string]any, blockID string) {
	for _, b := range blocks {
		block, _ := b.(map[string]any)
		id, _ := block["block_id"].(string)
		elements, _ := block["elements"].([]any)
		for _, e := range append(elements, block["element"], block["accessory"]) {
			if m, ok := e.(map[string]any); ok && m["action_id"] == actionID {
				return m, id
			}
		}
	}
	return nil, ""
}

func anyList(blocks []map[string]any) []any {
	var list []any
	for _, b := range blocks {
		list = append(list, b)
	}
	return list
}

// Click presses a button or picks from a menu: of a message, with channel "" of the topmost modal if it has the
// element, or else of the Home tab.
func (s *Server) Click(user, channel, ts, key, actionID, choice string) (Ack, error) {
	return s.act("interactive", key, func() (map[string]any, error) {
		p := s.interaction("block_actions", user)
		var blocks []any
		switch {
		case channel != "":
			m := s.message(channel, ts)
			if m == nil || m.Only != "" && m.Only != user {
				return nil, fmt.Errorf("no message %s in %s", ts, channel)
			}
			blocks = anyList(m.Blocks)
			container := map[string]any{"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": m.Only != ""}
			if m.Thread != "" {
				container["thread_ts"] = m.Thread
			}
			p["container"], p["message"], p["channel"] = container, s.wire(m), map[string]any{
				"id": channel, "name": s.channels[channel].Name,
			}
			p["response_url"] = s.newURL(channel, user, m.Thread)
		default:
			shown := s.homes[user]
			if stack := s.views[user]; len(stack) > 0 {
				body := stack[len(stack)-1].shown()
				list, _ := body["blocks"].([]any)
				if e, _ := find(list, actionID); e != nil {
					shown = body
				}
			}
			if shown == nil {
				return nil, fmt.Errorf("%s has no view", user)
			}
			blocks, _ = shown["blocks"].([]any)
			p["container"], p["view"] = map[string]any{"type": "view", "view_id": shown["id"]}, shown
		}
		element, blockID := find(blocks, actionID)
		if element == nil {
			return nil, fmt.Errorf("no element %s", actionID)
		}
		action := map[string]any{"action_id": actionID, "block_id": blockID, "type": element["type"], "action_ts": s.ts()}
		switch element["type"] {
		case "button":
			action["value"] = element["value"]
		case "static_select":
			o, err := optionOf(element, choice)
			if err != nil {
				return nil, err
			}
			action["selected_option"] = o
		case "users_select":
			action["selected_user"] = choice
		}
		p["actions"] = []any{action}
		return p, nil
	})
}

func optionOf(element map[string]any, value string) (any, error) {
	options, _ := element["options"].([]any)
	for _, o := range options {
		if m, ok := o.(map[string]any); ok && m["value"] == value {
			return m, nil
		}
	}
	return nil, fmt.Errorf("no option %q", value)
}

// Submit sends off the topmost modal of a user. Inputs that values does not name keep what they show. The
// acknowledgement is applied as Slack does.
func (s *Server) Submit(user, key string, values map[string]string) (Ack, error) {
	s.mu.Lock()
	stack := s.views[user]
	if len(stack) == 0 {
		s.mu.Unlock()
		return Ack{}, fmt.Errorf("%s has no modal", user)
	}
	v := stack[len(stack)-1]
	s.mu.Unlock()
	ack, err := s.act("interactive", key, func() (map[string]any, error) {
		state, err := s.stateOf(v.body, values)
		if err != nil {
			return nil, err
		}
		p := s.interaction("view_submission", user)
		shown := v.shown()
		delete(shown, "errors")
		shown["state"] = map[string]any{"values": state}
		p["view"], p["response_urls"] = shown, []any{}
		return p, nil
	})
	if err != nil {
		return ack, err
	}
	return ack, s.settle(user, v, ack)
}

// stateOf is what the inputs of a modal hold.
func (s *Server) stateOf(body map[string]any, values map[string]string) (map[string]any, error) {
	state := map[string]any{}
	blocks, _ := body["blocks"].([]any)
	for _, b := range blocks {
		block, _ := b.(map[string]any)
		if block["type"] != "input" {
			continue
		}
		name, _ := block["block_id"].(string)
		e, _ := block["element"].(map[string]any)
		typed, given := values[name]
		held := map[string]any{"type": e["type"]}
		switch e["type"] {
		case "plain_text_input":
			if !given {
				typed, _ = e["initial_value"].(string)
			}
			held["value"] = nil
			if typed != "" {
				held["value"] = typed
			}
		case "static_select":
			held["selected_option"] = e["initial_option"]
			if given && typed != "" {
				o, err := optionOf(e, typed)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", name, err)
				}
				held["selected_option"] = o
			}
		case "multi_static_select":
			held["selected_options"] = e["initial_options"]
			if given {
				list := []any{}
				for value := range strings.SplitSeq(typed, ",") {
					if value == "" {
						continue
					}
					o, err := optionOf(e, value)
					if err != nil {
						return nil, fmt.Errorf("%s: %w", name, err)
					}
					list = append(list, o)
				}
				held["selected_options"] = list
			}
		case "external_select":
			held["selected_option"] = e["initial_option"]
			if given && typed != "" {
				held["selected_option"] = suggested(typed)
			}
		case "multi_external_select":
			held["selected_options"] = e["initial_options"]
			if given {
				list := []any{}
				for value := range strings.SplitSeq(typed, ",") {
					if value != "" {
						list = append(list, suggested(value))
					}
				}
				held["selected_options"] = list
			}
		case "datetimepicker":
			held["selected_date_time"] = e["initial_date_time"]
			if given && typed != "" {
				at, err := time.Parse(time.RFC3339, typed)
				if err != nil {
					return nil, fmt.Errorf("%s: a picker takes no words: %w", name, err)
				}
				held["selected_date_time"] = at.Unix()
			} else if given {
				held["selected_date_time"] = nil
			}
		case "datepicker":
			held["selected_date"] = e["initial_date"]
			if given && typed != "" {
				if _, err := time.Parse(time.DateOnly, typed); err != nil {
					return nil, fmt.Errorf("%s: a picker takes no words: %w", name, err)
				}
				held["selected_date"] = typed
			} else if given {
				held["selected_date"] = nil
			}
		case "file_input":
			if given { // its content is what was typed
				held["files"] = []any{s.attach(typed)}
			}
		case "users_select":
			held["selected_user"] = e["initial_user"]
			if given && typed != "" {
				held["selected_user"] = typed
			}
		}
		if optional, _ := block["optional"].(bool); !optional && !answered(held) {
			return nil, fmt.Errorf("%s is needed: Slack does not let the modal go", name)
		}
		state[name] = map[string]any{fmt.Sprint(e["action_id"]): held}
	}
	return state, nil
}

// answered reports whether an input holds anything.
func answered(held map[string]any) bool {
	for _, key := range []string{
		"value", "selected_option", "selected_options", "selected_user", "files", "selected_date_time", "selected_date",
	} {
		if held[key] != nil {
			return true
		}
	}
	return false
}

// suggested is an option that the app suggested for what was typed.
func suggested(value string) map[string]any {
	return map[string]any{"text": map[string]any{"type": "plain_text", "text": value, "emoji": true}, "value": value}
}

// Suggest types words into an input of a user's topmost modal that asks the app for its options, and returns what the
// app suggests. The payload is as in https://docs.slack.dev/reference/interaction-payloads/block_suggestion-payload: it
// has no trigger and no response URL.
func (s *Server) Suggest(user, key, input, words string) ([]string, error) {
	ack, err := s.act("interactive", key, func() (map[string]any, error) {
		stack := s.views[user]
		if len(stack) == 0 {
			return nil, fmt.Errorf("%s has no modal", user)
		}
		body := stack[len(stack)-1].shown()
		element := inputOf(body, input)
		if kind := element["type"]; kind != "external_select" && kind != "multi_external_select" {
			return nil, fmt.Errorf("%s asks for no options: %v", input, kind)
		}
		p := s.interaction("block_suggestion", user)
		delete(p, "trigger_id")
		p["container"], p["view"] = map[string]any{"type": "view", "view_id": body["id"]}, body
		p["block_id"], p["action_id"], p["value"] = input, element["action_id"], words
		return p, nil
	})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Options []struct {
			Value string `json:"value"`
		} `json:"options"`
	}
	if err := json.Unmarshal([]byte(ack.Body), &answer); err != nil || answer.Options == nil || len(answer.Options) > 100 {
		return nil, fmt.Errorf("not options: %s (%v)", ack.Body, err)
	}
	var values []string
	for _, o := range answer.Options {
		values = append(values, o.Value)
	}
	return values, nil
}

// inputOf is the element of an input of a modal.
func inputOf(body map[string]any, name string) map[string]any {
	blocks, _ := body["blocks"].([]any)
	for _, b := range blocks {
		if block, _ := b.(map[string]any); block["block_id"] == name {
			element, _ := block["element"].(map[string]any)
			return element
		}
	}
	return nil
}

// settle applies the acknowledgement of a submission.
func (s *Server) settle(user string, v *view, ack Ack) error {
	var a struct {
		Action string         `json:"response_action"`
		Errors map[string]any `json:"errors"`
		View   map[string]any `json:"view"`
	}
	if ack.Status != http.StatusOK {
		return fmt.Errorf("trouble connecting: the app answered %d", ack.Status)
	}
	if strings.TrimSpace(ack.Body) != "" {
		if err := json.Unmarshal([]byte(ack.Body), &a); err != nil {
			return fmt.Errorf("trouble connecting: %w: %s", err, ack.Body)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	stack := s.views[user]
	switch a.Action {
	case "":
		s.views[user] = stack[:max(0, len(stack)-1)]
	case "clear":
		delete(s.views, user)
	case "errors":
		for name := range a.Errors {
			if !hasInput(v.body, name) {
				return fmt.Errorf("trouble connecting: an error for %q, which is no input", name)
			}
		}
		v.errors = a.Errors
	case "update", "push":
		if err := checkView(a.View); err != nil {
			_, _ = invalid(err)
			return fmt.Errorf("trouble connecting: %w", err)
		}
		view, _ := json.Marshal(a.View)
		s.calls = append(s.calls, Call{Method: ByView, At: s.now(), Args: map[string]string{"view": string(view)}})
		if a.Action == "push" {
			s.views[user] = append(stack, s.newView(a.View))
			return nil
		}
		v.body, v.hash, v.errors = a.View, s.id("hash."), nil
	default:
		return fmt.Errorf("trouble connecting: response_action %q", a.Action)
	}
	return nil
}

func hasInput(body map[string]any, name string) bool {
	blocks, _ := body["blocks"].([]any)
	for _, b := range blocks {
		if m, ok := b.(map[string]any); ok && m["type"] == "input" && m["block_id"] == name {
			return true
		}
	}
	return false
}

// GlobalShortcut uses a shortcut of the lightning menu.
func (s *Server) GlobalShortcut(user, key, callback string) (Ack, error) {
	return s.act("interactive", key, func() (map[string]any, error) {
		p := s.interaction("shortcut", user)
		p["callback_id"], p["action_ts"] = callback, s.ts()
		return p, nil
	})
}

// MessageShortcut uses a shortcut of a message's menu.
func (s *Server) MessageShortcut(user, channel, ts, key, callback string) (Ack, error) {
	return s.act("interactive", key, func() (map[string]any, error) {
		m := s.message(channel, ts)
		if m == nil {
			return nil, fmt.Errorf("no message %s", ts)
		}
		p := s.interaction("message_action", user)
		p["callback_id"], p["message"], p["message_ts"], p["action_ts"] = callback, s.wire(m), ts, s.ts()
		p["channel"], p["response_url"] = map[string]any{"id": channel, "name": s.channels[channel].Name}, s.newURL(
			channel, user, m.Thread,
		)
		return p, nil
	})
}

// Say writes a message. What mentions the bot, or is written to it alone, is an event.
func (s *Server) Say(user, channel, thread, key, text string) (string, error) {
	s.mu.Lock()
	c := s.channels[channel]
	if c == nil {
		s.mu.Unlock()
		return "", fmt.Errorf("no channel %s", channel)
	}
	m := &Message{Channel: channel, TS: s.ts(), Thread: thread, User: user, Text: text}
	s.messages[channel] = append(s.messages[channel], m)
	event := map[string]any{
		"type": "message", "channel": channel, "user": user, "text": text, "ts": m.TS, "team": s.o.Team,
	}
	if thread != "" {
		event["thread_ts"] = thread
	}
	if u := s.users[user]; s.o.NamesTeams && s.outside(u) {
		// Source: https://docs.slack.dev/apis/slack-connect, "Messages": user_team and source_team name the team of the
		// author.
		event["user_team"], event["source_team"] = u.Team, u.Team
	}
	s.mu.Unlock()
	switch {
	case c.IM:
		event["channel_type"] = "im"
	case strings.Contains(text, "<@"+botUser+">"):
		event["type"] = "app_mention"
	default:
		return m.TS, nil
	}
	return m.TS, s.Event(key, event)
}

// React puts an emoji below a message. Source: https://docs.slack.dev/reference/events/reaction_added: the event names
// a user and no team.
func (s *Server) React(user, channel, ts, key, emoji string) error {
	return s.Event(key, map[string]any{
		"type": "reaction_added", "user": user, "reaction": emoji,
		"item": map[string]any{"type": "message", "channel": channel, "ts": ts}, "event_ts": ts,
	})
}

// OpenHome opens the Home tab.
func (s *Server) OpenHome(user, key string) error {
	return s.Event(key, map[string]any{"type": "app_home_opened", "user": user, "channel": s.Direct(user), "tab": "home"})
}

// response takes what the app sends to a response URL.
func (s *Server) response(w http.ResponseWriter, r *http.Request) {
	data, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	var in answer
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		panic(http.ErrAbortHandler)
	}
	u := s.urls[r.PathValue("id")]
	switch {
	case u == nil || u.used >= 5 || s.now().Sub(u.at) > 30*time.Minute:
		http.Error(w, "used_url", http.StatusNotFound)
		return
	case json.Unmarshal(data, &in) != nil:
		http.Error(w, "invalid_payload", http.StatusBadRequest)
		return
	}
	if err := s.show(in, u.channel, u.user, u.thread); err != nil {
		http.Error(w, "invalid_blocks", http.StatusBadRequest)
		return
	}
	u.used++
	_, _ = io.WriteString(w, "ok")
}

// ChangeUser changes somebody and tells the app, as Slack does for every change of a profile.
func (s *Server) ChangeUser(key string, u User) error {
	s.AddUser(u)
	s.mu.Lock()
	wire := s.wireUser(u)
	s.mu.Unlock()
	return s.Event(key, map[string]any{"type": "user_change", "user": wire})
}
