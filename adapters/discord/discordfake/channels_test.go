package discordfake_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
)

func TestChannels(t *testing.T) {
	t.Parallel()
	s, _, _ := start(t, discordfake.Options{})
	path := "/guilds/" + s.Guild() + "/channels"
	cat := must(t, call(t, s, "POST", path, object{"name": "Incidents", "type": 4}), 201)
	made := must(t, call(t, s, "POST", path, object{
		"name": "INC 42: Checkout!", "type": 0, "parent_id": cat.id(), "topic": "INC-42", "permission_overwrites": []any{
			object{"id": s.Guild(), "type": 0, "deny": "1024"}, object{"id": ana, "type": 1, "allow": "3072"},
			object{"id": s.BotUser(), "type": 1, "allow": "1024"},
		},
	}), 201)
	if made.body["name"] != "inc-42-checkout" || made.body["topic"] != "INC-42" || made.body["parent_id"] != cat.id() {
		t.Errorf("made %s", made.text)
	}
	c, _ := s.ChannelNamed(s.Guild(), "inc-42-checkout")
	if len(c.Overwrites) != 3 || s.May(ben, c.ID) != 0 || !slices.Contains(c.Overwrites, discordfake.Overwrite{
		ID: ana, Type: 1, Allow: discordfake.ViewChannel | discordfake.SendMessages,
	}) {
		t.Errorf("the overwrites are %+v", c.Overwrites)
	}
	list := must(t, call(t, s, "GET", path, nil), 200)
	if len(list.list) != 3 {
		t.Errorf("the channels are %s", list.text)
	}
	at := "/channels/" + made.id()
	must(t, call(t, s, "GET", at, nil), 200)
	changed := must(t, call(t, s, "PATCH", at, object{"name": "closed", "topic": nil, "parent_id": nil}), 200)
	if changed.body["name"] != "closed" || changed.body["topic"] != nil || changed.body["parent_id"] != nil {
		t.Errorf("changed %s", changed.text)
	}
	must(t, call(t, s, "PUT", at+"/permissions/"+ben, object{"type": 1, "allow": "1024", "deny": "0"}), 204)
	if s.May(ben, made.id()) == 0 {
		t.Error("the overwrite lets nobody in")
	}
	must(t, call(t, s, "DELETE", at+"/permissions/"+ben, nil), 204)
	refusedWith(t, call(t, s, "DELETE", at+"/permissions/"+ben, nil), 10009)
	refusedWith(t, call(t, s, "PUT", at+"/permissions/123456789012345678", object{"type": 1}), 10009)
	must(t, call(t, s, "DELETE", at, nil), 200)
	refusedWith(t, call(t, s, "GET", at, nil), 10003)
}

func TestChannelsThatAreRefused(t *testing.T) {
	t.Parallel()
	s, _, text := start(t, discordfake.Options{})
	path := "/guilds/" + s.Guild() + "/channels"
	for name, row := range map[string]struct {
		body   object
		fields []string
	}{
		"no name":       {object{}, []string{"name BASE_TYPE_REQUIRED"}},
		"a long name":   {object{"name": strings.Repeat("a", 101)}, []string{"name BASE_TYPE_BAD_LENGTH"}},
		"a long topic":  {object{"name": "a", "topic": strings.Repeat("ä", 1025)}, []string{"topic BASE_TYPE_MAX_LENGTH"}},
		"a wrong type":  {object{"name": "a", "type": 99}, []string{"type BASE_TYPE_CHOICES"}},
		"not a parent":  {object{"name": "a", "parent_id": text}, []string{"parent_id CHANNEL_PARENT_INVALID_TYPE"}},
		"no such thing": {object{"name": "a", "parent_id": "5"}, []string{"parent_id CHANNEL_PARENT_INVALID"}},
		"an overwrite without an id": {object{"name": "a", "permission_overwrites": []any{object{"type": 0}}}, []string{
			"permission_overwrites.0.id BASE_TYPE_REQUIRED",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			refusedWith(t, call(t, s, "POST", path, row.body), 50035, row.fields...)
		})
	}
	refusedWith(t, call(t, s, "POST", path, object{"name": "a", "permission_overwrites": []any{
		object{"id": ana, "type": 1, "allow": discordfake.ManageRoles.String()},
	}}), 50013)
	refusedWith(t, call(t, s, "POST", path, object{"name": "a", "permission_overwrites": []any{
		object{"id": ana, "type": 1, "allow": discordfake.ManageMessages.String()},
	}}), 50013)
}

func TestLimitsOfAGuild(t *testing.T) {
	t.Parallel()
	s, _, _ := start(t, discordfake.Options{})
	path := "/guilds/" + s.Guild() + "/channels"
	cat := s.AddCategory(s.Guild(), "Full")
	for i := range 50 {
		must(t, call(t, s, "POST", path, object{"name": fmt.Sprint("c", i), "parent_id": cat}), 201)
	}
	refusedWith(t, call(t, s, "POST", path, object{"name": "c51", "parent_id": cat}), 50035,
		"parent_id CHANNEL_PARENT_MAX_CHANNELS")
	for i := range 448 {
		s.AddChannel(s.Guild(), fmt.Sprint("d", i))
	}
	refusedWith(t, call(t, s, "POST", path, object{"name": "c501"}), 30013)
}

func TestWhatTheBotMayNot(t *testing.T) {
	t.Parallel()
	s, _, channel := start(t, discordfake.Options{})
	id := must(t, call(t, s, "POST", "/channels/"+channel+"/messages", object{"content": "hello"}), 200).id()
	said, err := s.Say(ana, channel, "", "hello")
	if err != nil {
		t.Fatal(err)
	}
	messages, at := "/channels/"+channel+"/messages", "/channels/"+channel+"/messages/"+id
	embed := object{"embeds": []any{object{"title": "A"}}}
	type rows = map[string]struct {
		lacks discordfake.Permission
		code  int
		do    func() answer
	}
	for name, row := range (rows{
		"see": {discordfake.ViewChannel, 50001, func() answer { return call(t, s, "GET", "/channels/"+channel, nil) }},
		"post": {discordfake.SendMessages, 50013, func() answer {
			return call(t, s, "POST", messages, object{"content": "a"})
		}},
		"embed":  {discordfake.EmbedLinks, 50013, func() answer { return call(t, s, "POST", messages, embed) }},
		"attach": {discordfake.AttachFiles, 50013, func() answer { return upload(t, s, "POST", messages, nil, "a.txt=a") }},
		"read":   {discordfake.ReadMessageHistory, 50013, func() answer { return call(t, s, "GET", at, nil) }},
		"pin":    {discordfake.PinMessages, 50013, func() answer { return call(t, s, "PUT", messages+"/pins/"+id, nil) }},
		"thread": {discordfake.CreatePublicThreads, 50013, func() answer {
			return call(t, s, "POST", at+"/threads", object{"name": "a"})
		}},
		"create": {discordfake.ManageChannels, 50013, func() answer {
			return call(t, s, "POST", "/guilds/"+s.Guild()+"/channels", object{"name": "a"})
		}},
		"rename": {discordfake.ManageChannels, 50013, func() answer {
			return call(t, s, "PATCH", "/channels/"+channel, object{"name": "a"})
		}},
		"remove": {discordfake.ManageChannels, 50013, func() answer {
			return call(t, s, "DELETE", "/channels/"+channel, nil)
		}},
		"let in": {discordfake.ManageRoles, 50013, func() answer {
			return call(t, s, "PUT", "/channels/"+channel+"/permissions/"+ana, object{"type": 1})
		}},
		"react": {discordfake.AddReactions, 50013, func() answer {
			return call(t, s, "PUT", at+"/reactions/%F0%9F%91%80/@me", nil)
		}},
		"delete": {discordfake.ManageMessages, 50013, func() answer { return call(t, s, "DELETE", messages+"/"+said, nil) }},
		"rewrite": {discordfake.ManageMessages, 50005, func() answer {
			return call(t, s, "PATCH", messages+"/"+said, object{"content": "a"})
		}},
		"reply": {discordfake.ReadMessageHistory, 160002, func() answer {
			return call(t, s, "POST", messages, object{"content": "a", "message_reference": object{"message_id": id}})
		}},
	}) {
		t.Run(name, func(t *testing.T) {
			s.SetPermissions(s.Guild(), discordfake.Least&^row.lacks)
			refusedWith(t, row.do(), row.code)
			s.SetPermissions(s.Guild(), discordfake.Least|row.lacks)
		})
	}
	s.SetPermissions(s.Guild(), discordfake.Least&^discordfake.ReadMessageHistory)
	if list := must(t, call(t, s, "GET", messages, nil), 200); len(list.list) != 0 {
		t.Errorf("without the right to read history it reads %s", list.text)
	}
	s.SetPermissions(s.Guild(), discordfake.Least)
	s.SetOverwrite(channel, discordfake.Overwrite{ID: s.Guild(), Deny: discordfake.ViewChannel})
	refusedWith(t, call(t, s, "GET", messages, nil), 50001)
	s.SetOverwrite(channel, discordfake.Overwrite{ID: s.BotUser(), Type: 1, Allow: discordfake.ViewChannel})
	must(t, call(t, s, "GET", messages, nil), 200)
}

func TestThreads(t *testing.T) {
	t.Parallel()
	s, _, channel := start(t, discordfake.Options{})
	id := must(t, call(t, s, "POST", "/channels/"+channel+"/messages", object{"content": "hello"}), 200).id()
	at := "/channels/" + channel + "/messages/" + id + "/threads"
	made := must(t, call(t, s, "POST", at, object{"name": "INC-1", "auto_archive_duration": 4320}), 201)
	if made.id() != id || made.body["type"] != 11.0 || made.body["parent_id"] != channel {
		t.Errorf("made %s", made.text)
	}
	refusedWith(t, call(t, s, "POST", at, object{"name": "INC-1"}), 160004)
	refusedWith(t, call(t, s, "POST", at, object{"name": ""}), 160004)
	other := must(t, call(t, s, "POST", "/channels/"+channel+"/messages", object{"content": "other"}), 200).id()
	refusedWith(t, call(t, s, "POST", "/channels/"+channel+"/messages/"+other+"/threads", object{
		"name": strings.Repeat("a", 101), "auto_archive_duration": 7,
	}), 50035, "auto_archive_duration BASE_TYPE_CHOICES", "name BASE_TYPE_BAD_LENGTH")
	messages := "/channels/" + id + "/messages"
	in := must(t, call(t, s, "POST", messages, object{"content": "inside"}), 200).id()
	shown := must(t, call(t, s, "GET", "/channels/"+channel+"/messages/"+id, nil), 200)
	if shown.body["thread"] == nil || shown.body["flags"] != 32.0 {
		t.Errorf("the first message shows no thread: %s", shown.text)
	}
	active := must(t, call(t, s, "GET", "/guilds/"+s.Guild()+"/threads/active", nil), 200)
	if len(active.body["threads"].([]any)) != 1 {
		t.Errorf("active are %s", active.text)
	}

	s.ArchiveThread(id, false)
	refusedWith(t, call(t, s, "PATCH", messages+"/"+in, object{"content": "changed"}), 50083)
	refusedWith(t, call(t, s, "PATCH", "/channels/"+id, object{"name": "renamed"}), 50083)
	must(t, call(t, s, "POST", messages, object{"content": "wakes it"}), 200)
	if th, _ := s.Channel(id); th.Archived {
		t.Error("a message does not unarchive a thread")
	}
	must(t, call(t, s, "PATCH", "/channels/"+id, object{"archived": true}), 200)
	must(t, call(t, s, "PATCH", "/channels/"+id, object{"archived": false}), 200)
	refusedWith(t, call(t, s, "PATCH", "/channels/"+id, object{"locked": true}), 50013)
	s.LockThread(id, true)
	refusedWith(t, call(t, s, "POST", messages, object{"content": "no"}), 160005)
	s.ArchiveThread(id, true)
	refusedWith(t, call(t, s, "POST", messages, object{"content": "no"}), 50083)
	s.SetPermissions(s.Guild(), discordfake.Least|discordfake.ManageThreads)
	must(t, call(t, s, "POST", messages, object{"content": "a moderator may"}), 200)
	s.SetPermissions(s.Guild(), discordfake.Least&^discordfake.SendMessagesInThreads)
	refusedWith(t, call(t, s, "POST", messages, object{"content": "no"}), 50013)
	must(t, call(t, s, "POST", "/channels/"+channel+"/messages", object{"content": "above it may"}), 200)
	s.SetPermissions(s.Guild(), discordfake.Least|discordfake.CreatePrivateThreads)
	private := must(t, call(t, s, "POST", "/channels/"+channel+"/threads", object{"name": "private"}), 201)
	if private.body["type"] != 12.0 || s.May(ana, private.id()) != 0 {
		t.Errorf("not private: %s", private.text)
	}
	must(t, call(t, s, "PUT", "/channels/"+private.id()+"/thread-members/"+ana, nil), 204)
	if s.May(ana, private.id()) == 0 {
		t.Error("a person who was added to a thread does not see it")
	}
}

func TestDirectMessages(t *testing.T) {
	t.Parallel()
	s, _, _ := start(t, discordfake.Options{})
	opened := must(t, call(t, s, "POST", "/users/@me/channels", object{"recipient_id": ana}), 200)
	again := must(t, call(t, s, "POST", "/users/@me/channels", object{"recipient_id": ana}), 200)
	if again.id() != opened.id() {
		t.Error("the conversation opens twice")
	}
	messages := "/channels/" + opened.id() + "/messages"
	must(t, call(t, s, "POST", messages, object{"content": "hello"}), 200)
	s.AddUser(discordfake.User{ID: ana, Name: "ana", ClosedDMs: true})
	refusedWith(t, call(t, s, "POST", messages, object{"content": "hello"}), 50007)
	s.AddUser(discordfake.User{ID: ana, Name: "ana"})
	s.RemoveMember(s.Guild(), ana)
	refusedWith(t, call(t, s, "POST", messages, object{"content": "hello"}), 50278)
	refusedWith(t, call(t, s, "POST", "/users/@me/channels", object{"recipient_id": s.BotUser()}), 50033)
	refusedWith(t, call(t, s, "PATCH", "/channels/"+opened.id(), object{"name": "a"}), 50003)
}
