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
func (s *Server) deliver(kind string, payload map[string]any) (Ack, error) {
	s.mu.Lock()
	appURL := s.o.AppURL
	s.mu.Unlock()
	if appURL != "" {
		return s.request(appURL, kind, payload)
	}
	return s.envelope(kind, payload, 0)
}

// Event tells the app that something happened. Slack tells it again when nothing acknowledges it.
func (s *Server) Event(key string, event map[string]any) error {
	s.mu.Lock()
	payload, _ := s.once(key, func() (map[string]any, error) {
		return map[string]any{
			"type": "event_callback", "team_id": s.o.Team, "api_app_id": appID, "event": event, "event_id": s.id("Ev"), "event_time": s.now().Unix(), "token": "old",
			"authorizations": []any{map[string]any{"team_id": s.o.Team, "enterprise_id": nil, "user_id": botUser, "is_bot": true}},
		}, nil
	})
	s.mu.Unlock()
	var err error
	for range 3 {
		var ack Ack
		if ack, err = s.deliver("events_api", payload); err == nil && ack.Status == http.StatusOK {
			return nil
		}
	}
	return err
}

// request sends a signed request.
func (s *Server) request(appURL, kind string, payload map[string]any) (Ack, error) {
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
		path, contentType, body = "/slack/interactions", "application/x-www-form-urlencoded", []byte(url.Values{"payload": {string(data)}}.Encode())
	}
	r, err := http.NewRequest(http.MethodPost, strings.TrimRight(appURL, "/")+path, bytes.NewReader(body))
	if err != nil {
		return Ack{}, err
	}
	at := strconv.FormatInt(s.now().Unix(), 10)
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("X-Slack-Request-Timestamp", at)
	r.Header.Set("X-Slack-Signature", Sign(s.o.SigningSecret, at, body))
	client := &http.Client{Timeout: ackWithin, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(r)
	if err != nil {
		return Ack{}, fmt.Errorf("%w: %w", errNoAck, err)
	}
	defer func() { _ = response.Body.Close() }()
	got, err := io.ReadAll(response.Body)
	return Ack{response.StatusCode, string(got)}, err
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
	if c.send(map[string]any{"type": "hello", "num_connections": n, "connection_info": map[string]any{"app_id": appID}, "debug_info": map[string]any{"host": "fake"}}) != nil {
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
		var in struct {
			ID      string          `json:"envelope_id"`
			Payload json.RawMessage `json:"payload"`
		}
		if conn.ReadJSON(&in) != nil {
			return
		}
		s.mu.Lock()
		waiting := s.waiting[in.ID]
		delete(s.waiting, in.ID)
		s.mu.Unlock()
		if waiting != nil && len(in.Payload) <= 20_480 {
			body := string(in.Payload)
			if body == "null" {
				body = ""
			}
			waiting <- Ack{http.StatusOK, body}
		}
	}
}

// envelope sends something through one of the sockets.
func (s *Server) envelope(kind string, payload map[string]any, attempt int) (Ack, error) {
	s.mu.Lock()
	if len(s.sockets) == 0 {
		s.mu.Unlock()
		return Ack{}, errors.New("the app has no socket open")
	}
	c := s.sockets[rand.IntN(len(s.sockets))]
	id := s.id("envelope-")
	acked := make(chan Ack, 1)
	s.waiting[id] = acked
	s.mu.Unlock()
	err := c.send(map[string]any{"envelope_id": id, "type": kind, "payload": payload, "accepts_response_payload": kind != "events_api", "retry_attempt": attempt})
	if err != nil {
		return Ack{}, err
	}
	select {
	case ack := <-acked:
		return ack, nil
	case <-time.After(ackWithin):
		return Ack{}, errNoAck
	}
}
