package discordfake

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Opcodes and close codes of the gateway. Source: Discord's topic "Opcodes and Status Codes".
const (
	opDispatch       = 0
	opHeartbeat      = 1
	opIdentify       = 2
	opPresence       = 3
	opVoice          = 4
	opResume         = 6
	opReconnect      = 7
	opMembers        = 8
	opInvalidSession = 9
	opHello          = 10
	opAck            = 11

	unknownOpcode        = 4001
	decodeError          = 4002
	notAuthenticated     = 4003
	authenticationFailed = 4004
	alreadyAuthenticated = 4005
	invalidSequence      = 4007
	sessionTimedOut      = 4009
	invalidShard         = 4010
	invalidVersion       = 4012
	invalidIntents       = 4013
	disallowedIntents    = 4014
)

// The intents that the fake knows. Source: Discord's page "Gateway", "List of Intents".
const (
	intentGuilds          = 1 << 0
	intentMembers         = 1 << 1
	intentPresences       = 1 << 8
	intentMessages        = 1 << 9
	intentReactions       = 1 << 10
	intentDirect          = 1 << 12
	intentDirectReactions = 1 << 13
	intentContent         = 1 << 15
	privileged            = intentMembers | intentPresences | intentContent
	allIntents            = 1<<17 - 1 | 1<<20 | 1<<21 | 1<<24 | 1<<25
)

// The privileged intents, for Options.Privileged.
const (
	GuildMembers   = intentMembers
	GuildPresences = intentPresences
	MessageContent = intentContent
)

// maxPayload is how large a payload to the gateway may be.
const maxPayload = 4096

func (s *Server) getGateway(*Call) (any, error) { return map[string]any{"url": s.GatewayURL()}, nil }

func (s *Server) getGatewayBot(*Call) (any, error) {
	s.forgetIdentifies()
	reset := time.Duration(0)
	if len(s.identified) > 0 {
		reset = everyday - s.now().Sub(s.identified[0])
	}
	return map[string]any{
		"url": s.GatewayURL(), "shards": 1, "session_start_limit": map[string]any{
			"total": s.o.Identifies, "remaining": max(0, s.o.Identifies-len(s.identified)),
			"reset_after": reset.Milliseconds(), "max_concurrency": 1,
		},
	}, nil
}

func (s *Server) forgetIdentifies() {
	s.identified = slices.DeleteFunc(s.identified, func(at time.Time) bool { return s.now().Sub(at) >= everyday })
}

// socket is one connection of the app. Frames wait in a queue, so that nobody waits for the network under the lock of
// the server.
type socket struct {
	conn    *websocket.Conn
	session *session // guarded by the server's lock
	version string

	mu     sync.Mutex
	queue  []frame
	wake   chan struct{}
	shut   bool
	zip    *zlib.Writer
	zipped bytes.Buffer
}

type frame struct {
	data []byte
	code int  // close with this code
	cut  bool // break the connection
}

func (k *socket) put(f frame) {
	k.mu.Lock()
	if !k.shut {
		k.queue = append(k.queue, f)
		k.shut = f.code != 0 || f.cut
	}
	k.mu.Unlock()
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

func (k *socket) send(op int, d any) {
	data, _ := json.Marshal(map[string]any{"op": op, "d": d, "s": nil, "t": nil})
	k.put(frame{data: data})
}

// ending reports whether the fake has ended the connection or is about to.
func (k *socket) ending() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.shut
}

func (k *socket) close(code int) { k.put(frame{code: code}) }
func (k *socket) cut()           { k.put(frame{cut: true}) }

// write sends what is in the queue until the connection ends.
func (k *socket) write(done <-chan struct{}) {
	for {
		k.mu.Lock()
		list := k.queue
		k.queue = nil
		k.mu.Unlock()
		for _, f := range list {
			switch {
			case f.cut:
				_ = k.conn.NetConn().Close()
				return
			case f.code != 0:
				text := websocket.FormatCloseMessage(f.code, closeReasons[f.code])
				_ = k.conn.WriteControl(websocket.CloseMessage, text, time.Now().Add(time.Second))
				_ = k.conn.Close()
				return
			case k.writeFrame(f.data) != nil:
				return
			}
		}
		select {
		case <-k.wake:
		case <-done:
			return
		}
	}
}

func (k *socket) writeFrame(data []byte) error {
	if k.zip == nil {
		return k.conn.WriteMessage(websocket.TextMessage, data)
	}
	k.zipped.Reset()
	if _, err := k.zip.Write(data); err != nil {
		return err
	}
	if err := k.zip.Flush(); err != nil {
		return err
	}
	return k.conn.WriteMessage(websocket.BinaryMessage, k.zipped.Bytes())
}

var closeReasons = map[int]string{
	4000: "Unknown error.", unknownOpcode: "Unknown opcode.", decodeError: "Error while decoding payload.",
	notAuthenticated: "Not authenticated.", authenticationFailed: "Authentication failed.",
	alreadyAuthenticated: "Already authenticated.", invalidSequence: "Invalid seq.", 4008: "Rate limited.",
	sessionTimedOut: "Session timed out.", invalidShard: "Invalid shard.", 4011: "Sharding required.",
	invalidVersion: "Invalid API version.", invalidIntents: "Invalid intent(s).",
	disallowedIntents: "Disallowed intent(s).",
}

// gateway serves one connection.
func (s *Server) gateway(w http.ResponseWriter, r *http.Request) {
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
	k := &socket{conn: conn, wake: make(chan struct{}, 1), version: r.URL.Query().Get("v")}
	if r.URL.Query().Get("compress") == "zlib-stream" {
		k.zip = zlib.NewWriter(&k.zipped)
	}
	done := make(chan struct{})
	s.mu.Lock()
	if s.down {
		s.mu.Unlock()
		_ = conn.Close()
		return
	}
	s.sockets[k] = true
	s.counted.Connections++
	k.send(opHello, map[string]any{"heartbeat_interval": s.o.Heartbeat.Milliseconds(), "_trace": []string{"fake"}})
	s.mu.Unlock()
	s.work.Go(func() { k.write(done) })
	s.listen(k)
	close(done)
	_ = conn.Close()
}

// listen reads from a connection until it ends. A session whose client closes it properly is over; any other can be
// resumed, also when the client answers a close of ours, with whatever code.
func (s *Server) listen(k *socket) {
	var end error
	for {
		kind, data, err := k.conn.ReadMessage()
		if err != nil {
			end = err
			break
		}
		s.mu.Lock()
		s.heard(k, kind, data)
		s.mu.Unlock()
	}
	var closed *websocket.CloseError
	proper := errors.As(end, &closed) && (closed.Code == 1000 || closed.Code == 1001) && !k.ending()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sockets, k)
	if x := k.session; x != nil && x.socket == k {
		x.socket, x.left = nil, s.now()
		x.over = x.over || proper
	}
}

// payload is one message to the gateway.
type payload struct {
	Op int             `json:"op"`
	D  json.RawMessage `json:"d"`
}

func (s *Server) heard(k *socket, kind int, data []byte) {
	var in payload
	if kind != websocket.TextMessage && kind != websocket.BinaryMessage || len(data) > maxPayload ||
		json.Unmarshal(data, &in) != nil {
		k.close(decodeError)
		return
	}
	switch in.Op {
	case opHeartbeat:
		s.counted.Heartbeats++
		if !s.deaf {
			k.send(opAck, nil)
		}
	case opIdentify:
		s.identify(k, in.D)
	case opResume:
		s.resume(k, in.D)
	case opPresence, opVoice, opMembers:
		if k.session == nil {
			k.close(notAuthenticated)
		} else if in.Op == opMembers {
			s.requestMembers(k.session, in.D)
		}
	default:
		k.close(unknownOpcode)
	}
}

// Gateway counts what happened at the gateway.
type Gateway struct {
	Connections, Identifies, Resumes, Resumed, Heartbeats int
}

// Gateway counts what happened at the gateway so far.
func (s *Server) Gateway() Gateway {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counted
}

// Connected is how many sessions have a connection now.
func (s *Server) Connected() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, x := range s.sessions {
		if x.socket != nil {
			n++
		}
	}
	return n
}

// IgnoreHeartbeats makes the gateway silent to heartbeats, as on a connection that is dead and does not know it.
func (s *Server) IgnoreHeartbeats(ignore bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deaf = ignore
}

func (s *Server) eachSocket(do func(*socket)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.sockets {
		do(k)
	}
}

// CloseGateway closes all connections with a code. After 4007 and 4009 their sessions cannot be resumed.
func (s *Server) CloseGateway(code int) {
	s.eachSocket(func(k *socket) {
		if k.session != nil && (code == invalidSequence || code == sessionTimedOut) {
			k.session.over = true
		}
		k.close(code)
	})
}

// DropSockets breaks all connections without a close code.
func (s *Server) DropSockets() { s.eachSocket((*socket).cut) }

// Reconnect asks all connections to connect and resume anew (opcode 7).
func (s *Server) Reconnect() { s.eachSocket(func(k *socket) { k.send(opReconnect, nil) }) }

// AskHeartbeat asks all connections for a heartbeat (opcode 1).
func (s *Server) AskHeartbeat() { s.eachSocket(func(k *socket) { k.send(opHeartbeat, nil) }) }

// AskHeartbeatAndClose asks all connections for a heartbeat and closes them at once, so that the answer meets a closed
// connection.
func (s *Server) AskHeartbeatAndClose(code int) {
	s.eachSocket(func(k *socket) {
		k.send(opHeartbeat, nil)
		k.close(code)
	})
}

// InvalidateSessions tells all connections that their session is invalid (opcode 9), and whether they may resume it.
func (s *Server) InvalidateSessions(resumable bool) {
	s.eachSocket(func(k *socket) {
		if x := k.session; x != nil {
			x.over = x.over || !resumable
			x.socket, x.left, k.session = nil, s.now(), nil
		}
		k.send(opInvalidSession, resumable)
	})
}

// refusal is an answer to an identify or resume that is prepared.
type refusal struct {
	code      int // close with it; 0: opcode 9
	resumable bool
}

// RefuseIdentify closes the connections of the next identifies with a code, or with 0 answers that the session is
// invalid (opcode 9).
func (s *Server) RefuseIdentify(code, times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuseOpen = append(s.refuseOpen, slices.Repeat([]refusal{{code: code}}, times)...)
}

// RefuseResume answers the next resumes with a close code, or with 0 that the session is invalid (opcode 9), and
// whether it may be tried again.
func (s *Server) RefuseResume(code int, resumable bool, times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuseResume = append(s.refuseResume, slices.Repeat([]refusal{{code, resumable}}, times)...)
}

// refused takes the next prepared refusal.
func refusedBy(list *[]refusal, k *socket) bool {
	if len(*list) == 0 {
		return false
	}
	r := (*list)[0]
	*list = (*list)[1:]
	if r.code != 0 {
		k.close(r.code)
	} else {
		k.send(opInvalidSession, r.resumable)
	}
	return true
}

// bearer takes the prefix off that libraries leave on the token.
func bearer(token string) string { return strings.TrimPrefix(token, "Bot ") }
