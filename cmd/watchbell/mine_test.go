package main

import (
	"strings"
	"testing"

	"github.com/watchbell/watchbell/bot"
)

// One list has what each capability has of somebody, and nobody else's.
func TestAllThatIsMine(t *testing.T) {
	a := demoApp(t)
	does := func(who, line string) string {
		t.Helper()
		status, answer := tell(t, a, who, line)
		if status != bot.Done {
			t.Fatalf("%s: %s\n%s: %s", who, line, status, answer)
		}
		return answer
	}
	if answer := does("ben", "/ops mine"); !strings.Contains(answer, "Nothing is yours") {
		t.Error(answer)
	}
	does("ana", "/incident declare Checkout returns 502 sev2 service=web")
	does("ana", "/incident lead INC-1")
	does("ana", "/incident task INC-1 @ana Look at the proxy")
	does("ana", "/incident task INC-1 @dan Call the provider due=tomorrow")
	does("dan", `/change request "Deploy search 42" service=search env=prod why="New ranking" plan="Roll out" `+
		`backout="Roll back" start="in 2h" end=1h`)
	does("ana", `/oncall new primary people=@ana,@ben handover="mon 09:00"`)
	does("dan", "/oncall page primary Checkout is down")
	if err := a.bot.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := a.bot.RunDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	does("ana", "/ops vendor add Datadog")
	for who, parts := range map[string][]string{
		"ana": {
			"INC-1", "you lead it", "INC-1 task 1: Look at the proxy", "PAGE-1 calls you: Checkout is down",
			"You are on call for primary", "VEN-1 Datadog",
		},
		"dan": {"CHG-1", "Call the provider"},
	} {
		answer := does(who, "/ops mine")
		for _, p := range parts {
			if !strings.Contains(answer, p) {
				t.Errorf("%s: %q is missing in:\n%s", who, p, answer)
			}
		}
		if who == "dan" && (strings.Contains(answer, "Look at the proxy") || strings.Contains(answer, "calls you")) {
			t.Errorf("dan: %s", answer)
		}
	}
}
