package api

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/watchbell/watchbell/bot"
)

// pagePath is where a page is read.
const pagePath = "/api/v1/pages/{page}"

// pages lists what the token may look at.
func (s *Server) pages(w http.ResponseWriter, r *http.Request, t Token) {
	if !s.known(w, r) {
		return
	}
	list, err := s.o.ViewsOf(r.Context(), bot.Account{Platform: Platform, User: string(t.Person)}, t.Scopes)
	if err != nil {
		s.o.Log.Error("pages not listed", "error", err)
		s.unavailable(w)
		return
	}
	pages := []object{}
	for _, v := range list {
		pages = append(pages, object{"name": v.Name, "title": v.Title, "address": pageAddress(v.Name, nil)})
	}
	s.write(w, http.StatusOK, "application/json", object{"pages": pages})
}

// page reads a page. What narrows it stands in the address, by the names of the command's arguments.
func (s *Server) page(w http.ResponseWriter, r *http.Request, t Token) {
	name := r.PathValue("page")
	i := slices.IndexFunc(s.o.Views, func(v bot.View) bool { return v.Name == name })
	if i < 0 {
		s.problem(w, http.StatusNotFound, "unknown_page", "There is no such page. /api/v1/pages lists all pages.")
		return
	}
	v := s.o.Views[i]
	if !s.known(w, r, s.narrows(v)...) {
		return
	}
	args := map[string]string{}
	for field, values := range r.URL.Query() {
		args[field] = values[0]
	}
	reply := s.call(r.Context(), t, bot.Request{Key: freshKey(t), Shortcut: v.Command, Args: v.With(args), Paged: true})
	if reply.Status != bot.Done {
		s.refused(w, reply)
		return
	}
	s.write(w, http.StatusOK, "application/json", s.shown(v, reply))
}

// narrows are the arguments that a page takes, with those that lead from one screen to the next.
func (s *Server) narrows(v bot.View) []string {
	var names []string
	if c, ok := s.o.Tree.Command(v.Command); ok {
		for i := range c.Params {
			if c.Params[i].Kind != bot.FileParam {
				names = append(names, c.Params[i].Name)
			}
		}
	}
	return names
}

func pageAddress(name string, args map[string]string) string {
	q := url.Values{}
	for field, v := range args {
		q.Set(field, v)
	}
	u := url.URL{Path: "/api/v1/pages/" + name, RawQuery: q.Encode()}
	return u.String()
}

// shown is a page for programs. A command that answered with a message has a page of that.
func (s *Server) shown(v bot.View, r bot.Reply) object {
	p := r.Page
	if p == nil {
		p = &bot.Page{Title: v.Title, Message: r.Message}
	}
	o := object{"name": v.Name, "title": p.Title}
	if len(p.Facts) > 0 {
		o["facts"] = saidFields(p.Facts)
	}
	if t := p.Table; t != nil {
		rows := []object{}
		for _, row := range t.Rows {
			cells := make([]string, len(row.Cells))
			for i, c := range row.Cells {
				cells[i] = cell(c)
			}
			rows = append(rows, object{"object": row.Object, "cells": cells})
		}
		table := object{"columns": t.Columns, "rows": rows}
		if t.Next != nil {
			table["next"] = pageAddress(v.Name, t.Next)
		}
		o["table"] = table
	}
	if p.Message != nil {
		o["message"] = newSaid(p.Message)
	}
	if p.Object != "" {
		o["object"] = p.Object
	}
	if len(p.Panels) > 0 {
		panels := []object{}
		for _, x := range p.Panels {
			panels = append(panels, panelOf(x))
		}
		o["panels"] = panels
	}
	return o
}
