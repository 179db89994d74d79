package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/incident"
	"github.com/watchbell/watchbell/commands/incident/response"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// steps are the points at which opening and changing an incident can be cut off: before and after each commit, between
// each outside effect and its record.
var steps = []string{
	"commit:before", "commit:after", "commit:before/2", "commit:after/2", "commit:before/3",
	"incident.room:sent", "incident.room:stored", "incident.card:sent", "incident.card:stored", "incident.pin:sent",
	"incident.broadcast:sent", "incident.broadcast:stored",
	"incident.card:edited", "incident.broadcast:edited", "incident.entry:sent", "incident.entry:stored",
	"incident.told:sent", "incident.told:stored",
}

func TestKilledAtEachStep(t *testing.T) {
	t.Parallel()
	// side by side, for most of it is waiting for leases to end
	for n, part := range slices.Collect(slices.Chunk(steps, 6)) {
		t.Run(fmt.Sprintf("part %d", n+1), func(t *testing.T) {
			t.Parallel()
			storagetest.Each(t, func(t *testing.T, url string) { t.Parallel(); killedAtEach(t, url, part) })
		})
	}
}

func killedAtEach(t *testing.T, url string, steps []string) {
	in := newInstallation(t, url)
	in.start("").stop()
	store := in.open()
	b := in.browser("dan")
	b.channel = in.channelID(store, "incidents")
	died := 0
	for n, step := range steps {
		s := in.start(step)
		id, acked := fmt.Sprintf("step-%04d-", n), make(chan said, 3)
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			for m, text := range []string{
				fmt.Sprintf("/incident declare sev2 title=\"step%d\"", n), fmt.Sprintf("/incident lead me INC-%d", n+1),
				fmt.Sprintf("/incident update INC-%d told at step %d", n+1, n),
			} {
				r, err := b.do(ctx, id+fmt.Sprint(m), text)
				if err != nil {
					r.Error = err.Error()
				}
				acked <- r
			}
		}()
		select {
		case <-s.done:
			died++
			s = in.start("")
		case <-time.After(20 * time.Second):
			t.Errorf("nothing passed the step %s", step)
		}
		for range 3 {
			if r := <-acked; r.Status != string(bot.Done) {
				t.Errorf("%s: %s %s %s", step, r.Status, r.Error, r.Post.HTML)
			}
		}
		settled(t, store)
		s.stop()
	}
	if died != len(steps) {
		t.Errorf("died %d times, want %d", died, len(steps))
	}
	check := checker{t: t, in: in, store: store}
	check.everything()
	if check.incidents != len(steps) {
		t.Errorf("%d incidents, want %d", check.incidents, len(steps))
	}
}

// ledger is what people were told was done.
type ledger struct {
	mu      sync.Mutex
	titles  []string
	notes   map[string]string // text by incident
	tasks   map[string]string
	actions int
}

// fewest is how many actions have to succeed for a test to say anything.
const fewest = 50

func (l *ledger) done() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.actions
}

var incidentInAnswer = regexp.MustCompile(`INC-\d+`)

// work is one person who declares, notes and adds tasks until ctx ends. Whatever they were told was done goes into the
// ledger.
func work(ctx context.Context, b *browser, name string, l *ledger) {
	current := ""
	for n := 0; ctx.Err() == nil; n++ {
		token := fmt.Sprintf("%s-%05d", name, n)
		text := fmt.Sprintf("/incident declare sev2 title=\"title %s\"", token)
		kind := n % 6
		if current != "" {
			switch kind {
			case 1, 3:
				text = "/incident note " + current + " note " + token
			case 2:
				text = "/incident task " + current + " task " + token
			case 4:
				text = "/incident update " + current + " update " + token
			case 5:
				text = "/incident lead me " + current
			}
		}
		// Once begun, an action is repeated until it is answered, whatever becomes of ctx: only then is it known what to
		// expect.
		r, err := b.do(context.WithoutCancel(ctx), "load-"+token, text)
		if err != nil || r.Status != string(bot.Done) {
			continue
		}
		l.mu.Lock()
		l.actions++
		switch {
		case strings.HasPrefix(text, "/incident declare"):
			if id := incidentInAnswer.FindString(r.Post.HTML); id != "" && strings.Contains(r.Post.HTML, "Declared") {
				current = id
				l.titles = append(l.titles, "title "+token)
			}
		case strings.HasPrefix(text, "/incident note"):
			l.notes["note "+token] = current
		case strings.HasPrefix(text, "/incident task"):
			l.tasks["task "+token] = current
		}
		l.mu.Unlock()
	}
}

// enough reports whether a server was killed often enough: as often as WATCHBELL_KILLS says, or as often as fits into a
// minute, and at least forty times.
func enough(kills int, since time.Time) bool {
	if n, err := strconv.Atoi(os.Getenv("WATCHBELL_KILLS")); err == nil {
		return kills >= n
	}
	return kills >= 40 && time.Since(since) > time.Minute
}

// Again and again the server is killed at a random moment under load and started again. Nothing that was answered with
// success may be lost, nothing may be there twice.
func TestRandomKillsUnderLoad(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		in := newInstallation(t, url)
		in.start("").stop()
		store := in.open()
		channel := in.channelID(store, "incidents")
		ctx, cancel := context.WithCancel(context.Background())
		l := &ledger{notes: map[string]string{}, tasks: map[string]string{}}
		var people sync.WaitGroup
		for n, who := range []string{"ana", "ben", "dan", "ana"} {
			b := in.browser(who)
			b.channel = channel
			people.Go(func() { work(ctx, b, fmt.Sprintf("%s%d", who, n), l) })
		}
		kills := 0
		for began := time.Now(); !enough(kills, began) || kills < 300 && l.done() < fewest; kills++ {
			before := l.done()
			s := in.start("")
			select {
			case <-time.After(time.Duration(20+rand.IntN(500)) * time.Millisecond):
			case <-s.done:
				t.Errorf("the server stopped by itself: %s", s.log)
			}
			if kills%2 == 0 { // on a busy machine nothing is answered in half a second
				for deadline := time.Now().Add(10 * time.Second); l.done() == before && !s.dead() && time.Now().Before(deadline); {
					<-time.After(5 * time.Millisecond)
				}
			}
			s.kill()
		}
		s := in.start("")
		cancel()
		people.Wait()
		settled(t, store)
		if took := s.stop(); took > 15*time.Second {
			t.Errorf("stopping took %s", took)
		}
		t.Logf(
			"killed %d times; %d actions were answered with success, %d incidents declared", kills, l.actions, len(l.titles),
		)
		check := checker{t: t, in: in, store: store, cut: kills}
		check.everything()
		check.ledger(l)
	})
}

// Two servers share one PostgreSQL. One freezes in the middle of its work and the other takes over; when it thaws
// nothing happens twice.
func TestTwoInstancesShareTheWork(t *testing.T) {
	t.Parallel()
	drives(t)
	storagetest.Each(t, func(t *testing.T, url string) {
		if strings.HasPrefix(url, "sqlite:") {
			return // one server a file
		}
		in := newInstallation(t, url)
		first := in.start("")
		store := in.open()
		channel := in.channelID(store, "incidents")
		other := newInstallation(t, url)
		second := other.start("")
		l := &ledger{notes: map[string]string{}, tasks: map[string]string{}}
		ctx, cancel := context.WithCancel(context.Background())
		var people sync.WaitGroup
		for n, on := range []*installation{in, other, other, other} {
			b := on.browser([]string{"ana", "ben", "dan", "ana"}[n])
			b.channel = channel
			people.Go(func() { work(ctx, b, fmt.Sprintf("two%d", n), l) })
		}
		for n := 0; n < 3 || n < 30 && l.done() < fewest; n++ { // a busy machine takes longer to do anything
			<-time.After(time.Second)
			if err := first.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			<-time.After(3 * time.Second) // longer than the lease
			if err := first.cmd.Process.Signal(syscall.SIGCONT); err != nil {
				t.Fatal(err)
			}
		}
		if err := first.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		cancel()
		settled(t, store)
		if err := first.cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		people.Wait()
		first.stop() // what it did late, having thawed, it asks the other to do again
		settled(t, store)
		second.stop()
		check := checker{t: t, in: in, store: store}
		check.everything()
		check.ledger(l)
	})
}

// checker holds an installation to what must always be true of it.
type checker struct {
	t         *testing.T
	in        *installation
	store     *storage.Store
	cut       int // how often a process was killed
	incidents int
	entries   map[string]int // how often each text is on a timeline
	tasks     map[string]int
	titles    map[string]int
}

func (c *checker) everything() {
	t, ctx := c.t, context.Background()
	t.Helper()
	c.entries, c.tasks, c.titles = map[string]int{}, map[string]int{}, map[string]int{}
	if _, err := c.store.VerifyAudit(ctx, bot.Seal{}); err != nil {
		t.Errorf("audit: %v", err)
	}
	dead, err := c.store.DeadJobs(ctx, 10)
	if err != nil || len(dead) > 0 {
		t.Errorf("dead jobs: %+v %v", dead, err)
	}
	list, err := c.store.Incidents().List(ctx, response.Filter{Limit: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	c.incidents = len(list)
	for n, short := range list {
		if want := int64(len(list) - n); short.Number != want {
			t.Errorf("numbers are not dense: %d, want %d", short.Number, want)
		}
		c.incident(short.ID())
	}
}

func (c *checker) incident(id string) {
	t, ctx := c.t, context.Background()
	i, err := c.store.Incidents().Get(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	c.titles[i.Title]++
	for _, task := range i.Tasks {
		c.tasks[task.Text]++
	}
	entries, err := c.store.Incidents().Timeline(ctx, id, 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != i.Entries {
		t.Errorf("%s: %d entries, the record says %d", id, len(entries), i.Entries)
	}
	for n, e := range entries {
		c.entries[e.Text]++
		if e.Seq != n+1 {
			t.Errorf("%s: entry %d is number %d", id, n+1, e.Seq)
		}
	}
	audit, err := c.store.AuditOf(ctx, id)
	if err != nil || len(audit) != i.Version {
		t.Errorf("%s: %d audit entries, version %d (%v)", id, len(audit), i.Version, err)
	}
	c.projections(i, entries)
}

// projections checks that chat shows the record: one room with one card that is up to date, one broadcast, one message
// for each announced entry, and no reminder twice.
func (c *checker) projections(i *incident.Incident, entries []incident.Entry) {
	t, ctx := c.t, context.Background()
	posted, err := c.store.PostedFor(ctx, i.ID())
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]bot.Posted{}
	for _, p := range posted {
		keys[p.Key] = p
	}
	room, ok := keys["incident.room/"+i.ID()+"/web"]
	if !ok {
		t.Errorf("%s has no room", i.ID())
		return
	}
	channel := number(room.Ref.Channel)
	reminders := c.reminders(i, posted)
	cards, seen := 0, map[string]int{}
	for _, p := range posts(t, c.store, channel, 0) {
		text := plain(p)
		if isReminder(p) { // by its key: one that had its answer says what is true since
			reminders.found(p) // one series says the same each time
			for _, below := range posts(t, c.store, channel, p.ID) {
				if isReminder(below) {
					reminders.found(below)
				}
			}
			continue
		}
		if strings.Contains(text, "reported by") {
			cards++
			if !strings.Contains(text, fmt.Sprintf("v%d · reported", i.Version)) || !p.Pinned {
				t.Errorf("%s: the card is not up to date or not pinned, want v%d: %s", i.ID(), i.Version, text)
			}
			continue
		}
		seen[text]++
	}
	if i.Lead == "" && time.Since(i.Declared) > 90*time.Second && !reminders.kinds[string(incident.NoLead)] {
		t.Errorf("%s: nobody leads for %s, and nobody was asked to", i.ID(), time.Since(i.Declared))
	}
	if cards != 1 {
		t.Errorf("%s has %d cards", i.ID(), cards)
	}
	for text, n := range seen {
		if n > 1 && !strings.Contains(text, " leads") {
			t.Errorf("%s: posted %d times: %s", i.ID(), n, text)
		}
	}
	for _, e := range entries {
		_, was := keys[fmt.Sprintf("incident.entry/%s/web/%d", i.ID(), e.Seq)]
		if want := e.Kind == incident.UpdateEntry || e.Kind == incident.LeadEntry; was != want {
			t.Errorf("%s: entry %d (%s) posted: %v", i.ID(), e.Seq, e.Kind, was)
		}
	}
	broadcast, ok := keys["incident.broadcast/"+i.ID()+"/web"]
	if !ok {
		t.Errorf("%s is not announced", i.ID())
		return
	}
	for _, p := range posts(t, c.store, number(broadcast.Ref.Channel), number(broadcast.Ref.ID)) {
		if isReminder(p) {
			reminders.found(p)
		}
	}
	reminders.allFound()
	c.cut -= reminders.cut
	if c.cut < 0 {
		t.Errorf("%s: more reminders are not known than processes were killed", i.ID())
	}
}

// number is an id of the web chat, 0 if it is none.
func number(id string) int64 {
	n, _ := strconv.ParseInt(id, 10, 64)
	return n
}

// nudges is what the keys of reminders begin with in the web chat.
const nudges = "bot/incident.nudge/"

func isReminder(p web.Post) bool { return strings.HasPrefix(p.Key, nudges) }

// reminders are those of one incident: what the record says was posted, wherever it was, against what stands in chat.
// Most stand in the room; the one that nobody answered stands below the announcement too.
//
// A process may be killed after it posted one and before the record knows of it. When the job runs again, somebody may
// have done what was asked for meanwhile: then it is not posted again, and the record never learns of it. There is one
// of these for a kill at the most, and it is no other's repetition, which its key shows: what the record knows has
// another.
type reminders struct {
	t      *testing.T
	of     string
	posted map[int64]string // keys by post
	keys   map[string]bool
	kinds  map[string]bool
	cut    int // those that the record does not know
}

func (c *checker) reminders(i *incident.Incident, posted []bot.Posted) *reminders {
	r := &reminders{t: c.t, of: i.ID(), posted: map[int64]string{}, keys: map[string]bool{}, kinds: map[string]bool{}}
	for _, p := range posted {
		rest, ok := strings.CutPrefix(p.Key, "incident.nudge/"+i.ID()+"/web/")
		if !ok {
			continue
		}
		kind, _, _ := strings.Cut(rest, "/")
		r.kinds[kind], r.keys[p.Key] = true, true
		id := number(p.Ref.ID)
		if other, twice := r.posted[id]; twice {
			c.t.Errorf("%s: %s and %s are the same post", i.ID(), other, p.Key)
		}
		r.posted[id] = p.Key
	}
	return r
}

// found is one that stands in chat, and is counted off.
func (r *reminders) found(p web.Post) {
	r.t.Helper()
	if _, known := r.posted[p.ID]; !known {
		key := strings.TrimPrefix(p.Key, "bot/")
		if r.keys[key] || !strings.HasPrefix(p.Key, nudges+r.of+"/web/") {
			r.t.Errorf("%s: a reminder that is there twice, or was never meant: %s: %s", r.of, p.Key, plain(p))
		}
		r.keys[key] = true
		r.cut++
	}
	delete(r.posted, p.ID)
}

func (r *reminders) allFound() {
	r.t.Helper()
	for id, key := range r.posted {
		r.t.Errorf("%s: %s was posted as %d, which stands nowhere", r.of, key, id)
	}
}

// ledger checks that everything people were told was done is there, once.
func (c *checker) ledger(l *ledger) {
	c.t.Helper()
	if l.actions < fewest {
		c.t.Errorf("only %d actions: that tests nothing", l.actions)
	}
	for _, title := range l.titles {
		if c.titles[title] != 1 {
			c.t.Errorf("%q was declared and is there %d times", title, c.titles[title])
		}
	}
	for note := range l.notes {
		if c.entries[note] != 1 {
			c.t.Errorf("%q is there %d times", note, c.entries[note])
		}
	}
	for task := range l.tasks {
		if c.tasks[task] != 1 {
			c.t.Errorf("%q is there %d times", task, c.tasks[task])
		}
	}
	for title, n := range c.titles {
		if n > 1 {
			c.t.Errorf("%q was declared %d times", title, n)
		}
	}
}
