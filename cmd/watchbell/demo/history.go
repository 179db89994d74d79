// Package demo makes up what the demo shows: what people did before it starts, and time that passes faster than it
// does.
//
// Nothing here is written past the rules. A Past carries out the commands that people type, on a Clock that stands
// where it is set; Later runs ahead of the real time and does what is due by then.
package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/engine"
	"github.com/watchbell/watchbell/bot/value"
)

// Clock stands where it is set. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock makes a clock that stands at a time.
func NewClock(at time.Time) *Clock { return &Clock{now: at} }

// Now implements bot.Clock.
func (c *Clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

// Set moves the clock, never back.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.now) {
		c.now = t.UTC().Truncate(time.Microsecond)
	}
}

// Past lives the last days of the demo through: people do what they do every day, by the same commands, on a clock that
// stands in the past. No chat hears of it if no platform is attached to the bot.
type Past struct {
	bot   *engine.Bot
	clock *Clock
	rand  *rand.Rand
	n     int
}

// NewPast makes the past of a bot, whose clock the past moves. It is the same every time.
func NewPast(b *engine.Bot, c *Clock) *Past {
	return &Past{bot: b, clock: c, rand: rand.New(rand.NewPCG(2026, 11))}
}

// Live lives through that many days up to now and says how far it is. The clock has to stand where they begin.
func (w *Past) Live(ctx context.Context, now time.Time, days int, say func(string)) error {
	say(fmt.Sprintf("Living through the last %d days, which takes a moment …", days))
	w.do(ctx, "ana", `/oncall new primary people=@ana,@ben,@dan handover="mon 09:00"`)
	for day := range days {
		if day%30 == 29 {
			say(fmt.Sprintf("  %d of %d days", day+1, days))
		}
		if err := w.day(ctx, now.AddDate(0, 0, day-days), now.Add(-2*time.Hour)); err != nil {
			return err
		}
	}
	return nil
}

// End brings the clock to now and does what is due by then.
func (w *Past) End(ctx context.Context, now time.Time) error {
	w.clock.Set(now)
	_, err := w.bot.RunDue(ctx)
	return err
}

// LeaveOpen makes what the demo starts with: a change that is just done, an incident that goes on, with a follow-up
// that is soon due, a change that waits for approval and one that is planned, so that every section of a digest has
// something to show. It returns the id of the incident, "" if there is none.
func (w *Past) LeaveOpen(ctx context.Context, now time.Time) string {
	tomorrow := func(hour int) time.Time {
		d := now.UTC().AddDate(0, 0, 1)
		return time.Date(d.Year(), d.Month(), d.Day(), hour, 0, 0, 0, time.UTC)
	}
	w.clock.Set(now.Add(-175 * time.Minute))
	ready := w.plan(ctx, "Deploy web shop", "web", now.Add(-140*time.Minute))
	w.approve(ctx, ready)
	w.clock.Set(now.Add(-139 * time.Minute))
	w.do(ctx, "dan", "/change start "+ready)
	w.clock.Set(now.Add(-120 * time.Minute))
	for _, step := range []string{"done " + ready, "verify " + ready + " ok", "review " + ready + " Went as planned"} {
		w.do(ctx, "dan", "/change "+step)
	}
	w.clock.Set(now.Add(-115 * time.Minute))
	planned := w.plan(ctx, "Renew certificate of payments", "payments", tomorrow(18))
	w.approve(ctx, planned)
	w.plan(ctx, "Resize the search cluster", "search", tomorrow(20))
	w.clock.Set(now.Add(-80 * time.Minute))
	id := idIn(w.do(ctx, "dan", "/incident declare Some product pages load slowly sev3 service=web"), "INC-")
	w.clock.Set(now.Add(-70 * time.Minute))
	w.do(ctx, "ana", "/incident lead me "+id)
	w.do(ctx, "ana", "/incident update "+id+" One of three caches does not answer. Requests go to the other two.")
	w.do(
		ctx, "ana",
		fmt.Sprintf(
			`/incident followup %s "Alert on caches that do not answer" person=@ben due="%s UTC"`, id,
			tomorrow(15).AddDate(0, 0, 2).Format("2006-01-02 15:04"),
		),
	)
	w.keep(ctx, now)
	return id
}

// keep keeps vendors, contracts and risks, of which something is due soon.
func (w *Past) keep(ctx context.Context, now time.Time) {
	today := value.DayOf(now.UTC())
	w.clock.Set(now.Add(-60 * time.Minute))
	added := func(prefix, who, text string) string { return idIn(w.do(ctx, who, text), prefix) }
	vendor := func(text string) string { return added("VEN-", "mia", "/vendor add "+text) }
	// a contract for a year that ends in so many days
	contract := func(ends int, text string) string {
		start := today.Add(ends + 1).AddMonths(-12)
		return added("CTR-", "mia", fmt.Sprintf("/contract add %s months=12 start=%s", text, start))
	}
	metrics := vendor(`"Northstar Metrics" category=monitoring tier=critical support="Mon-Fri 8:00-18:00 CET" ` +
		`contacts="Jo Lee, support, +49 30 1234567"`)
	hosting := vendor(`"Harbour Hosting" category=hosting tier=critical owner=@ana ` +
		`contacts="Night desk, on call, +49 40 7654321"`)
	vendor(`"Paperclip Office" category=supplies tier=routine`)
	id := contract(60, "Monitoring vendor="+metrics+
		` renewal=auto renewal-months=12 notice="30 days" value="12000 EUR" per=year`)
	w.do(ctx, "mia", "/ops link "+id+" covers web")
	contract(25, `"Racks in the east" vendor=`+hosting+` owner=@ana renewal=manual value="2300 EUR" per=month`)
	risk := added("RSK-", "ana", `/risk add "Only one person knows how payments are reconciled" likelihood=3 impact=5`)
	const accept = `/risk accept %s until=%s by=@mia why="a second one starts in spring"`
	w.do(ctx, "ana", fmt.Sprintf(accept, risk, today.AddMonths(2)))
	w.do(ctx, "ben", `/risk add "The search cluster has no spare node" likelihood=2 impact=3 services=search`)
}

// approve lets everybody approve a change who may be asked to.
func (w *Past) approve(ctx context.Context, id string) {
	for _, who := range []string{"ben", "ana", "chloe", "ben"} {
		w.clock.Set(w.clock.Now().Add(4 * time.Minute))
		w.do(ctx, who, "/change approve "+id+" r1")
	}
}

// plan requests a change of an hour and returns its id.
func (w *Past) plan(ctx context.Context, title, service string, start time.Time) string {
	return idIn(
		w.do(
			ctx, "dan",
			fmt.Sprintf(
				`/change new title="%s" service=%s env=prod why="Planned work" plan="By the runbook, about 30 minutes" backout="Deploy the version before" test="In staging" start="%s UTC" end=1h`,
				title, service, start.Format("2006-01-02 15:04"),
			),
		),
		"CHG-",
	)
}

// do carries out a command of somebody. What is refused, for a freeze or an open incident say, was refused then, too.
func (w *Past) do(ctx context.Context, who, text string) bot.Reply {
	w.n++
	return w.bot.Receive(ctx, bot.Request{
		Key: fmt.Sprintf("history:%d", w.n), From: bot.Account{Platform: "cli", User: who}, Text: text, NoForms: true,
	})
}

var idForm = regexp.MustCompile(`\b(INC|CHG|PAGE|VEN|CTR|RSK)-\d+`)

// idIn is the first id of a kind in an answer, "" if there is none.
func idIn(r bot.Reply, prefix string) string {
	if r.Message == nil || r.Status != bot.Done {
		return ""
	}
	for _, id := range idForm.FindAllString(r.Message.Plain(time.UTC), -1) {
		if strings.HasPrefix(id, prefix) {
			return id
		}
	}
	return ""
}

// happening is something that goes wrong every now and then.
type happening struct {
	title, service, severity, cause string
	minutes                         int // how long it lasts, about
}

var happenings = []happening{
	{"Checkout returns 502", "checkout", "sev2", "A deployment exhausted the connection pool", 50},
	{"Card payments are declined", "payments", "sev1", "The provider's certificate had changed", 35},
	{"Search is slow", "search", "sev3", "An index was rebuilt in the wrong hours", 120},
	{"Images of products do not load", "web", "sev3", "The cache was full", 70},
	{"Printer queue on floor 3 is stuck", "", "sev4", "The spooler was restarted", 40},
	{"Confirmation e-mails are late", "checkout", "sev3", "The mail queue was throttled", 95},
	{"Login page shows an error", "web", "sev2", "A feature flag was set for everybody", 25},
	{"Nightly export did not run", "search", "sev4", "Disk was full; enlarged", 180},
}

var works = []struct{ title, service string }{
	{"Deploy web shop", "web"}, {"Renew certificate of payments", "payments"}, {"Resize the search cluster", "search"},
	{"Deploy checkout", "checkout"}, {"Patch operating systems", "search"}, {"Switch payment gateway route", "payments"},
}

func (w *Past) day(ctx context.Context, day, latest time.Time) error {
	morning := time.Date(day.Year(), day.Month(), day.Day(), 7, 0, 0, 0, time.UTC)
	if (value.Week{}).Workday(value.DayOf(day)) && w.rand.IntN(10) < 7 {
		w.work(ctx, morning.Add(time.Duration(w.rand.IntN(90))*time.Minute), latest)
	}
	for range w.rand.IntN(3) * w.rand.IntN(2) {
		w.trouble(ctx, morning.Add(time.Duration(240+w.rand.IntN(14*60))*time.Minute), latest)
	}
	_, err := w.bot.RunDue(ctx)
	return err
}

// work is one change from its request to its end.
func (w *Past) work(ctx context.Context, at, latest time.Time) {
	x := works[w.rand.IntN(len(works))]
	start := at.Add(2*time.Hour + time.Duration(w.rand.IntN(4))*time.Hour)
	if start.Add(2 * time.Hour).After(latest) {
		return
	}
	w.clock.Set(at)
	id := w.plan(ctx, x.title, x.service, start)
	if id == "" {
		return
	}
	for k, who := range []string{"ben", "ana", "chloe", "ben"} {
		w.clock.Set(at.Add(time.Duration(20+30*k+w.rand.IntN(20)) * time.Minute))
		w.do(ctx, who, "/change approve "+id+" r1")
	}
	w.clock.Set(start.Add(time.Minute))
	if w.do(ctx, "dan", "/change start "+id).Status != bot.Done {
		w.do(ctx, "dan", "/change cancel "+id+" It did not fit the window")
		return
	}
	w.clock.Set(start.Add(time.Duration(15+w.rand.IntN(25)) * time.Minute))
	if w.rand.IntN(12) == 0 {
		w.do(ctx, "dan", "/change rollback "+id+" Error rate went up")
		w.clock.Set(w.clock.Now().Add(10 * time.Minute))
	}
	w.do(ctx, "dan", "/change done "+id)
	w.clock.Set(w.clock.Now().Add(5 * time.Minute))
	w.do(ctx, "dan", "/change verify "+id+" ok")
	w.do(ctx, "dan", "/change review "+id+" Went as planned")
}

// trouble is one incident from its start to its end.
func (w *Past) trouble(ctx context.Context, at, latest time.Time) {
	x := happenings[w.rand.IntN(len(happenings))]
	lasts := time.Duration(x.minutes/2+w.rand.IntN(x.minutes)) * time.Minute
	if at.Before(w.clock.Now()) {
		at = w.clock.Now().Add(time.Minute)
	}
	if at.Add(lasts + 3*time.Hour).After(latest) {
		return
	}
	w.clock.Set(at)
	if w.rand.IntN(2) == 0 {
		page := idIn(w.do(ctx, "mia", "/oncall page primary "+x.title), "PAGE-")
		w.clock.Set(at.Add(3 * time.Minute))
		w.do(ctx, "ben", "/oncall ack "+page)
		w.do(ctx, "ben", "/oncall finish "+page+" incident")
	}
	text := "/incident declare " + x.title + " " + x.severity
	if x.service != "" {
		text += " service=" + x.service
	}
	id := idIn(w.do(ctx, "dan", text), "INC-")
	if id == "" {
		return
	}
	w.clock.Set(w.clock.Now().Add(time.Duration(1+w.rand.IntN(12)) * time.Minute))
	w.do(ctx, "ana", "/incident lead me "+id)
	if w.rand.IntN(3) > 0 {
		w.do(
			ctx, "ana",
			fmt.Sprintf(
				`/incident times %s started="%s UTC" why="first error in the log"`, id,
				at.Add(-time.Duration(2+w.rand.IntN(15))*time.Minute).Format("2006-01-02 15:04"),
			),
		)
	}
	w.clock.Set(at.Add(lasts))
	w.do(ctx, "ana", "/incident resolve "+id+" "+x.cause)
	w.clock.Set(w.clock.Now().Add(time.Hour))
	w.do(ctx, "ana", fmt.Sprintf(`/incident review %s happened="%s." publish=yes`, id, x.cause))
	w.do(ctx, "ana", "/incident close "+id)
}
