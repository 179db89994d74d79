package discord_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord"
	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/bot"
)

// signing sends requests to an adapter as Discord does.
type signing struct {
	*live
	key    ed25519.PrivateKey
	server *httptest.Server
}

func newSigning(t *testing.T, set ...func(*discord.Options)) *signing {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &signing{key: private}
	s.live = newLive(t, discordfake.Options{}, append(set, func(o *discord.Options) {
		o.PublicKey = hex.EncodeToString(public)
	})...)
	eventually(t, "the commands are there", func() bool { return s.Health() == nil })
	s.server = httptest.NewServer(s.Handler())
	t.Cleanup(s.server.Close)
	return s
}

// request is a signed one, before a test spoils it.
func (s *signing) request(t *testing.T, body string, at time.Time) *http.Request {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, s.server.URL+"/discord/interactions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	stamp := strconv.FormatInt(at.Unix(), 10)
	r.Header.Set("X-Signature-Timestamp", stamp)
	r.Header.Set("X-Signature-Ed25519", hex.EncodeToString(ed25519.Sign(s.key, []byte(stamp+body))))
	return r
}

func (s *signing) send(t *testing.T, r *http.Request) (int, string) {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// answered is what is said to an interaction, in JSON.
func (s *signing) answered(t *testing.T, interaction string) string {
	t.Helper()
	status, body := s.send(t, s.request(t, interaction, time.Now()))
	if status != http.StatusOK {
		t.Errorf("status %d: %s", status, body)
	}
	return body
}

const ping = `{"id": "1", "application_id": "2", "type": 1, "token": "t", "version": 1}`

// Only what Discord signed of late is taken, and what is refused is told nothing.
func TestWhatIsNotFromDiscord(t *testing.T) {
	s := newSigning(t)
	for name, c := range map[string]struct {
		body  string
		at    time.Duration
		spoil func(*http.Request)
		want  int
	}{
		"genuine":      {ping, 0, nil, 200},
		"four minutes": {ping, -4 * time.Minute, nil, 200},
		"no signature": {ping, 0, func(r *http.Request) { r.Header.Del("X-Signature-Ed25519") }, 401},
		"no timestamp": {ping, 0, func(r *http.Request) { r.Header.Del("X-Signature-Timestamp") }, 401},
		"no hex":       {ping, 0, func(r *http.Request) { r.Header.Set("X-Signature-Ed25519", "zz") }, 401},
		"short": {ping, 0, func(r *http.Request) {
			r.Header.Set("X-Signature-Ed25519", r.Header.Get("X-Signature-Ed25519")[:64])
		}, 401},
		"wrong": {ping, 0, func(r *http.Request) { r.Header.Set("X-Signature-Ed25519", strings.Repeat("0", 128)) }, 401},
		"another time": {ping, 0, func(r *http.Request) {
			r.Header.Set("X-Signature-Timestamp", strconv.FormatInt(time.Now().Unix()-1, 10))
		}, 401},
		"another body": {ping, 0, func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(ping+" ")), int64(len(ping)+1)
		}, 401},
		"stale":       {ping, -6 * time.Minute, nil, 401},
		"ahead":       {ping, 6 * time.Minute, nil, 401},
		"long past":   {ping, -100 * 365 * 24 * time.Hour, nil, 401},
		"GET":         {"", 0, func(r *http.Request) { r.Method = http.MethodGet }, 405},
		"PUT":         {ping, 0, func(r *http.Request) { r.Method = http.MethodPut }, 405},
		"other path":  {ping, 0, func(r *http.Request) { r.URL.Path = "/discord/interactions/x" }, 404},
		"root":        {ping, 0, func(r *http.Request) { r.URL.Path = "/" }, 404},
		"too large":   {ping + strings.Repeat(" ", 1<<20), 0, nil, 413},
		"no length":   {ping + strings.Repeat(" ", 1<<20), 0, func(r *http.Request) { r.ContentLength = -1 }, 413},
		"no JSON":     {"hello", 0, nil, 400},
		"a list":      {"[]", 0, nil, 400},
		"no type":     {"{}", 0, nil, 400},
		"other type":  {`{"type": 99}`, 0, nil, 400},
		"wrong types": {`{"type": "1"}`, 0, nil, 400},
	} {
		t.Run(name, func(t *testing.T) {
			r := s.request(t, c.body, time.Now().Add(c.at))
			if c.spoil != nil {
				c.spoil(r)
			}
			status, body := s.send(t, r)
			if status != c.want {
				t.Errorf("status %d, want %d: %s", status, c.want, body)
			}
			if status == 200 && body != `{"type":1}` {
				t.Errorf("a ping is answered with %s", body)
			}
			if status == 405 && r.Method != http.MethodPost && len(s.requests()) > 0 {
				t.Error("it was carried out")
			}
		})
	}
	if n := len(s.requests()); n > 0 {
		t.Errorf("%d requests came through", n)
	}
}

// Discord itself checks that wrong signatures are refused.
func TestDiscordsOwnCheck(t *testing.T) {
	h := world{http: true}.start(t)
	for f, want := range map[discordfake.Forgery]int{
		discordfake.Genuine: 200, discordfake.WrongSignature: 401, discordfake.NoSignature: 401, discordfake.OtherBody: 401,
		discordfake.OldTimestamp: 401,
	} {
		if status, body, err := h.fake.Ping(f); err != nil || status != want {
			t.Errorf("%d: status %d, want %d: %s %v", f, status, want, body, err)
		}
	}
}

// interaction is one of dan's in the guild, before a test changes it.
func (s *signing) interaction(change func(map[string]any)) string {
	who := map[string]any{"user": map[string]any{"id": dan, "username": "dan"}, "roles": []any{}}
	in := map[string]any{
		"id": "1100000000000000001", "application_id": s.fake.Application(), "type": 2, "token": "token-x", "version": 1,
		"guild_id": guild, "channel_id": s.channel, "channel": map[string]any{"id": s.channel, "type": 0},
		"member":                         who,
		"authorizing_integration_owners": map[string]any{"0": guild},
		"data": map[string]any{"name": "probe", "type": 1, "options": []any{map[string]any{
			"type": 1, "name": "more", "options": []any{map[string]any{"type": 3, "name": "do", "value": "echo"}},
		}}},
	}
	if change != nil {
		change(in)
	}
	text, err := json.Marshal(in)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// Who acts from where we are not meant to be is refused in words, and nothing of it is carried out.
func TestWhoIsNotServed(t *testing.T) {
	const other = "100000000000000777"
	s := newSigning(t)
	direct := func(in map[string]any) {
		in["user"] = in["member"].(map[string]any)["user"]
		delete(in, "member")
		delete(in, "guild_id")
		in["channel"] = map[string]any{"id": s.channel, "type": 1}
	}
	for name, c := range map[string]struct {
		change func(map[string]any)
		want   string
	}{
		"a member": {nil, "heard"},
		"a payload that does not name owners": {
			func(in map[string]any) { delete(in, "authorizing_integration_owners") }, "heard",
		},
		"another guild": {func(in map[string]any) {
			in["guild_id"], in["authorizing_integration_owners"] = other, map[string]any{"0": other}
		}, "does not serve your server"},
		"an app of their own, here": {func(in map[string]any) {
			in["authorizing_integration_owners"] = map[string]any{"1": dan}
		}, "not as an app of your own"},
		"an app of another guild, here": {func(in map[string]any) {
			in["authorizing_integration_owners"] = map[string]any{"0": other}
		}, "not as an app of your own"},
		"no member": {func(in map[string]any) {
			in["user"] = in["member"].(map[string]any)["user"]
			delete(in, "member")
		}, "not as an app of your own"},
		"nobody": {func(in map[string]any) {
			in["member"] = map[string]any{"roles": []any{}}
		}, "not as an app of your own"},
		"a direct message": {func(in map[string]any) {
			direct(in)
			in["authorizing_integration_owners"] = map[string]any{"0": "0"}
		}, "heard"},
		"an app of their own, in a direct message of others": {func(in map[string]any) {
			direct(in)
			in["authorizing_integration_owners"] = map[string]any{"1": dan}
		}, "not as an app of your own"},
		"nobody, in a direct message": {func(in map[string]any) {
			direct(in)
			delete(in, "user")
		}, "not as an app of your own"},
		"a direct message of a stranger": {func(in map[string]any) {
			direct(in)
			in["user"] = map[string]any{"id": "200000000000000999", "username": "stranger"}
			in["authorizing_integration_owners"] = map[string]any{"0": "0"}
		}, "does not serve your server"},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(s.requests())
			body := s.answered(t, s.interaction(c.change))
			if !strings.Contains(body, c.want) {
				t.Errorf("answered with %s", body)
			}
			if came := len(s.requests()) > before; came != (c.want == "heard") {
				t.Errorf("carried out: %v", came)
			}
		})
	}
}

// With several guilds and no word which of them are meant, none is served, and Health says what to do.
func TestSeveralGuilds(t *testing.T) {
	const other = "100000000000000777"
	for name, c := range map[string]struct {
		guilds []string
		serves bool
	}{"not said": {nil, false}, "one": {[]string{guild}, true}, "both": {[]string{other, guild}, true}} {
		t.Run(name, func(t *testing.T) {
			l := &live{bare: &bare{clock: newClock(), log: &testLog{}}, core: &plain{}}
			l.fake = discordfake.Start(t, discordfake.Options{Guild: guild})
			l.fake.AddGuild(other, "Southwind", discordfake.Least)
			l.channel = l.fake.AddChannel(guild, "general")
			l.fake.AddUser(discordfake.User{ID: dan, Name: "dan"})
			l.run(t, func(o *discord.Options) { o.Guilds, o.Retry = c.guilds, 200*time.Millisecond })
			if !c.serves {
				eventually(t, "it is told", func() bool {
					err := l.Health()
					return err != nil && strings.Contains(err.Error(), "DISCORD_GUILDS") && strings.Contains(err.Error(), other)
				})
				if len(l.fake.Commands(guild))+len(l.fake.Commands(other)) > 0 {
					t.Error("commands were registered")
				}
				return
			}
			l.open(t)
			l.works(t, "a")
			if n := len(l.fake.Commands(other)); (n > 0) != (len(c.guilds) == 2) {
				t.Errorf("%d commands in the other guild", n)
			}
		})
	}
}

// An interaction may come twice, also while the first one is carried out: it has one key.
func TestAnInteractionThatComesTwice(t *testing.T) {
	s := newSigning(t)
	text := s.interaction(nil)
	one, two := s.answered(t, text), s.answered(t, text)
	list := s.requests()
	if len(list) != 2 || list[0].Key != list[1].Key || list[0].Key == "" || one != two {
		t.Errorf("%+v", list)
	}
}

// What Discord sends may hold more than is documented, and less.
func TestWhatIsUnusual(t *testing.T) {
	s := newSigning(t)
	for name, change := range map[string]func(map[string]any){
		"unknown fields": func(in map[string]any) { in["new"], in["data"].(map[string]any)["new"] = []any{1}, nil },
		"nulls": func(in map[string]any) {
			in["message"], in["entitlements"], in["channel"] = nil, nil, map[string]any{
				"id": s.channel, "type": 0, "application_id": nil, "topic": nil, "parent_id": nil, "permission_overwrites": nil,
			}
		},
		"a thread": func(in map[string]any) {
			in["channel"] = map[string]any{"id": "5", "type": 11, "parent_id": s.channel}
		},
		"times": func(in map[string]any) {
			m := in["member"].(map[string]any)
			m["communication_disabled_until"], m["flags"] = "2020-01-01T00:00:00.000000+00:00", 1<<20
		},
	} {
		t.Run(name, func(t *testing.T) {
			if body := s.answered(t, s.interaction(change)); !strings.Contains(body, "heard") {
				t.Errorf("answered with %s", body)
			}
		})
	}
	list := s.requests()
	threads := 0
	for _, r := range list {
		if r.Place.Thread == "5" && r.Place.Channel == s.channel {
			threads++
		}
	}
	if threads != 1 {
		t.Errorf("%+v", list)
	}
}

// FuzzInteraction: no JSON that Discord could sign ends the program, or is carried out without somebody who acts.
func FuzzInteraction(f *testing.F) {
	kinds := []string{
		`{}`, `null`, `[]`, `{"type":1}`, `{"type":2}`, `{"type":3}`, `{"type":4}`, `{"type":5}`, `{"type":-1}`,
		`{"type":2,"guild_id":"` + guild + `","member":{},"data":{"type":3,"target_id":"1","name":"Do it"}}`,
		`{"type":3,"guild_id":"` + guild + `","member":{"user":{"id":"1"}},"data":{"custom_id":"? x"},"message":{}}`,
		`{"type":3,"guild_id":"` + guild + `","member":{"user":{"id":"1"}},"data":{"custom_id":"? x"},
			"message":{"components":[{"type":2,"custom_id":"? x"}]}}`,
		`{"type":3,"guild_id":"` + guild + `","member":{"user":{"id":"1"}},"data":{"custom_id":"fix 1.2 x","values":[]}}`,
		`{"type":3,"guild_id":"` + guild + `","member":{"user":{"id":"1"}},"data":{"custom_id":"more","values":[""]}}`,
		`{"type":4,"guild_id":"` + guild + `","member":{"user":{"id":"1"}},
			"data":{"name":"probe","options":[{"focused":true}]}}`,
		`{"type":5,"guild_id":"` + guild + `","member":{"user":{"id":"1"}},"data":{"custom_id":"form - x","components":[
			{"type":18,"component":{"type":5,"custom_id":"a","values":null}},
			{"component":{"type":19,"custom_id":"b","values":["1"]}},
			{"component":{"type":4,"custom_id":"c","value":{}}},{"components":[{"custom_id":"d","value":null}]}]}}`,
		`{"type":3,"user":{"id":"1"},"channel":{"type":11,"id":"1","parent_id":"2"},"data":{"custom_id":"cancel"}}`,
	}
	for _, k := range kinds {
		f.Add([]byte(k))
	}
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		f.Fatal(err)
	}
	core := &plain{}
	transport := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/applications/@me"), strings.HasSuffix(r.URL.Path, "/users/@me"):
			_, _ = io.WriteString(w, `{"id": "900000000000000001"}`)
		default:
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"code": 10013, "message": "Unknown User"}`)
		}
	}))
	f.Cleanup(transport.Close)
	a, err := discord.New(discord.Options{
		Token: "fake", APIURL: transport.URL, PublicKey: hex.EncodeToString(public), Core: core, Guilds: []string{guild},
		Layout: probesLayout(f),
	})
	if err != nil {
		f.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	var from []bot.Account
	ready := make(chan struct{})
	go func() {
		close(ready)
		done <- a.Run(ctx, func(_ context.Context, r bot.Request) bot.Reply {
			from = append(from, r.From)
			return bot.Answer(bot.Say("heard"))
		})
	}()
	<-ready
	f.Cleanup(func() { cancel(); <-done })
	handler := a.Handler()
	f.Fuzz(func(t *testing.T, body []byte) {
		stamp := strconv.FormatInt(time.Now().Unix(), 10)
		r := httptest.NewRequest(http.MethodPost, "/discord/interactions", bytes.NewReader(body))
		r.Header.Set("X-Signature-Timestamp", stamp)
		r.Header.Set("X-Signature-Ed25519", hex.EncodeToString(ed25519.Sign(private, append([]byte(stamp), body...))))
		w := httptest.NewRecorder()
		from = nil
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK && w.Code != http.StatusBadRequest {
			t.Errorf("status %d: %s", w.Code, w.Body)
		}
		var answer struct{ Type int }
		if w.Code == http.StatusOK && (json.Unmarshal(w.Body.Bytes(), &answer) != nil || answer.Type == 0) {
			t.Errorf("answered with %q", w.Body)
		}
		for _, account := range from {
			if account.User == "" || account.Workspace != guild {
				t.Errorf("carried out for %s", fmt.Sprint(account))
			}
		}
	})
}
