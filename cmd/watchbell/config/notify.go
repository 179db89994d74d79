package config

import (
	"net"
	"regexp"

	"github.com/watchbell/watchbell/bot/yamlfile"
)

// mail is the server by which mail goes.
func (r *reader) mail(n node) Mail {
	var m Mail
	r.Fields(n, fields{
		"server": func(n node) { m.Server = r.mailServer(n) },
		"from":   func(n node) { m.From = r.email(n) },
		"user":   func(n node) { m.User = r.label(n, maxName) },
	}, "server", "from")
	return m
}

var notifyHostForm = regexp.MustCompile(`^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?` +
	`(:[1-9][0-9]{0,4})?$`)

// notifyHost is a host that people may name. A name alone covers nothing below it, and never a whole top-level domain.
func (r *reader) notifyHost(n node) string {
	host, ok := r.Text(n)
	if ok && !notifyHostForm.MatchString(host) {
		r.Problem(n.At, "%s is not the name of a host. Write it in small letters, like ntfy.sh, gotify.example.com:8443 "+
			"or *.example.com.", yamlfile.Quote(host))
	}
	return host
}

// mailServer is host:port of a mail server, which has both.
func (r *reader) mailServer(n node) string {
	typed, ok := r.Text(n)
	host, port, err := net.SplitHostPort(typed)
	if ok && (err != nil || host == "" || !isHost(host) || !portFormat.MatchString(port) || port == "0") {
		r.Problem(n.At, "%s is not a mail server. Write host:port, like mail.example.com:587.", yamlfile.Quote(typed))
	}
	return typed
}
