package web

import (
	"context"
	"errors"

	"github.com/watchbell/watchbell/bot"
)

// channel finds a channel that the viewer may see. Others are as if they did not exist.
func (c *Chat) channel(ctx context.Context, v viewer, id int64) (Channel, error) {
	ch, err := c.o.Store.Channel(ctx, id)
	return visible(v, ch, err)
}

func visible(v viewer, ch Channel, err error) (Channel, error) {
	if errors.Is(err, bot.ErrNoSuch) || err == nil && ch.Person != "" && ch.Person != v.ID {
		return ch, bot.Errorf(bot.NotFound, "There is no such channel.")
	}
	return ch, err
}

// writable finds a channel to write in.
func (c *Chat) writable(ctx context.Context, v viewer, id int64) (Channel, error) {
	ch, err := c.channel(ctx, v, id)
	if err == nil && ch.Archived {
		err = bot.Errorf(bot.Conflict, "#%s is archived: it can be read, but nothing can be done in it any more.", ch.Name)
	}
	return ch, err
}

// post finds a post that the viewer sees.
func (c *Chat) post(ctx context.Context, v viewer, id int64) (Post, error) {
	found, err := c.o.Store.Page(ctx, PageQuery{ID: id, Viewer: v.ID, Limit: 1})
	if err != nil {
		return Post{}, err
	}
	gone := bot.Errorf(bot.NotFound, "That message does not exist any more.")
	if id <= 0 || len(found) == 0 {
		return Post{}, gone
	}
	if _, err := c.channel(ctx, v, found[0].Channel); err != nil {
		return Post{}, gone
	}
	return found[0], nil
}

// place checks where something is said: a channel, or a thread of it.
func (c *Chat) place(ctx context.Context, v viewer, channel, thread int64) (Post, error) {
	if _, err := c.writable(ctx, v, channel); err != nil {
		return Post{}, err
	}
	if thread != 0 {
		root, err := c.post(ctx, v, thread)
		if err != nil {
			return Post{}, err
		}
		if root.Channel != channel || root.Thread != 0 || root.Only != "" {
			return Post{}, bot.Errorf(bot.Invalid, "There is no such thread in this channel.")
		}
	}
	return Post{Channel: channel, Thread: thread}, nil
}
