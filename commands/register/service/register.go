package service

import (
	"context"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/register"
	"github.com/watchbell/watchbell/commands/register/desk"
)

// Noun is what the register is called.
const Noun = "service"

const prefix = "SVC" // of the other names of its records

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
		Noun: Noun, Prefix: prefix, Keyed: true, Aliases: []string{"svc"},
		Summary: "what we run, who owns it, and what it needs", Example: "Checkout description=\"where customers pay\"",
		Fields: fields(r.o), Columns: []string{"tier", "lifecycle", "on-call"},
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
			Do: func(c *bot.Call, s *Service) (string, error) { return s.verify(c.Today()) },
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
	x := named(all, what)
	var start []*Service
	name := what
	if x != nil {
		start, name = []*Service{x}, x.ID+" "+x.Name
	} else {
		links, err := shelf.Links(ctx, canonical(what))
		if err != nil {
			return bot.Reply{}, err
		}
		for _, l := range links {
			if s := named(all, l.ID); s != nil && l.Kind == Noun {
				start, name = append(start, s), canonical(what)
			}
		}
	}
	if len(start) == 0 {
		return bot.Reply{}, bot.Errorf(
			bot.NotFound, "There is no service %s, and no service is linked with it. See what there is with: /ops service list",
			bot.Shown(what),
		).About("what")
	}
	return bot.Answer(blastCard(name, x == nil, start, reach(all, start))), nil
}
