package main

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/cmd/watchbell/config"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/control"
	"github.com/watchbell/watchbell/commands/incident/response"
	"github.com/watchbell/watchbell/commands/register/desk"
	"github.com/watchbell/watchbell/commands/register/service"
)

// newServices makes the register of services, which everything else reads them from.
func (a *app) newServices() *service.Register {
	a.desk = desk.New(a.store.Registers(), a.deskOptions(a.clock))
	return service.New(a.desk, service.Options{
		Teams: a.teams, People: a.store.People, Rotas: a.rotas, Open: a.openOn, Latest: a.latestOn, Recheck: control.RecheckJob,
		Zone: a.config.Zone, Clock: a.clock, Guards: a.store.Registers().Guards,
	})
}

// provision makes the register say of services what the configuration says.
func (a *app) provision(ctx context.Context) error {
	troubles, err := a.services.Provision(ctx, a.fileName(), entries(a.config))
	for _, t := range troubles {
		a.log.Error("a service is not as the configuration says", "service", t.ID, "why", t.Err)
	}
	return err
}

// fileName is how the register names the configuration file.
func (a *app) fileName() string { return filepath.Base(a.place.configPath()) }

// entries are the services of the configuration.
func entries(f *config.File) []service.Entry {
	var list []service.Entry
	for _, s := range f.Services {
		e := service.Entry{
			ID: s.ID, Name: s.Name, Owners: s.Owners, Tags: s.Tags, DependsOn: s.DependsOn, SLO: s.SLO,
			Maintenance: s.ExcludeMaintenance, RestrictedTo: s.RestrictedTo,
		}
		if s.Tier > 0 {
			e.Tier = service.Tier(strconv.Itoa(s.Tier))
		}
		if s.Hours != nil {
			e.Hours = s.Hours.String()
		}
		for _, o := range s.Owners {
			if _, isGroup := f.Groups[o]; isGroup {
				e.Teams = append(e.Teams, o)
			}
		}
		list = append(list, e)
	}
	return list
}

// teams are the groups that people are in, as the database and the configuration say.
func (a *app) teams(ctx context.Context) (map[string][]string, error) {
	people, err := a.store.People(ctx)
	teams := map[string][]string{}
	for _, p := range people {
		for _, g := range p.Groups {
			teams[g] = append(teams[g], string(p.ID))
		}
	}
	maps.Copy(teams, a.config.Groups) // these have the user groups of platforms too
	return teams, err
}

func (a *app) rotas(ctx context.Context) ([]bot.Option, error) {
	rotas, err := a.store.OnCall().Rotas(ctx)
	var list []bot.Option
	for _, r := range rotas {
		list = append(list, bot.Option{Value: r.Name, Label: r.Name})
	}
	return list, err
}

// mostOpen is how many of each kind a refusal looks at.
const mostOpen = 50

// openOn are the incidents and changes on a service that are not over.
func (a *app) openOn(ctx context.Context, id string) ([]service.Open, error) {
	incidents, err := a.store.Incidents().List(ctx, response.Filter{Open: true, Service: id, Limit: mostOpen})
	if err != nil {
		return nil, err
	}
	changes, err := a.store.Changes().List(ctx, change.Filter{Service: id, Limit: mostOpen, States: []change.State{
		change.Draft, change.Pending, change.Approved, change.Implementing, change.Verifying, change.RollingBack,
		change.Review,
	}})
	var list []service.Open
	for _, i := range incidents {
		list = append(list, service.Open{ID: i.ID()})
	}
	for _, c := range changes {
		list = append(list, service.Open{ID: c.ID(), For: []bot.PersonID{c.Requester, c.Beneficiary}})
	}
	return list, err
}

// mostLatest is how many of each kind the card of a service shows.
const mostLatest = 3

// latestOn are the last incidents and changes on a service, of those that may be read where somebody asks.
func (a *app) latestOn(ctx context.Context, c *bot.Call, id string) ([]bot.Section, error) {
	all, err := a.services.Services(ctx)
	if err != nil {
		return nil, err
	}
	shows := func(permission string, services []string) bool {
		reader := bot.Reader{Person: c.Person.ID, Groups: c.Person.Groups, Channel: c.Place.Channel}
		return c.May(permission) && bot.Restrictions(all).Include(reader, bot.Audience{Services: services})
	}
	var now, incidents, changes []string
	open, err := a.store.Incidents().List(ctx, response.Filter{Service: id, Open: true, Limit: mostLatest})
	if err != nil {
		return nil, err
	}
	for _, i := range open {
		if shows("incident.list", i.Services) {
			now = append(now, i.ID()+" "+i.Severity.Label()+" "+i.State.Label())
		}
	}
	last, err := a.store.Incidents().List(ctx, response.Filter{Service: id, Limit: mostLatest})
	if err != nil {
		return nil, err
	}
	for _, i := range last {
		if shows("incident.list", i.Services) {
			incidents = append(incidents, i.ID()+" "+value.Shown(i.Title, 60)+" ("+i.State.Label()+")")
		}
	}
	list, err := a.store.Changes().List(ctx, change.Filter{Service: id, Limit: mostLatest, States: []change.State{
		change.Pending, change.Approved, change.Implementing, change.Verifying, change.RollingBack, change.Review,
		change.Closed,
	}})
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		if shows("change.list", x.Services) {
			changes = append(changes, x.ID()+" "+value.Shown(x.Title, 60)+" ("+x.State.Label()+")")
		}
	}
	var s bot.Section
	for _, f := range []struct {
		label string
		lines []string
	}{{"Open now", now}, {"Last incidents", incidents}, {"Last changes", changes}} {
		if len(f.lines) > 0 {
			s.Fields = append(s.Fields, bot.Field{Label: f.label, Value: bot.T(strings.Join(f.lines, "; "))})
		}
	}
	if len(s.Fields) == 0 {
		return nil, nil
	}
	return []bot.Section{s}, nil
}

type serviceCmd struct {
	Adopt adoptServiceCmd `cmd:"" help:"Let the configuration say what a service is that was added in chat. Example: watchbell service adopt checkout"`
}

type adoptServiceCmd struct {
	place
	Service string `arg:"" help:"Its id, like checkout."`
}

// Run is for administrators: those who may write to the database.
func (c *adoptServiceCmd) Run(ctx context.Context, root *cli, out streams) error {
	a, err := c.wire(ctx, appOptions{log: root.logger(out.err, 0)})
	if err != nil {
		return err
	}
	defer a.close()
	list := entries(a.config)
	i := slices.IndexFunc(list, func(e service.Entry) bool { return e.ID == c.Service })
	if i < 0 {
		return bot.Errorf(bot.NotFound, "%s names no service %s.", a.fileName(), bot.Shown(c.Service))
	}
	err = a.services.Adopt(ctx, a.fileName(), list[i], cliPlatform+"/"+operator())
	if errors.Is(err, bot.ErrNoSuch) {
		return bot.Errorf(
			bot.NotFound, "Chat knows no service %s, so the next start of the server adds it.", bot.Shown(c.Service),
		)
	}
	return err
}
