package discordfake_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
)

// clock is one that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 9, 1, 9, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

const (
	ana = "200000000000000001"
	ben = "200000000000000002"
)

// start starts a fake with two people, a channel and a clock.
func start(t *testing.T, o discordfake.Options) (*discordfake.Server, *clock, string) {
	t.Helper()
	c := newClock()
	if o.Now == nil {
		o.Now = c.now
	}
	s := discordfake.Start(t, o)
	s.AddUser(discordfake.User{ID: ana, Name: "ana", GlobalName: "Ana Silva"})
	s.AddUser(discordfake.User{ID: ben, Name: "ben", Nick: "Ben W."})
	return s, c, s.AddChannel(s.Guild(), "operations")
}

type object = map[string]any

// answer is what the API answered.
type answer struct {
	status  int
	header  http.Header
	body    object
	list    []any
	text    string
	lost    error
	message string
}

func (a answer) code() int {
	n, _ := a.body["code"].(float64)
	return int(n)
}

func (a answer) id() string {
	id, _ := a.body["id"].(string)
	return id
}

// wrong are the paths of the fields that were refused, sorted, with the code of each.
func (a answer) wrong() []string {
	var list []string
	var look func(path string, v any)
	look = func(path string, v any) {
		m, _ := v.(object)
		for name, below := range m {
			if name != "_errors" {
				look(strings.TrimPrefix(path+"."+name, "."), below)
				continue
			}
			for _, e := range below.([]any) {
				list = append(list, path+" "+e.(object)["code"].(string))
			}
		}
	}
	look("", a.body["errors"])
	slices.Sort(list)
	return list
}

func call(t *testing.T, s *discordfake.Server, method, path string, body any) answer {
	t.Helper()
	var reader io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		reader = bytes.NewReader(data)
	}
	r, err := http.NewRequest(method, s.URL()+"/api/v10"+path, reader)
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Authorization", "Bot "+s.Token())
	return send(t, r)
}

func send(t *testing.T, r *http.Request) answer {
	t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer{lost: err}
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: response.StatusCode, header: response.Header, text: string(data)}
	_ = json.Unmarshal(data, &a.body)
	_ = json.Unmarshal(data, &a.list)
	a.message, _ = a.body["message"].(string)
	compare(t, r, a)
	return a
}

// must fails the test unless the status is as wanted.
func must(t *testing.T, a answer, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("answered %d, not %d: %s %v", a.status, status, a.text, a.lost)
	}
	return a
}

// post posts a message, which has to succeed.
func post(t *testing.T, s *discordfake.Server, channel string, body object) answer {
	t.Helper()
	return must(t, call(t, s, "POST", "/channels/"+channel+"/messages", body), 200)
}

// refusedWith fails the test unless the refusal has this code, and names these fields.
func refusedWith(t *testing.T, a answer, code int, fields ...string) {
	t.Helper()
	if a.code() != code || a.status < 400 {
		t.Fatalf("answered %d %d, not the code %d: %s", a.status, a.code(), code, a.text)
	}
	if got := a.wrong(); len(fields) > 0 && !slices.Equal(got, fields) {
		t.Fatalf("the refusal names\n%q\nnot\n%q", got, fields)
	}
}

// upload makes a form with payload_json and files, each of them its own name.
func upload(t *testing.T, s *discordfake.Server, method, path string, body any, files ...string) answer {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	if body != nil {
		data, _ := json.Marshal(body)
		if err := form.WriteField("payload_json", string(data)); err != nil {
			t.Fatal(err)
		}
	}
	for i, content := range files {
		name, text, _ := strings.Cut(content, "=")
		part, err := form.CreateFormFile(fmt.Sprintf("files[%d]", i), name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(part, text)
	}
	_ = form.Close()
	r, err := http.NewRequest(method, s.URL()+"/api/v9"+path, &b)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Authorization", "Bot "+s.Token())
	return send(t, r)
}

// event is one from the gateway.
type event struct {
	Op   int             `json:"op"`
	Name string          `json:"t"`
	Seq  int             `json:"s"`
	Data json.RawMessage `json:"d"`
}

func (e event) object() object {
	var m object
	_ = json.Unmarshal(e.Data, &m)
	return m
}

// app is a connection to the gateway.
type app struct {
	t    *testing.T
	s    *discordfake.Server
	conn *websocket.Conn
	seq  int
	id   string
	url  string
}

func dial(t *testing.T, s *discordfake.Server, url string) *app {
	t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial(url+"/?v=10&encoding=json", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	a := &app{t: t, s: s, conn: conn}
	if hello := a.next(); hello.Op != 10 || hello.object()["heartbeat_interval"] == nil {
		t.Fatalf("no hello: %+v", hello)
	}
	return a
}

// connect opens a session with some intents.
func connect(t *testing.T, s *discordfake.Server, intents int) *app {
	t.Helper()
	a := dial(t, s, s.GatewayURL())
	a.identify(s.Token(), intents)
	ready := a.until("READY").object()
	a.id, a.url = ready["session_id"].(string), ready["resume_gateway_url"].(string)
	return a
}

func (a *app) identify(token string, intents int) {
	a.send(2, object{"token": token, "intents": intents, "properties": object{"os": "linux"}})
}

func (a *app) send(op int, d any) {
	a.t.Helper()
	if err := a.conn.WriteJSON(object{"op": op, "d": d}); err != nil {
		a.t.Fatal(err)
	}
}

func (a *app) read() (event, error) {
	_ = a.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	var e event
	err := a.conn.ReadJSON(&e)
	if err == nil && e.Op == 0 {
		a.seq = e.Seq
	}
	return e, err
}

func (a *app) next() event {
	a.t.Helper()
	e, err := a.read()
	if err != nil {
		a.t.Fatal(err)
	}
	return e
}

// until reads up to an event of this name.
func (a *app) until(name string) event {
	a.t.Helper()
	for {
		if e := a.next(); e.Name == name {
			return e
		}
	}
}

// untilOp reads up to a message with this opcode.
func (a *app) untilOp(op int) event {
	a.t.Helper()
	for {
		if e := a.next(); e.Op == op {
			return e
		}
	}
}

// closed reads up to the end of the connection and returns the code.
func (a *app) closed() int {
	a.t.Helper()
	for {
		if _, err := a.read(); err != nil {
			var closed *websocket.CloseError
			if c, ok := err.(*websocket.CloseError); ok {
				closed = c
				return closed.Code
			}
			return 0
		}
	}
}

// serve answers every interaction by what answer makes of it. A nil answer leaves it unanswered.
func (a *app) serve(answer func(in object) object) {
	done := make(chan struct{})
	a.t.Cleanup(func() {
		_ = a.conn.Close()
		<-done
	})
	go func() {
		defer close(done)
		for {
			var e event
			_ = a.conn.SetReadDeadline(time.Now().Add(time.Minute))
			if a.conn.ReadJSON(&e) != nil {
				return
			}
			if e.Name != "INTERACTION_CREATE" {
				continue
			}
			in := e.object()
			if body := answer(in); body != nil {
				a.respond(in, body)
			}
		}
	}()
}

func (a *app) respond(in, body object) answer {
	return call(a.t, a.s, "POST", "/interactions/"+in["id"].(string)+"/"+in["token"].(string)+"/callback", body)
}

// hook is the address at which answers to an interaction are sent and edited.
func hook(in object) string {
	return "/webhooks/" + in["application_id"].(string) + "/" + in["token"].(string)
}

// register registers commands.
func register(t *testing.T, s *discordfake.Server, commands ...object) answer {
	t.Helper()
	return call(t, s, "PUT", "/applications/"+s.Application()+"/guilds/"+s.Guild()+"/commands", commands)
}

func text(content string) object { return object{"type": 10, "content": content} }

func button(id, label string) object {
	return object{"type": 2, "style": 1, "custom_id": id, "label": label}
}

func row(children ...any) object { return object{"type": 1, "components": children} }

func v2(components ...any) object { return object{"flags": 1 << 15, "components": components} }

func within(id string, component object) object {
	component["custom_id"] = id
	return object{"type": 18, "label": id, "component": component}
}
