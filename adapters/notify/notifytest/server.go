// Package notifytest is the outside that notes go to, as real servers: services with an HTTP interface, a push service
// that checks who sends and decrypts what it gets, and a mail server. Names lead to them by a lookup and a dialler that
// stand in for those of the system.
package notifytest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/notify"
)

// Hosts are the names that lead to the fake outside. The services at gotify, chat and rocket are an organisation's own.
var Hosts = []string{
	"ntfy.sh", "api.pushover.net", "api.telegram.org", "prod-12.westeurope.logic.azure.com", "gotify.example.com",
	"chat.example.com", "rocket.example.com", pushHost, "elsewhere.example.net",
}

const pushHost = "push.example.net"

// Received is one request that a service took.
type Received struct {
	Host, Path string
	Header     http.Header
	Body       string
	Push       map[string]string // what a browser reads, of a request to the push service
}

// Outside is all services.
type Outside struct {
	T     testing.TB
	Roots *x509.CertPool

	server   *httptest.Server
	mu       sync.Mutex
	received []Received
	answers  map[string]int // by host: the status that it answers instead
	where    map[string]string
	browsers map[string]*Browser // by the path of their endpoint
	dialled  []string
	keys     string // the public key of whoever may push
	redirect string
}

// New starts the servers. They end with the test.
func New(t testing.TB) *Outside {
	o := &Outside{
		T: t, answers: map[string]int{}, where: map[string]string{}, browsers: map[string]*Browser{},
		Roots: x509.NewCertPool(),
	}
	o.server = httptest.NewUnstartedServer(http.HandlerFunc(o.serve))
	o.server.TLS = &tls.Config{Certificates: []tls.Certificate{o.certificate()}}
	o.server.StartTLS()
	t.Cleanup(o.server.Close)
	for _, h := range Hosts {
		o.where[h] = "93.184.215.14"
	}
	return o
}

// Options lead a Notifier here.
func (o *Outside) Options() notify.Options {
	return notify.Options{Roots: o.Roots, Lookup: o.lookup, Dial: o.dial}
}

// Resolve makes a name mean an address from now on.
func (o *Outside) Resolve(host, ip string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.where[host] = ip
}

// Answer makes a host answer with a status; 0 as it should.
func (o *Outside) Answer(host string, status int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answers[host] = status
}

// Redirect makes all hosts send everybody elsewhere.
func (o *Outside) Redirect(to string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.redirect = to
}

// Received are the requests so far.
func (o *Outside) Received() []Received {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]Received(nil), o.received...)
}

// Dialled are the addresses that somebody connected to.
func (o *Outside) Dialled() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.dialled...)
}

func (o *Outside) lookup(_ context.Context, host string) ([]net.IPAddr, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if ip := net.ParseIP(host); ip != nil {
		return []net.IPAddr{{IP: ip}}, nil
	}
	ip, known := o.where[host]
	if !known {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return []net.IPAddr{{IP: net.ParseIP(ip)}}, nil
}

func (o *Outside) dial(ctx context.Context, network, address string) (net.Conn, error) {
	o.mu.Lock()
	o.dialled = append(o.dialled, address)
	o.mu.Unlock()
	return (&net.Dialer{}).DialContext(ctx, network, o.server.Listener.Addr().String())
}

func (o *Outside) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	host := strings.TrimSuffix(r.Host, ":443")
	o.mu.Lock()
	defer o.mu.Unlock()
	got := Received{Host: host, Path: r.URL.Path, Header: r.Header, Body: string(body)}
	if o.redirect != "" {
		http.Redirect(w, r, o.redirect, http.StatusTemporaryRedirect)
		return
	}
	if status := o.answers[host]; status != 0 {
		w.WriteHeader(status)
		return
	}
	if host == pushHost {
		if got.Push, err = o.deliver(r, body); err != nil {
			o.T.Errorf("push service: %v", err)
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusCreated)
	} else if what := wrong(host, r, string(body)); what != "" {
		o.T.Errorf("%s: %s: %s %s", host, what, r.URL, body)
		http.Error(w, what, http.StatusBadRequest)
		return
	} else {
		_ = json.NewEncoder(w).Encode(map[string]any{"ok": true, "id": 1, "status": 1}) // to a test
	}
	o.received = append(o.received, got)
}

// wrong says what a service would not take, by its documentation.
func wrong(host string, r *http.Request, body string) string {
	var fields map[string]any
	isJSON := json.Unmarshal([]byte(body), &fields) == nil
	has := func(names ...string) bool {
		for _, n := range names {
			if s, _ := fields[n].(string); s == "" {
				return false
			}
		}
		return true
	}
	switch {
	case r.Method != http.MethodPost:
		return "not a POST"
	case host == "ntfy.sh" && (strings.Count(r.URL.Path, "/") != 1 || len(r.URL.Path) < 2 || body == ""):
		return "no topic or no text"
	case host == "gotify.example.com" && (r.URL.Path != "/message" || r.Header.Get("X-Gotify-Key") == "" ||
		r.URL.RawQuery != "" || !has("message")):
		return "no token in the header, or no message"
	case host == "api.telegram.org" && (!strings.HasSuffix(r.URL.Path, "/sendMessage") || !has("chat_id", "text")):
		return "no method, chat or text"
	case strings.HasSuffix(host, "logic.azure.com") && fields["type"] != "message":
		return "not a card"
	case (host == "chat.example.com" || host == "rocket.example.com") && (!strings.HasPrefix(r.URL.Path, "/hooks/") || !isJSON):
		return "not a webhook"
	case host == "api.pushover.net":
		if r.URL.Path != "/1/messages.json" || !strings.Contains(body, "token=") || !strings.Contains(body, "user=") {
			return "no token or user"
		}
	}
	return ""
}

// certificate is one for all names, signed by itself.
func (o *Outside) certificate() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		o.T.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "outside"}, DNSNames: append(Hosts, "localhost"),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		o.T.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		o.T.Fatal(err)
	}
	o.Roots.AddCert(c)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
