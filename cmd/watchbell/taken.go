package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/cmd/watchbell/config"
	"github.com/watchbell/watchbell/storage"
)

const takenFix = "Give that person another id in the configuration, or, if they are the same, list one of their " +
	"accounts there or the e-mail address that the chat vouches for."

func takenText(id bot.PersonID) string {
	return fmt.Sprintf(
		"the configuration gives the id %q to somebody, but it belongs to somebody else whom a chat enrolled; so the "+
			"configured one is left out",
		id,
	)
}

// leaveOutTaken takes people whose id is somebody else's out of the configuration as this process uses it, and tells
// the log: what the configuration gives to the id, a service say, must not go to the other one.
func (a *app) leaveOutTaken(ctx context.Context) error {
	taken, err := a.store.Conflicts(ctx, people(a.config))
	if err != nil {
		return err
	}
	for _, id := range taken {
		a.log.Error(
			"an id of the configuration is taken", slog.String("id", string(id)), slog.String("why", takenText(id)),
			slog.String("fix", takenFix),
		)
		without(a.config, string(id))
	}
	return nil
}

// without takes a person out of the configuration, wherever it names them.
func without(f *config.File, id string) {
	is := func(other string) bool { return other == id }
	f.People = slices.DeleteFunc(f.People, func(p config.Person) bool { return p.ID == id })
	for name, members := range f.Groups {
		f.Groups[name] = slices.DeleteFunc(members, is)
	}
	for i := range f.Services {
		f.Services[i].Owners = slices.DeleteFunc(f.Services[i].Owners, is)
	}
}

// takenFindings say which ids of the configuration are somebody else's.
func takenFindings(ctx context.Context, store *storage.Store, f *config.File) []bot.Finding {
	taken, err := store.Conflicts(ctx, people(f))
	if err != nil {
		return []bot.Finding{
			{What: "the people of the configuration were not compared with those of the database: " + err.Error()},
		}
	}
	var list []bot.Finding
	for _, id := range taken {
		list = append(list, bot.Finding{What: takenText(id), Fix: takenFix})
	}
	return list
}
