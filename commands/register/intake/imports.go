// Package intake takes files into a register, and takes that back. A file is tried first: each of its lines is held to
// what a command is held to, and what it would do is staged, which nobody sees. A button applies exactly that.
//
//	Try: file ──> lines ──> changes ──> staged ──apply──> records
//	Undo: an applied import ──> what was before it ──> staged ──apply──> records
package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/register/book"
	"github.com/watchbell/watchbell/commands/register/desk"
	"github.com/watchbell/watchbell/commands/register/record"
	"github.com/watchbell/watchbell/commands/register/sheet"
)

// batch is how many records are read, compared and staged at a time.
const batch = 200

// Try tries a file, of which data is the CSV: it shows what the file would do, and stages exactly that, so that a
// button applies it.
func Try[T any, P book.Record[T]](
	ctx context.Context, c *bot.Call, b *book.Book[T, P], up bot.Upload, data []byte,
) (bot.Reply, error) {
	var found sheet.Trial
	var t *trial[T, P]
	sum := sha256.Sum256(up.Data)
	i := record.Import{
		Kind: b.Rules.Noun, By: c.Person.ID, At: c.Now, File: bot.Shown(up.Name), Sum: hex.EncodeToString(sum[:]),
	}
	staged, err := b.Desk.Store().Stage(ctx, i, func(first int64, add func([]record.Staged) error) (record.Import, error) {
		found = sheet.Trial{}
		t = newTrial(b, c, i, first, add)
		if err := t.run(ctx, data, &found); err != nil {
			return i, err
		}
		if !found.Good() || found.Created+found.Changed == 0 {
			return i, desk.ErrNothing
		}
		return t.done(found.Created, found.Changed), nil
	})
	var bad *sheet.Problem
	switch {
	case errors.As(err, &bad):
		return bot.Reply{}, bot.Errorf(bot.Invalid, "%s", bad.Error()).About("csv")
	case errors.Is(err, desk.ErrNothing):
		r := bot.Answer(found.Message(up.Name))
		if !found.Good() { // a script has to notice
			r.Status, r.Kind = bot.Refused, bot.Invalid
		}
		return r, nil
	case err != nil:
		return bot.Reply{}, err
	}
	m := found.Message(up.Name)
	m.Actions = []bot.Action{{
		Label: "Apply", Command: "ops.apply", Style: bot.Primary,
		Args:    map[string]string{"import": staged.ID(), "sum": staged.Sum},
		Expires: c.Now.Add(record.StagedFor),
	}}
	m.Context = append(m.Context, bot.T("Apply it within a day: ", bot.Code("/ops apply "+staged.ID())))
	return bot.Answer(m), nil
}
