package incident_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/incident"
	"github.com/watchbell/watchbell/commands/incident/response"
)

var newest = response.Filter{Limit: 1}

func TestASimilarIncidentIsOfferedNotForced(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev2")
		r := w.Type("ben", "/incident declare Checkout returns 502 again")
		w.Contains(bottest.Text(r), "INC-1 sounds the same")
		if r.Status != bot.Refused || len(r.Message.Actions) != 2 {
			t.Fatalf("answer: %s", bottest.Text(r))
		}
		if n, _ := w.Store.CountIncidents(context.Background()); n != 1 {
			t.Fatalf("%d incidents", n)
		}
		w.Done(w.Send("ben", bot.Request{Token: r.Message.Actions[1].Token}))
		if got := w.get("INC-2"); got.Title != "Checkout returns 502 again" {
			t.Errorf("declared anyway: %+v", got)
		}
		w.Do("ben", "/incident sev1 Checkout returns 502 everywhere")
		w.get("INC-3") // a SEV1 is never held up
		w.Clock.Move(11 * time.Minute)
		w.Do("ben", "/incident declare Checkout returns 502 once more")
		w.get("INC-4")
	})
}

func TestOneMessageIsOneIncident(t *testing.T) {
	each(t, func(w *world) {
		quote := &bot.Quote{
			Author: "Mia", Text: "The shop is empty!\nAll of it", At: w.Clock.Now(),
			Ref:  bot.MessageRef{Conversation: bot.Conversation{Platform: "test", Channel: "general"}, ID: "m77"},
			Link: "https://chat/m77",
		}
		for n, who := range []string{"dan", "ben"} {
			form := w.Send(who, bot.Request{Shortcut: "incident.declare", Quote: quote})
			if form.Form == nil || form.Form.Inputs[0].Value != "The shop is empty! All of it" {
				t.Fatalf("form: %+v", form)
			}
			r := w.Done(w.Submit(who, form.Form, map[string]string{
				"title": fmt.Sprint("Empty shop, seen by ", who), "severity": "sev1",
			}))
			if n == 1 && !strings.Contains(bottest.Text(r), "already declared as INC-1") {
				t.Errorf("second: %s", bottest.Text(r))
			}
		}
		entries, err := w.Store.Incidents().Timeline(context.Background(), "INC-1", 0)
		if err != nil || len(entries) != 2 || entries[1].Link != "https://chat/m77" ||
			!strings.HasPrefix(entries[1].Text, "Mia: The shop") {
			t.Errorf("timeline: %+v %v", entries, err)
		}
	})
}

func TestAMessageBecomesATask(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502")
		quote := &bot.Quote{Author: "Mia", Text: "Somebody should\nrestart the proxy", At: w.Clock.Now()}
		form := w.In(room).Send("ben", bot.Request{Shortcut: "incident.task", Quote: quote})
		if in := bottest.InputOf(form.Form, "text"); in.Value != "Somebody should restart the proxy" {
			t.Fatalf("the form begins with %q", in.Value)
		}
		w.Done(w.In(room).Submit("ben", form.Form, map[string]string{"text": "Restart the proxy", "person": "@ben"}))
		if list := w.get("INC-1").Tasks; len(list) != 1 || list[0].Text != "Restart the proxy" || list[0].Owner != "ben" {
			t.Errorf("tasks: %+v", list)
		}
		form = w.In(room).Send("ben", bot.Request{Shortcut: "incident.note", Quote: quote})
		w.Done(w.In(room).Submit("ben", form.Form, map[string]string{"text": "The proxy has to be restarted"}))
	})
}

func TestHandoverNeedsAcceptance(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502")
		w.In(room).Do("dan", "/incident lead me")
		w.In(room).Do("dan", "/incident handover @ben")
		if i := w.get("INC-1"); i.Lead != "dan" || i.HandoverTo != "ben" {
			t.Fatalf("%+v", i)
		}
		if r := w.In(room).Type("ana", "/incident accept"); r.Status != bot.Refused {
			t.Errorf("ana accepts: %s", bottest.Text(r))
		}
		asked := w.Chat.In("@ben")
		if len(asked) != 1 {
			t.Fatalf("asked: %+v", asked)
		}
		w.Done(w.Send("ben", bot.Request{Token: asked[0].Message.Actions[0].Token}))
		if i := w.get("INC-1"); i.Lead != "ben" || i.HandoverTo != "" {
			t.Errorf("%+v", i)
		}
		r := w.Send("ben", bot.Request{Token: asked[0].Message.Actions[0].Token})
		if r.Status != bot.Refused || !strings.Contains(bottest.Text(r), "already lead") {
			t.Errorf("accepts twice: %s", bottest.Text(r))
		}
	})
}

func TestRespondersMayActWhenNobodyLeadsForLong(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502")
		if r := w.In(room).Type("dan", "/incident resolve Restarted all of it"); !strings.Contains(
			bottest.Text(r), "has none yet. Take the lead first",
		) {
			t.Errorf("at once: %s", bottest.Text(r))
		}
		w.Clock.Move(11 * time.Minute)
		w.In(room).Do("dan", "/incident resolve Restarted all of it")
	})
}

// A form that was open while others changed the record does not overwrite what its user did not touch.
func TestALateFormDoesNotOverwrite(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev3")
		w.In(room).Do("ana", "/incident lead me")
		form := w.In(room).Type("ana", "/incident update")
		w.In(room).Do("dan", "/incident sev 1")
		values := map[string]string{"text": "Looking at the load balancer"}
		for _, in := range form.Form.Inputs {
			if _, ok := values[in.Name]; !ok {
				values[in.Name] = in.Value
			}
		}
		w.Done(w.Submit("ana", form.Form, values))
		if i := w.get("INC-1"); i.Severity != incident.SEV1 || i.Updates != 1 {
			t.Errorf("severity %s after a form that left it alone", i.Severity)
		}
		form = w.In(room).Type("ana", "/incident update")
		w.In(room).Do("dan", "/incident update impact=\"all of Europe\" text=\"It is all of Europe\"")
		values["impact"], values["severity"] = "one shop", "sev1"
		r := w.Submit("ana", form.Form, values)
		if r.Form == nil || r.Form.Inputs[4-1].Error == "" && !anyError(r.Form) {
			t.Fatalf("no conflict shown: %+v", r)
		}
		w.Done(w.Submit("ana", r.Form, values))
		if i := w.get("INC-1"); i.Impact != "one shop" {
			t.Errorf("impact %q after saving again", i.Impact)
		}
	})
}

// Every input of every form is guarded, not only those that a handler thought of; and what a form empties is emptied.
func TestFormsOfTheRecordMeetOthersChanges(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev3 service=payments impact=\"one shop\"")
		w.In(room).Do("ana", "/incident lead me")
		edit, times := w.In(room).Type("ana", "/incident edit"), w.In(room).Type("ana", "/incident times")
		w.In(room).Do("dan", "/incident edit service=web")
		w.In(room).Do("ana", "/incident times started=08:30 why=\"first alert\"")
		values := map[string]string{"title": "Checkout returns 502", "impact": "", "service": ""}
		r := w.Submit("ana", edit.Form, values)
		if r.Form == nil ||
			errorOf(
				r.Form, "service",
			) != `While the form was open, this was changed to "web". Save again to overwrite it, or leave it as it is.` ||
			errorOf(
				r.Form, "impact",
			) != "" {
			t.Fatalf("services: %+v", r)
		}
		w.Done(w.Submit("ana", r.Form, values))
		if i := w.get("INC-1"); len(i.Services) > 0 || i.Impact != "" {
			t.Errorf("emptied: services %q, impact %q", i.Services, i.Impact)
		}
		values = map[string]string{"started": "08:45", "why": "a look at the graphs", "detected": times.Form.Inputs[1].Value}
		r = w.Submit("ana", times.Form, values)
		if r.Form == nil || errorOf(r.Form, "started") == "" {
			t.Fatalf("times: %+v", r)
		}
	})
}

func errorOf(f *bot.Form, name string) string {
	for _, in := range f.Inputs {
		if in.Name == name {
			return in.Error
		}
	}
	return "no such input"
}

func TestResolvingSaysOnTheTimelineWhatItCorrects(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev4")
		w.In(room).Do("ana", "/incident lead me")
		w.In(room).Do("ana", "/incident resolve Rolled back release 42 started=08:30 impact=\"nobody noticed\"")
		entries, err := w.Store.Incidents().Timeline(context.Background(), "INC-1", 0)
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, e := range entries {
			said = append(said, string(e.Kind)+" "+e.Text)
		}
		if all := strings.Join(said, "\n"); !strings.Contains(all, "Corrected: started") ||
			!strings.Contains(all, "Impact: nobody noticed") {
			t.Errorf("timeline:\n%s", all)
		}
	})
}

func TestAPausedIncidentOwesNoUpdate(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev2")
		w.In(room).Do("ana", "/incident lead me")
		w.In(room).Do("ana", "/incident pause waiting for the vendor until tomorrow 09:00")
		r := w.In(room).Type("ana", "/incident update The vendor answered")
		w.Done(r)
		if !strings.Contains(bottest.Text(r), "stays paused until") || strings.Contains(bottest.Text(r), "next one") {
			t.Error(bottest.Text(r))
		}
	})
}

func TestWhoPublishesAReview(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev2")
		w.In(room).Do("ana", "/incident lead me")
		w.In(room).Do("ana", "/incident resolve Rolled back release 42")
		w.RunDue()
		w.In(room).Do("dan", "/incident review happened=\"A release broke it\"")
		if r := w.In(room).Type("dan", "/incident review publish=yes"); r.Status != bot.Refused ||
			!strings.Contains(bottest.Text(r), "publish its review") {
			t.Errorf("dan, who neither leads nor owns the review: %s", bottest.Text(r))
		}
		w.In(room).Do("ana", "/incident review publish=yes")
	})
}

func anyError(f *bot.Form) bool {
	for _, in := range f.Inputs {
		if in.Error != "" {
			return true
		}
	}
	return false
}

func TestRemindersComeOnceAndSurviveRestarts(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev2")
		count := func(reminder string) int { // what was answered says something else by now, but was posted all the same
			n := 0
			for _, m := range w.Chat.In(room) {
				if strings.HasPrefix(m.Key, "incident.nudge/INC-1/test/"+reminder) {
					n++
				}
			}
			return n
		}
		step := func(d time.Duration) {
			for range int(d / time.Minute) {
				w.Wait(time.Minute)
			}
		}
		step(24 * time.Minute)
		if n := count("lead"); n != 4 {
			t.Errorf("%d nudges for a lead in 24 minutes, want 4", n)
		}
		w.In(room).Do("ana", "/incident lead me")
		step(37 * time.Minute)
		if n := count("update"); n != 1 {
			t.Errorf("%d update reminders after an hour, want 1", n)
		}
		w.Done(w.Send("ana", bot.Request{Token: w.Button("Snooze", w.Chat.In(room)...).Token, Choice: "30m"}))
		step(29 * time.Minute)
		if n := count("update"); n != 1 {
			t.Errorf("%d reminders while snoozed", n)
		}
		step(2 * time.Minute)
		if n := count("update"); n != 2 {
			t.Errorf("%d reminders after the snooze, want 2", n)
		}
		w.In(room).Do("ana", "/incident update Still looking")
		w.Wait(5 * time.Hour) // the bot was down all that time
		w.RunDue()
		if n := count("update"); n != 3 {
			t.Errorf("%d reminders after five hours down, want one more: 3", n)
		}
		w.In(room).Do("ana", "/incident remind off")
		step(3 * time.Hour)
		if n := count("update"); n != 3 {
			t.Errorf("%d reminders after they were stopped", n)
		}
		w.In(room).Do("ana", "/incident pause vendor works on it until 2026-11-26 09:00")
		nudges := len(w.Chat.In(room))
		step(8 * time.Hour)
		if n := len(w.Chat.In(room)); n != nudges {
			t.Errorf("%d messages while paused", n-nudges)
		}
		w.Wait(time.Hour)
		if i := w.get("INC-1"); i.State != incident.Investigating {
			t.Errorf("after the pause: %s", i.State)
		}
		w.Verify()
	})
}

func TestACardRemovedByHandIsPostedAnew(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev2")
		w.Chat.Remove(w.Chat.In(room)[0].Ref)
		w.In(room).Do("dan", "/incident note somebody removed the card")
		card := w.Chat.In(room)
		if len(card) != 1 || !card[0].Pinned || !strings.Contains(card[0].Message.Title, "INC-1") {
			t.Errorf("messages: %+v", card)
		}
	})
}

func TestAHundredPeopleAtOnce(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev2")
		lines := []string{
			"/incident lead me INC-1", "/incident note INC-1 saw it too", "/incident sev INC-1 1",
			"/incident sev INC-1 2 not so bad after all", "/incident status INC-1 identified",
			"/incident status INC-1 monitoring",
			"/incident task INC-1 check it", "/incident done INC-1 1", "/incident resolve INC-1 It went away again",
			"/incident reopen INC-1 No it is back again", "/incident update INC-1 Still looking",
			"/incident cancel INC-1 false alarm",
		}
		people := []string{"ana", "ben", "dan"}
		done := make(chan bool, 400)
		var wg sync.WaitGroup
		for n := range 100 {
			wg.Go(func() {
				for m := range 2 {
					r := w.Bot.Receive(context.Background(), bot.Request{
						Key: fmt.Sprintf("p%d-%d", n, m), From: bot.Account{Platform: "test", User: people[(n+m)%len(people)]},
						Text: lines[(n+7*m)%len(lines)],
					})
					if r.Status == bot.Unready {
						t.Errorf("unavailable: %s", bottest.Text(r))
					}
					done <- r.Status == bot.Done
				}
			})
		}
		wg.Wait()
		close(done)
		accepted := 0
		for ok := range done {
			if ok {
				accepted++
			}
		}
		w.RunDue()
		i := w.get("INC-1")
		audit, err := w.Store.AuditOf(context.Background(), "INC-1")
		if err != nil {
			t.Fatal(err)
		}
		if i.Version != len(audit) {
			t.Errorf("version %d, %d audit entries", i.Version, len(audit))
		}
		for n, a := range audit {
			if a.Version != n+1 {
				t.Errorf("audit entry %d has version %d", n, a.Version)
			}
		}
		entries, err := w.Store.Incidents().Timeline(context.Background(), "INC-1", 0)
		if err != nil || len(entries) != i.Entries {
			t.Errorf("%d entries, the record says %d (%v)", len(entries), i.Entries, err)
		}
		if accepted == 0 {
			t.Error("nothing was accepted")
		}
		w.Verify()
	})
}

func TestGuestsReadAndNoteOnly(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev2")
		w.In(room).Do("gus", "/incident note I see it on my phone")
		w.In(room).Do("gus", "/incident show")
		if i := w.get("INC-1"); len(i.Responders) != 1 {
			t.Errorf("a note made the guest a responder: %v", i.Responders)
		}
		if r := w.In(room).Type("gus", "/incident lead me"); r.Status != bot.Refused {
			t.Errorf("guest leads: %s", bottest.Text(r))
		}
		var denied int
		if err := w.Store.SQL().QueryRow("SELECT count(*) FROM audit WHERE result = 'denied' AND actor = 'gus'").
			Scan(&denied); err != nil || denied != 1 {
			t.Errorf("%d denials in the audit log (%v)", denied, err)
		}
	})
}

// What a second reader of the code broke, kept from breaking again.
func TestRightsCannotBeTakenByOneself(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev2")
		w.Do("ana", "/incident lead me INC-1")
		if r := w.Type("dan", "/incident role INC-1 deputy me"); r.Status != bot.Refused {
			t.Errorf("dan made himself deputy: %s", bottest.Text(r))
		}
		w.Do("mia", "/incident join INC-1")
		if i := w.get("INC-1"); !slices.Contains(i.Responders, bot.PersonID("mia")) {
			t.Errorf("joining did nothing: %v", i.Responders)
		}
		if r := w.Type("mia", "/incident join INC-1"); r.Status != bot.Refused {
			t.Errorf("joined twice: %s", bottest.Text(r))
		}
		w.Do("mia", "/incident declare A label is wrong sev4")
		if i := w.get("INC-2"); i.Lead != "" {
			t.Errorf("%s leads and may not", i.Lead)
		}
		if r := w.Type("dan", "/incident lead INC-2 @mia"); r.Status == bot.Done {
			t.Errorf("mia leads and may not: %s", bottest.Text(r))
		}
		w.Do("ana", "/incident resolve INC-1 Rolled back release 42")
	})
}

func TestNoCloseBeforeTheReview(t *testing.T) {
	each(t, func(w *world) {
		w.Do("ana", "/incident declare Checkout returns 502 sev1")
		w.Do("ana", "/incident lead me INC-1")
		ctx, from := context.Background(), bot.Account{Platform: "test", User: "ana"}
		w.Done(w.Bot.Receive(ctx, bot.Request{
			Key: "resolve", From: from, Text: "/incident resolve INC-1 Rolled back release 42",
		}))
		if r := w.Bot.Receive(
			ctx, bot.Request{Key: "close", From: from, Text: "/incident close INC-1"},
		); r.Status != bot.Refused {
			t.Errorf("closed before any job ran: %s", bottest.Text(r))
		}
	})
}

// A form that comes back with an error still does not overwrite what its user never touched.
func TestAFormThatCameBackDoesNotOverwrite(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev3")
		w.In(room).Do("ana", "/incident lead me")
		form := w.In(room).Type("ana", "/incident update")
		w.In(room).Do("dan", "/incident sev 1")
		values := map[string]string{
			"text": "Looking at the load balancer", "severity": "sev3", "status": "investigating", "next": "soon",
		}
		bad := w.Submit("ana", form.Form, values)
		if bad.Form == nil {
			t.Fatalf("no form: %s", bottest.Text(bad))
		}
		values["next"] = "30m"
		w.Done(w.Submit("ana", bad.Form, values))
		if i := w.get("INC-1"); i.Severity != incident.SEV1 {
			t.Errorf("severity %s, want it left at SEV1", i.Severity)
		}
	})
}

func TestButtonsThatNeedOneWordMore(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev2")
		w.In(room).Do("ana", "/incident lead me")
		form := w.Click("ana", "Change severity", w.Chat.In(room)[:1]...)
		if form.Form == nil {
			t.Fatalf("More asks for no severity: %s", bottest.Text(form))
		}
		w.Done(w.Submit("ana", form.Form, map[string]string{"severity": "sev3", "why": "only one region is affected"}))
		if i := w.get("INC-1"); i.Severity != incident.SEV3 {
			t.Errorf("severity %s", i.Severity)
		}
		bad := w.In(room).Type("ana", "/incident resolve short")
		if len(bad.Message.Actions) != 1 {
			t.Fatalf("no form offered: %s", bottest.Text(bad))
		}
		if again := w.Send("ana", bot.Request{Token: bad.Message.Actions[0].Token}); again.Form == nil ||
			again.Form.Inputs[0].Value != "short" {
			t.Errorf("the form does not open with what was typed: %+v", again)
		}
	})
}

func TestRemindersMissedWhileDownComeOnce(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev1")
		w.Wait(40 * time.Minute)
		n := 0
		for _, m := range w.Chat.In(room) {
			if strings.Contains(m.Message.Plain(time.UTC), "Nobody leads INC-1 yet") {
				n++
			}
		}
		if n != 1 {
			t.Errorf("asked for a lead %d times after 40 minutes down, want once", n)
		}
	})
}

func TestAGoneLeadFreesTheRole(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev2")
		w.Do("dan", "/incident lead me INC-1")
		s := response.New(w.Store.Incidents(), w.Bot, response.Options{Clock: w.Clock})
		for range 2 {
			if err := s.FreeRoles(context.Background(), []bot.PersonID{"dan"}); err != nil {
				t.Fatal(err)
			}
		}
		if i := w.get("INC-1"); i.Lead != "" || i.Version != 3 {
			t.Errorf("lead %q, version %d", i.Lead, i.Version)
		}
		w.Do("ben", "/incident lead me INC-1")
	})
}

// A lead who is gone does not hold up an incident: who is there takes over, knowingly.
func TestALeadWhoIsGone(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev2")
		w.In(room).Do("dan", "/incident lead me")
		w.Wait(70 * time.Minute) // the update is ten minutes overdue
		if r := w.In(room).Type("ben", "/incident lead me anyway=yes"); r.Status != bot.Refused ||
			!strings.Contains(bottest.Text(r), "@Dan Weber is already lead") {
			t.Errorf("ten minutes after an update was due: %s", bottest.Text(r))
		}
		w.Clock.Move(10 * time.Minute)
		if r := w.In(room).Type("ben", "/incident lead me"); r.Status != bot.Refused ||
			!strings.Contains(bottest.Text(r), "If they are gone, take over: /incident lead me INC-1 anyway=yes") {
			t.Errorf("without saying so: %s", bottest.Text(r))
		}
		w.Wait(50 * time.Minute)
		w.Done(w.Click("ben", "Take over the lead", w.Chat.In(room)...))
		if i := w.get("INC-1"); i.Lead != "ben" {
			t.Errorf("lead %q", i.Lead)
		}
		if said := w.saidIn(room); !strings.Contains(said, "took over from @Dan Weber") {
			t.Errorf("%s", said)
		}
	})
}

// When nobody answers, everybody who follows the announcement is told, once.
func TestMissedUpdatesAreToldToAll(t *testing.T) {
	each(t, func(w *world) {
		w.Do("dan", "/incident declare Checkout returns 502 sev2")
		w.In(room).Do("dan", "/incident lead me")
		for hour, want := range []int{0, 0, 0, 0, 1, 1, 1} {
			if n := strings.Count(w.saidIn("incidents"), "an update on INC-1 was due"); n != want {
				t.Errorf("after %d hours told %d times, want %d", hour, n, want)
			}
			w.Wait(time.Hour)
		}
	})
}
