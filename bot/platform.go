package bot

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Conversation is a place on a platform: a channel, or a thread in one.
type Conversation struct {
	Platform  string `json:"platform"`
	Workspace string `json:"workspace,omitempty"`
	Channel   string `json:"channel"`
	Thread    string `json:"thread,omitempty"` // the id of the message the thread hangs on
}

// MessageRef is where a message stands.
type MessageRef struct {
	Conversation
	ID string `json:"id"`
}

// Platform is what an adapter offers. Abilities that not every platform has are the one-method interfaces below,
// found by type assertion.
type Platform interface {
	Name() string
	// Run serves until ctx ends, or returns why it cannot go on (a revoked token, say).
	Run(ctx context.Context, receive func(context.Context, Request) Reply) error
	// Post posts m once per key where the platform can tell; a second call with the same key returns the first message.
	Post(ctx context.Context, to Conversation, m Message, key string) (MessageRef, error)
	// Edit replaces a message. A message that no longer exists is ErrGone.
	Edit(ctx context.Context, ref MessageRef, m Message) error
}

// ChannelOpener opens channels. Called twice with the same key it returns the channel of the first call. The platform
// may change name to what it allows and what is free.
type ChannelOpener interface {
	OpenChannel(ctx context.Context, name, key string) (Conversation, error)
}

// WorkspaceOpener is a ChannelOpener that serves several workspaces, and opens a channel in the one that is named. It
// chooses itself where none is named, or none that it serves.
type WorkspaceOpener interface {
	OpenChannelIn(ctx context.Context, workspace, name, key string) (Conversation, error)
}

// ChannelFinder finds the conversation of a channel known by its name, like "incidents".
type ChannelFinder interface {
	FindChannel(ctx context.Context, name string) (Conversation, error)
}

// ChannelNamer tells the name of a channel, without a number sign; "" when it has none that everybody may know.
type ChannelNamer interface {
	ChannelName(ctx context.Context, c Conversation) (string, error)
}

// TopicSetter sets a channel's topic, cut to what the platform allows. Where it takes only so many changes of a
// channel, one that has to wait is a *RetryAfterError.
type TopicSetter interface {
	SetTopic(ctx context.Context, c Conversation, topic string) error
}

// Bookmarker puts a link at the top of a channel; one of the same title there is changed.
type Bookmarker interface {
	Bookmark(ctx context.Context, c Conversation, title, url string) error
}

// Pinner pins a message; pinning twice is no error.
type Pinner interface {
	Pin(ctx context.Context, ref MessageRef) error
}

// Inviter brings somebody into a channel; an existing member is no error.
type Inviter interface {
	Invite(ctx context.Context, c Conversation, who Account) error
}

// DirectMessenger finds the conversation between the bot and one account.
type DirectMessenger interface {
	Direct(ctx context.Context, who Account) (Conversation, error)
}

// Whisperer shows a message in a conversation to one account only, once per key.
type Whisperer interface {
	Whisper(ctx context.Context, c Conversation, who Account, m Message, key string) error
}

// Linker gives the address of a message for browsers, "" when it has none.
type Linker interface {
	Link(ctx context.Context, ref MessageRef) string
}

// LinkReader finds the message that an address leads to: the way back from Linker. Whether there is such a message it
// need not know.
type LinkReader interface {
	MessageAt(ctx context.Context, link string) (ref MessageRef, ok bool)
}

// InputLimiter tells how many inputs a form of the platform has at most; without it, MaxInputs.
type InputLimiter interface {
	MaxInputs() int
}

// Splitter divides a message that is too long for the platform into several that say the same in the same order, the
// first with all of its actions. A message that fits is returned as it is.
type Splitter interface {
	Split(m Message) []Message
	// Below is where the others go: the thread of the first, or where there are no threads the same place.
	Below(first MessageRef) Conversation
}

// GroupSetter makes a user group consist of these accounts, and no others. group is a handle like @oncall, or an id.
type GroupSetter interface {
	SetGroup(ctx context.Context, group string, members []Account) error
}

// Healthy tells whether a platform can be reached right now: nil, or why not in words for the operator.
type Healthy interface {
	Health() error
}

// ChannelArchiver closes a channel that is no longer needed; one that is closed already is no error.
type ChannelArchiver interface {
	Archive(ctx context.Context, c Conversation) error
}

// ErrRefused is what a platform returns when its rules do not let us do something, however often we try: opening a
// channel, say.
var ErrRefused = errors.New("refused by the platform")

// ErrGone is what a platform returns when the message or channel it should change no longer exists.
var ErrGone = errors.New("gone from the platform")

// RetryAfterError is what a platform or job returns when it wants to be left alone for a while (a rate limit). It does
// not use up an attempt.
type RetryAfterError struct {
	After time.Duration
	Err   error
}

func (e *RetryAfterError) Error() string { return fmt.Sprintf("retry after %s: %v", e.After, e.Err) }
func (e *RetryAfterError) Unwrap() error { return e.Err }

// PermanentError marks a failure that no repetition can mend; its job becomes a dead letter at once.
type PermanentError struct{ Err error }

func (e *PermanentError) Error() string { return e.Err.Error() }
func (e *PermanentError) Unwrap() error { return e.Err }

// TokenSizer tells how many bytes a token on a button may have; without it these are MaxToken. Whatever does not fit is
// kept in the store.
type TokenSizer interface {
	TokenSize() int
}
