// Package api is the way in for programs: scripts that do what people do in chat, pipelines that ask whether they may
// deploy, calendar programs. It authenticates a token, turns the call into a bot.Request of the token's person, and the
// answer into HTTP. It decides nothing itself and needs no chat platform. What it offers comes from the command tree;
// the gate, with its statuses for pipelines, stands on top.
//
//	script   ── POST /api/v1/commands/incident.declare ──> commands.go ──┐
//	pipeline ── GET /api/v1/gates/CHG-1 ──> server.go ───────────────────┴─> bot.Receive ──> status and JSON
//
// A token may never do more than its person, nor more than its scopes. Answers other than 2xx are problem documents
// (RFC 9457).
package api

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/watchbell/watchbell/adapters/api/mcp"
	"github.com/watchbell/watchbell/bot/access"
	"github.com/watchbell/watchbell/bot/ask"

	"github.com/watchbell/watchbell/bot"
)

// Platform is the platform's name in accounts.
const Platform = "api"

// Store keeps tokens.
type Store interface {
	// TokenOf finds a token by the hash of its secret. bot.ErrNoSuch: there is none.
	TokenOf(ctx context.Context, hash string) (access.Token, error)
	// Record appends an entry to the audit log.
	Record(ctx context.Context, e bot.Effects) error
	// TokenUsed notes when a token was last used.
	TokenUsed(ctx context.Context, id string, at time.Time) error
	// ChangeVersions reads the versions of changes by their numbers, in one statement; those that do not exist are left
	// out.
	ChangeVersions(ctx context.Context, numbers []int64) (map[int64]int, error)
}

// Options are what a Server is made of. Store and Receive are needed.
type Options struct {
	Listener net.Listener
	Store    Store
	Receive  func(context.Context, bot.Request) bot.Reply
	Tree     *ask.Tree  // the commands there are
	Views    []bot.View // the pages there are
	ViewsOf  func(ctx context.Context, from bot.Account, scopes []string) ([]bot.View, error)
	// CommandsOf are those that somebody may give by a token with these scopes.
	CommandsOf func(ctx context.Context, from bot.Account, scopes []string) ([]*bot.Command, error)
	Name       string            // of the installation, in the description of the API
	Version    string            // of the program
	PublicKey  ed25519.PublicKey // with which receipts are verified
	KeyID      string
	Clock      bot.Clock     // default bot.SystemClock
	Log        *slog.Logger  // default: discard
	Origin     string        // the address of our own pages, which may call from a browser
	Poll       time.Duration // how often the changes that pipelines wait for are looked at; default 1 s
}

// Server is the API. Its methods are safe for concurrent use.
type Server struct {
	o      Options
	limits sync.Map // of tokens: *rate.Limiter
	tokens sync.Map // tokens that were read a moment ago, by their hash
	used   sync.Map // when each token's use was last written down
	noting sync.WaitGroup

	described func() []byte // the description of the API
	mcp       *mcp.Server

	waiters  waiters
	stopping chan struct{} // closed when Run ends: those that wait are sent away, those under way finish
}

// New makes the server. It touches neither the store nor the listener yet.
func New(o Options) *Server {
	if o.Clock == nil {
		o.Clock = bot.SystemClock{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Poll == 0 {
		o.Poll = time.Second
	}
	if o.Tree == nil {
		o.Tree = &ask.Tree{}
	}
	s := &Server{o: o, waiters: waiters{store: o.Store, now: o.Clock.Now, poll: o.Poll}, stopping: make(chan struct{})}
	s.described = sync.OnceValue(s.describe)
	s.mcp = s.newMCP()
	return s
}

// Run serves until ctx ends, once. Then requests that wait are answered with 503, and those under way finish.
func (s *Server) Run(ctx context.Context) error {
	// A pipeline may wait for a minute, so what is written may take longer than elsewhere.
	srv := &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: longestWait + 15*time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog:    slog.NewLogLogger(s.o.Log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(s.o.Listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	close(s.stopping)
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := srv.Shutdown(stop)
	s.noting.Wait()
	if errors.Is(err, context.DeadlineExceeded) {
		return srv.Close()
	}
	return nil
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

// A token that was revoked is refused after this long at the latest, by every instance.
const tokenFor = time.Second

type knownToken struct {
	access.Token
	at time.Time
}

var errUnauthorized = errors.New("unauthorized")

// authenticate finds the token. Whatever is wrong with it, the answer is the same.
func (s *Server) authenticate(ctx context.Context, secret string) (access.Token, error) {
	if !access.Secret(secret) {
		return access.Token{}, errUnauthorized
	}
	now := s.o.Clock.Now()
	hash := access.Hash(secret)
	t, err := access.Token{}, error(nil)
	if k, ok := s.tokens.Load(hash); ok && time.Since(k.(knownToken).at) < tokenFor {
		t = k.(knownToken).Token
	} else if t, err = s.o.Store.TokenOf(ctx, hash); errors.Is(err, bot.ErrNoSuch) {
		return access.Token{}, errUnauthorized
	} else if err != nil {
		return access.Token{}, err
	} else {
		s.tokens.Store(hash, knownToken{t, time.Now()})
	}
	if !t.Good(now) {
		return access.Token{}, errUnauthorized
	}
	s.noteUse(ctx, t.ID, now)
	return t, nil
}

// noteUse writes down when a token was used, at most once a minute, and without letting the request wait for it.
func (s *Server) noteUse(ctx context.Context, token string, now time.Time) {
	last, seen := s.used.LoadOrStore(token, now)
	if seen && (now.Sub(last.(time.Time)) < time.Minute || !s.used.CompareAndSwap(token, last, now)) {
		return
	}
	s.noting.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := s.o.Store.TokenUsed(ctx, token, now); err != nil {
			s.o.Log.Warn("use of a token not written down", "token", token, "error", err)
		}
	})
}
