// Package rulebook is what an installation says about changes at a moment: the policy in force, the people and services
// it is held against, and who is in the groups that it asks. rulebook.go keeps the policy, roster.go reads the groups,
// and place.go puts together what one request needs of both.
package rulebook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/yamlfile"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// Options are what a book is about.
type Options struct {
	Services bot.Services
	People   func(ctx context.Context) ([]bot.Person, error)
	SignIn   bool                              // policies may ask for a sign-in on the web
	Policy   string                            // the file; "" is the policy that ships
	Read     func(path string) ([]byte, error) // default os.ReadFile
	Memory   change.Memory
	Chat     Chat
	Clock    bot.Clock
	Log      *slog.Logger
}

// Chat tells who is in user groups of platforms. *bot.Bot does.
type Chat interface {
	MembersOf(ctx context.Context, group string) ([]bot.PersonID, error)
}

// Book keeps the policy in force. A file with a mistake changes nothing: the one before stays, and Now says why. It may
// be used by many goroutines.
type Book struct {
	o      Options
	groups sync.Map // of chat platforms: when they were last written down

	mu       sync.Mutex
	inForce  *policy.Policy
	cases    []policy.Case
	problem  string // of the file as it is by now, "" when it is in force
	seen     string // the hash of the text that was looked at last
	lookedAt time.Time
}

// New makes a book without a policy in force; Load puts one in.
func New(o Options) *Book { return &Book{o: o} }

// How often the file is looked at while changes are worked on.
const policyEvery = 5 * time.Second

// Load puts the policy of the configuration in force. One that is refused, or missing, leaves the one that was in force
// before this start; without any, it is an error.
func (b *Book) Load(ctx context.Context) error {
	people, err := b.o.People(ctx)
	if err != nil {
		return err
	}
	k, err := b.CatalogOf(ctx, people)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	text, err := b.read()
	if err == nil {
		err = b.adopt(ctx, text, k)
	}
	if err == nil {
		return nil
	}
	old, memoryErr := b.o.Memory.Policy(ctx, "")
	if errors.Is(memoryErr, bot.ErrNoSuch) {
		return bot.Errorf(bot.Invalid, "%s: %v", b.name(), err)
	}
	if memoryErr != nil {
		return memoryErr
	}
	b.o.Log.Error("the policy is refused, the one before stays in force", "file", b.name(), "error", err)
	b.problem, b.seen = err.Error(), policy.ShaOf(text)
	p, cases, err := policy.ParsePolicy([]byte(old), k, true)
	if err != nil {
		return bot.Errorf(bot.Invalid, "%s: %s The policy before cannot be read by this program either: %v",
			b.name(), b.problem, err)
	}
	b.inForce, b.cases = p, cases
	return nil
}

func (b *Book) name() string {
	if b.o.Policy == "" {
		return "the policy that ships"
	}
	return b.o.Policy
}

func (b *Book) read() ([]byte, error) {
	if b.o.Policy == "" {
		return []byte(policy.DefaultPolicy), nil
	}
	read := b.o.Read
	if read == nil {
		read = os.ReadFile
	}
	text, err := read(b.o.Policy)
	if err != nil {
		return nil, fmt.Errorf("it cannot be read: %w", err)
	}
	return bytes.TrimPrefix(text, []byte(yamlfile.ByteOrderMark)), nil
}

// adopt puts a text in force, once it is written down.
func (b *Book) adopt(ctx context.Context, text []byte, k policy.Catalog) error {
	p, cases, err := policy.Parse(text, k)
	if err != nil {
		return err
	}
	for _, x := range cases {
		if bad := p.Check(x, k); len(bad) > 0 {
			return &policy.Error{Problems: []string{fmt.Sprintf("its own case %q fails: %s", x.Name, bad[0])}}
		}
	}
	if err := b.o.Memory.SavePolicy(ctx, p.SHA, p.Text, b.o.Clock.Now()); err != nil {
		return err
	}
	b.inForce, b.cases, b.problem, b.seen = p, cases, "", p.SHA
	return nil
}

// current is the policy in force. It looks at the file now and then, and takes on what changed there.
func (b *Book) current(ctx context.Context, k policy.Catalog) *policy.Policy {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if b.o.Policy == "" || now.Sub(b.lookedAt) < policyEvery {
		return b.inForce
	}
	b.lookedAt = now
	b.reread(ctx, k)
	return b.inForce
}

func (b *Book) reread(ctx context.Context, k policy.Catalog) {
	text, err := b.read()
	if err == nil {
		sha := policy.ShaOf(text)
		if sha == b.seen && b.problem == "" { // a service that it names may be there by now
			return
		}
		b.seen = sha
		if err = b.adopt(ctx, text, k); err == nil {
			b.o.Log.Info("a new policy is in force", "file", b.o.Policy, "sha", sha[:12])
			return
		}
	}
	if b.problem != err.Error() {
		b.problem = err.Error()
		b.o.Log.Error("the policy is refused, the one before stays in force", "file", b.o.Policy, "error", err)
	}
}

// Now looks at the file at once and returns the policy in force with its cases, and what is wrong with the file, "" if
// nothing is.
func (b *Book) Now(ctx context.Context) (*policy.Policy, []policy.Case, string, error) {
	k, err := b.Catalog(ctx)
	if err != nil {
		return nil, nil, "", err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.o.Policy != "" {
		b.reread(ctx, k)
	}
	return b.inForce, b.cases, b.problem, nil
}

// Catalog is what policies are held against.
func (b *Book) Catalog(ctx context.Context) (policy.Catalog, error) {
	people, err := b.o.People(ctx)
	if err != nil {
		return policy.Catalog{}, err
	}
	return b.CatalogOf(ctx, people)
}

// CatalogOf is Catalog, of people who were read already.
func (b *Book) CatalogOf(ctx context.Context, people []bot.Person) (policy.Catalog, error) {
	services, err := b.o.Services(ctx)
	return policy.Catalog{Services: services, People: people, SignIn: b.o.SignIn}, err
}
