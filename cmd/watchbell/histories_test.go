package main

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

const (
	clients  = 20  // of each history; every other one makes two moves, the rest one
	atOnce   = 8   // histories that are recorded side by side
	recorded = 250 // on each database, each of an incident and of a change: a thousand in all
)

// histories is how many are recorded on each database: as many as WATCHBELL_HISTORIES says, or 250.
func histories() int {
	if n, err := strconv.Atoi(os.Getenv("WATCHBELL_HISTORIES")); err == nil {
		return n
	}
	return recorded
}

const historyPolicy = `version: 1
environments: [prod]
groups:
  approvers: {roles: [approver]}
  everybody: {roles: [responder]}
emergency: {submitters: everybody}
rules:
  - {id: emergency, when: {type: emergency}, stages: [{name: approval, from: approvers, quorum: 2}]}
  - {id: catch-all, fallback: true, stages: [{name: any, from: approvers, quorum: 1}]}
`

// historyPeople are those who act: all respond, half decide changes, a few may do what only a lead may.
func historyPeople() []bot.Person {
	var people []bot.Person
	for n := range clients {
		p := bot.Person{
			ID: bot.PersonID(fmt.Sprintf("p%02d", n)), Name: fmt.Sprintf("Person %d", n), Roles: []string{"responder"},
			Active: true,
		}
		if n%2 == 1 {
			p.Roles = append(p.Roles, "approver")
		}
		if n%7 == 3 {
			p.Roles = append(p.Roles, "incident-lead")
		}
		people = append(people, p)
	}
	return people
}

// TestHistoriesAreLinearizable records what twenty people were told who work on one incident and one change at once,
// while processes are killed and frozen, and on PostgreSQL two of them share the work and are cut off from it. Each
// history has an order of its moves in which the pure state machines give the same answers, numbers of versions and
// records, and in which nothing comes before what was answered before it began.
func TestHistoriesAreLinearizable(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		r := newRecorder(t, url)
		ctx, stop := context.WithCancel(context.Background())
		var troubles sync.WaitGroup
		troubles.Go(func() { r.trouble(ctx) })
		var todo atomic.Int64
		var work sync.WaitGroup
		for range atOnce {
			work.Go(func() {
				for n := todo.Add(1); n <= int64(histories()) && !t.Failed(); n = todo.Add(1) {
					r.history(n)
				}
			})
		}
		work.Wait()
		stop()
		troubles.Wait()
		r.sum(histories())
	})
}

// recorder records histories on one database.
type recorder struct {
	t         *testing.T
	situation situation
	store     *storage.Store
	channel   int64
	places    []*outpost
	began     time.Time

	mu                                sync.Mutex
	done, refused, unknown, reads     int
	kills, freezes, cuts, checkedOnce int
}

// outpost is one instance of the program and its way to the database.
type outpost struct {
	*installation
	line   *line // nil for a file
	server *server
}

func newRecorder(t *testing.T, url string) *recorder {
	rules := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(rules, []byte(historyPolicy), 0o600); err != nil {
		t.Fatal(err)
	}
	people := historyPeople()
	parsed, _, err := policy.Parse([]byte(historyPolicy), policy.Catalog{
		Services: []bot.Service{historyService}, People: people,
	})
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{t: t, situation: situated(people, parsed), began: time.Now()}
	instances := 1
	if !strings.HasPrefix(url, "sqlite:") {
		instances = 2
	}
	for range instances {
		in := newInstallation(t, url)
		o := &outpost{installation: in}
		if instances > 1 {
			o.line = newLine(t, url)
			in.url = o.line.url
		}
		var b strings.Builder
		fmt.Fprintf(
			&b,
			"name: Histories\nzone: UTC\nweb: {listen: \"127.0.0.1:%d\"}\nchanges: {policy: %s}\nservices: [{id: web, name: "+
				"Web shop, owners: [p00]}]\nchannels: [{name: incidents}]\npeople:\n",
			in.port, rules,
		)
		for _, p := range people {
			fmt.Fprintf(&b, "  - {id: %s, name: %s, roles: [%s]}\n", p.ID, p.Name, strings.Join(p.Roles, ", "))
		}
		if err := os.WriteFile(in.config, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		o.server = in.start("")
		r.places = append(r.places, o)
	}
	direct := newInstallation(t, url)
	r.store = direct.open()
	r.channel = direct.channelID(r.store, "incidents")
	return r
}

// trouble kills, freezes and cuts off one instance after the other.
func (r *recorder) trouble(ctx context.Context) {
	for n := 0; ctx.Err() == nil; n++ {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(100+rand.IntN(1900)) * time.Millisecond):
		}
		o := r.places[n%len(r.places)]
		switch kind := rand.IntN(4); {
		case kind == 0:
			_ = o.server.cmd.Process.Signal(syscall.SIGSTOP)
			frozen := time.Duration(20+rand.IntN(500)) * time.Millisecond
			if r.freezes%5 == 0 {
				frozen = 3 * time.Second // longer than a lease
			}
			<-time.After(frozen)
			_ = o.server.cmd.Process.Signal(syscall.SIGCONT)
			r.freezes++
		case kind == 1 && o.line != nil:
			o.line.cut(time.Duration(20+rand.IntN(700)) * time.Millisecond)
			r.cuts++
		default:
			o.server.kill()
			o.server = o.start("")
			r.kills++
		}
	}
}

// line is a way to the database that can be cut.
type line struct {
	url   string
	mu    sync.Mutex
	down  bool
	conns map[net.Conn]bool
}

func newLine(t *testing.T, to string) *line {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	target := u.Host
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	u.Host = l.Addr().String()
	way := &line{url: u.String(), conns: map[net.Conn]bool{}}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go way.carry(c, target)
		}
	}()
	return way
}

func (l *line) carry(c net.Conn, target string) {
	defer func() { _ = c.Close() }()
	d, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer func() { _ = d.Close() }()
	l.mu.Lock()
	if l.down {
		l.mu.Unlock()
		return
	}
	l.conns[c], l.conns[d] = true, true
	l.mu.Unlock()
	go func() { _, _ = io.Copy(d, c); _ = d.Close() }()
	_, _ = io.Copy(c, d)
	l.mu.Lock()
	delete(l.conns, c)
	delete(l.conns, d)
	l.mu.Unlock()
}

// cut ends all connections, wherever they are in what they do, and takes no new ones for a while.
func (l *line) cut(d time.Duration) {
	l.mu.Lock()
	l.down = true
	for c := range l.conns {
		_ = c.Close()
	}
	l.mu.Unlock()
	<-time.After(d)
	l.mu.Lock()
	l.down = false
	l.mu.Unlock()
}

// event is a move with when it began and was answered, in nanoseconds since the recorder began. What nobody answered
// has no end.
type event struct {
	move
	client      int
	call, after int64
	answered    bool
	answer      said
}

func (r *recorder) now() int64 { return int64(time.Since(r.began)) }

// history records one and checks it.
func (r *recorder) history(n int64) {
	title := fmt.Sprintf("history%05d", n)
	inc := r.create(title, "INC", fmt.Sprintf("/incident declare sev3 anyway=yes title=%s", title))
	chg := r.create(
		title, "CHG",
		fmt.Sprintf(
			`/change new type=emergency title=%s service=web env=prod why="It cannot wait for the window of the night" plan="Do it" backout="Undo it"`,
			title,
		),
	)
	if inc.Object == "" || chg.Object == "" {
		return
	}
	events := make([][]event, clients)
	var people sync.WaitGroup
	for c := range clients {
		people.Go(func() {
			for k := range 1 + c%2 {
				m, text := r.draw(c, inc.Object, chg.Object)
				m.Key = fmt.Sprintf("%s-%02d-%d", title, c, k)
				events[c] = append(events[c], r.make(c, m, text))
			}
		})
	}
	people.Wait()
	all := append(slices.Concat(events...), inc, chg)
	history := slices.Concat(r.operations(inc.Object, all), r.operations(chg.Object, all))
	r.check(title, history)
}

// create makes an object, asking again until it is answered.
func (r *recorder) create(title, prefix, text string) event {
	e := event{move: move{Key: title + "-" + prefix, Verb: "create", Who: "p00", Arg: title}, call: r.now()}
	s, err := r.browser(rand.IntN(len(r.places)), "p00").do(context.Background(), e.Key, text)
	e.after, e.answered, e.answer = r.now(), true, s
	if e.Object = regexp.MustCompile(prefix + `-\d+`).FindString(s.Post.HTML); err != nil ||
		s.Status != string(bot.Done) || e.Object == "" {
		r.t.Errorf("%s: %+v %v", text, s, err)
		e.Object = ""
	}
	return e
}

func (r *recorder) browser(place int, who bot.PersonID) *browser {
	b := r.places[place].browser(string(who))
	b.channel = r.channel
	b.client = &http.Client{Timeout: 4 * time.Second, Transport: b.client.Transport}
	return b
}

// make does a move: once, or with the same key again, at another place too, until somebody answers.
func (r *recorder) make(client int, m move, text string) event {
	e := event{move: m, client: client, call: r.now()}
	insists := rand.IntN(3) > 0
	for attempt := 0; ; attempt++ {
		s, err := r.browser(rand.IntN(len(r.places)), m.Who).try(context.Background(), m.Key, text, attempt > 0)
		if err == nil && s.Status != string(bot.Unready) && s.Status != "working" {
			e.after, e.answered, e.answer = r.now(), true, s
			return e
		}
		if !insists || attempt > 500 {
			return e
		}
		<-time.After(20 * time.Millisecond)
	}
}

// draw is what somebody does next.
func (r *recorder) draw(client int, inc, chg string) (move, string) {
	m := move{Object: inc, Who: r.situation.people[client].ID}
	pick := func(list ...string) string { return list[rand.IntN(len(list))] }
	if rand.IntN(2) == 0 {
		m.Verb = pick(
			"update", "update", "note", "note", "task", "done", "lead", "lead", "severity", "severity", "status", "resolve",
			"reopen", "read", "read",
		)
		m.Arg = "What we know by now"
		switch m.Verb {
		case "severity":
			m.Arg = pick("sev1", "sev2", "sev3")
			return m, fmt.Sprintf("/incident sev %s %s only one region", inc, m.Arg)
		case "status":
			m.Arg = pick("identified", "monitoring", "investigating")
			return m, fmt.Sprintf("/incident status %s %s", inc, m.Arg)
		case "lead":
			return m, "/incident lead me " + inc
		case "done":
			return m, fmt.Sprintf("/incident done %s 1", inc)
		case "read":
			return m, "/incident show " + inc
		}
		return m, fmt.Sprintf("/incident %s %s %s", m.Verb, inc, m.Arg)
	}
	m.Object, m.Arg = chg, "Because we saw it"
	m.Verb = pick(
		"approve", "approve", "approve", "approve", "withdraw", "withdraw", "hold", "resume", "start", "edit", "read",
		"read",
	)
	if rand.IntN(25) == 0 {
		m.Verb = pick("reject", "cancel", "finish")
	}
	if client == 0 { // the one who asked for it
		m.Verb = pick("edit", "start", "start", "hold", "resume", "finish")
	}
	switch m.Verb {
	case "approve":
		m.Revision = 1 + rand.IntN(4)/3
		return m, fmt.Sprintf("/change approve %s r%d %s", chg, m.Revision, m.Arg)
	case "edit":
		m.Arg = pick("Do it", "Do it otherwise", "Do it in a third way")
		return m, fmt.Sprintf("/change edit %s plan=%q", chg, m.Arg)
	case "finish":
		return m, fmt.Sprintf("/change done %s %s", chg, m.Arg)
	case "read", "resume", "start":
		verb := strings.Replace(m.Verb, "read", "show", 1)
		return m, fmt.Sprintf("/change %s %s", verb, chg)
	}
	return m, fmt.Sprintf("/change %s %s %s", m.Verb, chg, m.Arg)
}

var shownVersion = regexp.MustCompile(`\bv(\d+)\b`)

// operations are the events of one object with what the audit log has of each, then what the record is at the end.
func (r *recorder) operations(object string, events []event) []porcupine.Operation {
	ctx := context.Background()
	record, version, err := r.record(object)
	if err != nil {
		r.t.Errorf("%s: %v", object, err)
		return nil
	}
	end := r.now()
	entries, err := r.store.AuditOf(ctx, object)
	if err != nil {
		r.t.Errorf("%s: %v", object, err)
		return nil
	}
	versions, byBot := map[string]int{}, []bot.Audit{}
	for _, a := range entries {
		switch {
		case a.Result != bot.ResultDone || a.Version > version: // what came after the record was read is none of this history
		case a.Actor == "":
			byBot = append(byBot, a)
		default:
			key := a.Key[strings.LastIndexByte(a.Key, ':')+1:]
			if versions[key] != 0 {
				r.t.Errorf("%s: %s is in the audit log twice", object, a.Key)
			}
			versions[key] = a.Version
		}
	}
	var ops []porcupine.Operation
	add := func(client int, m move, o outcome, call, after int64) {
		ops = append(ops, porcupine.Operation{ClientId: client, Input: m, Output: o, Call: call, Return: after})
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range events {
		if e.Object != object {
			continue
		}
		o := outcome{Done: e.answered && e.answer.Status == string(bot.Done), Version: versions[e.Key], Said: words(e.answer)}
		delete(versions, e.Key)
		if e.Verb == "read" && o.Done {
			if found := shownVersion.FindAllStringSubmatch(e.answer.Post.HTML, -1); len(found) > 0 {
				o.Version, _ = strconv.Atoi(found[len(found)-1][1])
			}
			r.reads++
		}
		switch {
		case !e.answered && o.Version == 0:
			r.unknown++ // it was refused, or never came: nothing is there of it
			continue
		case !e.answered:
			r.unknown++
			o.Done, e.after = true, math.MaxInt64
		case o.Done:
			r.done++
		default:
			r.refused++
		}
		add(e.client, e.move, o, e.call, e.after)
	}
	for key := range versions {
		r.t.Errorf("%s: nobody did what the audit log has of %s", object, key)
	}
	for n, a := range byBot {
		add(clients+n, move{Object: object, Verb: a.Action}, outcome{Done: true, Version: a.Version}, 0, math.MaxInt64)
	}
	add(clients+len(byBot), move{Object: object, Verb: "record"}, outcome{Record: record}, end, end+1)
	return ops
}

// record is the record of an object and its version.
func (r *recorder) record(object string) (string, int, error) {
	if strings.HasPrefix(object, "INC") {
		i, err := r.store.Incidents().Get(context.Background(), object)
		if err != nil {
			return "", 0, err
		}
		return lasting(i), i.Version, nil
	}
	c, err := r.store.Changes().Get(context.Background(), object)
	if err != nil {
		return "", 0, err
	}
	return lasting(c), c.Version, nil
}

// words are what somebody reads in an answer.
func words(s said) string {
	text := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(s.Post.HTML, " ")
	return s.Error + strings.Join(strings.Fields(html.UnescapeString(text)), " ")
}

const checkWithin = time.Minute

func (r *recorder) check(title string, history []porcupine.Operation) {
	model := r.situation.model()
	result := porcupine.CheckOperationsTimeout(model, history, checkWithin)
	if result == porcupine.Ok {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.checkedOnce < 5 {
			r.checkedOnce++
			r.spoil(title, model, history)
		}
		return
	}
	for _, part := range model.Partition(history) {
		if result, info := porcupine.CheckOperationsVerbose(model, part, checkWithin); result != porcupine.Ok {
			r.t.Errorf("%s: %s\n%s", title, result, explained(model, part, info))
		}
	}
}

// explained shows the longest beginning of a history that has an order, and then what has no place in it.
func explained(model porcupine.Model, history []porcupine.Operation, info porcupine.LinearizationInfo) string {
	var longest []porcupine.Operation
	for _, part := range info.PartialLinearizationsOperations() {
		for _, order := range part {
			if len(order) > len(longest) {
				longest = order
			}
		}
	}
	var b strings.Builder
	show := func(op porcupine.Operation) {
		fmt.Fprintf(&b, "%9d–%9d %s\n", op.Call/1000, op.Return/1000, model.DescribeOperation(op.Input, op.Output))
	}
	placed, state := map[string]bool{}, model.Init()
	for _, op := range longest {
		placed[fmt.Sprint(op)] = true
		show(op)
		_, state = model.Step(state, op.Input, op.Output)
	}
	fmt.Fprintf(&b, "leaves %s\nwithout a place:\n", lasting(json.RawMessage(state.(objectState).data)))
	for _, op := range history {
		if !placed[fmt.Sprint(op)] {
			show(op)
		}
	}
	return b.String()
}

// spoil makes a history a lie, which has to be found: an answer is taken back, a record is another, a move comes after
// what it was answered before.
func (r *recorder) spoil(title string, model porcupine.Model, history []porcupine.Operation) {
	lies := map[string]func([]porcupine.Operation) bool{
		"what was done is refused": func(h []porcupine.Operation) bool {
			return lie(h, func(m move, o *outcome) bool { return changing(m, *o) }, func(o *outcome) {
				o.Done, o.Version = false, 0
			})
		},
		"what was refused is done": func(h []porcupine.Operation) bool {
			return lie(h, func(m move, o *outcome) bool { return !o.Done && m.Verb != "record" }, func(o *outcome) {
				o.Done, o.Version = true, 2
			})
		},
		"the record is another": func(h []porcupine.Operation) bool {
			return lie(h, func(m move, _ *outcome) bool { return m.Verb == "record" }, func(o *outcome) {
				o.Record = strings.Replace(o.Record, "p", "q", 1)
			})
		},
		"a read is of a version that was not yet": func(h []porcupine.Operation) bool {
			return lie(h, func(m move, o *outcome) bool { return m.Verb == "read" && o.Done }, func(o *outcome) {
				o.Version += 100
			})
		},
		"the first is told last": func(h []porcupine.Operation) bool {
			for n, op := range h {
				if m := op.Input.(move); m.Verb == "create" {
					h[n].Call, h[n].Return = math.MaxInt64-1, math.MaxInt64
					return true
				}
			}
			return false
		},
	}
	for what, lie := range lies {
		if told := slices.Clone(history); lie(told) &&
			porcupine.CheckOperationsTimeout(model, told, checkWithin) == porcupine.Ok {
			r.t.Errorf("%s: %s, and nobody notices", title, what)
		}
	}
}

func changing(m move, o outcome) bool { return o.Done && o.Version > 0 && m.Verb != "read" }

func lie(h []porcupine.Operation, about func(move, *outcome) bool, tell func(*outcome)) bool {
	for n, op := range h {
		if o := op.Output.(outcome); about(op.Input.(move), &o) {
			tell(&o)
			h[n].Output = o
			return true
		}
	}
	return false
}

// sum says what was recorded. A test in which little was done, or nothing went wrong, says nothing.
func (r *recorder) sum(want int) {
	total := r.done + r.refused + r.unknown
	r.t.Logf(
		"%d histories with %d moves in %s: %d done (%d reads), %d refused, %d not answered; %d kills, %d freezes, %d cuts",
		want, total, time.Since(r.began).Round(time.Second), r.done, r.reads, r.refused, r.unknown, r.kills, r.freezes,
		r.cuts,
	)
	if r.t.Failed() {
		return
	}
	if r.done*3 < total || r.refused*20 < total || r.unknown == 0 || r.kills == 0 || r.freezes == 0 ||
		len(r.places) > 1 && r.cuts == 0 {
		r.t.Error("that tests nothing")
	}
}
