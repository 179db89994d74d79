package engine_test

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/google/go-cmp/cmp"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// rowless is a store that counts what is done about tokens.
type rowless struct {
	bot.Store
	saved, read atomic.Int64
}

func (s *rowless) SaveRefs(ctx context.Context, refs []bot.Ref) error {
	s.saved.Add(int64(len(refs)))
	return s.Store.SaveRefs(ctx, refs)
}

func (s *rowless) Ref(ctx context.Context, token string) (bot.Ref, error) {
	s.read.Add(1)
	return s.Store.Ref(ctx, token)
}

// roomy is a platform whose buttons carry long tokens.
type roomy struct{ *bottest.Recorder }

func (roomy) TokenSize() int { return 250 }

// pressing shows one button and clicks it, anywhere.
type pressing struct {
	*bottest.Installation
	store  *rowless
	button bot.Action
	did    []string
}

func newPressing(t testing.TB, url string, platforms ...bot.Platform) *pressing {
	p := &pressing{store: &rowless{Store: storagetest.WithPeople(t, url, "test")}}
	grants := bot.Grants{"responder": {"thing.*"}}
	p.Installation = bottest.Install(t, engine.Options{Store: p.store, Grants: grants}, platforms...)
	id := bot.Param{Name: "id", Kind: bot.TextParam, Bare: true}
	p.Bot.Use(bot.Capability{Noun: bot.Noun{Name: "thing", Summary: "for tests"}, Commands: []bot.Command{
		{Name: "thing.show", Permission: "thing.show", Summary: "show it", Example: "/thing show", Reads: true,
			Handle: func(context.Context, *bot.Call) (bot.Reply, error) {
				m := bot.Say("here it is")
				m.Actions = []bot.Action{p.button}
				return bot.Answer(m), nil
			}},
		{Name: "thing.do", Permission: "thing.do", Summary: "do it", Example: "/thing do", Title: "Do it",
			Params: []bot.Param{id, {Name: "how", Kind: bot.TextParam, Form: true}},
			Handle: func(_ context.Context, c *bot.Call) (bot.Reply, error) {
				p.did = append(p.did, c.Text("id")+"/"+c.Text("how"))
				return bot.Answer(bot.Say("done")), nil
			}},
	}})
	return p
}

var dan = bot.Account{Platform: "test", User: "dan"}

func in(workspace string) bot.Conversation {
	return bot.Conversation{Platform: "test", Workspace: workspace, Channel: "ops"}
}

// shown returns the token of the button in a workspace.
func (p *pressing) shown(t testing.TB, workspace string, button bot.Action) string {
	t.Helper()
	p.button = button
	r := p.Bot.Receive(context.Background(), bot.Request{From: dan, Place: in(workspace), Text: "/thing show"})
	if r.Status != bot.Done || len(r.Message.Actions) != 1 {
		t.Fatalf("%s: %v", r.Status, r.Message)
	}
	return r.Message.Actions[0].Token
}

func (p *pressing) click(workspace, token, choice string) bot.Reply {
	return p.Bot.Receive(context.Background(), bot.Request{From: dan, Place: in(workspace), Token: token, Choice: choice})
}

func oneThing(id string) bot.Action {
	return bot.Action{Label: "Do it", Command: "thing.do", Args: map[string]string{"id": id}}
}

func sqlite(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "watchbell.db") }

func TestSealedTokensNeedNoRow(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		p := newPressing(t, url, bottest.NewRecorder())
		menu := bot.Action{
			Label: "How", Command: "thing.do", Args: map[string]string{"id": "B"}, Choose: "how",
			Options: []bot.Option{{Value: "fast", Label: "fast"}},
		}
		one, two := p.shown(t, "W", oneThing("A")), p.shown(t, "W", menu)
		if again := p.shown(t, "W", oneThing("A")); one != again || len(one) > bot.MaxToken || one == two {
			t.Errorf("tokens %q, %q and %q", one, again, two)
		}
		p.click("W", one, "")
		p.click("W", two, "fast")
		form := oneThing("C")
		form.Form = true
		if r := p.click("W", p.shown(t, "W", form), ""); r.Form == nil || len(r.Form.Token) > bot.MaxToken {
			t.Errorf("a button that opens its form: %+v", r)
		}
		if diff := cmp.Diff([]string{"A/", "B/fast"}, p.did); diff != "" {
			t.Error(diff)
		}
		if saved, read := p.store.saved.Load(), p.store.read.Load(); saved != 1 || read != 0 { // the open form
			t.Errorf("%d rows written and %d read", saved, read)
		}
	})
}

// What is too long for a token, or holds words of people, is kept in the store as it always was.
func TestLongContentIsKeptInTheStore(t *testing.T) {
	typed := oneThing("A")
	typed.Form, typed.Values = true, map[string]string{"how": "gently"}
	quoting := oneThing("A")
	quoting.Quote = &bot.Quote{Author: "Ana", Text: "look"}
	long := oneThing(strings.Repeat("x", 100))
	for name, c := range map[string]struct {
		button bot.Action
		on     bot.Platform
		sealed bool
	}{
		"typed words":                         {typed, roomy{bottest.NewRecorder()}, false},
		"a quote":                             {quoting, roomy{bottest.NewRecorder()}, false},
		"a long argument":                     {long, bottest.NewRecorder(), false},
		"a long argument where there is room": {long, roomy{bottest.NewRecorder()}, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPressing(t, sqlite(t), c.on)
			token := p.shown(t, "W", c.button)
			if sealed := strings.HasPrefix(token, "~"); sealed != c.sealed || (p.store.saved.Load() == 0) != c.sealed {
				t.Errorf("token %q, %d rows", token, p.store.saved.Load())
			}
			if r := p.click("W", token, ""); r.Status != bot.Done && r.Status != bot.FormOpen {
				t.Errorf("%s: %v", r.Status, r.Message)
			}
		})
	}
}

// Cards that are out have tokens of before: the row says what they stand for.
func TestTokensOfOldCardsAreResolved(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		p := newPressing(t, url, bottest.NewRecorder())
		old := "Tn0fpVVvh1h0Dq1fDSbZxw"
		if err := p.store.SaveRefs(t.Context(), []bot.Ref{
			{Token: old, Command: "thing.do", Args: map[string]string{"id": "A"}},
		}); err != nil {
			t.Fatal(err)
		}
		if r := p.click("W", old, ""); r.Status != bot.Done || len(p.did) != 1 {
			t.Errorf("%s: %v", r.Status, p.did)
		}
	})
}

func TestTokensBelongToTheirPlace(t *testing.T) {
	p := newPressing(t, sqlite(t), bottest.NewRecorder(), &bottest.Recorder{Platform: "other"})
	ctx := context.Background()
	token := p.shown(t, "W", oneThing("A"))
	ours := bot.Request{From: dan, Place: in("W"), Token: token}
	elsewhere, other := ours, ours
	elsewhere.Place.Workspace = "V"
	if _, err := p.store.Enroll(
		ctx, bot.Profile{Account: bot.Account{Platform: "other", User: "fay"}, Name: "Fay"}, []string{"responder"},
		bottest.Start,
	); err != nil {
		t.Fatal(err)
	}
	other.From = bot.Account{Platform: "other", User: "fay"}
	other.Place.Platform = "other"
	unknown := bot.Request{From: dan, Place: in("W"), Token: "never made"}
	want := p.Bot.Receive(ctx, unknown)
	for name, r := range map[string]bot.Request{"another workspace": elsewhere, "another platform": other} {
		t.Run(name, func(t *testing.T) {
			if got := p.Bot.Receive(ctx, r); !cmp.Equal(got, want) {
				t.Errorf("%s is not refused like an unknown one: %+v", name, got)
			}
		})
	}
	if len(p.did) != 0 {
		t.Fatalf("done: %v", p.did)
	}
	direct := ours // a message to somebody of another workspace is shown in that one, while the platform names ours
	direct.From.Workspace = "W"
	direct.Place.Workspace = "V"
	if _, err := p.store.Enroll(
		ctx, bot.Profile{Account: direct.From, Name: "Dan of W"}, []string{"responder"}, bottest.Start,
	); err != nil {
		t.Fatal(err)
	}
	if r := p.Bot.Receive(ctx, direct); r.Status != bot.Done {
		t.Errorf("a direct message: %s %v", r.Status, r.Message)
	}
	secondInstallation := newPressing(t, sqlite(t), bottest.NewRecorder())
	if r := secondInstallation.click("W", token, ""); r.Status != bot.Refused || len(secondInstallation.did) != 0 {
		t.Errorf("a token of another installation: %s", r.Status)
	}
}

func TestForgedTokens(t *testing.T) {
	p := newPressing(t, sqlite(t), bottest.NewRecorder())
	token := p.shown(t, "W", oneThing("A"))
	other := p.shown(t, "W", oneThing("B"))
	raw, err := base64.RawURLEncoding.DecodeString(token[1:])
	if err != nil {
		t.Fatal(err)
	}
	raws, _ := base64.RawURLEncoding.DecodeString(other[1:])
	encode := func(data []byte) string { return "~" + base64.RawURLEncoding.EncodeToString(data) }
	forged := map[string]bool{
		"~": true, "~~": true, token[1:]: true, token + "A": true, "~" + token: true, token + "\n": true,
		strings.Repeat("~", 10_000):                                 true,
		encode(append(append([]byte{}, raw[:12]...), raws[12:]...)): true, // the content of another
	}
	for n := range token[:len(token)-1] {
		forged[token[:n]] = n > 0 // truncated
	}
	for n := range raw {
		for bit := range 8 {
			bent := append([]byte{}, raw...)
			bent[n] ^= 1 << bit
			forged[encode(bent)] = true
		}
	}
	delete(forged, "")
	want := p.click("W", "unknown", "")
	for f := range maps.Keys(forged) {
		if got := p.click("W", f, ""); !cmp.Equal(got, want) {
			t.Errorf("%q: %+v", f, got)
		}
	}
	if len(p.did) != 0 {
		t.Errorf("done: %v", p.did)
	}
}

func TestAMillionGuessesOpenNothing(t *testing.T) {
	p := newPressing(t, sqlite(t), bottest.NewRecorder())
	token := p.shown(t, "W", oneThing("A"))
	raw, err := base64.RawURLEncoding.DecodeString(token[1:])
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 1_000_000 { // the content is known, the rest is not
		binary.LittleEndian.PutUint64(raw, random.Uint64())
		binary.LittleEndian.PutUint32(raw[8:], random.Uint32())
		if guess := "~" + base64.RawURLEncoding.EncodeToString(raw); p.Bot.Opens(guess, dan, in("W")) {
			t.Fatalf("%q opens something", guess)
		}
	}
	if !p.Bot.Opens(token, dan, in("W")) {
		t.Error("the true one opens nothing, so the test says nothing")
	}
}

// The expiry is that of the object, so the token stays the same however often it is shown.
func TestTokensExpire(t *testing.T) {
	until := bottest.Start.Add(time.Hour)
	short := oneThing("A")
	short.Expires = until.Add(300 * time.Millisecond)
	typed := short
	typed.Form, typed.Values = true, map[string]string{"how": "gently"}
	for name, button := range map[string]bot.Action{"sealed": short, "in the store": typed} {
		t.Run(name, func(t *testing.T) {
			p := newPressing(t, sqlite(t), bottest.NewRecorder())
			token := p.shown(t, "W", button)
			p.Clock.Move(time.Hour)
			if again := p.shown(t, "W", button); again != token {
				t.Errorf("%q became %q", token, again)
			}
			if r := p.click("W", token, ""); r.Status != bot.Done && r.Status != bot.FormOpen {
				t.Errorf("in the last moment: %s", r.Status)
			}
			p.Clock.Move(time.Microsecond)
			if r := p.click("W", token, ""); r.Status != bot.Refused ||
				!strings.Contains(r.Message.Plain(time.UTC), "no longer valid") {
				t.Errorf("afterwards: %s %v", r.Status, r.Message)
			}
		})
	}
}

// A request fails when the secret cannot be read, rather than showing buttons that nobody can press.
func TestNoSecretNoButtons(t *testing.T) {
	p := newPressing(t, sqlite(t), bottest.NewRecorder())
	p.Bot = engine.New(engine.Options{Store: secretless{p.store}})
	if err := p.Bot.Whisper(
		t.Context(), "k", "", in("W"), "dan", bot.Message{Actions: []bot.Action{oneThing("A")}},
	); err == nil {
		t.Error("shown without a secret")
	}
}

type secretless struct{ bot.Store }

func (secretless) Secret(context.Context) ([]byte, error) { return nil, errors.New("cannot be read") }

// BenchmarkButtons shows a card of five buttons that nobody has seen before, as every declare does.
func BenchmarkButtons(b *testing.B) {
	p := newPressing(b, sqlite(b), bottest.NewRecorder())
	ctx := context.Background()
	for n := 0; b.Loop(); n++ {
		m := bot.Say("INC")
		for _, verb := range []string{
			"incident.ack", "incident.resolve", "incident.update", "incident.lead", "incident.severity",
		} {
			m.Actions = append(m.Actions, bot.Action{
				Label: verb, Command: verb, Args: map[string]string{"incident": fmt.Sprintf("INC-%d", n)},
			})
		}
		if err := p.Bot.SealForTest(ctx, m, "test", "W"); err != nil {
			b.Fatal(err)
		}
	}
}
