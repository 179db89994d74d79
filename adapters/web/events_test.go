package web_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
)

// now is the revision that a page loaded at this moment has seen.
func (w *world) now() string {
	w.t.Helper()
	n, err := w.store.Revision(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	return fmt.Sprint(n)
}

func TestAPageHearsWhatHappensInItsChannel(t *testing.T) {
	w := newWorld(t)
	room := w.room("incidents")
	w.as("ana").get("/c/incidents")
	s := w.as("ana").listen(room.Channel, w.now(), "")
	ctx := context.Background()

	ref := w.post(room, bot.Say("first words"), "one")
	if e := s.wait("post", "first words"); e.field("id") != float64(number(ref.ID)) || e.field("n") != 1.0 {
		t.Errorf("post %s", e.Data)
	}
	if err := w.chat.Edit(ctx, ref, bot.Say("edited words")); err != nil {
		t.Fatal(err)
	}
	if e := s.wait("post", "edited words"); e.field("id") != float64(number(ref.ID)) {
		t.Errorf("edit %s", e.Data)
	}
	thread := room
	thread.Thread = ref.ID
	w.post(thread, bot.Say("a reply"), "reply")
	if e := s.wait("post", "a reply"); e.field("thread") != float64(number(ref.ID)) {
		t.Errorf("reply %s", e.Data)
	}
	s.wait("post", "1 reply")
	if err := w.chat.SetTopic(ctx, room, "a new topic"); err != nil {
		t.Fatal(err)
	}
	s.wait("head", "a new topic")
	if err := w.chat.Pin(ctx, ref); err != nil {
		t.Fatal(err)
	}
	s.wait("head", "Pinned: ")
	if err := w.chat.Invite(ctx, room, bot.Account{Platform: web.Platform, User: "dan"}); err != nil {
		t.Fatal(err)
	}
	s.wait("head", "Dan Weber")
	if err := w.store.DeletePost(ctx, number(room.Channel), number(ref.ID)); err != nil {
		t.Fatal(err)
	}
	s.wait("gone", fmt.Sprintf(`"id":%s`, ref.ID)) // not of our own making: found within a second
}

func TestAPageHearsOfOtherChannels(t *testing.T) {
	w := newWorld(t)
	w.as("ana").get("/c/incidents")
	s := w.as("ana").listen(w.room("incidents").Channel, w.now(), "")
	general := w.room("general")
	w.post(general, bot.Say("elsewhere"), "one")
	w.post(general, bot.Say("elsewhere too"), "two")
	if e := s.wait("unread", `"unread":2`); e.field("channel") != float64(number(general.Channel)) {
		t.Errorf("unread %s", e.Data)
	}
	if s.has("elsewhere") {
		t.Error("the posts of another channel were sent")
	}
	w.as("ana").send("/read", map[string]any{"channel": number(general.Channel), "n": 2})
	s.wait("unread", `"unread":0`)
	made, err := w.chat.OpenChannel(context.Background(), "inc-7-a-new-one", "inc-7")
	if err != nil {
		t.Fatal(err)
	}
	s.wait("side", "inc-7-a-new-one")
	if err := w.chat.Whisper(
		context.Background(), made, bot.Account{Platform: web.Platform, User: "ana"}, bot.Say("psst"), "whisper",
	); err != nil {
		t.Fatal(err)
	}
	if e := s.wait("elsewhere", "psst"); e.field("where") != "inc-7-a-new-one" {
		t.Errorf("whisper %s", e.Data)
	}
}

func TestOthersDoNotHearWhatIsForOnePerson(t *testing.T) {
	w := newWorld(t)
	room := w.room("incidents")
	ctx := context.Background()
	ana, ben := w.as("ana").listen(room.Channel, w.now(), ""), w.as("ben").listen(room.Channel, w.now(), "")
	who := bot.Account{Platform: web.Platform, User: "ana"}
	for range 2 {
		if err := w.chat.Whisper(ctx, room, who, bot.Say("for ana alone"), "w"); err != nil {
			t.Fatal(err)
		}
	}
	direct, err := w.chat.Direct(ctx, who)
	if err != nil {
		t.Fatal(err)
	}
	w.post(direct, bot.Say("a direct message"), "dm")
	w.as("ana").send("/say", map[string]any{
		"id": "aaaaaaaa-1", "channel": number(room.Channel), "thread": 0, "text": "/incident help",
	})
	ana.wait("post", "for ana alone")
	ana.wait("post", "declare and run incidents")
	w.post(room, bot.Say("the end"), "end")
	ben.wait("post", "the end")
	ana.wait("post", "the end")
	for _, secret := range []string{"for ana alone", "a direct message", "declare and run", "@ana", direct.Channel + "/"} {
		if ben.has(secret) {
			t.Errorf("ben hears %q: %+v", secret, ben.all())
		}
	}
	n := 0
	for _, e := range ana.all() {
		if strings.Contains(e.Data, "for ana alone") {
			n++
		}
	}
	if n != 1 {
		t.Errorf("whispered %d times", n)
	}
}

func TestAStreamGoesOnWhereItBroke(t *testing.T) {
	w := newWorld(t)
	room := w.room("incidents")
	w.as("ana").get("/c/incidents")
	s := w.as("ana").listen(room.Channel, w.now(), "")
	w.post(room, bot.Say("before the break"), "one")
	s.wait("post", "before the break")
	seen := s.wait("seen", "").ID
	s.stop()
	<-s.ended
	w.post(room, bot.Say("during the break"), "two")
	if _, err := w.chat.OpenChannel(context.Background(), "opened-meanwhile", "meanwhile"); err != nil {
		t.Fatal(err)
	}
	again := w.as("ana").listen(room.Channel, "0", seen)
	again.wait("post", "during the break")
	again.wait("side", "opened-meanwhile")
	if again.has("before the break") {
		t.Error("what was seen is sent again")
	}
	w.post(room, bot.Say("after the break"), "three")
	again.wait("post", "after the break")
}

func TestAStreamThatIsTooFarBehindLoadsThePageAnew(t *testing.T) {
	w := newWorld(t)
	room := w.room("incidents")
	for _, last := range []string{"99999999"} {
		s := w.as("ana").listen(room.Channel, "0", last)
		s.wait("reload", "")
		<-s.ended
	}
	for i := range 2001 {
		if err := w.chat.SetTopic(context.Background(), room, fmt.Sprint("topic ", i)); err != nil {
			t.Fatal(err)
		}
	}
	w.as("ana").listen(room.Channel, "1", "").wait("reload", "")
	for _, path := range []string{
		"/events?channel=" + room.Channel + "&after=x", "/events?channel=" + room.Channel + "&after=-1",
	} {
		t.Run(path, func(t *testing.T) {
			if r := w.as("ana").get(path); r.status != http.StatusBadRequest {
				t.Errorf("%s: %d", path, r.status)
			}
		})
	}
	direct, err := w.chat.Direct(context.Background(), bot.Account{Platform: web.Platform, User: "ana"})
	if err != nil {
		t.Fatal(err)
	}
	if r := w.as("ben").get("/events?channel=" + direct.Channel + "&after=0"); r.status != http.StatusNotFound {
		t.Errorf("the stream of another one's direct messages: %d", r.status)
	}
}

// Streams end at once when the server stops, and answers under way are still given.
func TestStopping(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	chat := web.New(web.Options{Store: newFakeStore(), Listener: listener, Visitors: everybody(),
		People: func(context.Context) ([]bot.Person, error) { return bottest.People(web.Platform), nil }})
	entered, leave := make(chan struct{}), make(chan struct{})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- chat.Run(ctx, func(context.Context, bot.Request) bot.Reply {
			close(entered)
			<-leave
			return bot.Answer(bot.Say("done"))
		})
	}()
	room, err := chat.FindChannel(ctx, "incidents")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + listener.Addr().String()
	c := &client{t: t, base: base, who: "ana", header: http.Header{"Origin": {base}, "Content-Type": {"application/json"}}}
	s := c.listen(room.Channel, "0", "")
	answers := make(chan response, 1)
	go func() {
		answers <- c.send("/say", map[string]any{
			"id": "aaaaaaaa-1", "channel": number(room.Channel), "thread": 0, "text": "/slow",
		})
	}()
	<-entered
	stop()
	select {
	case <-s.ended:
	case <-time.After(4 * time.Second):
		t.Fatal("the stream holds up the stop")
	}
	close(leave)
	if r := <-answers; r.status != http.StatusOK || !strings.Contains(r.body, "done") {
		t.Errorf("the answer under way: %d %s", r.status, r.body)
	}
	if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("run: %v", err)
	}
	if got := chat.Link(context.Background(), bot.MessageRef{Conversation: room, ID: "5"}); got != base+"/to/"+
		room.Channel+"/5" {
		t.Errorf("link %q", got)
	}
}
