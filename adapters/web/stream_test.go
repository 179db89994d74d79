package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// stream is a page's connection for events.
type stream struct {
	t    *testing.T
	stop context.CancelFunc

	mu     sync.Mutex
	events []event
	ended  chan struct{}
}

type event struct {
	Name, ID, Data string
}

// field reads one field of an event's data.
func (e event) field(name string) any {
	var m map[string]any
	_ = json.Unmarshal([]byte(e.Data), &m)
	return m[name]
}

// listen opens the stream of a page that shows a channel. after is what the page has seen.
func (c *client) listen(channel, after, last string) *stream {
	c.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	r := c.request(http.MethodGet, "/events?channel="+channel+"&after="+after, nil).WithContext(ctx)
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	if got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != "text/event-stream" {
		c.t.Fatalf("stream: %d %v", got.StatusCode, got.Header)
	}
	s := &stream{t: c.t, stop: stop, ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		defer func() { _ = got.Body.Close() }()
		s.read(bufio.NewScanner(got.Body))
	}()
	c.t.Cleanup(func() { stop(); <-s.ended })
	return s
}

func (s *stream) read(lines *bufio.Scanner) {
	lines.Buffer(nil, 1<<20)
	var e event
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "event":
			e.Name = value
		case "id":
			e.ID = value
		case "data":
			e.Data = value
		case "":
			if e.Name != "" {
				s.mu.Lock()
				s.events = append(s.events, e)
				s.mu.Unlock()
			}
			e = event{}
		}
	}
}

// wait returns the first event of a name whose data contains a text.
func (s *stream) wait(name, text string) event {
	s.t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		for _, e := range s.all() {
			if e.Name == name && strings.Contains(e.Data, text) {
				return e
			}
		}
		select {
		case <-deadline:
			s.t.Fatalf("no event %s with %q among %+v", name, text, s.all())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (s *stream) all() []event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]event(nil), s.events...)
}

// has reports whether any event so far contains a text.
func (s *stream) has(text string) bool {
	for _, e := range s.all() {
		if strings.Contains(e.Data, text) {
			return true
		}
	}
	return false
}
