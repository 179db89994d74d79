package discord_test

import (
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
)

// Discord takes two changes of a channel in ten minutes. What people wait for must not stand behind a topic.
func TestATopicIsSetWhenDiscordLetsUs(t *testing.T) {
	b := newBare(t, discordfake.Options{})
	topic := func() string { c, _ := b.fake.Channel(b.channel); return c.Topic }
	set := func(topic string) {
		t.Helper()
		if err := b.SetTopic(t.Context(), b.place(), topic); err != nil {
			t.Fatal(err)
		}
	}
	set("first")
	b.fake.Break(discordfake.Fault{
		Method: "PATCH", Route: "/channels/{channel}", Status: 429, RetryAfter: 300 * time.Millisecond, Times: 1,
	})
	set("second")
	set("third")
	if topic() != "first" {
		t.Fatalf("the topic is %q", topic())
	}
	eventually(t, "the newest topic is set", func() bool { return topic() == "third" })
	eventually(t, "a topic that is there is not set again", func() bool {
		before := len(b.fake.Calls("PATCH", "/channels/{channel}"))
		set("third")
		return len(b.fake.Calls("PATCH", "/channels/{channel}")) == before
	})
}
