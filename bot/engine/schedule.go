package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// tick makes due slots into jobs until ctx ends.
func (b *Bot) tick(ctx context.Context) {
	t := time.NewTicker(20 * time.Second)
	defer t.Stop()
	for {
		b.recordDenials(ctx, false)
		if err := b.Tick(ctx); err != nil && ctx.Err() == nil {
			b.log.Error("schedules", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// Tick makes the newest due slot of each schedule into a job, once however often it is called.
func (b *Bot) Tick(ctx context.Context) error {
	now := b.clock.Now()
	for _, s := range b.schedules {
		slot, _, ok, err := s.LastSlot(now)
		if err != nil {
			return fmt.Errorf("schedule %s: %w", s.Name, err)
		}
		if !ok || b.ticked.is(s.Name, slot) {
			continue
		}
		idle := false
		if s.Idle != nil {
			if idle, err = s.Idle(ctx, now); err != nil {
				return fmt.Errorf("schedule %s: %w", s.Name, err)
			}
		}
		if !idle {
			err = b.store.AddSlot(ctx, s.Name, slot, bot.Job{Kind: s.Kind, Object: s.Name, Arg: slot, At: now})
		}
		if err != nil {
			return fmt.Errorf("schedule %s: %w", s.Name, err)
		}
		b.ticked.set(s.Name, slot)
	}
	return nil
}

// lastSlots remembers the slot of each schedule that was seen to, so that nothing is read again until the next.
type lastSlots struct {
	mu    sync.Mutex
	slots map[string]string
}

func (l *lastSlots) is(schedule, slot string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.slots[schedule] == slot
}

func (l *lastSlots) set(schedule, slot string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.slots == nil {
		l.slots = map[string]string{}
	}
	l.slots[schedule] = slot
}
