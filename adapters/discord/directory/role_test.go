package directory_test

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/directory"
	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/adapters/discord/rest"
	"github.com/watchbell/watchbell/bot"
)

func reader(t *testing.T, fake *discordfake.Server) *directory.Reader {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	api, err := rest.New(rest.Options{
		Token: fake.Token(), URL: fake.URL(), Timeout: 10 * time.Second, Log: log, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return directory.New(directory.Options{API: api, Token: fake.Token(), Log: log, Now: time.Now})
}

// A role counts with the people who have it now, by its id or its name, and never when it is not clear which is meant.
func TestMembersOfARole(t *testing.T) {
	fake := discordfake.Start(t, discordfake.Options{Privileged: discordfake.GuildMembers})
	guild := fake.Guild()
	sre := fake.AddRole(guild, discordfake.Role{Name: "Site reliability"})
	fake.AddRole(guild, discordfake.Role{Name: "Twice"})
	fake.AddRole(guild, discordfake.Role{Name: "twice"})
	for n, roles := range [][]string{{sre}, {}, {sre}} {
		user := fmt.Sprintf("20000000000000001%d", n)
		fake.AddUser(discordfake.User{ID: user, Name: fmt.Sprintf("user%d", n)})
		fake.AddMember(guild, user, roles...)
	}
	for _, group := range []string{sre, "@Site reliability", "@site reliability"} {
		var users []string
		list, err := reader(t, fake).GroupMembers(t.Context(), group)
		for _, a := range list {
			users = append(users, a.User)
		}
		slices.Sort(users)
		if want := []string{"200000000000000010", "200000000000000012"}; err != nil || !slices.Equal(users, want) {
			t.Errorf("%s: %v %v", group, users, err)
		}
	}
	for group, want := range map[string]string{"@Twice": "2 roles in guild", "@Nobody": bot.ErrGone.Error()} {
		list, err := reader(t, fake).GroupMembers(t.Context(), group)
		if len(list) > 0 || err == nil || !strings.Contains(err.Error(), want) ||
			errors.Is(err, bot.ErrGone) != (group == "@Nobody") {
			t.Errorf("%s: %v %v", group, list, err)
		}
	}
}

// Without the intent for it Discord lists nobody, which must not look like an empty role.
func TestMembersOfARoleWithoutTheIntent(t *testing.T) {
	fake := discordfake.Start(t, discordfake.Options{})
	fake.AddRole(fake.Guild(), discordfake.Role{Name: "SRE"})
	list, err := reader(t, fake).GroupMembers(t.Context(), "@SRE")
	if len(list) > 0 || err == nil || !strings.Contains(err.Error(), "Server Members Intent") ||
		errors.Is(err, bot.ErrGone) {
		t.Errorf("%v %v", list, err)
	}
}
