package login

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/watchbell/watchbell/adapters/web/login/attempt"
	"github.com/watchbell/watchbell/adapters/web/login/passkey"
	"github.com/watchbell/watchbell/bot"
)

// PasskeyWay is the way of signing in by a passkey. assets/passkey.js asks the browser for it: it gets the options, puts
// what the authenticator answers into the form, and sends the form.
type PasskeyWay struct {
	site *passkey.Site
	box  *attempt.Box
}

// NewPasskeys makes the way of the passkeys of a site.
func NewPasskeys(site *passkey.Site, box *attempt.Box) *PasskeyWay { return &PasskeyWay{site, box} }

const (
	passkeyWay    = "passkey"
	passkeyScript = "/login/assets/passkey.js"
	passkeyNew    = "passkey-new" // the kind of attempt that makes one

	auditPasskey   = "session.passkey-add"
	auditNoPasskey = "session.passkey-remove"
)

var (
	errPasskey = bot.Errorf(
		bot.Forbidden, "This passkey does not sign you in here. It may have been removed, or it is for another site. Try "+
			"another way, or ask an administrator for a link.",
	)
	errCopied = bot.Errorf(
		bot.Forbidden, "This passkey was used elsewhere in the meantime, so there may be a copy of it. It does not sign you in. "+
			"Sign in another way, and remove it on the page of your security.",
	)
	errNoAnswer = bot.Errorf(
		bot.Invalid, "Your browser sent no passkey. It needs JavaScript and has to be one of the last years. Nothing was done.",
	)
	errAttempt = bot.Errorf(
		bot.Conflict, "This attempt is over: it took too long, it was used already, or it began in another browser or tab. "+
			"Please try again.",
	)
	errSeveral = bot.Errorf(
		bot.Conflict, "This authenticator has a passkey here already, or you have %d, the most that anybody has. Remove one "+
			"first.", passkey.Most,
	)
)

// Name implements Way.
func (*PasskeyWay) Name() string { return passkeyWay }

// Routes implements Way.
func (k *PasskeyWay) Routes(s *Service) map[string]http.Handler {
	bind := func(h func(*Service, http.ResponseWriter, *http.Request) error) http.Handler {
		return s.answers(func(w http.ResponseWriter, r *http.Request) error { return h(s, w, r) })
	}
	return map[string]http.Handler{
		"POST /login/passkey/options":       bind(k.optionsToUse),
		"POST /login/passkey/use":           bind(k.use),
		"POST /me/security/passkey/options": bind(k.optionsToMake),
		"POST /me/security/passkey/add":     bind(k.add),
		"POST /me/security/passkey/remove":  bind(k.remove),
	}
}

// Starts implements Starter.
func (*PasskeyWay) Starts(next string) []Start {
	return []Start{{
		Label: "Continue with a passkey", Icon: "key", Action: "/login/passkey/use", Fields: map[string]string{"next": next},
		Script: passkeyScript,
	}}
}

// Section implements Holder.
func (*PasskeyWay) Section(ctx context.Context, s *Service, who bot.Person) (Section, error) {
	list, err := s.o.Store.PasskeysOf(ctx, who.ID)
	if err != nil {
		return Section{}, err
	}
	section := Section{
		Title: "Passkeys", Note: "A fingerprint, a face or a PIN on your own device signs you in. Nothing to type, nothing to steal.",
		Empty: "You have none.",
		Add: []Start{{
			Label: "Make a passkey", Icon: "key", Action: "/me/security/passkey/add", Script: passkeyScript,
			Ask: &Ask{"name", "What to call it", "Work laptop"},
		}},
	}
	for _, p := range list {
		note := "made " + shortDay(p.Made, who)
		if !p.Used.IsZero() {
			note += " · used " + shortDay(p.Used, who)
		}
		if p.Synced {
			note += " · may be on several devices"
		}
		section.Items = append(section.Items, Item{
			ID: base64.RawURLEncoding.EncodeToString(p.ID), Label: p.Name, Note: note, Action: "/me/security/passkey/remove",
			Button: "Remove",
		})
	}
	return section, nil
}

func shortDay(at time.Time, who bot.Person) string { return at.In(who.Location()).Format("2 Jan 2006") }

// sendOptions answers our script. The ceremony stays in this browser.
func (k *PasskeyWay) sendOptions(w http.ResponseWriter, kind, what string, options any, c passkey.Ceremony) error {
	if err := k.box.Put(w, kind, passkey.Lasts, c); err != nil {
		return err
	}
	raw, err := json.Marshal(map[string]any{what: options})
	if err != nil {
		return fmt.Errorf("passkey options: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(raw) // a reader who went away
	return nil
}

func (k *PasskeyWay) optionsToUse(s *Service, w http.ResponseWriter, r *http.Request) error {
	if err := s.Tries(r); err != nil {
		return err
	}
	options, c, err := k.site.BeginUse()
	if err != nil {
		return err
	}
	return k.sendOptions(w, passkeyWay, "get", options, c)
}

// took reads the ceremony and what the authenticator answered.
func (k *PasskeyWay) took(w http.ResponseWriter, r *http.Request, kind string) (passkey.Ceremony, []byte, error) {
	var c passkey.Ceremony
	answer := r.PostFormValue("credential")
	if answer == "" {
		return c, nil, errNoAnswer
	}
	err := k.box.Take(w, r, kind, &c)
	if errors.Is(err, attempt.ErrNone) {
		err = errAttempt
	}
	return c, []byte(answer), err
}

func (k *PasskeyWay) use(s *Service, w http.ResponseWriter, r *http.Request) error {
	if err := s.Tries(r); err != nil {
		return err
	}
	c, answer, err := k.took(w, r, passkeyWay)
	if err != nil {
		return err
	}
	used, err := k.site.Use(c, answer, s.o.Clock.Now(), func(id []byte) (passkey.Passkey, error) {
		return s.o.Store.PasskeyOf(r.Context(), id)
	})
	if err == nil {
		err = s.Enter(w, r, Proof{
			Person: used.Person, Way: passkeyWay, Factor: "passkey with user verification", Detail: "called " + used.Name,
			Next: r.PostFormValue("next"), passkey: &used,
		})
	}
	var refusal *passkey.Refusal
	switch {
	case errors.Is(err, passkey.ErrCopied):
		s.Refuse(w, r, passkeyWay, used.Person, errCopied)
	case errors.As(err, &refusal), errors.Is(err, bot.ErrNoSuch): // of somebody who is not active
		s.log.Info("a passkey was refused", "from", s.address(r), "reason", err)
		s.Refuse(w, r, passkeyWay, used.Person, errPasskey)
	default:
		return err
	}
	return nil
}

// adder is who adds a way to sign in. Their session has to be a new one, so that whoever finds an open browser cannot
// stay for ever.
func (s *Service) adder(r *http.Request) (Session, bot.Person, error) {
	session, person, err := s.Current(r)
	if err == nil && s.o.Clock.Now().Sub(session.Made) > Idle {
		err = bot.Errorf(
			bot.Forbidden, "You signed in more than %d hours ago. Sign out and in again, then add it.", int(Idle.Hours()),
		)
	}
	return session, person, err
}

func (k *PasskeyWay) optionsToMake(s *Service, w http.ResponseWriter, r *http.Request) error {
	_, person, err := s.adder(r)
	if err != nil {
		return err
	}
	others, err := s.o.Store.PasskeysOf(r.Context(), person.ID)
	if err != nil {
		return err
	}
	options, c, err := k.site.BeginMake(person, others)
	if err != nil {
		return err
	}
	return k.sendOptions(w, passkeyNew, "create", options, c)
}

func (k *PasskeyWay) add(s *Service, w http.ResponseWriter, r *http.Request) error {
	_, person, err := s.adder(r)
	if err != nil {
		return err
	}
	c, answer, err := k.took(w, r, passkeyNew)
	if err != nil {
		return err
	}
	if c.Person != person.ID { // somebody else signed in here meanwhile
		return errAttempt
	}
	now := s.o.Clock.Now()
	made, err := k.site.Make(c, answer, r.PostFormValue("name"), now)
	var refusal *passkey.Refusal
	if errors.As(err, &refusal) {
		s.log.Info("a new passkey was refused", "person", person.ID, "reason", err)
		return bot.Errorf(
			bot.Invalid, "The authenticator's answer cannot be used. It has to verify you by a fingerprint, a face or a PIN. "+
				"Nothing was added.",
		)
	}
	if err != nil {
		return err
	}
	err = s.o.Store.AddPasskey(r.Context(), made, bot.Effects{
		Audit: s.mine(person.ID, auditPasskey, "made a passkey, called "+made.Name),
		Jobs:  []bot.Job{{Kind: tellAdded, Object: object(person.ID), Arg: "The passkey " + made.Name}},
	})
	if errors.Is(err, bot.ErrStale) {
		return errSeveral
	}
	if err == nil {
		http.Redirect(w, r, "/me/security", http.StatusSeeOther)
	}
	return err
}

// mine is the audit entry of what somebody does to their own sign-in.
func (s *Service) mine(who bot.PersonID, action, detail string) bot.Audit {
	return bot.Audit{
		Actor: who, Action: action, Object: object(who), Result: bot.ResultDone, Detail: detail, Source: "web",
		At: s.o.Clock.Now(),
	}
}

func (k *PasskeyWay) remove(s *Service, w http.ResponseWriter, r *http.Request) error {
	_, person, err := s.Current(r)
	if err != nil {
		return err
	}
	list, err := s.o.Store.PasskeysOf(r.Context(), person.ID)
	if err != nil {
		return err
	}
	for _, p := range list {
		if base64.RawURLEncoding.EncodeToString(p.ID) != r.PostFormValue("id") {
			continue
		}
		if err := s.o.Store.RemovePasskeys(r.Context(), person.ID, [][]byte{p.ID}, bot.Effects{
			Audit: s.mine(person.ID, auditNoPasskey, "removed the passkey called "+p.Name),
		}); err != nil {
			return err
		}
	}
	http.Redirect(w, r, "/me/security", http.StatusSeeOther)
	return nil
}
