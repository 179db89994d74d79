// Package oncall says who answers when: rotas of people who take turns, stand-ins and swaps, hand-overs that have to be
// accepted, and pages that go on to the next person until somebody acknowledges them.
//
//	rota ──> shifts ──> stand-ins laid over them ──> who is on call at a time
//
//	hand-over   due ──accept──> accepted        (until then whoever hands over stays responsible; asked again after 30 minutes, then the rota's lead)
//	page        open ──ack──> acknowledged ──> handled, led to an incident, or noise      (unanswered: on to the next person)
//
// Shifts are computed from local dates and never stored, so that a change of the clocks or of a zone's rules moves none
// of them. This file, handover.go and page.go hold the types and are pure; handlers*.go have the commands, jobs.go what
// runs by itself, card.go how it looks.
package oncall

import (
	"cmp"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Rota is a group of people who take turns.
type Rota struct {
	Name     string           `json:"-"`
	Zone     string           `json:"zone"`
	People   []bot.PersonID   `json:"people"`         // in the order of their turns; none: every shift is imported
	Every    int              `json:"every"`          // days of a shift
	Minute   int              `json:"minute"`         // of the local day at which a shift begins
	Anchor   string           `json:"anchor"`         // the local date on which the first of People began a shift
	Escalate time.Duration    `json:"escalate"`       // until an unanswered page goes on
	Lead     bot.PersonID     `json:"lead,omitempty"` // asked when nobody else answers
	Place    bot.Conversation `json:"place,omitzero"` // where hand-overs and pages are told
	Channel  string           `json:"channel,omitempty"`
	// a user group of a platform that follows it, like slack:@oncall; whom it consists of, and why it could not be changed
	UserGroup  string       `json:"user_group,omitempty"`
	InGroup    bot.PersonID `json:"in_group,omitempty"`
	GroupFault string       `json:"group_fault,omitempty"`

	By      bot.PersonID `json:"by"`
	Made    time.Time    `json:"made"`
	Ended   time.Time    `json:"ended,omitzero"`
	Version int          `json:"-"`
}

// Location is the rota's zone, UTC when it is unknown.
func (r *Rota) Location() *time.Location {
	if loc, err := value.Zone(r.Zone); err == nil {
		return loc
	}
	return time.UTC
}

// Stand is somebody who is on call for a time whatever the rota says: a stand-in, a swap, an imported shift.
type Stand struct {
	N      int          `json:"-"`
	Person bot.PersonID `json:"-"` // "" is nobody
	From   time.Time    `json:"-"`
	To     time.Time    `json:"-"`
	For    bot.PersonID `json:"for,omitempty"`
	Source string       `json:"source"`          // override, swap or calendar
	Offer  int          `json:"offer,omitempty"` // the stands of one swap have the same; its number is that of the first
	Asked  bool         `json:"asked,omitempty"` // offered, and not taken yet: it does not count
	By     bot.PersonID `json:"by"`
	At     time.Time    `json:"at"`
	Why    string       `json:"why,omitempty"`
	Gone   bool         `json:"gone,omitempty"` // taken back or declined
}

func (s Stand) counts() bool { return !s.Asked && !s.Gone }

// Shift is a time in which one person, or nobody, is on call.
type Shift struct {
	Person bot.PersonID
	From   time.Time
	To     time.Time
	For    bot.PersonID // whom they stand in for
	Left   bot.PersonID // whose shift it would be, had they not left; then Person is ""
}

// present is a shift as it is with the people who are still here: that of somebody who left is nobody's.
func (s Shift) present(active func(bot.PersonID) bool) Shift {
	if s.Person != "" && !active(s.Person) {
		s.Person, s.Left = "", s.Person
	}
	return s
}

func allPresent(shifts []Shift, active func(bot.PersonID) bool) []Shift {
	for k := range shifts {
		shifts[k] = shifts[k].present(active)
	}
	return shifts
}

// turn is the beginning of the k-th shift.
func (r *Rota) turn(k int) time.Time {
	day, err := time.Parse(time.DateOnly, r.Anchor)
	if err != nil {
		return time.Time{}
	}
	first, _ := value.Instants(day.AddDate(0, 0, k*r.Every).Add(time.Duration(r.Minute)*time.Minute), r.Location())
	return first.UTC()
}

// base are the shifts of the rota itself in [from, to).
func (r *Rota) base(from, to time.Time) []Shift {
	if len(r.People) == 0 || r.Every < 1 {
		return []Shift{{From: from, To: to}}
	}
	k := int(from.Sub(r.turn(0)).Hours()/24)/r.Every - 2
	var shifts []Shift
	for ; ; k++ {
		start, end := r.turn(k), r.turn(k+1)
		if !start.Before(to) {
			return shifts
		}
		if end.After(from) {
			shifts = append(
				shifts, Shift{Person: r.People[((k%len(r.People))+len(r.People))%len(r.People)], From: start, To: end},
			)
		}
	}
}

// Shifts are who is on call in [from, to), in their order, whole at both ends where only the rota decides: the later
// stand counts, then the rota. Shifts of the same person that meet are one.
func (r *Rota) Shifts(from, to time.Time, stands []Stand) []Shift {
	shifts := r.base(from, to)
	for _, s := range stands {
		if !s.counts() || !s.From.Before(to) || !s.To.After(from) {
			continue
		}
		var next []Shift
		for _, x := range shifts {
			if !x.From.Before(s.To) || !s.From.Before(x.To) {
				next = append(next, x)
				continue
			}
			if x.From.Before(s.From) {
				next = append(next, Shift{Person: x.Person, From: x.From, To: s.From, For: x.For})
			}
			next = append(next, Shift{
				Person: s.Person, From: value.Later(x.From, s.From), To: value.Earlier(x.To, s.To), For: s.For,
			})
			if s.To.Before(x.To) {
				next = append(next, Shift{Person: x.Person, From: s.To, To: x.To, For: x.For})
			}
		}
		shifts = next
	}
	var joined []Shift
	for _, x := range shifts {
		if n := len(joined); n > 0 && joined[n-1].Person == x.Person && joined[n-1].To.Equal(x.From) &&
			(len(r.People) != 1 || x.For != "" || joined[n-1].For != "" || x.Person == "") {
			joined[n-1].To = x.To
			joined[n-1].For = cmp.Or(joined[n-1].For, x.For)
			continue
		}
		joined = append(joined, x)
	}
	return joined
}

// At is the shift at a time, and the one after it. How far ahead it looks is a little over two shifts.
func (r *Rota) At(t time.Time, stands []Stand) (now, next Shift) {
	for days := max(8, 2*r.Every+1); ; days *= 4 {
		list := r.Shifts(t.AddDate(0, 0, -days), t.AddDate(0, 0, days), stands)
		k := slices.IndexFunc(list, func(s Shift) bool { return !t.Before(s.From) && t.Before(s.To) })
		if k >= 0 && k+1 < len(list) || days > 400 {
			if k >= 0 {
				now = list[k]
			}
			if k >= 0 && k+1 < len(list) {
				next = list[k+1]
			}
			return now, next
		}
	}
}

// Gaps are the times in [from, to) in which nobody is on call, or only somebody who left.
func (r *Rota) Gaps(from, to time.Time, stands []Stand, active func(bot.PersonID) bool) []Shift {
	var gaps []Shift
	for _, s := range r.Shifts(from, to, stands) {
		if s.Person != "" && active(s.Person) {
			continue
		}
		g := Shift{From: value.Later(s.From, from), To: value.Earlier(s.To, to)}
		if n := len(gaps); n > 0 && gaps[n-1].To.Equal(g.From) {
			gaps[n-1].To = g.To
			continue
		}
		gaps = append(gaps, g)
	}
	return gaps
}

// NextOf is the next whole shift of somebody that begins after a time.
func (r *Rota) NextOf(who bot.PersonID, after time.Time, stands []Stand) (Shift, bool) {
	for _, s := range r.Shifts(after, after.AddDate(0, 0, (len(r.People)+2)*max(1, r.Every)+30), stands) {
		if s.Person == who && s.From.After(after) {
			return s, true
		}
	}
	return Shift{}, false
}
