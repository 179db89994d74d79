package slackfake

import (
	"encoding/json"
	"maps"
	"time"
	"unicode/utf8"
)

// A trigger opens a modal once, within three seconds.
type trigger struct {
	user string
	at   time.Time
	used bool
}

const triggerLife = 3 * time.Second

// view is an open modal.
type view struct {
	id, hash string
	body     map[string]any
	errors   map[string]any
}

func (v *view) shown() map[string]any {
	m := maps.Clone(v.body)
	m["id"], m["hash"] = v.id, v.hash
	if v.errors != nil {
		m["errors"] = v.errors
	}
	return m
}

func (s *Server) newTrigger(user string) string {
	id := s.id("trigger.")
	s.triggers[id] = trigger{user: user, at: s.now()}
	return id
}

// viewOf reads and checks the view that a call brings.
func viewOf(c Call) (map[string]any, error) {
	raw, ok := c.JSON["view"].(map[string]any)
	if !ok {
		if json.Unmarshal([]byte(c.Args["view"]), &raw) != nil || raw == nil {
			return nil, problem("invalid_arguments")
		}
	}
	return raw, checkView(raw)
}

func checkView(v map[string]any) error {
	var blocks []map[string]any
	inputs := false
	list, _ := v["blocks"].([]any)
	for _, b := range list {
		m, _ := b.(map[string]any)
		blocks = append(blocks, m)
		inputs = inputs || m["type"] == "input"
	}
	c := &checker{}
	if v["type"] == "modal" {
		c.text(v["title"], "title", 24, true)
		c.text(v["submit"], "submit", 24, inputs)
		c.text(v["close"], "close", 24, false)
	}
	if data, _ := v["private_metadata"].(string); utf8.RuneCountInString(data) > 3000 {
		c.complain("private_metadata too long")
	}
	if len(c.wrong) > 0 {
		return &invalidBlocks{"invalid_arguments", c.wrong}
	}
	return checkBlocks(blocks, 100)
}

func (s *Server) spend(c Call) (trigger, error) {
	id := c.Args["trigger_id"]
	t, ok := s.triggers[id]
	switch {
	case !ok:
		return t, problem("invalid_trigger_id")
	case t.used:
		return t, problem("exchanged_trigger_id")
	case s.now().Sub(t.at) > triggerLife:
		return t, problem("expired_trigger_id")
	}
	t.used = true
	s.triggers[id] = t
	return t, nil
}

func (s *Server) newView(body map[string]any) *view {
	return &view{id: s.id("V"), hash: s.id("hash."), body: body}
}

func (s *Server) openView(c Call) (map[string]any, error) {
	body, err := viewOf(c)
	if err != nil {
		return invalid(err)
	}
	t, err := s.spend(c)
	if err != nil {
		return nil, err
	}
	v := s.newView(body)
	s.views[t.user] = []*view{v}
	return map[string]any{"view": v.shown()}, nil
}

func (s *Server) pushView(c Call) (map[string]any, error) {
	body, err := viewOf(c)
	if err != nil {
		return invalid(err)
	}
	t, err := s.spend(c)
	switch {
	case err != nil:
		return nil, err
	case len(s.views[t.user]) >= 3:
		return nil, problem("push_limit_reached")
	}
	v := s.newView(body)
	s.views[t.user] = append(s.views[t.user], v)
	return map[string]any{"view": v.shown()}, nil
}

func (s *Server) updateView(c Call) (map[string]any, error) {
	body, err := viewOf(c)
	if err != nil {
		return invalid(err)
	}
	for _, stack := range s.views {
		for _, v := range stack {
			if v.id != c.Args["view_id"] {
				continue
			}
			if hash := c.Args["hash"]; hash != "" && hash != v.hash {
				return nil, problem("hash_conflict")
			}
			v.body, v.hash, v.errors = body, s.id("hash."), nil
			return map[string]any{"view": v.shown()}, nil
		}
	}
	return nil, problem("not_found")
}

func (s *Server) publish(c Call) (map[string]any, error) {
	body, err := viewOf(c)
	if err != nil {
		return invalid(err)
	}
	if _, ok := s.users[c.Args["user_id"]]; !ok {
		return nil, problem("user_not_found")
	}
	s.homes[c.Args["user_id"]] = body
	return map[string]any{"view": body}, nil
}
