package main

import (
	"context"

	"github.com/watchbell/watchbell/adapters/notify"
	"github.com/watchbell/watchbell/adapters/web/bell"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/cmd/watchbell/config"
	told "github.com/watchbell/watchbell/commands/notify"
)

// mailPassword is the variable that holds the password of the mail server.
const mailPassword = "WATCHBELL_MAIL_PASSWORD"

// notifyOptions are how people are told beyond chat: where links in notes lead, and who sends.
func (a *app) notifyOptions(links string) (told.Options, error) {
	password, err := config.Secret(mailPassword)
	if err != nil {
		return told.Options{}, err
	}
	m := a.config.Mail
	sender := notify.New(notify.Options{
		Hosts: a.config.Notify.Hosts, Keys: a.pushKeys, Contact: links,
		Mail: notify.Mail{Server: m.Server, From: m.From, User: m.User, Password: password},
	})
	return told.Options{
		Secret: a.store.Secret, Notifier: sender, Services: sender.Services(), Links: links, Clock: a.clock,
	}, nil
}

// pushKeys are those by which push services know this installation.
func (a *app) pushKeys(ctx context.Context) (notify.Keys, error) {
	secret, err := a.store.Secret(ctx)
	if err != nil {
		return notify.Keys{}, err
	}
	return notify.KeysOf(secret)
}

// bellPages are the pages that links in notes lead to.
func (a *app) bellPages() *bell.Pages {
	return bell.New(bell.Options{
		Name: a.config.Name, Answers: answers{a}, Names: a.bot.Names, Log: a.log,
		Key: func(ctx context.Context) (string, error) { k, err := a.pushKeys(ctx); return k.Public, err },
	})
}

// answers are those of the service, which is made after the chat whose address its links begin with.
type answers struct{ a *app }

func (x answers) Open(ctx context.Context, token string) (bot.Ringing, bot.PersonID, error) {
	return x.a.told.Open(ctx, token)
}

func (x answers) Answer(ctx context.Context, token string) (bot.Reply, error) {
	return x.a.told.Answer(ctx, token)
}
