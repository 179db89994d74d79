package discordfake

import (
	"fmt"
	"slices"
	"time"
)

var unknownMessage = refuse(404, 10008, "Unknown Message")

// nonceWindow is how long Discord compares nonces: its documents say "the past few minutes".
const nonceWindow = 3 * time.Minute

// nonce is what was posted with a nonce.
type nonce struct {
	channel, message string
	at               time.Time
}

// createMessage posts a message.
func (s *Server) createMessage(c *Call) (any, error) {
	channel, err := s.writable(c.path["channel"])
	if err != nil {
		return nil, err
	}
	f := newForm()
	d, err := s.readDraft(f, c.body(), c.Files, nil)
	if err != nil {
		return nil, err
	}
	n := readNonce(f, c.body())
	m := &Message{Channel: channel.ID, Guild: channel.Guild, Author: s.o.Bot, Nonce: n}
	m.Flags = d.flags & (suppressEmbeds | suppressNotifications | ComponentsV2Flag)
	if err := s.reply(f, m, channel, c.body()); err != nil {
		return nil, err
	}
	if err := f.problem(); err != nil {
		return nil, err
	}
	if p := s.in(channel, s.o.Bot); len(c.Files) > 0 && !p.has(AttachFiles) || len(d.embeds) > 0 && !p.has(EmbedLinks) {
		return nil, missingPermissions
	}
	if n != nil && f.yes(c.body(), "enforce_nonce", false) {
		if found, err := s.postedBefore(n); found != nil || err != nil {
			return found, err
		}
	}
	m.ID = s.id()
	if err := s.apply(m, d, s.keepFiles(d, channel.ID, c.Files, false)); err != nil {
		return nil, err
	}
	mentions := parseAll
	if d.allowed != nil {
		mentions = *d.allowed
	}
	s.mention(m, mentions)
	if n != nil {
		s.nonces[fmt.Sprint(n)] = nonce{channel.ID, m.ID, s.now()}
	}
	s.awake(channel)
	s.post(m)
	return s.wireMessage(m), nil
}

// post adds a message and tells the app.
func (s *Server) post(m *Message) {
	s.messages[m.Channel] = append(s.messages[m.Channel], m)
	if c := s.channels[m.Channel]; c != nil && c.isThread() {
		c.count++
		if !slices.Contains(c.Members, m.Author) {
			c.Members = append(c.Members, m.Author)
		}
	}
	s.tellMessage("MESSAGE_CREATE", m)
}

// postedBefore finds the message that the bot posted with this nonce within the window, in any channel. If it was
// deleted since, Discord answers that it does not know it.
func (s *Server) postedBefore(n any) (any, error) {
	old, ok := s.nonces[fmt.Sprint(n)]
	if !ok || s.now().Sub(old.at) >= nonceWindow {
		return nil, nil
	}
	m := s.message(old.channel, old.message)
	if m == nil {
		return nil, unknownMessage
	}
	return s.wireMessage(m), nil
}

// reply reads what a message replies to.
func (s *Server) reply(f *form, m *Message, c *Channel, body map[string]any) error {
	v := body["message_reference"]
	if v == nil {
		return nil
	}
	in := f.in("message_reference")
	ref := in.object(v)
	if ref == nil {
		return nil
	}
	in.one(ref, "type", false, 0)
	id := in.snowflake(ref, "message_id", true)
	if from := in.snowflake(ref, "channel_id", false); from != "" && from != c.ID {
		in.add("", "REPLIES_CANNOT_REFERENCE_OTHER_CHANNEL", "Cannot reply to a message in a different channel")
	}
	if c.Guild != "" && !s.in(c, s.o.Bot).has(ReadMessageHistory) {
		return refuse(403, 160002, "Cannot reply without permission to read message history")
	}
	switch r := s.message(c.ID, id); {
	case r == nil && id != "" && in.yes(ref, "fail_if_not_exists", true):
		in.add("", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
	case r == nil:
	case r.Type == pinnedMessage || r.Type == starterMessage:
		in.add("", "REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE", "Cannot reply to a system message")
	default:
		m.Type, m.Reference = replyMessage, id
	}
	return nil
}

// getMessages lists messages, newest first.
func (s *Server) getMessages(c *Call) (any, error) {
	channel, err := s.reach(c.path["channel"], ViewChannel)
	if err != nil {
		return nil, err
	}
	limit, err := c.number("limit", 50, 1, 100)
	if err != nil {
		return nil, err
	}
	f, asked := newForm(), 0
	for _, name := range []string{"around", "before", "after"} {
		if v := c.query.Get(name); v != "" {
			asked++
			if v != "0" && !isSnowflake(v) {
				f.add(name, "NUMBER_TYPE_COERCE", "Value \"%s\" is not snowflake.", v)
			}
		}
	}
	if asked > 1 {
		f.add("", "BASE_TYPE_EXCLUSIVE", "Only one of around, before and after may be passed.")
	}
	if err := f.problem(); err != nil {
		return nil, err
	}
	list := []any{}
	if !s.in(channel, s.o.Bot).has(ReadMessageHistory) {
		return list, nil
	}
	around, until, after := c.query.Get("around"), c.query.Get("before"), c.query.Get("after")
	for _, m := range page(s.visible(channel.ID), around, until, after, limit) {
		list = append(list, s.wireMessage(m))
	}
	return list, nil
}

// visible are the messages of a channel that everybody sees, oldest first.
func (s *Server) visible(channel string) []*Message {
	var list []*Message
	for _, m := range s.messages[channel] {
		if !m.Deleted && m.Only == "" {
			list = append(list, m)
		}
	}
	slices.SortStableFunc(list, func(a, b *Message) int {
		switch {
		case before(a.ID, b.ID):
			return -1
		case before(b.ID, a.ID):
			return 1
		}
		return 0
	})
	return list
}

// page picks messages and returns them newest first. With after it picks the oldest ones after that id.
func page(list []*Message, around, until, after string, limit int) []*Message {
	switch {
	case around != "":
		i := slices.IndexFunc(list, func(m *Message) bool { return !before(m.ID, around) })
		if i < 0 {
			i = len(list)
		}
		low := max(0, i-limit/2)
		list = list[low:min(len(list), low+limit)]
	case after != "":
		list = slices.DeleteFunc(slices.Clone(list), func(m *Message) bool { return !before(after, m.ID) })
		list = list[:min(limit, len(list))]
	default:
		if until != "" {
			list = slices.DeleteFunc(slices.Clone(list), func(m *Message) bool { return !before(m.ID, until) })
		}
		list = list[max(0, len(list)-limit):]
	}
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

// found finds a message of a call whose channel the bot reaches.
func (s *Server) found(c *Call, needs Permission) (*Channel, *Message, error) {
	channel, err := s.reach(c.path["channel"], needs)
	if err != nil {
		return nil, nil, err
	}
	m := s.message(channel.ID, c.path["message"])
	if m == nil {
		return nil, nil, unknownMessage
	}
	return channel, m, nil
}

func (s *Server) getMessage(c *Call) (any, error) {
	_, m, err := s.found(c, ViewChannel|ReadMessageHistory)
	if err != nil {
		return nil, err
	}
	return s.wireMessage(m), nil
}

// editMessage edits a message of the bot. Mentions are worked out anew, with the defaults unless the edit says
// otherwise.
func (s *Server) editMessage(c *Call) (any, error) {
	channel, m, err := s.found(c, ViewChannel)
	if err != nil {
		return nil, err
	}
	if channel.isThread() {
		if err := s.threadChanges(channel); err != nil {
			return nil, err
		}
	}
	if m.Author != s.o.Bot {
		if body := c.body(); len(body) == 1 && body["flags"] != nil && s.in(channel, s.o.Bot).has(ManageMessages) {
			n, _ := intOf(body["flags"])
			m.Flags = m.Flags&^suppressEmbeds | n&suppressEmbeds
			return s.wireMessage(m), nil
		}
		return nil, refuse(403, 50005, "Cannot edit a message authored by another user")
	}
	if err := s.edit(m, c, parseAll); err != nil {
		return nil, err
	}
	return s.wireMessage(m), nil
}

// edit changes a message as a call says, or leaves it as it is.
func (s *Server) edit(m *Message, c *Call, standard allowed) error {
	return s.editIn(newForm(), m, c, standard)
}

func (s *Server) editIn(f *form, m *Message, c *Call, standard allowed) error {
	d, err := s.readDraft(f, c.body(), c.Files, m)
	if err == nil {
		err = f.problem()
	}
	if err != nil {
		return err
	}
	next := m.copy()
	next.by, next.Loading = m.by, false
	next.Flags &^= loadingFlag
	if d.given["flags"] {
		next.Flags = next.Flags&^suppressEmbeds | d.flags&(suppressEmbeds|ComponentsV2Flag)
	}
	if err := s.apply(&next, d, s.keepFiles(d, m.Channel, c.Files, m.Only != "")); err != nil {
		return err
	}
	if d.allowed != nil {
		standard = *d.allowed
	}
	s.mention(&next, standard)
	if !m.Loading {
		next.Edited, next.editedAt = true, s.now()
	}
	*m = next
	s.tellMessage("MESSAGE_UPDATE", m)
	return nil
}

func (s *Server) deleteMessage(c *Call) (any, error) {
	channel, m, err := s.found(c, ViewChannel)
	if err != nil {
		return nil, err
	}
	if m.Author != s.o.Bot {
		if channel.Guild == "" {
			return nil, refuse(403, 50003, "Cannot execute action on a DM channel")
		}
		if !s.in(channel, s.o.Bot).has(ManageMessages) {
			return nil, missingPermissions
		}
	}
	s.remove(m)
	return nil, nil
}
