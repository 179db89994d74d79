package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"github.com/watchbell/watchbell/bot"
)

// described is the description that a server gives of its API, as a program that follows it reads it.
func (w *gateWorld) described() (*openapi3.T, routers.Router) {
	w.t.Helper()
	_, text := w.call("GET", "/api/v1/openapi.json", "")
	doc, err := openapi3.NewLoader().LoadFromData([]byte(text))
	if err != nil {
		w.t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	doc.Servers = openapi3.Servers{{URL: w.server.URL}}
	router, err := legacy.NewRouter(doc, openapi3.DisableExamplesValidation())
	if err != nil {
		w.t.Fatal(err)
	}
	return doc, router
}

// holds makes a call and holds the answer to what the description says of it.
func (w *gateWorld) holds(router routers.Router, method, path, body string, headers ...string) (int, string) {
	w.t.Helper()
	status, answer := w.call(method, path, body, headers...)
	req, err := http.NewRequest(method, w.server.URL+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	route, params, err := router.FindRoute(req)
	if err != nil {
		w.t.Errorf("%s %s is not described: %v", method, path, err)
		return status, answer
	}
	kind := "application/json"
	if status >= 400 {
		var problem struct{ Type string }
		if json.Unmarshal([]byte(answer), &problem) == nil && problem.Type != "" {
			kind = "application/problem+json"
		}
	}
	err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route},
		Status:                 status, Header: http.Header{"Content-Type": {kind}},
		Body: nopCloser{bytes.NewReader([]byte(answer))}, Options: &openapi3filter.Options{IncludeResponseStatus: true},
	})
	if err != nil {
		w.t.Errorf("%s %s: %d %s: %v", method, path, status, answer, err)
	}
	return status, answer
}

type nopCloser struct{ *bytes.Reader }

func (nopCloser) Close() error { return nil }

// Everything that people can say in chat can be said by a program, in the same words, and is answered as the
// description says.
func TestCommandsByTheAPI(t *testing.T) {
	w := newGate(t)
	w.token = w.newToken(
		"--as", "ana", "--scope", "change.*", "--scope", "incident.*", "--scope", "report.*", "--scope", "oncall.*",
	)
	doc, router := w.described()
	for _, c := range w.app.bot.Tree().Commands() {
		at := doc.Paths.Find("/api/v1/commands/" + c.Name)
		if needsFile := slices.ContainsFunc(c.Params, func(p bot.Param) bool {
			return p.Kind == bot.FileParam &&
				p.Required
		}); needsFile {
			continue
		}
		if at == nil || at.Post == nil || at.Post.Summary != c.Summary {
			t.Errorf("%s is not described", c.Name)
		}
	}
	run := func(command, body string, headers ...string) string {
		status, answer := w.holds(router, "POST", "/api/v1/commands/"+command, body, headers...)
		return fmt.Sprintf("%d %s", status, answer)
	}
	for _, c := range []struct{ command, body, want string }{
		{"incident.declare", `{"title": "Checkout returns 502", "severity": "sev2"}`, `"object":"INC-1"`},
		{"incident.note", `{"incident": "INC-1", "text": "It is the load balancer"}`, `"object":"INC-1","status":"done"`},
		{"incident.task", `{"incident": "INC-1", "text": "Call the vendor", "person": "@ana"}`, "Call the vendor"},
		{"incident.list", `{}`, "INC-1"},
		{"incident.show", `{"incident": "INC-1"}`, "Checkout returns 502"},
		{"incident.declare", `{"title": "x", "severity": "sev9"}`, `"errors":{"severity":`},
		{"incident.declare", `{}`, `"errors":{"title":"This is missing."}`},
		{"incident.declare", `{"titel": "x"}`, `400 {"detail":"\"titel\" is not a field`},
		{"incident.declre", `{}`, "404 "},
		{"incident.note", `{"incident": "INC-99", "text": "x"}`, "404 "},
		{"change.list", `{"which": "all"}`, "200 "},
		{"oncall.who", `{}`, "200 "},
		{"report.schedules", `{}`, "200 "},
	} {
		if c.command == "incident.declre" { // which no description has
			if status, got := w.call("POST", "/api/v1/commands/"+c.command, c.body); status != 404 ||
				!strings.Contains(got, "Did you mean incident.declare?") {
				t.Errorf("%s: %d %s", c.command, status, got)
			}
			continue
		}
		if got := run(c.command, c.body); !strings.Contains(got, c.want) {
			t.Errorf("%s %s: %s, want %s", c.command, c.body, got, c.want)
		}
	}
}

// A call that is repeated with its key has no second effect, whatever it does, and its key is good for nothing else.
func TestACallOfTheAPIIsRepeated(t *testing.T) {
	w := newGate(t)
	w.token = w.newToken("--scope", "incident.*")
	_, router := w.described()
	run := func(body string) (int, string) {
		return w.holds(router, "POST", "/api/v1/commands/incident.declare", body, "Idempotency-Key", "k1")
	}
	const body = `{"title": "Checkout returns 502", "severity": "sev2"}`
	status, first := run(body)
	if again, text := run(body); status != 200 || again != 200 || text != first {
		t.Errorf("%d %s, then %d %s", status, first, again, text)
	}
	if status, text := run(`{"title": "Something else", "severity": "sev2"}`); status != 422 {
		t.Errorf("with another body: %d %s", status, text)
	}
	if _, list := w.holds(router, "POST", "/api/v1/commands/incident.list", `{}`); strings.Contains(list, "INC-2") ||
		!strings.Contains(list, "INC-1") {
		t.Error(list)
	}
}

// No token gives somebody's own word, whatever its scopes are, and none does more than its scopes or its person.
func TestWhatNoTokenMayDo(t *testing.T) {
	w := newGate(t)
	w.token = w.newToken("--scope", "change.*")
	_, router := w.described()
	w.call(
		"POST", "/api/v1/changes",
		`{"title": "Deploy search 42", "service": ["search"], "env": "prod", "why": "New ranking", "plan": "Roll out", "backout": "Roll back", "start": "in 2h", "end": "1h"}`,
	)
	personal := map[string]string{
		"change.approve":  `{"change": "CHG-1", "revision": "1"}`,
		"change.reject":   `{"change": "CHG-1", "revision": "1", "reason": "because"}`,
		"change.bulk":     `{"changes": "CHG-1:1"}`,
		"change.withdraw": `{"change": "CHG-1"}`, "change.witness": `{"change": "CHG-1"}`,
		"change.break":    `{"change": "CHG-1", "why": "All approvers are on one plane and the disk is full"}`,
		"change.delegate": `{"person": "@ana", "until": "tomorrow 18:00"}`,
		"change.waive":    `{"change": "CHG-1", "duty": "retro_approval", "why": "It was on the phone"}`,
		"change.extend":   `{"change": "CHG-1", "until": "23:30"}`, "change.tick": `{"change": "CHG-1", "number": "1"}`,
		"ops.notify-add":  `{"address": "ntfy://ntfy.sh/my-secret-topic"}`,
		"ops.notify-test": `{"place": "BELL-1"}`, "ops.notify-remove": `{"place": "BELL-1"}`,
		"change.resume": `{"change": "CHG-1"}`, "ops.me-link": `{}`, "ops.signin": `{}`,
		"ops.sessions": `{}`, "ops.session-end": `{"session": "all"}`, "ops.me-unlink": `{"account": "discord"}`,
		"ops.token-create": `{"name": "x", "scope": "*"}`, "ops.token-revoke": `{"token": "4f1c2a9b"}`,
		"risk.approve": `{"risk": "RSK-1"}`, "risk.refuse": `{"risk": "RSK-1", "why": "Mitigate it first"}`,
	}
	administration := map[string]string{ // nobody of the demo may do these
		"ops.account-link":   `{"person": "@ana", "account": "slack/T0123ABC/U0456DEF"}`,
		"ops.account-unlink": `{"account": "slack/T0123ABC/U0456DEF"}`,
	}
	for want, commands := range map[string]map[string]string{
		"it takes a person": personal, "needs one of the roles admin": administration,
	} {
		for command, body := range commands {
			t.Run(command, func(t *testing.T) {
				if status, text := w.holds(router, "POST", "/api/v1/commands/"+command, body); status != 403 ||
					!strings.Contains(text, want) {
					t.Errorf("%s: %d %s", command, status, text)
				}
			})
		}
	}
	for _, c := range w.app.bot.Tree().Commands() {
		_, listed := personal[c.Name]
		if _, admins := administration[c.Name]; c.InPerson && !listed && !admins {
			t.Errorf("%s is not tried here", c.Name)
		}
	}
	w.token = w.newToken("--as", "mia", "--scope", "change.*")
	for command, body := range map[string]string{
		"change.template": `{"what": "approve", "name": "restart-web"}`,
		"change.freeze":   `{"what": "end", "freeze": "FRZ-1", "reason": "It is over"}`,
	} {
		t.Run(command, func(t *testing.T) {
			if status, text := w.holds(router, "POST", "/api/v1/commands/"+command, body); status != 403 ||
				!strings.Contains(text, "it takes a person") {
				t.Errorf("%s: %d %s", command, status, text)
			}
		})
	}
	w.token = w.newToken("--scope", "change.*")
	if status, text := w.holds(
		router, "POST", "/api/v1/commands/incident.declare", `{"title": "Checkout returns 502", "severity": "sev2"}`,
	); status != 403 || !strings.Contains(text, "Its scopes are: change.*") {
		t.Errorf("beyond its scopes: %d %s", status, text)
	}
	i := slices.IndexFunc(w.app.bot.Tree().Commands(), func(c *bot.Command) bool { return c.InPerson })
	if name := w.app.bot.Tree().Commands()[i].Name; name != "" {
		if r := runCLI(
			t, "token", "create", "--data", w.dir, "--name", "x", "--as", "deploy", "--scope", name,
		); r.code != exitUsage || !strings.Contains(
			r.err, "takes a person",
		) {
			t.Errorf("a token for %s: %v", name, r)
		}
	}
}

// The gate's own addresses are described too.
func TestTheGateIsDescribed(t *testing.T) {
	w := newGate(t)
	_, router := w.described()
	w.holds(
		router, "POST", "/api/v1/changes",
		`{"title": "Deploy search 42", "service": ["search"], "env": "prod", "why": "New ranking", "plan": "Roll out", "backout": "Roll back", "start": "in 2h", "end": "1h"}`,
	)
	for _, path := range []string{
		"/api/v1/gates/CHG-1?env=prod&service=search", "/api/v1/gates/CHG-1", "/api/v1/gates/CHG-9?env=prod&service=search",
		"/api/v1/changes/CHG-1", "/api/v1/calendar/state?env=prod&service=search", "/api/v1/keys", "/api/v1/openapi.json",
	} {
		w.holds(router, "GET", path, "")
	}
	for _, path := range []string{
		"/api/v1/gates/CHG-1/start", "/api/v1/gates/CHG-1/finish", "/api/v1/gates/CHG-1/fail",
		"/api/v1/gates/CHG-1/heartbeat", "/api/v1/changes/CHG-1/submit", "/api/v1/deployments",
	} {
		w.holds(router, "POST", path, `{}`)
	}
}

// A program that runs wild is held back like a person: it would open a channel for each incident.
func TestAProgramIsLimitedLikeAPerson(t *testing.T) {
	w := newGate(t)
	w.token = w.newToken("--scope", "incident.*")
	_, router := w.described()
	declared := 0
	for n := range 30 {
		status, text := w.holds(
			router, "POST", "/api/v1/commands/incident.declare",
			fmt.Sprintf(`{"title": "Alert %d", "severity": "sev3", "anyway": "yes"}`, n),
		)
		switch {
		case status == 200:
			declared++
		case status != 503 || !strings.Contains(text, "many times in a short time"):
			t.Fatalf("%d %s", status, text)
		}
	}
	if declared == 0 || declared == 30 {
		t.Errorf("%d of 30 were declared", declared)
	}
}

// What people look at, programs read, page by page, with the filters of the command.
func TestPagesByTheAPI(t *testing.T) {
	w := newGate(t)
	w.token = w.newToken("--as", "ana", "--scope", "incident.list", "--scope", "change.list")
	_, router := w.described()
	const many = 53
	for n := range many {
		w.say("ana", fmt.Sprintf("/incident declare sev%d anyway=yes title=\"Page %02d\"", n%4+1, n))
	}
	w.say(
		"dan",
		`/change new title="Resize the database" service=payments env=prod why="Queries time out" plan="Fail over" backout="Fail back" start="in 2h" end=1h`,
	)
	type page struct {
		Title string `json:"title"`
		Table struct {
			Columns []string `json:"columns"`
			Rows    []struct {
				Object string   `json:"object"`
				Cells  []string `json:"cells"`
			} `json:"rows"`
			Next string `json:"next"`
		} `json:"table"`
	}
	read := func(path string) (p page) {
		t.Helper()
		status, text := w.holds(router, "GET", path, "")
		if err := json.Unmarshal([]byte(text), &p); err != nil || status != 200 {
			t.Fatalf("%s: %d %s", path, status, text)
		}
		for _, r := range p.Table.Rows {
			if len(r.Cells) != len(p.Table.Columns) {
				t.Errorf("%s: %d cells under %d columns", path, len(r.Cells), len(p.Table.Columns))
			}
		}
		return p
	}
	var ids []string
	for at := "/api/v1/pages/incidents"; at != ""; {
		p := read(at)
		for _, r := range p.Table.Rows {
			ids = append(ids, r.Object)
		}
		at = p.Table.Next
	}
	if len(ids) != many || ids[0] != "INC-53" || ids[many-1] != "INC-1" {
		t.Errorf("%d incidents: %v", len(ids), ids)
	}
	if p := read("/api/v1/pages/incidents?severity=sev1&which=all"); len(p.Table.Rows) != 14 ||
		p.Table.Rows[0].Cells[1] != "SEV1" || p.Table.Rows[0].Cells[4] != "" {
		t.Errorf("by severity: %+v", p)
	}
	if p := read("/api/v1/pages/changes"); len(p.Table.Rows) != 1 || !slices.Contains(p.Table.Rows[0].Cells, "dan") ||
		!strings.HasSuffix(p.Table.Rows[0].Cells[9], "Z") {
		t.Errorf("changes: %+v", p)
	}
	if status, text := w.holds(router, "GET", "/api/v1/pages/incidents?sevrity=sev1", ""); status != 400 {
		t.Errorf("a slip: %d %s", status, text)
	}
	if status, text := w.holds(router, "GET", "/api/v1/pages/incidents?severity=sev9", ""); status != 400 ||
		!strings.Contains(text, `"errors":{"severity"`) {
		t.Errorf("a wrong value: %d %s", status, text)
	}
	if _, text := w.holds(router, "GET", "/api/v1/pages", ""); !strings.Contains(
		text, `"address":"/api/v1/pages/incidents"`,
	) || !strings.Contains(text, `"changes"`) {
		t.Error(text)
	}
	w.token = w.newToken("--as", "ana", "--scope", "change.list")
	if _, text := w.holds(router, "GET", "/api/v1/pages", ""); strings.Contains(text, "incidents") {
		t.Errorf("beyond its scopes: %s", text)
	}
	if status, _ := w.holds(router, "GET", "/api/v1/pages/incidents", ""); status != 403 {
		t.Errorf("beyond its scopes: %d", status)
	}
}
