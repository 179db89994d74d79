package main

import (
	"context"

	"github.com/watchbell/watchbell/adapters/notify"
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
		Hosts: a.config.Notify.Hosts, Keys: a.pushKeys, Contact: a.config.Web.URL,
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
