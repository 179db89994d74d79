package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/watchbell/watchbell/adapters/api"
	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/cmd/watchbell/config"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/control"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/commands/change/receipt"
	"github.com/watchbell/watchbell/commands/incident"
	"github.com/watchbell/watchbell/commands/incident/response"
	"github.com/watchbell/watchbell/storage"
)

func (a *app) changeOptions(ctx context.Context, p place, log *slog.Logger) (control.Options, error) {
	f := a.config
	o := control.Options{
		People: a.store.People, Channel: f.Changes.Channel, Clock: a.clock, Log: log, Policy: p.policyFile(f),
		Read: readNamed,
	}
	o.Services, o.LeadOf = a.services.Services, a.leadOf
	o.Incident = response.ShowJob
	o.Linked = func(id, changeID string, how change.Verdict, by bot.PersonID) bot.Job {
		return response.LinkedJob(id, changeID, string(how), by)
	}
	key, err := signingKey(ctx, a.store)
	o.Key = key
	return o, err
}

// leadOf is who leads an incident, or led it.
func (a *app) leadOf(ctx context.Context, id string) (bot.PersonID, error) {
	i, err := a.store.Incidents().Get(ctx, id)
	if errors.Is(err, bot.ErrNoSuch) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return i.Lead, nil
}

// policyFile is where the change policy is, "" for the one that ships. A relative path starts at the configuration.
func (p place) policyFile(f *config.File) string {
	path := f.Changes.Policy
	if path == config.DefaultPolicy {
		return ""
	}
	if filepath.IsAbs(path) {
		return path
	}
	if p.Data != "" && p.Config == configFile {
		return filepath.Join(p.Data, path)
	}
	return filepath.Join(filepath.Dir(p.Config), path)
}

// signingKey signs receipts and evidence. It is derived from the installation's own secret, so there is nothing to
// configure and nothing to lose but the database.
func signingKey(ctx context.Context, store *storage.Store) (ed25519.PrivateKey, error) {
	secret, err := store.Secret(ctx)
	if err != nil {
		return nil, err
	}
	return bot.SigningKey(secret), nil
}

// nearChanges tells incidents about changes; the two capabilities know nothing of each other.
type nearChanges struct{ app *app }

// Near implements incident.Changes: what was or is carried out on the services around a time, the likeliest first.
func (n nearChanges) Near(ctx context.Context, services []string, from, to time.Time) ([]incident.Change, error) {
	list, err := n.app.changes.Register.Near(ctx, services, from, to)
	return toIncident(list), err
}

// About implements incident.Changes.
func (n nearChanges) About(ctx context.Context, ids []string) ([]incident.Change, error) {
	list, err := n.app.changes.Register.About(ctx, ids)
	return toIncident(list), err
}

func toIncident(list []change.NearChange) []incident.Change {
	var found []incident.Change
	for _, c := range list {
		found = append(found, incident.Change{ID: c.ID, Title: c.Title, Detail: c.Detail, CanRollBack: c.Running})
	}
	return found
}

// Link implements incident.Changes.
func (nearChanges) Link(changeID, incidentID string, verdict incident.Verdict, by bot.PersonID) bot.Job {
	how := change.Suspected
	if verdict == incident.NotRelated {
		how = change.Unrelated
	}
	return control.LinkJob(changeID, incidentID, how, by)
}

// apiServer is the way in for programs.
func (a *app) apiServer(ctx context.Context, o api.Options) (*api.Server, error) {
	key, err := signingKey(ctx, a.store)
	if err != nil {
		return nil, err
	}
	public := key.Public().(ed25519.PublicKey)
	o.Store, o.Receive, o.PublicKey, o.KeyID, o.Clock = a.store, a.bot.Receive, public, receipt.KeyID(public), a.clock
	o.Tree, o.Views, o.ViewsOf, o.Name, o.Version = a.bot.Tree(), a.bot.Views(), a.bot.ViewsOf, a.config.Name, version
	o.CommandsOf, o.Origin = a.bot.CommandsOf, a.config.Web.URL
	return api.New(o), nil
}

// calendar is what the calendar page of the web chat shows.
func (a *app) calendar(ctx context.Context, from, to time.Time) ([]web.Event, error) {
	events, err := a.changes.Register.Events(ctx, from, to)
	list := make([]web.Event, len(events))
	for i, e := range events {
		list[i] = web.Event{
			ID: e.ID, Kind: e.Kind, Title: e.Title, Detail: e.Detail, Start: e.Start, End: e.End,
			Over: e.State == change.Cancelled || e.State == change.Rejected || e.State == change.Expired,
		}
		switch {
		case e.Kind != "change":
		case e.Level == policy.High:
			list[i].Tone = bot.Critical
		case e.State == change.Pending:
			list[i].Tone = bot.Warning
		case e.State == change.Closed:
			list[i].Tone = bot.Good
		default:
			list[i].Tone = bot.Info
		}
	}
	return list, err
}
