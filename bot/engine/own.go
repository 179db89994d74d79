package engine

import (
	"context"

	"github.com/watchbell/watchbell/bot"
)

// own is what one capability has of somebody's.
type own func(ctx context.Context, p bot.Person) (bot.Own, error)

// Mine is all that is somebody's, a part for each capability that has something, in the order of the capabilities. What
// they may not use is not offered to them.
func (b *Bot) Mine(ctx context.Context, p bot.Person) ([]bot.Own, error) {
	ctx = b.looking(ctx, p)
	var all []bot.Own
	for _, of := range b.owns {
		o, err := of(ctx, p)
		if err != nil {
			return nil, err
		}
		if len(o.Lines) > 0 {
			o = o.Cut()
			o.Actions = b.allowed(p, o.Actions)
			all = append(all, o)
		}
	}
	return all, nil
}
