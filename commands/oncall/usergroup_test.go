package oncall_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/engine"
	"github.com/watchbell/watchbell/commands/oncall"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// workspace is a chat with user groups.
type workspace struct {
	*bottest.Recorder
	mu     sync.Mutex
	set    []string
	refuse error
}

func (w *workspace) SetGroup(_ context.Context, group string, members []bot.Account) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuse != nil {
		return w.refuse
	}
	line := group + ":"
	for _, a := range members {
		line += " " + a.User
	}
	w.set = append(w.set, line)
	return nil
}

func (w *workspace) lines() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.set, "\n")
}

// The user group of a rota consists of whoever answers for it: from the start, when the hand-over is accepted, and while
// somebody stands in.
func TestAUserGroupFollowsTheRota(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		chat := &workspace{Recorder: bottest.NewRecorder()}
		chat.Platform = "slack"
		here := bottest.NewRecorder()
		w := storagetest.Install(t, url, engine.Options{Grants: bot.Grants{"manager": {"*", "oncall:override"}}}, here, chat)
		w.Chat, w.Place = here, bot.Conversation{Platform: "test", Channel: "ops"}
		people := bottest.People("test")
		for k := range people {
			people[k].Accounts = append(people[k].Accounts, bot.Account{Platform: "slack", User: string(people[k].ID)})
		}
		if err := w.Store.SyncPeople(w.T.Context(), people, w.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		w.Bot.Use(oncall.New(w.Store.OnCall(), w.Bot, oncall.Options{
			People: w.Store.People, Clock: w.Clock,
			Handover: func(string) bot.Job { return bot.Job{Kind: "oncall.follow-group", Object: "nothing"} }, // nobody tells it here
		}).Capability())
		w.Do("ana", `/oncall new primary people=@ana,@ben handover="mon 09:00"`)
		w.Refused("dan", "/oncall group primary slack:@oncall", "Only administrators")
		for _, bad := range []string{"oncall", "slack:oncall", "discord:@oncall", "slack:@", "slack:@a b"} {
			if r := w.Type("mia", "/oncall group primary "+bad); r.Status == bot.Done {
				t.Errorf("%q was taken", bad)
			}
		}
		is := func(want string) {
			t.Helper()
			if got := chat.lines(); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		}
		w.Do("mia", "/oncall group primary slack:@oncall")
		is("@oncall: ana")
		w.Wait(time.Hour)
		is("@oncall: ana") // nothing changed, so nothing is sent
		w.Do("ana", `/oncall override primary @dan until "2026-11-25 18:00"`)
		w.Wait(time.Minute)
		is("@oncall: ana") // she answers for it until the hand-over is accepted
		w.Do("dan", "/oncall accept HO-1")
		w.Wait(time.Minute)
		is("@oncall: ana\n@oncall: dan")
		w.WaitUntil(time.Date(2026, 11, 25, 17, 1, 0, 0, time.UTC))
		w.Do("ana", "/oncall accept HO-2")
		w.Wait(time.Minute)
		is("@oncall: ana\n@oncall: dan\n@oncall: ana")
		w.WaitUntil(time.Date(2026, 11, 30, 8, 1, 0, 0, time.UTC))
		is("@oncall: ana\n@oncall: dan\n@oncall: ana") // nobody has accepted it yet
		chat.refuse = &bot.PermanentError{Err: errors.New("the app lacks the scope")}
		w.Do("ben", "/oncall accept HO-3")
		w.Wait(time.Minute)
		w.Contains(bottest.Text(w.Do("dan", "/oncall list")), "the user group slack:@oncall does not follow: the app lacks the scope")
		chat.refuse = nil
		w.Do("mia", "/oncall group primary slack:@oncall")
		is("@oncall: ana\n@oncall: dan\n@oncall: ana\n@oncall: ben")
		w.Do("mia", "/oncall group primary none")
		w.Verify()
	})
}
