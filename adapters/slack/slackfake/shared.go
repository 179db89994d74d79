package slackfake

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Pin pins a message as somebody does in the channel. The event is as in
// https://docs.slack.dev/reference/events/pin_added; its item is a pinned message as pins.list lists them.
func (s *Server) Pin(user, channel, ts, key string) error {
	s.mu.Lock()
	m := s.message(channel, ts)
	if m == nil {
		s.mu.Unlock()
		return fmt.Errorf("no message %s in %s", ts, channel)
	}
	m.Pinned = true
	event := map[string]any{
		"type": "pin_added", "user": user, "channel_id": channel, "pin_count": 1, "event_ts": s.ts(), "item_user": m.User,
		"item": map[string]any{
			"type": "message", "channel": channel, "created": s.now().Unix(), "created_by": user, "message": s.wire(m),
		},
	}
	s.mu.Unlock()
	return s.Event(key, event)
}

// ShareFile shares a file in a channel, or in a thread of it, with some words. The event is as in
// https://docs.slack.dev/reference/events/file_shared: it names the file and nothing else of it, not the thread either.
func (s *Server) ShareFile(user, channel, thread, key, name, words string) error {
	s.mu.Lock()
	f := &File{ID: s.id("F"), Name: name, Title: name, done: true, owner: user}
	m := &Message{Channel: channel, TS: s.ts(), Thread: thread, User: user, Text: words, File: f}
	f.shared = m
	s.files[f.ID] = f
	s.messages[channel] = append(s.messages[channel], m)
	event := map[string]any{
		"type": "file_shared", "channel_id": channel, "file_id": f.ID, "user_id": user, "file": map[string]any{"id": f.ID},
		"event_ts": s.ts(),
	}
	s.mu.Unlock()
	return s.Event(key, event)
}

// fileInfo is files.info: https://docs.slack.dev/reference/methods/files.info.
func (s *Server) fileInfo(c Call) (map[string]any, error) {
	f := s.files[c.Args["file"]]
	if f == nil {
		return nil, problem("file_not_found")
	}
	file := map[string]any{
		"id": f.ID, "name": f.Name, "title": f.Title, "user": f.owner,
		"permalink": "https://northwind.slack.com/files/" + f.owner + "/" + f.ID + "/" + f.Name,
	}
	if m := f.shared; m != nil {
		kind := "public"
		if s.channels[m.Channel].Private {
			kind = "private"
		}
		share := map[string]any{"ts": m.TS, "channel_name": s.channels[m.Channel].Name, "team_id": s.o.Team}
		if m.Thread != "" {
			share["thread_ts"] = m.Thread
		}
		file["shares"] = map[string]any{kind: map[string]any{m.Channel: []any{share}}}
	}
	return map[string]any{"file": file, "comments": []any{}}, nil
}

// ShareLink says something with links of a domain that the app unfurls, and tells the app:
// https://docs.slack.dev/reference/events/link_shared. Foreign is a channel that another organisation shares.
func (s *Server) ShareLink(user, channel, key string, foreign bool, links ...string) (string, error) {
	s.mu.Lock()
	c := s.channels[channel]
	m := &Message{Channel: channel, TS: s.ts(), User: user, Text: fmt.Sprint(links), links: links}
	s.messages[channel] = append(s.messages[channel], m)
	var list []any
	for _, l := range links {
		list = append(list, map[string]any{"url": l, "domain": "watchbell.example.com"})
	}
	event := map[string]any{
		"type": "link_shared", "channel": channel, "user": user, "message_ts": m.TS, "links": list,
		"source":    "conversations_history",
		"unfurl_id": channel + "." + m.TS + ".fake", "is_bot_user_member": slices.Contains(c.Members, botUser),
		"event_ts": s.ts(),
	}
	c.Foreign = foreign
	s.mu.Unlock()
	return m.TS, s.Event(key, event)
}

// unfurl is chat.unfurl: https://docs.slack.dev/reference/methods/chat.unfurl.
func (s *Server) unfurl(c Call) (map[string]any, error) {
	m := s.message(c.Args["channel"], c.Args["ts"])
	if m == nil {
		return nil, problem("cannot_find_message")
	}
	var unfurls map[string]struct {
		Blocks []map[string]any `json:"blocks"`
	}
	if json.Unmarshal([]byte(c.Args["unfurls"]), &unfurls) != nil || len(unfurls) == 0 {
		return nil, problem("missing_unfurls")
	}
	for link, shown := range unfurls {
		if !slices.Contains(m.links, link) {
			return nil, problem("cannot_unfurl_url")
		}
		if err := checkBlocks(shown.Blocks, 50); err != nil {
			return invalid(err)
		}
		if m.Unfurled == nil {
			m.Unfurled = map[string][]map[string]any{}
		}
		m.Unfurled[link] = shown.Blocks
	}
	return nil, nil
}

// foreign reports whether an event happened in a channel that another organisation shares.
func (s *Server) foreign(event map[string]any) bool {
	id, _ := event["channel"].(string)
	c := s.channels[id]
	return c != nil && c.Foreign
}
