package account_test

import (
	"strings"
	"testing"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/account"
)

func TestNamesOfAccounts(t *testing.T) {
	for name, want := range map[string]bot.Account{
		"test/ana":                {Platform: "test", User: "ana"},
		"slack/T0123ABC/U0456DEF": {Platform: "slack", Workspace: "T0123ABC", User: "U0456DEF"},
		"slack/E0123ABC/W0456DEF": {Platform: "slack", Workspace: "E0123ABC", User: "W0456DEF"},
		"web/ana":                 {Platform: "web", User: "ana"},
		"discord/613425648685547541/80351110224678912": {
			Platform: "discord", Workspace: "613425648685547541", User: "80351110224678912",
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := account.ParseName(" " + name + " ")
			if err != nil || a != want || account.Name(a) != name {
				t.Errorf("%+v %v", a, err)
			}
		})
	}
	for _, name := range []string{
		"", "ana", "/", "slack//U0456DEF", "slack/U0456DEF", "Slack/T0123ABC/U0456DEF", "slack/T0123ABC/@ana",
		"slack/T0123ABC/U0456DEF/x", "discord/80351110224678912", "discord/613425648685547541/ana",
		"discord/6134256486855475/80351110224678912", "test/a b", "test/a\u200bb", "test/" + strings.Repeat("a", 81),
	} {
		t.Run(name, func(t *testing.T) {
			if a, err := account.ParseName(name); err == nil {
				t.Errorf("%+v", a)
			}
		})
	}
}

func TestCodes(t *testing.T) {
	seen := map[string]bool{}
	letters := map[rune]int{}
	const n = 4000
	for range n {
		code := account.NewCode()
		back, err := account.ParseCode(account.Grouped(code))
		if err != nil || back != code || seen[code] {
			t.Fatalf("%s is %s: %v", code, back, err)
		}
		seen[code] = true
		for _, r := range code {
			letters[r]++
		}
	}
	if len(letters) != 32 { // five bits each, so 40 in all
		t.Errorf("%d letters", len(letters))
	}
	for r, count := range letters {
		if strings.ContainsRune("0O1Il", r) || count < n*8/32*7/10 || count > n*8/32*13/10 {
			t.Errorf("%c is there %d times", r, count)
		}
	}
}

// A platform may name one account in several ways, and somebody may have several there.
func TestTheAccountThatSomebodyUses(t *testing.T) {
	one := bot.Account{Platform: "slack", Workspace: "T1", User: "U1"}
	two := bot.Account{Platform: "slack", Workspace: "T2", User: "U2"}
	alias := bot.Account{Platform: "slack", Workspace: "E1", User: "U1"}
	for what, c := range map[string]struct {
		held []bot.Account
		from bot.Account
		want bot.Account
		ok   bool
	}{
		"the one it is":         {[]bot.Account{one, two}, two, two, true},
		"the only one there":    {[]bot.Account{one, {Platform: "web", User: "ana"}}, alias, one, true},
		"one of several":        {[]bot.Account{one, two}, alias, bot.Account{}, false},
		"none on that platform": {[]bot.Account{{Platform: "web", User: "ana"}}, alias, bot.Account{}, false},
	} {
		t.Run(what, func(t *testing.T) {
			o := &account.Owner{}
			for _, a := range c.held {
				o.Held = append(o.Held, account.Held{Account: a})
			}
			if got, ok := o.Using(c.from); got != c.want || ok != c.ok {
				t.Errorf("%+v %v", got, ok)
			}
		})
	}
}
