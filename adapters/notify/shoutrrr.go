package notify

import (
	"io"
	"log"
	"net/url"

	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/mattermost"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/rocketchat"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/gotify"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/ntfy"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/pushover"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"

	"github.com/watchbell/watchbell/bot"
)

// Services of shoutrrr that take a client. What it logs may hold addresses, so nobody hears it.

func silent() *log.Logger { return log.New(io.Discard, "", 0) }

func sendNtfy(c *client, u *url.URL, n bot.Note) error {
	s := &ntfy.Service{}
	if err := s.Initialize(u, silent()); err != nil {
		return err
	}
	s.SetHTTPClient(c.Client)
	p := types.Params{"title": oneLine(n.Title), "priority": "max", "tags": "pager"}
	if n.Link != "" {
		p["click"] = n.Link
	}
	if n.Answer != "" { // the phone itself posts, so that one press is enough
		p["actions"] = "http, " + n.Label + ", " + n.Answer + ", method=POST, clear=true"
	}
	return s.Send(n.Text, &p)
}

func sendPushover(c *client, u *url.URL, n bot.Note) error {
	s := &pushover.Service{}
	if err := s.Initialize(u, silent()); err != nil {
		return err
	}
	s.Client = c.Client
	return s.Send(withLink(n), &types.Params{"title": oneLine(n.Title), "priority": "1"})
}

func sendGotify(c *client, u *url.URL, n bot.Note) error {
	s := &gotify.Service{}
	u = withQuery(u, "useheader", "yes") // or the token would be in the address of the request
	if err := s.Initialize(u, silent()); err != nil {
		return err
	}
	*s.GetHTTPClient() = *c.Client
	return s.Send(withLink(n), &types.Params{"title": oneLine(n.Title), "priority": "8"})
}

func sendMattermost(c *client, u *url.URL, n bot.Note) error {
	s := &mattermost.Service{}
	if err := s.Initialize(u, silent()); err != nil {
		return err
	}
	*s.GetHTTPClient() = *c.Client
	return s.Send(titled(n), &types.Params{})
}

func sendRocketchat(c *client, u *url.URL, n bot.Note) error {
	s := &rocketchat.Service{Client: c.Client}
	if err := s.Initialize(u, silent()); err != nil {
		return err
	}
	return s.Send(titled(n), &types.Params{})
}

// withQuery is a copy of an address with one more key behind the question mark.
func withQuery(u *url.URL, key, value string) *url.URL {
	c := *u
	q := c.Query()
	q.Set(key, value)
	c.RawQuery = q.Encode()
	return &c
}
