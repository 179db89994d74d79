// Package discordfake is a Discord for tests: a real server with the REST API (v9 and v10), the gateway, interactions
// by gateway or by signed requests, rate limits and everything that can go wrong. It keeps guilds in memory, lets
// people act in them, and shows what they would see.
//
// It follows Discord's documentation and published OpenAPI, not our adapter: what Discord refuses, it refuses, with the
// same code and the path of the wrong field. Where the documents leave something open, the comment says so.
//
// server.go holds the server, its options, clock and ids; rest.go and routes.go the REST API; guild.go and message.go
// what is kept; permission.go what the bot and people may do; channels.go, threads.go, messages.go, commands.go and
// their neighbours the routes; draft.go, components.go, modal.go, options.go and embeds.go what is refused; gateway.go
// and session.go connections and events; act.go and fill.go what people do; deliver.go how the app learns of it;
// callback.go and followup.go how it answers; faults.go and limits.go what goes wrong.
package discordfake

import (
	"cmp"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Options of a fake Discord; zero values get defaults.
type Options struct {
	Application string     // the application's id; default 900000000000000001
	Bot         string     // the id of the bot's user; default that of the application, as for every application of today
	Guild       string     // the id of the first guild, which the bot is in; default 100000000000000001
	Token       string     // of the bot; default fake-token
	Permissions Permission // of the bot in the first guild; default Least
	Privileged  int        // the privileged intents that are enabled for the application; default none
	AppURL      string     // where the app takes interactions by HTTP; "": by the gateway
	Identifies  int        // how often the app may identify in 24 hours; default 1000
	Limits      bool       // hold the app to limits like Discord's, see limits.go
	// how long people wait for the first answer to an interaction; default Discord's three seconds
	Patience  time.Duration
	Heartbeat time.Duration    // the interval that the gateway asks for; default 41.25 seconds
	Now       func() time.Time // default time.Now
}

const (
	firstApplication = "900000000000000001"
	firstGuild       = "100000000000000001"
	everyday         = 24 * time.Hour
	patience         = 3 * time.Second
	heartbeat        = 41250 * time.Millisecond
	identifies       = 1000
)

// Server is a fake Discord.
type Server struct {
	o       Options
	http    *httptest.Server
	second  *httptest.Server // the address at which sessions are resumed
	work    sync.WaitGroup
	public  ed25519.PublicKey
	private ed25519.PrivateKey

	mu           sync.Mutex
	now          func() time.Time
	patience     time.Duration
	last         int64 // of the last snowflake
	count        int   // of tokens and the like
	guilds       map[string]*guild
	guildOrder   []string
	users        map[string]User
	channels     map[string]*Channel
	order        []string // of channels, as they were made
	messages     map[string][]*Message
	files        map[string]*Attachment
	nonces       map[string]nonce
	commands     map[string][]map[string]any // by guild, "" for global ones
	created      map[string][]time.Time      // when commands were created, by guild
	hidden       map[string][]map[string]any // permissions of commands, by guild
	interactions map[string]*interaction     // by token
	modals       map[string]*modal           // what is open before a user
	sent         map[string]*interaction     // by the key of the test
	events       map[string]event            // by the key of the test
	sessions     map[string]*session
	sessionOrder []string
	lastEvent    event
	deaf         bool // to heartbeats
	sockets      map[*socket]bool
	refuseOpen   []refusal // of the next identifies
	refuseResume []refusal
	identified   []time.Time
	counted      Gateway
	faults       []*Fault
	buckets      map[string]*bucket
	invalid      int
	calls        []Call
	down         bool
	givenUp      chan struct{}
}

// Start starts a fake Discord that stops with the test.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	o.Application = cmp.Or(o.Application, firstApplication)
	o.Bot = cmp.Or(o.Bot, o.Application)
	o.Guild = cmp.Or(o.Guild, firstGuild)
	o.Token = cmp.Or(o.Token, "fake-token")
	o.Permissions = cmp.Or(o.Permissions, Least)
	o.Identifies = cmp.Or(o.Identifies, identifies)
	o.Heartbeat = cmp.Or(o.Heartbeat, heartbeat)
	if o.Now == nil {
		o.Now = time.Now
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{
		o: o, public: public, private: private, now: o.Now, patience: cmp.Or(o.Patience, patience),
		guilds: map[string]*guild{}, users: map[string]User{}, channels: map[string]*Channel{},
		messages: map[string][]*Message{}, files: map[string]*Attachment{}, nonces: map[string]nonce{},
		commands: map[string][]map[string]any{}, created: map[string][]time.Time{},
		hidden: map[string][]map[string]any{}, interactions: map[string]*interaction{}, modals: map[string]*modal{},
		sent: map[string]*interaction{}, events: map[string]event{}, sessions: map[string]*session{},
		sockets: map[*socket]bool{}, buckets: map[string]*bucket{}, givenUp: make(chan struct{}),
	}
	s.users[o.Bot] = User{ID: o.Bot, Name: "watchbell", Bot: true}
	s.newGuild(o.Guild, "Northwind", o.Permissions)
	mux := http.NewServeMux()
	mux.HandleFunc("/api/", s.api)
	mux.HandleFunc("GET /{$}", s.gateway)
	mux.HandleFunc("GET /attachments/{channel}/{id}/{name}", s.download)
	s.http, s.second = httptest.NewServer(mux), httptest.NewServer(mux)
	t.Cleanup(s.stop)
	return s
}

func (s *Server) stop() {
	s.Down(true)
	s.GiveUp()
	for _, server := range []*httptest.Server{s.http, s.second} {
		server.CloseClientConnections()
		server.Close()
	}
	s.work.Wait()
}

// URL is the base address of everything, without a slash at its end. The REST API is below /api, /api/v9 and /api/v10.
func (s *Server) URL() string { return s.http.URL }

// GatewayURL is what the API names as the gateway's address.
func (s *Server) GatewayURL() string { return "ws" + s.http.URL[len("http"):] }

// ResumeURL is where sessions should be resumed: another address, as with Discord. The first one works too.
func (s *Server) ResumeURL() string { return "ws" + s.second.URL[len("http"):] }

// BotUser is the id of the bot's user.
func (s *Server) BotUser() string { return s.o.Bot }

// Application is the application's id.
func (s *Server) Application() string { return s.o.Application }

// Guild is the id of the first guild. The role @everyone has the same id.
func (s *Server) Guild() string { return s.o.Guild }

// Token is the bot's token, as it is now.
func (s *Server) Token() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.o.Token
}

// PublicKey is the key, in hexadecimal digits, with which the app verifies requests.
func (s *Server) PublicKey() string { return hex.EncodeToString(s.public) }

// SetAppURL says where the app takes interactions by HTTP. Interactions come by the gateway or by HTTP, never by both.
func (s *Server) SetAppURL(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.o.AppURL = url
}

// SetPatience sets how long people wait for the first answer to an interaction from now on.
func (s *Server) SetPatience(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.patience = d
}

// GiveUp ends every wait for an answer, as if the time for it were over.
func (s *Server) GiveUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.givenUp)
	s.givenUp = make(chan struct{})
}

// epoch is the first millisecond of 2015, from which snowflakes count.
const epoch = 1420070400000

// Snowflake is the smallest id of a moment.
func Snowflake(at time.Time) string {
	return strconv.FormatInt(max(0, at.UnixMilli()-epoch)<<22, 10)
}

// id makes the next snowflake. They are unique and grow, also when the clock is set back.
func (s *Server) id() string {
	s.last = max(s.last+1, (s.now().UnixMilli()-epoch)<<22)
	return strconv.FormatInt(s.last, 10)
}

// moment is when a snowflake was made.
func moment(id string) time.Time {
	n, _ := strconv.ParseInt(id, 10, 64)
	return time.UnixMilli(n>>22 + epoch).UTC()
}

// before compares two snowflakes by their number.
func before(a, b string) bool { return number(a) < number(b) }

func number(id string) uint64 {
	n, _ := strconv.ParseUint(id, 10, 64)
	return n
}

func isSnowflake(id string) bool {
	n, err := strconv.ParseUint(id, 10, 63)
	return err == nil && n > 0
}

// stamp is a moment as Discord writes it.
func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000000+00:00") }

// secret makes a token that does not look like an id.
func (s *Server) secret(prefix string) string {
	s.count++
	var random [12]byte
	_, _ = rand.Read(random[:])
	return prefix + hex.EncodeToString(random[:]) + strconv.Itoa(s.count)
}
