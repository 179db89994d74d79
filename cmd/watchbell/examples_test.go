package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/bot/ask"

	"github.com/watchbell/watchbell/bot"
)

// shapes are lines of the pages that show the shape of a command and cannot be typed, each with what stands for
// something.
var shapes = map[string]string{
	"/incident …":                   "the verbs",
	"/change …":                     "the verbs",
	"/report …":                     "the verbs",
	"/oncall …":                     "the verbs",
	"/ops …":                        "the verbs",
	"/change emergency …":           "what is done",
	"/change freeze add …":          "the times",
	"/oncall import primary":        "the file, which a form asks for",
	"/change break CHG-1 <why>":     "the reason",
	"/change template approve NAME": "the template",
	"/ops me link 7KQ2-M9XD":        "the code",
}

var (
	inlineCommand = regexp.MustCompile("`(/(?:incident|inc|change|chg|oncall|report|ops|help)\\b[^`]*)`")
	shellCommand  = regexp.MustCompile(`watchbell do [^']*'(/[^']+)'`)
	lineCommand   = regexp.MustCompile(`^\s*/(?:incident|inc|change|chg|oncall|report|ops|help)\b`)
	columns       = regexp.MustCompile(`\s{2,}`)
)

// examplesIn finds the commands of a page: in the text, for a shell, and as lines of a block, with remarks behind them.
func examplesIn(page string) []string {
	var found []string
	block := false
	for line := range strings.SplitSeq(page, "\n") {
		if strings.HasPrefix(line, "```") {
			block = !block
		}
		for _, m := range slices.Concat(
			inlineCommand.FindAllStringSubmatch(line, -1), shellCommand.FindAllStringSubmatch(line, -1),
		) {
			found = append(found, m[1])
		}
		if !block || !lineCommand.MatchString(line) {
			continue
		}
		for _, part := range columns.Split(strings.TrimSpace(line), -1) {
			if strings.HasPrefix(part, "/") {
				found = append(found, part)
			}
		}
	}
	return found
}

// eachExample calls do with every example there is: of the help, of README.md and of the pages in docs.
func eachExample(t *testing.T, tree *ask.Tree) map[string]string {
	t.Helper()
	where := map[string]string{}
	seen := map[string]bool{}
	for _, c := range tree.Commands() {
		if seen[c.Example] = true; shapes[c.Example] != "" {
			continue
		}
		where[c.Example] = "/" + c.Noun() + " help " + c.Words()
	}
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatal(err, pages)
	}
	for _, path := range append(pages, "../../README.md") {
		page, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range examplesIn(string(page)) {
			seen[line] = true
			if shapes[line] == "" {
				where[line] = filepath.Base(path)
			}
		}
	}
	for line := range shapes {
		if !seen[line] {
			t.Errorf("no page shows %s any more: take it off the list", line)
		}
	}
	return where
}

// prepared is the data of a demo in which there is something of everything.
func prepared(t *testing.T) (*app, string) {
	t.Helper()
	ctx := context.Background()
	demo := &demoCmd{Data: t.TempDir()}
	if err := demo.prepare(); err != nil {
		t.Fatal(err)
	}
	a := startAt(t, demo.Data)
	for _, step := range [][2]string{
		{"ana", "/incident declare Logins are slow sev2 service=web"},
		{"ana", "/incident lead me INC-1"}, {"ana", `/incident times INC-1 started="2d ago" why="first alert"`},
		{"ana", "/incident task INC-1 Check the database"}, {"ana", "/incident task INC-1 Check the cache"},
		{"ana", "/incident task INC-1 Ask the vendor"},
		{
			"dan",
			`/change new title="Resize the database" service=payments env=prod why="Queries time out" plan="Fail over, resize, fail back" backout="Fail back" start="in 5h" end=1h`,
		},
		{
			"dan",
			`/change new title="Renew certificates" service=web env=prod why="They run out" plan="Renew, reload" backout="Put the old ones back" start="in 9h" end=1h`,
		},
		{"ana", `/oncall new primary people=@ana,@ben handover="mon 09:00"`},
		{"dan", "/oncall page primary Checkout is down"},
		{"mia", "/report subscribe daily at=09:00"},
		{"mia", "/report run weekly last-week"},
	} {
		if status, answer := tell(t, a, step[0], step[1]); status != bot.Done {
			t.Fatalf("%s: %s\n%s", step[1], status, answer)
		}
		if _, err := a.bot.RunDue(ctx); err != nil {
			t.Fatal(err)
		}
	}
	return a, demo.Data
}

func startAt(t *testing.T, dir string) *app {
	t.Helper()
	a, err := place{Data: dir, Config: configFile}.wire(context.Background(), appOptions{
		server: true, log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	return a
}

// tell types a line where people would: about reports in their channel, the rest at a terminal.
func tell(t *testing.T, a *app, who, line string) (bot.Status, string) {
	t.Helper()
	ctx := context.Background()
	req := bot.Request{
		Key: rand.Text(), From: bot.Account{Platform: "cli", User: who}, Text: line, NoForms: true, Lone: true,
	}
	if strings.HasPrefix(line, "/report") {
		to, err := a.chat.FindChannel(ctx, "reports")
		if err != nil {
			t.Fatal(err)
		}
		req = bot.Request{Key: rand.Text(), From: bot.Account{Platform: "web", User: who}, Place: to, Text: line}
	}
	r := a.bot.Receive(ctx, req)
	if r.Message == nil {
		return r.Status, ""
	}
	return r.Status, r.Message.Plain(a.config.Zone)
}

// Whoever copies an example gets what it says, or is told that the thing is not in the right state for it: never that
// they typed it wrongly.
func TestEveryExampleRuns(t *testing.T) {
	a, dir := prepared(t)
	where := eachExample(t, a.bot.Tree())
	a.close()
	for line, page := range where {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			fresh := t.TempDir()
			if err := os.CopyFS(fresh, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			who := map[string]string{"/change": "ben", "/report": "mia"}[strings.SplitN(line, " ", 2)[0]]
			if who == "" {
				who = "ana"
			}
			status, answer := tell(t, startAt(t, fresh), who, line)
			if status == bot.Usage && nameOfACommand(a.bot.Tree(), line) && asksForTheRest(answer) {
				return
			}
			if status != bot.Done && status != bot.Refused && status != bot.FormOpen {
				t.Errorf("%s (%s): %s\n%s", line, page, status, answer)
			}
		})
	}
}

// nameOfACommand reports whether a page only names a command that takes more, like "see /change explain".
func nameOfACommand(tree *ask.Tree, line string) bool {
	return slices.ContainsFunc(tree.Commands(), func(c *bot.Command) bool {
		return "/"+c.Noun()+" "+c.Words() == line && c.Example != line
	})
}

func asksForTheRest(answer string) bool {
	return slices.ContainsFunc([]string{"Which ", "Missing: ", "Say what to change."}, func(start string) bool {
		return strings.HasPrefix(answer, start)
	})
}

// In a terminal there is no channel that says which thing is meant: a single one is, and of several the person is
// asked.
func TestWithoutAnIDTheOnlyOneIsMeant(t *testing.T) {
	a := demoApp(t)
	is := func(line string, status bot.Status, parts ...string) {
		t.Helper()
		got, answer := tell(t, a, "ana", line)
		if got != status {
			t.Errorf("%s: %s, want %s", line, got, status)
		}
		for _, part := range parts {
			if !strings.Contains(answer, part) {
				t.Errorf("%s: %q is missing in:\n%s", line, part, answer)
			}
		}
	}
	is("/incident role comms @ana", bot.Refused, "There is no incident that /incident role could be about right now.")
	is("/incident declare Logins are slow sev2 service=web", bot.Done, "INC-1")
	is(
		"/incident note Restarted the web servers", bot.Done, "On the timeline of INC-1",
		"This is about INC-1, the only one it could be about.",
	)
	is("/incident declare Printers print nothing sev4", bot.Done, "INC-2")
	is(
		"/incident role comms @ana", bot.Usage,
		"Which incident? Open are INC-2, INC-1. Write /incident role INC-2 comms @ana",
	)
	is("/incident cancel INC-1 False alarm, a test by mistake", bot.Done)
	is("/incident role comms @ana", bot.Done, "INC-2")
	is("/incident reopen The errors are back since noon", bot.Done, "INC-1 is open again.")
}
