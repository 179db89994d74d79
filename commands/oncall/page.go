package oncall

import (
	"slices"
	"strconv"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Result is what a page led to.
type Result string

const (
	Handled  Result = "handled"  // somebody did something
	Incident Result = "incident" // it was declared
	Noise    Result = "noise"    // nothing had to be done
)

// Page is one call for whoever is on call.
type Page struct {
	Number  int64            `json:"-"`
	Rota    string           `json:"-"`
	At      time.Time        `json:"-"`
	Text    string           `json:"text"`
	By      bot.PersonID     `json:"by"`
	Place   bot.Conversation `json:"place,omitzero"` // where it was called
	Chain   []bot.PersonID   `json:"chain"`          // whom to call, in order
	Calls   []Call           `json:"calls"`
	Every   time.Duration    `json:"every"` // until it goes on
	Acked   time.Time        `json:"acked,omitzero"`
	AckBy   bot.PersonID     `json:"ack_by,omitempty"`
	Result  Result           `json:"result,omitempty"`
	Note    string           `json:"note,omitempty"`
	Ended   time.Time        `json:"ended,omitzero"`
	Failed  time.Time        `json:"failed,omitzero"` // everybody was called, several times, and nobody answered
	Version int              `json:"-"`
}

// Call is one person called at a time.
type Call struct {
	Person bot.PersonID `json:"person"`
	At     time.Time    `json:"at"`
}

// ID is how people name it.
func (p *Page) ID() string { return "PAGE-" + strconv.FormatInt(p.Number, 10) }

// rounds is how often everybody is called before it is given up, loudly.
const rounds = 3

// Due is when the next person is to be called; zero when nobody is.
func (p *Page) Due() time.Time {
	switch {
	case !p.Acked.IsZero() || !p.Ended.IsZero() || !p.Failed.IsZero():
		return time.Time{}
	case len(p.Calls) == 0:
		return p.At
	}
	return p.Calls[len(p.Calls)-1].At.Add(p.Every)
}

// Go calls the next person, or gives up after everybody was called often enough. It reports whether somebody was
// called.
func (p *Page) Go(at time.Time) bool {
	if len(p.Chain) == 0 || len(p.Calls) >= rounds*len(p.Chain) {
		p.Failed = at
		return false
	}
	p.Calls = append(p.Calls, Call{p.Chain[len(p.Calls)%len(p.Chain)], at})
	return true
}

// For reports whether a page is somebody's to answer: it calls them, or they are of its rota. r is nil when the rota
// has ended.
func (p *Page) For(who bot.PersonID, r *Rota) bool {
	called := slices.ContainsFunc(p.Calls, func(c Call) bool { return c.Person == who })
	return called || slices.Contains(p.Chain, who) || r != nil && (slices.Contains(r.People, who) || r.Lead == who)
}

// Ack answers a page.
func (p *Page) Ack(by bot.PersonID, at time.Time) error {
	switch {
	case !p.Acked.IsZero():
		return bot.Errorf(bot.Conflict, "%s answered %s already.", p.AckBy, p.ID())
	case !p.Ended.IsZero():
		return bot.Errorf(bot.Conflict, "%s has ended.", p.ID())
	}
	p.Acked, p.AckBy, p.Failed = at, by, time.Time{}
	return nil
}

// Finish says what a page led to. It can be said again.
func (p *Page) Finish(by bot.PersonID, r Result, note string, at time.Time) error {
	if p.Acked.IsZero() {
		if err := p.Ack(by, at); err != nil {
			return err
		}
	}
	p.Result, p.Note, p.Ended = r, note, at
	return nil
}

// chain is whom a page calls: who is responsible, who is on call by the shifts, who comes next, the lead, then all
// others of the rota.
func chain(r *Rota, now, next Shift, open *Handover, active func(bot.PersonID) bool) []bot.PersonID {
	var list []bot.PersonID
	for _, who := range append([]bot.PersonID{Responsible(now, open), now.Person, next.Person, r.Lead}, r.People...) {
		if who != "" && active(who) && !slices.Contains(list, who) {
			list = append(list, who)
		}
	}
	return list
}
