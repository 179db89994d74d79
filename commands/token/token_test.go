package token_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/access"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/engine"
	"github.com/watchbell/watchbell/commands/account"
	"github.com/watchbell/watchbell/commands/token"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// newWorld is an installation in which Mia is an administrator of tokens.
func newWorld(t *testing.T, url string) *storagetest.Installation {
	t.Helper()
	chat := bottest.NewRecorder()
	grants := bot.Grants{"manager": {"*", "ops:tokens"}}
	w := storagetest.Install(t, url, engine.Options{Grants: grants}, chat)
	w.Chat = chat
	w.Bot.Use(account.New(w.Store.Accounts(), w.Bot, account.Options{Secret: w.Store.Secret}).Capability())
	w.Bot.Use(token.New(w.Store, w.Bot.Permissions).Capability())
	return w
}

var secretForm = regexp.MustCompile(`wb_([0-9a-f]{8})_[A-Z2-7]{52}`)

// made makes a token and returns its id and its secret.
func made(w *storagetest.Installation, who, words string) (id, secret string) {
	w.T.Helper()
	r := w.Do(who, "/ops token create "+words)
	found := secretForm.FindStringSubmatch(bottest.Text(r))
	if found == nil || r.Kept == nil {
		w.T.Fatalf("no secret in: %s", bottest.Text(r))
	}
	return found[1], found[0]
}

func TestASecretIsShownOnce(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		request := bot.Request{
			Key: "once", From: w.Account("dan"), Place: bot.Conversation{Platform: "test", Channel: "general"},
			Text: "/ops token create deploy-helper scope=ops.me,ops.tokens kind=agent expires=30d",
		}
		first := w.Bot.Receive(t.Context(), request)
		secret := secretForm.FindString(bottest.Text(first))
		if first.Status != bot.Done || secret == "" {
			t.Fatalf("%s: %s", first.Status, bottest.Text(first))
		}
		got, err := w.Store.TokenOf(t.Context(), access.Hash(secret))
		if err != nil || got.Agent() != "deploy-helper" || got.Person != "dan" || len(got.Scopes) != 2 ||
			got.Expires.Sub(got.Created) != 30*24*time.Hour {
			t.Errorf("%+v %v", got, err)
		}
		again := w.Bot.Receive(t.Context(), request)
		w.Contains(bottest.Text(again), "Token deploy-helper", got.ID)
		everything, err := json.Marshal([]any{again, first.Kept, w.Chat.In("general"), w.Told("dan")})
		if err != nil || strings.Contains(string(everything), secret) {
			t.Errorf("the secret is shown again: %s %v", everything, err)
		}
		for _, table := range []string{"actions", "audit", "refs", "jobs", "outbox", "tokens"} {
			t.Run(table, func(t *testing.T) { leaksNot(t, w, table, secret) })
		}
		log, err := w.Store.AuditOf(t.Context(), "token/"+got.ID)
		if err != nil || len(log) != 1 || log[0].Actor != "dan" || !strings.Contains(log[0].Detail, "an agent of @dan") {
			t.Errorf("%+v %v", log, err)
		}
		w.Verify()
	})
}

// leaksNot looks for a secret in each column of a table.
func leaksNot(t *testing.T, w *storagetest.Installation, table, secret string) {
	rows, err := w.Store.SQL().Query("SELECT * FROM " + table)
	if err != nil {
		t.Skip(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		for i, v := range values {
			text, _ := json.Marshal(*v.(*any))
			if raw, is := (*v.(*any)).([]byte); is {
				text = raw
			}
			if strings.Contains(string(text), secret) {
				t.Errorf("%s.%s holds the secret", table, columns[i])
			}
		}
	}
}

// People see and end their own tokens, administrators those of everybody.
func TestWhoseTokens(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		dans, secret := made(w, "dan", "deploy-web scope=ops.me")
		bens, _ := made(w, "mia", "ben-script scope=ops.* owner=@ben")
		w.Contains(bottest.Text(w.Do("dan", "/ops tokens")), dans, "deploy-web", "script of @Dan Weber", "last used never")
		if text := bottest.Text(w.Do("dan", "/ops tokens")); strings.Contains(text, bens) {
			t.Errorf("dan sees ben's: %s", text)
		}
		w.Contains(bottest.Text(w.Do("mia", "/ops tokens")), "Tokens of everybody", dans, bens)
		w.Refused("dan", "/ops token create x scope=ops.me owner=@ben", "Only administrators")
		w.Refused("dan", "/ops token revoke "+bens, "There is no token", "of yours")
		w.Refused("dan", "/ops token revoke 00000000", "There is no token", "of yours")
		w.Refused("mia", "/ops token create x scope=ops.me owner=@eve", "is not active")
		w.Contains(bottest.Text(w.Do("dan", "/ops token revoke "+dans)), "deploy-web", "is revoked")
		if got, err := w.Store.TokenOf(t.Context(), access.Hash(secret)); err != nil || got.Good(w.Clock.Now()) {
			t.Errorf("it can still be used: %+v %v", got, err)
		}
		w.Refused("dan", "/ops token revoke "+dans, "was revoked already")
		w.Contains(bottest.Text(w.Do("dan", "/ops tokens")), "There are none")
		w.Contains(bottest.Text(w.Do("dan", "/ops tokens all")), dans, "revoked")
		list := bottest.Rendered(w.Do("mia", "/ops tokens"))
		w.Contains(list, "[Revoke] ops.token-revoke", "token="+bens)
		w.Verify()
	})
}

// What cannot be is refused by a sentence that says what can.
func TestWordsThatMakeNoToken(t *testing.T) {
	w := newWorld(t, "sqlite:"+t.TempDir()+"/watchbell.db")
	for words, want := range map[string]string{
		"x scope=ops.mee":             "Did you mean ops.me?",
		"x scope=ops.me,ops.me-link":  "no token may do ops.me-link, for it takes a person",
		"x scope=**":                  "is not a scope",
		"x scope=ops.me expires=400d": "365",
		"x scope=ops.me expires=1s":   "1 min",
		"x scope=ops.me kind=robot":   "script",
		"x":                           "scope",
		"scope=ops.me":                "name",
		strings.Repeat("x", 61) + " scope=ops.me":    "60",
		"x scope=ops.me owner=@nobody":               "nobody",
		"x scope=ops.me name=\"\u202e\u0007\u200b\"": "",
	} {
		t.Run(words, func(t *testing.T) {
			r := w.Send("dan", bot.Request{Text: "/ops token create " + words, NoForms: true})
			if text := bottest.Text(r); r.Status == bot.Done || !strings.Contains(text, want) {
				t.Errorf("%s: %s, want %s", r.Status, text, want)
			}
		})
	}
	if list, err := w.Store.Tokens(t.Context(), ""); err != nil || len(list) > 0 {
		t.Errorf("%v %v", list, err)
	}
}

// The page holds fifty, and goes on from the last.
func TestThePageOfTokens(t *testing.T) {
	w := newWorld(t, "sqlite:"+t.TempDir()+"/watchbell.db")
	const many = 120
	for range many {
		made(w, "dan", "script scope=ops.me")
		w.Wait(time.Minute)
	}
	seen := map[string]bool{}
	screens := 0
	for args := map[string]string{}; args != nil; screens++ {
		r := w.Send("dan", bot.Request{Shortcut: "ops.tokens", Args: args, Paged: true})
		if r.Page == nil || len(r.Page.Table.Rows) == 0 {
			t.Fatalf("%s: %s", r.Status, bottest.Text(r))
		}
		for _, row := range r.Page.Table.Rows {
			seen[row.Object] = true
		}
		args = r.Page.Table.Next
	}
	if len(seen) != many || screens != 3 {
		t.Errorf("%d tokens on %d screens", len(seen), screens)
	}
}

// Everything that people are shown, as it looks.
func TestMessages(t *testing.T) {
	w := newWorld(t, "sqlite:"+t.TempDir()+"/watchbell.db")
	ids := regexp.MustCompile(`\b[0-9a-f]{8}\b`)
	shows := func(name, text string) {
		t.Helper()
		text = secretForm.ReplaceAllString(text, "wb_4f1c2a9b_SECRET")
		bottest.Golden(t, name, ids.ReplaceAllString(text, "4f1c2a9b"))
	}
	made := w.Do("dan", "/ops token create deploy-helper scope=ops.me,ops.tokens kind=agent expires=30d")
	shows("made", bottest.Rendered(made))
	shows("made-kept", bottest.Render(*made.Kept))
	w.Wait(time.Minute)
	w.Do("dan", "/ops token create deploy-web scope=ops.*")
	shows("list", bottest.Rendered(w.Do("dan", "/ops tokens")))
	seen := w.Send("dan", bot.Request{Text: "/ops tokens", Paged: true}).Page
	shows("page", bottest.Render(seen.InShort(bot.HomeRows)))
}
