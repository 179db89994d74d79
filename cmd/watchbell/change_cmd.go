package main

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/cmd/watchbell/config"
	"github.com/watchbell/watchbell/commands/change/evidence"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/commands/change/receipt"
	"github.com/watchbell/watchbell/commands/register/service"
	"github.com/watchbell/watchbell/storage"
)

type changeCmd struct {
	Wait           changeWaitCmd     `cmd:"" help:"Wait in a pipeline until a change may be deployed. Example: watchbell change wait CHG-1 --env prod --service billing-db"`
	Evidence       evidenceCmd       `cmd:"" help:"Write what auditors ask for. Example: watchbell change evidence --from 2026-01-01 --to 2026-04-01 --format zip -o evidence.zip"`
	VerifyEvidence verifyEvidenceCmd `cmd:"" help:"Check a package of evidence, without a network or a database. Example: watchbell change verify-evidence evidence.zip --key KEY"`
	VerifyReceipt  verifyReceiptCmd  `cmd:"" help:"Check the receipt of a gate, without a network or a database. Example: watchbell change verify-receipt --key KEY < receipt.txt"`
	HoldAll        holdAllCmd        `cmd:"" help:"Put every approved change on hold, after a backup was restored. Example: watchbell change hold-all --why \"restored from the backup of 03:00\""`
	Key            changeKeyCmd      `cmd:"" help:"Print the public key of receipts and evidence. Example: watchbell change key"`
	Policy         policyCmd         `cmd:"" help:"Print, test and compare change policies."`
}

type changeKeyCmd struct{ place }

func (c changeKeyCmd) Run(ctx context.Context, io streams) error {
	store, err := c.open(ctx, storage.Options{NoMigrate: true})
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	key, err := signingKey(ctx, store)
	if err == nil {
		fmt.Fprintln(io.out, formatKey(key.Public().(ed25519.PublicKey)))
	}
	return err
}

// keyPrefix begins a key, which by itself may begin with a hyphen and look like a flag.
const keyPrefix = "ed25519:"

func formatKey(k ed25519.PublicKey) string {
	return keyPrefix + base64.RawURLEncoding.EncodeToString(k)
}

func publicKey(raw string) (ed25519.PublicKey, error) {
	key, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(strings.TrimSpace(raw), keyPrefix))
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, bot.Errorf(
			bot.Invalid, "--key: this is no public key. Print it where the server is, with: watchbell change key",
		)
	}
	return key, nil
}

type holdAllCmd struct {
	place
	Why string `help:"Why; everybody concerned reads it." required:""`
}

func (c holdAllCmd) Run(ctx context.Context, root *cli, out streams) error {
	why := value.Line(c.Why)
	if value.Count(why) < 3 {
		return bot.Errorf(bot.Invalid, "--why: give a reason, like \"restored from the backup of 03:00\"")
	}
	a, err := c.wire(ctx, appOptions{log: root.logger(out.err, slog.LevelError)})
	if err != nil {
		return err
	}
	defer a.close()
	n, err := a.changes.HoldAll(ctx, why)
	if err == nil {
		fmt.Fprintf(
			out.out,
			"On hold: %s. Their approvers resume each with /change resume, once they know that it was not used since.\n",
			value.Counted(n, "change"),
		)
	}
	return err
}

type evidenceCmd struct {
	place
	From   string `help:"The first day of the period, or a time." required:"" placeholder:"2026-01-01"`
	To     string `help:"The day after the last one, or a time; default now." placeholder:"2026-04-01"`
	Format string `help:"zip for everything, signed; csv for the population; json or html." enum:"zip,csv,json,html" default:"zip"`
	Output string `short:"o" help:"The file to write; default: standard output." placeholder:"FILE"`
	Sample int    `help:"How many of what was carried out are drawn for the sample." default:"25"`
	Seed   uint64 `help:"The seed of the sample; the same seed draws the same sample." default:"1"`
}

func (c evidenceCmd) Run(ctx context.Context, root *cli, out streams) error {
	a, err := c.wire(ctx, appOptions{patient: true, log: root.logger(out.err, slog.LevelError)})
	if err != nil {
		return err
	}
	defer a.close()
	ask := evidence.Ask{Format: c.Format, Sample: c.Sample, Seed: c.Seed}
	if ask.From, err = c.day("--from", c.From, a.config.Zone); err != nil {
		return err
	}
	ask.To = a.clock.Now().In(a.config.Zone)
	if c.To != "" {
		if ask.To, err = c.day("--to", c.To, a.config.Zone); err != nil {
			return err
		}
	}
	if !ask.To.After(ask.From) {
		return bot.Errorf(bot.Invalid, "--to has to be after --from, like --from 2026-01-01 --to 2026-04-01")
	}
	verified, err := a.store.Verify(ctx)
	if err != nil {
		return err // nobody signs for a log that does not hold, or for records that are not what it says
	}
	ask.Head = verified.Last
	if c.Output == "" {
		_, err = a.changes.WriteEvidence(ctx, out.out, ask)
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(c.Output), ".evidence-*")
	if err != nil {
		return bot.Errorf(bot.Invalid, "Cannot write %s: %v", c.Output, err)
	}
	defer func() { _ = os.Remove(file.Name()) }()
	m, err := a.changes.WriteEvidence(ctx, file, ask)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	if err := os.Rename(file.Name(), c.Output); err != nil {
		return bot.Errorf(bot.Invalid, "Cannot write %s: %v", c.Output, err)
	}
	fmt.Fprintf(
		out.out, "Wrote %s: %s, %s, end of the audit log %s.\n", c.Output, value.Counted(m.Changes, "change"),
		value.Counted(m.Exceptions, "exception"), m.AuditHead,
	)
	return nil
}

func (evidenceCmd) day(flag, raw string, zone *time.Location) (time.Time, error) {
	if t, err := time.ParseInLocation("2006-01-02", raw, zone); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339, raw)
	if err != nil {
		return t, bot.Errorf(
			bot.Invalid, "%s: %q is not a day. Write 2026-01-01, or a time like 2026-01-01T00:00:00+01:00", flag,
			value.Cut(raw, 80),
		)
	}
	return t, nil
}

type verifyEvidenceCmd struct {
	File string `arg:"" help:"The package."`
	Key  string `help:"The public key, as watchbell change key prints it." required:""`
}

func (c verifyEvidenceCmd) Run(out streams) error {
	key, err := publicKey(c.Key)
	if err != nil {
		return err
	}
	f, info, err := config.Open(c.File)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	m, err := evidence.Verify(f, info.Size(), key)
	if err != nil {
		return err
	}
	fmt.Fprintf(
		out.out,
		"The package is whole and signed: %s from %s, %s.\nThe audit log it was made from: watchbell audit verify "+
			"--expect %s\n",
		value.Counted(m.Changes, "change"), m.Period(), value.Counted(m.Exceptions, "exception"), m.AuditHead,
	)
	return nil
}

type verifyReceiptCmd struct {
	Key string `help:"The public key, as watchbell change key prints it." required:""`
}

func (c verifyReceiptCmd) Run(out streams) error {
	key, err := publicKey(c.Key)
	if err != nil {
		return err
	}
	raw, err := io.ReadAll(io.LimitReader(out.in, 1<<16))
	if err != nil {
		return err
	}
	r, err := receipt.Verify(strings.TrimSpace(string(raw)), key, time.Now())
	if err != nil {
		return err
	}
	fmt.Fprintf(
		out.out, "The receipt is good until %s: %s r%d, %s in %s, artifact %q, run %q, grant %s.\n",
		r.Until.Format(time.RFC3339), r.Change, r.Revision, r.Service, r.Env, r.Artifact, r.Run, r.Grant,
	)
	return nil
}

type policyCmd struct {
	Example policyExampleCmd `cmd:"" help:"Print the policy that ships, to start from. Example: watchbell change policy example > change-policy.yaml"`
	Test    policyTestCmd    `cmd:"" help:"Check a policy and run its cases. Exit code: 0 all pass, 1 some fail, 2 the file is refused. Example: watchbell change policy test change-policy.yaml"`
	Diff    policyDiffCmd    `cmd:"" help:"Say what another policy would have asked for in the past. Example: watchbell change policy diff new.yaml --since 90d"`
}

type policyExampleCmd struct{}

func (policyExampleCmd) Run(io streams) error {
	_, err := fmt.Fprint(io.out, policy.Default())
	return err
}

type policyTestCmd struct {
	place
	File string `arg:"" help:"The policy."`
}

// policyAgainst reads a policy and holds it against the people and services of the configuration. It needs no database.
func (p place) policyAgainst(path string) (*policy.Policy, []policy.Case, policy.Catalog, error) {
	file, err := p.file()
	if err != nil {
		return nil, nil, policy.Catalog{}, err
	}
	k := policy.Catalog{
		People: people(file), Services: service.InFile(entries(file), file.Groups, file.Zone), SignIn: provesMore(file),
	}
	text, err := readNamed(path)
	if err != nil {
		return nil, nil, k, err
	}
	policy, cases, err := policy.Parse(text, k)
	if err != nil {
		return nil, nil, k, bot.Errorf(bot.Invalid, "%s: %v", path, err)
	}
	return policy, cases, k, nil
}

func (c policyTestCmd) Run(io streams) error {
	policy, cases, k, err := c.policyAgainst(c.File)
	if err != nil {
		return err
	}
	failed := 0
	for _, x := range cases {
		bad := policy.Check(x, k)
		if len(bad) == 0 {
			fmt.Fprintf(io.out, "ok    %s\n", x.Name)
			continue
		}
		failed++
		fmt.Fprintf(io.out, "FAIL  %s\n      %s\n", x.Name, strings.Join(bad, "\n      "))
	}
	fmt.Fprintf(
		io.out, "%s is good: %s. %s, %d failed.\n", c.File, value.Counted(len(policy.Rules), "rule"),
		value.Counted(len(cases), "case"), failed,
	)
	if failed > 0 {
		return exitError{exitRefused}
	}
	return nil
}

type policyDiffCmd struct {
	place
	File  string `arg:"" help:"The new policy."`
	Old   string `help:"Another policy to compare with, instead of what was asked for in fact." placeholder:"FILE"`
	Since string `help:"How far back." default:"90d"`
}

func (c policyDiffCmd) Run(ctx context.Context, root *cli, io streams) error {
	since, err := value.Duration(c.Since, time.Hour, 10*366*24*time.Hour)
	if err != nil {
		return bot.Errorf(bot.Invalid, "--since: %v", err)
	}
	rules, _, k, err := c.policyAgainst(c.File)
	if err != nil {
		return err
	}
	a, err := c.wire(ctx, appOptions{patient: true, log: root.logger(io.err, slog.LevelError)})
	if err != nil {
		return err
	}
	defer a.close()
	var old *policy.Policy
	if c.Old != "" {
		if old, _, _, err = c.policyAgainst(c.Old); err != nil {
			return err
		}
	}
	lines, n, err := a.changes.Register.Replay(ctx, old, rules, k, a.clock.Now().Add(-since))
	if err != nil {
		return err
	}
	for _, l := range lines {
		fmt.Fprintln(io.out, l)
	}
	fmt.Fprintf(
		io.out, "%s in %s, %d of them would have been asked for something else.\n", value.Counted(n, "change"), c.Since,
		len(lines),
	)
	return nil
}
