package gate

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
)

// Server asks the gate of a server over its API.
type Server struct {
	address, token string
	client         *http.Client
}

// NewServer makes a desk that asks the server at an address, in the name of whoever the token is for.
func NewServer(address, token string) *Server {
	return &Server{strings.TrimSuffix(address, "/"), token, &http.Client{Timeout: 90 * time.Second}}
}

func (d *Server) call(ctx context.Context, method, path string, body io.Reader, key string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, d.address+path, body)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+d.token)
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return 0, nil, err
	}
	var problem struct {
		Detail string `json:"detail"`
	}
	_ = json.Unmarshal(data, &problem)
	detail := value.Cut(value.Line(cmp.Or(problem.Detail, resp.Status)), 500)
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return 0, nil, &forbiddenError{detail}
	case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusUnsupportedMediaType:
		return 0, nil, &usageError{detail}
	}
	if resp.StatusCode == http.StatusTooManyRequests {
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		return 0, nil, &busyError{detail, time.Duration(min(max(seconds, 1), 60)) * time.Second}
	}
	if resp.StatusCode >= 500 {
		return 0, nil, errors.New(detail)
	}
	return resp.StatusCode, data, nil
}

// Ask implements Desk.
func (d *Server) Ask(ctx context.Context, about Question, wait time.Duration) (change.GateAnswer, error) {
	q := url.Values{
		"env": {about.Env}, "service": {about.Service}, "run": {about.Run}, "wait": {wait.Round(time.Millisecond).String()},
	}
	if about.Artifact != "" {
		q.Set("artifact", about.Artifact)
	}
	var a change.GateAnswer
	status, data, err := d.call(ctx, http.MethodGet, "/api/v1/gates/"+url.PathEscape(about.Change)+"?"+q.Encode(), nil, "")
	if err != nil {
		return a, err
	}
	// Only an answer of the gate itself counts: a page of some proxy in between says nothing.
	if err := json.Unmarshal(data, &a); err != nil || a.Reason == "" ||
		a.Reason == change.ReasonAllowed && (status != http.StatusOK || a.Receipt == "") {
		return change.GateAnswer{}, fmt.Errorf("this is no answer of a gate (status %d)", status)
	}
	return a, nil
}

// Do implements Desk.
func (d *Server) Do(ctx context.Context, verb, id, artifact string) error {
	body, _ := json.Marshal(map[string]string{"artifact": artifact})
	status, data, err := d.call(
		ctx, http.MethodPost, "/api/v1/gates/"+url.PathEscape(id)+"/"+verb, strings.NewReader(string(body)), "",
	)
	if err == nil && status != http.StatusOK {
		err = errors.New(value.Cut(value.Line(string(data)), 300))
	}
	return err
}

// Create implements Desk.
func (d *Server) Create(ctx context.Context, body []byte, key string) (string, error) {
	status, data, err := d.call(ctx, http.MethodPost, "/api/v1/changes", strings.NewReader(string(body)), key)
	if err != nil {
		return "", err
	}
	var made struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(data, &made); err != nil || status != http.StatusCreated || made.ID == "" {
		return "", &usageError{"the change was not requested: " + value.Cut(value.Line(string(data)), 500)}
	}
	return made.ID, nil
}
