package change_test

import (
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/bottest"
)

// TestCards renders what a change looks like in each part of its life, as people see it in the channel, alone and in
// forms.
func TestCards(t *testing.T) {
	w := newWorld(t, "sqlite:"+t.TempDir()+"/watchbell.db", "")
	look := func(name, id string) {
		t.Helper()
		for _, m := range w.Chat.Messages() {
			if strings.HasPrefix(m.Key, "change.card/"+id+"/") {
				bottest.Golden(t, name, bottest.Render(m.Message))
			}
		}
	}
	reply := func(name, who, text string) {
		t.Helper()
		r := w.Type(who, text)
		if r.Message == nil {
			t.Fatalf("%s: %+v", text, r)
		}
		bottest.Golden(t, name, bottest.Render(*r.Message))
	}
	reply(
		"answer-draft", "dan",
		`/change new title="Resize the database" service=billing-db env=prod why="Queries time out" plan="Fail over, resize, fail back"`,
	)
	reply(
		"answer-submitted", "dan",
		`/change new title="Resize the database" service=billing-db env=prod why="Queries time out" plan="Fail over, resize, fail back" backout="Fail back" test="On staging" start="tomorrow 22:00" end=1h novelty=first data=no tested=no implementer=@dan,@ana artifact=sha256:aaa`,
	)
	look("card-pending", "CHG-2")
	bottest.Golden(t, "ask", bottest.Render(w.Chat.In("@ben")[0].Message))
	form := w.Click("ben", "Approve")
	bottest.Golden(t, "confirm", form.Form.Intro.Plain(time.UTC))
	w.Type("ben", "/change approve CHG-2 r1 condition=\"Tell support before\"")
	w.Type("chloe", "/change ask CHG-2 How long does the fail-back take?")
	look("card-question", "CHG-2")
	w.Type("dan", "/change answer CHG-2 Two minutes")
	reply("answer-own", "dan", "/change approve CHG-2 r1")
	reply("answer-approved", "chloe", "/change approve CHG-2 r1")
	look("card-scheduled", "CHG-2")
	reply("answer-too-early", "dan", "/change start CHG-2")
	reply("explain", "dan", "/change explain CHG-2")
	w.Type("dan", "/change tick CHG-2 1")
	w.Do("mia", `/change freeze add from="tomorrow 20:00" to="tomorrow 23:30" env=prod reason="Data centre moves"`)
	look("card-frozen", "CHG-2")
	reply("freezes", "mia", "/change freeze")
	w.Do("mia", "/change freeze end FRZ-1 The move is off")
	w.Type("ben", "/change hold CHG-2 The storage team looks into it")
	look("card-held", "CHG-2")
	w.Type("ben", "/change resume CHG-2")
	w.openWindow()
	look("card-ready", "CHG-2")
	reply("answer-started", "dan", "/change start CHG-2")
	look("card-implementing", "CHG-2")
	reply("answer-rollback", "dan", "/change rollback CHG-2 Replicas do not follow")
	look("card-rolling-back", "CHG-2")
	w.Type("dan", "/change done CHG-2")
	look("card-review", "CHG-2")
	w.Type("dan", "/change review CHG-2 outcome=rolled_back The new size has another kernel")
	look("card-closed", "CHG-2")
	reply("evidence", "mia", "/change evidence CHG-2")
	reply("details", "mia", "/change show CHG-2")
	reply(
		"answer-emergency", "dan", `/change emergency Fail over service=billing-db why="Checkout is down for all of Europe"`,
	)
	look("card-emergency", "CHG-3")
	third := w.request("dan", lowRisk)
	w.Type("dan", "/change edit "+third+" plan=\"In place\"")
	reply("answer-changed", "ben", "/change approve "+third+" r1 Looks right")
	reply("pending", "ben", "/change pending")
	w.Type("ben", "/change reject "+third+" There is no plan for the replicas")
	look("card-rejected", third)
	fourth := w.request("dan", "")
	w.Type("ana", "/change break "+fourth+" All approvers are on one plane and the disk is full")
	look("card-glass", fourth)
	reply("list", "mia", "/change list all")
	reply("calendar", "mia", "/change calendar")
	reply("policy", "mia", "/change policy")
	reply("metrics", "mia", "/change metrics")
	reply("templates", "mia", "/change template")
	var thread strings.Builder
	for _, m := range w.Chat.In("changes") {
		if m.Ref.Thread != "" {
			thread.WriteString("---\n" + bottest.Render(m.Message))
		}
	}
	bottest.Golden(t, "threads", thread.String())
	for _, m := range w.Chat.Messages() {
		if m.Message.Line() == "" {
			t.Errorf("%s has no line for notifications", m.Key)
		}
	}
}
