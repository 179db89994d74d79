package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/change"
)

// agent is an assistant that speaks the Model Context Protocol by the official client.
type agent struct {
	t       *testing.T
	session *sdk.ClientSession

	mu       sync.Mutex
	progress []string
	heard    chan struct{} // has something whenever there was progress
}

// bearer sends a token with each request.
type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(r)
}

// newAgentToken makes the token of an agent.
func (w *gateWorld) newAgentToken(owner string, args ...string) string {
	w.t.Helper()
	r := runCLI(w.t, append([]string{
		"token", "create", "--data", w.dir, "--agent", "deploy-helper", "--owner", owner,
	}, args...)...)
	if r.code != exitDone || !strings.Contains(r.err, "It is for the agent deploy-helper of @"+owner) {
		w.t.Fatal(r)
	}
	return strings.TrimSpace(r.out)
}

// agent connects an agent of somebody with these scopes.
func (w *gateWorld) agent(owner string, scopes ...string) *agent {
	w.t.Helper()
	var args []string
	for _, s := range scopes {
		args = append(args, "--scope", s)
	}
	a := &agent{t: w.t, heard: make(chan struct{}, 100)}
	client := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, &sdk.ClientOptions{
		ProgressNotificationHandler: func(_ context.Context, r *sdk.ProgressNotificationClientRequest) {
			a.mu.Lock()
			a.progress = append(a.progress, r.Params.Message)
			a.mu.Unlock()
			a.heard <- struct{}{}
		},
	})
	session, err := client.Connect(w.t.Context(), &sdk.StreamableClientTransport{
		Endpoint: w.server.URL + "/mcp", HTTPClient: &http.Client{Transport: bearer(w.newAgentToken(owner, args...))},
	}, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = session.Close() })
	a.session = session
	return a
}

func (a *agent) tools() []string {
	a.t.Helper()
	list, err := a.session.ListTools(a.t.Context(), nil)
	if err != nil {
		a.t.Fatal(err)
	}
	var names []string
	for _, x := range list.Tools {
		names = append(names, x.Name)
	}
	return names
}

// tried calls a tool and returns its words, its data as JSON, and whether it was refused.
func (a *agent) tried(tool string, args map[string]any) (text, data string, refused bool) {
	a.t.Helper()
	p := &sdk.CallToolParams{Name: tool, Arguments: args}
	p.SetProgressToken("p-" + tool)
	r, err := a.session.CallTool(a.t.Context(), p)
	if err != nil {
		a.t.Fatalf("%s: %v", tool, err)
	}
	structured, err := json.Marshal(r.StructuredContent)
	if err != nil || len(r.Content) != 1 {
		a.t.Fatalf("%s: %v %v", tool, r, err)
	}
	return r.Content[0].(*sdk.TextContent).Text, string(structured), r.IsError
}

func (a *agent) does(tool string, args map[string]any) (text, data string) {
	a.t.Helper()
	text, data, refused := a.tried(tool, args)
	if refused {
		a.t.Fatalf("%s was refused: %s", tool, text)
	}
	return text, data
}

func (a *agent) refused(tool string, args map[string]any, want string) {
	a.t.Helper()
	if text, data, refused := a.tried(tool, args); !refused || !strings.Contains(text, want) ||
		!strings.Contains(data, `"reason_code"`) {
		a.t.Errorf("%s: refused %v: %s %s, want %s", tool, refused, text, data, want)
	}
}

// What an agent sees is what its token's scopes cover and its owner may do.
func TestAgentsSeeTheToolsOfTheirScopes(t *testing.T) {
	w := newGate(t)
	a := w.agent("ana", "incident.declare", "incident.list")
	want := []string{"incident_declare", "incident_list", "look"}
	if got := a.tools(); !slices.Equal(got, want) {
		t.Errorf("tools %v, want %v", got, want)
	}
	pages, err := a.session.ListResources(t.Context(), nil)
	if err != nil || len(pages.Resources) != 1 || pages.Resources[0].URI != "watchbell://pages/incidents" {
		t.Errorf("resources %v %v", pages, err)
	}
	text, data := a.does("incident_declare", map[string]any{
		"title": "Checkout returns 502", "severity": "sev2", "idempotency_key": "alert-1",
	})
	if !strings.Contains(text, "INC-1") || !strings.Contains(data, `"object":"INC-1"`) {
		t.Errorf("declared: %s %s", text, data)
	}
	again, _ := a.does("incident_declare", map[string]any{
		"title": "Checkout returns 502", "severity": "sev2", "idempotency_key": "alert-1",
	})
	if again != text {
		t.Errorf("repeated: %s, want %s", again, text)
	}
	a.refused("incident_declare", map[string]any{"title": "Another", "idempotency_key": "alert-1"}, "other arguments")
	if _, data := a.does("look", map[string]any{"page": "incidents"}); !strings.Contains(data, "INC-1") ||
		strings.Contains(data, "INC-2") {
		t.Errorf("looked: %s", data)
	}
	a.refused("look", map[string]any{"page": "changes"}, "This token may not do change.list.")
	a.refused("look", map[string]any{"page": "incidents", "narrow": map[string]any{"severity": "sev9"}}, "sev9")
	a.refused("incident_note", map[string]any{"incident": "INC-1", "text": "x"}, "Its scopes are: incident.declare")
	a.refused("incident_declare", map[string]any{"titel": "x"}, `"titel" is not a field`)
	a.refused("incident_declare", nil, "Missing: title")
	read, err := a.session.ReadResource(t.Context(), &sdk.ReadResourceParams{URI: "watchbell://pages/incidents"})
	if err != nil || !strings.Contains(read.Contents[0].Text, "Checkout returns 502") {
		t.Errorf("%v %v", read, err)
	}
	if _, err := a.session.ReadResource(t.Context(), &sdk.ReadResourceParams{URI: "watchbell://pages/changes"}); err == nil ||
		!strings.Contains(err.Error(), "may not do change.list") {
		t.Errorf("a page beyond the scopes: %v", err)
	}
}

// The rights of its owner are an agent's limit: an agent of a guest declares nothing, whatever its scopes are.
func TestAnAgentMayDoWhatItsOwnerMay(t *testing.T) {
	w := newGate(t)
	a := w.agent("gus", "*")
	if names := a.tools(); len(names) == 0 || slices.Contains(names, "incident_declare") {
		t.Errorf("tools: %v", names)
	}
	a.refused("incident_declare", map[string]any{"title": "x"}, "You may not do this")
}

// An agent requests a change, waits for people, and goes on when they approved. It can approve nothing itself, and
// neither can its owner.
func TestAnAgentRequestsAndPeopleApprove(t *testing.T) {
	w := newGate(t)
	a := w.agent("ana", "change.*")
	text, data := a.does("change_new", map[string]any{
		"title": "Deploy search 42", "service": []string{"search"}, "env": "prod", "why": "New ranking", "plan": "Roll out",
		"backout": "Roll back", "start": "in 30m", "end": "1h", "users": "none", "tested": true, "backout-tested": true,
		"systems": "one", "novelty": "routine", "data": true, "outage": "none",
	})
	if !strings.Contains(data, `"object":"CHG-1"`) {
		t.Fatal(text, data)
	}
	for _, tool := range []string{"change_approve", "change_bulk", "change_break", "change_witness", "change_reject"} {
		a.refused(tool, map[string]any{"change": "CHG-1"}, "it takes a person")
	}
	if names := a.tools(); slices.ContainsFunc(names, func(n string) bool {
		return n == "change_approve" || n == "change_break" || n == "change_witness"
	}) || !slices.Contains(names, "wait_for_gate") || !slices.Contains(names, "change_new") {
		t.Errorf("tools: %v", names)
	}
	asked := map[string]any{"change": "CHG-1", "env": "prod", "service": "search", "run": "r1", "wait": "0s"}
	if text, data := a.does("wait_for_gate", asked); !strings.Contains(data, `"allowed":false,"decided":false`) ||
		!strings.Contains(text, "call this again") {
		t.Errorf("nobody decided yet: %s %s", text, data)
	}
	reply := w.app.bot.Receive(context.Background(), bot.Request{
		Key: "own", From: bot.Account{Platform: "cli", User: "ana"}, Text: "/change approve CHG-1 revision=1", NoForms: true,
	})
	if reply.Status == bot.Done || !strings.Contains(reply.Message.Plain(time.UTC), "You requested CHG-1") {
		t.Errorf("its owner approved: %s", reply.Message.Plain(time.UTC))
	}
	asked["wait"], asked["wait_window"] = "1m", true
	done := make(chan string)
	go func() {
		_, data, _ := a.tried("wait_for_gate", asked)
		done <- data
	}()
	<-a.heard
	w.say("dan", "/change approve CHG-1 revision=1")
	<-a.heard // it is approved, and too early
	w.open("CHG-1")
	if data := <-done; !strings.Contains(data, `"allowed":true,"decided":true`) || !strings.Contains(data, `"receipt":"`) {
		t.Errorf("after the approval: %s", data)
	}
	if a.progress[0] == a.progress[1] {
		t.Errorf("progress: %q", a.progress)
	}
	a.does("change_start", map[string]any{"change": "CHG-1"})
	a.does("change_done", map[string]any{"change": "CHG-1", "note": "All is well"})
	w.marked()
}

// marked holds the timeline and the audit log of CHG-1 to saying what the agent did, and only that.
func (w *gateWorld) marked() {
	w.t.Helper()
	entries, err := w.app.store.Changes().Timeline(context.Background(), "CHG-1", 0)
	if err != nil {
		w.t.Fatal(err)
	}
	agents := map[change.EntryKind]string{}
	for _, e := range entries {
		if e.By != "" {
			agents[e.Kind] = e.Agent
		}
	}
	if agents[change.CreatedEntry] != "deploy-helper" || agents[change.StartedEntry] != "deploy-helper" ||
		agents[change.ApprovedEntry] != "" {
		w.t.Errorf("the timeline: %v", agents)
	}
	log, err := w.app.store.AuditOf(context.Background(), "CHG-1")
	if err != nil || len(log) == 0 {
		w.t.Fatal(err)
	}
	for _, x := range log {
		if byAgent := strings.HasSuffix(x.Detail, "(by agent deploy-helper for @ana)"); byAgent != (x.Actor == "ana") {
			w.t.Errorf("the audit log: %s %s %s", x.Action, x.Actor, x.Detail)
		}
	}
	denied := 0
	if err := w.app.store.SQL().QueryRow(
		"SELECT count(*) FROM audit WHERE result = 'denied' AND detail LIKE '%it takes a person%(by agent deploy-helper for @ana)'",
	).Scan(&denied); err != nil || denied != 5 {
		w.t.Errorf("%d refusals are in the audit log: %v", denied, err)
	}
	reply := w.app.bot.Receive(context.Background(), bot.Request{
		Key: "look", From: bot.Account{Platform: "cli", User: "dan"}, Text: "/change show CHG-1", NoForms: true,
	})
	if shown := reply.Message.Plain(time.UTC); strings.Count(shown, "agent deploy-helper for @Ana Ruiz") < 5 ||
		!strings.Contains(shown, "prod · by agent deploy-helper for @Ana Ruiz") {
		w.t.Errorf("shown: %s", shown)
	}
	if err := verified(w); err != nil {
		w.t.Error(err)
	}
}

func verified(w *gateWorld) error {
	_, err := w.app.store.Verify(context.Background())
	return err
}

// No command that takes a person is a tool, of any agent, and each tool takes its command's own example.
func TestToolsAreTheCommands(t *testing.T) {
	w := newGate(t)
	a := w.agent("ana", "*")
	list, err := a.session.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	tools := map[string]*sdk.Tool{}
	for _, x := range list.Tools {
		tools[x.Name] = x
	}
	tried := 0
	for _, c := range w.app.bot.Tree().Commands() {
		tool, offered := tools[strings.Replace(c.Name, ".", "_", 1)]
		if c.InPerson && offered {
			t.Errorf("%s takes a person and is a tool", c.Name)
		}
		if !offered {
			continue
		}
		delete(tools, tool.Name)
		t.Run(c.Name, func(t *testing.T) { takesItsExample(t, w, c, tool) })
		tried++
	}
	delete(tools, "look")
	delete(tools, "wait_for_gate")
	if len(tools) > 0 || tried < 50 {
		t.Errorf("%d commands are tools, and others: %v", tried, tools)
	}
}

// takesItsExample holds the schema of a tool to the example of its command.
func takesItsExample(t *testing.T, w *gateWorld, c *bot.Command, tool *sdk.Tool) {
	found, typed, err := w.app.bot.Tree().Parse(t.Context(), c.Example)
	if err != nil || found.Name != c.Name {
		t.Skipf("the example %q is of %v: %v", c.Example, found, err)
	}
	data, err := json.Marshal(tool.InputSchema)
	if err != nil {
		t.Fatal(err)
	}
	var schema jsonschema.Schema
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	resolved, err := schema.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	args := map[string]any{}
	for name, v := range typed.Args {
		args[name] = v
	}
	for _, name := range schema.Required { // what a place or a form gives
		if _, given := args[name]; !given {
			args[name] = "x"
		}
	}
	if err := resolved.Validate(args); err != nil {
		t.Errorf("%s: %v", c.Example, err)
	}
	if err := resolved.Validate(map[string]any{"no-such-argument": "x"}); err == nil {
		t.Error("its schema takes anything")
	}
}

// Whoever is no agent, or is one no more, gets nowhere.
func TestHostileAgents(t *testing.T) {
	w := newGate(t)
	const list = `{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}`
	const speak = "application/json, text/event-stream"
	good := w.newAgentToken("ana", "--scope", "incident.*")
	w.token = good
	if status, body := w.call("POST", "/mcp", list, "Accept", speak); status != 200 ||
		!strings.Contains(body, "incident_declare") || strings.Contains(body, "change_") {
		t.Fatalf("its own tools: %d %s", status, body)
	}
	huge := `{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "` + strings.Repeat("x", 300<<10) + `"}}`
	origin := "Origin"
	for name, c := range map[string]struct {
		token, method, body string
		headers             []string
		status              int
		want                string
	}{
		"no token":            {"", "POST", list, nil, 401, "The token is missing"},
		"nobody's token":      {"wb_00000000_" + strings.Repeat("A", 52), "POST", list, nil, 401, "unknown"},
		"a script's token":    {w.newToken("--scope", "incident.*"), "POST", list, nil, 403, "An agent needs one of its own"},
		"a huge body":         {good, "POST", huge, nil, 413, "exceeds"},
		"a wrong session":     {good, "POST", list, []string{"Mcp-Session-Id", "' OR 1=1 --"}, 200, "incident_declare"},
		"no protocol":         {good, "POST", list, []string{"Mcp-Protocol-Version", "1999-01-01"}, 400, "Unsupported"},
		"GET":                 {good, "GET", "", nil, 405, "Send POST"},
		"DELETE":              {good, "DELETE", "", []string{"Mcp-Session-Id", "x"}, 405, "Send POST"},
		"no JSON":             {good, "POST", "{", nil, 400, ""},
		"nested lists":        {good, "POST", strings.Repeat("[", 100_000), nil, 400, ""},
		"a foreign page":      {good, "POST", list, []string{origin, "https://evil.example"}, 403, "foreign_origin"},
		"no page's origin":    {good, "POST", list, []string{origin, "null"}, 403, "foreign_origin"},
		"a foreign site":      {good, "POST", list, []string{"Sec-Fetch-Site", "cross-site"}, 403, "foreign_origin"},
		"another local page":  {good, "POST", list, []string{origin, "http://127.0.0.1:1"}, 403, "foreign_origin"},
		"its own page":        {good, "POST", list, []string{origin, w.server.URL}, 200, "incident_declare"},
		"a rebound name":      {good, "POST", list, []string{"Host", "evil.example", origin, "http://evil.example"}, 403, "foreign_origin"},
		"a token in the path": {good, "POST?token=" + good, list, nil, 400, "Tokens do not belong into addresses"},
	} {
		t.Run(name, func(t *testing.T) {
			method, query, _ := strings.Cut(c.method, "?")
			path := "/mcp"
			if query != "" {
				path += "?" + query
			}
			status, body := w.raw(c.token, method, path, c.body, append([]string{"Accept", speak}, c.headers...)...)
			if status != c.status || !strings.Contains(body, c.want) {
				t.Errorf("%d %.300s, want %d %s", status, body, c.status, c.want)
			}
		})
	}
	if status, body := w.call("POST", "/mcp", call("change_approve", `{"change": "CHG-1", "revision": "1"}`), "Accept", speak); status != 200 ||
		!strings.Contains(body, `"isError":true`) || !strings.Contains(body, "it takes a person") {
		t.Errorf("an approval: %d %s", status, body)
	}
	if status, body := w.call("POST", "/mcp", call("../../etc/passwd", `{}`), "Accept", speak); status != 200 ||
		!strings.Contains(body, "unknown tool") {
		t.Errorf("no tool: %d %s", status, body)
	}
	w.ends(list, speak)
}

// ends tries tokens that are no longer good: an agent is out within a second.
func (w *gateWorld) ends(list, speak string) {
	w.t.Helper()
	out := func(why string) {
		w.t.Helper()
		for end := time.Now().Add(1100 * time.Millisecond); ; {
			status, body := w.call("POST", "/mcp", list, "Accept", speak)
			if status == http.StatusUnauthorized {
				return
			}
			if time.Now().After(end) {
				w.t.Errorf("%s: %d %s", why, status, body)
				return
			}
		}
	}
	revoked := w.token
	id := strings.Split(revoked, "_")[1]
	if r := runCLI(w.t, "token", "revoke", "--data", w.dir, id); r.code != exitDone {
		w.t.Fatal(r)
	}
	out("revoked")
	w.token = w.newAgentToken("ana", "--scope", "incident.*", "--expires", "1h")
	w.app.clock.(*testClock).ahead.Store(int64(2 * time.Hour))
	out("expired")
	w.app.clock.(*testClock).ahead.Store(0)
	w.token = w.newAgentToken("ana", "--scope", "incident.*")
	if status, body := w.call("POST", "/mcp", list, "Accept", speak); status != 200 {
		w.t.Fatalf("%d %s", status, body)
	}
	everybody := bottest.People("web")
	rest := slices.DeleteFunc(everybody, func(p bot.Person) bool { return p.ID == "ana" })
	if err := w.app.store.SyncPeople(context.Background(), rest, time.Now()); err != nil {
		w.t.Fatal(err)
	}
	out("its owner left")
}

// call is a call of a tool, as it is sent.
func call(tool, args string) string {
	return fmt.Sprintf(
		`{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": %q, "arguments": %s}}`, tool, args,
	)
}

// raw sends a request as it is.
func (w *gateWorld) raw(token, method, path, body string, headers ...string) (int, string) {
	w.t.Helper()
	req, err := http.NewRequest(method, w.server.URL+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
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

// Whatever an agent does is marked: in the messages of an incident's channel, its timeline, its post-mortem, the history
// of a record, and the audit log.
func TestWhatAnAgentDidIsMarkedEverywhere(t *testing.T) {
	w := newGate(t)
	a := w.agent("ana", "incident.*", "vendor.*", "incident:override")
	const mark = "agent deploy-helper for @Ana Ruiz"
	a.does("incident_declare", map[string]any{"title": "Checkout returns 502", "severity": "sev2", "service": "web"})
	a.does("incident_update", map[string]any{"incident": "INC-1", "text": "We roll back"})
	a.does("incident_resolve", map[string]any{"incident": "INC-1", "summary": "Rolled back release 42"})
	a.does("vendor_add", map[string]any{"name": "Example Hosting"})
	if _, err := w.app.bot.RunDue(context.Background()); err != nil {
		t.Fatal(err)
	}
	says := func(who, text string) string {
		t.Helper()
		reply := w.app.bot.Receive(context.Background(), bot.Request{
			Key: who + text, From: bot.Account{Platform: "cli", User: who}, Text: text, NoForms: true,
		})
		return reply.Message.Plain(time.UTC)
	}
	if text := says("dan", "/incident timeline INC-1"); strings.Count(text, mark) < 3 {
		t.Errorf("the timeline: %s", text)
	}
	if text := says("dan", "/ops history VEN-1"); !strings.Contains(text, mark) {
		t.Errorf("the history: %s", text)
	}
	review, err := w.app.exportIncident(context.Background(), "INC-1", "md")
	if err != nil || strings.Count(review, "agent deploy-helper for Ana Ruiz") < 3 {
		t.Errorf("the post-mortem: %v %s", err, review)
	}
	var posts int
	if err := w.app.store.SQL().QueryRow(
		"SELECT count(*) FROM chat_posts WHERE message LIKE '%agent deploy-helper for %'",
	).Scan(&posts); err != nil || posts < 2 {
		t.Errorf("%d messages in the chat are marked: %v", posts, err)
	}
	for _, object := range []string{"INC-1", "VEN-1"} {
		log, err := w.app.store.AuditOf(context.Background(), object)
		if err != nil || len(log) == 0 {
			t.Fatal(object, err)
		}
		for _, x := range log {
			if x.Actor == "ana" && !strings.HasSuffix(x.Detail, "(by agent deploy-helper for @ana)") {
				t.Errorf("the audit log of %s: %s %s", object, x.Action, x.Detail)
			}
		}
	}
	if err := verified(w); err != nil {
		t.Error(err)
	}
}

// A token that was made in chat lets an agent in, and its owner sees that it was used.
func TestATokenOfTheChat(t *testing.T) {
	w := newGate(t)
	receive := func(text string, paged bool) bot.Reply {
		t.Helper()
		reply := w.app.bot.Receive(context.Background(), bot.Request{
			Key: text, From: bot.Account{Platform: "cli", User: "dan"}, Text: text, NoForms: true, Paged: paged,
		})
		if reply.Status != bot.Done {
			t.Fatal(reply.Message.Plain(time.UTC))
		}
		return reply
	}
	made := receive("/ops token create helper scope=incident.declare,ops.tokens kind=agent", false)
	w.token = regexp.MustCompile(`wb_[0-9a-f]{8}_[A-Z2-7]{52}`).FindString(made.Message.Plain(time.UTC))
	const list = `{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}`
	status, body := w.call("POST", "/mcp", list, "Accept", "application/json, text/event-stream")
	if status != 200 || !strings.Contains(body, "incident_declare") {
		t.Fatalf("%d %s", status, body)
	}
	for end := time.Now().Add(10 * time.Second); ; { // written down beside the request
		table := receive("/ops tokens", true).Page.Table
		if used := table.Rows[0].Cells[slices.Index(table.Columns, "Last used")]; used.Plain(time.UTC) != "never" {
			break
		}
		if time.Now().After(end) {
			t.Fatal("its use was not written down")
		}
	}
	_, router := w.described()
	if status, body := w.holds(router, "GET", "/api/v1/pages/tokens", ""); status != 200 ||
		!strings.Contains(body, `"helper","agent","dan"`) || strings.Contains(body, w.token) {
		t.Errorf("by the API: %d %s", status, body)
	}
}

// What docs/api.md says to paste works: the tokens can be made, and the clients' files are what they are.
func TestWhatToPasteForAnAgent(t *testing.T) {
	page, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	w := newGate(t)
	commands, files := 0, 0
	for line := range strings.SplitSeq(string(page), "\n") {
		if args, ok := strings.CutPrefix(line, "watchbell token create --agent "); ok {
			commands++
			words := append([]string{"token", "create", "--data", w.dir, "--agent"}, strings.Fields(args)...)
			if r := runCLI(t, words...); r.code != exitDone || !strings.HasPrefix(r.out, "wb_") {
				t.Errorf("%s: %+v", line, r)
			}
		}
	}
	for _, block := range regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		if !strings.Contains(block[1], "ervers\": {\"watchbell\": {") {
			continue
		}
		files++
		var file map[string]json.RawMessage
		if err := json.Unmarshal([]byte(block[1]), &file); err != nil || !strings.Contains(block[1], `/mcp", "headers": {"Authorization": "Bearer $`) {
			t.Errorf("%v: %s", err, block[1])
		}
	}
	if commands != 1 || files != 2 {
		t.Errorf("%d commands and %d files", commands, files)
	}
}
