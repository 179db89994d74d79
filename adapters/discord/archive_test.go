package discord_test

import (
	"path/filepath"
	"testing"

	"github.com/watchbell/watchbell/adapters/discord"
	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// In an archived channel nobody writes, neither those who were invited, and nobody sees it who did not before.
func TestArchivedChannelsAreQuiet(t *testing.T) {
	store := storagetest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db"))
	if err := store.SyncPeople(t.Context(), discordPeople(), bottest.Start); err != nil {
		t.Fatal(err)
	}
	h := newHarness(t, store, false)
	h.start(t, h.core.Receive)
	t.Cleanup(func() { h.stop() })
	room, err := h.adapter.OpenChannel(t.Context(), "inc-1", "INC-1")
	if err != nil {
		t.Fatal(err)
	}
	h.fake.SetOverwrite(room.Channel, discordfake.Overwrite{ID: guild, Deny: discordfake.ViewChannel}) // a private one
	ana := bot.Account{Platform: discord.Platform, Workspace: guild, User: h.users["ana"]}
	if err := h.adapter.Invite(t.Context(), room, ana); err != nil {
		t.Fatal(err)
	}
	may := func(user string, p discordfake.Permission) bool { return h.fake.May(user, room.Channel)&p == p }
	if !may(h.users["ana"], discordfake.SendMessages) || may(h.users["dan"], discordfake.ViewChannel) {
		t.Fatal("the channel is not private, or Ana does not write in it")
	}
	h.fake.Break(discordfake.Fault{Method: "POST", Route: "/guilds/{guild}/channels", Status: 500, Times: 1})
	if err := h.adapter.Archive(t.Context(), room); err == nil {
		t.Error("the channel is archived without a category")
	}
	for range 2 { // the second time changes nothing
		if err := h.adapter.Archive(t.Context(), room); err != nil {
			t.Fatal(err)
		}
		for who, p := range map[string]discordfake.Permission{
			"ana": discordfake.SendMessages, "dan": discordfake.ViewChannel,
		} {
			if may(h.users[who], p) {
				t.Errorf("%s has the permission %s", who, p)
			}
		}
		c, _ := h.fake.Channel(room.Channel)
		if category, _ := h.fake.Channel(c.Parent); category.Name != "Incident archive" {
			t.Errorf("the channel stands in %q", category.Name)
		}
		if !may(h.users["ana"], discordfake.ViewChannel|discordfake.ReadMessageHistory) {
			t.Error("Ana can no longer read what she took part in")
		}
	}
	if _, err := h.adapter.Post(t.Context(), room, bot.Say("The review is published."), "late"); err != nil {
		t.Errorf("the bot may not write in it: %v", err)
	}
}
