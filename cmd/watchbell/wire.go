package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/adapters/api"
	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/adapters/web/login"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/cmd/watchbell/config"
	"github.com/watchbell/watchbell/cmd/watchbell/demo"
	"github.com/watchbell/watchbell/commands/account"
	"github.com/watchbell/watchbell/commands/change/control"
	"github.com/watchbell/watchbell/commands/due"
	"github.com/watchbell/watchbell/commands/incident"
	"github.com/watchbell/watchbell/commands/incident/response"
	"github.com/watchbell/watchbell/commands/mine"
	told "github.com/watchbell/watchbell/commands/notify"
	"github.com/watchbell/watchbell/commands/oncall"
	"github.com/watchbell/watchbell/commands/register/desk"
	"github.com/watchbell/watchbell/commands/register/service"
	"github.com/watchbell/watchbell/commands/report"
	"github.com/watchbell/watchbell/commands/token"
	"github.com/watchbell/watchbell/storage"
)

// place says which installation a subcommand works on.
type place struct {
	Data   string `help:"Folder with the SQLite file watchbell.db and watchbell.yaml, as the demo makes it." placeholder:"DIR"`
	Config string `help:"The configuration file." default:"watchbell.yaml" placeholder:"FILE"`
}

const (
	databaseFile = "watchbell.db"
	configFile   = "watchbell.yaml"
)

// database is the address of the database: --data first, then DATABASE_URL, then a file in the current folder.
func (p place) database() (string, error) {
	if p.Data != "" {
		return "sqlite:" + filepath.Join(p.Data, databaseFile), nil
	}
	url, err := config.Secret("DATABASE_URL")
	if err != nil || url != "" {
		return url, err
	}
	return "sqlite:" + databaseFile, nil
}

// configPath is where the configuration is.
func (p place) configPath() string {
	if p.Data != "" && p.Config == configFile {
		return filepath.Join(p.Data, configFile)
	}
	return p.Config
}

// file loads the configuration. Only the default file may be missing.
func (p place) file() (*config.File, error) {
	path := p.configPath()
	var f *config.File
	var err error
	if _, missing := os.Stat(path); errors.Is(missing, fs.ErrNotExist) && p.Config == configFile {
		f, err = config.Parse(path, []byte("# defaults\n"))
	} else {
		f, err = config.Load(path)
	}
	if err != nil {
		return nil, err
	}
	return f, fromEnvironment(f)
}

// open opens the database without starting anything.
func (p place) open(ctx context.Context, o storage.Options) (*storage.Store, error) {
	url, err := p.database()
	if err != nil {
		return nil, err
	}
	return storage.Open(ctx, url, o)
}

// app is an installation, wired.
type app struct {
	config    *config.File
	place     place
	store     *storage.Store
	desk      *desk.Desk
	services  *service.Register
	bot       *engine.Bot
	entrance  *entrance
	site      webSite
	login     *login.Service
	chat      *web.Chat
	clock     bot.Clock
	incidents *response.Service
	changes   *control.Service
	duties    *oncall.Service
	reports   *report.Service
	told      *told.Service
	metrics   *metrics
	log       *slog.Logger
	postponed []step
}

// appOptions say how to wire it.
type appOptions struct {
	server   bool
	log      *slog.Logger
	listener net.Listener // of the pages for personas; nil: they are served at the entrance, if there is one
	personas bool
	site     *webSite  // default: as the configuration and the environment say
	entrance *entrance // default: none
	clock    bot.Clock // default: the database's
	patient  bool      // reading may take long
	later    bool      // the clock can be set ahead, by passTime
}

// wire opens the database and puts everything together. Adding a capability or a platform is one line here.
func (p place) wire(ctx context.Context, o appOptions) (*app, error) {
	file, err := p.file()
	if err != nil {
		return nil, err
	}
	store, err := p.open(ctx, storage.Options{Server: o.server, NoMigrate: !o.server, Patient: o.patient, Step: faultStep})
	if err != nil {
		return nil, err
	}
	a := &app{config: file, place: p, store: store, metrics: newMetrics(store), log: o.log, entrance: o.entrance}
	if err := a.settle(o.site); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	// Only a server makes people what the configuration says: a look with another file must not change who may do what.
	if o.server && len(file.People) > 0 {
		sync := func(ctx context.Context) error { return store.SyncPeople(ctx, people(file), bot.SystemClock{}.Now()) }
		if err := a.begin(ctx, "make people what the configuration says", sync); err != nil {
			return nil, errors.Join(err, store.Close())
		}
		if err := a.leaveOutTaken(ctx); err != nil {
			return nil, errors.Join(err, store.Close())
		}
	}
	if a.clock = o.clock; a.clock == nil {
		if a.clock, err = store.Clock(ctx); err != nil {
			return nil, errors.Join(err, store.Close())
		}
	}
	if o.later {
		a.clock = &demo.Later{Clock: a.clock}
	}
	a.services = a.newServices()
	if o.server {
		if err := a.begin(ctx, "put the services of the configuration into the register", a.provision); err != nil {
			return nil, errors.Join(err, store.Close())
		}
	}
	var perPerson engine.Limits // nobody else acts through a single command
	if o.server {
		if perPerson, err = limits(file); err != nil {
			return nil, errors.Join(err, store.Close())
		}
		if perPerson.Changes.PerMinute == 0 && o.log != nil {
			o.log.Warn(limitsAreOff)
		}
	}
	poll := 10 * time.Second
	if o.clock != nil { // whoever moves it does not tell
		poll = 0
	}
	a.bot = engine.New(engine.Options{
		Store: store, Limits: perPerson, Clock: a.clock, Log: o.log, Metrics: a.metrics, Grants: file.Roles, Zone: file.Zone,
		MemberRoles: file.MemberRoles, Poll: poll, Lease: faultLease, Step: faultStep,
	})
	a.incidents = response.New(store.Incidents(), a.bot, a.incidentOptions())
	a.bot.Use(a.incidents.Capability())
	changes, err := a.changeOptions(ctx, p, o.log)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	if !o.personas && provesMore(file) {
		changes.SignIn = func(page string, enough bot.Assurance) string { return a.login.SignIn(page, enough) }
	}
	a.changes = control.New(store.Changes(), a.bot, changes)
	if err := a.changes.LoadPolicy(ctx); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	a.bot.Use(a.changes.Capability())
	a.duties = oncall.New(store.OnCall(), a.bot, oncall.Options{
		People: store.People, Handover: report.HandoverJob, Clock: a.clock, Log: o.log,
	})
	a.bot.Use(a.duties.Capability())
	visitors, err := a.visitors(ctx, o)
	if err == nil && o.server {
		err = a.begin(ctx, "make roles by groups what the configuration says", a.regrant)
	}
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	a.chat = web.New(web.Options{
		Name: file.Name, Zone: file.Zone, Channels: channelNames(file), Store: store.Chat(), People: store.People, Log: o.log,
		Complete: a.bot.Complete, Options: a.bot.Options, Shortcuts: shortcuts(a.bot), Calendar: a.calendar,
		Reports: reportPages{a}, URL: a.chatURL(o.listener), Bell: a.bellPages(),
		Where: a.cardOf, Console: a.bot,
		Visitors: visitors, Listener: o.listener, Clock: a.clock,
	})
	a.bot.Attach(a.chat)
	if o.site != nil && o.site.shut == "" {
		if err := a.servePages(); err != nil {
			return nil, errors.Join(err, store.Close())
		}
	}
	a.reports = report.New(store.Reports(), a.bot, a.reportOptions(o.log))
	a.bot.Use(a.reports.Capability())
	a.bot.Use(account.New(store.Accounts(), a.bot, a.accountOptions()).Capability())
	a.bot.Use(a.login.Capability())
	a.bot.Use(token.New(store, a.bot.Permissions).Capability())
	telling, err := a.notifyOptions(a.chat.Address())
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	a.told = told.New(store.Notify(), a.bot, telling)
	a.bot.Use(a.told.Capability())
	a.bot.Use(mine.Capability(a.bot))
	a.bot.Use(due.New(store.Reminders(), a.bot, due.Options{
		People: store.People, Services: a.services.Services, Clock: a.clock, Zone: file.Zone,
		Channel: file.Incidents.Channel,
	}).Capability())
	if err := a.useRegisters(); err != nil {
		a.close()
		return nil, err
	}
	if !o.server {
		return a, a.attachAbsent(ctx)
	}
	if err := errors.Join(a.attachSlack(o.log), a.attachDiscord(ctx, a.log)); err != nil {
		a.close()
		return nil, err
	}
	for _, s := range []step{
		{"remember the platforms", func(ctx context.Context) error { return store.SetPlatforms(ctx, a.bot.Platforms()) }},
		{"make the channels of the configuration", a.makeChannels},
		{"free the roles of people who left", a.freeRoles},
		{"bring what is due up to date", a.rebuildDues},
	} {
		if err := a.begin(ctx, s.what, s.do); err != nil {
			a.close()
			return nil, err
		}
	}
	return a, nil
}

func (a *app) close() {
	a.entrance.close()
	_ = a.store.Close()
}

// makeChannels makes the channels that the configuration names, with their topics.
func (a *app) makeChannels(ctx context.Context) error {
	topics := map[string]string{}
	for _, c := range a.config.Channels {
		topics[c.Name] = c.Topic
	}
	for _, name := range channelNames(a.config) {
		conversation, err := a.chat.FindChannel(ctx, name)
		if err == nil && topics[name] != "" {
			err = a.chat.SetTopic(ctx, conversation, topics[name])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// rebuildDues brings the table of what is due up to date. It follows from everything else and is looked at again every
// night, so a fault in it is told and holds nothing up.
func (a *app) rebuildDues(ctx context.Context) error {
	err := a.bot.RebuildDues(ctx)
	if err != nil && !storage.CannotWrite(err) {
		a.log.Error("what is due is not up to date", "error", err)
		return nil
	}
	return err
}

// freeRoles frees the roles of people whom the configuration no longer knows, so that their incidents do not wait for
// them.
func (a *app) freeRoles(ctx context.Context) error {
	people, err := a.store.People(ctx)
	if err != nil {
		return err
	}
	var gone []bot.PersonID
	for _, p := range people {
		if !p.Active {
			gone = append(gone, p.ID)
		}
	}
	return a.incidents.FreeRoles(ctx, gone)
}

func channelNames(f *config.File) []string {
	names := []string{f.Incidents.Channel}
	if f.Changes.Channel != f.Incidents.Channel {
		names = append(names, f.Changes.Channel)
	}
	for _, c := range f.Channels {
		if !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
		}
	}
	return names
}

// cardOf is where the web chat shows the card of an incident or a change.
func (a *app) cardOf(ctx context.Context, id string) (bot.MessageRef, error) {
	kind := map[string]string{"INC": "incident", "CHG": "change"}
	prefix, _, _ := strings.Cut(id, "-")
	return a.bot.PostedAt(ctx, bot.CardKey(kind[prefix], id, web.Platform))
}

func shortcuts(b *engine.Bot) func() []web.Shortcut {
	return func() []web.Shortcut {
		var list []web.Shortcut
		for _, c := range b.Tree().Shortcuts() {
			list = append(list, web.Shortcut{Command: c.Name, Label: c.Shortcut, Ours: c.OnOurs})
		}
		return list
	}
}

// people are the configured people with their accounts. Everybody has one in the web chat and one on the command line.
func people(f *config.File) []bot.Person {
	groups := map[string][]string{}
	for name, members := range f.Groups {
		for _, m := range members {
			groups[m] = append(groups[m], name) // those of platforms are nobody's
		}
	}
	var list []bot.Person
	for _, p := range f.People {
		person := bot.Person{
			ID: bot.PersonID(p.ID), Name: p.Name, Email: p.Email, Roles: p.Roles, Zone: p.Zone, Groups: groups[p.ID],
			Active: true,
		}
		if person.Zone == nil {
			person.Zone = f.Zone
		}
		person.Accounts = []bot.Account{
			{Platform: "web", User: p.ID}, {Platform: cliPlatform, User: p.ID}, {Platform: api.Platform, User: p.ID},
		}
		for _, a := range p.Accounts {
			person.Accounts = append(person.Accounts, bot.Account{Platform: a.Platform, Workspace: a.Workspace, User: a.User})
		}
		list = append(list, person)
	}
	return list
}

func (a *app) incidentOptions() response.Options {
	f := a.config
	o := response.Options{
		Clock: a.clock, Services: a.services.Services, Changes: nearChanges{a}, Channel: f.Incidents.Channel,
		Keep: f.Incidents.KeepChannels, Policy: incident.Policy{},
	}
	for name, s := range f.Incidents.Severities {
		o.Policy[incident.Severity(name)] = incident.Cadence{UpdateEvery: s.UpdateEvery, NoLead: s.NoLead, Stale: s.Stale}
	}
	return o
}

func (c *cli) logger(w io.Writer, least slog.Level) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.LogLevel)) // kong has checked it
	o := &slog.HandlerOptions{Level: max(level, least)}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}
