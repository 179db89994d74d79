package discord_test

import (
	"testing"

	"github.com/watchbell/watchbell/adapters/discord"
	"github.com/watchbell/watchbell/adapters/discord/discordfake"
)

// A channel opens in the guild that is named, and in the first one where that is none of ours.
func TestWhereAChannelOpens(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"the first": {guild, guild}, "the second": {other, other}, "none": {"", guild},
		"one that is not served": {"100000000000000555", guild},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBare(t, discordfake.Options{}, func(o *discord.Options) { o.Guilds = []string{guild, other} })
			b.fake.AddGuild(other, "Southwind", discordfake.Least)
			for range 2 { // the second finds the first
				at, err := b.OpenChannelIn(t.Context(), c.in, "inc-1", "room/INC-1")
				if err != nil {
					t.Fatal(err)
				}
				made, ok := b.fake.ChannelNamed(c.want, "inc-1")
				if !ok || at.Workspace != c.want || at.Channel != made.ID {
					t.Errorf("opened %+v, there is %+v", at, made)
				}
			}
			opened := 0
			for _, channel := range b.fake.Channels(c.want) {
				if channel.Name == "inc-1" {
					opened++
				}
			}
			if opened != 1 {
				t.Errorf("%d channels", opened)
			}
		})
	}
}
