package discordfake

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sessionLife is how long a session without a connection can be resumed: Discord's documents say "a few minutes".
const sessionLife = 3 * time.Minute

// session is what an app identified for. It outlives its connection.
type session struct {
	id      string
	intents int
	shard   [2]int
	seq     int
	log     []logged
	socket  *socket
	left    time.Time // when it lost its connection
	over    bool
}

type logged struct {
	seq  int
	data []byte
}

// event is one that was told, kept so that it can be told again.
type event struct {
	intent     int
	name       string
	full, bare any
	message    string
}

// identify opens a session.
func (s *Server) identify(k *socket, raw json.RawMessage) {
	var in struct {
		Token   string `json:"token"`
		Intents *int   `json:"intents"`
		Shard   []int  `json:"shard"`
	}
	s.counted.Identifies++
	if refusedBy(&s.refuseOpen, k) {
		s.identified = append(s.identified, s.now()) // it counts all the same
		return
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		k.close(decodeError)
		return
	}
	shard := [2]int{0, 1}
	if len(in.Shard) == 2 {
		shard = [2]int(in.Shard)
	}
	switch {
	case k.session != nil:
		k.close(alreadyAuthenticated)
		return
	case k.version != "9" && k.version != "10":
		k.close(invalidVersion)
		return
	case bearer(in.Token) != s.o.Token:
		k.close(authenticationFailed)
		return
	case shard[0] < 0 || shard[0] >= shard[1]:
		k.close(invalidShard)
		return
	case in.Intents == nil || *in.Intents&^allIntents != 0:
		k.close(invalidIntents)
		return
	case *in.Intents&privileged&^s.o.Privileged != 0:
		k.close(disallowedIntents)
		return
	}
	if !s.mayIdentify(k) {
		return
	}
	x := &session{id: s.secret(""), intents: *in.Intents, shard: shard, socket: k}
	k.session = x
	s.sessions[x.id] = x
	s.sessionOrder = append(s.sessionOrder, x.id)
	s.ready(x, k)
}

// mayIdentify counts identifies. After too many in a day Discord ends all sessions and resets the token; more than one
// in five seconds is answered by opcode 9. Source: Discord's page "Gateway", "Identifying".
func (s *Server) mayIdentify(k *socket) bool {
	s.forgetIdentifies()
	if len(s.identified) >= s.o.Identifies {
		s.resetToken()
		k.close(authenticationFailed)
		return false
	}
	last := time.Time{}
	if n := len(s.identified); n > 0 {
		last = s.identified[n-1]
	}
	s.identified = append(s.identified, s.now())
	if s.o.Limits && s.now().Sub(last) < 5*time.Second {
		k.send(opInvalidSession, false)
		return false
	}
	return true
}

// ready tells of the guilds: first that they are unavailable, then each with what is in it.
func (s *Server) ready(x *session, k *socket) {
	guilds, mine := []any{}, []*guild{}
	for _, id := range s.guildOrder {
		g := s.guilds[id]
		if g.members[s.o.Bot] != nil && x.handles(g.id) {
			guilds = append(guilds, map[string]any{"id": g.id, "unavailable": true})
			mine = append(mine, g)
		}
	}
	flags := 0
	if app, err := s.application(nil); err == nil {
		flags, _ = app.(map[string]any)["flags"].(int)
	}
	version, _ := strconv.Atoi(k.version)
	me, _ := s.me(nil)
	x.tell("READY", map[string]any{
		"v": version, "user": me, "guilds": guilds, "session_id": x.id, "resume_gateway_url": s.ResumeURL(),
		"shard": x.shard, "application": map[string]any{"id": s.o.Application, "flags": flags}, "private_channels": []any{},
		"session_type": "normal", "relationships": []any{}, "presences": []any{}, "guild_join_requests": []any{},
		"user_settings": map[string]any{}, "user_settings_proto": nil, "auth": map[string]any{}, "_trace": []string{"fake"},
	})
	if x.intents&intentGuilds == 0 {
		return
	}
	for _, g := range mine {
		x.tell("GUILD_CREATE", s.wireGuildCreate(g))
	}
}

// handles reports whether a guild is of this session's shard. Source: the same page, "Sharding Formula".
func (x *session) handles(guild string) bool {
	return int(number(guild)>>22%uint64(x.shard[1])) == x.shard[0]
}

// tell adds an event to a session, and sends it when there is a connection.
func (x *session) tell(name string, d any) {
	x.seq++
	data, _ := json.Marshal(map[string]any{"op": opDispatch, "t": name, "s": x.seq, "d": d})
	x.log = append(x.log, logged{x.seq, data})
	if x.socket != nil {
		x.socket.put(frame{data: data})
	}
}

// resume goes on with a session: it repeats what was missed, and says that it did.
func (s *Server) resume(k *socket, raw json.RawMessage) {
	var in struct {
		Token   string `json:"token"`
		Session string `json:"session_id"`
		Seq     int    `json:"seq"`
	}
	s.counted.Resumes++
	if refusedBy(&s.refuseResume, k) {
		return
	}
	err := json.Unmarshal(raw, &in)
	x := s.sessions[in.Session]
	switch {
	case err != nil:
		k.close(decodeError)
		return
	case bearer(in.Token) != s.o.Token:
		k.close(authenticationFailed)
		return
	case k.session != nil:
		k.close(alreadyAuthenticated)
		return
	case x == nil || x.over || x.socket == nil && s.now().Sub(x.left) > sessionLife:
		k.send(opInvalidSession, false)
		return
	case in.Seq > x.seq || in.Seq < 0:
		x.over = true
		k.close(invalidSequence)
		return
	}
	if x.socket != nil {
		x.socket.session = nil
		x.socket.close(4000)
	}
	x.socket, k.session = k, x
	for _, e := range x.log {
		if e.seq > in.Seq {
			k.put(frame{data: e.data})
		}
	}
	s.counted.Resumed++
	x.tell("RESUMED", map[string]any{"_trace": []string{"fake"}})
}

// alive are the sessions that get events: those with a connection, and those that can still be resumed.
func (s *Server) alive() []*session {
	var list []*session
	for _, id := range s.sessionOrder {
		x := s.sessions[id]
		if !x.over && (x.socket != nil || s.now().Sub(x.left) <= sessionLife) {
			list = append(list, x)
		}
	}
	return list
}

// dispatch tells all sessions that have an intent, 0 for all of them.
func (s *Server) dispatch(intent int, name string, d any) { s.dispatchEither(intent, name, d, d) }

// dispatchEither tells the full event to sessions with the intent MESSAGE_CONTENT, the bare one to others.
func (s *Server) dispatchEither(intent int, name string, full, bare any) {
	e := event{intent: intent, name: name, full: full, bare: bare}
	s.lastEvent = e
	s.tell(e)
}

func (s *Server) tell(e event) {
	for _, x := range s.alive() {
		if e.intent != 0 && x.intents&e.intent == 0 || !x.handles(guildIn(e.full)) {
			continue
		}
		if x.intents&intentContent != 0 {
			x.tell(e.name, e.full)
		} else {
			x.tell(e.name, e.bare)
		}
	}
}

// guildIn is the guild that an event is of; direct messages go to the first shard.
func guildIn(d any) string {
	m, _ := d.(map[string]any)
	if id, ok := m["guild_id"].(string); ok {
		return id
	}
	if _, isGuild := m["owner_id"]; isGuild && m["features"] != nil {
		return stringOf(m["id"])
	}
	return "0"
}

// remember keeps the event that something told, so that the same key tells it again.
func (s *Server) remember(key, message string, do func()) {
	s.lastEvent = event{}
	do()
	if e := s.lastEvent; key != "" && e.name != "" {
		e.message = message
		s.events[key] = e
	}
}

// dispatchInteraction tells all sessions of an interaction, and reports whether there are any.
func (s *Server) dispatchInteraction(in *interaction) bool {
	list := s.alive()
	for _, x := range list {
		if x.handles(in.guild) || in.guild == "" && x.shard[0] == 0 {
			x.tell("INTERACTION_CREATE", in.payload)
		}
	}
	return len(list) > 0
}

// requestMembers answers a request for members. All of them need the intent GUILD_MEMBERS.
func (s *Server) requestMembers(x *session, raw json.RawMessage) {
	var in struct {
		Guild string          `json:"guild_id"`
		Query *string         `json:"query"`
		Users json.RawMessage `json:"user_ids"`
		Limit int             `json:"limit"`
		Nonce string          `json:"nonce"`
	}
	if json.Unmarshal(raw, &in) != nil || s.guilds[in.Guild] == nil {
		return
	}
	var one string
	var users []string
	if json.Unmarshal(in.Users, &one) == nil {
		users = []string{one}
	} else {
		_ = json.Unmarshal(in.Users, &users)
	}
	g := s.guilds[in.Guild]
	list, missing := []any{}, []any{}
	for _, id := range users {
		if g.members[id] == nil {
			missing = append(missing, id)
		}
	}
	for _, id := range s.memberIDs(g) {
		found := slices.Contains(users, id)
		if in.Query != nil {
			all := *in.Query == "" && in.Limit == 0 && x.intents&intentMembers != 0
			found = all || *in.Query != "" && strings.HasPrefix(s.users[id].Name, *in.Query)
		}
		if found {
			list = append(list, s.wireMember(g, id))
		}
	}
	chunk := map[string]any{
		"guild_id": in.Guild, "members": list, "chunk_index": 0, "chunk_count": 1, "not_found": missing,
	}
	if in.Nonce != "" {
		chunk["nonce"] = in.Nonce
	}
	x.tell("GUILD_MEMBERS_CHUNK", chunk)
}
