package discordfake

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

var (
	errNoAnswer  = errors.New("the application did not respond in time")
	errNoGateway = errors.New("the application is not connected to the gateway")
)

// deliver tells the app of an interaction and waits for the first answer to it. A repeated delivery waits for the next
// try to answer, good or not; an app that leaves it unanswered makes it wait for the whole of its patience.
func (s *Server) deliver(in *interaction, again bool) error {
	s.mu.Lock()
	appURL, patience, givenUp := s.o.AppURL, s.patience, s.givenUp
	done := (<-chan struct{})(in.done)
	if again {
		wake := make(chan struct{})
		in.waiting = append(in.waiting, wake)
		done = wake
	}
	if appURL == "" && !s.dispatchInteraction(in) {
		s.mu.Unlock()
		return errNoGateway
	}
	s.mu.Unlock()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	if appURL != "" {
		answer, err := s.request(appURL, in.payload, patience, forge{})
		if err == nil {
			err = s.inline(in, answer)
		}
		if err != nil {
			s.expire(in)
			if again {
				return nil
			}
			return err
		}
	}
	select {
	case <-done:
		return nil
	case <-givenUp:
	case <-timeout.C:
	}
	if again || !s.expire(in) {
		return nil
	}
	return errNoAnswer
}

// expire ends the time for a first answer, and reports whether there was none.
func (s *Server) expire(in *interaction) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	in.expired = true
	return in.answered == 0
}

// inline takes the answer that the app gave in its response. A 202 says that it calls us for that.
func (s *Server) inline(in *interaction, a response) error {
	if a.status == http.StatusAccepted {
		return nil
	}
	if a.status != http.StatusOK {
		return fmt.Errorf("the application did not respond: it answered %d", a.status)
	}
	c := &Call{Method: ByHTTP, Path: "/interactions", Route: "/interactions", Status: a.status}
	if err := c.read(a.kind, bytes.NewReader(a.body)); err != nil {
		return fmt.Errorf("the application did not respond: %w: %s", err, a.body)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.At = s.now()
	err := s.respond(in, c)
	if err != nil {
		c.Answer = err.Error()
	}
	s.calls = append(s.calls, *c)
	return err
}

// response is what the app answered to a request.
type response struct {
	status int
	kind   string
	body   []byte
}

// forge is what is wrong with a request on purpose.
type forge struct{ noSignature, wrongSignature, otherBody, old bool }

// request sends a signed request. Source: Discord's page "Overview of Interactions", "Validating Security Request
// Headers": the signature is over the timestamp and the raw body.
func (s *Server) request(appURL string, payload any, patience time.Duration, bad forge) (response, error) {
	body, err := json.Marshal(payload)
	if err != nil {
		return response{}, err
	}
	s.mu.Lock()
	at := s.now()
	s.mu.Unlock()
	if bad.old {
		at = at.Add(-time.Hour)
	}
	moment := strconv.FormatInt(at.Unix(), 10)
	signature := ed25519.Sign(s.private, append([]byte(moment), body...))
	if bad.wrongSignature {
		signature[0] ^= 1
	}
	if bad.otherBody {
		body = append(body, ' ')
	}
	r, err := http.NewRequest(http.MethodPost, appURL, bytes.NewReader(body))
	if err != nil {
		return response{}, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Discord-Interactions/1.0 (+https://discord.com)")
	if !bad.noSignature {
		r.Header.Set("X-Signature-Ed25519", hex.EncodeToString(signature))
		r.Header.Set("X-Signature-Timestamp", moment)
	}
	client := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	got, err := client.Do(r)
	if err != nil {
		return response{}, fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	defer func() { _ = got.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(got.Body, maxRequest))
	return response{got.StatusCode, got.Header.Get("Content-Type"), text}, err
}

// Forgery is a way in which a request is not from Discord.
type Forgery int

// The ways of a forged request. Discord itself sends wrong signatures when an address is entered, and refuses one that
// does not answer 401.
const (
	Genuine        Forgery = iota // nothing is wrong
	WrongSignature                // the signature fits nothing
	NoSignature                   // there are no headers
	OtherBody                     // the body was changed after it was signed
	OldTimestamp                  // it was signed an hour ago, and so may be a repetition
)

// Ping sends the app what Discord sends to check its address, and returns how the app answers: 200 with type 1 to a
// genuine one, 401 to a wrong signature.
func (s *Server) Ping(f Forgery) (status int, body string, err error) {
	s.mu.Lock()
	payload := map[string]any{
		"id": s.id(), "application_id": s.o.Application, "type": pingInteraction, "token": s.secret("token-"), "version": 1,
		"user": s.wireUser(admin), "entitlements": []any{}, "authorizing_integration_owners": map[string]any{},
	}
	s.mu.Unlock()
	return s.sendForged(payload, f)
}

// Forge sends the app an interaction that it had before, again and in a way that is not from Discord, and returns how
// the app answers.
func (s *Server) Forge(key string, f Forgery) (status int, body string, err error) {
	s.mu.Lock()
	in := s.sent[key]
	s.mu.Unlock()
	if in == nil {
		return 0, "", fmt.Errorf("no interaction has the key %q", key)
	}
	return s.sendForged(in.payload, f)
}

func (s *Server) sendForged(payload any, f Forgery) (status int, body string, err error) {
	s.mu.Lock()
	appURL, patience := s.o.AppURL, s.patience
	s.mu.Unlock()
	a, err := s.request(appURL, payload, patience, forge{
		noSignature: f == NoSignature, wrongSignature: f == WrongSignature, otherBody: f == OtherBody, old: f == OldTimestamp,
	})
	return a.status, string(a.body), err
}
