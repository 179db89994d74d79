package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/record"
)

// handOver is the job that hands over more than fits in an answer.
const handOver = "ops.hand-over"

// mostAtOnce is how many things are handed over before the answer; more are left to a job. A job says every so many
// things how far it is.
const (
	mostAtOnce = 100
	progressBy = 100
)

// share is what somebody owns of one capability.
type share struct {
	estate *bot.Estate
	list   []bot.Holding
}

// owned are the records of somebody, as whoever looks may see them.
func (d *Desk) owned(ctx context.Context, who bot.PersonID) ([]bot.Holding, error) {
	rows, err := d.store.List(ctx, record.Query{
		Owner: who, Reader: record.ReaderOf(bot.LookerOf(ctx)), Sort: "number", Bare: true,
	})
	var list []bot.Holding
	for _, r := range rows {
		h := bot.Holding{Object: r.ID, Text: value.Shown(r.Name, 80) + " · " + r.Kind}
		if r.State != "" {
			h.Text += " · " + r.State
		}
		if d.Register(r.Kind) == nil {
			h.Stays = "Its register is switched off here."
		}
		list = append(list, h)
	}
	return list, err
}

// hand gives a record to somebody else.
func (d *Desk) hand(ctx context.Context, c *bot.Call, h bot.Holding, from, to bot.PersonID) error {
	r, err := d.store.Record(ctx, h.Object)
	if err != nil || r.Owner != from {
		return err
	}
	return d.Register(r.Kind).Give(ctx, c, r.ID, from, to)
}

// shares are all that somebody owns, the records first.
func (d *Desk) shares(ctx context.Context, who bot.PersonID) (list []share, n int, err error) {
	estates := []*bot.Estate{{Owned: d.owned, Hand: d.hand}}
	if d.chat != nil {
		estates = d.chat.Estates()
	}
	for _, e := range estates {
		holdings, err := e.Owned(ctx, who)
		if err != nil {
			return nil, 0, err
		}
		list, n = append(list, share{e, holdings}), n+len(holdings)
	}
	return list, n, nil
}

// handover lists what somebody owns, or gives it to somebody else.
func (d *Desk) handover(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	people := c.Whos("people")
	if len(people) > 2 {
		return bot.Reply{}, bot.Errorf(
			bot.Invalid, "People: name whoever leaves and who takes over, like @ben @ana.",
		).About("people")
	}
	leaver := people[0]
	shares, n, err := d.shares(ctx, leaver.ID)
	if err != nil {
		return bot.Reply{}, err
	}
	if len(people) == 1 {
		return bot.Answer(estateMessage(leaver, shares, n)), nil
	}
	heir := people[1]
	switch {
	case !heir.Active:
		return bot.Reply{}, bot.Errorf(bot.Invalid, "People: @%s is not active here.", heir.ID).About("people")
	case heir.ID == leaver.ID:
		return bot.Reply{}, bot.Errorf(bot.Invalid, "People: name two people, like @ben @ana.").About("people")
	case n > mostAtOnce && d.chat != nil:
		t := transfer{From: leaver, To: heir, By: c.Person.ID, Key: c.Key, Platform: c.From.Platform, All: n}
		arg, err := json.Marshal(t)
		if err != nil {
			return bot.Reply{}, err
		}
		c.Acts = true
		m := bot.Say(fmt.Sprintf(
			"%d things are being handed over to %s. You get a message that says how far this is.", n, heir.Name,
		))
		return bot.Answer(m), d.chat.AddJobs(ctx, []bot.Job{{Kind: handOver, Object: "@" + string(leaver.ID), Arg: string(arg)}})
	}
	done, err := d.move(ctx, c, shares, leaver.ID, heir.ID, func(int) error { return nil })
	c.Acts = c.Acts || len(done.moved) > 0
	return bot.Answer(done.message(leaver, heir, len(done.moved))), err
}

// moved is what became of a hand-over.
type moved struct {
	moved []bot.Holding
	stay  []bot.Text
}

// move hands over one thing after the other, each by a commit of its own. When it is done again it does what is left.
func (d *Desk) move(
	ctx context.Context, c *bot.Call, shares []share, from, to bot.PersonID, progress func(n int) error,
) (m moved, err error) {
	for _, s := range shares {
		for _, h := range s.list {
			why := h.Stays
			if why == "" {
				one := *c
				if c.Key != "" {
					one.Key = c.Key + "/" + h.Label()
				}
				err := s.estate.Hand(ctx, &one, h, from, to)
				var refused *bot.Error
				switch {
				case errors.As(err, &refused): // like a service that the configuration gives to somebody
					why = refused.Text
				case err != nil && !errors.Is(err, bot.ErrRepeated):
					return m, err
				}
			}
			if why != "" {
				m.stay = append(m.stay, bot.T(bot.Bold(h.Label()), " stays: "+why))
				continue
			}
			m.moved = append(m.moved, h)
			if err := progress(len(m.moved)); err != nil {
				return m, err
			}
		}
	}
	return m, nil
}

// message says what was handed over; n things in all, of which some may have been before.
func (m moved) message(from, to bot.Person, n int) bot.Message {
	if n == 0 {
		none := from.Name + " owned nothing."
		if len(m.stay) > 0 {
			none = "Nothing is handed over."
		}
		return bot.Message{Title: none, Sections: staying(m.stay)}
	}
	x := bot.Message{Title: value.Counted(n, "thing") + " handed over to " + to.Name, Tone: bot.Good}
	x.Sections = append(holdings(m.moved), staying(m.stay)...)
	return x
}

func staying(stay []bot.Text) []bot.Section {
	var list []bot.Section
	for _, t := range stay[:min(listed, len(stay))] {
		list = append(list, bot.Section{Text: t})
	}
	if n := len(stay) - listed; n > 0 {
		list = append(list, bot.Para(value.Counted(n, "more thing")+" stay."))
	}
	return list
}

func holdings(list []bot.Holding) []bot.Section {
	var sections []bot.Section
	for _, h := range list[:min(listed, len(list))] {
		sections = append(sections, bot.Section{Text: bot.T(bot.Bold(h.Label()), " "+h.Text)})
	}
	if n := len(list) - listed; n > 0 {
		sections = append(sections, bot.Para("And "+value.Counted(n, "more thing")+"."))
	}
	return sections
}

// estateMessage lists what somebody owns.
func estateMessage(who bot.Person, shares []share, n int) bot.Message {
	m := bot.Message{Title: "What " + who.Name + " owns"}
	if n == 0 {
		m.Sections = []bot.Section{bot.Para("They own nothing.")}
		return m
	}
	var move []bot.Holding
	var stay []bot.Text
	for _, s := range shares {
		for _, h := range s.list {
			if h.Stays == "" {
				move = append(move, h)
				continue
			}
			stay = append(stay, bot.T(bot.Bold(h.Label()), " "+h.Text+". It stays: "+h.Stays))
		}
	}
	m.Sections = append(holdings(move), staying(stay)...)
	line := "/ops handover @" + string(who.ID) + " @heir"
	m.Context = append(m.Context, bot.T("Give all of it to somebody: ", bot.Code(line)))
	return m
}

// transfer is a hand-over that a job carries out.
type transfer struct {
	From, To bot.Person
	By       bot.PersonID
	Key      string
	Platform string
	All      int // things when it was asked for
}

// handOver carries out what is left of a hand-over in the name of whoever asked for it, and tells them how far it is.
// They were allowed to when they asked.
func (d *Desk) handOver(ctx context.Context, j bot.Job) error {
	var t transfer
	if err := json.Unmarshal([]byte(j.Arg), &t); err != nil {
		return &bot.PermanentError{Err: fmt.Errorf("job argument: %w", err)}
	}
	c := &bot.Call{
		Command: &bot.Command{Name: "ops.handover", Under: umbrella}, Now: d.Now(), Zone: d.Zone(),
		Rights: bot.Grants{"": {"*"}}, Person: bot.Person{ID: t.By, Active: true, Roles: []string{""}},
	}
	c.Key, c.From.Platform = t.Key, t.Platform
	ctx = bot.Looking(ctx, bot.Looker{Person: c.Person, Rights: c.Rights})
	shares, left, err := d.shares(ctx, t.From.ID)
	if err != nil {
		return err
	}
	before := max(0, t.All-left) // that an attempt before this one handed over
	tell := func(m bot.Message) error {
		return d.chat.DirectShow(ctx, "ops.handover/"+t.Key+"/"+string(t.From.ID), j.Object, t.By, m)
	}
	done, err := d.move(ctx, c, shares, t.From.ID, t.To.ID, func(n int) error {
		if n%progressBy != 0 {
			return nil
		}
		return tell(bot.Say(fmt.Sprintf("%d of %d things are handed over to %s.", before+n, t.All, t.To.Name)))
	})
	if err != nil {
		return err
	}
	return tell(done.message(t.From, t.To, before+len(done.moved)))
}
