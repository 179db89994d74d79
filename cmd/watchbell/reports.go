package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/oncall"
	"github.com/watchbell/watchbell/commands/report"
	"github.com/watchbell/watchbell/commands/report/figures"
)

func (a *app) reportOptions(log *slog.Logger) report.Options {
	f := a.config
	o := report.Options{
		Services: a.services.Services, Teams: slices.Sorted(maps.Keys(f.Groups)), Targets: figures.Targets{},
		Weights: map[string]float64{}, Duty: duty{a}, Freezes: a.freezes, Address: f.Web.URL, AuditSeal: a.auditSeal,
		Clock: a.clock, Log: log,
	}
	if o.Address == "" {
		o.Address = a.chat.URL()
	}
	for name, s := range f.Incidents.Severities { // who is reminded that nobody leads was to be acknowledged by then
		o.Targets[name] = s.NoLead
		o.Weights[name] = s.Downtime
	}
	return o
}

// auditSeal is the newest checkpoint of the audit log in short.
func (a *app) auditSeal(ctx context.Context) (string, error) {
	c, err := a.store.Checkpoint(ctx)
	if errors.Is(err, bot.ErrNoSuch) {
		return "", nil
	}
	return c.Short(), err
}

// freezes are those of the policy and those added by command.
func (a *app) freezes(ctx context.Context, from, to time.Time) ([]figures.Freeze, error) {
	events, err := a.changes.Register.Events(ctx, from, to)
	var list []figures.Freeze
	for _, e := range events {
		if e.Kind == "freeze" {
			list = append(list, figures.Freeze{ID: e.ID, Name: e.Title, Span: value.Span{From: e.Start, To: e.End}})
		}
	}
	return list, err
}

// duty tells reports who is on call; the two capabilities know nothing of each other.
type duty struct{ app *app }

// Rotas implements report.Duty.
func (d duty) Rotas(ctx context.Context, since, now time.Time) ([]figures.Rota, error) {
	duties, err := d.app.duties.Duties(ctx, since, now)
	if err != nil {
		return nil, err
	}
	people, err := d.app.store.People(ctx)
	if err != nil {
		return nil, err
	}
	zones := map[bot.PersonID]*time.Location{}
	for _, p := range people {
		zones[p.ID] = p.Zone
	}
	var list []figures.Rota
	for _, x := range duties {
		r := figures.Rota{Name: x.Rota.Name, Zone: x.Rota.Location(), Now: x.Who, Next: x.Next.Person, Until: x.Next.From}
		for _, g := range x.Gaps {
			r.Gaps = append(r.Gaps, value.Span{From: g.From, To: g.To})
		}
		for _, s := range x.StandIns {
			r.Swaps = append(r.Swaps, figures.Swap{Person: s.Person, For: s.For, Span: value.Span{From: s.From, To: s.To}})
		}
		for _, p := range x.Pages {
			who := p.AckBy
			if who == "" && len(p.Calls) > 0 {
				who = p.Calls[0].Person
			}
			r.Pages = append(r.Pages, figures.Page{
				ID: p.ID(), Rota: p.Rota, Who: who, Zone: zones[who], Text: p.Text, At: p.At, Acked: p.Acked,
				Led: p.Result == oncall.Handled || p.Result == oncall.Incident,
			})
		}
		if x.Open != nil {
			r.Open = handoverOf(x.Open, x.Rota, now)
		}
		list = append(list, r)
	}
	return list, nil
}

// Handover implements report.Duty.
func (d duty) Handover(ctx context.Context, id string) (*figures.Handover, error) {
	h, r, err := d.app.duties.Find(ctx, id)
	if err != nil {
		return nil, err
	}
	return handoverOf(h, r, d.app.clock.Now()), nil
}

func handoverOf(h *oncall.Handover, r *oncall.Rota, now time.Time) *figures.Handover {
	x := &figures.Handover{
		ID: h.ID(), Rota: h.Rota, From: h.From, To: h.To, At: h.At, Feel: h.Feel, Accepted: h.Accepted,
		Shift: value.Span{From: h.Since, To: h.At}, Ahead: value.Span{From: h.At, To: h.Until}, Zone: r.Zone, Place: r.Place,
		Channel: r.Channel,
	}
	if h.Closed != "" {
		x.Accepted = h.At
	}
	for _, w := range h.Watching(now) {
		x.Watch = append(x.Watch, w.Text)
	}
	return x
}

// reportPages shows reports on pages of the web chat.
type reportPages struct{ app *app }

// Page implements web.Reports.
func (p reportPages) Page(ctx context.Context, id string, who bot.Person) (web.ReportPage, error) {
	r, acks, err := p.app.reports.Find(ctx, id, who)
	if err != nil {
		return web.ReportPage{}, err
	}
	names, err := p.app.bot.Names(ctx)
	if err != nil {
		return web.ReportPage{}, err
	}
	body, err := r.Body(names)
	page := web.ReportPage{ID: r.ID(), Title: r.Content.Title, Body: body}
	for _, a := range acks {
		zone, zoneErr := value.Zone(r.Zone)
		if zoneErr != nil {
			zone = time.UTC
		}
		page.Read = append(page.Read, cmp.Or(names[a.Person], "@"+string(a.Person))+" "+a.At.In(zone).Format("2 Jan 15:04"))
	}
	return page, err
}

// File implements web.Reports.
func (p reportPages) File(ctx context.Context, id, name string, who bot.Person) (string, web.StoredFile, error) {
	r, _, err := p.app.reports.Find(ctx, id, who)
	if err != nil {
		return "", web.StoredFile{}, err
	}
	if name != "csv" && name != "html" {
		return "", web.StoredFile{}, bot.ErrNoSuch
	}
	names, err := p.app.bot.Names(ctx)
	if err != nil {
		return "", web.StoredFile{}, err
	}
	f, err := r.File(name, names)
	return f.Name, web.StoredFile{Type: f.Type, Data: f.Data}, err
}
