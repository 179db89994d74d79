package discord_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/watchbell/watchbell/adapters/discord"
	"github.com/watchbell/watchbell/adapters/discord/discordfake"
)

// After whatever ends a connection the gateway opens again, resumed where Discord allows it, and what people do
// arrives.
func TestTheGatewayOpensAgain(t *testing.T) {
	refused := func(code int, times int) func(*discordfake.Server) {
		return func(s *discordfake.Server) {
			s.RefuseResume(code, false, times)
			s.DropSockets()
		}
	}
	for name, c := range map[string]struct {
		end     func(*discordfake.Server)
		resumes bool
	}{
		"op 7":                       {(*discordfake.Server).Reconnect, true},
		"op 9, resumable":            {func(s *discordfake.Server) { s.InvalidateSessions(true) }, false},
		"op 9":                       {func(s *discordfake.Server) { s.InvalidateSessions(false) }, false},
		"dropped":                    {(*discordfake.Server).DropSockets, true},
		"4000":                       {func(s *discordfake.Server) { s.CloseGateway(4000) }, true},
		"4007":                       {func(s *discordfake.Server) { s.CloseGateway(4007) }, false},
		"4009":                       {func(s *discordfake.Server) { s.CloseGateway(4009) }, false},
		"op 1, then closed":          {func(s *discordfake.Server) { s.AskHeartbeatAndClose(4000) }, true},
		"op 9 when it resumes":       {refused(0, 1), false},
		"4007 when it resumes":       {refused(4007, 1), false},
		"4009 when it resumes":       {refused(4009, 1), false},
		"4000 twice when it resumes": {refused(4000, 2), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLive(t, discordfake.Options{})
			l.open(t)
			// A heartbeat that fails is another end: the library then closes what is open, which ends the session.
			eventually(t, "the first heartbeat came", func() bool { return l.fake.Gateway().Heartbeats > 0 })
			before := l.fake.Gateway()
			c.end(l.fake)
			eventually(t, "it is open again", func() bool {
				now := l.fake.Gateway()
				again := now.Identifies > before.Identifies
				if c.resumes {
					again = now.Resumed > before.Resumed
				}
				return again && l.fake.Connected() == 1 && l.Health() == nil
			})
			if now := l.fake.Gateway(); c.resumes && now.Identifies != before.Identifies {
				t.Errorf("%d sessions were begun", now.Identifies)
			}
			l.works(t, "after")
		})
	}
}

// A reason that no repetition mends is told, with what to do about it, by Health and by the log, and Discord is not
// dialled again and again.
func TestFatalCloses(t *testing.T) {
	for _, c := range []struct {
		name string
		code int
		want string
	}{
		{"token", 4004, "DISCORD_BOT_TOKEN"}, {"intents", 4013, "Message Content Intent"},
		{"privileged intents", 4014, "Server Members Intent"}, {"sharding", 4011, "too many servers"},
		{"version", 4012, "update Watchbell"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := discordfake.Options{Guild: guild}
			l := &live{bare: &bare{clock: newClock(), log: &testLog{}}, core: &plain{}}
			l.fake = discordfake.Start(t, o)
			l.channel = l.fake.AddChannel(guild, "general")
			l.fake.RefuseIdentify(c.code, 100)
			l.run(t, func(o *discord.Options) { o.Retry = time.Millisecond })
			eventually(t, "it is told", func() bool {
				err := l.Health()
				return err != nil && strings.Contains(err.Error(), c.want) && l.log.has(c.want)
			})
			eventually(t, "the commands are registered meanwhile", func() bool { return len(l.fake.Commands(guild)) > 0 })
			if n := l.fake.Gateway().Connections; n != 1 {
				t.Errorf("dialled %d times", n)
			}
		})
	}
}

// A fatal reason in the middle of a session comes out when it would be resumed.
func TestATokenIsResetWhileTheGatewayIsOpen(t *testing.T) {
	l := newLive(t, discordfake.Options{})
	l.open(t)
	l.fake.ResetToken()
	eventually(t, "it is told", func() bool {
		err := l.Health()
		return err != nil && strings.Contains(err.Error(), "DISCORD_BOT_TOKEN")
	})
	if n := l.fake.Gateway().Identifies; n != 1 {
		t.Errorf("%d sessions were begun", n)
	}
}

// Discord resets the token of who begins too many sessions in a day. Whatever it answers, some are left.
func TestStartsAreKept(t *testing.T) {
	for name, o := range map[string]struct {
		discordfake.Options
		refuse int
	}{
		"closed each time":          {discordfake.Options{Identifies: 35}, 4000},
		"invalid session each time": {discordfake.Options{Identifies: 35}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &live{bare: &bare{clock: newClock(), log: &testLog{}}, core: &plain{}}
			// Starts that follow too soon are answered by "invalid session", and count all the same.
			limits := o.refuse == 0
			l.fake = discordfake.Start(t, discordfake.Options{Guild: guild, Identifies: o.Identifies, Limits: limits})
			l.channel = l.fake.AddChannel(guild, "general")
			if !limits {
				l.fake.RefuseIdentify(o.refuse, 1000)
			}
			token := l.fake.Token()
			l.run(t, func(o *discord.Options) { o.Retry = 150 * time.Millisecond })
			if limits {
				l.open(t)
				l.fake.InvalidateSessions(false)
			}
			eventually(t, "it stops", func() bool {
				err := l.Health()
				return err != nil && strings.Contains(err.Error(), "starts of a session are left")
			})
			if l.fake.Token() != token {
				t.Error("Discord reset the token")
			}
		})
	}
}

// A session that Discord takes for invalid is begun anew only while starts are left, whenever it says so.
func TestASessionThatIsInvalidCostsAStart(t *testing.T) {
	for name, end := range map[string]func(*discordfake.Server){
		"while it is open": func(s *discordfake.Server) { s.InvalidateSessions(false) },
		"when it resumes": func(s *discordfake.Server) {
			s.RefuseResume(0, false, 1)
			s.DropSockets()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLive(t, discordfake.Options{Identifies: 22})
			for n := 1; n <= 3; n++ { // which leaves 19, and 20 are kept
				eventually(t, "a session is open", func() bool {
					return l.Health() == nil && l.fake.Connected() == 1 && l.fake.Gateway().Identifies == n
				})
				end(l.fake)
			}
			eventually(t, "it stops", func() bool {
				err := l.Health()
				return err != nil && strings.Contains(err.Error(), "only 19 starts of a session are left")
			})
			if n := l.fake.Gateway().Identifies; n != 3 {
				t.Errorf("%d sessions were begun", n)
			}
		})
	}
}

// What Discord tells twice, after it resumed a session, is done once and answered once.
func TestAnEventThatComesTwice(t *testing.T) {
	l := newLive(t, discordfake.Options{})
	l.open(t)
	l.works(t, "one")
	l.works(t, "one") // the same interaction, delivered again
	eventually(t, "both came", func() bool { return len(l.requests()) == 2 })
	if list := l.requests(); list[0].Key == "" || list[0].Key != list[1].Key {
		t.Errorf("keys %q and %q", list[0].Key, list[1].Key)
	}
	if n := len(l.fake.Messages(l.channel)); n != 1 {
		t.Errorf("%d answers", n)
	}
	if l.log.has("did not reach") {
		t.Error("the second answer was taken for a failure")
	}
}

// A fault of ours in one event ends neither the program nor the connection.
func TestAPanicInAnEvent(t *testing.T) {
	l := newLive(t, discordfake.Options{Patience: 300 * time.Millisecond})
	l.open(t)
	l.core.panics.Store(true)
	if _, err := l.fake.Command(
		dan, l.channel, "bad", "probe", discordfake.Sub("more", discordfake.Opt("do", "echo")),
	); err == nil {
		t.Error("it was answered")
	}
	if !l.log.has("panic in the Discord adapter") {
		t.Error("the log does not tell")
	}
	l.works(t, "good")
	if n := l.fake.Gateway().Connections; n != 1 {
		t.Errorf("%d connections", n)
	}
}

// Nothing arrives while Discord is down, which Health says; afterwards the session goes on.
func TestDiscordIsDown(t *testing.T) {
	l := newLive(t, discordfake.Options{})
	l.open(t)
	l.fake.Down(true)
	eventually(t, "it is told", func() bool {
		err := l.Health()
		return err != nil && strings.Contains(err.Error(), "gateway is not open")
	})
	l.fake.Down(false)
	l.open(t)
	l.works(t, "after")
	if g := l.fake.Gateway(); g.Identifies != 1 || g.Resumed != 1 {
		t.Errorf("%+v", g)
	}
}

// A gateway that takes connections and then says nothing is given up, and so is the wait for it when the program ends.
func TestAGatewayThatSaysNothing(t *testing.T) {
	var connections atomic.Int64
	over := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := (&websocket.Upgrader{}).Upgrade(w, r, nil); err == nil {
			connections.Add(1)
			<-over
			_ = c.Close()
		}
	}))
	defer silent.Close()
	defer close(over)
	for name, patience := range map[string]time.Duration{"it is given up": 50 * time.Millisecond, "the end": time.Hour} {
		t.Run(name, func(t *testing.T) {
			l := &live{bare: &bare{clock: newClock(), log: &testLog{}}, core: &plain{}}
			l.fake = discordfake.Start(t, discordfake.Options{Guild: guild})
			at, err := url.Parse(l.fake.URL())
			if err != nil {
				t.Fatal(err)
			}
			proxy := httputil.NewSingleHostReverseProxy(at)
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/gateway") {
					_, _ = io.WriteString(w, `{"url": "ws`+strings.TrimPrefix(silent.URL, "http")+`"}`)
					return
				}
				proxy.ServeHTTP(w, r)
			}))
			defer front.Close()
			before := connections.Load()
			l.run(t, func(o *discord.Options) { o.APIURL, o.Timeout = front.URL, patience })
			if patience < time.Hour {
				eventually(t, "it is tried again", func() bool { return connections.Load() >= before+2 })
			} else {
				eventually(t, "it is tried", func() bool { return connections.Load() > before })
			}
			ended := make(chan struct{})
			go func() { l.stop(); close(ended) }()
			select {
			case <-ended:
			case <-time.After(20 * time.Second):
				t.Error("the adapter does not end")
			}
		})
	}
}
