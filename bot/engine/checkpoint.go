package engine

import (
	"context"
	"errors"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// checkpoint is the job: it signs the end of the log if that has moved since the last time, keeps it and logs it, so
// that it stands in the log of the machine, too.
func (b *Bot) checkpoint(ctx context.Context, _ bot.Job) error {
	end, err := b.store.AuditEnd(ctx)
	if err != nil || end.Seq == 0 {
		return err
	}
	if last, err := b.store.Checkpoint(ctx); err == nil && last.Seq >= end.Seq {
		return nil
	}
	secret, err := b.secret(ctx)
	if err != nil {
		return err
	}
	if err := b.store.SaveCheckpoint(ctx, end.Sign(bot.SigningKey(secret), b.clock.Now())); err != nil {
		return err
	}
	b.log.Info("audit checkpoint", "seal", end.String())
	return nil
}

// noCheckpoint reports that the log has not grown since the newest checkpoint.
func (b *Bot) noCheckpoint(ctx context.Context, _ time.Time) (bool, error) {
	end, err := b.store.AuditEnd(ctx)
	if err != nil || end.Seq == 0 {
		return true, err
	}
	last, err := b.store.Checkpoint(ctx)
	if errors.Is(err, bot.ErrNoSuch) {
		return false, nil
	}
	return last.Seq >= end.Seq, err
}
