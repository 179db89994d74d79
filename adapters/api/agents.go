package api

import (
	"context"
	"net/http"

	"github.com/watchbell/watchbell/adapters/api/mcp"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/access"
)

// agentPath is where agents speak the Model Context Protocol.
const agentPath = "/mcp"

func (s *Server) newMCP() *mcp.Server {
	of := func(t access.Token) bot.Account { return bot.Account{Platform: Platform, User: string(t.Person)} }
	return mcp.New(mcp.Options{
		Tree: s.o.Tree, Views: s.o.Views, Name: s.o.Name, Version: s.o.Version, Origin: s.o.Origin, MaxBody: maxBody,
		Log: s.o.Log, Call: s.call, Wait: s.waitFor,
		CommandsOf: func(ctx context.Context, t access.Token) ([]*bot.Command, error) {
			return s.o.CommandsOf(ctx, of(t), t.Scopes)
		},
		ViewsOf: func(ctx context.Context, t access.Token) ([]bot.View, error) {
			return s.o.ViewsOf(ctx, of(t), t.Scopes)
		},
	})
}

// agents lets agents in. Nothing is kept between two of their requests, so there is no stream to open by GET and no
// session to end by DELETE.
func (s *Server) agents(w http.ResponseWriter, r *http.Request) {
	switch {
	case s.mcp.Foreign(r):
		s.problem(
			w, http.StatusForbidden, "foreign_origin",
			"Pages of other sites may not call this. An agent that runs in a browser has to run at the address of web.url.",
		)
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		s.problem(w, http.StatusMethodNotAllowed, "method_not_allowed", "Send POST: there are no sessions here.")
	default:
		s.guarded(s.agent)(w, r)
	}
}

// agent answers an agent. A script's token would let it act without a mark.
func (s *Server) agent(w http.ResponseWriter, r *http.Request, t access.Token) {
	if t.Kind != access.Agent {
		s.problem(
			w, http.StatusForbidden, "not_an_agent",
			"This is the token of a script. An agent needs one of its own, so that what it does is marked: "+
				"watchbell token create --agent NAME --owner PERSON --scope SCOPE",
		)
		return
	}
	s.mcp.Serve(w, r, t)
}
