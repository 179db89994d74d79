package discordfake

import (
	"slices"
	"time"
)

// maxPins is how many pins a channel takes. Source: Discord's list of JSON error codes, 30003.
const maxPins = 250

// Pins are the ids of what is pinned in a channel, the newest pin first.
func (s *Server) Pins(channel string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for _, m := range s.pinned(channel) {
		ids = append(ids, m.ID)
	}
	return ids
}

func (s *Server) pinned(channel string) []*Message {
	var list []*Message
	for _, m := range s.messages[channel] {
		if m.Pinned() && !m.Deleted {
			list = append(list, m)
		}
	}
	slices.SortStableFunc(list, func(a, b *Message) int { return b.PinnedAt.Compare(a.PinnedAt) })
	return list
}

// getPins lists pins page by page.
func (s *Server) getPins(c *Call) (any, error) {
	channel, err := s.reach(c.path["channel"], ViewChannel)
	if err != nil {
		return nil, err
	}
	limit, err := c.number("limit", 50, 1, 50)
	if err != nil {
		return nil, err
	}
	items, more := []any{}, false
	until := time.Time{}
	if text := c.query.Get("before"); text != "" {
		until, err = time.Parse(time.RFC3339Nano, text)
		if err != nil {
			f := newForm()
			f.add("before", "DATE_TIME_TYPE_PARSE", "Could not parse %s. Should be ISO8601.", text)
			return nil, f.problem()
		}
	}
	if !s.in(channel, s.o.Bot).has(ReadMessageHistory) {
		return map[string]any{"items": items, "has_more": false}, nil
	}
	for _, m := range s.pinned(channel.ID) {
		if !until.IsZero() && !m.PinnedAt.Before(until) {
			continue
		}
		if len(items) == limit {
			more = true
			break
		}
		items = append(items, map[string]any{"pinned_at": stamp(m.PinnedAt), "message": s.wireMessage(m)})
	}
	return map[string]any{"items": items, "has_more": more}, nil
}

// getOldPins is the deprecated list of the first 50.
func (s *Server) getOldPins(c *Call) (any, error) {
	channel, err := s.reach(c.path["channel"], ViewChannel)
	if err != nil {
		return nil, err
	}
	list := []any{}
	if s.in(channel, s.o.Bot).has(ReadMessageHistory) {
		for i, m := range s.pinned(channel.ID) {
			if i < 50 {
				list = append(list, s.wireMessage(m))
			}
		}
	}
	return list, nil
}

func (s *Server) pin(c *Call) (any, error) { return s.pinUpTo(c, maxPins) }

// pinOld is the deprecated route, which kept the limit of its time.
func (s *Server) pinOld(c *Call) (any, error) { return s.pinUpTo(c, 50) }

func (s *Server) pinnable(c *Call) (*Channel, *Message, error) {
	channel, m, err := s.found(c, ViewChannel|PinMessages)
	if err == nil && channel.isThread() {
		err = s.threadChanges(channel)
	}
	return channel, m, err
}

func (s *Server) pinUpTo(c *Call, limit int) (any, error) {
	channel, m, err := s.pinnable(c)
	switch {
	case err != nil:
		return nil, err
	case m.Pinned():
		return nil, nil
	case m.Type == pinnedMessage || m.Type == starterMessage:
		return nil, refuse(403, 50021, "Cannot execute action on a system message")
	case len(s.pinned(channel.ID)) >= limit:
		return nil, &refused{
			status: 400, code: 30003, message: "Maximum number of pins reached (" + itoa(limit) + ")",
		}
	}
	m.PinnedAt = s.now().UTC()
	for _, other := range s.pinned(channel.ID) { // two pins of one moment keep their order
		if other != m && !m.PinnedAt.After(other.PinnedAt) {
			m.PinnedAt = other.PinnedAt.Add(time.Microsecond)
		}
	}
	channel.lastPin = m.PinnedAt
	s.tellPins(channel)
	s.post(&Message{
		ID: s.id(), Channel: channel.ID, Guild: channel.Guild, Author: s.o.Bot, Type: pinnedMessage, Reference: m.ID,
	})
	return nil, nil
}

func (s *Server) unpin(c *Call) (any, error) {
	channel, m, err := s.pinnable(c)
	if err != nil {
		return nil, err
	}
	if m.Pinned() {
		m.PinnedAt = time.Time{}
		s.tellPins(channel)
	}
	return nil, nil
}

func (s *Server) tellPins(c *Channel) {
	wire := map[string]any{"channel_id": c.ID, "last_pin_timestamp": nil}
	if list := s.pinned(c.ID); len(list) > 0 {
		wire["last_pin_timestamp"] = stamp(list[0].PinnedAt)
	}
	intent := intentDirect
	if c.Guild != "" {
		wire["guild_id"], intent = c.Guild, intentGuilds
	}
	s.dispatch(intent, "CHANNEL_PINS_UPDATE", wire)
}
