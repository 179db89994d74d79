package discordfake_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
)

const (
	guilds    = 1 << 0
	members   = 1 << 1
	messages  = 1 << 9
	reactions = 1 << 10
	direct    = 1 << 12
	content   = 1 << 15
)

// eventually waits for something that happens on another goroutine.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for !ok() {
		select {
		case <-time.After(time.Millisecond):
		case <-deadline:
			t.Fatalf("never happened: %s", what)
		}
	}
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	s, _, _ := start(t, discordfake.Options{Privileged: discordfake.GuildMembers})
	for name, row := range map[string]struct {
		do   func(a *app)
		code int
	}{
		"wrong token":       {func(a *app) { a.identify("nonsense", guilds) }, 4004},
		"unknown intent":    {func(a *app) { a.identify(s.Token(), 1<<30) }, 4013},
		"no intents":        {func(a *app) { a.send(2, object{"token": s.Token()}) }, 4013},
		"disallowed intent": {func(a *app) { a.identify(s.Token(), guilds|content) }, 4014},
		"wrong shard": {
			func(a *app) { a.send(2, object{"token": s.Token(), "intents": 1, "shard": []int{1, 1}}) },
			4010,
		},
		"identified already": {func(a *app) { a.identify(s.Token(), guilds); a.identify(s.Token(), guilds) }, 4005},
		"unknown opcode":     {func(a *app) { a.send(99, nil) }, 4001},
		"before identifying": {func(a *app) { a.send(3, object{}) }, 4003},
		"too large":          {func(a *app) { a.send(1, strings.Repeat("x", 4096)) }, 4002},
		"not JSON":           {func(a *app) { _ = a.conn.WriteMessage(1, []byte("{")) }, 4002},
		"resumes nothing":    {func(a *app) { a.send(6, object{"token": "nonsense", "session_id": "x", "seq": 1}) }, 4004},
	} {
		t.Run(name, func(t *testing.T) {
			a := dial(t, s, s.GatewayURL())
			row.do(a)
			if code := a.closed(); code != row.code {
				t.Errorf("closed with %d, not %d", code, row.code)
			}
		})
	}
	s.RefuseIdentify(4011, 1)
	a := dial(t, s, s.GatewayURL())
	a.identify(s.Token(), guilds)
	if code := a.closed(); code != 4011 {
		t.Errorf("closed with %d", code)
	}
	a = dial(t, s, s.GatewayURL())
	a.identify("Bot "+s.Token(), guilds|members)
	ready := a.until("READY").object()
	first := ready["guilds"].([]any)[0].(object)
	if ready["application"].(object)["id"] != s.Application() || first["unavailable"] != true ||
		ready["user"].(object)["id"] != s.BotUser() || ready["resume_gateway_url"] == s.GatewayURL() {
		t.Errorf("ready is %v", ready)
	}
	g := a.until("GUILD_CREATE").object()
	if g["id"] != s.Guild() || len(g["channels"].([]any)) != 1 || g["member_count"] != 4.0 {
		t.Errorf("the guild is %v", g)
	}
	conforms(t, "GuildMemberResponse", g["members"].([]any)[0])
	conforms(t, "GuildChannelResponse", g["channels"].([]any)[0])
	a.send(1, 2)
	a.untilOp(11)
	s.AskHeartbeat()
	a.untilOp(1)
}

// Resuming repeats what was missed.
func TestResume(t *testing.T) {
	t.Parallel()
	s, c, channel := start(t, discordfake.Options{})
	a := connect(t, s, guilds|messages)
	a.until("GUILD_CREATE")
	s.DropSockets()
	if code := a.closed(); code == 1000 {
		t.Errorf("closed with %d", code)
	}
	eventually(t, "the connection is lost", func() bool { return s.Connected() == 0 })
	_, _ = s.Say(ana, channel, "", "one")
	_, _ = s.Say(ana, channel, "", "two")
	resume := func(seq int) *app {
		b := dial(t, s, a.url)
		b.send(6, object{"token": s.Token(), "session_id": a.id, "seq": seq})
		return b
	}
	b := resume(a.seq)
	first, second := b.next(), b.next()
	if first.Name != "MESSAGE_CREATE" || second.Name != "MESSAGE_CREATE" || second.Seq != a.seq+2 {
		t.Errorf("repeated %+v, %+v", first, second)
	}
	b.until("RESUMED")
	if g := s.Gateway(); g.Identifies != 1 || g.Resumed != 1 {
		t.Errorf("counted %+v", g)
	}
	s.Reconnect()
	b.untilOp(7)
	s.AskHeartbeatAndClose(4000)
	b.untilOp(1)
	if code := b.closed(); code != 4000 {
		t.Errorf("closed with %d", code)
	}
	s.RefuseResume(0, true, 1)
	b = resume(b.seq)
	if e := b.untilOp(9); string(e.Data) != "true" {
		t.Errorf("invalid: %s", e.Data)
	}
	s.RefuseResume(4000, false, 1)
	if code := resume(b.seq).closed(); code != 4000 {
		t.Errorf("closed with %d", code)
	}
	b = resume(a.seq)
	b.until("RESUMED")
	s.DropSockets()
	b.closed()
	eventually(t, "the connection is lost", func() bool { return s.Connected() == 0 })
	if code := resume(1000).closed(); code != 4007 {
		t.Errorf("a wrong sequence is closed with %d", code)
	}
	b = resume(a.seq)
	if e := b.untilOp(9); string(e.Data) != "false" {
		t.Errorf("after a wrong sequence: %s", e.Data)
	}
	b.identify(s.Token(), guilds) // on the same connection
	ready := b.until("READY").object()
	a.id = ready["session_id"].(string)
	s.DropSockets()
	b.closed()
	eventually(t, "the connection is lost", func() bool { return s.Connected() == 0 })
	c.move(4 * time.Minute)
	if e := resume(1).untilOp(9); string(e.Data) != "false" {
		t.Errorf("after minutes: %s", e.Data)
	}
}

// Some ends end the session too.
func TestEndsOfSessions(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		do   func(s *discordfake.Server, a *app)
		over bool
	}{
		"4000":               {func(s *discordfake.Server, _ *app) { s.CloseGateway(4000) }, false},
		"4007":               {func(s *discordfake.Server, _ *app) { s.CloseGateway(4007) }, true},
		"4009":               {func(s *discordfake.Server, _ *app) { s.CloseGateway(4009) }, true},
		"outage":             {func(s *discordfake.Server, _ *app) { s.Down(true); s.Down(false) }, false},
		"op 9 resumable":     {func(s *discordfake.Server, a *app) { invalidate(s, a, true) }, false},
		"op 9":               {func(s *discordfake.Server, a *app) { invalidate(s, a, false) }, true},
		"the client closes":  {func(_ *discordfake.Server, a *app) { goodbye(a, 1000) }, true},
		"it goes away":       {func(_ *discordfake.Server, a *app) { goodbye(a, 1001) }, true},
		"it means to return": {func(_ *discordfake.Server, a *app) { goodbye(a, 4900) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, _, _ := start(t, discordfake.Options{})
			a := connect(t, s, guilds)
			row.do(s, a)
			eventually(t, "the connection is lost", func() bool { return s.Connected() == 0 })
			b := dial(t, s, a.url)
			b.send(6, object{"token": s.Token(), "session_id": a.id, "seq": 1})
			if e := b.next(); (e.Op == 9) != row.over {
				t.Errorf("resuming is answered by %+v", e)
			}
		})
	}
}

// A client that answers Discord's close by its own code 1000 does not end the session. Whether the answer arrives
// before the connection is gone is chance, so it is tried often.
func TestAnAnswerToACloseEndsNoSession(t *testing.T) {
	t.Parallel()
	for range 300 {
		s, _, _ := start(t, discordfake.Options{})
		a := connect(t, s, guilds)
		a.conn.SetCloseHandler(func(int, string) error { return nil }) // or the library answers by the same code
		s.CloseGateway(4000)
		a.closed()
		goodbye(a, 1000)
		eventually(t, "the connection is lost", func() bool { return s.Connected() == 0 })
		b := dial(t, s, a.url)
		b.send(6, object{"token": s.Token(), "session_id": a.id, "seq": a.seq})
		if e := b.next(); e.Name != "RESUMED" {
			t.Fatalf("resuming is answered by %+v", e)
		}
	}
}

func invalidate(s *discordfake.Server, a *app, resumable bool) {
	s.InvalidateSessions(resumable)
	a.untilOp(9)
	_ = a.conn.Close()
}

func goodbye(a *app, code int) {
	_ = a.conn.WriteControl(8, append([]byte{byte(code >> 8), byte(code)}, "bye"...), time.Now().Add(time.Second))
}

// Identifies are counted: too many reset the token.
func TestTooManyIdentifies(t *testing.T) {
	t.Parallel()
	s, c, _ := start(t, discordfake.Options{Identifies: 2})
	remaining := func() any {
		return call(t, s, "GET", "/gateway/bot", nil).body["session_start_limit"].(object)["remaining"]
	}
	connect(t, s, guilds)
	if n := remaining(); n != 1.0 {
		t.Errorf("remaining are %v", n)
	}
	connect(t, s, guilds)
	c.move(24 * time.Hour)
	if n := remaining(); n != 2.0 {
		t.Errorf("a day later remaining are %v", n)
	}
	first := connect(t, s, guilds)
	connect(t, s, guilds)
	old := s.Token()
	a := dial(t, s, s.GatewayURL())
	a.identify(old, guilds)
	if code := a.closed(); code != 4004 || s.Token() == old {
		t.Errorf("closed with %d, and the token is %s", code, s.Token())
	}
	if code := first.closed(); code != 4004 {
		t.Errorf("the other sessions are closed with %d", code)
	}
}

// One identify in five seconds.
func TestIdentifyTooFast(t *testing.T) {
	t.Parallel()
	s, c, _ := start(t, discordfake.Options{Limits: true})
	connect(t, s, guilds)
	a := dial(t, s, s.GatewayURL())
	a.identify(s.Token(), guilds)
	if e := a.next(); e.Op != 9 || string(e.Data) != "false" {
		t.Errorf("answered %+v", e)
	}
	c.move(5 * time.Second)
	a.identify(s.Token(), guilds)
	a.until("READY")
}

// Events come by intent.
func TestEvents(t *testing.T) {
	t.Parallel()
	everything := guilds | members | messages | reactions | direct
	heard := func(t *testing.T, intents, privileged int) []string {
		s, _, channel := start(t, discordfake.Options{Privileged: privileged})
		posted := must(t, call(t, s, "POST", "/channels/"+channel+"/messages", object{"content": "a"}), 200).id()
		a := connect(t, s, intents)
		var list []string
		note := func() {
			s.AskHeartbeat() // marks the end of what came
			for {
				e := a.next()
				if e.Op == 1 {
					return
				}
				if e.Name == "" {
					continue
				}
				text := e.Name
				if m := e.object(); m["content"] != nil {
					text += " " + m["content"].(string)
				}
				list = append(list, text)
			}
		}
		note()
		list = nil
		_, _ = s.Say(ana, channel, "", "secret")
		_, _ = s.Say(ana, channel, "", "to <@"+s.BotUser()+">")
		_, _ = s.Say(ana, s.Direct(ana), "", "direct")
		_ = s.React(ana, channel, posted, "", "👀")
		s.AddUser(discordfake.User{ID: ana, Name: "ana", Nick: "A."})
		role := s.AddRole(s.Guild(), discordfake.Role{Name: "r"})
		s.ChangeRole(s.Guild(), discordfake.Role{ID: role, Name: "s"})
		s.RemoveRole(s.Guild(), role)
		s.RemoveMember(s.Guild(), ana)
		s.DeleteMessage(channel, posted)
		s.DeleteChannel(channel)
		note()
		return list
	}
	roles := []string{"GUILD_ROLE_CREATE", "GUILD_ROLE_UPDATE", "GUILD_ROLE_DELETE"}
	for name, row := range map[string]struct {
		intents, privileged int
		wanted              []string
	}{
		"none":     {0, 0, nil},
		"guilds":   {guilds, 0, append(slices.Clone(roles), "CHANNEL_DELETE")},
		"messages": {messages, 0, []string{"MESSAGE_CREATE ", "MESSAGE_CREATE to <@900000000000000001>", "MESSAGE_DELETE"}},
		"content": {messages | content, discordfake.MessageContent, []string{
			"MESSAGE_CREATE secret", "MESSAGE_CREATE to <@900000000000000001>", "MESSAGE_DELETE",
		}},
		"direct":    {direct, 0, []string{"MESSAGE_CREATE direct"}},
		"reactions": {reactions, 0, []string{"MESSAGE_REACTION_ADD"}},
		"members":   {members, discordfake.GuildMembers, []string{"GUILD_MEMBER_UPDATE", "GUILD_MEMBER_REMOVE"}},
		"everything": {everything, discordfake.GuildMembers, append(append([]string{
			"MESSAGE_CREATE ", "MESSAGE_CREATE to <@900000000000000001>", "MESSAGE_CREATE direct", "MESSAGE_REACTION_ADD",
			"GUILD_MEMBER_UPDATE",
		}, roles...), "GUILD_MEMBER_REMOVE", "MESSAGE_DELETE", "CHANNEL_DELETE")},
	} {
		t.Run(name, func(t *testing.T) {
			if got := heard(t, row.intents, row.privileged); !slices.Equal(got, row.wanted) {
				t.Errorf("heard %q,\nnot %q", got, row.wanted)
			}
		})
	}
}

// The same key tells of the same message or reaction again.
func TestEventsTwice(t *testing.T) {
	t.Parallel()
	s, _, channel := start(t, discordfake.Options{})
	a := connect(t, s, messages|reactions)
	first, err := s.Say(ana, channel, "said", "hello")
	again, _ := s.Say(ana, channel, "said", "hello")
	if err != nil || first != again || len(s.Messages(channel)) != 1 {
		t.Errorf("said %s and %s, %v", first, again, err)
	}
	one, two := a.until("MESSAGE_CREATE"), a.until("MESSAGE_CREATE")
	if one.object()["id"] != two.object()["id"] || one.Seq == two.Seq {
		t.Errorf("told %+v and %+v", one, two)
	}
	conforms(t, "MessageResponse", one.object())
	for range 2 {
		if err := s.React(ana, channel, first, "reacted", "👀"); err != nil {
			t.Error(err)
		}
		if e := a.until("MESSAGE_REACTION_ADD").object(); e["message_id"] != first || e["user_id"] != ana {
			t.Errorf("told %v", e)
		}
	}
}

// An interaction that comes while the connection is lost is repeated when it is resumed.
func TestInteractionWhileAway(t *testing.T) {
	t.Parallel()
	s, _, channel := start(t, discordfake.Options{Patience: 10 * time.Second})
	must(t, register(t, s, command("ask")), 200)
	a := connect(t, s, guilds)
	a.until("GUILD_CREATE")
	s.CloseGateway(4000)
	a.closed()
	eventually(t, "the connection is lost", func() bool { return s.Connected() == 0 })
	done := make(chan error)
	go func() {
		_, err := s.Command(ana, channel, "", "ask")
		done <- err
	}()
	b := dial(t, s, a.url)
	b.send(6, object{"token": s.Token(), "session_id": a.id, "seq": a.seq})
	in := b.until("INTERACTION_CREATE").object()
	must(t, b.respond(in, object{"type": 4, "data": object{"content": "here"}}), 204)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A dead connection stays silent to heartbeats.
func TestIgnoredHeartbeats(t *testing.T) {
	t.Parallel()
	s, _, _ := start(t, discordfake.Options{})
	a := connect(t, s, guilds)
	a.until("GUILD_CREATE")
	s.IgnoreHeartbeats(true)
	a.send(1, 1)
	eventually(t, "a heartbeat", func() bool { return s.Gateway().Heartbeats == 1 })
	s.IgnoreHeartbeats(false)
	a.send(1, 1)
	a.untilOp(11)
	if n := s.Gateway().Heartbeats; n != 2 {
		t.Errorf("%d heartbeats, of which one was answered", n)
	}
}

// Members are asked for by name or id; all of them need the intent.
func TestRequestMembers(t *testing.T) {
	t.Parallel()
	s, _, _ := start(t, discordfake.Options{})
	a := connect(t, s, guilds)
	a.send(8, object{"guild_id": s.Guild(), "user_ids": []string{ana, "5"}, "nonce": "n"})
	chunk := a.until("GUILD_MEMBERS_CHUNK").object()
	if len(chunk["members"].([]any)) != 1 || chunk["not_found"].([]any)[0] != "5" || chunk["nonce"] != "n" {
		t.Errorf("the members are %v", chunk)
	}
	a.send(8, object{"guild_id": s.Guild(), "query": "", "limit": 0})
	if chunk = a.until("GUILD_MEMBERS_CHUNK").object(); len(chunk["members"].([]any)) != 0 {
		t.Errorf("all members came without the intent: %v", chunk)
	}
}
