package main

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/api"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/cmd/watchbell/gate"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/commands/change/receipt"
)

// gateWorld is a demo's installation with its API served.
type gateWorld struct {
	t      *testing.T
	dir    string
	app    *app
	server *httptest.Server
	token  string
}

func newGate(t *testing.T) *gateWorld {
	t.Helper()
	w := &gateWorld{t: t, dir: demoFolder(t)}
	a, err := place{Data: w.dir, Config: configFile}.wire(context.Background(), appOptions{
		server: true, clock: &testClock{},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	w.app = a
	s, err := a.apiServer(context.Background(), api.Options{Poll: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	w.server = httptest.NewServer(s.Handler())
	t.Cleanup(w.server.Close)
	w.token = w.newToken("--scope", "change.*")
	return w
}

func (w *gateWorld) newToken(args ...string) string {
	w.t.Helper()
	r := runCLI(w.t, append([]string{"token", "create", "--data", w.dir, "--name", "ci", "--as", "deploy"}, args...)...)
	if r.code != exitDone {
		w.t.Fatal(r)
	}
	return strings.TrimSpace(r.out)
}

func (w *gateWorld) say(who, text string) {
	w.t.Helper()
	reply := w.app.bot.Receive(context.Background(), bot.Request{
		Key: fmt.Sprint(time.Now().UnixNano()), From: bot.Account{Platform: "cli", User: who}, Text: text, NoForms: true,
	})
	if reply.Status != bot.Done {
		w.t.Fatalf("%s: %s: %s", who, text, reply.Message.Plain(time.UTC))
	}
}

// call sends a request with headers given as name and value in turn, and returns the status and the body.
func (w *gateWorld) call(method, path, body string, headers ...string) (int, string) {
	w.t.Helper()
	req, err := http.NewRequest(method, w.server.URL+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+w.token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

// request makes a change of search in production that is to start when the test says: its window is put around now
// afterwards.
func (w *gateWorld) request() string {
	w.t.Helper()
	w.say(
		"dan",
		`/change new title="Deploy search 42" service=search env=prod why="New ranking" plan="Roll out" backout="Roll back" start="in 30m" end=1h artifact=sha256:aaa implementer=@deploy users=none tested=yes backout-tested=yes systems=one novelty=routine data=yes outage=none`,
	)
	list, err := w.app.store.Changes().List(context.Background(), change.Filter{Limit: 1})
	if err != nil || len(list) == 0 {
		w.t.Fatal(err)
	}
	return list[0].ID()
}

// open makes the window of a change have opened a minute ago, as time does: nobody waits in a test. What was approved
// stays what it was.
func (w *gateWorld) open(id string) {
	w.t.Helper()
	w.app.clock.(*testClock).ahead.Store(int64(31 * time.Minute))
	if _, err := w.app.bot.RunDue(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

// testClock is the machine's clock, moved ahead.
type testClock struct {
	ahead atomic.Int64
	still atomic.Pointer[time.Time] // it stands there
}

func (c *testClock) Now() time.Time {
	if at := c.still.Load(); at != nil {
		return *at
	}
	return time.Now().Add(time.Duration(c.ahead.Load())).UTC().Truncate(time.Microsecond)
}

const gatePath = "/api/v1/gates/CHG-1?env=prod&service=search&artifact=sha256:aaa&run="

func TestTheGateOverHTTP(t *testing.T) {
	w := newGate(t)
	for path, want := range map[string]string{
		"/api/v1/gates/CHG-9?env=prod&service=search":            `404 {"status":404,"reason_code":"unknown_change"`,
		"/api/v1/gates/INC-1?env=prod&service=search":            `404 {"detail":"\"INC-1\" is not the id of a change.`,
		"/api/v1/gates/CHG-1?env=prod":                           `400 {"detail":"Name env and service`,
		"/api/v1/gates/CHG-1?env=prod&service=search&artefact=x": `400 {"detail":"\"artefact\" is not a parameter here.`,
		"/api/v1/gates/CHG-1?env=prod&service=search&wait=1000h": `400 {"detail":"wait: write a time up to 1m`,
		"/api/v1/gates/CHG-1?env=prod&service=search&token=wb_x": `400 {"detail":"Tokens do not belong into addresses`,
		"/api/v1/gates/CHG-1?env=prod&env=test&service=search":   `400 {"detail":"\"env\" is given twice.`,
		"/api/v1/nothing": `404 {"detail":"There is nothing at /api/v1/nothing.`,
		"/api/v1/calendar/state?env=prod&service=search": `200 {"state":"open","reasons":[]}`,
		"/api/v1/calendar/state?env=live&service=search": `404 {"detail":"There is no environment \"live\".`,
		"/api/v1/changes/CHG-9":                          `404 {"detail":"There is no change CHG-9.`,
	} {
		t.Run(path, func(t *testing.T) {
			status, body := w.call("GET", path, "")
			if got := fmt.Sprintf("%d %s", status, body); !strings.HasPrefix(got, want) {
				t.Errorf("%s: %s", path, got)
			}
		})
	}
	id := w.request()
	if status, body := w.call("GET", gatePath+"1", ""); status != 202 ||
		!strings.Contains(body, `"missing":["peer 0 of 1"]`) || !strings.Contains(body, `"can_unblock":["ana"]`) {
		t.Error(status, body)
	}
	// A pipeline that waits is told as soon as it is decided.
	done := make(chan string)
	go func() {
		status, body := w.call("GET", gatePath+"1&wait=30s", "")
		done <- fmt.Sprint(status, body)
	}()
	w.say("ana", "/change approve "+id)
	if got := <-done; !strings.Contains(got, "425") || !strings.Contains(got, "too_early") {
		t.Error(got)
	}
	w.open(id)
	if status, body := w.call(
		"GET", "/api/v1/gates/CHG-1?env=prod&service=search&artifact=sha256:bbb&run=1", "",
	); status != 409 || !strings.Contains(
		body, "digest_or_scope_mismatch",
	) {
		t.Error(status, body)
	}
	// Asked twice in parallel there is one grant.
	var mu sync.Mutex
	statuses := map[int]int{}
	var wg sync.WaitGroup
	for n := range 20 {
		wg.Go(func() {
			status, _ := w.call("GET", fmt.Sprintf("%s%d", gatePath, n), "")
			mu.Lock()
			defer mu.Unlock()
			statuses[status]++
		})
	}
	wg.Wait()
	if statuses[200] != 1 || statuses[409] != 19 {
		t.Error(statuses)
	}
	w.say("dan", "/change hold "+id+" the ranking looks odd")
	if status, body := w.call("GET", gatePath+"1", ""); status != 423 || !strings.Contains(body, `"reason_code":"hold"`) {
		t.Error(status, body)
	}
	if _, err := w.app.store.VerifyAudit(context.Background(), bot.Seal{}); err != nil {
		t.Error(err)
	}
	_ = w.app.store.Close()
	if status, body := w.call("GET", gatePath+"1", ""); status != 503 || strings.Contains(body, "allowed") {
		t.Error(status, body)
	}
}

// another is a secret like the given one that ends otherwise.
func another(secret string) string {
	last := "A"
	if strings.HasSuffix(secret, last) {
		last = "B"
	}
	return secret[:len(secret)-1] + last
}

func TestAnotherSecretIsNeverTheSame(t *testing.T) {
	for _, secret := range []string{"xA", "xB", "x2"} {
		t.Run(secret, func(t *testing.T) {
			if got := another(secret); got == secret || len(got) != len(secret) {
				t.Errorf("%s: %s", secret, got)
			}
		})
	}
}

func TestTokensOfTheAPI(t *testing.T) {
	w := newGate(t)
	id := strings.Split(w.token, "_")[1]
	good := w.token
	feed := w.newToken("--scope", "change.feed")
	narrow := w.newToken("--scope", "change.show")
	for name, token := range map[string]string{
		"missing": "", "malformed": "x", "unknown": another(good), "another case": strings.ToUpper(good),
	} {
		t.Run(name, func(t *testing.T) {
			w.token = token
			if status, body := w.call("GET", "/api/v1/changes/CHG-1", ""); status != 401 ||
				!strings.Contains(body, "missing, unknown, expired or revoked") {
				t.Error(name, status, body)
			}
		})
	}
	w.token = narrow
	if status, body := w.call("GET", gatePath+"1", ""); status != 403 ||
		!strings.Contains(body, "This token may not do change.gate") {
		t.Error(status, body)
	}
	w.token = good
	if status, body := w.call("GET", "/calendar/"+feed+".ics", ""); status != 200 ||
		!strings.HasPrefix(body, "BEGIN:VCALENDAR\r\n") {
		t.Error(status, body)
	}
	// one that may do more does not belong into an address
	if status, _ := w.call("GET", "/calendar/"+good+".ics", ""); status != 404 {
		t.Error(status)
	}
	if status, _ := w.call("GET", "/api/v1/changes/CHG-1?access_token="+good, ""); status != 400 {
		t.Error(status)
	}
	if entries, err := w.app.store.AuditOf(context.Background(), "token/"+id); err != nil ||
		entries[len(entries)-1].Action != "token.leaked" {
		t.Error(entries, err)
	}
	if r := runCLI(t, "token", "list", "--data", w.dir); !strings.Contains(r.out, id) || strings.Contains(r.out, good) {
		t.Error(r)
	}
	if r := runCLI(t, "token", "revoke", "--data", w.dir, id); r.code != exitDone {
		t.Error(r)
	}
	for end := time.Now().Add(10 * time.Second); ; { // within a second
		status, _ := w.call("GET", gatePath+"1", "")
		if status == 401 {
			break
		}
		if time.Now().After(end) {
			t.Fatal(status)
		}
	}
	for _, args := range [][]string{
		{"--as", "nobody", "--scope", "change.gate"}, {"--as", "deploy", "--scope", "change.gate", "--expires", "400d"},
		{"--as", "deploy", "--scope", "a b"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			if r := runCLI(
				t, append([]string{"token", "create", "--data", w.dir, "--name", "x"}, args...)...,
			); r.code != exitUsage {
				t.Error(args, r)
			}
		})
	}
}

func TestChangesAreCreatedByTheAPI(t *testing.T) {
	w := newGate(t)
	body := `{"title": "Deploy search 42", "service": ["search"], "env": "prod", "why": "New ranking", "plan": "Roll out", "backout": "Roll back", "start": "in 2h", "end": "1h"}`
	status, first := w.call("POST", "/api/v1/changes", body, "Idempotency-Key", "k1")
	if status != 201 || !strings.Contains(first, `"id":"CHG-1","state":"pending"`) {
		t.Fatal(status, first)
	}
	if status, again := w.call("POST", "/api/v1/changes", body, "Idempotency-Key", "k1"); status != 201 || again != first {
		t.Error(status, again)
	}
	if status, other := w.call(
		"POST", "/api/v1/changes", strings.Replace(body, "42", "43", 1), "Idempotency-Key", "k1",
	); status != 422 {
		t.Error(status, other)
	}
	var wg sync.WaitGroup
	answers := make([]string, 10)
	for n := range answers {
		wg.Go(func() { _, answers[n] = w.call("POST", "/api/v1/changes", body, "Idempotency-Key", "k2") })
	}
	wg.Wait()
	for _, a := range answers {
		if a != answers[0] || !strings.Contains(a, `"id":"CHG-2"`) {
			t.Error(a)
		}
	}
	for name, c := range map[string]struct {
		body, want string
		headers    []string
	}{
		"somebody else's": {
			`{"title": "x", "requester": "ana"}`, `400 {"detail":"\"requester\" is not a field that can be set here.`, nil,
		},
		"a state":       {`{"title": "x", "state": "approved"}`, "400", nil},
		"another case":  {`{"Title": "x"}`, "400", nil},
		"twice":         {`{"title": "x", "title": "y"}`, `400 {"detail":"title is there twice."`, nil},
		"after the end": {`{"title": "x"} {}`, `400 {"detail":"There is something after the JSON object."`, nil},
		"no object":     {`["title"]`, "400", nil},
		"no JSON":       {`title=x`, "400", nil},
		"nothing":       {`{}`, `400 {"detail":"title is missing.`, nil},
		"too large":     {`{"title": "` + strings.Repeat("x", 300<<10) + `"}`, "413", nil},
		"a form":        {"title=x", "415", []string{"Content-Type", "application/x-www-form-urlencoded"}},
		"XML wanted":    {`{"title": "x"}`, "406", []string{"Accept", "application/xml"}},
		"a bad window":  {strings.Replace(body, "in 2h", "yesterday", 1), "400", nil},
		"a bad key":     {body, "400", []string{"Idempotency-Key", strings.Repeat("k", 200)}},
	} {
		t.Run(name, func(t *testing.T) {
			status, got := w.call("POST", "/api/v1/changes", c.body, c.headers...)
			if got = fmt.Sprintf("%d %s", status, got); !strings.HasPrefix(got, c.want) {
				t.Errorf("%s: %s", name, got)
			}
		})
	}
	if status, got := w.call("POST", "/api/v1/changes", `{"title": "A draft"}`); status != 201 ||
		!strings.Contains(got, `"missing":["service","env","why","plan","start","end"]`) {
		t.Error(status, got)
	}
	if status, got := w.call("POST", "/api/v1/changes/CHG-3/submit", ""); status != 409 ||
		!strings.Contains(got, "Still missing") {
		t.Error(status, got)
	}
	if status, got := w.call("POST", "/api/v1/deployments", `{"service": "search", "env": "prod"}`); status != 200 ||
		!strings.Contains(got, `"note":"no change is named"`) {
		t.Error(status, got)
	}
}

func TestTooManyRequestsOfOneToken(t *testing.T) {
	w := newGate(t)
	other := w.newToken("--scope", "change.gate")
	clock := w.app.clock.(*testClock)
	now := clock.Now()
	clock.still.Store(&now)
	statuses := map[int]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 1000 {
		wg.Go(func() {
			status, _ := w.call("GET", "/api/v1/gates/CHG-1?env=prod&service=search", "")
			mu.Lock()
			defer mu.Unlock()
			statuses[status]++
		})
	}
	wg.Wait()
	if statuses[404] != perToken || statuses[429] != 1000-perToken { // the clock is paused, however long it takes
		t.Error(statuses)
	}
	w.token = other
	if status, _ := w.call("GET", "/api/v1/gates/CHG-1?env=prod&service=search", ""); status != 404 {
		t.Error(status)
	}
}

const perToken = 300

func TestChangeWait(t *testing.T) {
	w := newGate(t)
	wait := func(args ...string) result {
		return runCLI(t, append([]string{
			"change", "wait", "--env", "prod", "--service", "search", "--artifact", "sha256:aaa", "--run", "1", "--timeout",
			"1s",
		}, args...)...)
	}
	remote := func(args ...string) result { return wait(append(args, "--server", w.server.URL)...) }
	local := func(args ...string) result { return wait(append(args, "--data", w.dir, "--as", "deploy")...) }
	t.Setenv("WATCHBELL_TOKEN", w.token)
	expect := func(name string, r result, code int, text string) {
		t.Helper()
		if r.code != code || !strings.Contains(r.out+r.err, text) {
			t.Errorf("%s: exit %d, want %d\n%s%s", name, r.code, code, r.out, r.err)
		}
	}
	expect("usage", runCLI(t, "change", "wait", "CHG-1"), gate.Usage, "--env prod")
	expect("usage", wait("CHG-1"), gate.Usage, "--as deploy")
	expect("unknown", remote("CHG-9"), gate.Unknown, "There is no change CHG-9")
	expect("unknown", local("CHG-9"), gate.Unknown, "There is no change CHG-9")
	id := w.request()
	expect("pending", remote(id), gate.Timeout, "Can decide: @ana")
	expect("pending", local(id), gate.Timeout, "not decided in time")
	w.say("ana", "/change approve "+id)
	expect("too early", remote(id), gate.TooEarly, "its window opens")
	expect("too early, waiting", local(id, "--wait-window"), gate.TooEarly, "did not open in time")
	w.say("dan", "/change hold "+id+" odd figures")
	expect("hold", remote(id), gate.Hold, "odd figures")
	w.say("dan", "/change resume "+id)
	w.open(id)
	expect("another artifact", remote(id, "--artifact", "sha256:bbb"), gate.Mismatch, "was approved for sha256:aaa")
	r := remote(id, "--json")
	expect("allowed", r, exitDone, `"reason_code":"allowed"`)
	var a change.GateAnswer
	if err := json.Unmarshal([]byte(r.out), &a); err != nil {
		t.Fatal(err)
	}
	key := runCLI(t, "change", "key", "--data", w.dir)
	public, err := publicKey(key.out)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := receipt.Verify(a.Receipt, public, w.app.clock.Now()); err != nil {
		t.Error(err)
	}
	if v := run(
		[]string{"change", "verify-receipt", "--key", strings.TrimSpace(key.out)}, strings.NewReader(a.Receipt+"x"),
		io.Discard, io.Discard,
	); v == exitDone {
		t.Error("a forged receipt")
	}
	expect("again, and started", remote(id, "--start"), exitDone, "may be deployed now")
	if c, err := w.app.store.Changes().Get(context.Background(), id); err != nil || c.State != change.Implementing {
		t.Error(err, c.State)
	}
	expect("another run", remote(id, "--run", "2"), gate.Mismatch, "an approval is good for one")
	t.Setenv("WATCHBELL_TOKEN", "wb_00000000_"+strings.Repeat("A", 52))
	expect("a token that is none", remote(id), gate.Forbidden, "revoked")
	// A server that lets no more wait is asked again, without waiting there.
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("wait") != "0s" {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		w.WriteHeader(http.StatusConflict)
		fmt.Fprint(w, `{"status":409,"reason_code":"rejected","text":"Rejected."}`)
	}))
	defer busy.Close()
	expect("a busy server", wait(id, "--server", busy.URL, "--timeout", "10s"), gate.Rejected, "Rejected.")
	// A page of something in between is never an answer.
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"status":200,"reason_code":"allowed"}`)
	}))
	defer proxy.Close()
	expect("a proxy", wait(id, "--server", proxy.URL), gate.Unavailable, "no answer of a gate")
	file := filepath.Join(t.TempDir(), "change.json")
	if err := os.WriteFile(
		file,
		[]byte(
			`{"title": "Deploy search 43", "service": "search", "env": "prod", "why": "x", "plan": "y", "backout": "z", "start": "in 2h", "end": "1h"}`,
		),
		0o600,
	); err != nil {
		t.Fatal(err)
	}
	t.Setenv("WATCHBELL_TOKEN", w.token)
	for range 2 { // one change, however often the run is repeated
		expect(
			"created",
			runCLI(
				t, "change", "wait", "--server", w.server.URL, "--create-from", file, "--env", "prod", "--service", "search",
				"--run", "7", "--timeout", "1s",
			),
			gate.Timeout, "CHG-2",
		)
	}
}

// A key in base64 may begin with a hyphen; as it is printed it is no flag.
func TestKeysAreNoFlags(t *testing.T) {
	for n := range 1000 {
		k := ed25519.NewKeyFromSeed(fmt.Appendf(nil, "%032d", n)).Public().(ed25519.PublicKey)
		raw := base64.RawURLEncoding.EncodeToString(k)
		if !strings.HasPrefix(raw, "-") {
			continue
		}
		if r := runCLI(t, "change", "verify-evidence", "/nowhere.zip", "--key", formatKey(k)); strings.Contains(
			r.err, "--key",
		) {
			t.Error(r)
		}
		for _, text := range []string{formatKey(k), raw} {
			if got, err := publicKey(text); err != nil || !got.Equal(k) {
				t.Errorf("%s: %v", text, err)
			}
		}
		return
	}
	t.Error("no key begins with a hyphen")
}

func TestEvidenceOnTheCommandLine(t *testing.T) {
	w := newGate(t)
	w.request()
	file := filepath.Join(t.TempDir(), "evidence.zip")
	if r := runCLI(
		t, "change", "evidence", "--data", w.dir, "--from", "2020-01-01", "--to", "2040-01-01", "-o", file,
	); r.code != exitDone || !strings.Contains(
		r.out, ": 1 change, 0 exceptions,",
	) {
		t.Fatal(r)
	}
	key := strings.TrimSpace(runCLI(t, "change", "key", "--data", w.dir).out)
	if r := runCLI(t, "change", "verify-evidence", file, "--key", key); r.code != exitDone ||
		!strings.Contains(r.out, "whole and signed: 1 change from 2020-01-01 to 2040-01-01 (Europe/Berlin), 0 exceptions.") {
		t.Error(r)
	}
	if r := runCLI(t, "change", "evidence", "--data", w.dir, "--from", "soon"); r.code != exitUsage ||
		!strings.Contains(r.err, "is not a day") {
		t.Error(r)
	}
	for _, format := range []string{"csv", "json", "html"} {
		t.Run(format, func(t *testing.T) {
			if r := runCLI(
				t, "change", "evidence", "--data", w.dir, "--from", "2020-01-01", "--format", format,
			); r.code != exitDone || !strings.Contains(
				r.out, "CHG-1",
			) {
				t.Error(format, r)
			}
		})
	}
	rules := filepath.Join(t.TempDir(), "policy.yaml")
	text := policy.Default() +
		"\ncases:\n  - {name: risky, change: {env: prod, risk: high, services: [search]}, expect: {stages: [peer, " +
		"approval]}}\n"
	if err := os.WriteFile(rules, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := runCLI(t, "change", "policy", "test", "--data", w.dir, rules); r.code != exitDone ||
		!strings.Contains(r.out, "1 case, 0 failed") {
		t.Error(r)
	}
	if err := os.WriteFile(
		rules,
		[]byte(
			strings.Replace(text, "[search]}, expect: {stages: [peer, approval]}", "[search]}, expect: {stages: [peer]}", 1),
		),
		0o600,
	); err != nil {
		t.Fatal(err)
	}
	if r := runCLI(t, "change", "policy", "test", "--data", w.dir, rules); r.code != exitRefused ||
		!strings.Contains(r.out, "want [peer], got [approval, peer]") {
		t.Error(r)
	}
	if err := os.WriteFile(
		rules,
		[]byte(
			strings.Replace(
				policy.Default(), "stages: [{name: peer, from: owners, quorum: 1}]",
				"stages: [{name: peer, from: owners, quorum: 1}, {name: manager, from: managers, quorum: 1}]", 1,
			),
		),
		0o600,
	); err != nil {
		t.Fatal(err)
	}
	shipped := filepath.Join(t.TempDir(), "shipped.yaml")
	if err := os.WriteFile(shipped, []byte(policy.Default()), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := runCLI(t, "change", "policy", "diff", "--data", w.dir, shipped, "--old", shipped); r.code != exitDone ||
		!strings.Contains(r.out, "1 change in 90d, 0 of them") {
		t.Error(r)
	}
	if r := runCLI(t, "change", "policy", "diff", "--data", w.dir, rules); r.code != exitDone ||
		!strings.Contains(r.out, "CHG-1 Deploy search 42: peer 1 of owners → peer 1 of owners, manager 1 of managers") {
		t.Error(r)
	}
}
