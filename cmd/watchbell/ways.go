package main

import (
	"context"
	"slices"
	"time"

	"github.com/watchbell/watchbell/adapters/web/login"
	"github.com/watchbell/watchbell/adapters/web/login/attempt"
	"github.com/watchbell/watchbell/adapters/web/login/oidc"
	"github.com/watchbell/watchbell/adapters/web/login/passkey"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/cmd/watchbell/config"
)

// ways are the ways of signing in that need rooms of their own and work where the pages are.
func (a *app) ways(ctx context.Context) ([]login.Way, error) {
	secret, err := a.store.Secret(ctx)
	if err != nil {
		return nil, err
	}
	box, err := attempt.New(attempt.Options{
		Secret: secret, Store: a.store.Login(), Now: a.clock.Now, Insecure: !a.site.encrypted(),
	})
	if err != nil {
		return nil, err
	}
	var list []login.Way
	providers, err := providersOf(a.config, a.site, a.clock.Now)
	if err != nil {
		return nil, err
	}
	if a.site.encrypted() || a.site.local() {
		list = append(list, login.NewCompanies(providers, box))
	}
	if passkey.Fits(a.site.url) == nil {
		site, err := passkey.New(a.site.url, a.config.Name, secret)
		if err != nil {
			return nil, err
		}
		list = append(list, login.NewPasskeys(site, box))
	}
	return list, nil
}

// providersOf are the providers at which people sign in, none if that is off.
func providersOf(file *config.File, site webSite, now func() time.Time) ([]*oidc.Provider, error) {
	if !slices.Contains(file.Login, "oidc") {
		return nil, nil
	}
	if len(file.OIDC) == 0 {
		return nil, bot.Errorf(
			bot.Invalid, "login lists oidc, but no provider is named. List one under oidc in the configuration, with name, issuer "+
				"and client-id; docs/signin.md shows how.",
		)
	}
	var list []*oidc.Provider
	for _, c := range file.OIDC {
		secret, err := config.Secret(c.SecretName())
		if err != nil {
			return nil, err
		}
		p, err := oidc.New(c.Provider(secret), oidc.Options{Base: site.url, Now: now})
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// regrant makes roles by groups what the configuration says of groups now. A provider that is gone gives none.
func (a *app) regrant(ctx context.Context) error {
	return a.store.Login().RegrantRoles(ctx, func(issuer string, groups []string) []string {
		for _, c := range a.config.OIDC {
			if c.Issuer == issuer && slices.Contains(a.config.Login, "oidc") {
				return c.Provider("").RolesOf(groups)
			}
		}
		return nil
	}, a.clock.Now())
}

// companyFindings say for doctor whether people can sign in with their company's account.
func companyFindings(ctx context.Context, file *config.File, site webSite) []bot.Finding {
	providers, err := providersOf(file, site, time.Now)
	if err != nil {
		return []bot.Finding{bot.ToFix("company accounts", err.Error())}
	}
	var list []bot.Finding
	if len(providers) > 0 && !site.encrypted() && !site.local() {
		list = append(list, bot.ToFix(
			"company accounts are off: browsers find the pages by http",
			"Put a proxy with TLS in front, and set "+urlVariable+"=https://…",
		))
	}
	for _, p := range providers {
		c := p.Config()
		if err := p.Reach(ctx); err != nil {
			list = append(list, bot.ToFix(
				"people cannot sign in with "+c.Label+": "+err.Error(),
				"Compare issuer under oidc with what the provider shows, and look whether this machine reaches it.",
			))
			continue
		}
		f := bot.Fine("people sign in with " + c.Label + ": " + c.Issuer + " answers and is who it says")
		f.Fix = "Register this address with it, exactly: " + p.Redirect()
		if c.Secret == "" {
			f.Fix += " It has to be a public client, as no secret is set."
		}
		list = append(list, f)
	}
	if slices.Contains(file.Login, "passkey") {
		if err := passkey.Fits(site.url); err != nil {
			list = append(list, bot.Finding{Good: true, What: "passkeys are off", Fix: err.Error()})
		}
	}
	return list
}
