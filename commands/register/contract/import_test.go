package contract_test

import (
	"testing"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/register/registertest"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// Contracts of a file are where they are by now, however old they are, and nothing is told of years before that.
func TestOldContractsOfAFile(t *testing.T) {
	w := registertest.Install(t, storagetest.SQLite(t), registers...)
	file := "key,name,start,months,renewal,renewal-months,notice\n" +
		",Old,2020-08-01,36,auto,12,3 months\n,Older,2010-01-31,12,none,,\n"
	r := w.Done(w.Send("mia", bot.Request{
		Text: "/ops contract import", Files: map[string]bot.Upload{"csv": {Name: "contracts.csv", Data: []byte(file)}},
	}))
	w.Done(w.Send("mia", bot.Request{Token: bottest.ActionOf(r.Message, "Apply").Token}))
	w.Contains(bottest.Text(w.Do("mia", "/ops CTR-1")), "State: active", "Runs until: Sat 31 Jul 2027", "Fri 30 Apr 2027")
	w.Contains(bottest.Text(w.Do("mia", "/ops CTR-2")), "State: ended", "Runs until: Sun 30 Jan 2011")
	if told := w.Happened(); len(told) > 0 {
		t.Errorf("told %q", told)
	}
	w.Verify()
}
