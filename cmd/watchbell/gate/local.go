package gate

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change"
)

// Local asks the bot in this process, on the database itself, when there is no server to ask.
type Local struct {
	Receive func(context.Context, bot.Request) bot.Reply
	From    bot.Account // who acts
	Via     string      // who runs the program
	Zone    *time.Location
}

func (d *Local) call(ctx context.Context, key, command string, args map[string]string) (bot.Reply, error) {
	reply := d.Receive(ctx, bot.Request{
		Key: "cli:" + d.From.User + ":" + cmp.Or(key, rand.Text()), From: d.From, Via: d.Via,
		Shortcut: command, Args: args, NoForms: true,
	})
	text := ""
	if reply.Message != nil {
		text = reply.Message.Plain(d.Zone)
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

// Ask implements Desk. It does not wait.
func (d *Local) Ask(ctx context.Context, q Question, _ time.Duration) (change.GateAnswer, error) {
	var a change.GateAnswer
	reply, err := d.call(ctx, "", "change.gate", map[string]string{
		"change": q.Change, "env": q.Env, "service": q.Service, "artifact": q.Artifact, "run": q.Run,
	})
	if err == nil {
		err = json.Unmarshal(reply.Data, &a)
	}
	return a, err
}

// Do implements Desk.
func (d *Local) Do(ctx context.Context, verb, id, artifact string) error {
	reply, err := d.call(ctx, "", "change."+verb, map[string]string{"change": id, "artifact": artifact})
	if err == nil && reply.Status != bot.Done {
		err = errors.New(reply.Message.Plain(d.Zone))
	}
	return err
}

// Create implements Desk.
func (d *Local) Create(ctx context.Context, body []byte, key string) (string, error) {
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
		return "", &usageError{"the change was not requested: " + reply.Message.Plain(d.Zone)}
	}
	return made.ID, nil
}
