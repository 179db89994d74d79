package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
)

var errNotSlack = errors.New("a response URL that is not Slack's")

// answers reports whether an address is one of Slack's for answers. Requests are signed, but what is in a modal's
// metadata or in an old row is followed just as well.
func (a *Adapter) answers(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil {
		return false
	}
	if api, err := url.Parse(a.o.APIURL); err == nil && api.Host != "" && api.Host == u.Host && api.Scheme == u.Scheme {
		return true
	}
	host := u.Hostname()
	return u.Scheme == "https" && u.Port() == "" &&
		(strings.HasSuffix(host, ".slack.com") || strings.HasSuffix(host, ".slack-gov.com"))
}

// respond answers at a response URL, which takes five answers within half an hour and has no other limit. Redirects are
// not followed.
func (a *Adapter) respond(ctx context.Context, address string, m bot.Message) error {
	if !a.answers(address) {
		a.log.Warn("an answer does not go where it was asked for", "why", errNotSlack.Error())
		return errNotSlack
	}
	body, err := json.Marshal(a.said(m))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, a.o.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return errNotSlack // its text would hold the address, which lets anybody answer
	}
	r.Header["Content-Type"] = jsonType
	response, err := a.responder.Do(r)
	if err != nil {
		var e *url.Error
		if errors.As(err, &e) {
			err = e.Err
		}
		return fmt.Errorf("response URL: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)) // so that the connection is used again
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("response URL: %s", response.Status)
	}
	return nil
}

// newResponder makes the client for response URLs. People answer at once, and many: it keeps more connections to one
// host than usual.
func newResponder() *http.Client {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute,
	}
	return &http.Client{
		Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
