package login

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/adapters/web/login/attempt"
	"github.com/watchbell/watchbell/adapters/web/login/oidc"
	"github.com/watchbell/watchbell/bot"
)

// CompanyWay is the way of signing in where a company does, by OpenID Connect. A person is who their account was
// connected to; an account that nobody has is the configured person's with its verified address.
type CompanyWay struct {
	providers []*oidc.Provider
	box       *attempt.Box
}

// NewCompanies makes the way of some providers.
func NewCompanies(providers []*oidc.Provider, box *attempt.Box) *CompanyWay {
	return &CompanyWay{providers, box}
}

const (
	companyWay = "oidc"

	auditAccount   = "session.account-add"
	auditNoAccount = "session.account-remove"
)

// companyAttempt is what has to be remembered while somebody is at the provider.
type companyAttempt struct {
	oidc.Attempt
	Next    string
	Connect string // the id of the session whose person connects the account; "" signs in
}

// Name implements Way.
func (*CompanyWay) Name() string { return companyWay }

// Routes implements Way.
func (c *CompanyWay) Routes(s *Service) map[string]http.Handler {
	routes := map[string]http.Handler{
		"POST /me/security/oidc/remove": s.answers(func(w http.ResponseWriter, r *http.Request) error {
			return c.remove(s, w, r)
		}),
	}
	for _, p := range c.providers {
		bind := func(h func(*Service, *oidc.Provider, http.ResponseWriter, *http.Request) error) http.Handler {
			return s.answers(func(w http.ResponseWriter, r *http.Request) error { return h(s, p, w, r) })
		}
		name := p.Config().Name
		routes["GET /login/oidc/"+name] = bind(c.start)
		routes["GET /login/oidc/"+name+"/callback"] = bind(c.back)
		routes["POST /me/security/oidc/"+name+"/connect"] = bind(c.connect)
	}
	return routes
}

// Starts implements Starter. They are links: a form's answer may not lead a browser to another site.
func (c *CompanyWay) Starts(next string) []Start {
	var list []Start
	for _, p := range c.providers {
		list = append(list, Start{
			Label: "Continue with " + p.Config().Label, Icon: "building", Get: true,
			Action: "/login/oidc/" + p.Config().Name + "?next=" + queryEscape(next),
		})
	}
	return list
}

// Section implements Holder.
func (c *CompanyWay) Section(ctx context.Context, s *Service, who bot.Person) (Section, error) {
	list, err := s.o.Store.SubjectsOf(ctx, who.ID)
	if err != nil {
		return Section{}, err
	}
	section := Section{
		Title: "Company accounts", Note: "You can sign in by these accounts.", Empty: "None is connected.",
	}
	for _, a := range list {
		item := Item{
			ID: a.ID(), Label: c.label(a.Issuer), Note: "used " + shortDay(a.Used, who), Action: "/me/security/oidc/remove",
			Button: "Disconnect",
		}
		if a.Email != "" {
			item.Label += ": " + a.Email
		}
		if len(a.Roles) > 0 {
			item.Note += " · its groups give " + strings.Join(a.Roles, ", ")
		}
		section.Items = append(section.Items, item)
	}
	for _, p := range c.providers {
		of := p.Config()
		if !slices.ContainsFunc(list, func(a Subject) bool { return a.Issuer == of.Issuer }) {
			section.Add = append(section.Add, Start{
				Label: "Connect " + of.Label, Icon: "building", Action: "/me/security/oidc/" + of.Name + "/connect",
			})
		}
	}
	return section, nil
}

// label is what people call a provider, or its address when it is configured no longer.
func (c *CompanyWay) label(issuer string) string {
	for _, p := range c.providers {
		if p.Config().Issuer == issuer {
			return p.Config().Label
		}
	}
	return issuer
}

// begin begins an attempt in this browser and returns the provider's address.
func (c *CompanyWay) begin(
	s *Service, p *oidc.Provider, w http.ResponseWriter, r *http.Request, a companyAttempt,
) (address string, err error) {
	if a.Attempt, address, err = p.Start(r.Context()); err != nil {
		s.log.Error("a provider cannot be reached", "provider", p.Config().Name, "error", err)
		return "", unreachable(p)
	}
	return address, c.box.Put(w, companyWay, oidc.Lasts, a)
}

func unreachable(p *oidc.Provider) error {
	return bot.Errorf(
		bot.Unavailable, "%s cannot be reached, or does not answer as it should. Try again in a moment, or sign in another "+
			"way; the log has the details.", p.Config().Label,
	)
}

func (c *CompanyWay) start(s *Service, p *oidc.Provider, w http.ResponseWriter, r *http.Request) error {
	if err := s.Tries(r); err != nil {
		return err
	}
	address, err := c.begin(s, p, w, r, companyAttempt{Next: safeNext(r.FormValue("next"))})
	if err == nil {
		http.Redirect(w, r, address, http.StatusSeeOther)
	}
	return err
}

// connect shows the way to the provider, rather than leading there: a form may not lead to another site.
func (c *CompanyWay) connect(s *Service, p *oidc.Provider, w http.ResponseWriter, r *http.Request) error {
	session, _, err := s.adder(r)
	if err != nil {
		return err
	}
	address, err := c.begin(s, p, w, r, companyAttempt{Connect: session.ID})
	if err != nil {
		return err
	}
	return s.show(w, http.StatusOK, "connect", page{
		Title: "Connect " + p.Config().Label, Data: struct{ Label, Address string }{p.Config().Label, address},
	})
}

// back is where the provider sends browsers.
func (c *CompanyWay) back(s *Service, p *oidc.Provider, w http.ResponseWriter, r *http.Request) error {
	if err := s.Tries(r); err != nil {
		return err
	}
	var a companyAttempt
	if err := c.box.Take(w, r, companyWay, &a); errors.Is(err, attempt.ErrNone) {
		return errAttempt
	} else if err != nil {
		return err
	}
	claims, err := p.Finish(r.Context(), a.Attempt, r.URL.Query())
	if err != nil {
		return c.failed(s, p, w, r, err)
	}
	if a.Connect != "" {
		return c.connected(s, p, w, r, a, claims)
	}
	return c.enter(s, p, w, r, a, claims)
}

// failed says what people can do about an answer that does not count. How it was found out is for the log.
func (c *CompanyWay) failed(s *Service, p *oidc.Provider, w http.ResponseWriter, r *http.Request, err error) error {
	label := p.Config().Label
	s.log.Warn("a sign-in at a provider failed", "provider", p.Config().Name, "from", s.address(r), "reason", err)
	var e *oidc.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Kind {
	case oidc.Unreachable:
		return unreachable(p)
	case oidc.Stale:
		err = errAttempt
	case oidc.Declined:
		err = bot.Errorf(bot.Forbidden, "%s did not sign you in, or you turned back there. Nothing was done.", label)
	default:
		err = bot.Errorf(
			bot.Forbidden, "%s answered with something that cannot be trusted, so nobody was signed in. The log has the reason; "+
				"an administrator should look at it.", label,
		)
	}
	s.Refuse(w, r, companyWay, "", err)
	return nil
}

// subjectOf is the account of some claims, as it is from now on.
func subjectOf(s *Service, p *oidc.Provider, who bot.PersonID, claims oidc.Claims) Subject {
	now, config := s.o.Clock.Now(), p.Config()
	giving := slices.DeleteFunc(slices.Clone(claims.Groups), func(g string) bool { return len(config.Roles[g]) == 0 })
	slices.Sort(giving)
	return Subject{
		Issuer: claims.Issuer, Subject: claims.Subject, Person: who, Email: claims.Email, Groups: slices.Compact(giving),
		Roles: config.RolesOf(giving), Made: now, Used: now,
	}
}

func (c *CompanyWay) enter(
	s *Service, p *oidc.Provider, w http.ResponseWriter, r *http.Request, a companyAttempt, claims oidc.Claims,
) error {
	known, err := s.o.Store.SubjectOf(r.Context(), claims.Issuer, claims.Subject)
	who := known.Person
	if errors.Is(err, bot.ErrNoSuch) {
		who, err = c.match(r.Context(), s, claims)
	}
	if err != nil {
		return err
	}
	if who != "" {
		account := subjectOf(s, p, who, claims)
		detail := p.Config().Name
		if len(account.Roles) > 0 {
			detail += ", its groups give " + strings.Join(account.Roles, " ")
		}
		err = s.Enter(w, r, Proof{
			Person: who, Way: companyWay, Factor: "sign-in at " + p.Config().Name, Detail: detail, Next: a.Next, subject: &account,
		})
	}
	if who == "" || errors.Is(err, bot.ErrNoSuch) { // of nobody, or of somebody who is not active
		s.log.Info("an account is nobody's here", "provider", p.Config().Name, "subject", claims.Subject)
		s.Refuse(w, r, companyWay, who, nobodys(p, claims))
		return nil
	}
	return err
}

// match finds whose account this is that nobody has yet.
func (c *CompanyWay) match(ctx context.Context, s *Service, claims oidc.Claims) (bot.PersonID, error) {
	people, err := s.o.Store.Configured(ctx, claims.Email)
	if err != nil {
		return "", err
	}
	who, _ := claims.Match(people)
	return who, nil
}

func nobodys(p *oidc.Provider, claims oidc.Claims) error {
	switch {
	case claims.Email == "":
		return bot.Errorf(
			bot.Forbidden, "%s says no e-mail address of yours, and this account is connected to nobody here. Sign in another way, "+
				"and connect it on the page of your security.", p.Config().Label,
		)
	case !claims.EmailVerified:
		return bot.Errorf(
			bot.Forbidden, "%s does not say that it verified %s, and this account is connected to nobody here. Sign in another "+
				"way, and connect it on the page of your security.", p.Config().Label, bot.Shown(claims.Email),
		)
	}
	return bot.Errorf(
		bot.Forbidden, "Nobody active here has the address %s. Ask an administrator to list you with it under people in the "+
			"configuration.", bot.Shown(claims.Email),
	)
}

// connected keeps an account for whoever began to connect it, if they are still signed in here.
func (c *CompanyWay) connected(
	s *Service, p *oidc.Provider, w http.ResponseWriter, r *http.Request, a companyAttempt, claims oidc.Claims,
) error {
	session, person, err := s.adder(r)
	if err != nil {
		return err
	}
	if session.ID != a.Connect {
		return errAttempt
	}
	label := p.Config().Label
	err = s.o.Store.AddSubject(r.Context(), subjectOf(s, p, person.ID, claims), bot.Effects{
		Audit: s.mine(person.ID, auditAccount, "connected the account "+claims.Subject+" at "+p.Config().Name),
		Jobs:  []bot.Job{{Kind: tellAdded, Object: object(person.ID), Arg: "Your account at " + label}},
	})
	if errors.Is(err, bot.ErrStale) {
		return bot.Errorf(
			bot.Conflict, "This account at %s is connected already, to you or to somebody else. Nothing was done.", label,
		)
	}
	if err == nil {
		http.Redirect(w, r, "/me/security", http.StatusSeeOther)
	}
	return err
}

func (c *CompanyWay) remove(s *Service, w http.ResponseWriter, r *http.Request) error {
	_, person, err := s.Current(r)
	if err != nil {
		return err
	}
	list, err := s.o.Store.SubjectsOf(r.Context(), person.ID)
	if err != nil {
		return err
	}
	for _, x := range list {
		if x.ID() != r.PostFormValue("id") {
			continue
		}
		if err := s.o.Store.RemoveSubjects(r.Context(), person.ID, []string{x.ID()}, bot.Effects{
			Audit: s.mine(person.ID, auditNoAccount, "disconnected the account "+x.Subject+" at "+host(x.Issuer)),
		}); err != nil {
			return err
		}
	}
	http.Redirect(w, r, "/me/security", http.StatusSeeOther)
	return nil
}

func host(issuer string) string {
	if u, err := url.Parse(issuer); err == nil {
		return u.Host
	}
	return issuer
}
