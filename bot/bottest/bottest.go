// Package bottest is for testing what is built on bot: a platform that records, a clock that tests move, people to act,
// messages rendered as golden text, and the conformance suite that every adapter has to pass.
package bottest

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/watchbell/watchbell/bot"
)

// Clock is a clock that stands still until it is moved. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Start is when a new Clock starts: a Wednesday afternoon.
var Start = time.Date(2026, 11, 25, 14, 2, 0, 0, time.UTC)

// NewClock returns a clock that stands at Start.
func NewClock() *Clock { return &Clock{now: Start} }

// Now implements bot.Clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Move moves the clock by d.
func (c *Clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// People are the ones of the demo, with accounts on the given platform: ana leads incidents, ben and chloe approve, dan
// is an engineer, mia a manager, gus a guest; eve is deactivated.
func People(platform string) []bot.Person {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	person := func(id, name string, roles ...string) bot.Person {
		return bot.Person{ID: bot.PersonID(id), Name: name, Roles: roles, Zone: berlin, Active: id != "eve",
			Accounts: []bot.Account{{Platform: platform, User: id}}}
	}
	return []bot.Person{
		person("ana", "Ana Ruiz", "incident-lead"), person("ben", "Ben Okafor", "approver", "responder"),
		person("chloe", "Chloe Martin", "approver"),
		person("dan", "Dan Weber", "responder"), person("mia", "Mia Tanaka", "manager"), person("gus", "Gus Novak", "guest"),
		person("eve", "Eve Adler", "responder"),
	}
}

// Recorder is a platform in memory that records what it is told. It is named "test" unless told otherwise.
type Recorder struct {
	Platform string
	// Fail, if set, is asked before each call; what it returns is what the call returns.
	Fail func(op string) error

	mu       sync.Mutex
	messages []*Recorded
	rooms    map[string]bot.Conversation
	topics   map[string]string
	members  map[string][]string
	whispers []Recorded
	closed   map[string]bool
	calls    int
}

// Recorded is one message as it stands now.
type Recorded struct {
	Ref     bot.MessageRef
	Key     string
	To      string // whom it was whispered to
	Message bot.Message
	Edits   int
	Pinned  bool
	Gone    bool
}

// NewRecorder returns a recorder named "test".
func NewRecorder() *Recorder {
	return &Recorder{
		Platform: "test", rooms: map[string]bot.Conversation{}, topics: map[string]string{}, members: map[string][]string{},
		closed: map[string]bool{},
	}
}

// Name implements bot.Platform.
func (r *Recorder) Name() string { return r.Platform }

// Run implements bot.Platform.
func (r *Recorder) Run(ctx context.Context, _ func(context.Context, bot.Request) bot.Reply) error {
	<-ctx.Done()
	return nil
}

func (r *Recorder) begin(op string) (func(), error) {
	r.mu.Lock()
	if r.Fail != nil {
		if err := r.Fail(op); err != nil {
			r.mu.Unlock()
			return nil, err
		}
	}
	return r.mu.Unlock, nil
}

// Post implements bot.Platform.
func (r *Recorder) Post(_ context.Context, to bot.Conversation, m bot.Message, key string) (bot.MessageRef, error) {
	end, err := r.begin("post")
	if err != nil {
		return bot.MessageRef{}, err
	}
	defer end()
	if r.closed[to.Channel] {
		return bot.MessageRef{}, bot.ErrGone
	}
	for _, have := range r.messages {
		if have.Key == key {
			return have.Ref, nil
		}
	}
	r.calls++
	ref := bot.MessageRef{Conversation: to, ID: fmt.Sprintf("m%d", r.calls)}
	r.messages = append(r.messages, &Recorded{Ref: ref, Key: key, Message: m})
	return ref, nil
}

// Edit implements bot.Platform.
func (r *Recorder) Edit(_ context.Context, ref bot.MessageRef, m bot.Message) error {
	end, err := r.begin("edit")
	if err != nil {
		return err
	}
	defer end()
	for _, have := range r.messages {
		if have.Ref == ref && !have.Gone && !r.closed[ref.Channel] {
			have.Message = m
			have.Edits++
			return nil
		}
	}
	return bot.ErrGone
}

// OpenChannel implements bot.ChannelOpener.
func (r *Recorder) OpenChannel(_ context.Context, name, key string) (bot.Conversation, error) {
	end, err := r.begin("open")
	if err != nil {
		return bot.Conversation{}, err
	}
	defer end()
	if c, ok := r.rooms[key]; ok {
		return c, nil
	}
	c := bot.Conversation{Platform: r.Platform, Channel: name}
	r.rooms[key] = c
	return c, nil
}

// FindChannel implements bot.ChannelFinder: every channel exists.
func (r *Recorder) FindChannel(_ context.Context, name string) (bot.Conversation, error) {
	return bot.Conversation{Platform: r.Platform, Channel: name}, nil
}

// ChannelName implements bot.ChannelNamer: a channel's id is its name, and direct messages have none.
func (r *Recorder) ChannelName(_ context.Context, c bot.Conversation) (string, error) {
	if strings.HasPrefix(c.Channel, "@") || strings.HasPrefix(c.Channel, "dm-") {
		return "", nil
	}
	return c.Channel, nil
}

// Upload implements bot.Uploader: the file becomes a message that shows it.
func (r *Recorder) Upload(ctx context.Context, to bot.Conversation, f bot.File, key string) (bot.MessageRef, error) {
	return r.Post(ctx, to, bot.Message{
		Attachment: &bot.Attachment{
			Key: key, Name: f.Name, Title: f.Title, Alt: f.Alt, Type: f.Type, Dark: f.Dark != nil, Size: len(f.Data),
		},
	}, key)
}

// SetTopic implements bot.TopicSetter.
func (r *Recorder) SetTopic(_ context.Context, c bot.Conversation, topic string) error {
	end, err := r.begin("topic")
	if err != nil {
		return err
	}
	defer end()
	if r.closed[c.Channel] {
		return bot.ErrGone
	}
	r.topics[c.Channel] = topic
	return nil
}

// Archive implements bot.ChannelArchiver, and is what somebody on the platform may do by hand.
func (r *Recorder) Archive(_ context.Context, c bot.Conversation) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed[c.Channel] = true
	return nil
}

// Archived reports whether a channel is archived.
func (r *Recorder) Archived(channel string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed[channel]
}

// Pin implements bot.Pinner.
func (r *Recorder) Pin(_ context.Context, ref bot.MessageRef) error {
	end, err := r.begin("pin")
	if err != nil {
		return err
	}
	defer end()
	for _, have := range r.messages {
		if have.Ref == ref {
			have.Pinned = true
		}
	}
	return nil
}

// Invite implements bot.Inviter.
func (r *Recorder) Invite(_ context.Context, c bot.Conversation, who bot.Account) error {
	end, err := r.begin("invite")
	if err != nil {
		return err
	}
	defer end()
	r.members[c.Channel] = append(r.members[c.Channel], who.User)
	return nil
}

// Direct implements bot.DirectMessenger.
func (r *Recorder) Direct(_ context.Context, who bot.Account) (bot.Conversation, error) {
	return bot.Conversation{Platform: r.Platform, Channel: "@" + who.User}, nil
}

// Whisper implements bot.Whisperer.
func (r *Recorder) Whisper(_ context.Context, c bot.Conversation, who bot.Account, m bot.Message, key string) error {
	end, err := r.begin("whisper")
	if err != nil {
		return err
	}
	defer end()
	for _, have := range r.whispers {
		if have.Key == key {
			return nil
		}
	}
	r.whispers = append(r.whispers, Recorded{Ref: bot.MessageRef{Conversation: c}, Key: key, To: who.User, Message: m})
	return nil
}

// Remove deletes a message, as somebody on the platform may.
func (r *Recorder) Remove(ref bot.MessageRef) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, have := range r.messages {
		if have.Ref == ref {
			have.Gone = true
		}
	}
}

// Messages returns what stands anywhere, oldest first.
func (r *Recorder) Messages() []Recorded {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []Recorded
	for _, m := range r.messages {
		if !m.Gone {
			all = append(all, *m)
		}
	}
	return all
}

// In returns the messages in a channel that are still there, oldest first. Those in threads count too.
func (r *Recorder) In(channel string) []Recorded {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []Recorded
	for _, m := range r.messages {
		if m.Ref.Channel == channel && !m.Gone {
			found = append(found, *m)
		}
	}
	return found
}

// Whispers returns what was shown to one account only.
func (r *Recorder) Whispers(user string) []Recorded {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []Recorded
	for _, w := range r.whispers {
		if w.To == user {
			found = append(found, w)
		}
	}
	return found
}

// Topic returns a channel's topic.
func (r *Recorder) Topic(channel string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.topics[channel]
}

// Members returns who was invited into a channel.
func (r *Recorder) Members(channel string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.members[channel]...)
}

// Rooms returns the names of the channels that were opened.
func (r *Recorder) Rooms() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for _, c := range r.rooms {
		names = append(names, c.Channel)
	}
	return names
}

var update = flag.Bool("update", false, "write the golden files anew")

// Golden compares got with testdata/name.golden, or testdata/name when that ends in .json, and writes that file with
// -update.
func Golden(t testing.TB, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if filepath.Ext(name) != ".json" {
		path += ".golden"
	}
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("no golden file; make it with -update: %v", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s changed (-want +got); if that is meant, run with -update:\n%s", path, diff)
	}
}

// Render writes a message as text for golden files: everything it says, its actions with what they do.
func Render(m bot.Message) string {
	actions := m.Actions
	m.Actions = nil
	var b strings.Builder
	if m.Tone != "" {
		fmt.Fprintf(&b, "(%s) ", m.Tone)
	}
	b.WriteString(m.Plain(time.UTC) + "\n")
	for _, a := range actions {
		fmt.Fprintf(&b, "[%s] %s %v", a.Label, a.Command, a.Args)
		if a.Style != "" {
			fmt.Fprintf(&b, " %s", a.Style)
		}
		for _, o := range a.Options {
			fmt.Fprintf(&b, "\n    %s=%s: %s", a.Choose, o.Value, o.Label)
		}
		b.WriteString("\n")
	}
	return b.String()
}
