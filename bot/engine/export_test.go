package engine

import (
	"context"
	"fmt"

	"github.com/watchbell/watchbell/bot"
)

// Opens reports whether a token stands for something where it is used.
func (b *Bot) Opens(token string, from bot.Account, in bot.Conversation) bool {
	_, err := b.ref(context.Background(), bot.Request{Token: token, From: from, Place: in})
	return err == nil
}

// SealForTest makes a message ready for a place and drops it.
func (b *Bot) SealForTest(ctx context.Context, m bot.Message, platform, workspace string) error {
	_, err := b.seal(ctx, m, platform, workspace)
	return err
}

// Counted is how many people's doings are remembered for limits.
func (b *Bot) Counted() int {
	b.limits.mu.Lock()
	defer b.limits.mu.Unlock()
	return len(b.limits.people)
}

// DenyMany refuses so many things, all different, at once, and returns how many entries were written and how many kinds
// are remembered.
func DenyMany(n int) (written, kept int) {
	var d denials
	for i := range n {
		written += len(d.add(bot.Audit{Action: fmt.Sprint(i)}))
	}
	return written, len(d.list)
}

// FlushDenials does what happens every few seconds.
func (b *Bot) FlushDenials(ctx context.Context) { b.recordDenials(ctx, false) }
