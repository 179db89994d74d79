// Package service is the register of services: what the organisation runs and people depend on. Incidents, changes, on
// call and reports read it as bot.Services, so a service that is added in chat is there for all of them at once.
//
//	planned ──> live ──> deprecated ──> retired
//
// A service that is no longer planned is never planned again; the other steps can be taken back. Services of the
// configuration are put into the register when a server starts; what the file says of them is changed there alone.
//
// Its rooms: item (one service), impact (what depends on what) and backstage (catalog-info.yaml). guard.go says who may
// change what, catalog.go what is in force, and provision.go the services of the configuration. This is more than other
// registers have, because everything else of Watchbell reads services, and policies decide by them.
package service

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/register"
	"github.com/watchbell/watchbell/commands/register/desk"
	"github.com/watchbell/watchbell/commands/register/service/backstage"
	"github.com/watchbell/watchbell/commands/register/service/impact"
	"github.com/watchbell/watchbell/commands/register/service/item"
)

// Noun is what the register is called.
const Noun = item.Noun

// What everything else says of services.
type (
	Service = item.Service
	Tier    = item.Tier
	Entry   = item.Entry
)

// InFile are services as everything else would read them if a file were all there is.
func InFile(entries []Entry, teams map[string][]string, zone *time.Location) []bot.Service {
	return item.InFile(entries, teams, zone)
}

// Options are what services need of everything else.
type Options struct {
	// Teams are the members of each team: people, and groups of chats like slack:@oncall.
	Teams func(ctx context.Context) (map[string][]string, error)
	// People are those who are known.
	People func(ctx context.Context) ([]bot.Person, error)
	// Rotas are those of on call, as choices.
	Rotas func(ctx context.Context) ([]bot.Option, error)
	// Open are the incidents and changes on a service that are not over.
	Open func(ctx context.Context, service string) ([]Open, error)
	// Latest is what happened last on a service, for whoever calls, as it is shown: incidents, changes. Optional.
	Latest func(ctx context.Context, c *bot.Call, service string) ([]bot.Section, error)
	// Recheck is the job that looks at the open changes on a service again.
	Recheck func(service string) bot.Job
	Zone    *time.Location // of service hours
	Clock   bot.Clock
	// Guards reads the versions of guards.
	Guards func(ctx context.Context, names ...string) ([]bot.Guard, error)
}

// Open is an incident or a change that is not over.
type Open struct {
	ID  string
	For []bot.PersonID // who asked for it, and for whom
}

// Register is the register of services, and what the core reads of it. It may be used by many goroutines.
type Register struct {
	own     register.Own[Service]
	desk    *desk.Desk
	o       Options
	memory  memory
	records bot.Capability
}

// New makes the register on a desk.
func New(d *desk.Desk, o Options) *Register {
	r := &Register{desk: d, o: o}
	r.records, r.own = register.NewOwn[Service](d, r.kind())
	return r
}

// Capabilities are the commands of services, and those about them that stand under /ops itself.
func (r *Register) Capabilities() []bot.Capability {
	i := r.records.Commands[0]
	for _, c := range r.records.Commands {
		if c.Name == Noun+".impact" {
			i = c
		}
	}
	i.Name, i.Permission, i.Example = "ops.impact", "ops.impact", "/ops impact checkout"
	return []bot.Capability{r.records, {
		Noun: bot.Noun{Name: "ops"}, Commands: []bot.Command{i},
		Grants: bot.Grants{"member": {i.Name}, "auditor": {i.Name}},
	}}
}

func (r *Register) kind() register.Kind[Service] {
	return register.Kind[Service]{
		Noun: Noun, Prefix: item.Prefix, Keyed: true, Aliases: []string{"svc"},
		Summary: "what we run, who owns it, and what it needs", Example: "Checkout description=\"where customers pay\"",
		Fields: item.Fields(r.o.Rotas), Columns: []string{"tier", "lifecycle", "on-call"},
		Ladders: map[string][]int{"verification": {14, 0}},
		// Both are fields; this is how they read from the other end.
		Relations: []desk.Relation{{Name: "depends-on", Back: "needed by"}, {Name: "supplied-by", Back: "supplies"}},
		Tells: map[string]register.Tells{
			"verify": {One: "service verified", Many: "services verified"},
		},
		Along: r.along, Around: r.around, Convert: r.convert,
		Verbs: []register.Verb[Service]{{
			Command: bot.Command{
				Name: "verify", Summary: "say that all that a service says is still true", Example: "/ops service verify checkout",
			},
			Do: func(c *bot.Call, s *Service) (string, error) { return s.Verify(c.Today()) },
		}},
		Reads: []register.Look[Service]{{
			Command: bot.Command{
				Name: "impact", Summary: "what fails with a service: all that need it, near and far",
				Example: "/ops service impact checkout", Common: true,
				Params: []bot.Param{{
					Name: "what", Label: "What", Kind: bot.TextParam, Bare: true, Required: true, Max: 60,
					Help: "A service, or anything that services are linked with, like db-03 or VEN-1.",
				}},
			},
			Show: r.impact,
		}},
		Card: r.card,
	}
}

// card says where a service comes from.
func (r *Register) card(s *Service, _ *bot.Call) []bot.Section {
	if s.File == "" {
		return nil
	}
	return []bot.Section{bot.Para("From the configuration (" + s.File + "), which alone changes what it says of it.")}
}

// around shows what happened last on a service.
func (r *Register) around(ctx context.Context, c *bot.Call, s *Service) ([]bot.Section, error) {
	if r.o.Latest == nil {
		return nil, nil
	}
	return r.o.Latest(ctx, c, s.ID)
}

// impact shows what depends on a thing.
func (r *Register) impact(ctx context.Context, c *bot.Call, shelf register.Shelf[Service]) (bot.Reply, error) {
	all, err := r.all(ctx)
	if err != nil {
		return bot.Reply{}, err
	}
	what := c.Text("what")
	x := item.Named(all, what)
	var start []*Service
	name := what
	if x != nil {
		start, name = []*Service{x}, x.ID+" "+x.Name
	} else {
		links, err := shelf.Links(ctx, item.Canonical(what))
		if err != nil {
			return bot.Reply{}, err
		}
		for _, l := range links {
			if s := item.Named(all, l.ID); s != nil && l.Kind == Noun {
				start, name = append(start, s), item.Canonical(what)
			}
		}
	}
	if len(start) == 0 {
		return bot.Reply{}, bot.Errorf(
			bot.NotFound, "There is no service %s, and no service is linked with it. See what there is with: /ops service list",
			bot.Shown(what),
		).About("what")
	}
	return bot.Answer(impact.Card(name, x == nil, start, impact.Reach(all, start))), nil
}

// convert makes the CSV of an import of a catalog-info.yaml; other files are as they are.
func (r *Register) convert(ctx context.Context, name string, data []byte) ([]byte, error) {
	if ext := strings.ToLower(filepath.Ext(name)); ext != ".yaml" && ext != ".yml" {
		return data, nil
	}
	all, err := r.all(ctx)
	if err != nil {
		return nil, err
	}
	teams, err := r.o.Teams(ctx)
	if err != nil {
		return nil, err
	}
	people, err := r.o.People(ctx)
	if err != nil {
		return nil, err
	}
	return backstage.Here{Services: all, Teams: teams, People: people}.Convert(data)
}
