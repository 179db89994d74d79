// Package bot says what everything is that capabilities, adapters and storage speak of: messages, pages, people,
// services, requests, commands, forms, jobs, schedules, dues and audit entries. It decides nothing and runs nothing;
// packages below it do:
//
//	bot/value <── bot <── bot/ask <── bot/engine
//
// bot/ask reads what people typed or chose, bot/engine is the runtime with the one door. It knows no platform and no
// database.
package bot

import (
	"context"

	"github.com/watchbell/watchbell/bot/value"
)

// Capability is one noun, or a part of one: its commands and what happens after them.
type Capability struct {
	Noun     Noun
	Commands []Command
	// what it lets the built-in roles do; member includes guest, and all but guest and auditor include member
	Grants    Grants
	Jobs      map[string]JobHandler
	Schedules []Schedule
	Urgency   map[string]Urgency // of its jobs; default Card
	// Dues are all that are open of its things, as Effects save them one by one. Optional.
	Dues func(ctx context.Context) ([]Due, error)
	// Happened is what came to pass in a period and reports tell of. Optional.
	Happened func(ctx context.Context, period value.Span) ([]Happening, error)
	// Chapters are what it adds to the weekly or monthly report of a period. Optional.
	Chapters func(ctx context.Context, period value.Span) ([]Chapter, error)
	// Estate is what people own of its things and can hand over. Optional.
	Estate *Estate
	// Alarm is a job of its own that runs for each incident, its object, that is declared as a SEV1 or SEV2, becomes one,
	// or then gets other services. Optional.
	Alarm string
	// Preview is how one thing looks below a link to it, by its id, which begins with Prefix. ErrNoSuch: there is none.
	// Optional.
	Preview func(ctx context.Context, id string) (Message, error)
	Prefix  string // like INC
	Pages   []View
	// Mine is what it has that is somebody's, and what waits for them. Optional.
	Mine func(ctx context.Context, p Person) (Own, error)
	// Rings is what an alarm about one of its things says, by its id, which begins with Prefix. Optional.
	Rings func(ctx context.Context, id string) (Ringing, error)
	// Crew is what it calls a group of people that whoever calls may change, like rota/primary. ErrNoSuch: it has none of
	// that name. Optional.
	Crew func(ctx context.Context, c *Call, name string) (string, error)
	// Bell reaches people beyond chat. At most one capability has it. Optional.
	Bell Bell
	// Rooms are the conversations on a platform in which people work on what is open, newest first. An adapter that was
	// away reads there what it missed. Optional.
	Rooms func(ctx context.Context, platform string) ([]Conversation, error)
}
