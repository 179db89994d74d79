package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/cmd/watchbell/config"
	"github.com/watchbell/watchbell/commands/change"
)

// Exit codes of change wait. A rejection is not a failure of the pipeline: let it end as skipped.
const (
	waitRejected    = 10
	waitExpired     = 11
	waitCancelled   = 12
	waitClosed      = 13
	waitFrozen      = 14
	waitHold        = 15
	waitIncident    = 16
	waitConflict    = 17
	waitTooEarly    = 18
	waitMismatch    = 19
	waitTimeout     = 20
	waitReapproval  = 21
	waitUnknown     = 30
	waitForbidden   = 31
	waitUnavailable = 32
	waitUsage       = 64
	waitInterrupted = 130
)

var waitCodes = map[string]int{
	change.ReasonAllowed: exitDone, change.ReasonRejected: waitRejected, change.ReasonExpired: waitExpired, change.ReasonCancelled: waitCancelled, change.ReasonClosed: waitClosed,
	change.ReasonFrozen: waitFrozen, change.ReasonHold: waitHold, change.ReasonIncident: waitIncident, change.ReasonConflict: waitConflict, change.ReasonTooEarly: waitTooEarly,
	change.ReasonMismatch: waitMismatch, change.ReasonReapproval: waitReapproval, change.ReasonUsed: waitMismatch, change.ReasonUnknown: waitUnknown,
}

type changeWaitCmd struct {
	place
	ID         string `arg:"" optional:"" help:"The change, like CHG-1. With --create-from it may be left out."`
	Env        string `help:"Where it is deployed." placeholder:"ENV"`
	Service    string `help:"What is deployed." placeholder:"SERVICE"`
	Artifact   string `help:"Which build of it, like sha256:9f3c…" placeholder:"DIGEST"`
	RunName    string `name:"run" help:"Names the run of the pipeline: repeated, it gets the same grant. By default what GitHub Actions and GitLab CI say, or a new name." placeholder:"NAME"`
	Timeout    string `help:"How long to wait for the decision." default:"4h"`
	WaitWindow bool   `help:"Wait for the window to open, too."`
	Server     string `help:"The address of the API; the token is taken from WATCHBELL_TOKEN." placeholder:"URL"`
	As         string `help:"With --data instead of --server: who acts." placeholder:"PERSON"`
	CreateFrom string `help:"Request the change of this JSON file first, once however often the run is repeated." placeholder:"FILE"`
	Start      bool   `help:"Start the change once it may be deployed."`
	JSON       bool   `name:"json" help:"Print the answer as JSON."`
}

// Help is shown by kong below the flags.
func (changeWaitCmd) Help() string {
	return `Exit code: 0 allowed, 10 rejected, 11 expired, 12 cancelled, 13 closed, 14 frozen, 15 on hold, 16 an incident is open, 17 conflict, 18 too early,
19 another artifact, service or environment, or already used, 20 not decided in time, 21 has to be approved again, 30 unknown change, 31 not permitted,
32 unavailable, 64 wrong usage, 130 interrupted. Nothing but 0 ever means that the deployment may go ahead.

Example: WATCHBELL_TOKEN_FILE=/run/secrets/watchbell watchbell change wait CHG-1 --server https://watchbell.example.com --env prod --service billing-db --artifact sha256:9f3c --timeout 4h`
}

func (c *changeWaitCmd) Run(ctx context.Context, root *cli, out streams) error {
	code, text := c.wait(ctx, root, out)
	if text != "" {
		fmt.Fprintln(out.err, "watchbell: "+text)
	}
	if code == exitDone {
		return nil
	}
	return exitError{code}
}

func (c *changeWaitCmd) wait(ctx context.Context, root *cli, out streams) (int, string) {
	timeout, err := value.Duration(c.Timeout, time.Second, 30*24*time.Hour)
	switch {
	case err != nil:
		return waitUsage, "--timeout: " + err.Error()
	case c.Env == "" || c.Service == "":
		return waitUsage, "name what is deployed, like --env prod --service billing-db"
	case c.ID == "" && c.CreateFrom == "":
		return waitUsage, "name the change, like CHG-1, or give --create-from FILE"
	case c.Server != "" && c.Data != "":
		return waitUsage, "give --server or --data, not both"
	}
	c.nameRun()
	desk, code, text := c.desk(ctx, root, out)
	if desk == nil {
		return code, text
	}
	defer desk.close()
	if c.CreateFrom != "" {
		if code, text := c.create(ctx, desk); code != exitDone {
			return code, text
		}
	}
	deadline := time.Now().Add(timeout)
	said, failures := "", 0
	patience := 30 * time.Second
	for {
		pause := 2 * time.Second
		a, err := desk.ask(ctx, c, min(patience, max(0, time.Until(deadline))))
		var busy *busyError
		switch {
		case ctx.Err() != nil:
			return waitInterrupted, "interrupted; nothing was decided"
		case errors.As(err, new(*forbiddenError)):
			return waitForbidden, err.Error()
		case errors.As(err, new(*usageError)):
			return waitUsage, err.Error()
		case errors.As(err, &busy) && time.Now().Before(deadline): // the server is well; it lets no more wait there, so the waiting is done here
			patience, pause = 0, busy.after
		case err != nil:
			failures++
			if failures >= 5 || time.Now().After(deadline) {
				return waitUnavailable, "the gate does not answer: " + err.Error()
			}
		default:
			failures = 0
			undecided := a.Reason == change.ReasonPending || a.Reason == change.ReasonTooEarly && c.WaitWindow
			if !undecided {
				return c.end(ctx, desk, a, out)
			}
			if a.Text != said {
				said = a.Text
				fmt.Fprintln(out.err, strings.TrimSpace(fmt.Sprintf("%s %s", a.Text, canUnblock(a))))
			}
			if !time.Now().Before(deadline) {
				if a.Reason == change.ReasonTooEarly {
					return waitTooEarly, "its window did not open in time"
				}
				return waitTimeout, "not decided in time. " + a.Text
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(min(pause, max(0, time.Until(deadline)))):
		}
	}
}

// nameRun names the run by what CI systems say about themselves.
func (c *changeWaitCmd) nameRun() {
	c.RunName = cmp.Or(c.RunName, os.Getenv("GITHUB_RUN_ID"), os.Getenv("CI_PIPELINE_ID"))
	if c.RunName == "" {
		c.RunName = rand.Text()
	}
}

func canUnblock(a change.GateAnswer) string {
	if len(a.CanUnblock) == 0 {
		return ""
	}
	var names []string
	for _, p := range a.CanUnblock {
		names = append(names, "@"+string(p))
	}
	return "Can decide: " + strings.Join(names, ", ")
}

// end says how it was decided.
func (c *changeWaitCmd) end(ctx context.Context, desk gateDesk, a change.GateAnswer, out streams) (int, string) {
	code, known := waitCodes[a.Reason]
	if !known {
		return waitUnavailable, "the gate answered something that this program does not know: " + a.Reason
	}
	if c.JSON {
		data, _ := json.Marshal(a)
		fmt.Fprintln(out.out, string(data))
	} else {
		fmt.Fprintln(out.out, a.Text)
	}
	if code != exitDone || !c.Start {
		return code, ""
	}
	if err := desk.do(ctx, "start", c.ID, c.Artifact); err != nil {
		return waitUnavailable, "it may be deployed, but could not be started: " + err.Error()
	}
	return exitDone, ""
}

// create requests the change, once for each run.
func (c *changeWaitCmd) create(ctx context.Context, desk gateDesk) (int, string) {
	data, err := readNamed(c.CreateFrom)
	if err != nil {
		return waitUsage, "--create-from: " + err.Error()
	}
	id, err := desk.create(ctx, bytes.TrimPrefix(data, []byte("\uFEFF")), "wait-"+c.RunName) // some editors put a byte order mark first
	switch {
	case errors.As(err, new(*forbiddenError)):
		return waitForbidden, err.Error()
	case errors.As(err, new(*usageError)):
		return waitUsage, err.Error()
	case err != nil:
		return waitUnavailable, err.Error()
	}
	c.ID = id
	return exitDone, ""
}

// gateDesk is where the gate is asked: over HTTP, or straight on the database.
type gateDesk interface {
	// ask asks once, and waits that long for a decision.
	ask(ctx context.Context, c *changeWaitCmd, wait time.Duration) (change.GateAnswer, error)
	do(ctx context.Context, verb, id, artifact string) error
	create(ctx context.Context, body []byte, key string) (id string, err error)
	close()
}

type (
	forbiddenError struct{ text string }
	usageError     struct{ text string }

	// busyError is that too much is asked of the server just now.
	busyError struct {
		text  string
		after time.Duration
	}
)

func (e *forbiddenError) Error() string { return e.text }
func (e *usageError) Error() string     { return e.text }
func (e *busyError) Error() string      { return e.text }

func (c *changeWaitCmd) desk(ctx context.Context, root *cli, out streams) (gateDesk, int, string) {
	if c.Server != "" {
		token, err := config.Secret("WATCHBELL_TOKEN")
		if err != nil {
			return nil, waitUsage, err.Error()
		}
		if token == "" {
			return nil, waitUsage, "set WATCHBELL_TOKEN, or WATCHBELL_TOKEN_FILE, to a token of: watchbell token create"
		}
		if u, err := url.Parse(c.Server); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, waitUsage, "--server: write an address like https://watchbell.example.com"
		}
		return &remoteDesk{strings.TrimSuffix(c.Server, "/"), token, &http.Client{Timeout: 90 * time.Second}}, exitDone, ""
	}
	if c.As == "" {
		return nil, waitUsage, "name who acts, like --as deploy, or ask a server with --server"
	}
	a, err := c.wire(ctx, appOptions{log: root.logger(out.err, slog.LevelError)})
	if err != nil {
		return nil, waitUnavailable, err.Error()
	}
	return &localDesk{a, strings.TrimPrefix(c.As, "@")}, exitDone, ""
}

type remoteDesk struct {
	address, token string
	client         *http.Client
}

func (*remoteDesk) close() {}

func (d *remoteDesk) call(ctx context.Context, method, path string, body io.Reader, key string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, d.address+path, body)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+d.token)
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return 0, nil, err
	}
	var problem struct {
		Detail string `json:"detail"`
	}
	_ = json.Unmarshal(data, &problem)
	detail := value.Cut(value.Line(cmp.Or(problem.Detail, resp.Status)), 500)
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return 0, nil, &forbiddenError{detail}
	case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusUnsupportedMediaType:
		return 0, nil, &usageError{detail}
	}
	if resp.StatusCode == http.StatusTooManyRequests {
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		return 0, nil, &busyError{detail, time.Duration(min(max(seconds, 1), 60)) * time.Second}
	}
	if resp.StatusCode >= 500 {
		return 0, nil, errors.New(detail)
	}
	return resp.StatusCode, data, nil
}

func (d *remoteDesk) ask(ctx context.Context, c *changeWaitCmd, wait time.Duration) (change.GateAnswer, error) {
	q := url.Values{"env": {c.Env}, "service": {c.Service}, "run": {c.RunName}, "wait": {wait.Round(time.Millisecond).String()}}
	if c.Artifact != "" {
		q.Set("artifact", c.Artifact)
	}
	var a change.GateAnswer
	status, data, err := d.call(ctx, http.MethodGet, "/api/v1/gates/"+url.PathEscape(c.ID)+"?"+q.Encode(), nil, "")
	if err != nil {
		return a, err
	}
	// Only an answer of the gate itself counts: a page of some proxy in between says nothing.
	if err := json.Unmarshal(data, &a); err != nil || a.Reason == "" || a.Reason == change.ReasonAllowed && (status != http.StatusOK || a.Receipt == "") {
		return change.GateAnswer{}, fmt.Errorf("this is no answer of a gate (status %d)", status)
	}
	return a, nil
}

func (d *remoteDesk) do(ctx context.Context, verb, id, artifact string) error {
	body, _ := json.Marshal(map[string]string{"artifact": artifact})
	status, data, err := d.call(ctx, http.MethodPost, "/api/v1/gates/"+url.PathEscape(id)+"/"+verb, strings.NewReader(string(body)), "")
	if err == nil && status != http.StatusOK {
		err = errors.New(value.Cut(value.Line(string(data)), 300))
	}
	return err
}

func (d *remoteDesk) create(ctx context.Context, body []byte, key string) (string, error) {
	status, data, err := d.call(ctx, http.MethodPost, "/api/v1/changes", strings.NewReader(string(body)), key)
	if err != nil {
		return "", err
	}
	var made struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(data, &made); err != nil || status != http.StatusCreated || made.ID == "" {
		return "", &usageError{"the change was not requested: " + value.Cut(value.Line(string(data)), 500)}
	}
	return made.ID, nil
}

// localDesk asks the database itself, for when there is no server to ask.
type localDesk struct {
	app *app
	as  string
}

func (d *localDesk) close() { d.app.close() }

func (d *localDesk) call(ctx context.Context, key, command string, args map[string]string) (bot.Reply, error) {
	reply := d.app.bot.Receive(ctx, bot.Request{Key: "cli:" + d.as + ":" + cmp.Or(key, rand.Text()), From: bot.Account{Platform: cliPlatform, User: d.as}, Via: operator(), Shortcut: command, Args: args, NoForms: true})
	text := ""
	if reply.Message != nil {
		text = reply.Message.Plain(d.app.config.Zone)
	}
	switch {
	case reply.Kind == bot.Forbidden:
		return reply, &forbiddenError{text}
	case reply.Kind == bot.Invalid:
		return reply, &usageError{text}
	case reply.Status == bot.Unready || reply.Kind != "":
		return reply, errors.New(text)
	}
	return reply, nil
}

func (d *localDesk) ask(ctx context.Context, c *changeWaitCmd, _ time.Duration) (change.GateAnswer, error) {
	var a change.GateAnswer
	reply, err := d.call(ctx, "", "change.gate", map[string]string{"change": c.ID, "env": c.Env, "service": c.Service, "artifact": c.Artifact, "run": c.RunName})
	if err == nil {
		err = json.Unmarshal(reply.Data, &a)
	}
	return a, err
}

func (d *localDesk) do(ctx context.Context, verb, id, artifact string) error {
	reply, err := d.call(ctx, "", "change."+verb, map[string]string{"change": id, "artifact": artifact})
	if err == nil && reply.Status != bot.Done {
		err = errors.New(reply.Message.Plain(d.app.config.Zone))
	}
	return err
}

func (d *localDesk) create(ctx context.Context, body []byte, key string) (string, error) {
	args := map[string]string{}
	if err := json.Unmarshal(body, &args); err != nil {
		return "", &usageError{"--create-from: the file has to be a JSON object of texts"}
	}
	reply, err := d.call(ctx, key, "change.new", args)
	if err != nil {
		return "", err
	}
	var made struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(reply.Data, &made); err != nil || made.ID == "" {
		return "", &usageError{"the change was not requested: " + reply.Message.Plain(d.app.config.Zone)}
	}
	return made.ID, nil
}
