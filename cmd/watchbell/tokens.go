package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/watchbell/watchbell/adapters/api"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/storage"
)

type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"Make a token for a pipeline or a calendar. Example: watchbell token create --name deploy-web --as deploy --scope change.gate --scope change.start"`
	List   tokenListCmd   `cmd:"" help:"List the tokens. Example: watchbell token list"`
	Revoke tokenRevokeCmd `cmd:"" help:"End a token at once. Example: watchbell token revoke 4f1c2a9b"`
}

const longestToken = 365 * 24 * time.Hour

type tokenCreateCmd struct {
	place
	Name    string   `help:"What it is for." required:"" placeholder:"NAME"`
	As      string   `help:"The person who acts by it; it can never do more than they may." required:"" placeholder:"PERSON"`
	Scope   []string `help:"What it may do: the name of a command, or a pattern like change.*; may be given several times. change.feed alone makes the address of a calendar." required:"" placeholder:"SCOPE"`
	Expires string   `help:"How long it is good for, at most a year." default:"90d" placeholder:"TIME"`
}

func (c tokenCreateCmd) Run(ctx context.Context, io streams) error {
	life, err := value.Duration(c.Expires, time.Minute, longestToken)
	if err != nil {
		return bot.Errorf(bot.Invalid, "--expires: %v", err)
	}
	store, err := c.open(ctx, storage.Options{NoMigrate: true})
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	who, err := meant(ctx, store, "--as", c.As)
	if err != nil {
		return err
	}
	if !who.Active {
		return bot.Errorf(bot.Invalid, "--as: @%s (%s) is deactivated. Name somebody who is active.", who.ID, who.Name)
	}
	name := value.Line(c.Name)
	for _, s := range c.Scope {
		if s == "" || strings.ContainsAny(s, " ,\t") {
			return bot.Errorf(
				bot.Invalid,
				"--scope: %q is not the name of a command. Give each by itself, like --scope change.gate --scope change.start", s,
			)
		}
		if err := checkScope(s); err != nil {
			return err
		}
	}
	now := bot.SystemClock{}.Now()
	t, secret := api.NewToken(name, who.ID, c.Scope, now, now.Add(life))
	err = store.AddToken(ctx, t, bot.Effects{
		Audit: bot.Audit{Action: "token.create", Object: "token/" + t.ID, Version: 1, Result: bot.ResultDone,
			Detail: fmt.Sprintf(
				"%s as @%s, %s, until %s", name, t.Person, strings.Join(t.Scopes, " "), t.Expires.Format(time.RFC3339),
			), Source: cliPlatform + "/" + operator(), At: now},
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(io.out, secret)
	fmt.Fprintf(
		io.err, "This is shown once. It acts as @%s, may do %s, and is good until %s.\n", t.Person,
		strings.Join(t.Scopes, ", "), t.Expires.Format("2006-01-02 15:04 UTC"),
	)
	if len(t.Scopes) == 1 && t.Scopes[0] == "change.feed" {
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
	list, err := store.Tokens(ctx)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		fmt.Fprintln(io.out, "There is no token. Make one with: watchbell token create")
	}
	now := bot.SystemClock{}.Now()
	for _, t := range list {
		state := "good until " + t.Expires.Format("2006-01-02")
		switch {
		case !t.Revoked.IsZero():
			state = "revoked " + t.Revoked.Format("2006-01-02")
		case !now.Before(t.Expires):
			state = "expired " + t.Expires.Format("2006-01-02")
		}
		used := "never used"
		if !t.Used.IsZero() {
			used = "last used " + t.Used.Format("2006-01-02 15:04")
		}
		fmt.Fprintf(io.out, "%s  %s  @%s  %s  %s  %s\n", t.ID, t.Name, t.Person, strings.Join(t.Scopes, " "), state, used)
	}
	return nil
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
	err = store.RevokeToken(ctx, c.ID, now, bot.Effects{
		Audit: bot.Audit{
			Action: "token.revoke", Object: "token/" + c.ID, Version: 2, Result: bot.ResultDone,
			Source: cliPlatform + "/" + operator(), At: now,
		},
	})
	if errors.Is(err, bot.ErrNoSuch) {
		return bot.Errorf(bot.NotFound, "There is no token %q. See them with: watchbell token list", c.ID)
	}
	if err == nil {
		fmt.Fprintln(io.out, "It is revoked.")
	}
	return err
}
