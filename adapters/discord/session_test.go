package discord

import (
	"context"
	"testing"
	"time"

	"github.com/bwmarrin/discordgo"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
)

// The library may announce the end of one connection twice: its reader and its heartbeat both close what is broken. The
// second announcement can come when the next connection is already open, which must not be given up for it.
func TestAnEndThatIsAnnouncedTwice(t *testing.T) {
	fake := discordfake.Start(t, discordfake.Options{Guild: "100000000000000001"})
	a, err := New(Options{Token: fake.Token(), APIURL: fake.URL()})
	if err != nil {
		t.Fatal(err)
	}
	s, err := a.newSession(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	open := func() {
		t.Helper()
		if err := s.open(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	announced, opened, handled := make(chan struct{}, 2), make(chan struct{}), make(chan struct{})
	s.s.AddHandler(func(_ *discordgo.Session, e any) { // runs before handlers of a single kind
		if _, ended := e.(*discordgo.Disconnect); ended {
			select {
			case announced <- struct{}{}:
			default:
			}
			<-opened
		}
	})
	open()
	for fake.Gateway().Heartbeats == 0 { // the heartbeat rests for 41 seconds afterwards, and closes nothing by itself
		<-time.After(time.Millisecond)
	}
	fake.CloseGateway(4000)
	<-announced // by the reader
	go func() {
		defer close(handled)
		_ = s.s.Close() // as the heartbeat does
	}()
	<-announced
	open()
	close(opened)
	<-handled

	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if s.wait(short); short.Err() == nil {
		t.Fatal("the open connection was taken for a closed one")
	}
	fake.CloseGateway(4000)
	s.wait(t.Context())
	open()
	if g := fake.Gateway(); g.Connections != 3 || g.Identifies != 1 || g.Resumed != 2 {
		t.Errorf("%+v", g)
	}
}
