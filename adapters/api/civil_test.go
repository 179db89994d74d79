package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/access"
	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/adapters/api"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// oneToken is a store that knows one token.
type oneToken struct {
	api.Store
	token access.Token
}

func (s oneToken) TokenOf(_ context.Context, hash string) (access.Token, error) {
	if hash != s.token.Hash {
		return access.Token{}, bot.ErrNoSuch
	}
	return s.token, nil
}

func (oneToken) TokenUsed(context.Context, string, time.Time) error { return nil }

// newThings is a server on a bot with a command that takes a day and an amount, and a token of somebody in Berlin.
func newThings(t *testing.T) (*api.Server, string) {
	t.Helper()
	store := storagetest.Open(t, "sqlite:"+t.TempDir()+"/watchbell.db")
	if err := store.SyncPeople(t.Context(), bottest.People(api.Platform), bottest.Start); err != nil {
		t.Fatal(err)
	}
	clock := bottest.NewClock()
	b := engine.New(engine.Options{Store: store, Clock: clock, Grants: bot.Grants{"responder": {"thing.*"}}})
	b.Use(bot.Capability{Noun: bot.Noun{Name: "thing", Summary: "for tests"}, Commands: []bot.Command{{
		Name: "thing.buy", Permission: "thing.buy", Summary: "buy it", Example: "/thing buy", Params: []bot.Param{
			{Name: "renews", Kind: bot.DayParam, Toward: value.Future, Help: "The day of the next term."},
			{Name: "cost", Kind: bot.MoneyParam, Required: true},
		},
		Handle: func(_ context.Context, c *bot.Call) (bot.Reply, error) {
			data, err := json.Marshal(map[string]any{"renews": c.Day("renews"), "cost": c.Money("cost")})
			r := bot.Answer(bot.Say("bought"))
			r.Data = data
			return r, err
		},
	}}})
	token, secret, err := access.New(access.Token{
		Name: "things", Person: "dan", Scopes: []string{"thing.*"}, Created: clock.Now(), Expires: clock.Now().Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	o := api.Options{Store: oneToken{store, token}, Tree: b.Tree(), Receive: b.Receive, Clock: clock}
	return api.New(o), secret
}

func TestDaysAndAmountsByTheAPI(t *testing.T) {
	s, secret := newThings(t)
	for _, c := range []struct {
		name, body string
		status     int
		want       string
	}{
		{"as they are written", `{"renews": "2027-03-01", "cost": "1250.50 EUR"}`, http.StatusOK,
			`"data":{"cost":"1250.50 EUR","renews":"2027-03-01"}`},
		{"in words", `{"renews": "tomorrow", "cost": "1.250,50 €"}`, http.StatusOK,
			`"data":{"cost":"1250.50 EUR","renews":"2026-11-26"}`},
		{"a number alone", `{"cost": 1250.5}`, http.StatusBadRequest, `Cost: \"1250.5\" has no currency.`},
		{"in two ways", `{"cost": "1,250 EUR"}`, http.StatusBadRequest, `Write 1250 EUR for thousands`},
		{"a day of two", `{"renews": "01/02/2027", "cost": "5 EUR"}`, http.StatusBadRequest,
			`Renews: \"01/02/2027\" is not a day. Write 2026-12-25`},
		{"a time", `{"renews": "2027-03-01T00:00:00Z", "cost": "5 EUR"}`, http.StatusBadRequest,
			`is a time, but this has to be a day alone.`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/api/v1/commands/thing.buy", strings.NewReader(c.body))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer "+secret)
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, r)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
}

func TestTheDescriptionSaysHowDaysAndAmountsAreWritten(t *testing.T) {
	s, _ := newThings(t)
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v1/openapi.json", nil))
	for _, part := range []string{
		"The day of the next term. A day like 2027-03-01, the same in every time zone", "like 1250.50 EUR",
	} {
		if !strings.Contains(w.Body.String(), part) {
			t.Errorf("%q is missing", part)
		}
	}
}
