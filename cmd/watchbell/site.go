package main

import (
	"cmp"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/cmd/watchbell/config"
)

// The variables that say how a server is reached. They go before the configuration, since containers are given them.
const (
	listenVariable  = "WATCHBELL_LISTEN"
	urlVariable     = "WATCHBELL_WEB_URL"
	proxiesVariable = "WATCHBELL_TRUSTED_PROXIES"
	observeVariable = "WATCHBELL_OBSERVE"
)

// fromEnvironment puts what the environment says in place of what the configuration says, for all who ask it.
func fromEnvironment(f *config.File) error {
	if text := os.Getenv(urlVariable); text != "" {
		address, err := config.WebAddress(text)
		if err != nil {
			return bot.Errorf(bot.Invalid, "%s: %v", urlVariable, err)
		}
		f.Web.URL = address
	}
	if text := os.Getenv(proxiesVariable); text != "" {
		f.Web.TrustedProxies = strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
		for _, network := range f.Web.TrustedProxies {
			if _, err := config.Network(network); err != nil {
				return bot.Errorf(bot.Invalid, "%s: %v", proxiesVariable, err)
			}
		}
	}
	f.Observe.Listen = cmp.Or(f.Observe.Listen, os.Getenv(observeVariable))
	return nil
}

// webSite is where the pages are.
type webSite struct {
	listen  string // the address to listen on
	named   bool   // somebody named that address
	url     string // where browsers find the pages; never ""
	given   bool   // somebody named the URL
	shut    string // why no page is served; "" is that they are
	proxies []netip.Prefix
}

// platformsAddress is where requests of chat platforms come in: where the variable says, or else where the pages are.
func platformsAddress(s webSite) string { return cmp.Or(os.Getenv(listenVariable), s.listen) }

// siteOf reads where the pages are from the configuration and the environment.
func siteOf(f *config.File) (webSite, error) {
	s := webSite{listen: cmp.Or(f.Web.Listen, os.Getenv(listenVariable), config.DefaultListen), url: f.Web.URL}
	s.named = s.listen != config.DefaultListen || f.Web.Listen != "" || os.Getenv(listenVariable) != ""
	for _, text := range f.Web.TrustedProxies {
		network, err := config.Network(text)
		if err != nil {
			return s, err // the configuration was checked
		}
		s.proxies = append(s.proxies, network)
	}
	if s.given = s.url != ""; !s.given {
		s.url = localURL(s.listen)
	}
	return s, nil
}

// localURL is where this machine finds what listens on an address. It says localhost, since passkeys work with names
// only.
func localURL(address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil || port == "80" {
		return "http://localhost"
	}
	return "http://localhost:" + port
}

// encrypted reports whether browsers reach the pages by https.
func (s webSite) encrypted() bool { return strings.HasPrefix(s.url, "https://") }

// local reports whether only this machine reaches the pages, by the name that they are served under.
func (s webSite) local() bool {
	u, err := url.Parse(s.url)
	return err == nil && loopback(net.JoinHostPort(u.Hostname(), "0"))
}

// wide reports whether other machines reach what listens on the address.
func (s webSite) wide() bool { return !loopback(s.listen) }

// check refuses to serve a sign-in on the network without https, unless somebody insists.
func (s webSite) check(insecure bool) error {
	if s.encrypted() || s.local() || insecure {
		return nil
	}
	return bot.Errorf(
		bot.Invalid, "web.url is %s: without https everybody on the way can read the sessions of those who sign in. Put a "+
			"proxy with TLS in front and set %s=https://…, or insist with --insecure-http.", s.url, urlVariable,
	)
}
