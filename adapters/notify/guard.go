package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"
)

// guard connects to hosts that people named, and to no other machine: a name that resolves to an address inside our
// network would make us a way into it.
type guard struct {
	transport *http.Transport
	lookup    func(ctx context.Context, host string) ([]net.IPAddr, error)
	dial      func(ctx context.Context, network, address string) (net.Conn, error)
	own       func(host string) bool // the administrator lists it: it may be inside our network
}

const (
	connectTime = 5 * time.Second
	answerTime  = 10 * time.Second
	maxAnswer   = 64 << 10
)

func newGuard(o Options) *guard {
	g := &guard{lookup: o.Lookup, dial: o.Dial}
	defaults := DefaultHosts()
	g.own = func(host string) bool {
		means := func(entry string) bool { return covers(entry, host) }
		return slices.ContainsFunc(o.Hosts, means) && !slices.ContainsFunc(defaults, means)
	}
	if g.lookup == nil {
		g.lookup = net.DefaultResolver.LookupIPAddr
	}
	if g.dial == nil {
		g.dial = (&net.Dialer{Timeout: connectTime, Control: neverHere}).DialContext
	}
	g.transport = &http.Transport{
		DialContext: g.connect, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.Roots},
		TLSHandshakeTimeout: connectTime, ResponseHeaderTimeout: answerTime, MaxResponseHeaderBytes: maxAnswer,
		IdleConnTimeout: 30 * time.Second, MaxIdleConns: 20, ForceAttemptHTTP2: true,
	}
	return g
}

// errRefused is a connection that the guard does not make.
var errRefused = errors.New("refused by the guard")

// connect resolves a name, checks all that it resolves to, and connects to what it checked: not to the name, which may
// mean something else a moment later.
func (g *guard) connect(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	found, err := g.lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	own := g.own(strings.ToLower(address))
	var last error = fmt.Errorf("%w: %s has no address", errRefused, host)
	for _, a := range found {
		ip, ok := netip.AddrFromSlice(a.IP)
		if !ok || a.Zone != "" || !reachable(ip.Unmap(), own) {
			return nil, fmt.Errorf("%w: %s resolves to an address that is not public", errRefused, host)
		}
	}
	for _, a := range found {
		conn, err := g.dial(ctx, network, net.JoinHostPort(a.IP.String(), port))
		if err == nil {
			return conn, nil
		}
		last = err
	}
	return nil, last
}

// neverHere is the last look at an address, right before the system connects to it.
func neverHere(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !reachable(at.Addr().Unmap(), true) {
		return errRefused
	}
	return nil
}

// Blocks that are nobody's on the internet, or lead back to us, and that package netip does not know by themselves.
var (
	notPublic = prefixes("0.0.0.0/8", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
		"198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23",
		"2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10", "::/96")
	inside = prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)

func prefixes(list ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(list))
	for k, p := range list {
		all[k] = netip.MustParsePrefix(p)
	}
	return all
}

// reachable reports whether notes may go to an address. own is a host that the administrator lists, which may be inside
// the company's network; this machine and what answers for its cloud never are.
func reachable(ip netip.Addr, own bool) bool {
	within := func(list []netip.Prefix) bool {
		return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(ip) })
	}
	switch {
	case !ip.IsValid(), ip.IsLoopback(), ip.IsUnspecified(), ip.IsMulticast(), ip.IsLinkLocalUnicast(), within(notPublic):
		return false
	case ip == metadataV6:
		return false
	}
	return own || !within(inside)
}

// metadataV6 is where a cloud tells its machines their secrets; the address for IPv4 is link-local.
var metadataV6 = netip.MustParseAddr("fd00:ec2::254")

// client is the guarded client for one note. It remembers what it saw, as errors of libraries repeat addresses.
type client struct {
	*http.Client
	ctx     context.Context // of the note: some libraries take none
	allowed func(host string) bool
	guard   *guard
	host    string
	status  int
	after   string
	failed  error
}

func (g *guard) client(ctx context.Context, allowed func(string) bool) *client {
	c := &client{ctx: ctx, allowed: allowed, guard: g}
	c.Client = &http.Client{
		Transport: c, Timeout: answerTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c
}

// RoundTrip implements http.RoundTripper.
func (c *client) RoundTrip(r *http.Request) (*http.Response, error) {
	host, err := hostOf(r.URL)
	if err == nil && (r.URL.Scheme != "https" || c.allowed != nil && !c.allowed(host)) {
		err = errRefused
	}
	if err != nil {
		c.failed = errRefused
		return nil, errRefused
	}
	c.host = r.URL.Hostname()
	ctx, cancel := context.WithTimeout(c.ctx, answerTime)
	defer cancel()
	answer, err := c.guard.transport.RoundTrip(r.Clone(ctx))
	if err != nil {
		c.failed = err
		return nil, err
	}
	c.status, c.after, c.failed = answer.StatusCode, answer.Header.Get("Retry-After"), nil
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer)) // all of it now: the connection is not kept for more
	_ = answer.Body.Close()
	answer.Body = io.NopCloser(strings.NewReader(string(body)))
	return answer, err
}
