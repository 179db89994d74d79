package queue

import (
	"sync"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/database"
)

// places is what the process remembers of what conversations belong to.
type places struct {
	mu      sync.Mutex
	objects map[bot.Conversation]string // "" of those that belong to nothing
	until   time.Time
	turn    int64 // counts how often they were forgotten
}

// begin says what a reader has to show when it remembers what it read.
func (p *places) begin() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.turn
}

func (p *places) at(c bot.Conversation) (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	object, ok := p.objects[c]
	return object, ok && time.Now().Before(p.until)
}

func (p *places) keep(turn int64, c bot.Conversation, object string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if turn != p.turn {
		return
	}
	if now := time.Now(); p.objects == nil || len(p.objects) >= database.KnowAtMost || now.After(p.until) {
		p.objects, p.until = map[bot.Conversation]string{}, now.Add(database.KnowFor)
	}
	p.objects[c] = object
}

// forget drops them when news are about places.
func (p *places) forget(news string) {
	if news != database.NewsPlaces {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.objects = nil
	p.turn++
}
