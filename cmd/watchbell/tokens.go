package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/access"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/storage"
)

type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"Make a token for a pipeline, a calendar or an agent. Example: watchbell token create --name deploy-web --as deploy --scope change.gate --scope change.start"`
	List   tokenListCmd   `cmd:"" help:"List the tokens. Example: watchbell token list"`
	Revoke tokenRevokeCmd `cmd:"" help:"End a token at once. Example: watchbell token revoke 4f1c2a9b"`
}

type tokenCreateCmd struct {
	place
	Name    string   `help:"What it is for." xor:"name" required:"" placeholder:"NAME"`
	As      string   `help:"The person who acts by it; it can never do more than they may." xor:"person" required:"" placeholder:"PERSON"`
	Agent   string   `help:"Instead of --name: the name of an agent, with which everything it does is marked." xor:"name" required:"" placeholder:"NAME"`
	Owner   string   `help:"Instead of --as: the agent's owner, a person. It reads what they may read." xor:"person" required:"" placeholder:"PERSON"`
	Scope   []string `help:"What it may do: the name of a command, or a pattern like change.*; may be given several times. change.feed alone makes the address of a calendar." required:"" placeholder:"SCOPE"`
	Expires string   `help:"How long it is good for, at most a year." default:"90d" placeholder:"TIME"`
}

// token is what is asked for, before anybody looked whether it can be.
func (c tokenCreateCmd) token() (t access.Token, person, flag string, err error) {
	switch {
	case (c.Agent != "") != (c.Owner != ""):
		return t, "", "", bot.Errorf(bot.Invalid, "--agent and --owner belong together, like --agent deploy-helper --owner ana")
	case c.Agent != "":
		return access.Token{Name: c.Agent, Kind: access.Agent, Scopes: c.Scope}, c.Owner, "--owner", nil
	}
	return access.Token{Name: c.Name, Scopes: c.Scope}, c.As, "--as", nil
}

func (c tokenCreateCmd) Run(ctx context.Context, root *cli, io streams) error {
	t, who, flag, err := c.token()
	if err != nil {
		return err
	}
	life, err := value.Duration(c.Expires, access.Shortest, access.Longest)
	if err != nil {
		return bot.Errorf(bot.Invalid, "--expires: %v", err)
	}
	a, err := c.wire(ctx, appOptions{log: root.logger(io.err, slog.LevelError)})
	if err != nil {
		return err
	}
	defer a.close()
	owner, err := meant(ctx, a.store, flag, who)
	if err != nil {
		return err
	}
	if !owner.Active {
		return bot.Errorf(bot.Invalid, "%s: @%s (%s) is deactivated. Name somebody who is active.", flag, owner.ID, owner.Name)
	}
	permissions := a.bot.Permissions()
	for _, s := range c.Scope {
		if err := permissions.Check(s); err != nil {
			return bot.Errorf(bot.Invalid, "--scope: %s", strings.TrimPrefix(err.Error(), "Scope: "))
		}
	}
	now := bot.SystemClock{}.Now()
	t.Person, t.Created, t.Expires = owner.ID, now, now.Add(life)
	t, secret, err := access.New(t)
	if err != nil {
		return err
	}
	err = a.store.AddToken(ctx, t, bot.Effects{
		Audit: bot.Audit{
			Action: "token.create", Object: "token/" + t.ID, Version: 1, Result: bot.ResultDone, Detail: t.Made(),
			Source: cliPlatform + "/" + operator(), At: now,
		},
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(io.out, secret)
	acts := "It acts as"
	if t.Kind == access.Agent {
		acts = "It is for the agent " + t.Name + " of"
	}
	fmt.Fprintf(
		io.err, "This is shown once. %s @%s, may do %s, and is good until %s.\n", acts, t.Person,
		strings.Join(t.Scopes, ", "), t.Expires.Format("2006-01-02 15:04 UTC"),
	)
	if t.Feeds() {
		fmt.Fprintf(io.err, "The address of the calendar is /calendar/%s.ics at the address of the API.\n", secret)
	}
	return nil
}

type tokenListCmd struct{ place }

func (c tokenListCmd) Run(ctx context.Context, io streams) error {
	store, err := c.open(ctx, storage.Options{NoMigrate: true})
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	list, err := store.Tokens(ctx, "")
	if err != nil {
		return err
	}
	if len(list) == 0 {
		fmt.Fprintln(io.out, "There is no token. Make one with: watchbell token create")
	}
	now := bot.SystemClock{}.Now()
	for _, t := range list {
		fmt.Fprintln(io.out, tokenLine(t, now))
	}
	return nil
}

// tokenLine is a token in the list.
func tokenLine(t access.Token, now time.Time) string {
	state := "good until " + t.Expires.Format("2006-01-02")
	switch {
	case !t.Revoked.IsZero():
		state = "revoked " + t.Revoked.Format("2006-01-02")
	case !t.Good(now):
		state = "expired " + t.Expires.Format("2006-01-02")
	}
	used := "never used"
	if !t.Used.IsZero() {
		used = "last used " + t.Used.Format("2006-01-02 15:04")
	}
	who := "@" + string(t.Person)
	if t.Kind == access.Agent {
		who = "agent of " + who
	}
	return strings.Join([]string{t.ID, t.Name, who, strings.Join(t.Scopes, " "), state, used}, "  ")
}

type tokenRevokeCmd struct {
	place
	ID string `arg:"" help:"The id in the list."`
}

func (c tokenRevokeCmd) Run(ctx context.Context, io streams) error {
	store, err := c.open(ctx, storage.Options{NoMigrate: true})
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	now := bot.SystemClock{}.Now()
	_, err = store.RevokeToken(ctx, c.ID, now, func(t access.Token) (bot.Effects, error) {
		return bot.Effects{Audit: bot.Audit{
			Action: "token.revoke", Object: "token/" + t.ID, Version: 2, Result: bot.ResultDone,
			Source: cliPlatform + "/" + operator(), At: now,
		}}, nil
	})
	if errors.Is(err, bot.ErrNoSuch) {
		return bot.Errorf(bot.NotFound, "There is no token %q. See them with: watchbell token list", c.ID)
	}
	if err == nil {
		fmt.Fprintln(io.out, "It is revoked.")
	}
	return err
}
