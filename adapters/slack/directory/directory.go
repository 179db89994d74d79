// Package directory knows who is who in Slack, and what is where: who we are ourselves, who people are and where they
// are from, user groups, and channels by their names. It asks Slack, remembers the answers for as long as they may be
// relied on, and spells the ids in what people type by what they stand for.
package directory

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/watchbell/watchbell/adapters/slack/webapi"
	"github.com/watchbell/watchbell/bot"
)

// Platform is the name of this platform in accounts and conversations.
const Platform = "slack"

// Options say what a reader asks, and what it serves.
type Options struct {
	API        *webapi.Client
	Token      string   // the bot token, by whose hash it is kept who we are
	Workspaces []string // the ids of the workspaces or organisations that are served; by default that of the bot token
	Core       Core
	Memory     Memory        // of who we are; nil: it is asked at each start
	Retry      time.Duration // pause before Slack is asked again for the list of people
	Log        *slog.Logger
	Now        func() time.Time
}

// Core is what the reader asks the bot. *bot.Bot has it.
type Core interface {
	PersonOf(ctx context.Context, a bot.Account) (bot.PersonID, error)
	Learn(ctx context.Context, list []bot.Profile, age time.Duration) error
}

// Reader finds out who is who, and what is where. Everybody may use it at the same time.
type Reader struct {
	o       Options
	self    atomic.Pointer[Self]
	refused atomic.Bool // Slack does not take the bot token
	people  profiles
	asking  singleflight.Group // what is being asked of Slack just now
	found   found
}

// New makes a reader. It asks Slack nothing yet.
func New(o Options) *Reader { return &Reader{o: o, people: profiles{now: o.Now}} }
