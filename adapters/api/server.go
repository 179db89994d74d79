package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/watchbell/watchbell/adapters/api/said"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/access"
	"github.com/watchbell/watchbell/bot/front"
)

const (
	maxBody     = 256 << 10
	longestWait = time.Minute

	perSecond = 300 // requests of one token, and as many at once
)

// Handler serves the API.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", s.nowhere)
	for _, r := range s.routes() {
		mux.HandleFunc(r.method+" "+r.path, r.handle)
	}
	mux.HandleFunc(agentPath, s.agents)
	front := front.Front{
		Log: s.o.Log, Stopping: s.stopping,
		Tell: func(w http.ResponseWriter, status int, sentence string) {
			s.problem(w, status, reasons[status], sentence)
		},
	}
	return headers(front.Guard(mux))
}

func (s *Server) nowhere(w http.ResponseWriter, r *http.Request) {
	s.problem(
		w, http.StatusNotFound, "not_found",
		"There is nothing at "+r.URL.Path+". /api/v1/openapi.json describes what there is.",
	)
}

// reasons are the codes of what is answered in place of a handler.
var reasons = map[int]string{
	http.StatusBadRequest: "invalid", http.StatusInternalServerError: "not_answered",
	http.StatusServiceUnavailable: "stopping",
}

// headers are those of every answer.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		next.ServeHTTP(w, r)
	})
}

// handler carries out a call of somebody whose token was accepted.
type handler func(w http.ResponseWriter, r *http.Request, t access.Token)

func (s *Server) guarded(next handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"token", "access_token", "api_key", "apikey"} {
			if r.URL.Query().Has(name) {
				s.leaked(r, r.URL.Query().Get(name))
				s.problem(
					w, http.StatusBadRequest, "token_in_address",
					"Tokens do not belong into addresses, where logs keep them. Send the header: Authorization: Bearer wb_… and "+
						"revoke this token.",
				)
				return
			}
		}
		if accept := r.Header.Get("Accept"); accept != "" && !acceptsJSON(accept) {
			s.problem(w, http.StatusNotAcceptable, "not_acceptable", "The API answers with application/json.")
			return
		}
		secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		var t access.Token
		err := errUnauthorized
		if ok {
			t, err = s.authenticate(r.Context(), strings.TrimSpace(secret))
		}
		switch {
		case errors.Is(err, errUnauthorized):
			w.Header().Set("WWW-Authenticate", `Bearer realm="watchbell"`)
			s.problem(
				w, http.StatusUnauthorized, "unauthorized",
				"The token is missing, unknown, expired or revoked. Make one with: watchbell token create",
			)
		case err != nil:
			s.o.Log.Error("token not read", "error", err)
			s.unavailable(w)
		case !s.limiter(t.ID).AllowN(s.o.Clock.Now(), 1):
			w.Header().Set("Retry-After", "1")
			s.problem(
				w, http.StatusTooManyRequests, "too_many_requests",
				fmt.Sprintf("This token may ask %d times a second.", perSecond),
			)
		default:
			next(w, r, t)
		}
	}
}

// leaked writes down that a token came in an address, where logs keep it.
func (s *Server) leaked(r *http.Request, secret string) {
	s.o.Log.Warn("a token came in an address, where logs keep it; revoke it", "path", r.URL.Path)
	t, err := s.authenticate(r.Context(), secret)
	if err != nil {
		return
	}
	err = s.o.Store.Record(r.Context(), bot.Effects{Audit: bot.Audit{
		Actor: t.Person, Action: "token.leaked", Object: "token/" + t.ID, Result: bot.ResultDenied,
		Detail: "it came in an address, where logs keep it", Source: Platform, At: s.o.Clock.Now(),
	}})
	if err != nil {
		s.o.Log.Error("a leaked token was not written down", "token", t.ID, "error", err)
	}
}

func acceptsJSON(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		kind, _, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err == nil &&
			slices.Contains([]string{"application/json", "application/problem+json", "application/*", "*/*"}, kind) {
			return true
		}
	}
	return false
}

func (s *Server) limiter(token string) *rate.Limiter {
	l, _ := s.limits.LoadOrStore(token, rate.NewLimiter(perSecond, perSecond))
	return l.(*rate.Limiter)
}

// problem answers with a problem document.
func (s *Server) problem(w http.ResponseWriter, status int, reason, detail string) {
	s.write(w, status, "application/problem+json", map[string]any{
		"type": "about:blank", "title": http.StatusText(status), "status": status, "reason_code": reason, "detail": detail,
	})
}

func (s *Server) unavailable(w http.ResponseWriter) {
	s.later(
		w, "Watchbell cannot reach its database just now, so nothing was decided or recorded. Ask again in a moment.", 0,
	)
}

// later asks to come again, after 5 seconds where nothing better is known.
func (s *Server) later(w http.ResponseWriter, why string, after time.Duration) {
	seconds := 5
	if after > 0 {
		seconds = int(math.Ceil(after.Seconds()))
	}
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	s.problem(w, http.StatusServiceUnavailable, "unavailable", why)
}

func (s *Server) write(w http.ResponseWriter, status int, kind string, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		s.o.Log.Error("answer not encoded", "error", err)
		status, data = http.StatusInternalServerError, []byte(`{"status":500}`)
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = w.Write(append(data, '\n'))
}

// call carries out a command as the token's person.
func (s *Server) call(ctx context.Context, t access.Token, r bot.Request) bot.Reply {
	r.From = bot.Account{Platform: Platform, User: string(t.Person)}
	r.Place = bot.Conversation{Platform: Platform}
	r.Via = t.ID
	r.NoForms, r.Scopes, r.Agent = true, t.Scopes, t.Agent()
	return s.o.Receive(ctx, r)
}

// ask carries out a command that nobody repeats.
func (s *Server) ask(ctx context.Context, t access.Token, command string, args map[string]string) bot.Reply {
	return s.call(ctx, t, bot.Request{Key: freshKey(t), Shortcut: command, Args: args, Paced: true})
}

// freshKey names an action that nobody will repeat under that name.
func freshKey(t access.Token) string { return "api:" + t.ID + ":" + hex.EncodeToString(random(16)) }

var statusOf = map[bot.ErrorKind]int{
	bot.Invalid: http.StatusBadRequest, bot.Forbidden: http.StatusForbidden, bot.Conflict: http.StatusConflict,
	bot.NotFound: http.StatusNotFound, bot.Unavailable: http.StatusServiceUnavailable,
}

// answer turns a reply into HTTP: its data, or why not.
func (s *Server) answer(w http.ResponseWriter, done int, r bot.Reply) {
	switch {
	case r.Status != bot.Done:
		s.refused(w, r)
	case len(r.Data) > 0:
		s.write(w, done, "application/json", r.Data)
	default:
		s.write(w, done, "application/json", map[string]string{"text": said.Plain(r)})
	}
}

// refused says why something was not done.
func (s *Server) refused(w http.ResponseWriter, r bot.Reply) {
	status := statusOf[r.Kind]
	switch {
	case r.Status == "":
		s.o.Log.Error("a command ended without a word")
		s.problem(w, http.StatusInternalServerError, "not_answered", front.Silent)
		return
	case said.Reason(r) == "unavailable":
		if why := said.Plain(r); why != "" {
			s.later(w, why, r.After)
			return
		}
		s.unavailable(w)
		return
	case status == 0: // refused with a way on; programs get the data beside the words
		status = http.StatusConflict
	}
	body := said.Refusal(r)
	body["type"], body["title"], body["status"] = "about:blank", http.StatusText(status), status
	s.write(w, status, "application/problem+json", body)
}

func (s *Server) keys(w http.ResponseWriter, _ *http.Request) {
	s.write(w, http.StatusOK, "application/json", map[string]any{"keys": []map[string]string{{
		"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": s.o.KeyID,
		"x": base64.RawURLEncoding.EncodeToString(s.o.PublicKey),
	}}})
}

// known refuses parameters that mean nothing, for a misspelt one must not be as if it had been left out.
func (s *Server) known(w http.ResponseWriter, r *http.Request, names ...string) bool {
	for name, values := range r.URL.Query() {
		if !slices.Contains(names, name) {
			s.problem(
				w, http.StatusBadRequest, "unknown_parameter",
				fmt.Sprintf("%q is not a parameter here. There is: %s.", short(name), strings.Join(names, ", ")),
			)
			return false
		}
		if len(values) != 1 {
			s.problem(w, http.StatusBadRequest, "parameter_twice", fmt.Sprintf("%q is given twice.", short(name)))
			return false
		}
	}
	return true
}

func short(s string) string {
	if len(s) > 80 {
		s = s[:80]
	}
	return strings.ToValidUTF8(s, "?")
}

// command carries out a command about the change in the path, with arguments from the body.
func (s *Server) command(name string, fields ...string) handler {
	return func(w http.ResponseWriter, r *http.Request, t access.Token) {
		args, digest, ok := s.arguments(w, r, fields)
		if !ok {
			return
		}
		if id := r.PathValue("change"); id != "" {
			if !changeID.MatchString(id) {
				s.problem(
					w, http.StatusNotFound, "unknown_change",
					fmt.Sprintf("%q is not the id of a change. Ids look like CHG-1.", short(id)),
				)
				return
			}
			args["change"] = id
		}
		if reply, ok := s.once(w, r, t, bot.Request{Shortcut: name, Args: args, Digest: digest, Paced: true}); ok {
			s.answer(w, http.StatusOK, reply)
		}
	}
}

// createFields are what a change may be made of. Whose it is, its state and its number are not among them.
var createFields = []string{
	"title", "service", "env", "why", "plan", "test", "backout", "start", "end", "implementer", "artifact", "author",
	"template", "type", "for", "draft", "incident",
	"users", "tested", "backout-tested", "systems", "novelty", "data", "outage",
}

// create requests a change.
func (s *Server) create(w http.ResponseWriter, r *http.Request, t access.Token) {
	args, digest, ok := s.arguments(w, r, createFields)
	if !ok {
		return
	}
	if args["title"] == "" && args["template"] == "" {
		s.problem(
			w, http.StatusBadRequest, "invalid",
			`title is missing. For example: {"title": "Resize billing-db", "service": "billing-db", "env": "prod", "why": "…", "plan": "…", "backout": "…", "start": "2026-12-01T22:00:00+01:00", "end": "1h"}`,
		)
		return
	}
	if reply, ok := s.once(w, r, t, bot.Request{Shortcut: "change.new", Args: args, Digest: digest, Paced: true}); ok {
		s.answer(w, http.StatusCreated, reply)
	}
}

// arguments reads the body of a call, with a digest of it. Nothing may be in the address.
func (s *Server) arguments(
	w http.ResponseWriter, r *http.Request, fields []string,
) (args map[string]string, digest string, ok bool) {
	if !s.known(w, r) {
		return nil, "", false
	}
	body, ok := s.body(w, r)
	if !ok {
		return nil, "", false
	}
	args, err := said.Read(body, fields)
	if err != nil {
		s.problem(w, http.StatusBadRequest, "invalid", err.Error())
		return nil, "", false
	}
	sum := sha256.Sum256(body)
	return args, hex.EncodeToString(sum[:]), true
}

// once carries out a command. With an Idempotency-Key a repeated call has no second effect, and the key with another
// body is refused.
func (s *Server) once(w http.ResponseWriter, r *http.Request, t access.Token, asked bot.Request) (bot.Reply, bool) {
	key, ok := s.key(w, r, t)
	if !ok {
		return bot.Reply{}, false
	}
	asked.Key = key
	reply := s.call(r.Context(), t, asked)
	if reply.Digest != "" && reply.Digest != asked.Digest {
		s.problem(
			w, http.StatusUnprocessableEntity, "idempotency_key_reused",
			"This Idempotency-Key was used with another body. Use a new key for something else.",
		)
		return bot.Reply{}, false
	}
	return reply, true
}

var keyFormat = regexp.MustCompile(`^[\x21-\x7e]{1,128}$`)

// key names the action: by the header if there is one, so that repetitions have one effect.
func (s *Server) key(w http.ResponseWriter, r *http.Request, t access.Token) (string, bool) {
	k := r.Header.Get("Idempotency-Key")
	switch {
	case k == "":
		return freshKey(t), true
	case !keyFormat.MatchString(k):
		s.problem(w, http.StatusBadRequest, "invalid", "Idempotency-Key: write 1 to 128 visible ASCII characters.")
		return "", false
	}
	return "api:" + t.ID + ":" + r.Method + r.URL.Path + ":" + k, true
}

func (s *Server) body(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); r.ContentLength != 0 &&
		(err != nil || kind != "application/json") {
		s.problem(w, http.StatusUnsupportedMediaType, "unsupported_media_type", "Send application/json.")
		return nil, false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		s.problem(
			w, http.StatusRequestEntityTooLarge, "too_large",
			fmt.Sprintf("The body is larger than the limit of %d bytes.", maxBody),
		)
		return nil, false
	case err != nil:
		s.problem(w, http.StatusBadRequest, "invalid", "The body could not be read.")
		return nil, false
	}
	return body, true
}

// state says whether changes are possible at a time: open, frozen, or outside of the maintenance windows.
func (s *Server) state(w http.ResponseWriter, r *http.Request, t access.Token) {
	if !s.known(w, r, "env", "service", "at") {
		return
	}
	q := r.URL.Query()
	s.answer(w, http.StatusOK, s.ask(r.Context(), t, "change.state", map[string]string{
		"env": q.Get("env"), "service": q.Get("service"), "at": q.Get("at"),
	}))
}

// feed is the calendar for calendar programs. They can send no header, so the token is in the address; it may be one
// that can do nothing else.
func (s *Server) feed(w http.ResponseWriter, r *http.Request) {
	secret, ok := strings.CutSuffix(r.PathValue("file"), ".ics")
	t, err := access.Token{}, errUnauthorized
	if ok {
		t, err = s.authenticate(r.Context(), secret)
	}
	switch {
	case errors.Is(err, errUnauthorized) || err == nil && !t.Feeds():
		// One that may do more must not stand in an address, and is refused like one that does not exist.
		s.problem(
			w, http.StatusNotFound, "not_found",
			"There is no such calendar. Make an address with: watchbell token create --scope change.feed",
		)
		return
	case err != nil:
		s.unavailable(w)
		return
	}
	reply := s.ask(r.Context(), t, "change.feed", map[string]string{})
	var data struct {
		ICal string `json:"ical"`
	}
	switch {
	case reply.Status != bot.Done:
		s.answer(w, http.StatusOK, reply)
		return
	case json.Unmarshal(reply.Data, &data) != nil || data.ICal == "":
		s.o.Log.Error("the calendar's feed is empty")
		s.problem(w, http.StatusInternalServerError, "not_answered", front.Silent)
		return
	}
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	_, _ = io.WriteString(w, data.ICal)
}
