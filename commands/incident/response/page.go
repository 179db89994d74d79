package response

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/incident"
	"github.com/watchbell/watchbell/commands/incident/view"
)

// pages are what a console shows of incidents.
func (s *Service) pages() []bot.View {
	return []bot.View{{
		Name: view.Name, Title: "Incidents", Icon: "flag", Command: "incident.list", Home: true, Mine: s.home,
		One: &bot.One{
			Prefix: "INC", Command: "incident.show", Arg: "incident",
			Tabs: []bot.Tab{{Name: "post-mortem", Title: "Post-mortem", Command: "incident.export"}}, File: s.file,
		},
		Board: s.board, Watch: s.watch,
	}}
}

// board is what stands of incidents on a console's Home.
func (s *Service) board(ctx context.Context, p bot.Person) ([]bot.Panel, error) {
	mine, err := s.store.List(ctx, Filter{Open: true, Person: p.ID, Limit: homeLines})
	if err != nil {
		return nil, err
	}
	for k := range mine {
		if mine[k], err = s.store.Get(ctx, mine[k].ID()); err != nil { // with who is asked to take the lead
			return nil, err
		}
	}
	open, err := s.store.List(ctx, Filter{Open: true, Limit: homeLines})
	return view.Board(p, mine, open, s.clock.Now()), err
}

// watch are the open incidents, in sight on every page.
func (s *Service) watch(ctx context.Context, _ bot.Person) (bot.Panel, error) {
	open, err := s.store.List(ctx, Filter{Open: true, Limit: homeLines})
	return view.Open(open, s.clock.Now()), err
}

// page is the page of an incident.
func (s *Service) page(ctx context.Context, c *bot.Call, i *incident.Incident) (bot.Reply, error) {
	entries, err := s.store.Timeline(ctx, i.ID(), 0)
	if err != nil {
		return bot.Reply{}, err
	}
	near, err := s.near(ctx, i)
	if err != nil {
		return bot.Reply{}, err
	}
	var room *bot.Conversation
	found, err := s.chat.Room(ctx, key("room", i.ID(), c.From.Platform))
	switch {
	case err == nil:
		room = &found
	case !errors.Is(err, bot.ErrNoSuch):
		return bot.Reply{}, err
	}
	return bot.Look(view.Page(i, entries, near, room, c.Now)), nil
}

// whole is an incident with all that happened.
func (s *Service) whole(ctx context.Context, id string) (*incident.Incident, []incident.Entry, error) {
	i, err := s.store.Get(ctx, id)
	if err != nil {
		return nil, nil, notFound(id, err)
	}
	entries, err := s.store.Timeline(ctx, id, 0)
	return i, entries, err
}

// file is the post-mortem or the record of an incident as a file.
func (s *Service) file(ctx context.Context, _ bot.Person, id, name string) (bot.File, error) {
	kind, ok := strings.CutPrefix(name, id+".")
	if !ok {
		return bot.File{}, bot.ErrNoSuch
	}
	f := bot.File{Name: name}
	switch kind {
	case "md":
		doc, err := s.Document(ctx, id)
		f.Type, f.Data = "text/markdown; charset=utf-8", []byte(incident.Unfenced(doc))
		return f, err
	case "html":
		i, entries, err := s.whole(ctx, id)
		if err != nil {
			return f, err
		}
		names, err := s.chat.Names(ctx)
		if err != nil {
			return f, err
		}
		f.Type = "text/html; charset=utf-8"
		f.Data, err = view.HTML(i, entries, names)
		return f, err
	case "json":
		i, entries, err := s.whole(ctx, id)
		if err != nil {
			return f, err
		}
		f.Type = "application/json"
		f.Data, err = json.MarshalIndent(map[string]any{"id": id, "incident": i, "timeline": entries}, "", "  ")
		return f, err
	}
	return f, bot.ErrNoSuch
}
