package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/gorilla/websocket"

	"github.com/watchbell/watchbell/adapters/discord/payload"
	"github.com/watchbell/watchbell/adapters/discord/rest"
	"github.com/watchbell/watchbell/bot"
)

// One instance holds the gateway: Discord would send everything to each. It takes the lease for Options.Lent, and says
// that it lives four times in that; another one looks as often. So the gateway is with somebody else after Lent and a
// quarter of it at most.
const (
	leaseName  = "discord-gateway"
	leaseFor   = 24 * time.Second
	leaseSigns = 4
)

// What no repetition can mend is tried again this seldom: each attempt may be one of the starts of the day.
const fatalPause = 2 * time.Minute

// Discord allows a thousand starts of a session a day, and resets the token of whoever needs more. So many are left for
// what comes later in the day.
const keptStarts = 20

func (a *Adapter) sign() time.Duration { return a.o.Lent / leaseSigns }

// listen holds the gateway while it is ours to hold, until ctx ends.
func (a *Adapter) listen(ctx context.Context) {
	for ctx.Err() == nil {
		held, until := a.hold(ctx)
		if held {
			a.whileHeld(ctx, until)
			continue
		}
		if !rest.Pause(ctx, a.sign()) {
			return
		}
	}
}

// hold takes the lease. While another instance has it all is well here.
func (a *Adapter) hold(ctx context.Context) (held bool, until time.Time) {
	until = time.Now().Add(a.o.Lent)
	if a.o.Lease == nil {
		return true, until
	}
	asking, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	held, err := a.o.Lease.Hold(asking, leaseName, a.o.Owner, a.o.Lent)
	if err != nil {
		if ctx.Err() == nil {
			a.log.Error("the lease of Discord's gateway was not taken", "error", err)
			a.hearing.is(false, a.o.Deaf, a.tellDeaf)
		}
		return false, until
	}
	if !held {
		a.hearing.is(true, a.o.Deaf, a.tellDeaf)
	}
	return held, until
}

// whileHeld keeps the gateway open and the lease ours. It returns when the lease is lost or ctx ends.
func (a *Adapter) whileHeld(parent context.Context, until time.Time) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.keepOpen(ctx)
	}()
	a.prolong(ctx, until, cancel)
	cancel()
	<-done
	if a.o.Lease != nil && parent.Err() != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(parent), 2*time.Second)
		defer cancel()
		if err := a.o.Lease.Release(ctx, leaseName, a.o.Owner); err != nil {
			a.log.Warn("the lease of Discord's gateway was not given up", "error", err)
		}
	}
}

// prolong returns when the lease is somebody else's or soon may be, or with ctx. The gateway is let go in time even
// while the database does not answer.
func (a *Adapter) prolong(ctx context.Context, until time.Time, letGo func()) {
	if a.o.Lease == nil {
		<-ctx.Done()
		return
	}
	end := time.AfterFunc(time.Until(until)-a.sign(), func() {
		a.log.Error("the lease of Discord's gateway was lost: the database does not prolong it")
		letGo()
	})
	defer end.Stop()
	for rest.Pause(ctx, a.sign()) {
		asked := time.Now()
		held, err := a.o.Lease.Hold(ctx, leaseName, a.o.Owner, a.o.Lent)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			a.log.Warn("the lease of Discord's gateway was not prolonged", "error", err)
		case !held:
			a.log.Warn("another instance holds Discord's gateway now")
			return
		default:
			end.Reset(time.Until(asked.Add(a.o.Lent)) - a.sign())
		}
	}
}

// keepOpen opens the gateway again and again until ctx ends. discordgo resumes a session that was closed; what Discord
// takes no more is begun anew.
func (a *Adapter) keepOpen(ctx context.Context) {
	var s *session
	defer func() {
		if s != nil {
			s.close()
		}
		a.hearing.is(false, a.o.Deaf, a.tellDeaf)
	}()
	for first := true; ctx.Err() == nil; first = false {
		if !first && !rest.Pause(ctx, a.o.Retry) {
			return
		}
		var err error
		if s == nil {
			if s, err = a.newSession(ctx); err != nil {
				a.closed(err)
				continue
			}
		}
		if err = s.open(ctx, a.o.Timeout); err != nil {
			a.closed(err)
			if !resumable(err) || !s.begun.Load() {
				s.close()
				s = nil
			}
			if why := fatal(err); why != "" && !rest.Pause(ctx, fatalPause) {
				return
			}
			continue
		}
		if s.wait(ctx); ctx.Err() != nil {
			return
		}
		a.hearing.is(false, a.o.Deaf, a.tellDeaf)
		a.log.Info("Discord's gateway was closed; it is opened again")
		if !s.begun.Load() { // each new attempt is a start, of which there are few
			s.close()
			s = nil
		}
	}
}

// closed notes why the gateway did not open.
func (a *Adapter) closed(err error) {
	why := a.api.Redact(err)
	if f := fatal(err); f != "" {
		why = f
		a.log.Error("Discord", "state", f)
	} else if !errors.Is(err, errInvalid) { // which is part of life
		a.log.Warn("Discord's gateway does not open", "error", why)
	}
	a.hearing.failed(why)
}

// fatal is what to do about a close code that no repetition can mend, "" for others.
//
// Source: https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
func fatal(err error) string {
	var c *websocket.CloseError
	if !errors.As(err, &c) {
		return ""
	}
	switch c.Code {
	case 4004:
		return "Discord refuses the bot token: reset it on your application's page “Bot” and set DISCORD_BOT_TOKEN"
	case 4010, 4011:
		return "the bot is in too many servers for one connection; a Watchbell is made for a few"
	case 4012:
		return "Discord no longer speaks this version of its gateway; update Watchbell"
	case 4013, 4014:
		return "Discord refuses an intent that Watchbell asks for: switch on Message Content Intent and Server Members " +
			"Intent on your application's page “Bot”, or both off"
	}
	return ""
}

// resumable reports whether the same session may be tried again.
func resumable(err error) bool {
	var c *websocket.CloseError
	return !errors.As(err, &c) || c.Code != 4007 && c.Code != 4009 && fatal(err) == ""
}

// session is one session of the library.
type session struct {
	s     *discordgo.Session
	begun atomic.Bool // Discord said so, and may resume it
	line  atomic.Pointer[line]
}

// newSession makes a session, when Discord has starts left for it.
func (a *Adapter) newSession(ctx context.Context) (*session, error) {
	self, err := a.directory.Renew(ctx)
	if err != nil {
		return nil, err
	}
	var g struct {
		Limit struct {
			Remaining int `json:"remaining"`
			After     int `json:"reset_after"` // ms
		} `json:"session_start_limit"`
	}
	if err := a.api.Do(ctx, rest.Call{Method: "GET", Route: "gateway/bot"}, &g); err != nil {
		return nil, err
	}
	if g.Limit.Remaining < keptStarts {
		after := time.Duration(g.Limit.After) * time.Millisecond
		return nil, fmt.Errorf(
			"only %d starts of a session are left for today, and Discord resets the token of who uses up all; "+
				"new ones come in %s",
			g.Limit.Remaining, after.Round(time.Minute),
		)
	}
	s, err := a.api.Session()
	if err != nil {
		return nil, err
	}
	made := &session{s: s}
	s.Dialer = &websocket.Dialer{
		Proxy: http.ProxyFromEnvironment, HandshakeTimeout: a.o.Timeout, NetDialContext: made.dial,
	}
	// Of messages in channels we get the words only where somebody mentions us.
	s.Identify.Intents = discordgo.IntentsGuilds | discordgo.IntentsGuildMessages | discordgo.IntentsDirectMessages
	if self.Reads && len(a.o.Reactions) > 0 { // whose words could not be read otherwise
		s.Identify.Intents |= discordgo.IntentsGuildMessageReactions | discordgo.IntentMessageContent
	}
	if self.Members {
		s.Identify.Intents |= discordgo.IntentsGuildMembers
	}
	s.AddHandler(func(_ *discordgo.Session, e *discordgo.Event) {
		if e.Type == "READY" || e.Type == "RESUMED" {
			made.begun.Store(true)
			if a.hearing.is(true, a.o.Deaf, a.tellDeaf) {
				a.log.Info("Discord's gateway is open again")
			}
		}
		if reactions := s.Identify.Intents&discordgo.IntentsGuildMessageReactions != 0; reactions && e.Type == "READY" {
			a.background("missed reactions", func() { a.readMissed(ctx) })
		}
		a.background("event", func() { a.event(context.WithoutCancel(ctx), e.Type, e.RawData) })
	})
	return made, nil
}

// open connects. discordgo closes the connection itself when that fails, but waits for ever for what Discord does not
// say, so the connection is broken off when ctx ends or Discord says nothing for too long.
func (s *session) open(ctx context.Context, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	stop := context.AfterFunc(ctx, s.cut)
	defer stop()
	return s.s.Open()
}

// cut breaks the connection off without a word. The library learns that when it reads, and then closes it.
func (s *session) cut() {
	if l := s.line.Load(); l != nil {
		_ = l.Conn.Close()
	}
}

// The library waits for answers to five heartbeats, which is minutes. Discord asks for one in 41 seconds.
const (
	silentAfter = 100 * time.Second
	lookEach    = 10 * time.Second
)

// wait returns when the library closed the connection, or ctx ends. One on which Discord answers nothing is cut.
//
// The library's Disconnect events do not say which connection they are about. Its reader and its heartbeat may both
// announce the end of one, the second when the next one is already open. So the connection itself tells.
func (s *session) wait(ctx context.Context) {
	closed := s.line.Load().closed
	look := time.NewTicker(lookEach)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-closed:
			return
		case <-look.C:
			s.s.RLock()
			heard := s.s.LastHeartbeatAck
			s.s.RUnlock()
			if time.Since(heard) > silentAfter {
				s.cut()
			}
		}
	}
}

func (s *session) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l := &line{Conn: c, closed: make(chan struct{}), over: func() { s.begun.Store(false) }}
	s.line.Store(l)
	return l, nil
}

func (s *session) close() { _ = s.s.CloseWithCode(websocket.CloseNormalClosure) }

// line is a connection on which one session is begun or resumed. The library answers each “invalid session” by a start
// of a session, at once, and Discord answers starts that follow too soon by “invalid session”; each of them counts. So
// the line breaks instead, and the next session begins when starts are left for it.
type line struct {
	net.Conn
	closed chan struct{} // closed by Close, which the library calls
	once   sync.Once
	over   func() // called when it breaks

	mu    sync.Mutex
	open  bool // what is sent now are messages of the gateway
	begun bool // a session was begun or resumed
}

// Sizes of what is sent: a heartbeat has 57 bytes at most with all that is around it, and what begins or resumes a
// session has a token in it.
const heartbeatSize = 70

// errInvalid is why a session is not begun by the library.
var errInvalid = errors.New("the session is invalid to Discord; another one is begun if starts are left")

// SetWriteDeadline implements net.Conn. The library of websockets calls it before each message, and never before the
// connection is one.
func (l *line) SetWriteDeadline(t time.Time) error {
	l.mu.Lock()
	l.open = true
	l.mu.Unlock()
	return l.Conn.SetWriteDeadline(t)
}

func (l *line) Write(p []byte) (int, error) {
	if l.startsAnother(len(p)) {
		l.over()
		_ = l.Conn.Close()
		return 0, errInvalid
	}
	return l.Conn.Write(p)
}

func (l *line) startsAnother(size int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.open || size <= heartbeatSize {
		return false
	}
	was := l.begun
	l.begun = true
	return was
}

// Close implements net.Conn. The library calls it, also for a connection that did not open.
func (l *line) Close() error {
	defer l.once.Do(func() { close(l.closed) })
	return l.Conn.Close()
}

// event takes what the gateway tells. Typed events are not used: the library does not know the newer parts of them.
func (a *Adapter) event(ctx context.Context, kind string, raw json.RawMessage) {
	var err error
	switch kind {
	case "INTERACTION_CREATE":
		err = a.takeInteraction(ctx, &byGateway{a: a}, raw)
	case "MESSAGE_REACTION_ADD":
		err = a.takeReaction(ctx, raw)
	case "MESSAGE_CREATE":
		err = a.takeMessage(ctx, raw)
	case "CHANNEL_CREATE", "CHANNEL_UPDATE", "CHANNEL_DELETE":
		var c payload.Channel
		if err = json.Unmarshal(raw, &c); err == nil {
			a.directory.ForgetChannels(c.Guild)
		}
	case "GUILD_MEMBER_UPDATE", "GUILD_MEMBER_REMOVE":
		var m struct {
			Guild string       `json:"guild_id"`
			User  payload.User `json:"user"`
		}
		if err = json.Unmarshal(raw, &m); err == nil {
			a.directory.Changed(bot.Account{Platform: Platform, Workspace: m.Guild, User: m.User.ID})
		}
	}
	if err != nil {
		a.log.Error("what Discord sent was not understood", "kind", kind, "error", a.api.Redact(err))
	}
}
