package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/watchbell/watchbell/adapters/web/markup"
	"github.com/watchbell/watchbell/bot"
)

const (
	heartbeat = 15 * time.Second
	lookAgain = 500 * time.Millisecond // whether whoever reads a stream still may: they are out within a second
	writeTime = 10 * time.Second       // for one batch of events
)

// stream is one open page: it is told what changes, as its viewer may see it.
type stream struct {
	c       *Chat
	r       *http.Request // that opened it
	v       viewer
	w       http.ResponseWriter
	rc      *http.ResponseController
	at      int64 // the revision it has seen
	channel int64 // the one it shows
	topic   string
	members map[bot.PersonID]bool // of that channel
	rooms   map[int64]Listed      // all that the viewer sees
}

// events serves a page's stream until it closes, or the server stops. A page that comes back says what it has seen, and
// gets the rest.
func (c *Chat) events(w http.ResponseWriter, r *http.Request, v viewer) error {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		w.WriteHeader(http.StatusMethodNotAllowed) // HEAD would wait for ever
		return nil
	}
	channel, err := parseID(r.FormValue("channel"))
	if err != nil {
		return bot.Errorf(bot.NotFound, "There is no such channel.")
	}
	seen := r.Header.Get("Last-Event-ID")
	if seen == "" {
		seen = r.FormValue("after")
	}
	after, err := strconv.ParseInt(seen, 10, 64)
	if err != nil || after < 0 {
		return bot.Errorf(bot.Invalid, "The stream does not say what the page has seen. Please reload it.")
	}
	s := &stream{c: c, r: r, v: v, w: w, rc: http.NewResponseController(w), at: after, channel: channel}
	news := c.feed.join()
	defer c.feed.leave(news)
	head, err := s.load(r.Context())
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	// The server's own time-outs are for short requests.
	if err := s.rc.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if after > head || head-after > maxBehind {
		_ = s.write("event: reload\ndata: {}\n\n")
		return nil
	}
	if s.write("retry: 1000\n\n") == nil {
		s.follow(r.Context(), news, head > after)
	}
	return nil
}

// load reads what the viewer sees now, and the newest revision.
func (s *stream) load(ctx context.Context) (int64, error) {
	store := s.c.o.Store
	head, err := store.Revision(ctx)
	if err != nil {
		return 0, err
	}
	ch, err := s.c.channel(ctx, s.v, s.channel)
	if err != nil {
		return 0, err
	}
	s.topic = ch.Topic
	ids, err := store.MembersOf(ctx, s.channel)
	if err != nil {
		return 0, err
	}
	s.members = map[bot.PersonID]bool{}
	for _, id := range ids {
		s.members[id] = true
	}
	list, err := store.ChannelsOf(ctx, s.v.ID)
	s.rooms = map[int64]Listed{}
	for _, l := range list {
		s.rooms[l.ID] = l
	}
	return head, err
}

func (s *stream) follow(ctx context.Context, news chan struct{}, missed bool) {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	look := time.NewTicker(lookAgain)
	defer look.Stop()
	for {
		if err := s.catchUp(ctx, missed); err != nil {
			return
		}
		missed = false
		if !s.wait(ctx, news, beat.C, look.C) {
			return
		}
	}
}

// wait returns when there is something to send. It reports false when the stream is over.
func (s *stream) wait(ctx context.Context, news chan struct{}, beat, look <-chan time.Time) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case <-s.c.stop:
			return false
		case <-news:
			return true
		case <-look:
			if s.ended() {
				return false
			}
		case <-beat:
			if s.write(": still here\n\n") != nil {
				return false
			}
			return true
		}
	}
}

// ended reports whether whoever reads the stream may not go on. While the database does not answer nothing new is read
// either.
func (s *stream) ended() bool {
	var e *bot.Error
	_, err := s.c.o.Visitors.Still(s.r)
	return errors.As(err, &e)
}

// catchUp sends what changed. missed: something did between the page and the stream, so lists are sent again.
func (s *stream) catchUp(ctx context.Context, missed bool) error {
	changes, err := s.c.feed.since(ctx, s.at)
	if err != nil {
		return nil // logged by the feed; it is tried again
	}
	if changes.To <= s.at {
		return nil
	}
	if s.v.dir, err = s.c.people.now(ctx); err == nil && !s.v.dir.byID[s.v.ID].Active {
		return errNobody
	}
	news := s.notice(changes)
	news.head, news.side = news.head || missed, news.side || missed
	if err := s.tell(ctx, news); err != nil {
		return err
	}
	s.at = changes.To
	// Only the last event of a batch moves the browser's mark: half a batch is sent again.
	return s.write(fmt.Sprintf("id: %d\nevent: seen\ndata: %d\n\n", s.at, s.at))
}

// tell sends the events of one batch.
func (s *stream) tell(ctx context.Context, n news) error {
	for _, p := range n.posts {
		if err := s.tellPost(p); err != nil {
			return err
		}
		if s.rings(p) {
			if err := s.ring(p); err != nil {
				return err
			}
		}
	}
	if n.head {
		if err := s.tellHead(ctx); err != nil {
			return err
		}
	}
	if n.side {
		html, err := s.c.sideHTML(ctx, s.v, formatID(s.channel), "")
		if err != nil {
			return err
		}
		return s.send("side", map[string]any{"html": html})
	}
	for id, member := range n.unread {
		if member {
			if err := s.send("unread", map[string]any{"channel": id, "unread": s.rooms[id].Unread()}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *stream) tellPost(p Post) error {
	switch {
	case p.Gone:
		return s.send("gone", map[string]any{"id": p.ID})
	case p.Channel == s.channel:
		event, err := s.c.event(s.v, p)
		if err != nil {
			return err
		}
		return s.send("post", event)
	case p.Only != "" && p.Edited.IsZero():
		line := p.Message.Line()
		if line == "" && p.Form != nil {
			line = p.Form.Title
		}
		return s.send("elsewhere", map[string]any{
			"where": s.rooms[p.Channel].Name, "href": "/to/" + formatID(p.Channel) + "/" + formatID(p.ID), "line": line,
		})
	}
	return nil
}

func (s *stream) tellHead(ctx context.Context) error {
	ch, err := s.c.channel(ctx, s.v, s.channel)
	if err != nil {
		return err
	}
	head, err := s.c.head(ctx, s.v, ch)
	if err != nil {
		return err
	}
	html, err := markup.Render("head", head)
	if err != nil {
		return err
	}
	return s.send("head", map[string]any{"html": html, "archived": ch.Archived})
}

func (s *stream) send(event string, data any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return s.write("event: " + event + "\ndata: " + string(body) + "\n\n")
}

func (s *stream) write(text string) error {
	if err := s.rc.SetWriteDeadline(time.Now().Add(writeTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.rc.Flush()
}
