package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

type loginCmd struct {
	Link  loginLinkCmd  `cmd:"" help:"Make a link that signs somebody in on the web, once. Example: watchbell login link --as ana"`
	Reset loginResetCmd `cmd:"" help:"End all web sessions of somebody, and take their passkeys and recovery codes away. Example: watchbell login reset ana"`
}

type loginLinkCmd struct {
	place
	As string `help:"Whom it signs in: a person's id, like ana." required:"" placeholder:"PERSON"`
}

// Help is shown by kong below the flags.
func (loginLinkCmd) Help() string {
	return `The link is good for five minutes. It is audited, and the person and all administrators are told.`
}

func (c loginLinkCmd) Run(ctx context.Context, root *cli, io streams) error {
	return c.with(ctx, root, io, "--as", c.As, func(a *app, who bot.Person) error {
		address, link, err := a.login.ForHost(ctx, who.ID, operator())
		if err != nil {
			return err
		}
		fmt.Fprintln(io.out, address)
		_, err = fmt.Fprintf(
			io.err, "It signs in as %s, once, until %s. %s and all administrators are told.\n", who.Name,
			link.Expires.UTC().Format("15:04 MST"), who.Name,
		)
		return err
	})
}

type loginResetCmd struct {
	place
	Person string `arg:"" help:"Whose sign-in is reset: a person's id, like ana."`
}

// Help is shown by kong below the flags.
func (loginResetCmd) Help() string {
	return `For a lost or stolen device. It is audited, and the person and all administrators are told. Then let the person in again: watchbell login link --as ana`
}

func (c loginResetCmd) Run(ctx context.Context, root *cli, io streams) error {
	return c.with(ctx, root, io, "PERSON", c.Person, func(a *app, who bot.Person) error {
		ended, err := a.login.Reset(ctx, who.ID, operator())
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(
			io.out, "Ended %s of %s, and took their passkeys and recovery codes away. Let them in again: watchbell login link "+
				"--as %s\n", value.Counted(ended, "session"), who.Name, who.ID,
		)
		return err
	})
}

// with does something with the sign-in of somebody who is active.
func (p place) with(
	ctx context.Context, root *cli, io streams, flag, name string, do func(*app, bot.Person) error,
) error {
	a, err := p.wire(ctx, appOptions{log: root.logger(io.err, slog.LevelError)})
	if err != nil {
		return err
	}
	defer a.close()
	who, err := meant(ctx, a.store, flag, name)
	if err != nil {
		return err
	}
	if !who.Active {
		return bot.Errorf(bot.Invalid, "%s: %s is not active, so nobody may sign in as them.", flag, who.Name)
	}
	return do(a, who)
}
