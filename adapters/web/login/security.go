package login

import (
	"net/http"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// security is what somebody sees of their own sign-in.
type security struct {
	Person   bot.Person
	Welcome  bool // the first administrator comes here first
	Sessions []sessionView
	Others   bool // there are more than the one that is looked with
	Recovers bool
	Left     int
	Codes    []string // just made, to be kept
	Sections []Section
}

// sessionView is a session in the list.
type sessionView struct {
	Name, Agent, Address, Way string
	Made, Seen                string
	This                      bool
}

func (s *Service) showSecurity(w http.ResponseWriter, r *http.Request) error {
	session, person, err := s.Current(r)
	if err != nil {
		return err
	}
	return s.showSecurityOf(w, r, session, person, nil)
}

func (s *Service) showSecurityOf(
	w http.ResponseWriter, r *http.Request, session Session, person bot.Person, codes []string,
) error {
	list, err := s.sessionsOf(r, person.ID)
	if err != nil {
		return err
	}
	view := security{
		Person: person, Welcome: r.URL.Query().Has("new"), Others: len(list) > 1, Recovers: s.recovers(), Codes: codes,
	}
	zone := person.Location()
	for _, x := range list {
		view.Sessions = append(view.Sessions, sessionView{
			Name: x.Name(), Agent: browserName(x.Agent), Address: x.Address, Way: wayWords(x.Way), This: x.ID == session.ID,
			Made: x.Made.In(zone).Format("2 Jan 15:04 MST"), Seen: x.Seen.In(zone).Format("2 Jan 15:04 MST"),
		})
	}
	if view.Left, err = s.o.Store.RecoveryLeft(r.Context(), person.ID); err != nil {
		return err
	}
	for _, way := range s.ways {
		if holder, can := way.(Holder); can && s.On(way.Name()) {
			section, err := holder.Section(r.Context(), s, person)
			if err != nil {
				return err
			}
			view.Sections = append(view.Sections, section)
		}
	}
	return s.show(w, http.StatusOK, "security", page{Title: "Your security", Wide: true, Data: view})
}

// sessionsOf are somebody's sessions that are not over.
func (s *Service) sessionsOf(r *http.Request, who bot.PersonID) ([]Session, error) {
	list, err := s.o.Store.SessionsOf(r.Context(), who)
	return running(list, s.o.Clock.Now()), err
}

// end ends sessions of somebody and says so in the audit log.
func (s *Service) end(r *http.Request, by, of bot.PersonID, list []Session) error {
	var ids, names []string
	for _, x := range list {
		ids, names = append(ids, x.ID), append(names, x.Name())
	}
	return s.o.Store.EndSessions(r.Context(), of, ids, bot.Effects{Audit: bot.Audit{
		Actor: by, Action: auditEnd, Object: object(of), Result: bot.ResultDone,
		Detail: "ended " + value.Counted(len(names), "session") + ": " + strings.Join(names, ", "), Source: "web",
		At: s.o.Clock.Now(),
	}})
}

func (s *Service) endOne(w http.ResponseWriter, r *http.Request) error {
	_, person, err := s.Current(r)
	if err != nil {
		return err
	}
	list, err := s.sessionsOf(r, person.ID)
	if err != nil {
		return err
	}
	named := named(list, r.PostFormValue("session"))
	if len(named) > 0 {
		if err := s.end(r, person.ID, person.ID, named); err != nil {
			return err
		}
	}
	http.Redirect(w, r, "/me/security", http.StatusSeeOther)
	return nil
}

func (s *Service) endOthers(w http.ResponseWriter, r *http.Request) error {
	session, person, err := s.Current(r)
	if err != nil {
		return err
	}
	list, err := s.sessionsOf(r, person.ID)
	if err != nil {
		return err
	}
	if others := without(list, session.ID); len(others) > 0 {
		if err := s.end(r, person.ID, person.ID, others); err != nil {
			return err
		}
	}
	http.Redirect(w, r, "/me/security", http.StatusSeeOther)
	return nil
}

func (s *Service) makeCodes(w http.ResponseWriter, r *http.Request) error {
	session, person, err := s.Current(r)
	if err != nil {
		return err
	}
	codes, hashes := newRecoveryCodes()
	err = s.o.Store.SaveRecovery(r.Context(), person.ID, hashes, bot.Effects{Audit: bot.Audit{
		Actor: person.ID, Action: auditCodes, Object: object(person.ID), Result: bot.ResultDone,
		Detail: "made ten recovery codes in place of those there were", Source: "web", At: s.o.Clock.Now(),
	}})
	if err != nil {
		return err
	}
	return s.showSecurityOf(w, r, session, person, codes)
}

// wayWords are the ways of signing in as people call them.
func wayWords(way string) string {
	words := map[string]string{
		string(FirstAdmin): "first administrator", string(FromChat): "link from chat", string(FromHost): "link from the host",
		"recovery-code": "recovery code",
	}
	if w := words[way]; w != "" {
		return w
	}
	return strings.ReplaceAll(way, "-", " ")
}

// browserName makes what a browser calls itself short enough to be recognised.
func browserName(agent string) string {
	name := "A browser"
	for _, known := range []struct{ mark, name string }{
		{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
	} {
		if strings.Contains(agent, known.mark) {
			name = known.name
			break
		}
	}
	for _, known := range []struct{ mark, name string }{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"},
		{"CrOS", "ChromeOS"}, {"Linux", "Linux"},
	} {
		if strings.Contains(agent, known.mark) {
			return name + " on " + known.name
		}
	}
	return name
}
