package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"time"

	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/cmd/watchbell/config"
	"github.com/watchbell/watchbell/cmd/watchbell/gate"
)

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
	if code == gate.Allowed {
		return nil
	}
	return exitError{code}
}

func (c *changeWaitCmd) wait(ctx context.Context, root *cli, out streams) (int, string) {
	timeout, err := value.Duration(c.Timeout, time.Second, 30*24*time.Hour)
	switch {
	case err != nil:
		return gate.Usage, "--timeout: " + err.Error()
	case c.Env == "" || c.Service == "":
		return gate.Usage, "name what is deployed, like --env prod --service billing-db"
	case c.ID == "" && c.CreateFrom == "":
		return gate.Usage, "name the change, like CHG-1, or give --create-from FILE"
	case c.Server != "" && c.Data != "":
		return gate.Usage, "give --server or --data, not both"
	}
	c.nameRun()
	desk, done, code, text := c.desk(ctx, root, out)
	if desk == nil {
		return code, text
	}
	defer done()
	if c.CreateFrom != "" {
		data, err := readNamed(c.CreateFrom)
		if err != nil {
			return gate.Usage, "--create-from: " + err.Error()
		}
		if c.ID, code, text = gate.Create(ctx, desk, data, c.RunName); code != gate.Allowed {
			return code, text
		}
	}
	w := gate.Wait{
		Question: gate.Question{Change: c.ID, Env: c.Env, Service: c.Service, Artifact: c.Artifact, Run: c.RunName},
		Desk:     desk, Timeout: timeout, Window: c.WaitWindow, Start: c.Start, JSON: c.JSON, Out: out.out, Err: out.err,
	}
	return w.Run(ctx)
}

// nameRun names the run by what CI systems say about themselves.
func (c *changeWaitCmd) nameRun() {
	c.RunName = cmp.Or(c.RunName, os.Getenv("GITHUB_RUN_ID"), os.Getenv("CI_PIPELINE_ID"))
	if c.RunName == "" {
		c.RunName = rand.Text()
	}
}

// desk is where the gate is asked: over HTTP, or straight on the database. The caller closes it. Without one, code and
// text say why.
func (c *changeWaitCmd) desk(
	ctx context.Context, root *cli, out streams,
) (desk gate.Desk, done func(), code int, text string) {
	if c.Server != "" {
		token, err := config.Secret("WATCHBELL_TOKEN")
		if err != nil {
			return nil, nil, gate.Usage, err.Error()
		}
		if token == "" {
			return nil, nil, gate.Usage, "set WATCHBELL_TOKEN, or WATCHBELL_TOKEN_FILE, to a token of: watchbell token create"
		}
		if u, err := url.Parse(c.Server); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, nil, gate.Usage, "--server: write an address like https://watchbell.example.com"
		}
		return gate.NewServer(c.Server, token), func() {}, gate.Allowed, ""
	}
	if c.As == "" {
		return nil, nil, gate.Usage, "name who acts, like --as deploy, or ask a server with --server"
	}
	a, err := c.wire(ctx, appOptions{log: root.logger(out.err, slog.LevelError)})
	if err != nil {
		return nil, nil, gate.Unavailable, err.Error()
	}
	who, from, err := a.acts(ctx, c.As)
	if err != nil {
		a.close()
		return nil, nil, gate.Usage, err.Error()
	}
	zone := who.LocationOr(a.config.Zone)
	return &gate.Local{Receive: a.bot.Receive, From: from, Via: operator(), Zone: zone}, a.close, gate.Allowed, ""
}
