package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/watchbell/watchbell/adapters/api/mcp"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/access"
	"github.com/watchbell/watchbell/bot/front"
)

// gate answers a pipeline, after waiting for a decision as long as it wants to.
func (s *Server) gate(w http.ResponseWriter, r *http.Request, t access.Token) {
	if !s.known(w, r, "env", "service", "artifact", "run", "wait", "wait_window") {
		return
	}
	asked, err := question(r.PathValue("change"), r.URL.Query())
	if err == nil && !changeID.MatchString(asked.Change) {
		s.problem(w, http.StatusNotFound, "unknown_change", noChange(asked.Change).Error())
		return
	}
	if err != nil {
		s.problem(w, http.StatusBadRequest, "invalid", err.Error())
		return
	}
	reply, a, err := s.decided(r.Context(), t, asked, func(bot.Reply) {})
	switch {
	case errors.Is(err, errCrowd):
		w.Header().Set("Retry-After", "5")
		s.problem(w, http.StatusTooManyRequests, "too_many_waiting", err.Error())
	case errors.Is(err, errStopping):
		w.Header().Set("Retry-After", "5")
		s.problem(w, http.StatusServiceUnavailable, "stopping", err.Error())
	case a.Status == 0:
		s.noVerdict(w, reply)
	default:
		if a.undecided(true) {
			w.Header().Set("Retry-After", retryAfter(a.Until, s.o.Clock.Now()))
		}
		s.write(w, a.Status, "application/json", reply.Data)
	}
}

// question reads what a pipeline asks.
func question(change string, q url.Values) (mcp.Question, error) {
	asked := mcp.Question{
		Change: change, Env: q.Get("env"), Service: q.Get("service"), Artifact: q.Get("artifact"), Run: q.Get("run"),
		Window: q.Get("wait_window") == "yes",
	}
	if raw := q.Get("wait"); raw != "" {
		var err error
		if asked.Wait, err = time.ParseDuration(raw); err != nil || asked.Wait < 0 || asked.Wait > longestWait {
			return asked, bot.Errorf(bot.Invalid, "wait: write a time up to 1m, like 30s.")
		}
	}
	if changeID.MatchString(change) && (asked.Env == "" || asked.Service == "") {
		return asked, bot.Errorf(
			bot.Invalid, "Name env and service, like ?env=prod&service=billing-db. What is not named is never allowed.",
		)
	}
	return asked, nil
}

// verdict is as much of the gate's answer as it takes to wait.
type verdict struct {
	Status int        `json:"status"` // 0: there is no verdict
	Until  *time.Time `json:"until"`
}

// undecided reports whether waiting may help. Of a window that is not open yet, only who waits for it says so.
func (v verdict) undecided(window bool) bool {
	return v.Status == http.StatusAccepted || v.Status == http.StatusTooEarly && window
}

var (
	errCrowd = bot.Errorf(
		bot.Unavailable, "%d requests of this token wait already. Ask without wait, or again when one of them was answered.", maxWaiting,
	)
	errStopping = bot.Errorf(bot.Unavailable, front.Stopping)
)

// decided asks the gate, and waits for a decision as long as is wanted. told hears each answer that is none yet.
func (s *Server) decided(
	ctx context.Context, t access.Token, q mcp.Question, told func(bot.Reply),
) (bot.Reply, verdict, error) {
	args := map[string]string{
		"change": q.Change, "env": q.Env, "service": q.Service, "artifact": q.Artifact, "run": q.Run,
	}
	var waiting *waiter
	for end := time.Now().Add(q.Wait); ; {
		reply := s.ask(ctx, t, "change.gate", args)
		var a verdict
		if len(reply.Data) == 0 || json.Unmarshal(reply.Data, &a) != nil {
			a = verdict{}
		}
		rest := time.Until(end)
		if !a.undecided(q.Window) || rest <= 0 {
			return reply, a, nil
		}
		told(reply)
		if waiting == nil {
			if waiting = s.waiters.join(t.ID, changeNumber(q.Change)); waiting == nil {
				return reply, a, errCrowd
			}
			defer s.waiters.leave(waiting)
		}
		s.waiters.wakeAt(waiting, a.Until)
		if !s.pause(ctx, waiting, rest) {
			return reply, a, errStopping
		}
	}
}

// waitFor is how agents wait at the gate.
func (s *Server) waitFor(
	ctx context.Context, t access.Token, q mcp.Question, told func(bot.Reply),
) (reply bot.Reply, undecided bool, err error) {
	if !changeID.MatchString(q.Change) {
		return bot.Reply{}, false, noChange(q.Change)
	}
	reply, a, err := s.decided(ctx, t, q, told)
	return reply, a.undecided(true), err
}

func noChange(id string) error {
	return bot.Errorf(bot.NotFound, "%q is not the id of a change. Ids look like CHG-1.", short(id))
}

// noVerdict passes on why the gate was not asked. A reply without a verdict is never a yes, however well it ended.
func (s *Server) noVerdict(w http.ResponseWriter, reply bot.Reply) {
	if reply.Status == bot.Done {
		s.o.Log.Error("the gate gave no verdict")
		s.problem(
			w, http.StatusInternalServerError, "no_verdict",
			"Watchbell gave no verdict that can be read, so this is not a yes. Ask again; the log has the details.",
		)
		return
	}
	s.answer(w, http.StatusOK, reply)
}

func retryAfter(until *time.Time, now time.Time) string {
	after := 10 * time.Second
	if until != nil && until.After(now) {
		after = min(until.Sub(now), time.Hour)
	}
	return strconv.Itoa(max(1, int(after.Seconds())))
}
