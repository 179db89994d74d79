// Package payload is what Discord sends: interactions and the few gateway events that we look at, as Discord documents
// them, and the signature of what comes by HTTP. It holds no more of them than is used, and bears whatever else is
// there.
//
// Source: https://discord.com/developers/docs/interactions/receiving-and-responding
package payload

import (
	"encoding/json"
	"strconv"
	"time"
)

// Kinds of interactions.
const (
	Ping         = 1
	Command      = 2
	Component    = 3
	Autocomplete = 4
	ModalSubmit  = 5
)

// Kinds of application commands.
const (
	ChatInput      = 1
	UserCommand    = 2
	MessageCommand = 3
)

// Interaction is something that a person did: a command, a press, a choice, a submitted modal, or words typed into an
// option that is completed.
type Interaction struct {
	ID          string            `json:"id"`
	Application string            `json:"application_id"`
	Type        int               `json:"type"`
	Token       string            `json:"token"`
	Guild       string            `json:"guild_id"`
	ChannelID   string            `json:"channel_id"`
	Channel     *Channel          `json:"channel"`
	Member      *Member           `json:"member"` // in a guild
	User        *User             `json:"user"`   // in a direct message
	Message     *Message          `json:"message"`
	Data        Data              `json:"data"`
	Owners      map[string]string `json:"authorizing_integration_owners"` // "0" is the guild that the app is installed in
	FileLimit   int               `json:"attachment_size_limit"`
}

// InstalledIn is the guild by whose installation the interaction came; "" for apps that a user installed.
func (i *Interaction) InstalledIn() string { return i.Owners["0"] }

// Actor is who acted.
func (i *Interaction) Actor() User {
	switch {
	case i.Member != nil && i.Member.User != nil:
		return *i.Member.User
	case i.User != nil:
		return *i.User
	}
	return User{}
}

// Place is the channel that it happened in, and the thread below it.
func (i *Interaction) Place() (channel, thread string) {
	if c := i.Channel; c != nil && c.IsThread() && c.Parent != "" {
		return c.Parent, c.ID
	}
	return i.ChannelID, ""
}

// Data is what an interaction is about. Which of its parts are there depends on the kind of interaction.
type Data struct {
	// of a command
	Name     string   `json:"name"`
	Type     int      `json:"type"`
	Options  []Option `json:"options"`
	Target   string   `json:"target_id"`
	Resolved Resolved `json:"resolved"`
	// of a component or a modal
	CustomID   string          `json:"custom_id"`
	Kind       int             `json:"component_type"`
	Values     []string        `json:"values"`
	Components []ModalResponse `json:"components"`
}

// Option is an argument of a command, or a subcommand with its own.
type Option struct {
	Name    string          `json:"name"`
	Type    int             `json:"type"`
	Value   json.RawMessage `json:"value"`
	Options []Option        `json:"options"`
	Focused bool            `json:"focused"` // it is being typed
}

// Text is the value as words, whatever its type; "" where there is none.
func (o *Option) Text() string {
	var s string
	if json.Unmarshal(o.Value, &s) == nil {
		return s
	}
	return string(o.Value) // numbers and booleans as JSON writes them
}

// Resolved are the things that an interaction names by their ids.
type Resolved struct {
	Users       map[string]User       `json:"users"`
	Members     map[string]Member     `json:"members"`
	Messages    map[string]Message    `json:"messages"`
	Attachments map[string]Attachment `json:"attachments"`
}

// ModalResponse is a part of a submitted modal: a label around an input, an old row of inputs, or text.
type ModalResponse struct {
	Type       int             `json:"type"`
	CustomID   string          `json:"custom_id"`
	Value      json.RawMessage `json:"value"`  // text, radio group, checkbox
	Values     []string        `json:"values"` // menus, checkbox groups, uploads
	Component  *ModalResponse  `json:"component"`
	Components []ModalResponse `json:"components"`
}

// Inputs are the inputs of a submitted modal.
func (d *Data) Inputs() []ModalResponse {
	var list []ModalResponse
	var walk func([]ModalResponse)
	walk = func(parts []ModalResponse) {
		for _, p := range parts {
			if p.CustomID != "" {
				list = append(list, p)
			}
			if p.Component != nil {
				walk([]ModalResponse{*p.Component})
			}
			walk(p.Components)
		}
	}
	walk(d.Components)
	return list
}

// User is an account.
type User struct {
	ID         string `json:"id"`
	Name       string `json:"username"`
	GlobalName string `json:"global_name"`
	Bot        bool   `json:"bot"`
	System     bool   `json:"system"`
}

// Member is a user in a guild. User is left out where the payload names it beside.
type Member struct {
	User     *User      `json:"user"`
	Nick     string     `json:"nick"`
	Roles    []string   `json:"roles"`
	Flags    int        `json:"flags"`
	Pending  bool       `json:"pending"`                      // has not passed the guild's screening
	TimedOut *time.Time `json:"communication_disabled_until"` // may be in the past
}

// guestFlag marks members who joined as guests, for one voice channel.
const guestFlag = 1 << 4

// Guest reports whether a member is one for a while only, or not yet one.
func (m *Member) Guest(now time.Time) bool {
	return m.Flags&guestFlag != 0 || m.Pending || m.TimedOut != nil && m.TimedOut.After(now)
}

// Channel is where something happened, or a channel of a guild.
type Channel struct {
	ID         string      `json:"id"`
	Guild      string      `json:"guild_id"`
	Type       int         `json:"type"`
	Name       string      `json:"name"`
	Topic      string      `json:"topic"`
	Parent     string      `json:"parent_id"`
	Overwrites []Overwrite `json:"permission_overwrites"`
}

// Overwrite lets a role or a member do something in a channel, or not.
type Overwrite struct {
	ID    string `json:"id"`
	Type  int    `json:"type"`  // 0 a role, 1 a member
	Allow string `json:"allow"` // bits, as a decimal number
	Deny  string `json:"deny"`
}

// Kinds of channels.
const (
	TextChannel = 0
	DirectText  = 1
	Category    = 4
)

// IsThread reports whether it is a thread, of any kind.
func (c *Channel) IsThread() bool { return c.Type >= 10 && c.Type <= 12 }

// Message is a message as Discord shows it. Without the intent for it, Content is empty in messages that neither
// mention the bot nor are its own.
type Message struct {
	ID          string          `json:"id"`
	ChannelID   string          `json:"channel_id"`
	Author      User            `json:"author"`
	Content     string          `json:"content"`
	Flags       int             `json:"flags"`
	Type        int             `json:"type"`
	Nonce       any             `json:"nonce"`
	Components  json.RawMessage `json:"components"`
	Attachments []Attachment    `json:"attachments"`
	Mentions    []User          `json:"mentions"`
	Guild       string          `json:"guild_id"` // of events only
	Webhook     string          `json:"webhook_id"`
	Reactions   []Reacted       `json:"reactions"`
}

// Reacted is an emoji below a message. Who put it there has to be asked.
type Reacted struct {
	Emoji Emoji `json:"emoji"`
}

// Emoji is a sign: of Unicode, where it has no id, or of a guild.
type Emoji struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// ephemeralFlag marks what one person sees only.
const ephemeralFlag = 1 << 6

// Ephemeral reports whether only one person sees the message.
func (m *Message) Ephemeral() bool { return m.Flags&ephemeralFlag != 0 }

// Attachment is a file.
type Attachment struct {
	ID       string `json:"id"`
	Filename string `json:"filename"`
	Size     int    `json:"size"`
	URL      string `json:"url"`
}

// Reaction is an emoji that somebody put below a message.
type Reaction struct {
	User    string  `json:"user_id"`
	Channel string  `json:"channel_id"`
	Message string  `json:"message_id"`
	Guild   string  `json:"guild_id"`
	Member  *Member `json:"member"`
	Emoji   Emoji   `json:"emoji"`
}

// epoch is the first second of 2015, when Discord's ids begin.
const epoch = 1_420_070_400_000

// When is the time that an id was made at, to the millisecond; the zero time for what is no id.
func When(id string) time.Time {
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(int64(n>>22) + epoch).UTC()
}

// IDAt is the smallest id that is made at a time or later.
func IDAt(t time.Time) string {
	return strconv.FormatInt(max(0, t.UnixMilli()-epoch)<<22, 10)
}
