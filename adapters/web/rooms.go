package web

import (
	"context"
	"slices"
	"sync"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// standardRooms are the ids of the channels that exist from the start, once they do, and who has them.
type standardRooms struct {
	mu       sync.Mutex
	ids      []int64
	welcomed map[bot.PersonID]bool
}

func (s *standardRooms) knows(p bot.PersonID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.welcomed[p]
}

func (s *standardRooms) know(p bot.PersonID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.welcomed == nil {
		s.welcomed = map[bot.PersonID]bool{}
	}
	s.welcomed[p] = true
}

// openStandard makes sure that the standard channels exist.
func (c *Chat) openStandard(ctx context.Context) error {
	_, err := c.standard(ctx)
	return err
}

func (c *Chat) standard(ctx context.Context) ([]int64, error) {
	c.rooms.mu.Lock()
	defer c.rooms.mu.Unlock()
	if c.rooms.ids != nil {
		return c.rooms.ids, nil
	}
	var ids []int64
	for _, name := range c.o.Channels {
		slug := value.Slug(name, maxName)
		ch, err := c.o.Store.OpenChannel(ctx, Channel{Key: standardKey + slug, Name: slug, Made: c.o.Clock.Now()})
		if err != nil {
			return nil, err
		}
		ids = append(ids, ch.ID)
	}
	c.rooms.ids = ids
	return ids, nil
}

// welcome gives somebody the channels that everybody has.
func (c *Chat) welcome(ctx context.Context, v viewer) error {
	ids, err := c.standard(ctx)
	if err != nil || c.rooms.knows(v.ID) {
		return err
	}
	direct, err := c.direct(ctx, v.ID)
	if err != nil {
		return err
	}
	id, err := parseID(direct.Channel)
	if err != nil {
		return err
	}
	if err := c.o.Store.Welcome(ctx, v.ID, append(slices.Clone(ids), id)); err != nil {
		return err
	}
	c.rooms.know(v.ID)
	return nil
}
