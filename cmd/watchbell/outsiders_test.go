package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/adapters/slack/slackfake"
	"github.com/watchbell/watchbell/storage/pgtest"
)

// outsiders are all kinds of people who are not ours, with the words that refuse them. Slack says of the one from
// another company that she is no stranger, and she has the address of our Ana.
func outsiders(organisation string) map[string]slackfake.User {
	list := map[string]slackfake.User{
		"one of another company in a shared channel": {ID: "U0EXT", Team: "T0OTHER", Email: "ana@northwind.example"},
		"a stranger":          {ID: "U0STR", Team: "T0THIRD", Stranger: true},
		"a guest":             {ID: "U0GUS", Restricted: true},
		"a one-channel guest": {ID: "U0ONE", UltraRestricted: true},
		"a bot":               {ID: "U0ROB", Bot: true},
		"somebody who left":   {ID: "U0LEF", Deleted: true},
	}
	if organisation != "" {
		list["another workspace of our organisation"] = slackfake.User{
			ID: "U0SIS", Team: "T0SISTER", Enterprise: organisation, Teams: []string{"T0SISTER"},
		}
		list["one of another organisation"] = slackfake.User{ID: "U0ORG", Team: "T0OTHER", Enterprise: "E0OTHER"}
	}
	for what, u := range list {
		u.Name, u.RealName = "ana", strings.ToUpper(what[:1])+what[1:]
		list[what] = u
	}
	return list
}

// Outsiders try every way in. Each is refused, nothing of it is stored, and the audit log tells.
func TestOutsidersStayOutside(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		http bool
		with slackfake.Options
	}{
		"socket, a workspace of its own": {false, slackfake.Options{NamesTeams: true}},
		"http, in an organisation":       {true, slackfake.Options{Enterprise: "E0NORTH"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := "sqlite:" + filepath.Join(t.TempDir(), "watchbell.db")
			if c.http {
				url = pgtest.URL(t)
			}
			w := newWorkspaceWith(t, c.http, url, c.with)
			w.command("U0FAY", w.general, "declare Checkout returns 502 sev2")
			room := w.opens("inc-1-")
			theirs, err := w.fake.Say("U0FAY", room.ID, "", w.key(), "Rotate the key")
			if err != nil {
				t.Fatal(err)
			}
			for what, u := range outsiders(c.with.Enterprise) {
				w.fake.AddUser(u)
				w.tryAll(what, u.ID, room, theirs)
			}
			w.unharmed(t, len(outsiders(c.with.Enterprise)))
		})
	}
}

// tryAll lets somebody try a command, a vote, buttons, a form, a shortcut, a reaction, a mention, and being given the
// lead by one of ours.
func (w *workspace) tryAll(what, user string, room slackfake.Channel, message string) {
	w.t.Helper()
	refused := func(did string, err error) {
		w.t.Helper()
		if err != nil {
			w.t.Fatalf("%s: %s: %v", what, did, err)
		}
	}
	for _, line := range [][2]string{
		{"/incident", "declare It is mine sev1"}, {"/incident", "lead me INC-1"}, {"/change", "approve CHG-1"},
	} {
		ack, err := w.fake.Command(user, room.ID, w.key(), line[0], line[1])
		refused(line[0]+" "+line[1], err)
		if !strings.Contains(ack.Body, "may not do this") && !strings.Contains(ack.Body, "does not know the account") {
			w.t.Errorf("%s: %s %s: %s", what, line[0], line[1], ack.Body)
		}
	}
	for _, label := range []string{"Take lead", "Give update"} {
		w.click(user, w.card(room), label, "")
	}
	_, err := w.fake.MessageShortcut(user, room.ID, message, w.key(), "shortcut:incident.declare")
	refused("the shortcut", err)
	refused("the reaction", w.fake.React(user, room.ID, message, w.key(), "white_check_mark"))
	_, err = w.fake.Say(user, room.ID, "", w.key(), "<@"+w.fake.BotUser()+"> sev sev1 because I say so")
	refused("the mention", err)
	if v := w.fake.View(user); v != nil && v["callback_id"] == "watchbell_form" {
		w.t.Errorf("%s is shown a form: %v", what, v)
	}
	_, err = w.fake.Command("U0FAY", room.ID, w.key(), "/incident", "lead <@"+user+"|ana>")
	refused("being given the lead", err)
}

// unharmed looks at what is stored: one incident as Fay declared it, and what was refused in the audit log.
func (w *workspace) unharmed(t *testing.T, people int) {
	t.Helper()
	s := w.open()
	defer func() { _ = s.Close() }()
	for sql, want := range map[string]int{
		"SELECT count(*) FROM incidents":                                          1,
		"SELECT count(*) FROM incidents WHERE severity = 'sev2' AND lead IS NULL": 1,
		"SELECT count(*) FROM incident_tasks":                                     0,
		"SELECT count(*) FROM audit WHERE result = 'done' AND source LIKE 'slack%' AND action NOT IN ('people.enroll', " +
			"'incident.declare')": 0,
		"SELECT count(*) FROM people WHERE enrolled AND roles <> 'guest' AND id NOT LIKE 'fay-lin%'": 0,
	} {
		var got int
		if err := s.SQL().QueryRow(sql).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %d %v, want %d", sql, got, err, want)
		}
	}
	var denied int
	if err := s.SQL().QueryRow("SELECT count(*) FROM audit WHERE result = 'denied' AND source LIKE 'slack%'").
		Scan(&denied); err != nil || denied < people {
		t.Errorf("%d refusals are in the audit log (%v), want at least %d", denied, err, people)
	}
}
