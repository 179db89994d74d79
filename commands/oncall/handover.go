package oncall

import (
	"slices"
	"strconv"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Handover is a change of who is on call. Until it is accepted, whoever hands over stays responsible.
type Handover struct {
	Number   int64        `json:"-"`
	Rota     string       `json:"-"`
	At       time.Time    `json:"-"`
	From     bot.PersonID `json:"from,omitempty"` // "" when nobody was on call
	To       bot.PersonID `json:"to,omitempty"`
	Since    time.Time    `json:"since"` // when the shift that ends began
	Until    time.Time    `json:"until"` // when the one that begins will end
	Feel     string       `json:"feel,omitempty"`
	Watch    []Watch      `json:"watch,omitempty"`
	Accepted time.Time    `json:"accepted,omitzero"`
	By       bot.PersonID `json:"by,omitempty"`     // who accepted
	Lead     bot.PersonID `json:"lead,omitempty"`   // of the rota, who hears of it when nobody accepts
	Closed   string       `json:"closed,omitempty"` // why nobody has to accept it any more
	Version  int          `json:"-"`
}

// Watch is something to keep an eye on, until a time.
type Watch struct {
	Text  string    `json:"text"`
	Until time.Time `json:"until,omitzero"`
}

// ID is how people name it.
func (h *Handover) ID() string { return "HO-" + strconv.FormatInt(h.Number, 10) }

// Open reports whether it still has to be accepted.
func (h *Handover) Open() bool { return h.Accepted.IsZero() && h.Closed == "" }

// acceptWithin is how long whoever takes over has to accept. After as long again their rota's lead hears of it.
const acceptWithin = 30 * time.Minute

// Dues are that somebody accepts it.
func (h *Handover) Dues() []bot.Due {
	if !h.Open() || h.To == "" {
		return nil
	}
	at := h.At.UTC().Truncate(time.Microsecond)
	accept := acceptAction(h)
	return []bot.Due{{
		Object: h.ID(), What: "accept", At: at.Add(acceptWithin), Since: at, Owner: h.To, Lead: h.Lead, Urgent: true,
		Text: "accept the hand-over of " + h.Rota, Done: &accept,
		Open: &bot.Action{Label: "Who is on call", Command: "oncall.who"},
	}}
}

// Accept takes over. The incoming person does that; for one who cannot, the rota's lead.
func (h *Handover) Accept(by, lead bot.PersonID, at time.Time) error {
	switch {
	case h.Closed != "":
		return bot.Errorf(bot.Conflict, "%s is over: %s.", h.ID(), h.Closed)
	case !h.Accepted.IsZero():
		return bot.Errorf(bot.Conflict, "%s accepted %s already.", h.By, h.ID())
	case by != h.To && by != lead:
		return bot.Errorf(
			bot.Forbidden,
			"%s is handed over to %s, who has to accept it. If somebody else takes the shift, say so with: /oncall override "+
				"%s @you until …",
			h.Rota, h.To, h.Rota,
		)
	}
	h.Accepted, h.By = at, by
	return nil
}

// Describe sets what whoever hands over wants to be known.
func (h *Handover) Describe(by, lead bot.PersonID, feel string, watch []Watch) error {
	if by != h.From && by != lead && by != h.To {
		return bot.Errorf(bot.Forbidden, "Only %s, who hands over, says how the shift felt.", h.From)
	}
	if feel != "" {
		h.Feel = feel
	}
	for _, w := range watch {
		if !slices.ContainsFunc(h.Watch, func(x Watch) bool { return x.Text == w.Text }) {
			h.Watch = append(h.Watch, w)
		}
	}
	return nil
}

// Watching are the things to keep an eye on at a time.
func (h *Handover) Watching(at time.Time) []Watch {
	return slices.DeleteFunc(slices.Clone(h.Watch), func(w Watch) bool { return !w.Until.IsZero() && !w.Until.After(at) })
}

// Responsible is who answers at a time: by the shifts, unless a hand-over was not accepted.
func Responsible(now Shift, open *Handover) bot.PersonID {
	if open != nil && open.Open() && open.From != "" {
		return open.From
	}
	return now.Person
}
