// Package contract keeps what we signed: with whom, until when it binds us, by when notice has to be given, and what
// was decided. Its room contract/term counts the days.
package contract

import (
	"strings"

	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register"
	"github.com/watchbell/watchbell/commands/register/contract/term"
)

// Contract is what we signed with a vendor.
type Contract struct {
	register.Head
	Vendor, Reference, Sort string `json:",omitempty"` // Sort is the kind of contract, like software
	term.Term
	Indexation    int `json:",omitempty"` // percent a year
	Billing       int `json:",omitempty"` // month of the year
	PriceChange   value.Day
	SLA, Document string `json:",omitempty"`
}

// Dues implements register.Dated. A decision to cancel quiets nothing: notice has to be sent.
func (c *Contract) Dues() []register.Due {
	if !c.Over.IsZero() || c.Draft() {
		return nil
	}
	var list []register.Due
	switch {
	case c.Given != nil:
		list = append(list, register.Due{What: "term-end", On: c.LastDay(), Text: "last day: see that all works without it"})
	case c.Renewal != term.Auto:
		list = append(list, register.Due{
			What: "term-end", On: c.LastDay(), Text: "last day: renew it" + c.Worth() + ", or let it end",
			Done: register.Form("Renew…", "renew"),
		})
	case c.Decision == term.Cancel:
		list = append(list, register.Due{
			What: "notice", On: c.NoticeBy(), Text: "send the notice, and record that", Done: register.Form("Notice sent…",
				"notice"),
		})
	case c.Decision != term.Renew:
		list = append(list, register.Due{
			What: "notice", On: c.NoticeBy(), Text: "decide whether to renew" + c.Worth(), Done: register.Form("Decide…",
				"decide"),
		})
	}
	if !c.PriceChange.IsZero() {
		list = append(list, register.Due{
			What: "price", On: c.PriceChange, Text: "check the new price", Done: register.Form("Edit…", "edit"),
		})
	}
	return list
}

// covered warns of what worked by it. Everybody who may see the contract reads it, so it names what everybody may see.
func (c *Contract) covered() string {
	var ids []string
	for _, l := range c.By(covers) {
		if l.Open && !l.Archived {
			ids = append(ids, l.ID)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	return "; it covered " + strings.Join(ids, ", ")
}

// Pass implements register.Timed. What happened before the contract was recorded is not told.
func (c *Contract) Pass(today value.Day) string {
	for _, e := range c.Advance(today, value.DayOf(c.Added.UTC()), c.covered()) {
		c.Tell(e.Name, e.Words)
	}
	return ""
}
