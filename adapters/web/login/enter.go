package login

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/watchbell/watchbell/adapters/web/login/passkey"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Proof is what somebody showed to be signed in.
type Proof struct {
	Person bot.PersonID
	Way    string // by which they come in, like passkey
	Factor string // what they showed, like "passkey with user verification"
	Detail string // more for the audit log: which passkey, which provider; optional
	Next   string // the page to lead on to; "" is the first one

	link, recovery string // the hash of what it uses up
	first          *bot.Person
	passkey        *passkey.Passkey // that was used, as it is from now on
	subject        *Subject         // by which they are known, as it is from now on
}

// Actions of the audit log.
const (
	auditEnter  = "session.start"
	auditRefuse = "session.refuse"
	auditEnd    = "session.end"
	auditLink   = "session.link"
	auditCodes  = "session.recovery-codes"
)

// Enter signs somebody in: it makes a session in place of the one that the browser had, and leads on. Each sign-in has
// a secret of its own, so one that somebody else put into the browser beforehand is worth nothing.
func (s *Service) Enter(w http.ResponseWriter, r *http.Request, p Proof) error {
	now, secret := s.o.Clock.Now(), newSecret()
	session := Session{
		ID: hashed(secret), Person: p.Person, Made: now, Seen: now, Way: p.Way, Factor: p.Factor, Address: s.address(r),
		Agent: value.Cut(value.Line(r.UserAgent()), longestAgent),
	}
	detail := "signed in by " + p.Way
	if p.Detail != "" {
		detail += ", " + p.Detail
	}
	detail += ", session " + session.Name() + " at " + session.Address
	e := Entry{Session: session, Link: p.link, Recovery: p.recovery, First: p.first, Passkey: p.passkey, Subject: p.subject, Effects: bot.Effects{
		Audit: bot.Audit{
			Actor: p.Person, Action: auditEnter, Object: object(p.Person), Result: bot.ResultDone, Detail: detail,
			Source: "web/" + p.Way, At: now,
		},
	}}
	if old, err := r.Cookie(s.cookie()); err == nil && secretLike(old.Value) {
		e.Replaces = hashed(old.Value)
	}
	if err := s.o.Store.Enter(r.Context(), e); err != nil {
		return err
	}
	s.setCookie(w, secret)
	http.Redirect(w, r, safeNext(p.Next), http.StatusSeeOther)
	// What is over goes when somebody comes, so that an idle server writes nothing.
	if err := s.o.Store.ForgetSessions(r.Context(), now.Add(-Life)); err != nil {
		s.log.Warn("old sessions are not forgotten", "error", err)
	}
	return nil
}

// Refuse answers a sign-in that failed: it counts against the address, stands in the audit log, and the page says what
// the error says if it is one for people. who is "" when nobody knows whose sign-in it was.
func (s *Service) Refuse(w http.ResponseWriter, r *http.Request, way string, who bot.PersonID, err error) {
	s.noteFailure(r.Context(), s.address(r), way, who, err)
	s.showProblem(w, r, err)
}

// noteFailure counts a sign-in that failed and audits it.
func (s *Service) noteFailure(ctx context.Context, from, way string, who bot.PersonID, err error) {
	now := s.o.Clock.Now()
	var people *bot.Error
	if !errors.As(err, &people) {
		return // ours: nobody failed
	}
	s.failed.count(from, now)
	audit := bot.Audit{
		Actor: who, Action: auditRefuse, Object: object(who), Result: bot.ResultDenied,
		Detail: value.Cut("by "+way+" at "+from+": "+people.Text, 300), Source: "web/" + way, At: now,
	}
	if err := s.o.Store.Record(ctx, bot.Effects{Audit: audit}); err != nil {
		s.log.Warn("a sign-in that failed is not in the audit log", "from", from, "way", way, "error", err)
	}
}

// Tries refuses an address from which too many sign-ins failed.
func (s *Service) Tries(r *http.Request) error { return s.failed.allow(s.address(r), s.o.Clock.Now()) }

// object is a person as the audit log names them.
func object(who bot.PersonID) string {
	if who == "" {
		return "people"
	}
	return "people/" + string(who)
}

// first reads what the first administrator says about themselves.
func first(name, email string) (bot.Person, error) {
	p := bot.Person{Name: value.Line(name), Email: strings.TrimSpace(email), Roles: []string{"admin"}, Active: true}
	var bad bot.Problems
	switch {
	case p.Name == "":
		bad = append(bad, bot.Errorf(bot.Invalid, "Write your name, like Ana Ruiz.").About("name"))
	case len([]rune(p.Name)) > longestName:
		bad = append(bad, bot.Errorf(bot.Invalid, "A name has at most %d characters, like Ana Ruiz.", longestName).About(
			"name"))
	}
	if !emailLike(p.Email) {
		bad = append(bad, bot.Errorf(bot.Invalid, "Write an e-mail address, like ana@example.com.").About("email"))
	}
	if len(bad) > 0 {
		return p, bad
	}
	id, _, _ := strings.Cut(p.Name, " ")
	p.ID = bot.PersonID(strings.TrimLeft(value.Slug(id, 30), "0123456789-"))
	if p.ID == "" {
		p.ID = "admin"
	}
	return p, nil
}

const longestName = 80

func emailLike(s string) bool {
	at := strings.LastIndexByte(s, '@')
	return at > 0 && at < len(s)-1 && len(s) <= 254 && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r == 0x7f || strings.ContainsRune(`<>(),;:"\`, r)
	})
}
