package api

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/watchbell/watchbell/adapters/api/said"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/access"
)

// pagePath is where a page is read.
const pagePath = "/api/v1/pages/{page}"

// pages lists what the token may look at.
func (s *Server) pages(w http.ResponseWriter, r *http.Request, t access.Token) {
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
func (s *Server) page(w http.ResponseWriter, r *http.Request, t access.Token) {
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
	s.write(w, http.StatusOK, "application/json", said.Page(v, reply, func(args map[string]string) any {
		return pageAddress(v.Name, args)
	}))
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
