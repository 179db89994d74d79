package discord_test

import (
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
)

// Discord takes two changes of a channel in ten minutes. A topic that has to wait says so, and one that is there costs
// no change, also for another process.
func TestATopicIsSetWhenDiscordLetsUs(t *testing.T) {
	b := newBare(t, discordfake.Options{})
	topic := func() string { c, _ := b.fake.Channel(b.channel); return c.Topic }
	set := func(topic, want string) {
		t.Helper()
		if got := means(b.SetTopic(t.Context(), b.place(), topic)); got != want {
			t.Fatalf("%q: %s, want %s", topic, got, want)
		}
	}
	changes := func() int { return len(b.fake.Calls("PATCH", "/channels/{channel}")) }
	set("first", "ok")
	b.fake.Break(discordfake.Fault{
		Method: "PATCH", Route: "/channels/{channel}", Status: 429, RetryAfter: 5 * time.Minute, Times: 1,
	})
	set("second", "wait")
	set("third", "wait") // our own gate says so
	if topic() != "first" {
		t.Fatalf("the topic is %q", topic())
	}
	b.clock.move(6 * time.Minute)
	set("third", "ok")
	before := changes()
	b.again(t)
	set("third", "ok")
	if topic() != "third" || changes() != before {
		t.Errorf("the topic is %q after %d changes more", topic(), changes()-before)
	}
}
