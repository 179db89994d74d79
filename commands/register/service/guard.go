package service

import (
	"context"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register"
	"github.com/watchbell/watchbell/commands/register/record"
	"github.com/watchbell/watchbell/commands/register/service/item"
)

// namesGuard counts up when a service gets or loses another name.
const namesGuard = "service-names"

// along is asked about each change of a service.
func (r *Register) along(ctx context.Context, c *bot.Call, was, is *Service, change *record.Change) error {
	if c.Person.ID != "" { // Watchbell itself changes what the configuration says
		if err := r.allows(ctx, c, was, is); err != nil {
			return err
		}
	}
	if err := r.unique(ctx, was, is, change); err != nil {
		return err
	}
	if was != nil && was.Serves() && !is.Serves() {
		if err := r.retires(ctx, is, change); err != nil {
			return err
		}
	}
	if was == nil || was.Serves() != is.Serves() || item.Differing(was.Decisive(), is.Decisive()) != "" {
		change.Effects.Jobs = append(change.Effects.Jobs, r.o.Recheck(is.ID))
	}
	r.stir()
	return nil
}

// allows refuses what a person may not change.
func (r *Register) allows(ctx context.Context, c *bot.Call, was, is *Service) error {
	if was != nil && was.File != "" {
		if f := item.Differing(was.Told(), is.Told(), item.NotTold...); f != "" {
			return bot.Errorf(
				bot.Conflict, "The %s of %s comes from the configuration. Change it in %s and restart the server.", f, is.ID,
				was.File,
			).About(f)
		}
		if was.Serves() != is.Serves() {
			return bot.Errorf(
				bot.Conflict, "%s comes from the configuration. Take it out of %s first and restart the server.", is.ID, was.File,
			)
		}
	}
	if err := r.decides(ctx, c, was, is); err != nil {
		return err
	}
	if was != nil && was.Lifecycle != item.Planned && is.Lifecycle == item.Planned {
		return bot.Errorf(
			bot.Conflict, "Lifecycle: %s is %s already, so it is no longer planned.", is.ID, was.Lifecycle,
		).About("lifecycle")
	}
	var before []string
	if was != nil {
		before = was.Lacking()
	}
	lacks := slices.DeleteFunc(is.Lacking(), func(s string) bool { return slices.Contains(before, s) })
	if len(lacks) > 0 {
		return bot.Errorf(
			bot.Invalid, "Tier: a live service of tier 1 also needs %s. Add these in the same command, or make it planned "+
				"first: lifecycle=planned", value.Listed(lacks),
		).About("tier")
	}
	return r.known(ctx, was, is)
}

// decides refuses to change what policies decide by, but to those who may.
func (r *Register) decides(ctx context.Context, c *bot.Call, was, is *Service) error {
	if was == nil {
		was = &Service{Head: register.Head{Owner: c.Person.ID}}
		was.Preset()
		if !c.May(record.Manage) {
			if f := item.Differing(was.Decisive(), is.Decisive(), "depends-on"); f != "" {
				return bot.Errorf(
					bot.Forbidden, "Policies decide by the %s of a service, so managers and administrators set it. You may add a "+
						"service of tier 4 without tags that you own; they change it then.", f,
				).About(f)
			}
		}
		return nil
	}
	f := item.Differing(was.Decisive(), is.Decisive())
	if f == "" {
		return nil
	}
	if !c.May(record.Manage) {
		return bot.Errorf(
			bot.Forbidden, "Policies decide by the %s of a service, so managers and administrators change it.", f,
		).About(f)
	}
	open, err := r.o.Open(ctx, is.ID)
	for _, x := range open {
		if slices.Contains(x.For, c.Person.ID) {
			return bot.Errorf(
				bot.Forbidden, "%s is about %s and yours, so somebody else has to change the %s of it.", x.ID, is.ID, f,
			).About(f)
		}
	}
	return err
}

// known refuses further owners who are not there.
func (r *Register) known(ctx context.Context, was, is *Service) error {
	if was != nil && slices.Equal(was.Owners, is.Owners) {
		return nil
	}
	people, err := r.o.People(ctx)
	if err != nil {
		return err
	}
	teams, err := r.o.Teams(ctx)
	if err != nil {
		return err
	}
	for _, name := range is.Owners {
		active := func(p bot.Person) bool { return string(p.ID) == name && p.Active }
		if _, team := teams[name]; !team && !slices.ContainsFunc(people, active) {
			return bot.Errorf(
				bot.Invalid, "Owners: %q is neither a person who is active here nor a team.", bot.Shown(name),
			).About("owners")
		}
	}
	return nil
}

// unique refuses a name that another service has.
func (r *Register) unique(ctx context.Context, was, is *Service, change *record.Change) error {
	if was != nil && slices.Equal(was.Aliases, is.Aliases) && was.Live() == is.Live() {
		return nil
	}
	guards, err := r.o.Guards(ctx, namesGuard)
	if err != nil {
		return err
	}
	change.Effects.Relies = append(change.Effects.Relies, guards...)
	change.Bumps = append(change.Bumps, namesGuard)
	if !is.Live() {
		return nil
	}
	names, err := r.names(ctx, guards[0])
	if err != nil {
		return err
	}
	change.Names = append([]string{is.ID}, is.Aliases...)
	for _, name := range change.Names {
		if id := names[name]; id != "" && id != is.ID {
			return bot.Errorf(
				bot.Conflict, "Aliases: %s is what %s is called already. Choose another name.", name, id,
			).About("aliases")
		}
	}
	return nil
}

// names are the ids of services by all of their names, as of a version of the guard of names. They are remembered, for
// an import asks with each of its lines.
func (r *Register) names(ctx context.Context, as bot.Guard) (map[string]string, error) {
	r.memory.mu.Lock()
	names, ok := r.memory.names, r.memory.named == as && r.o.Clock.Now().Before(r.memory.namesUntil)
	r.memory.mu.Unlock()
	if ok {
		return names, nil
	}
	names = map[string]string{}
	err := r.own.Each(ctx, func(s *Service) error {
		for _, name := range append([]string{s.ID}, s.Aliases...) {
			names[name] = s.ID
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.memory.mu.Lock()
	defer r.memory.mu.Unlock()
	r.memory.names, r.memory.named, r.memory.namesUntil = names, as, r.o.Clock.Now().Add(knowFor)
	return names, nil
}

// retires refuses to take a service away that something live needs.
func (r *Register) retires(ctx context.Context, is *Service, change *record.Change) error {
	guards, err := r.o.Guards(ctx, record.LinksGuard(is.ID), "service:"+is.ID)
	if err != nil {
		return err
	}
	change.Effects.Relies = append(change.Effects.Relies, guards...)
	open, err := r.o.Open(ctx, is.ID)
	if err != nil {
		return err
	}
	var list []string
	for _, x := range open {
		list = append(list, x.ID)
	}
	err = r.own.Each(ctx, func(x *Service) error {
		if x.Lifecycle != item.Retired && x.ID != is.ID && slices.Contains(x.DependsOn, is.ID) {
			list = append(list, x.ID+" "+value.Shown(x.Name, 40))
		}
		return nil
	})
	if err == nil && len(list) > 0 {
		err = bot.Errorf(
			bot.Conflict, "Lifecycle: %s is still needed by %s. End these first, or make them name something else.", is.ID,
			value.Cut(strings.Join(list, ", "), 300),
		).About("lifecycle")
	}
	return err
}
