package storage

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change"
)

// How long what was read of people and places may be used without looking again. Changes are told at once, here and by NOTIFY; this is for
// news that got lost.
const (
	knowFor   = time.Minute
	knowAtAll = 20_000 // accounts or places
)

// known is what the process remembers of people and of what conversations belong to, so that an action does not cost a statement for each.
// What it says of people has the version of their guard, which commits compare: nobody acts with a right that was taken away.
type known struct {
	mu     sync.Mutex
	people people
	places map[bot.Conversation]string // "" of those that belong to nothing
	until  time.Time                   // of the places
	turn   int64                       // counts how often something was forgotten
}

// people are those of one version of their guard.
type people struct {
	version   int64
	until     time.Time
	byAccount map[bot.Account]bot.Person
	all       []bot.Person

	delegations []change.Delegation // that were not over at since
	since       time.Time           // zero when they are not known
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
	if turn != k.turn || len(k.people.byAccount) >= knowAtAll {
		return false
	}
	if k.people.version != version || k.people.byAccount == nil || time.Now().After(k.people.until) {
		k.people = people{version: version, until: time.Now().Add(knowFor), byAccount: map[bot.Account]bot.Person{}}
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

// delegations are those that were not over at a time, with the version that the people's guard has then.
func (k *known) delegations(since time.Time) (list []change.Delegation, version int64, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.people.since.IsZero() || since.Before(k.people.since) || time.Now().After(k.people.until) {
		return nil, 0, false
	}
	for _, d := range k.people.delegations {
		if d.Until.After(since) {
			list = append(list, d)
		}
	}
	return list, k.people.version, true
}

func (k *known) keepDelegations(turn, version int64, since time.Time, list []change.Delegation) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.of(turn, version) {
		k.people.delegations, k.people.since = slices.Clone(list), since
	}
}

func (k *known) place(c bot.Conversation) (string, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	object, ok := k.places[c]
	return object, ok && time.Now().Before(k.until)
}

func (k *known) keepPlace(turn int64, c bot.Conversation, object string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if turn != k.turn {
		return
	}
	if now := time.Now(); k.places == nil || len(k.places) >= knowAtAll || now.After(k.until) {
		k.places, k.until = map[bot.Conversation]string{}, now.Add(knowFor)
	}
	k.places[c] = object
}

// News that instances on one PostgreSQL tell each other.
const (
	newsJobs   = ""
	newsPeople = "people"
	newsPlaces = "places"
)

// forget drops what news are about.
func (k *known) forget(news string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch news {
	case newsPeople:
		k.people = people{}
	case newsPlaces:
		k.places = nil
	default:
		return
	}
	k.turn++
}

// forgetAll is for when news may have been missed.
func (k *known) forgetAll() {
	k.forget(newsPeople)
	k.forget(newsPlaces)
}

// peopleAsOf is the version of the people's guard.
func (s *Store) peopleAsOf(ctx context.Context) (bot.Guard, error) {
	guards, err := readGuards(s.reader(ctx), peopleGuard)
	if err != nil {
		return bot.Guard{}, err
	}
	return guards[0], nil
}
