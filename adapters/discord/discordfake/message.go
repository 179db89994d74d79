package discordfake

import (
	"bytes"
	"fmt"
	"image"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	_ "image/gif"  // for the size of what is attached
	_ "image/jpeg" // likewise
	_ "image/png"  // likewise
)

// The flags and types of messages that the fake knows. Source: Discord's page "Message".
const (
	suppressEmbeds        = 1 << 2
	hasThread             = 1 << 5
	EphemeralFlag         = 1 << 6
	loadingFlag           = 1 << 7
	suppressNotifications = 1 << 12
	ComponentsV2Flag      = 1 << 15

	pinnedMessage  = 6
	replyMessage   = 19
	commandMessage = 20
	starterMessage = 21
	contextMessage = 23
)

// Message is one in a channel.
type Message struct {
	ID, Channel, Guild, Author string
	Content                    string
	Type, Flags                int
	Embeds                     []map[string]any
	Components                 []map[string]any
	Attachments                []*Attachment
	Only                       string // an ephemeral message: who sees it
	Deleted, Edited            bool
	Loading                    bool     // it waits for a deferred answer
	Pings                      []string // whom it notified: users, "&" and the id of a role, "@everyone", "@here"
	Reactions                  []Reaction
	Reference                  string // the message that it replies to
	Thread                     string // the thread that was started from it
	PinnedAt                   time.Time
	Nonce                      any
	Bot                        bool // another application posted it

	referenceChannel string
	mentioned        []string
	mentionedRoles   []string
	everyone         bool
	editedAt         time.Time
	by               *interaction // whose answer it is
}

// Attachment is a file of a message.
type Attachment struct {
	ID, Name, Description, Type string
	Data                        []byte
	Ephemeral                   bool
	channel                     string
	width, height               int
}

// Reaction is an emoji below a message.
type Reaction struct {
	Emoji string
	Users []string
}

// V2 reports whether a message consists of components only.
func (m *Message) V2() bool { return m.Flags&ComponentsV2Flag != 0 }

// Pinned reports whether a message is pinned.
func (m *Message) Pinned() bool { return !m.PinnedAt.IsZero() }

// Text is everything that people read in a message: its content, or its text displays, one a line.
func (m *Message) Text() string {
	if !m.V2() {
		return m.Content
	}
	var b bytes.Buffer
	walk(m.Components, func(c map[string]any) {
		if kindOf(c) == textDisplay {
			_, _ = fmt.Fprintln(&b, c["content"])
		}
	})
	return string(bytes.TrimSpace(b.Bytes()))
}

func (m *Message) copy() Message {
	found := *m
	found.Embeds, found.Components = copyOf(m.Embeds), copyOf(m.Components)
	found.Pings, found.Attachments = slices.Clone(m.Pings), slices.Clone(m.Attachments)
	found.Reactions = nil
	for _, r := range m.Reactions {
		found.Reactions = append(found.Reactions, Reaction{r.Emoji, slices.Clone(r.Users)})
	}
	return found
}

// Messages are all messages of a channel, oldest first, with deleted and ephemeral ones in their order.
func (s *Server) Messages(channel string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Message
	for _, m := range s.messages[channel] {
		list = append(list, m.copy())
	}
	return list
}

// Message is a copy of a message as it is now.
func (s *Server) Message(channel, id string) (Message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.messages[channel] {
		if m.ID == id {
			return m.copy(), true
		}
	}
	return Message{}, false
}

// Shown are the messages of a channel that a person sees now, oldest first.
func (s *Server) Shown(user, channel string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Message
	c := s.channels[channel]
	if c == nil || !s.in(c, user).has(ViewChannel) {
		return nil
	}
	for _, m := range s.messages[channel] {
		if !m.Deleted && (m.Only == "" || m.Only == user) {
			list = append(list, m.copy())
		}
	}
	return list
}

// message finds a message that everybody in its channel sees.
func (s *Server) message(channel, id string) *Message {
	for _, m := range s.messages[channel] {
		if m.ID == id && !m.Deleted && m.Only == "" {
			return m
		}
	}
	return nil
}

// AddMessage adds a message of somebody else or of another application, without telling the app, and returns its id.
func (s *Server) AddMessage(m Message) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.ID == "" {
		m.ID = s.id()
	}
	m.Guild = s.channels[m.Channel].Guild
	s.messages[m.Channel] = append(s.messages[m.Channel], &m)
	return m.ID
}

// DeleteMessage deletes a message by a person's hand.
func (s *Server) DeleteMessage(channel, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.message(channel, id); m != nil {
		s.remove(m)
	}
}

func (s *Server) remove(m *Message) {
	m.Deleted, m.PinnedAt = true, time.Time{}
	if m.Only != "" {
		return
	}
	wire := map[string]any{"id": m.ID, "channel_id": m.Channel}
	if m.Guild != "" {
		wire["guild_id"] = m.Guild
	}
	s.dispatch(s.messageIntent(m.Channel), "MESSAGE_DELETE", wire)
}

func (s *Server) messageIntent(channel string) int {
	if c := s.channels[channel]; c != nil && c.Guild == "" {
		return intentDirect
	}
	return intentMessages
}

// readable reports whether the app may know what a message says without the intent MESSAGE_CONTENT. Source: Discord's
// page "Gateway", "Message Content Intent".
func (s *Server) readable(m *Message) bool {
	c := s.channels[m.Channel]
	return m.Author == s.o.Bot || c != nil && c.Guild == "" || slices.Contains(m.mentioned, s.o.Bot)
}

// wireMessage is a message as the REST API shows it to the app.
func (s *Server) wireMessage(m *Message) map[string]any {
	return s.wireAs(m, s.o.Privileged&intentContent != 0 || s.readable(m))
}

func (s *Server) wireAs(m *Message, full bool) map[string]any {
	mentions := []any{}
	for _, id := range m.mentioned {
		mentions = append(mentions, s.wireUser(id))
	}
	wire := map[string]any{
		"id": m.ID, "channel_id": m.Channel, "type": m.Type, "author": s.wireUser(m.Author), "content": "", "embeds": []any{},
		"attachments": []any{}, "components": []any{}, "mentions": mentions,
		"mention_roles": append([]string{}, m.mentionedRoles...), "mention_everyone": m.everyone, "pinned": m.Pinned(),
		"tts": false, "timestamp": stamp(moment(m.ID)), "edited_timestamp": nil, "flags": m.Flags,
	}
	if m.Edited {
		wire["edited_timestamp"] = stamp(m.editedAt)
	}
	if full {
		wire["content"], wire["attachments"] = m.Content, s.wireAttachments(m.Attachments)
		if m.Embeds != nil {
			wire["embeds"] = m.Embeds
		}
		if m.Components != nil {
			wire["components"] = m.Components
		}
	}
	if m.Nonce != nil {
		wire["nonce"] = m.Nonce
	}
	if len(m.Reactions) > 0 {
		wire["reactions"] = s.wireReactions(m)
	}
	if t := s.channels[m.Thread]; m.Thread != "" && t != nil {
		wire["thread"] = s.wireChannel(t)
	}
	if m.Bot {
		wire["application_id"] = m.Author
	}
	s.wireReference(m, wire)
	s.wireInteraction(m, wire)
	return wire
}

func (s *Server) wireReference(m *Message, wire map[string]any) {
	if m.Reference == "" {
		return
	}
	from := m.referenceChannel
	if from == "" {
		from = m.Channel
	}
	ref := map[string]any{"type": 0, "channel_id": from, "message_id": m.Reference}
	if m.Guild != "" {
		ref["guild_id"] = m.Guild
	}
	wire["message_reference"] = ref
	if m.Type == replyMessage || m.Type == starterMessage {
		wire["referenced_message"] = nil
		if r := s.message(from, m.Reference); r != nil {
			shown := *r
			shown.Reference, shown.Thread = "", ""
			wire["referenced_message"] = s.wireMessage(&shown)
		}
	}
}

// wireInteraction says whose answer a message is.
func (s *Server) wireInteraction(m *Message, wire map[string]any) {
	if m.by == nil {
		return
	}
	wire["application_id"], wire["webhook_id"] = s.o.Application, s.o.Application
	wire["interaction_metadata"] = s.metadata(m.by, m.ID)
	if m.by.kind == commandInteraction {
		wire["interaction"] = map[string]any{
			"id": m.by.id, "type": m.by.kind, "name": m.by.command, "user": s.wireUser(m.by.user),
		}
	}
}

func (s *Server) wireAttachments(list []*Attachment) []any {
	wire := []any{}
	for _, a := range list {
		wire = append(wire, s.wireAttachment(a))
	}
	return wire
}

func (s *Server) attachmentURL(a *Attachment) string {
	return s.http.URL + "/attachments/" + a.channel + "/" + a.ID + "/" + a.Name
}

func (s *Server) wireAttachment(a *Attachment) map[string]any {
	wire := map[string]any{
		"id": a.ID, "filename": a.Name, "size": len(a.Data), "url": s.attachmentURL(a), "proxy_url": s.attachmentURL(a),
		"content_type": a.Type,
	}
	if a.Description != "" {
		wire["description"] = a.Description
	}
	if a.Ephemeral {
		wire["ephemeral"] = true
	}
	if a.width > 0 {
		wire["width"], wire["height"] = a.width, a.height
	}
	return wire
}

// keep stores a file.
func (s *Server) keep(channel string, u Upload, description string, ephemeral bool) *Attachment {
	a := &Attachment{
		ID: s.id(), Name: fileName(u.Name), Description: description, Type: u.Type, Data: u.Data, Ephemeral: ephemeral,
		channel: channel,
	}
	if config, _, err := image.DecodeConfig(bytes.NewReader(u.Data)); err == nil {
		a.width, a.height = config.Width, config.Height
	}
	s.files[a.ID] = a
	return a
}

// fileName is the name that a file gets: Discord keeps letters, digits, dots, dashes and underscores.
func fileName(name string) string {
	clean := []byte(name)
	for i, b := range clean {
		switch {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9', b == '.', b == '-', b == '_':
		default:
			clean[i] = '_'
		}
	}
	return string(clean)
}

func (s *Server) download(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	a, down := s.files[r.PathValue("id")], s.down
	s.mu.Unlock()
	switch {
	case down:
		panic(http.ErrAbortHandler)
	case a == nil || a.Name != r.PathValue("name"):
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", a.Type)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.Data)))
	_, _ = io.Copy(w, bytes.NewReader(a.Data))
}

// tellMessage tells of a message that everybody sees.
func (s *Server) tellMessage(name string, m *Message) {
	c := s.channels[m.Channel]
	if m.Only != "" || c == nil || !s.in(c, s.o.Bot).has(ViewChannel) {
		return
	}
	full, bare := s.wireAs(m, true), s.wireAs(m, s.readable(m))
	for _, wire := range []map[string]any{full, bare} {
		wire["channel_type"] = c.Type
		if m.Guild == "" {
			continue
		}
		wire["guild_id"] = m.Guild
		if member := s.wirePartialMember(s.guilds[m.Guild], m.Author); member != nil {
			member["mute"], member["deaf"] = false, false
			wire["member"] = member
		}
	}
	s.dispatchEither(s.messageIntent(m.Channel), name, full, bare)
}
