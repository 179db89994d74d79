package chat

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
)

// chatWrite changes the chat in a transaction, at the revision that is its own if it changes anything.
type chatWrite func(tx *gorm.DB, revision int64) (changed bool, err error)

// The most that is written in one transaction. Whoever else writes to the chat waits for its end.
const groupMost = 50

// groups writes to the chat of PostgreSQL in groups. Each transaction waits for the head of the chat and for the disk,
// so what comes while one is under way goes together in the next.
type groups struct {
	mu      sync.Mutex
	waiting []*waiting
	busy    bool
}

type waiting struct {
	write chatWrite
	done  chan error
}

// write waits until f is written. When ctx ends before, it may be written all the same.
func (g *groups) write(ctx context.Context, c Repository, f chatWrite) error {
	m := &waiting{f, make(chan error, 1)}
	g.mu.Lock()
	g.waiting = append(g.waiting, m)
	if !g.busy {
		g.busy = true
		go g.run(c)
	}
	g.mu.Unlock()
	select {
	case err := <-m.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run writes groups until nobody waits.
func (g *groups) run(c Repository) {
	for {
		g.mu.Lock()
		n := min(len(g.waiting), groupMost)
		group := g.waiting[:n:n]
		g.waiting = g.waiting[n:]
		if g.busy = n > 0; !g.busy {
			g.waiting = nil
		}
		g.mu.Unlock()
		if n == 0 {
			return
		}
		writeGroup(c, group)
	}
}

// writeGroup writes a group. One that cannot be written must not harm the others: then each is written by itself.
func writeGroup(c Repository, group []*waiting) {
	ctx := context.Background() // each statement has its own deadline
	writes := make([]chatWrite, len(group))
	for i, m := range group {
		writes[i] = m.write
	}
	err := c.writeAll(ctx, writes...)
	if len(group) == 1 || !ofOne(err) {
		for _, m := range group {
			m.done <- err
		}
		return
	}
	for _, m := range group {
		m.done <- c.writeAll(ctx, m.write)
	}
}

// ofOne reports that an error is about what somebody wants to write, not about the database: of a type's values or of a
// constraint.
func ofOne(err error) bool {
	for _, kind := range []error{
		bot.ErrGone, gorm.ErrDuplicatedKey, gorm.ErrForeignKeyViolated, gorm.ErrCheckConstraintViolated,
	} {
		if errors.Is(err, kind) {
			return true
		}
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (strings.HasPrefix(pg.Code, "22") || strings.HasPrefix(pg.Code, "23"))
}
