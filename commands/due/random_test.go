package due_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/due/ladder"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// A month of random things that become due, move, are snoozed and settled, with downtimes in between. Dates are told in
// working hours only, one message a person and day. What is settled is in no new message, and no morning after which
// the bot ran leaves anything untold.
func TestAMonthOfAnything(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			m := month{world: newWorld(t, storagetest.SQLite(t)), Rand: rand.New(rand.NewPCG(seed, 1)), seen: map[string]bool{}}
			for range 30 {
				m.day()
			}
			if m.told < 30 {
				t.Errorf("only %d messages", m.told)
			}
			m.Verify()
		})
	}
}

type month struct {
	*world
	*rand.Rand
	seen map[string]bool // keys of messages
	told int
}

// day is one day: its night and morning, what was told by then, and what people do afterwards.
func (m *month) day() {
	today := m.on(1)
	if m.IntN(6) == 0 { // nobody runs it until noon
		m.Clock.Move(today.At(12*60, berlin()).Sub(m.Clock.Now()))
	} else {
		m.pass(today.At(10*60, berlin()))
		m.nothingIsLeft(today)
	}
	for range m.IntN(8) {
		m.change()
		m.pass(m.Clock.Now().Add(40 * time.Minute))
	}
}

func (m *month) pass(end time.Time) {
	for m.Clock.Now().Before(end) {
		m.Wait(min(20*time.Minute, end.Sub(m.Clock.Now())))
		m.look()
	}
}

// look checks the messages that are new.
func (m *month) look() {
	m.T.Helper()
	now := m.Clock.Now().In(berlin())
	for _, x := range m.Chat.Messages() {
		parts := strings.Split(x.Key, "/")
		if m.seen[x.Key] || parts[0] != "ops.due" || len(parts) < 4 {
			continue
		}
		m.seen[x.Key] = true
		m.told++
		on, daily := value.ParseDate(parts[2])
		if daily && (on != value.DayOf(now) || !(value.Week{}).Workday(on) || now.Hour() < 9 || now.Hour() >= 17) {
			m.T.Errorf("%s was told at %s", x.Key, now)
		}
		text := x.Message.Plain(time.UTC)
		for _, id := range m.settled() {
			if strings.Contains(text, id+":") || strings.Contains(text, id+" is") {
				m.T.Errorf("%s is settled, and told at %s: %s", id, now, text)
			}
		}
	}
}

// ids are those of all things.
func ids() (list []string) {
	for n := range 12 {
		list = append(list, fmt.Sprintf("CTR-%02d", n+1))
	}
	return list
}

func (m *month) settled() (list []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids() {
		if _, live := m.things[[2]string{id, "notice"}]; !live {
			list = append(list, id)
		}
	}
	return list
}

// nothingIsLeft fails the test if, on a workday after a morning with a bot, a step was reached and not told.
func (m *month) nothingIsLeft(today value.Day) {
	m.T.Helper()
	if !(value.Week{}).Workday(today) {
		return
	}
	for _, id := range ids() {
		entries, err := m.Store.Reminders().Find(m.T.Context(), id)
		if err != nil {
			m.T.Fatal(err)
		}
		for _, e := range entries {
			r := ladder.Reminder{Due: e.Due, Told: e.Told, Hours: ladder.OfficeHours, Zone: berlin()}
			if step, ok := r.Reached(m.Clock.Now()); ok && !r.Snoozed().After(m.Clock.Now()) {
				m.T.Errorf("%s: %+v has reached %d, which nobody was told", m.Clock.Now(), e, step)
			}
		}
	}
}

// change is something that people do.
func (m *month) change() {
	id := ids()[m.IntN(12)]
	owner := []bot.PersonID{"dan", "ben", "ana", "eve", ""}[m.IntN(5)]
	switch m.IntN(4) {
	case 0:
		m.save(notice(id, owner, m.on(m.IntN(40)-3)))
	case 1:
		d := notice(id, owner, value.Day{})
		d.At, d.Since, d.Urgent = m.Clock.Now().Add(time.Duration(m.IntN(3000))*time.Minute), m.Clock.Now(), m.IntN(2) == 0
		m.save(d)
	case 2:
		m.save(bot.Due{Object: id, What: "notice"})
	case 3:
		m.Type("mia", fmt.Sprintf("/ops due-snooze %s days=%d why=later", id, []int{3, 7, 14}[m.IntN(3)]))
	}
}
