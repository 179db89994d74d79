package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/cmd/watchbell/config"
	"github.com/watchbell/watchbell/commands/incident"
	"github.com/watchbell/watchbell/storage"
)

type doCmd struct {
	place
	As   string `help:"Who acts: a person's id or name, like ana." required:"" placeholder:"PERSON"`
	Key  string `help:"Names the action: a second run with the same key changes nothing and prints the same answer." placeholder:"KEY"`
	Line string `arg:"" help:"The command, in quotes, like '/incident list'."`
}

// Help is shown by kong below the flags.
func (doCmd) Help() string {
	return `It works beside a running server, which then shows in chat what changed. Exit code: 0 done, 1 refused, 2 wrong usage, 3 unavailable.

Example: watchbell do --as ana '/incident resolve INC-4 Rolled back release 42'`
}

func (c *doCmd) Run(ctx context.Context, root *cli, io streams) error {
	a, err := c.wire(ctx, appOptions{log: root.logger(io.err, slog.LevelError)})
	if err != nil {
		return err
	}
	defer a.close()
	if c.Key == "" {
		c.Key = rand.Text()
	}
	return a.act(ctx, io, c.As, c.Key, bot.Request{Text: c.Line, Lone: true})
}

// act carries out a request of somebody at the terminal and prints what they are told. The error is how it ended.
func (a *app) act(ctx context.Context, io streams, as, key string, r bot.Request) error {
	who, from, err := a.acts(ctx, as)
	if err != nil {
		return err
	}
	r.Key, r.From, r.NoForms, r.Via = "cli:"+string(who.ID)+":"+key, from, true, operator()
	reply := a.bot.Receive(ctx, r)
	to := io.out
	if reply.Status != bot.Done {
		to = io.err
	}
	if reply.Message != nil {
		m := *reply.Message
		m.Actions = nil // there is nothing to press here
		fmt.Fprintln(to, m.Plain(who.LocationOr(a.config.Zone)))
	}
	switch reply.Status {
	case bot.Done:
		return nil
	case bot.Refused:
		return exitError{exitRefused}
	case bot.Usage:
		return exitError{exitUsage}
	}
	return exitError{exitUnavailable}
}

type configCmd struct {
	Example configExampleCmd `cmd:"" help:"Print a configuration with every key explained. Example: watchbell config example > watchbell.yaml"`
	Check   configCheckCmd   `cmd:"" help:"Check a configuration file. Example: watchbell config check watchbell.yaml"`
}

type configExampleCmd struct{}

func (configExampleCmd) Run(io streams) error {
	_, err := fmt.Fprint(io.out, config.Example())
	return err
}

type configCheckCmd struct {
	File string `arg:"" optional:"" default:"watchbell.yaml" help:"The file."`
}

func (c configCheckCmd) Run(io streams) error {
	f, err := config.Load(c.File)
	if err != nil {
		return err
	}
	fmt.Fprintf(
		io.out, "%s is good: %s, %s, %s.\n", c.File, value.Counted(len(f.People), "person"),
		value.Counted(len(f.Services), "service"), value.Counted(len(f.Channels), "channel"),
	)
	for _, old := range f.Outdated() {
		fmt.Fprintf(io.err, "%s: %s.\n", c.File, old)
	}
	return nil
}

type migrateCmd struct {
	Status migrateStatusCmd `cmd:"" help:"List the steps of the schema and which were taken. Example: watchbell migrate status"`
	Up     migrateUpCmd     `cmd:"" help:"Bring the schema up to date; serve does it by itself. Example: watchbell migrate up"`
}

type migrateStatusCmd struct{ place }

func (c migrateStatusCmd) Run(ctx context.Context, io streams) error {
	url, err := c.database()
	if err != nil {
		return err
	}
	list, err := storage.MigrationStatus(ctx, url)
	if err != nil {
		return err
	}
	for _, m := range list {
		when := "pending"
		if !m.Applied.IsZero() {
			when = m.Applied.UTC().Format("2006-01-02 15:04:05 UTC")
		}
		fmt.Fprintf(io.out, "%5d  %-24s %s\n", m.Version, when, m.Name)
	}
	return nil
}

type migrateUpCmd struct{ place }

func (c migrateUpCmd) Run(ctx context.Context, io streams) error {
	store, err := c.open(ctx, storage.Options{Patient: true})
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	list, err := store.Migrations(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(io.out, "The schema is up to date: %d.\n", list[len(list)-1].Version)
	return nil
}

type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Check that no entry was changed, removed, inserted or moved. Exit code: 0 good, 1 tampered, 3 cannot read. Example: watchbell audit verify"`
}

type auditVerifyCmd struct {
	place
	Expect []string `help:"An entry that has to be in the log, as an earlier run or the small print of a digest told it; may be given several times. Without one that was kept elsewhere nobody can tell a log that was written anew from its beginning." placeholder:"N:HASH"`
}

func (c auditVerifyCmd) Run(ctx context.Context, io streams) error {
	var known []bot.Seal
	for _, raw := range c.Expect {
		seal, err := bot.ParseSeal(raw)
		if err != nil {
			return err
		}
		known = append(known, seal)
	}
	store, err := c.open(ctx, storage.Options{NoMigrate: true, Patient: true})
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	v, err := store.Verify(ctx, known...)
	if err != nil {
		return err
	}
	fmt.Fprintf(io.out, "The audit log is whole: %s.\n", value.Counted(int(v.Last.Seq), "entry"))
	fmt.Fprintf(
		io.out, "The records are as it says they were left: %s. Checkpoints that agree: %d.\n",
		value.Counted(v.Objects, "object"), v.Checkpoints,
	)
	if v.Bare > 0 {
		fmt.Fprintf(
			io.out,
			"The first %d entries are without digest: they are from before entries told how their objects were left. Objects "+
				"that nobody has changed since: %d.\n",
			v.Bare, v.Unbound,
		)
	}
	if v.Last.Seq > 0 {
		fmt.Fprintf(io.out, "Its end, to be kept elsewhere and checked later with --expect: %s\n", v.Last)
	}
	return nil
}

type exportCmd struct {
	Incident exportIncidentCmd `cmd:"" help:"Write an incident's post-mortem or record. Example: watchbell export incident INC-1 --format md"`
}

type exportIncidentCmd struct {
	place
	ID     string `arg:"" help:"The incident, like INC-1."`
	Format string `help:"md for the post-mortem, json for the whole record with its timeline and audit entries." enum:"md,json" default:"md"`
	Output string `short:"o" help:"Write to this file. In an existing Markdown file only the generated parts are replaced; what you wrote stays." placeholder:"FILE"`
}

func (c exportIncidentCmd) Run(ctx context.Context, root *cli, io streams) error {
	a, err := c.wire(ctx, appOptions{patient: true, log: root.logger(io.err, slog.LevelError)})
	if err != nil {
		return err
	}
	defer a.close()
	id, err := incidentID(c.ID)
	if err != nil {
		return err
	}
	text, err := a.exportIncident(ctx, id, c.Format)
	if err != nil {
		return err
	}
	if c.Output == "" {
		_, err = fmt.Fprint(io.out, text)
		return err
	}
	older, err := olderText(c.Output)
	if err != nil {
		return err
	}
	if c.Format == "md" && len(older) > 0 {
		text = incident.Refresh(string(older), text)
	}
	if err := writeFile(c.Output, text); err != nil {
		return bot.Errorf(bot.Invalid, "Cannot write %s: %v", c.Output, err)
	}
	fmt.Fprintf(io.out, "Wrote %s.\n", c.Output)
	return nil
}

type jobsCmd struct {
	List  jobsListCmd  `cmd:"" default:"1" help:"List the jobs that were given up. Example: watchbell jobs list"`
	Retry jobsRetryCmd `cmd:"" help:"Run one again. Example: watchbell jobs retry 17"`
}

type jobsListCmd struct{ place }

func (c jobsListCmd) Run(ctx context.Context, io streams) error {
	store, err := c.open(ctx, storage.Options{NoMigrate: true})
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	dead, err := store.DeadJobs(ctx, 100)
	if err != nil {
		return err
	}
	if len(dead) == 0 {
		fmt.Fprintln(io.out, "No job was given up.")
	}
	for _, j := range dead {
		fmt.Fprintf(
			io.out, "%d  %s %s %s  after %s: %s\n", j.ID, j.Kind, j.Object, j.Arg, value.Counted(j.Attempt, "attempt"),
			value.Cut(value.Line(j.Err), 200),
		)
	}
	return nil
}

type jobsRetryCmd struct {
	place
	ID int64 `arg:"" help:"The number in the list."`
}

func (c jobsRetryCmd) Run(ctx context.Context, io streams) error {
	store, err := c.open(ctx, storage.Options{NoMigrate: true})
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	err = store.ReviveJob(ctx, c.ID, bot.SystemClock{}.Now())
	if errors.Is(err, bot.ErrNoSuch) {
		return bot.Errorf(bot.NotFound, "There is no job %d that was given up. See them with: watchbell jobs list", c.ID)
	}
	if err == nil {
		fmt.Fprintln(io.out, "It is due again.")
	}
	return err
}

type healthcheckCmd struct {
	URL string `help:"What to ask." default:"http://127.0.0.1:9090/readyz"`
}

func (c healthcheckCmd) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL, nil)
	if err != nil {
		return bot.Errorf(bot.Invalid, "--url: %v", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return bot.Errorf(bot.Unavailable, "The server does not answer: %v", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return bot.Errorf(bot.Unavailable, "The server is not ready: %s", resp.Status)
	}
	return nil
}

type versionCmd struct{}

// version is set when a release is built.
var version = "devel"

func (versionCmd) Run(io streams) error {
	revision := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				revision = " " + s.Value[:12]
			}
		}
	}
	_, err := fmt.Fprintf(
		io.out, "watchbell %s%s %s %s/%s\n", version, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH,
	)
	return err
}
