package login

import (
	"net/url"
	"strings"
)

// safeNext is the page to lead on to after the sign-in: a path of ours, never the address of another site, which a link
// that looks like ours could otherwise lead to.
func safeNext(raw string) string {
	if len(raw) > longestNextPath || !strings.HasPrefix(raw, "/") || strings.HasPrefix(raw, "//") ||
		strings.ContainsFunc(raw, func(r rune) bool { return r == '\\' || r < ' ' || r == 0x7f }) {
		return "/"
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Path == "/login" ||
		strings.HasPrefix(u.Path, "/login/") || strings.HasPrefix(u.Path, "//") || u.Path == "/logout" {
		return "/"
	}
	return u.RequestURI()
}

func queryEscape(s string) string { return url.QueryEscape(s) }

// sameHost reports whether a Host header names the address of the pages. Without a port it is the usual one.
func sameHost(host string, site *url.URL) bool {
	usual := map[string]string{"https": ":443", "http": ":80"}[site.Scheme]
	full := func(h string) string {
		h = strings.ToLower(h)
		if !strings.Contains(h[strings.LastIndex(h, "]")+1:], ":") {
			h += usual
		}
		return h
	}
	return host != "" && full(host) == full(site.Host)
}
