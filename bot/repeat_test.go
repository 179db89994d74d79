package bot_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// blind is a store that cannot say what was done.
type blind struct{ bot.Store }

func (blind) Answered(context.Context, string) (*bot.Reply, error) {
	return nil, errors.New("connection refused")
}

// What was done already is refused the second time, for it is done. Whoever repeats a request while nobody can look that up must not be told
// that it was refused.
func TestNobodyIsRefusedUnlessItWasLookedUp(t *testing.T) {
	c := newCrowd(t, bot.Limits{})
	if r := c.says("test", "dan", "/thing closed"); r.Status != bot.Refused {
		t.Fatalf("%s %s", r.Status, r.Message.Plain(time.UTC))
	}
	c.store.Store = blind{c.store.Store}
	r := c.says("test", "dan", "/thing closed")
	if got := r.Message.Plain(time.UTC); r.Status != bot.Unready || !strings.Contains(got, "may not have been recorded") {
		t.Errorf("%s %s", r.Status, got)
	}
}
