package access_test

import (
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/access"
)

func TestATokenIsKeptWithoutItsSecret(t *testing.T) {
	now := time.Date(2026, 11, 25, 14, 2, 0, 0, time.UTC)
	one, secret, err := access.New(access.Token{Name: " deploy-web\n", Person: "ana", Created: now, Expires: now.Add(time.Hour)})
	if err != nil || one.Name != "deploy-web" || !access.Secret(secret) || one.Hash != access.Hash(secret) ||
		!strings.HasPrefix(secret, "wb_"+one.ID+"_") {
		t.Errorf("%+v %v", one, err)
	}
	if _, other, _ := access.New(access.Token{Name: "deploy-web"}); other == secret {
		t.Error("two tokens have one secret")
	}
	for _, wrong := range []string{"", "wb_", secret + "A", strings.ToLower(secret), " " + secret} {
		if access.Secret(wrong) {
			t.Errorf("%q is taken for a secret", wrong)
		}
	}
	for _, name := range []string{"", " \n", "\u200b\u202e", strings.Repeat("é", access.MaxName+1)} {
		if _, _, err := access.New(access.Token{Name: name}); err == nil || !strings.Contains(err.Error(), "1 to 60 characters") {
			t.Errorf("%q: %v", name, err)
		}
	}
	if !one.Good(now) || one.Good(now.Add(time.Hour)) {
		t.Error("good for too long, or not at all")
	}
	if one.Revoked = now; one.Good(now) {
		t.Error("good although it was revoked")
	}
}

func TestOnlyAgentsAreMarked(t *testing.T) {
	script, agent := access.Token{Name: "x", Person: "ana"}, access.Token{Name: "x", Person: "ana", Kind: access.Agent}
	if script.Agent() != "" || agent.Agent() != "x" {
		t.Error(script.Agent(), agent.Agent())
	}
	if !strings.Contains(agent.Made(), "x, an agent of @ana") || !strings.Contains(script.Made(), "x as @ana") {
		t.Error(agent.Made(), script.Made())
	}
}

func TestScopes(t *testing.T) {
	permissions := access.PermissionsOf([]*bot.Command{
		{Name: "lamp.light", Permission: "lamp.light"}, {Name: "lamp.sell", Permission: "lamp.sell", InPerson: true},
		{Name: "lamp.dim", Permission: "lamp.light"},
	}, []string{"lamp:break"})
	for scope, want := range map[string]string{
		"lamp.light": "", "lamp.*": "", "*.light": "", "*": "", "lamp:break": "",
		"lamp.sell": "it takes a person", "lamp.dim": "is not a scope", "lamp.ligth": "Did you mean lamp.light?",
		"": "is not a scope", "lamp.light lamp.dim": "Give each by itself", "desk.*": "The scopes are:\n  lamp",
	} {
		t.Run(scope, func(t *testing.T) {
			err := permissions.Check(scope)
			if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %q", err, want)
			}
		})
	}
}
