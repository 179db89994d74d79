package bot

import (
	"context"
	"time"
)

// Alarm is something that has to reach a person now, beyond a message in chat: on their phone, in a browser without an
// open page, by mail. It carries ids, never content: each place asks what to say when it is told.
type Alarm struct {
	Object string   // what it is about, like PAGE-1
	Round  int      // which alarm about it this is: an alarm rings once in each place
	Person PersonID // whom it has to reach
	Group  string   // whose shared places ring too, like rota/primary; "" is nobody's
}

// Ringing is what an alarm says, as its thing is by now.
type Ringing struct {
	Title string
	Text  string
	// Over says why it need not ring any more, as a sentence; "" while it has to.
	Over   string
	Answer Action // what the one button of a notification does, for the person whom the alarm was for
	Shown  Job    // shows what became of an alarm on the thing itself
}

// RungState is how far telling one place has come.
type RungState string

// The states of an alarm in one place.
const (
	RungWaiting RungState = "waiting" // to be told, perhaps once more
	RungSent    RungState = "sent"    // the service has taken it
	RungFailed  RungState = "failed"  // given up
	RungOver    RungState = "over"    // the thing was answered first
)

// Rung is what became of an alarm in one place.
type Rung struct {
	Round  int
	Person PersonID // whose place it is; "" for a shared one
	Place  string   // as people call it: ntfy at ntfy.sh, the browser on Ana's phone
	State  RungState
	At     time.Time // of the state
	Fault  string    // of the last try that failed, without any secret
}

// Bell reaches people beyond chat. A capability has it, and the bot finds it.
type Bell interface {
	// Ring tells every place of the person, and of the group, as work of its own for each, once for each alarm.
	Ring(ctx context.Context, a Alarm) error
	// Rung lists what became of the alarms about a thing, in their order.
	Rung(ctx context.Context, object string) ([]Rung, error)
}

// Note is what one place is told.
type Note struct {
	Title  string
	Text   string
	Link   string // where to read more and answer; "" where only chat can
	Answer string // the address that answers by a POST; "" when nobody is known who would answer
	Label  string // of the button that answers
	Tag    string // names the thing, so that a place can replace what it showed of it before
}

// Address is a place beyond chat at which somebody can be told.
type Address struct {
	Service string // like ntfy
	Label   string // as it may be shown again, without what is secret
	Secret  string // whole; whoever has it can write there
}

// Notifier reads the addresses that people give and tells them something. No error of it repeats a secret.
type Notifier interface {
	// Read checks an address. The error is for people.
	Read(raw string) (Address, error)
	// Notify sends a note to an address, which it checks again first. ErrGone: nobody will ever read it there.
	// *PermanentError and *RetryAfterError say more about a failure; their texts are for people.
	Notify(ctx context.Context, to Address, n Note) error
}
