package discordfake_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
)

func TestWhatIsNotACall(t *testing.T) {
	t.Parallel()
	s, _, channel := start(t, discordfake.Options{})
	request := func(method, path, token, contentType, body string) answer {
		r, err := http.NewRequest(method, s.URL()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", token)
		r.Header.Set("Content-Type", contentType)
		return send(t, r)
	}
	good := "Bot " + s.Token()
	const plain = "application/json"
	for name, row := range map[string]struct {
		answer answer
		status int
		code   int
	}{
		"no token":       {request("GET", "/api/v10/users/@me", "", plain, ""), 401, 0},
		"wrong token":    {request("GET", "/api/v10/users/@me", "Bot nonsense", plain, ""), 401, 0},
		"without Bot":    {request("GET", "/api/v10/users/@me", s.Token(), plain, ""), 401, 0},
		"unknown route":  {request("GET", "/api/v10/nothing", good, plain, ""), 404, 0},
		"unknown method": {request("DELETE", "/api/v10/users/@me", good, plain, ""), 405, 0},
		"old version":    {request("GET", "/api/v6/users/@me", good, plain, ""), 400, 50041},
		"broken JSON":    {request("POST", "/api/v10/channels/"+channel+"/messages", good, plain, "{"), 400, 50109},
		"wrong type":     {request("POST", "/api/v10/channels/"+channel+"/messages", good, "text/plain", "x"), 400, 50035},
		"no snowflake":   {request("GET", "/api/v10/channels/operations", good, plain, ""), 400, 50035},
		"no channel":     {request("GET", "/api/v9/channels/123456789012345678", good, plain, ""), 404, 10003},
	} {
		if row.answer.status != row.status || row.answer.code() != row.code {
			t.Errorf("%s: answered %d %d: %s", name, row.answer.status, row.answer.code(), row.answer.text)
		}
	}
	for _, version := range []string{"/api/v9", "/api/v10"} {
		must(t, request("GET", version+"/users/@me", good, plain, ""), 200)
	}
	s.ResetToken()
	if a := request("GET", "/api/v10/users/@me", good, plain, ""); a.status != 401 {
		t.Errorf("the old token still works: %s", a.text)
	}
}

func TestWhoTheApplicationIs(t *testing.T) {
	t.Parallel()
	s, _, _ := start(t, discordfake.Options{Privileged: discordfake.GuildMembers})
	if me := must(t, call(t, s, "GET", "/users/@me", nil), 200); me.id() != s.BotUser() || me.body["bot"] != true {
		t.Errorf("the bot is %s", me.text)
	}
	for _, path := range []string{"/applications/@me", "/oauth2/applications/@me"} {
		a := must(t, call(t, s, "GET", path, nil), 200)
		if a.id() != s.Application() || a.body["verify_key"] != s.PublicKey() || a.body["flags"] != float64(1<<15) {
			t.Errorf("the application is %s", a.text)
		}
	}
	guilds := must(t, call(t, s, "GET", "/users/@me/guilds", nil), 200)
	if len(guilds.list) != 1 || guilds.list[0].(object)["permissions"] == "0" {
		t.Errorf("the guilds are %s", guilds.text)
	}
	if g := must(t, call(t, s, "GET", "/guilds/"+s.Guild(), nil), 200); g.body["name"] != "Northwind" {
		t.Errorf("the guild is %s", g.text)
	}
	refusedWith(t, call(t, s, "GET", "/guilds/123456789012345678", nil), 10004)
	s.AddGuild("100000000000000002", "Contoso", discordfake.Least)
	if g := must(t, call(t, s, "GET", "/users/@me/guilds", nil), 200); len(g.list) != 2 {
		t.Errorf("the guilds are %s", g.text)
	}
	s.RemoveBot("100000000000000002")
	refusedWith(t, call(t, s, "GET", "/guilds/100000000000000002", nil), 50001)
	gateway := must(t, call(t, s, "GET", "/gateway/bot", nil), 200)
	limit := gateway.body["session_start_limit"].(object)
	if gateway.body["url"] != s.GatewayURL() || limit["remaining"] != 1000.0 || limit["max_concurrency"] != 1.0 {
		t.Errorf("the gateway is %s", gateway.text)
	}
}

func TestMembers(t *testing.T) {
	t.Parallel()
	s, c, _ := start(t, discordfake.Options{})
	until := c.now().Add(3600e9)
	s.AddUser(discordfake.User{
		ID: ben, Name: "ben", Nick: "Ben W.", Guest: true, Pending: true, TimedOutUntil: until,
	})
	path := "/guilds/" + s.Guild() + "/members"
	m := must(t, call(t, s, "GET", path+"/"+ben, nil), 200)
	if m.body["nick"] != "Ben W." || m.body["flags"] != 16.0 || m.body["pending"] != true ||
		m.body["communication_disabled_until"] != "2026-09-01T10:00:00.000000+00:00" {
		t.Errorf("the member is %s", m.text)
	}
	found := must(t, call(t, s, "GET", path+"/search?query=BEN&limit=5", nil), 200)
	if len(found.list) != 1 {
		t.Errorf("found %s", found.text)
	}
	s.RemoveMember(s.Guild(), ben)
	refusedWith(t, call(t, s, "GET", path+"/"+ben, nil), 10007)
	refusedWith(t, call(t, s, "GET", path+"/123456789012345678", nil), 10013)
	refusedWith(t, call(t, s, "GET", path+"?limit=100", nil), 50001)
	refusedWith(t, call(t, s, "GET", path+"/search", nil), 50035, "query BASE_TYPE_REQUIRED")

	privileged, _, _ := start(t, discordfake.Options{Privileged: discordfake.GuildMembers})
	list := must(t, call(t, privileged, "GET", "/guilds/"+privileged.Guild()+"/members?limit=100", nil), 200)
	if len(list.list) != 4 { // two people, the administrator and the bot
		t.Errorf("the members are %s", list.text)
	}
	roles := must(t, call(t, s, "GET", "/guilds/"+s.Guild()+"/roles", nil), 200)
	if len(roles.list) != 2 {
		t.Errorf("the roles are %s", roles.text)
	}
}
