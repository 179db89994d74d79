package discordfake_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
)

func TestMessages(t *testing.T) {
	t.Parallel()
	s, c, channel := start(t, discordfake.Options{})
	path := "/channels/" + channel + "/messages"
	var ids []string
	for i := range 5 {
		ids = append(ids, must(t, call(t, s, "POST", path, object{"content": fmt.Sprint(i)}), 200).id())
		c.move(time.Second)
	}
	for query, wanted := range map[string]string{
		"":                          "43210",
		"?limit=2":                  "43",
		"?limit=2&after=" + ids[1]:  "32",
		"?limit=2&before=" + ids[3]: "21",
		"?limit=3&around=" + ids[2]: "321",
		"?after=0&limit=1":          "0",
		"?after=" + ids[4]:          "",
		"?after=" + discordfake.Snowflake(c.now().Add(-2500*time.Millisecond)): "43",
	} {
		list := must(t, call(t, s, "GET", path+query, nil), 200)
		got := ""
		for _, m := range list.list {
			got += m.(object)["content"].(string)
		}
		if got != wanted {
			t.Errorf("%s: %s, not %s", query, got, wanted)
		}
	}
	refusedWith(t, call(t, s, "GET", path+"?limit=101", nil), 50035, "limit NUMBER_TYPE_MAX")
	refusedWith(t, call(t, s, "GET", path+"?after=1&before=2", nil), 50035)
	one := path + "/" + ids[0]
	changed := must(t, call(t, s, "PATCH", one, object{"content": "changed", "embeds": []any{object{"title": "A"}}}), 200)
	if changed.body["content"] != "changed" || changed.body["edited_timestamp"] == nil ||
		len(changed.body["embeds"].([]any)) != 1 {
		t.Errorf("changed %s", changed.text)
	}
	if same := must(t, call(t, s, "PATCH", one, object{"embeds": nil}), 200); same.body["content"] != "changed" {
		t.Errorf("what an edit does not name changed: %s", same.text)
	}
	refusedWith(t, call(t, s, "PATCH", one, object{"content": ""}), 50006)
	must(t, call(t, s, "DELETE", one, nil), 204)
	refusedWith(t, call(t, s, "GET", one, nil), 10008)
	refusedWith(t, call(t, s, "PATCH", one, object{"content": "a"}), 10008)
	refusedWith(t, call(t, s, "DELETE", one, nil), 10008)
	reply := post(t, s, channel, object{"content": "re", "message_reference": object{"message_id": ids[1]}})
	if reply.body["type"] != 19.0 || reply.body["referenced_message"].(object)["id"] != ids[1] {
		t.Errorf("the reply is %s", reply.text)
	}
	refusedWith(t, call(t, s, "POST", path, object{"content": "re", "message_reference": object{"message_id": ids[0]}}),
		50035, "message_reference REPLIES_UNKNOWN_MESSAGE")
	must(t, call(t, s, "POST", path, object{"content": "re", "message_reference": object{
		"message_id": ids[0], "fail_if_not_exists": false,
	}}), 200)
}

func TestMessagesThatAreRefused(t *testing.T) {
	t.Parallel()
	s, _, channel := start(t, discordfake.Options{})
	path := "/channels/" + channel + "/messages"
	long := strings.Repeat("ä", 2001)
	for name, row := range map[string]struct {
		body   object
		code   int
		fields []string
	}{
		"nothing":        {object{}, 50006, nil},
		"only spaces":    {object{"content": " \n "}, 50006, nil},
		"too long":       {object{"content": long}, 50035, []string{"content BASE_TYPE_MAX_LENGTH"}},
		"no text":        {object{"content": object{}}, 50035, []string{"content STRING_TYPE_CONVERT"}},
		"an empty embed": {object{"embeds": []any{object{}}}, 50035, []string{"embeds.0.description BASE_TYPE_REQUIRED"}},
		"a long title": {
			object{"embeds": []any{object{"title": long}}},
			50035, []string{"embeds.0.title BASE_TYPE_MAX_LENGTH"},
		},
		"a field's value": {
			object{"embeds": []any{object{"fields": []any{object{"name": "a"}}}}},
			50035, []string{"embeds.0.fields.0.value BASE_TYPE_REQUIRED"},
		},
		"too many embeds": {
			object{"embeds": slices.Repeat([]any{object{"title": "a"}}, 11)},
			50035, []string{"embeds BASE_TYPE_MAX_LENGTH"},
		},
		"too much embedded": {
			object{"embeds": slices.Repeat([]any{object{"description": strings.Repeat("a", 3001)}}, 2)},
			50035, []string{"embeds MAX_EMBED_SIZE_EXCEEDED"},
		},
		"a long nonce": {
			object{"content": "a", "nonce": strings.Repeat("n", 26)},
			50035, []string{"nonce BASE_TYPE_MAX_LENGTH"},
		},
		"wrong mentions": {
			object{"content": "a", "allowed_mentions": object{"parse": []any{"all"}}},
			50035, []string{"allowed_mentions.parse.0 BASE_TYPE_CHOICES"},
		},
		"both mentions": {
			object{"content": "a", "allowed_mentions": object{"parse": []any{"users"}, "users": []any{ana}}},
			50035, []string{"allowed_mentions MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE"},
		},
		"a missing file": {
			object{"content": "a", "attachments": []any{object{"id": 0}}},
			50035, []string{"attachments.0 ATTACHMENT_NOT_FOUND"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			refusedWith(t, call(t, s, "POST", path, row.body), row.code, row.fields...)
		})
	}
	if n := len(s.Messages(channel)); n != 0 {
		t.Errorf("%d messages were posted", n)
	}
}

// A nonce is compared with what the bot posted in the last minutes, in whatever channel.
func TestNonces(t *testing.T) {
	t.Parallel()
	s, c, channel := start(t, discordfake.Options{})
	other := s.AddChannel(s.Guild(), "other")
	send := func(channel string, nonce any) answer {
		return call(t, s, "POST", "/channels/"+channel+"/messages", object{
			"content": "a", "nonce": nonce, "enforce_nonce": true,
		})
	}
	first := must(t, send(channel, "key"), 200)
	if first.body["nonce"] != "key" {
		t.Errorf("posted %s", first.text)
	}
	if again := must(t, send(channel, "key"), 200); again.id() != first.id() {
		t.Error("the same nonce posted twice")
	}
	if elsewhere := must(t, send(other, "key"), 200); elsewhere.id() != first.id() {
		t.Error("the same nonce in another channel posted twice")
	}
	if must(t, send(channel, 7), 200).id() == first.id() || must(t, send(channel, "more"), 200).id() == first.id() {
		t.Error("different nonces are the same")
	}
	unforced := must(t, call(t, s, "POST", "/channels/"+channel+"/messages", object{"content": "a", "nonce": "key"}), 200)
	if unforced.id() == first.id() {
		t.Error("a nonce counts without being enforced")
	}
	deleted := must(t, send(channel, "deleted"), 200)
	s.DeleteMessage(channel, deleted.id())
	refusedWith(t, send(channel, "deleted"), 10008)
	c.move(3 * time.Minute)
	if must(t, send(channel, "deleted"), 200).id() == deleted.id() || must(t, send(channel, 7), 200).id() == first.id() {
		t.Error("nonces count for ever")
	}
}

func TestMentions(t *testing.T) {
	t.Parallel()
	s, _, channel := start(t, discordfake.Options{Permissions: discordfake.Least | discordfake.MentionEveryone})
	on := s.AddRole(s.Guild(), discordfake.Role{Name: "on-call", Mentionable: true})
	off := s.AddRole(s.Guild(), discordfake.Role{Name: "others"})
	text := "<@" + ana + "> <@!" + ben + "> <@&" + on + "> <@&" + off + "> @here <@5>"
	path := "/channels/" + channel + "/messages"
	for name, row := range map[string]struct {
		allowed any
		lacks   discordfake.Permission
		pings   []string
	}{
		"by default":    {nil, 0, []string{ana, ben, "&" + on, "&" + off, "@here"}},
		"without right": {nil, discordfake.MentionEveryone, []string{ana, ben, "&" + on}},
		"nobody":        {object{"parse": []any{}}, 0, nil},
		"users":         {object{"parse": []any{"users"}}, 0, []string{ana, ben}},
		"one":           {object{"users": []any{ben, "7"}}, 0, []string{ben}},
		"one role":      {object{"parse": []any{"everyone"}, "roles": []any{off}}, 0, []string{"&" + off, "@here"}},
	} {
		t.Run(name, func(t *testing.T) {
			s.SetPermissions(s.Guild(), (discordfake.Least|discordfake.MentionEveryone)&^row.lacks)
			inside := object{"type": 17, "components": []any{object{"type": 10, "content": text}}}
			for _, body := range []object{{"content": text}, v2(inside)} {
				if row.allowed != nil {
					body["allowed_mentions"] = row.allowed
				}
				id := must(t, call(t, s, "POST", path, body), 200).id()
				m, _ := s.Message(channel, id)
				if !slices.Equal(m.Pings, row.pings) {
					t.Errorf("notified %q, not %q", m.Pings, row.pings)
				}
			}
		})
	}
	// an edit works mentions out anew
	id := post(t, s, channel, object{"content": text, "allowed_mentions": object{"parse": []any{}}}).id()
	must(t, call(t, s, "PATCH", path+"/"+id, object{"content": "<@" + ana + ">"}), 200)
	if m, _ := s.Message(channel, id); !slices.Equal(m.Pings, []string{ana}) {
		t.Errorf("the edit notified %q", m.Pings)
	}
	said, _ := s.Say(ana, channel, "", "hello")
	id = post(t, s, channel, object{"content": "re", "message_reference": object{"message_id": said}}).id()
	if m, _ := s.Message(channel, id); !slices.Equal(m.Pings, []string{ana}) {
		t.Errorf("the reply notified %q", m.Pings)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	s, _, channel := start(t, discordfake.Options{})
	path := "/channels/" + channel + "/messages"
	sent := must(t, upload(t, s, "POST", path, object{
		"content": "two", "attachments": []any{object{"id": 0, "description": "the first"}, object{"id": 1}},
	}, "my report.txt=one", "b.txt=two"), 200)
	m, _ := s.Message(channel, sent.id())
	if len(m.Attachments) != 2 || m.Attachments[0].Name != "my_report.txt" || string(m.Attachments[0].Data) != "one" ||
		m.Attachments[0].Description != "the first" {
		t.Fatalf("the files are %+v", m.Attachments)
	}
	address := sent.body["attachments"].([]any)[0].(object)["url"].(string)
	response, err := http.Get(address)
	if err != nil || response.StatusCode != 200 {
		t.Fatalf("%s: %v %v", address, response, err)
	}
	_ = response.Body.Close()
	kept := must(t, upload(t, s, "PATCH", path+"/"+sent.id(), object{
		"attachments": []any{object{"id": m.Attachments[1].ID}, object{"id": 0}},
	}, "c.txt=three"), 200)
	var names []string
	for _, a := range kept.body["attachments"].([]any) {
		names = append(names, a.(object)["filename"].(string))
	}
	if !slices.Equal(names, []string{"b.txt", "c.txt"}) {
		t.Errorf("kept %q", names)
	}
	shown := must(t, upload(t, s, "POST", path, v2(
		object{"type": 13, "file": object{"url": "attachment://a.txt"}},
		object{"type": 12, "items": []any{object{"media": object{"url": "attachment://a.txt"}}}},
	), "a.txt=text"), 200)
	file := shown.body["components"].([]any)[0].(object)
	if file["name"] != "a.txt" || file["size"] != 4.0 ||
		!strings.HasPrefix(file["file"].(object)["url"].(string), s.URL()) {
		t.Errorf("shown is %v", file)
	}
	missing := v2(object{"type": 13, "file": object{"url": "attachment://b.txt"}})
	refusedWith(t, upload(t, s, "POST", path, missing, "a.txt=a"), 50035,
		"components.0.file.url UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND")
	refusedWith(t, upload(t, s, "POST", path, nil, slices.Repeat([]string{"a.txt=a"}, 11)...), 30015)
	refusedWith(t, upload(t, s, "POST", path, nil, "a.txt="+strings.Repeat("a", 10<<20+1)), 40005)
}

func TestPins(t *testing.T) {
	t.Parallel()
	s, c, channel := start(t, discordfake.Options{})
	path := "/channels/" + channel + "/messages"
	var ids []string
	for i := range 60 {
		id := must(t, call(t, s, "POST", path, object{"content": strconv.Itoa(i)}), 200).id()
		ids = append(ids, id)
		must(t, call(t, s, "PUT", path+"/pins/"+id, nil), 204)
		c.move(time.Second)
	}
	must(t, call(t, s, "PUT", path+"/pins/"+ids[0], nil), 204) // is pinned already
	slices.Reverse(ids)
	if got := s.Pins(channel); !slices.Equal(got, ids) {
		t.Errorf("pinned are %q", got)
	}
	first := must(t, call(t, s, "GET", path+"/pins", nil), 200)
	items := first.body["items"].([]any)
	if len(items) != 50 || first.body["has_more"] != true {
		t.Fatalf("the first page is %s", first.text)
	}
	query := strings.ReplaceAll(items[49].(object)["pinned_at"].(string), "+", "%2B")
	next := must(t, call(t, s, "GET", path+"/pins?before="+query, nil), 200)
	if len(next.body["items"].([]any)) != 10 || next.body["has_more"] != false {
		t.Errorf("the second page is %s", next.text)
	}
	if old := must(t, call(t, s, "GET", "/channels/"+channel+"/pins", nil), 200); len(old.list) != 50 {
		t.Errorf("the old list has %d", len(old.list))
	}
	more := must(t, call(t, s, "POST", path, object{"content": "more"}), 200).id()
	refusedWith(t, call(t, s, "PUT", "/channels/"+channel+"/pins/"+more, nil), 30003)
	for range 190 {
		id := must(t, call(t, s, "POST", path, object{"content": "a"}), 200).id()
		must(t, call(t, s, "PUT", path+"/pins/"+id, nil), 204)
	}
	refusedWith(t, call(t, s, "PUT", path+"/pins/"+more, nil), 30003)
	must(t, call(t, s, "DELETE", path+"/pins/"+ids[0], nil), 204)
	must(t, call(t, s, "PUT", path+"/pins/"+more, nil), 204)
	refusedWith(t, call(t, s, "PUT", path+"/pins/5", nil), 10008)
	if m, _ := s.Message(channel, ids[0]); m.Pinned() {
		t.Error("it is still pinned")
	}
}

func TestReactions(t *testing.T) {
	t.Parallel()
	s, _, channel := start(t, discordfake.Options{})
	id := must(t, call(t, s, "POST", "/channels/"+channel+"/messages", object{"content": "a"}), 200).id()
	at := "/channels/" + channel + "/messages/" + id
	for _, user := range []string{ben, ana} {
		if err := s.React(user, channel, id, "", "👀"); err != nil {
			t.Fatal(err)
		}
	}
	must(t, call(t, s, "PUT", at+"/reactions/%F0%9F%91%80/@me", nil), 204)
	must(t, call(t, s, "PUT", at+"/reactions/%F0%9F%91%80/@me", nil), 204)
	users := must(t, call(t, s, "GET", at+"/reactions/%F0%9F%91%80?limit=2", nil), 200)
	if len(users.list) != 2 || users.list[0].(object)["id"] != ana {
		t.Errorf("reacted: %s", users.text)
	}
	m, _ := s.Message(channel, id)
	if !cmp.Equal(m.Reactions, []discordfake.Reaction{{Emoji: "👀", Users: []string{ben, ana, s.BotUser()}}}) {
		t.Errorf("the reactions are %+v", m.Reactions)
	}
	must(t, call(t, s, "DELETE", at+"/reactions/%F0%9F%91%80/@me", nil), 204)
	s.Unreact(ana, channel, id, "👀")
	if m, _ = s.Message(channel, id); len(m.Reactions) != 1 || len(m.Reactions[0].Users) != 1 {
		t.Errorf("the reactions are %+v", m.Reactions)
	}
	refusedWith(t, call(t, s, "PUT", at+"/reactions/eyes/@me", nil), 10014)
	if other := must(t, call(t, s, "GET", at+"/reactions/%F0%9F%94%A5", nil), 200); len(other.list) != 0 {
		t.Errorf("nobody used it: %s", other.text)
	}
}

// Without the intent MESSAGE_CONTENT an application reads only its own messages, direct ones and those that mention it.
func TestContentOfOthers(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		privileged int
		wanted     string
	}{"without the intent": {0, "|hello <@%s>|mine"}, "with it": {discordfake.MessageContent, "secret|hello <@%s>|mine"}} {
		t.Run(name, func(t *testing.T) {
			s, _, channel := start(t, discordfake.Options{Privileged: row.privileged})
			_, _ = s.Say(ana, channel, "", "secret")
			_, _ = s.Say(ana, channel, "", "hello <@"+s.BotUser()+">")
			must(t, call(t, s, "POST", "/channels/"+channel+"/messages", object{"content": "mine"}), 200)
			var got []string
			for _, m := range must(t, call(t, s, "GET", "/channels/"+channel+"/messages", nil), 200).list {
				got = append(got, m.(object)["content"].(string))
			}
			slices.Reverse(got)
			if wanted := fmt.Sprintf(row.wanted, s.BotUser()); strings.Join(got, "|") != wanted {
				t.Errorf("read %q, not %q", got, wanted)
			}
		})
	}
}
