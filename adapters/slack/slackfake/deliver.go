package slackfake

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// ackWithin is how long Slack waits for an acknowledgement.
const ackWithin = 3 * time.Second

var errNoAck = errors.New("the app did not acknowledge within three seconds")

// deliver tells the app of something and returns its acknowledgement.
func (s *Server) deliver(kind string, payload map[string]any, again retry) (Ack, error) {
	s.mu.Lock()
	appURL := s.o.AppURL
	s.mu.Unlock()
	if appURL != "" {
		return s.request(appURL, kind, payload, again)
	}
	return s.envelope(kind, payload, again)
}

// Deliver tells the app of something of a test's own: kind is slash_commands, interactive or events_api.
func (s *Server) Deliver(kind string, payload map[string]any) (Ack, error) {
	return s.deliver(kind, payload, retry{})
}

// retry is a repetition of an event, and why there is one. Slack repeats three times: at once, after a minute, after
// five.
type retry struct {
	n      int
	reason string
}

const retries = 3

// Event tells the app that something happened. Slack tells it again when nothing acknowledges it, here without the
// pauses, unless the app asks it not to. The acknowledgements of all tries are kept, see Acks.
func (s *Server) Event(key string, event map[string]any) error {
	s.mu.Lock()
	payload, _ := s.once(key, func() (map[string]any, error) {
		return map[string]any{
			"type": "event_callback", "team_id": s.o.Team, "api_app_id": appID, "event": event, "event_id": s.id("Ev"),
			"event_time": s.now().Unix(), "token": "old",
			"is_ext_shared_channel": s.foreign(event), "authorizations": []any{s.authorization()},
		}, nil
	})
	s.mu.Unlock()
	var err error
	var again retry
	for n := range 1 + retries {
		again.n = n
		var ack Ack
		ack, err = s.deliver("events_api", payload, again)
		again.reason = "http_timeout"
		if err == nil {
			again.reason = "http_error"
		}
		s.mu.Lock()
		s.acks = append(s.acks, ack)
		s.mu.Unlock()
		switch {
		case err == nil && ack.Status/100 == 2:
			return nil
		case err == nil:
			err = fmt.Errorf("the app answered %d", ack.Status)
		}
		if ack.noRetry {
			break
		}
	}
	return err
}

// authorization is the installation that an event is sent for. Source: https://docs.slack.dev/apis/events-api,
// "authorizations": team_id is null where it is one for a whole organisation.
func (s *Server) authorization() map[string]any {
	a := map[string]any{
		"team_id": s.o.Team, "enterprise_id": nil, "user_id": botUser, "is_bot": true, "is_enterprise_install": s.o.OrgWide,
	}
	if s.o.Enterprise != "" {
		a["enterprise_id"] = s.o.Enterprise
	}
	if s.o.OrgWide {
		a["team_id"] = nil
	}
	return a
}

// Acks are the acknowledgements of all deliveries of events, repetitions among them. Those that never came have no
// status.
func (s *Server) Acks() []Ack {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.acks)
}

// SetPatience sets how long acknowledgements are waited for from now on.
func (s *Server) SetPatience(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.patience = d
}

// GiveUp ends the wait for acknowledgements through sockets, as if the time for them were over.
func (s *Server) GiveUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.givenUp)
	s.givenUp = make(chan struct{})
}

// request sends a signed request.
func (s *Server) request(appURL, kind string, payload map[string]any, again retry) (Ack, error) {
	data, _ := json.Marshal(payload)
	path, contentType, body := "/slack/events", "application/json", data
	switch kind {
	case "slash_commands":
		form := url.Values{}
		for name, v := range payload {
			form.Set(name, fmt.Sprint(v))
		}
		path, contentType, body = "/slack/commands", "application/x-www-form-urlencoded", []byte(form.Encode())
	case "interactive":
		path, contentType, body = "/slack/interactions", "application/x-www-form-urlencoded", []byte(
			url.Values{"payload": {string(data)}}.Encode(),
		)
	}
	r, err := http.NewRequest(http.MethodPost, strings.TrimRight(appURL, "/")+path, bytes.NewReader(body))
	if err != nil {
		return Ack{}, err
	}
	at := strconv.FormatInt(s.now().Unix(), 10)
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("X-Slack-Request-Timestamp", at)
	r.Header.Set("X-Slack-Signature", Sign(s.o.SigningSecret, at, body))
	if again.n > 0 {
		r.Header.Set("X-Slack-Retry-Num", strconv.Itoa(again.n))
		r.Header.Set("X-Slack-Retry-Reason", again.reason)
	}
	s.mu.Lock()
	patience := s.patience
	s.mu.Unlock()
	client := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(r)
	if err != nil {
		return Ack{}, fmt.Errorf("%w: %w", errNoAck, err)
	}
	defer func() { _ = response.Body.Close() }()
	got, err := io.ReadAll(response.Body)
	return Ack{Status: response.StatusCode, Body: string(got), noRetry: response.Header.Get("X-Slack-No-Retry") == "1"},
		err
}

// Sign signs a request as Slack does.
func Sign(secret, at string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "v0:%s:%s", at, body)
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// socket is one connection of the app.
type socket struct {
	mu   sync.Mutex
	conn *websocket.Conn
}

func (c *socket) send(v any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn.WriteJSON(v)
}

func (c *socket) close(reason string) {
	if reason != "" {
		_ = c.send(map[string]any{"type": "disconnect", "reason": reason})
	}
	_ = c.conn.Close()
}

// Sockets is how many connections are open.
func (s *Server) Sockets() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sockets)
}

func (s *Server) socket(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	down := s.down
	s.mu.Unlock()
	if down {
		panic(http.ErrAbortHandler)
	}
	conn, err := (&websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	s.work.Add(1)
	defer s.work.Done()
	c := &socket{conn: conn}
	s.mu.Lock()
	if s.down {
		s.mu.Unlock()
		_ = conn.Close()
		return
	}
	s.sockets = append(s.sockets, c)
	n := len(s.sockets)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.sockets = slices.DeleteFunc(s.sockets, func(o *socket) bool { return o == c })
		s.mu.Unlock()
		_ = conn.Close()
	}()
	if c.send(map[string]any{
		"type": "hello", "num_connections": n, "connection_info": map[string]any{"app_id": appID},
		"debug_info": map[string]any{"host": "fake"},
	}) != nil {
		return
	}
	done := make(chan struct{})
	defer close(done)
	s.work.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(5 * time.Second):
				c.mu.Lock()
				_ = conn.WriteControl(websocket.PingMessage, []byte("ping"), time.Now().Add(time.Second))
				c.mu.Unlock()
			}
		}
	})
	for {
		_, data, err := conn.ReadMessage()
		if err != nil {
			return
		}
		s.acknowledged(data)
	}
}

// maxSocket is from where on Slack drops what comes through a socket, without a word.
const maxSocket = 20 * 1024

func (s *Server) acknowledged(data []byte) {
	var in struct {
		ID      string          `json:"envelope_id"`
		Payload json.RawMessage `json:"payload"`
	}
	if len(data) >= maxSocket || json.Unmarshal(data, &in) != nil {
		return
	}
	s.mu.Lock()
	waiting := s.waiting[in.ID]
	delete(s.waiting, in.ID)
	s.mu.Unlock()
	if waiting == nil {
		return
	}
	body := string(in.Payload)
	if body == "null" {
		body = ""
	}
	waiting <- Ack{Status: http.StatusOK, Body: body}
}

// envelope sends something through one of the sockets.
func (s *Server) envelope(kind string, payload map[string]any, again retry) (Ack, error) {
	s.mu.Lock()
	if len(s.sockets) == 0 {
		s.mu.Unlock()
		return Ack{}, errors.New("the app has no socket open")
	}
	c := s.sockets[rand.IntN(len(s.sockets))]
	id := s.id("envelope-")
	acked := make(chan Ack, 1)
	s.waiting[id] = acked
	givenUp, patience := s.givenUp, s.patience
	s.mu.Unlock()
	envelope := map[string]any{
		"envelope_id": id, "type": kind, "payload": payload, "accepts_response_payload": kind != "events_api",
	}
	if kind == "events_api" {
		envelope["retry_attempt"], envelope["retry_reason"] = again.n, again.reason
	}
	err := c.send(envelope)
	if err != nil {
		return Ack{}, err
	}
	select {
	case ack := <-acked:
		return ack, nil
	case <-givenUp:
		return Ack{}, errNoAck
	case <-time.After(patience):
		return Ack{}, errNoAck
	}
}
