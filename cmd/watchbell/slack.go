package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/adapters/slack"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/cmd/watchbell/config"
)

// slackSettings are what the environment says about Slack.
type slackSettings struct {
	botToken, appToken, signingSecret string
	apiURL                            string
	workspaces                        []string
}

// slackFromEnv reads the variables of Slack. Without SLACK_BOT_TOKEN there is no Slack, and ok is false.
func slackFromEnv() (s slackSettings, ok bool, err error) {
	var problems []error
	secret := func(name string) string {
		v, err := config.Secret(name)
		problems = append(problems, err)
		return v
	}
	s = slackSettings{
		botToken: secret("SLACK_BOT_TOKEN"), appToken: secret("SLACK_APP_TOKEN"),
		signingSecret: secret("SLACK_SIGNING_SECRET"),
		apiURL:        os.Getenv("SLACK_API_URL"),
		workspaces:    strings.FieldsFunc(os.Getenv("SLACK_WORKSPACES"), func(r rune) bool { return r == ',' || r == ' ' }),
	}
	if err := errors.Join(problems...); err != nil {
		return s, false, err
	}
	if s.botToken == "" && s.appToken == "" && s.signingSecret == "" {
		return s, false, nil
	}
	return s, true, slack.CheckTokens(s.botToken, s.appToken, s.signingSecret)
}

func (s slackSettings) options() slack.Options {
	return slack.Options{
		BotToken: s.botToken, AppToken: s.appToken, SigningSecret: s.signingSecret, APIURL: s.apiURL,
		Workspaces: s.workspaces,
	}
}

// attachSlack adds Slack when its tokens are set.
func (a *app) attachSlack(log *slog.Logger) error {
	s, ok, err := slackFromEnv()
	if err != nil || !ok {
		return err
	}
	o := s.options()
	o.Core, o.Memory, o.Zone, o.Log, o.Reactions = a.bot, a.store, a.config.Zone, log, map[string]string{}
	o.Links = a.config.Web.URL
	for _, n := range a.bot.Tree().Nouns() {
		o.Commands = append(o.Commands, n.Name)
	}
	for _, c := range a.bot.Tree().Commands() {
		if c.Reaction != "" {
			o.Reactions[c.Reaction] = c.Name
		}
		if c.Keeps {
			o.Keep = c.Name
		}
	}
	adapter := slack.New(o)
	a.bot.Attach(adapter)
	if s.appToken != "" {
		return nil
	}
	return a.entrance.take("Slack", "/slack/", adapter.Handler())
}

// absent stands for a platform that only the server can reach: what is to be shown there is put in the queue, and the
// server shows it.
type absent string

func (p absent) Name() string { return string(p) }

func (absent) Run(ctx context.Context, _ func(context.Context, bot.Request) bot.Reply) error {
	<-ctx.Done()
	return nil
}

func (p absent) unreachable() error {
	return &bot.RetryAfterError{After: time.Minute, Err: errors.New(string(p) + " is reached by the server only")}
}

func (p absent) Post(context.Context, bot.Conversation, bot.Message, string) (bot.MessageRef, error) {
	return bot.MessageRef{}, p.unreachable()
}

func (p absent) Edit(context.Context, bot.MessageRef, bot.Message) error { return p.unreachable() }

func (p absent) OpenChannel(context.Context, string, string) (bot.Conversation, error) {
	return bot.Conversation{}, p.unreachable()
}

// attachAbsent adds the platforms of the server that this program does not reach itself.
func (a *app) attachAbsent(ctx context.Context) error {
	names, err := a.store.Platforms(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !slices.Contains(a.bot.Platforms(), name) {
			a.bot.Attach(absent(name))
		}
	}
	return nil
}
