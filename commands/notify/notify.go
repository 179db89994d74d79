// Package notify is where people are told beyond chat: their places, those of groups like a rota, and what became of each
// alarm in each of them. Its commands stand under the umbrella /ops.
//
//	/ops notify add ──> place, its address sealed
//	alarm ──Ring──> one delivery for each place ──job──> sent        (or tried again, or failed, or over: answered first)
//	                     │
//	                     └── a link that only this place knows ──POST──> the answer, as the person whom the place belongs to
//
// It decides what is told where, and sends nothing itself: a bot.Notifier does. What is told, the thing itself says when
// the job runs (bot.Capability.Rings), so a page that was answered meanwhile wakes nobody. This file and seal.go are
// pure; handlers.go has the commands, jobs.go what runs by itself, link.go the answer by a link.
package notify

import (
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Place is where somebody can be told beyond chat.
type Place struct {
	Number  int64
	Owner   string // OfPerson, or what a capability calls a group of people
	Service string
	Label   string // as it may be shown
	Sealed  string // the address
	Mark    string // tells the same address of the same owner, and nothing else
	By      bot.PersonID
	Made    time.Time
	Told    time.Time // the last try, zero: never
	Fault   string    // of the last try, "" when it succeeded
}

// ID is how people name it.
func (p *Place) ID() string { return prefix + "-" + strconv.FormatInt(p.Number, 10) }

// Name is what people call it.
func (p *Place) Name() string { return p.Service + " " + p.Label }

const (
	prefix       = "BELL"
	personPrefix = "person/"
	// maxPlaces is how many one owner may have: each is told of each alarm.
	maxPlaces = 10
)

// OfPerson is the owner that a person is.
func OfPerson(who bot.PersonID) string { return personPrefix + string(who) }

// personOf is the person that an owner is, "" for a group.
func personOf(owner string) bot.PersonID {
	who, ok := strings.CutPrefix(owner, personPrefix)
	if !ok {
		return ""
	}
	return bot.PersonID(who)
}

// Delivery is an alarm in one place.
type Delivery struct {
	Object string
	Round  int
	Place  int64
	Person bot.PersonID // whom the alarm was for
	Owner  string       // of the place
	Name   string       // of the place, for when it is gone
	State  bot.RungState
	At     time.Time // of the state, or of the last try
	Tries  int
	Fault  string // of the last try
}

// arg names a delivery among those of its object.
func (d Delivery) arg() string { return strconv.Itoa(d.Round) + "/" + strconv.FormatInt(d.Place, 10) }

// parseArg reads what arg writes.
func parseArg(s string) (round int, place int64, ok bool) {
	r, p, cut := strings.Cut(s, "/")
	round, err := strconv.Atoi(r)
	place, placeErr := strconv.ParseInt(p, 10, 64)
	return round, place, cut && err == nil && placeErr == nil && round >= 0 && place > 0
}

// maxTries is how often a place is tried: for about ten minutes, by when the next person has been called.
const maxTries = 8

// Tried is a delivery after one more try; fault is "" when it succeeded. never: no further try can mend it.
func (d Delivery) Tried(at time.Time, fault string, never bool) Delivery {
	d.At, d.Fault = at, fault
	d.Tries++
	switch {
	case fault == "":
		d.State = bot.RungSent
	case never || d.Tries >= maxTries:
		d.State = bot.RungFailed
	}
	return d
}

// Ended is a delivery that need not be made any more.
func (d Delivery) Ended(at time.Time) Delivery {
	d.State, d.At = bot.RungOver, at
	return d
}

// rung is what others learn of a delivery.
func (d Delivery) rung() bot.Rung {
	return bot.Rung{
		Round: d.Round, Person: personOf(d.Owner), Place: d.Name, State: d.State, At: d.At, Fault: d.Fault,
	}
}
