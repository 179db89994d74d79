package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/watchbell/watchbell/adapters/web/console"
	"github.com/watchbell/watchbell/bot"
)

// addConsole adds the pages around the chat to the addresses that there are.
func (c *Chat) addConsole(routes map[string]http.Handler) {
	if c.o.Console == nil {
		return
	}
	pages := console.New(console.Options{
		Name: c.o.Name, Version: version, Core: c.o.Console, Receive: c.receiveNow, Clock: c.o.Clock, Log: c.log,
	})
	for pattern, h := range pages.Routes() {
		serve := c.page
		if strings.HasPrefix(pattern, http.MethodPost) {
			serve = c.part
		}
		routes[pattern] = serve(func(w http.ResponseWriter, r *http.Request, v viewer) error {
			reader, err := c.reader(r.Context(), v)
			if err != nil {
				return err
			}
			return h(w, r, reader)
		})
	}
	routes["GET /news"] = c.watched(c.news)
}

// receiveNow hands a request to the core, once there is one.
func (c *Chat) receiveNow(ctx context.Context, r bot.Request) bot.Reply {
	receive := c.receive.Load()
	if receive == nil {
		m := bot.Say("Watchbell is still starting. Please try again in a moment.")
		return bot.Reply{Status: bot.Unready, Message: &m}
	}
	c.busy.Add(1)
	defer c.busy.Done()
	return (*receive)(ctx, r)
}

// reader is the viewer as the console knows them.
func (c *Chat) reader(ctx context.Context, v viewer) (console.Viewer, error) {
	from, ok := account(v.Person)
	if !ok {
		return console.Viewer{}, bot.Errorf(
			bot.Forbidden, "%s has no account for the web. Ask an administrator to add one.", v.Name,
		)
	}
	if err := c.welcome(ctx, v); err != nil {
		return console.Viewer{}, err
	}
	list, err := c.o.Store.ChannelsOf(ctx, v.ID)
	if err != nil {
		return console.Viewer{}, err
	}
	reader := console.Viewer{
		Person: v.Person, Account: from, People: v.dir.active, Events: "/news?as=" + string(v.ID), Demo: c.chooses(),
		Assured: v.assured,
	}
	side := arrangeSide(list, 0, "")
	for _, l := range side.Yours {
		if strings.HasPrefix(l.Key, standardKey) {
			reader.Rooms = append(reader.Rooms, console.Room{Name: l.Name, Path: channelPath(l.Channel), Unread: l.Unread()})
		}
	}
	for _, l := range side.Direct {
		reader.Rooms = append(reader.Rooms, console.Room{
			Name: botName, Path: channelPath(l.Channel), Unread: l.Unread(), Ours: true,
		})
		reader.Private = bot.Conversation{Platform: Platform, Channel: formatID(l.ID)}
	}
	return reader, nil
}

// news is a stream that tells a page that something changed, and not what: the page asks for itself again.
func (c *Chat) news(w http.ResponseWriter, r *http.Request, _ viewer) error {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		w.WriteHeader(http.StatusMethodNotAllowed) // HEAD would wait for ever
		return nil
	}
	s := &stream{c: c, r: r, w: w, rc: http.NewResponseController(w)}
	news := c.feed.join()
	defer c.feed.leave(news)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	if err := s.rc.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	look := time.NewTicker(lookAgain)
	defer look.Stop()
	seen, err := c.o.Store.Revision(r.Context())
	if err != nil {
		return err
	}
	text := "retry: 1000\n\n"
	for text == "" || s.write(text) == nil {
		text = ""
		select {
		case <-look.C:
			if s.ended() {
				return nil
			}
		case <-r.Context().Done():
			return nil
		case <-c.stop:
			return nil
		case <-beat.C:
			text = ": still here\n\n"
		case <-news:
			now, err := c.o.Store.Revision(r.Context())
			if text = ": nothing\n\n"; err == nil && now > seen {
				seen, text = now, "event: news\ndata: {}\n\n"
			}
		}
	}
	return nil
}
