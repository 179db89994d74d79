package web_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// client is a browser without a screen: it acts as one person and sends what a page of ours sends.
type client struct {
	t      *testing.T
	base   string
	who    string
	header http.Header
}

func (w *world) as(who string) *client {
	return &client{
		t: w.t, base: w.srv.URL, who: who,
		header: http.Header{"Sec-Fetch-Site": {"same-origin"}, "Origin": {w.srv.URL}, "Content-Type": {"application/json"}},
	}
}

// with returns a client that sends a header differently; "" leaves it out.
func (c *client) with(name, value string) *client {
	other := *c
	other.header = c.header.Clone()
	other.header.Set(name, value)
	if value == "" {
		other.header.Del(name)
	}
	return &other
}

type response struct {
	status int
	header http.Header
	body   string
}

// answer is the body of an action's answer.
type answer struct {
	Status string
	Error  string
	Form   string
	Post   *struct {
		ID   int64
		HTML string
		Only bool
		Line string
	}
}

func (r response) answer(t *testing.T) answer {
	t.Helper()
	var a answer
	if err := json.Unmarshal([]byte(r.body), &a); err != nil {
		t.Fatalf("%d %s: %v", r.status, r.body, err)
	}
	return a
}

func (c *client) request(method, path string, body io.Reader) *http.Request {
	c.t.Helper()
	r, err := http.NewRequest(method, c.base+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header = c.header.Clone()
	if method == http.MethodGet {
		r.Header.Del("Content-Type")
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	if c.who != "" {
		r.AddCookie(&http.Cookie{Name: "watchbell_persona", Value: c.who})
	}
	return r
}

// once does not follow redirects.
var once = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (c *client) roundTrip(r *http.Request) response {
	c.t.Helper()
	got, err := once.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = got.Body.Close() }()
	data, err := io.ReadAll(got.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return response{status: got.StatusCode, header: got.Header, body: string(data)}
}

func (c *client) get(path string) response {
	c.t.Helper()
	return c.roundTrip(c.request(http.MethodGet, path, nil))
}

func (c *client) send(path string, data any) response {
	c.t.Helper()
	body, err := json.Marshal(data)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.roundTrip(c.request(http.MethodPost, path, bytes.NewReader(body)))
}

func (c *client) raw(path, body string) response {
	c.t.Helper()
	return c.roundTrip(c.request(http.MethodPost, path, strings.NewReader(body)))
}

func number(id string) int64 {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
