package engine

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/watchbell/watchbell/bot"
)

const (
	denialsFor = time.Minute
	maxDenials = 10_000
)

// denials merges equal refusals: the first is written to the audit log at once, those of the same kind within the next
// minute are one entry with their number when it is over. It is safe for concurrent use.
type denials struct {
	mu   sync.Mutex
	list map[denialKind]*denied
	next time.Time // when the first of them is over; before that there is nothing to look for
}

type denialKind struct {
	actor                  bot.PersonID
	action, detail, source string
}

type denied struct {
	first bot.Audit
	more  int
}

// add counts a refusal. It returns the entries to write now: the refusal when it is the first of its kind, and what is
// over.
func (d *denials) add(a bot.Audit) []bot.Audit {
	d.mu.Lock()
	defer d.mu.Unlock()
	due := d.over(a.At, len(d.list) >= maxDenials)
	kind := denialKind{a.Actor, a.Action, a.Detail, a.Source}
	if seen := d.list[kind]; seen != nil {
		seen.more++
		return due
	}
	if d.list == nil {
		d.list = map[denialKind]*denied{}
	}
	if len(d.list) == 0 {
		d.next = a.At.Add(denialsFor)
	}
	d.list[kind] = &denied{first: a}
	return append(due, a)
}

// over removes the kinds whose minute is over, or all of them, and returns the entries that tell how often each came
// again.
func (d *denials) over(now time.Time, all bool) []bot.Audit {
	if !all && now.Before(d.next) {
		return nil
	}
	var due []bot.Audit
	d.next = now.Add(denialsFor)
	for kind, seen := range d.list {
		since := seen.first.At
		if over := since.Add(denialsFor); !all && now.Before(over) {
			if over.Before(d.next) {
				d.next = over
			}
			continue
		}
		delete(d.list, kind)
		if seen.more == 0 {
			continue
		}
		times := "once more"
		if seen.more > 1 {
			times = fmt.Sprintf("%d more times", seen.more)
		}
		a := seen.first
		a.At = now
		a.Detail += fmt.Sprintf(" (%s since %s UTC)", times, since.UTC().Format(time.TimeOnly))
		due = append(due, a)
	}
	return due
}

// recordDenials writes the numbers of equal refusals whose minute is over, or at the end all of them, even while the
// program stops.
func (b *Bot) recordDenials(ctx context.Context, all bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	b.denials.mu.Lock()
	due := b.denials.over(b.clock.Now(), all)
	b.denials.mu.Unlock()
	b.record(ctx, due)
}

// record writes refusals to the audit log. A failure is logged: the refusal itself stands. Its key stays free for what
// is asked next.
func (b *Bot) record(ctx context.Context, refusals []bot.Audit) {
	for _, a := range refusals {
		a.Key = ""
		if err := b.store.Record(ctx, bot.Effects{Audit: a}); err != nil {
			b.log.Error("audit a refusal", "action", a.Action, "actor", a.Actor, "error", err, slog.String("refusal", a.Detail))
		}
	}
}
