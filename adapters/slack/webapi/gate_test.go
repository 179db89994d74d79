package webapi

import (
	"context"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/bottest"
)

// The gate leaves a share for what is urgent, and says when to come again instead of waiting long.
func TestGate(t *testing.T) {
	clock := bottest.NewClock()
	g := newGate(clock.Now)
	ctx := context.Background() // as urgent as what people wait for
	passed := 0
	for range 100 {
		if g.enter(ctx, "conversations.create") == nil {
			passed++
		}
	}
	if passed < 14 || passed > 16 {
		t.Errorf("%d of 100 calls of tier 2 passed at once", passed)
	}
	clock.Move(time.Minute)
	if err := g.enter(ctx, "conversations.create"); err != nil {
		t.Errorf("after a minute: %v", err)
	}
	g.pause("chat.update", 30*time.Second)
	if err := g.enter(ctx, "chat.update"); err == nil {
		t.Error("a paused method was called")
	}
	clock.Move(31 * time.Second)
	if err := g.enter(ctx, "chat.update"); err != nil {
		t.Errorf("after the pause: %v", err)
	}
}
