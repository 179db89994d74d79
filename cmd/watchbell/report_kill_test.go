package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/adapters/slack"
	"github.com/watchbell/watchbell/adapters/slack/slackfake"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/report"
	"github.com/watchbell/watchbell/commands/report/digest"
	"github.com/watchbell/watchbell/commands/report/figures"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// mill is where processes make reports while they are killed: they share a database, a chat, and a clock that runs
// sixty times as fast.
type mill struct {
	url, api string
	folder   string // the clock, and how far the processes are
	odds     int    // a process dies at one of so many steps
}

// millLease goes by the clock of the database, which does not run faster.
const millLease = 4 * time.Second

func (m mill) env() []string {
	return append(
		os.Environ(), "WATCHBELL_MILL="+strings.Join([]string{m.url, m.api, m.folder, strconv.Itoa(m.odds)}, "\n"),
	)
}

func millOfEnv() (m mill, ok bool) {
	parts := strings.Split(os.Getenv("WATCHBELL_MILL"), "\n")
	if len(parts) != 4 {
		return m, false
	}
	odds, err := strconv.Atoi(parts[3])
	return mill{parts[0], parts[1], parts[2], odds}, err == nil
}

func (m mill) number(name string) int64 {
	data, _ := os.ReadFile(filepath.Join(m.folder, name))
	n, _ := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	return n
}

// put writes a number so that nobody ever reads half of it.
func (m mill) put(t *testing.T, name string, n int64) {
	t.Helper()
	path := filepath.Join(m.folder, name)
	own := fmt.Sprintf("%s.%d", path, os.Getpid())
	err := os.WriteFile(own, []byte(strconv.FormatInt(n, 10)), 0o600)
	if err == nil {
		err = os.Rename(own, path)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Now implements bot.Clock.
func (m mill) Now() time.Time { return time.Unix(m.number("clock"), 0).UTC() }

// bot is a bot that makes reports, as the program puts it together, for a Slack.
func (m mill) bot(store *storage.Store, step func(string)) *engine.Bot {
	b := engine.New(engine.Options{Store: store, Clock: m, Lease: millLease, Step: step})
	// The limits of Slack would make a day of a minute; a clock that runs ahead of them stays behind the present, for
	// messages are looked for up to it.
	began := time.Now()
	b.Attach(slack.New(slack.Options{
		BotToken: "xoxb-fake", APIURL: m.api, Core: b,
		Now: func() time.Time { return began.Add(-20*time.Hour + 60*time.Since(began)) },
	}))
	b.Use(report.New(board{store.Reports()}, b, report.Options{Clock: m}).Capability())
	return b
}

// board has a change to decide every day, so that each report has a thread.
type board struct{ report.Keeper }

func (board) Facts(
	_ context.Context, _, now time.Time, _ func(context.Context, *figures.Facts) error,
) (*figures.Facts, error) {
	return &figures.Facts{At: now, Began: now.AddDate(-1, 0, 0), Changes: []figures.Change{
		{
			Number: 1, Title: "Core switch firmware", Type: "normal", State: "pending", Risk: "medium", Requester: "dan",
			Submitted: now, Start: now.Add(time.Hour), End: now.Add(2 * time.Hour), Backout: true, Revision: 1,
			Waiting: []string{"Peer"},
		},
	}}, nil
}

// TestMillWorker is the process that is killed. By itself it does nothing.
func TestMillWorker(t *testing.T) {
	m, ok := millOfEnv()
	if !ok {
		t.Skip("a part of TestReportsOfProcessesThatAreKilled")
	}
	step := func(string) {
		if rand.IntN(m.odds) == 0 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	ctx := context.Background()
	store, err := storage.Open(ctx, m.url, storage.Options{Relaxed: true, Step: step})
	if err != nil {
		t.Fatal(err)
	}
	b := m.bot(store, step)
	for m.number("stop") == 0 {
		today := m.Now().Format(time.DateOnly)
		if err := b.Tick(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := b.RunDue(ctx); err != nil {
			t.Fatal(err)
		}
		if m.done(t, store, today) {
			m.put(t, "done-"+today, 1)
		}
		<-time.After(20 * time.Millisecond)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

// done reports whether every schedule has come to an end with its report of a day.
func (m mill) done(t *testing.T, store *storage.Store, day string) bool {
	t.Helper()
	ctx := context.Background()
	schedules, err := store.Reports().Schedules(ctx)
	if err != nil {
		t.Fatal(err)
	}
	runs, err := store.Reports().Runs(ctx, report.RunFilter{Report: digest.CAB, Bare: true, Limit: len(schedules)})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, r := range runs {
		if r.Slot == day && r.State != report.Due && r.State != report.Built {
			n++
		}
	}
	return n == len(schedules)
}

// slots is how many slots the processes have to get through: few each time, and as many as WATCHBELL_SLOTS says to be
// sure.
func slots() (channels, days int) {
	if n, err := strconv.Atoi(os.Getenv("WATCHBELL_SLOTS")); err == nil && n > 100 {
		return 100, n / 100
	}
	return 20, 3
}

// Processes are killed at any step, and answers of the chat are lost. Still each slot has its report once, with all of
// its parts, and none is missing.
func TestReportsOfProcessesThatAreKilled(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		drives(t)
		channels, days := slots()
		fake := slackfake.Start(t, slackfake.Options{Team: "T0FAKE"})
		m := mill{url: url, api: fake.API(), folder: t.TempDir(), odds: 150}
		first := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
		m.put(t, "clock", first.Add(-time.Hour).Unix())
		rooms := m.subscribe(t, fake, channels)
		workers := 3
		if strings.HasPrefix(url, "sqlite:") {
			workers = 1 // one process a file
		}
		deaths, ended, alive := 0, make(chan error, workers), make([]*exec.Cmd, 0, workers)
		begin := func() {
			cmd := exec.Command(os.Args[0], "-test.run=^TestMillWorker$", "-test.timeout=20m")
			cmd.Env = m.env()
			var said strings.Builder
			cmd.Stdout, cmd.Stderr = &said, &said
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			go func() {
				err := cmd.Wait()
				if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); err != nil &&
					(!ok || status.Signal() != syscall.SIGKILL) {
					err = fmt.Errorf("%w: %s", err, said.String())
				} else if err != nil {
					err = errKilled
				}
				ended <- err
			}()
			if alive = append(alive, cmd); len(alive) > workers {
				alive = alive[1:]
			}
		}
		for range workers {
			begin()
		}
		for day := range days {
			due := first.AddDate(0, 0, day)
			for now := due; m.number("done-"+due.Format(time.DateOnly)) == 0; now = now.Add(3 * time.Second) {
				m.put(t, "clock", now.Unix())
				if rand.IntN(100) == 0 {
					fake.Break(slackfake.Fault{Method: "chat.postMessage", Lost: true, Times: 1})
				}
				if now.Sub(due) > 6*time.Hour {
					t.Fatalf("day %d is not done within six hours", day)
				}
				if rand.IntN(12) == 0 { // not only at the steps that have a name
					_ = alive[rand.IntN(workers)].Process.Kill()
				}
				select {
				case err := <-ended:
					if err != errKilled {
						t.Fatalf("a process ended by itself: %v", err)
					}
					deaths++
					begin()
				case <-time.After(50 * time.Millisecond):
				}
			}
		}
		m.put(t, "stop", 1)
		for range workers {
			if err := <-ended; err == errKilled {
				deaths++
			} else if err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("%d slots, %d processes died", channels*days, deaths)
		if deaths < days {
			t.Errorf("only %d processes died: that tests little", deaths)
		}
		m.check(t, fake, rooms, first, days)
	})
}

var errKilled = fmt.Errorf("killed")

// subscribe gives each channel its report.
func (m mill) subscribe(t *testing.T, fake *slackfake.Server, channels int) []string {
	t.Helper()
	ctx := context.Background()
	store, err := storage.Open(ctx, m.url, storage.Options{Relaxed: true})
	if err != nil {
		t.Fatal(err)
	}
	people := bottest.People(slack.Platform)
	for i := range people {
		people[i].Accounts[0].Workspace = "T0FAKE"
		fake.AddUser(slackfake.User{
			ID: people[i].Accounts[0].User, Name: string(people[i].ID), RealName: people[i].Name, TZ: "UTC",
		})
	}
	if err := store.SyncPeople(ctx, people, m.Now()); err != nil {
		t.Fatal(err)
	}
	b := m.bot(store, nil)
	var rooms []string
	for n := range channels {
		<-time.After(50 * time.Millisecond) // Slack tells so many names a minute
		room := fake.AddChannel(fmt.Sprintf("board-%d", n), "mia")
		r := b.Receive(ctx, bot.Request{
			Key: fmt.Sprint("subscribe", n), From: bot.Account{Platform: slack.Platform, Workspace: "T0FAKE", User: "mia"},
			Place: bot.Conversation{Platform: slack.Platform, Workspace: "T0FAKE", Channel: room},
			Text:  "/report subscribe cab at=09:00 days=daily tz=UTC late=6h",
		})
		if r.Status != bot.Done {
			t.Fatalf("%s: %s", r.Status, bottest.Render(*r.Message))
		}
		rooms = append(rooms, room)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return rooms
}

// check looks at what stands in each channel, and at what the database says of it.
func (m mill) check(t *testing.T, fake *slackfake.Server, rooms []string, first time.Time, days int) {
	t.Helper()
	store, err := storage.Open(context.Background(), m.url, storage.Options{Relaxed: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	for _, room := range rooms {
		seen, threads := map[string]int{}, map[string]int{}
		for _, post := range fake.Messages(room) {
			if post.Thread != "" {
				threads[post.Thread]++
				continue
			}
			title, _, _ := strings.Cut(blockText(post.Blocks), "\n")
			seen[title]++
		}
		for _, post := range fake.Messages(room) {
			if post.Thread == "" && threads[post.TS] != 1 {
				t.Errorf("%s has %d messages in its thread", strings.TrimSpace(blockText(post.Blocks))[:40], threads[post.TS])
			}
		}
		for day := range days {
			title := "🟢 CAB agenda · " + first.AddDate(0, 0, day).Format("Mon 2 Jan 2006")
			if seen[title] != 1 {
				t.Errorf("%s: %q stands there %d times: %v", room, title, seen[title], seen)
			}
		}
		if len(seen) != days {
			t.Errorf("%s: %d reports of %d days", room, len(seen), days)
		}
	}
	runs, err := store.Reports().Runs(context.Background(), report.RunFilter{
		Report: digest.CAB, Bare: true, Limit: 2 * len(rooms) * days,
	})
	if err != nil {
		t.Fatal(err)
	}
	states := map[report.State]int{}
	for _, r := range runs {
		states[r.State]++
	}
	if states[report.Posted] != len(rooms)*days || len(states) != 1 {
		t.Errorf("runs by state: %v, want %d posted and nothing else", states, len(rooms)*days)
	}
	if dead, err := store.DeadJobs(context.Background(), 10); err != nil || len(dead) > 0 {
		t.Errorf("dead jobs: %+v %v", dead, err)
	}
}
