package oidc

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// maxAnswer is the most that a provider may answer. Real documents and key sets have a few KiB.
const maxAnswer = 256 << 10

// patience is how long one answer of a provider may take, with its body.
const patience = 5 * time.Second

var (
	errTooMuch  = fmt.Errorf("the answer is larger than %d KiB", maxAnswer>>10)
	errRedirect = errors.New("the answer is a redirect, and none is followed")
)

// guarded carries requests to a provider: by https, with bounded answers, and never to this machine or to link-local
// addresses, where clouds keep their secrets. A provider on this machine, which only a configuration can name, is
// reached on this machine too, and there also by http.
type guarded struct {
	local         bool // the provider is on this machine
	direct, proxy http.RoundTripper
}

func newClient(local bool, roots *x509.CertPool, patience time.Duration) *http.Client {
	dialer := &net.Dialer{Timeout: patience, Control: func(_, address string, _ syscall.RawConn) error {
		return allowed(address, local)
	}}
	direct := &http.Transport{
		DialContext: dialer.DialContext, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute,
		TLSHandshakeTimeout: patience, MaxResponseHeaderBytes: 64 << 10,
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
	}
	proxied := direct.Clone()
	proxied.DialContext, proxied.Proxy = nil, http.ProxyFromEnvironment // the proxy decides where it goes
	return &http.Client{
		Transport: &guarded{local, direct, proxied}, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirect },
	}
}

// RoundTrip implements http.RoundTripper.
func (g *guarded) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := endpoint(r.URL.String(), g.local); err != nil {
		return nil, err
	}
	carrier := g.direct
	if proxy, err := http.ProxyFromEnvironment(r); err != nil {
		return nil, err
	} else if proxy != nil {
		carrier = g.proxy
	}
	answer, err := carrier.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if answer.ContentLength > maxAnswer {
		_ = answer.Body.Close()
		return nil, errTooMuch
	}
	answer.Body = &bounded{answer.Body, maxAnswer}
	return answer, nil
}

// bounded is a body that fails where it gets too large, instead of ending as if it were whole.
type bounded struct {
	io.ReadCloser
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if len(p) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if n > b.left {
		return 0, errTooMuch
	}
	b.left -= n
	return n, err
}

// allowed refuses addresses that no provider has. It is asked with the address itself, after names were looked up.
func allowed(address string, local bool) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("address %s: %w", address, err)
	}
	ip := to.Addr().Unmap().WithZone("")
	switch {
	case ip.IsLoopback() && !local:
		return fmt.Errorf("%s is this machine, and the provider is configured to be elsewhere", ip)
	case ip.IsLinkLocalUnicast(), ip.IsMulticast(), ip.IsUnspecified():
		return fmt.Errorf("%s is not an address of a provider", ip)
	}
	return nil
}

// endpoint checks an address that a provider is to be asked at, or that browsers are sent to.
func endpoint(raw string, local bool) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return errors.New("it is not an address")
	case u.Host == "" || u.Opaque != "":
		return errors.New("it is not a whole address like https://login.example.com/")
	case u.User != nil:
		return errors.New("it holds a user name")
	case u.Fragment != "":
		return errors.New("it has a fragment")
	case u.Scheme == "https", u.Scheme == "http" && local && isLocal(u.Hostname()):
		return nil
	}
	return errors.New("it has to begin with https://")
}

// isLocal reports whether a host name means this machine.
func isLocal(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
