package people

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/database"
)

// known is what the process remembers of people, so that an action does not cost a statement for each. It has the
// version of the people's guard, which commits compare: nobody acts with a right that was taken away.
type known struct {
	mu     sync.Mutex
	people people
	turn   int64 // counts how often something was forgotten
}

// people are those of one version of their guard.
type people struct {
	version   int64
	until     time.Time
	byAccount map[bot.Account]bot.Person
	all       []bot.Person
}

// begin says what a reader has to show when it remembers what it read.
func (k *known) begin() int64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.turn
}

func (k *known) person(a bot.Account) (bot.Person, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	p, ok := k.people.byAccount[a]
	return p, ok && time.Now().Before(k.people.until)
}

func (k *known) everybody() ([]bot.Person, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.people.all), k.people.all != nil && time.Now().Before(k.people.until)
}

// of makes room for what was read of people at a version of their guard. It reports whether that may be remembered.
func (k *known) of(turn, version int64) bool {
	if turn != k.turn || len(k.people.byAccount) >= database.KnowAtMost {
		return false
	}
	if k.people.version != version || k.people.byAccount == nil || time.Now().After(k.people.until) {
		k.people = people{version: version, until: time.Now().Add(database.KnowFor), byAccount: map[bot.Account]bot.Person{}}
	}
	return true
}

func (k *known) keepPerson(turn int64, a bot.Account, p bot.Person) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.of(turn, p.AsOf.Version) {
		k.people.byAccount[a] = p
	}
}

func (k *known) keepEverybody(turn, version int64, all []bot.Person) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.of(turn, version) {
		k.people.all = slices.Clone(all)
	}
}

// forget drops everything when news are about people.
func (k *known) forget(news string) {
	if news != database.NewsPeople {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.people = people{}
	k.turn++
}

// peopleAsOf is the version of the people's guard.
func (d *Directory) peopleAsOf(ctx context.Context) (bot.Guard, error) {
	guards, err := database.ReadGuards(d.db.Reader(ctx), database.PeopleGuard)
	if err != nil {
		return bot.Guard{}, err
	}
	return guards[0], nil
}
