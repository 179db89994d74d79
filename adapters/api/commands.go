package api

import (
	"fmt"
	"net/http"

	"github.com/watchbell/watchbell/adapters/api/said"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/access"
	"github.com/watchbell/watchbell/bot/value"
)

// carryOut carries out the command that the address names, as people do in chat. It takes the same arguments by the
// same names.
func (s *Server) carryOut(w http.ResponseWriter, r *http.Request, t access.Token) {
	name := r.PathValue("command")
	c, ok := s.o.Tree.Command(name)
	if !ok {
		hint := ""
		if near := value.Nearest(name, s.commandNames()); near != "" {
			hint = " Did you mean " + near + "?"
		}
		s.problem(
			w, http.StatusNotFound, "unknown_command",
			fmt.Sprintf("%q is not a command.%s /api/v1/openapi.json lists all commands.", short(name), hint),
		)
		return
	}
	args, digest, ok := s.arguments(w, r, said.Arguments(c))
	if !ok {
		return
	}
	if reply, ok := s.once(w, r, t, bot.Request{Shortcut: c.Name, Args: args, Digest: digest}); ok {
		s.tell(w, reply)
	}
}

func (s *Server) commandNames() []string {
	var names []string
	for _, c := range s.o.Tree.Commands() {
		names = append(names, c.Name)
	}
	return names
}

// tell answers with what the person would read, and the data for programs where a command has some.
func (s *Server) tell(w http.ResponseWriter, r bot.Reply) {
	if r.Status != bot.Done {
		s.refused(w, r)
		return
	}
	s.write(w, http.StatusOK, "application/json", said.Answer(r))
}
