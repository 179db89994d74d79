// Package register reads many changes at once, for people, calendars and other capabilities: lists and pages, the
// calendar and its feed, what waits for whom, numbers of a period, and what another policy would have asked for. It
// alters nothing; commands that do are in package control.
package register

import (
	"context"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/rulebook"
)

// Register looks changes up. All its fields are required.
type Register struct {
	Store  change.Store
	Ledger change.Ledger
	Book   *rulebook.Book
	People func(ctx context.Context) ([]bot.Person, error)
	Clock  bot.Clock
}
