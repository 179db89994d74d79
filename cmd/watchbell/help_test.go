package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/watchbell/watchbell/bot"
)

// What looks like a date or an option and is none is asked back, with what is understood; answers say what was made of
// a text.
func TestAnswersSayWhatWasUnderstood(t *testing.T) {
	a, _ := prepared(t)
	for _, c := range []struct {
		line   string
		status bot.Status
		want   string
	}{
		{"/incident followup INC-1 Buy disks due 31.12.2026", bot.Usage, `Due: "31.12.2026" is not a time. Write 14:05`},
		{"/incident followup INC-1 Buy disks due next friday", bot.Usage, `Due: "next friday" is not a time. Write 14:05`},
		{"/incident followup INC-1 Buy disks due eow", bot.Usage, `Due: "eow" is not a time. Write 14:05`},
		{"/incident followup INC-1 Buy disks due tomorow", bot.Usage, `Due: "tomorow" is not a time. Write 14:05`},
		{
			"/incident followup INC-1 Answer letter due to legal", bot.Done,
			"no owner, no due date: Answer letter due to legal",
		},
		{"/incident task INC-1 Check the logs @ben due fri 17:00", bot.Done, "owner @Ben Okafor, due Fri "},
		{
			"/incident task INC-1 Ask @ben to call @chloe", bot.Done,
			"The text names several people, so nobody owns it yet. Assign it: /incident owner INC-1 ",
		},
		{
			"/incident task INC-1 Fix the CSS rule @media print", bot.Done,
			"no owner, no due date: Fix the CSS rule @media print",
		},
		{"/incident owner INC-1 3 @chloe", bot.Done, "Task 3 of INC-1, owner @Chloe Martin, no due date: Ask the vendor"},
		{`/change new title="Resize" verify="queries ok"`, bot.Usage, `/change new has no option "verify". It has title, `},
		{"/incident declare Checkout is down servise=web", bot.Usage, "Did you mean service=web?"},
		{
			"/incident declare Checkout is down team=web", bot.Usage,
			"If it is part of the text, put the whole text into quotation marks.",
		},
		{
			"/change new Resize why=slow queries", bot.Usage,
			`Put a value of several words into quotation marks, like why="slow queries".`,
		},
		{"/report run handover", bot.Usage, "it is posted automatically whenever a rota changes hands"},
		{"/help", bot.Done, "/oncall help: "},
		{"/help change approve", bot.Done, "/change approve "},
	} {
		t.Run(c.line, func(t *testing.T) {
			status, answer := tell(t, a, "ana", c.line)
			if status != c.status || !strings.Contains(answer, c.want) {
				t.Errorf("%s, want %s\n got %s\nwant %s", status, c.status, answer, c.want)
			}
		})
	}
}

// The help fits a terminal and is grouped, pipelines' verbs apart from people's.
func TestHelpFitsATerminal(t *testing.T) {
	a := demoApp(t)
	for _, line := range []string{"/help", "/incident help", "/change help", "/oncall help", "/report help", "/ops help"} {
		t.Run(line, func(t *testing.T) {
			_, answer := tell(t, a, "ana", line)
			for row := range strings.SplitSeq(answer, "\n") {
				if n := utf8.RuneCountInString(row); n > 100 {
					t.Errorf("%s: %d columns: %s", line, n, row)
				}
			}
		})
	}
	_, answer := tell(t, a, "ana", "/change help")
	if people, gate := strings.Index(answer, "/change approve"), strings.Index(answer, "/change gate"); people < 0 ||
		gate < strings.Index(answer, "For pipelines") || gate < people {
		t.Error(answer)
	}
}

// A verb of two words is found before the verb that is its first word, so that one must take nothing that could be the
// second.
func TestVerbsOfTwoWordsTakeNoArgumentsAway(t *testing.T) {
	tree := demoApp(t).bot.Tree()
	for _, c := range tree.Commands() {
		first, _, _ := strings.Cut(c.Verb(), "-")
		if short, ok := tree.Command(c.Noun() + "." + first); ok && c.Spaced && len(short.Params) > 0 {
			t.Errorf("/%s %s takes arguments, and there is /%s %s", c.Noun(), first, c.Noun(), c.Words())
		}
	}
}

// What the help groups is there: a verb that is gone would be left out without a word.
func TestTheGroupsOfTheHelpListVerbsThatExist(t *testing.T) {
	tree := demoApp(t).bot.Tree()
	for _, noun := range tree.Nouns() {
		for _, group := range noun.Groups {
			for _, verb := range group.Verbs {
				if _, ok := tree.Command(noun.Name + "." + verb); !ok {
					t.Errorf("%s: /%s has no verb %s", group.Title, noun.Name, verb)
				}
			}
		}
	}
}
