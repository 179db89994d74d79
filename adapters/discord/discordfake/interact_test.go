package discordfake_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
)

// scripted is an application whose answers a test writes.
type scripted struct {
	s       *discordfake.Server
	app     *app
	channel string
	clock   *clock

	mu    sync.Mutex
	reply func(in object) object
	seen  []object
}

func newScripted(t *testing.T, o discordfake.Options) *scripted {
	t.Helper()
	s, c, channel := start(t, o)
	must(t, register(t, s, command("ask", opt(3, "text", object{"autocomplete": true})),
		object{"name": "Note", "type": 3}, object{"name": "Page", "type": 2}), 200)
	p := &scripted{s: s, channel: channel, clock: c}
	p.answer(object{"type": 4, "data": object{"content": "answer"}})
	p.app = connect(t, s, 1)
	p.app.serve(func(in object) object {
		p.mu.Lock()
		p.seen = append(p.seen, in)
		reply := p.reply
		p.mu.Unlock()
		return reply(in)
	})
	return p
}

func (p *scripted) answer(body object) { p.handle(func(object) object { return body }) }

func (p *scripted) handle(reply func(in object) object) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reply = reply
}

func (p *scripted) last() object {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen[len(p.seen)-1]
}

func (p *scripted) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.seen)
}

// orGiveUp answers, and ends the wait when the answer is refused.
func (p *scripted) orGiveUp(in, body object) object {
	if p.app.respond(in, body).status >= 300 {
		p.s.GiveUp()
	}
	return nil
}

// answered is what the last answer to an interaction was answered with.
func (p *scripted) answered() answer {
	calls := p.s.Calls("POST", "/interactions/{id}/{token}/callback")
	last := calls[len(calls)-1]
	a := answer{status: last.Status, text: last.Answer}
	_ = json.Unmarshal([]byte(last.Answer), &a.body)
	return a
}

// ask uses the command and fails the test if it fails.
func (p *scripted) ask(t *testing.T) discordfake.Ack {
	t.Helper()
	ack, err := p.s.Command(ana, p.channel, "", "ask")
	if err != nil {
		t.Fatal(err)
	}
	return ack
}

// An interaction holds what Discord's documents say.
func TestInteractions(t *testing.T) {
	t.Parallel()
	p := newScripted(t, discordfake.Options{})
	p.ask(t)
	in := p.last()
	member, data := in["member"].(object), in["data"].(object)
	if in["guild_id"] != p.s.Guild() || in["user"] != nil || member["user"].(object)["id"] != ana ||
		member["permissions"] != p.s.May(ana, p.channel).String() || in["context"] != 0.0 ||
		in["app_permissions"] != p.s.May(p.s.BotUser(), p.channel).String() || data["name"] != "ask" ||
		in["authorizing_integration_owners"].(object)["0"] != p.s.Guild() || in["version"] != 1.0 {
		t.Errorf("the interaction is %v", in)
	}
	conforms(t, "GuildMemberResponse", member)
	said, _ := p.s.Say(ben, p.channel, "", "secret")
	if _, err := p.s.MessageCommand(ana, p.channel, said, "", "Note"); err != nil {
		t.Fatal(err)
	}
	data = p.last()["data"].(object)
	message := data["resolved"].(object)["messages"].(object)[said].(object)
	if data["target_id"] != said || message["content"] != "secret" || data["type"] != 3.0 {
		t.Errorf("the message command brings %v", data)
	}
	conforms(t, "MessageResponse", message)
	if _, err := p.s.UserCommand(ana, p.channel, ben, "", "Page"); err != nil {
		t.Fatal(err)
	}
	data = p.last()["data"].(object)
	if data["target_id"] != ben || data["resolved"].(object)["users"].(object)[ben] == nil {
		t.Errorf("the user command brings %v", data)
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	p := newScripted(t, discordfake.Options{})
	s := p.s
	p.answer(object{"type": 4, "data": object{"content": "only you, <@" + ben + ">", "flags": 64}})
	ack := p.ask(t)
	if ack.Message.Only != ana || ack.Message.Pings != nil || len(s.Shown(ben, p.channel)) != 0 {
		t.Errorf("answered %+v", ack.Message)
	}
	in := p.last()
	refusedWith(t, p.app.respond(in, object{"type": 4, "data": object{"content": "again"}}), 40060)
	refusedWith(t, p.app.respond(object{"id": in["id"], "token": "nonsense"}, object{"type": 4}), 10062)
	refusedWith(t, call(t, s, "GET", "/channels/"+p.channel+"/messages/"+ack.Message.ID, nil), 10008)
	original := must(t, call(t, s, "GET", hook(in)+"/messages/@original", nil), 200)
	if original.id() != ack.Message.ID || original.body["flags"] != 64.0 || original.body["interaction_metadata"] == nil {
		t.Errorf("the original is %s", original.text)
	}
	edited := must(t, call(t, s, "PATCH", hook(in)+"/messages/@original", object{"content": "edited"}), 200)
	if edited.body["content"] != "edited" {
		t.Errorf("edited %s", edited.text)
	}
	more := must(t, call(t, s, "POST", hook(in), object{"content": "more <@" + ben + "> <@&5> @everyone"}), 200)
	if m, _ := s.Message(p.channel, more.id()); !slices.Equal(m.Pings, []string{ben}) || m.Only != "" {
		t.Errorf("the follow-up is %+v", m)
	}
	must(t, call(t, s, "PATCH", hook(in)+"/messages/"+more.id(), object{"content": "changed"}), 200)
	must(t, call(t, s, "DELETE", hook(in)+"/messages/"+more.id(), nil), 204)
	refusedWith(t, call(t, s, "GET", hook(in)+"/messages/"+more.id(), nil), 10008)
	must(t, call(t, s, "DELETE", hook(in)+"/messages/@original", nil), 204)
	refusedWith(t, call(t, s, "PATCH", hook(in)+"/messages/@original", object{"content": "a"}), 10008)
	refusedWith(t, call(t, s, "POST", "/webhooks/5/"+in["token"].(string), object{"content": "a"}), 10015)
	p.clock.move(15 * time.Minute)
	refusedWith(t, call(t, s, "POST", hook(in), object{"content": "late"}), 50027)
}

func TestDeferredAnswers(t *testing.T) {
	t.Parallel()
	p := newScripted(t, discordfake.Options{})
	s := p.s
	p.answer(object{"type": 5, "data": object{"flags": 64}})
	ack := p.ask(t)
	if !ack.Message.Loading || ack.Message.Only != ana || ack.Message.Flags != 64|128 {
		t.Errorf("deferred %+v", ack.Message)
	}
	filled := must(t, call(t, s, "POST", hook(p.last()), object{"content": "here", "flags": 0}), 200)
	if filled.id() != ack.Message.ID || filled.body["flags"] != 64.0 || filled.body["edited_timestamp"] != nil {
		t.Errorf("filled in %s", filled.text)
	}
	if next := must(t, call(t, s, "POST", hook(p.last()), object{"content": "next"}), 200); next.id() == filled.id() {
		t.Error("the second follow-up replaced the first")
	}
	p.answer(object{"type": 5})
	ack = p.ask(t)
	card := must(t, call(t, s, "PATCH", hook(p.last())+"/messages/@original", v2(text("card"))), 200)
	if card.id() != ack.Message.ID || card.body["flags"] != float64(1<<15) {
		t.Errorf("filled in %s", card.text)
	}
	s.SetPatience(50 * time.Millisecond)
	p.answer(object{"type": 5, "data": object{"flags": 1 << 15}})
	if _, err := s.Command(ana, p.channel, "", "ask"); err == nil {
		t.Error("a deferral took another flag")
	}
}

// Each kind of interaction takes some answers only.
func TestWrongAnswers(t *testing.T) {
	t.Parallel()
	p := newScripted(t, discordfake.Options{})
	message := object{"content": "a", "components": []any{row(button("b", "B"))}}
	posted := must(t, call(t, p.s, "POST", "/channels/"+p.channel+"/messages", message), 200).id()
	one := object{"custom_id": "a", "title": "A", "components": []any{within("b", object{"type": 4, "style": 1})}}
	answers := map[int]object{
		1: nil, 4: {"content": "a"}, 5: nil, 6: nil, 7: {"content": "a"}, 8: {"choices": []any{}}, 9: one,
	}
	type kind struct {
		act   func() error
		takes []int
	}
	for name, k := range map[string]kind{
		"command": {func() error { _, err := p.s.Command(ana, p.channel, "", "ask"); return err }, []int{4, 5, 9}},
		"button":  {func() error { _, err := p.s.Click(ana, p.channel, posted, "", "b"); return err }, []int{4, 5, 6, 7, 9}},
		"autocomplete": {func() error {
			_, err := p.s.Autocomplete(ana, p.channel, "ask", []discordfake.Option{discordfake.Opt("text", "a")}, "text")
			return err
		}, []int{8}},
	} {
		for kind, data := range answers {
			t.Run(fmt.Sprint(name, " ", kind), func(t *testing.T) {
				p.handle(func(in object) object { return p.orGiveUp(in, object{"type": kind, "data": data}) })
				err := k.act()
				got := p.answered()
				if slices.Contains(k.takes, kind) {
					if err != nil || got.status != 204 {
						t.Errorf("refused: %v: %s", err, got.text)
					}
					return
				}
				if err == nil {
					t.Fatal("taken")
				}
				refusedWith(t, got, 50035, "type BASE_TYPE_CHOICES")
			})
			must(t, call(t, p.s, "PATCH", "/channels/"+p.channel+"/messages/"+posted, message), 200)
		}
	}
}

func TestAnswerWithResponse(t *testing.T) {
	t.Parallel()
	p := newScripted(t, discordfake.Options{})
	p.handle(func(in object) object {
		call(t, p.s, "POST", "/interactions/"+in["id"].(string)+"/"+in["token"].(string)+"/callback?with_response=true",
			object{"type": 4, "data": object{"content": "hello", "flags": 64}})
		return nil
	})
	ack := p.ask(t)
	got := p.answered()
	about := must(t, got, 200).body["interaction"].(object)
	if about["response_message_id"] != ack.Message.ID || about["response_message_ephemeral"] != true ||
		got.body["resource"].(object)["message"].(object)["content"] != "hello" {
		t.Errorf("answered %s", got.text)
	}
}

// Suggestions are at most 25, of 1 to 100 characters.
func TestSuggestions(t *testing.T) {
	t.Parallel()
	p := newScripted(t, discordfake.Options{})
	for name, row := range map[string]struct {
		choices []any
		field   string
	}{
		"25":      {choicesOf(25), ""},
		"none":    {[]any{}, ""},
		"26":      {choicesOf(26), "data.choices BASE_TYPE_MAX_LENGTH"},
		"no name": {[]any{object{"name": "", "value": "a"}}, "data.choices.0.name BASE_TYPE_REQUIRED"},
		"long value": {
			[]any{object{"name": "a", "value": strings.Repeat("v", 101)}},
			"data.choices.0.value BASE_TYPE_BAD_LENGTH",
		},
		"a number": {[]any{object{"name": "a", "value": 1}}, "data.choices.0.value STRING_TYPE_CONVERT"},
	} {
		t.Run(name, func(t *testing.T) {
			p.handle(func(in object) object {
				return p.orGiveUp(in, object{"type": 8, "data": object{"choices": row.choices}})
			})
			typed := []discordfake.Option{discordfake.Opt("text", "typed so far")}
			choices, err := p.s.Autocomplete(ana, p.channel, "ask", typed, "text")
			if row.field != "" {
				refusedWith(t, p.answered(), 50035, row.field)
				return
			}
			if err != nil || len(choices) != len(row.choices) {
				t.Errorf("suggested %v, %v", choices, err)
			}
			focused := p.last()["data"].(object)["options"].([]any)[0].(object)
			if focused["focused"] != true || focused["value"] != "typed so far" {
				t.Errorf("typed %v", focused)
			}
		})
	}
}

// The same key delivers the same interaction again, and only the first answer counts.
func TestDeliveredTwice(t *testing.T) {
	t.Parallel()
	p := newScripted(t, discordfake.Options{})
	first, err := p.s.Command(ana, p.channel, "key", "ask")
	if err != nil {
		t.Fatal(err)
	}
	id := p.last()["id"]
	again, err := p.s.Command(ana, p.channel, "key", "ask")
	if err != nil || again.Type != 0 || again.Interaction != first.Interaction || p.count() != 2 || p.last()["id"] != id {
		t.Errorf("again: %+v, %v", again, err)
	}
	if n := len(p.s.Messages(p.channel)); n != 1 {
		t.Errorf("%d answers", n)
	}
	calls := p.s.Calls("POST", "/interactions/{id}/{token}/callback")
	if len(calls) != 2 || calls[1].Status != 400 || !strings.Contains(calls[1].Answer, "40060") {
		t.Errorf("the calls are %+v", calls)
	}
	p.s.SetPatience(20 * time.Millisecond)
	p.handle(func(object) object { return nil })
	if _, err := p.s.Command(ana, p.channel, "key", "ask"); err != nil { // an app that keeps quiet is right
		t.Error(err)
	}
}

// The fake refuses the actions that Discord's client does not offer.
func TestWhatPeopleCannotDo(t *testing.T) {
	t.Parallel()
	p := newScripted(t, discordfake.Options{})
	s := p.s
	must(t, register(t, s,
		command("values", opt(3, "word", object{"required": true, "max_length": 3}), opt(4, "number"), opt(5, "yes"),
			opt(6, "who"), opt(3, "pick", object{"choices": choicesOf(2)}), opt(11, "file")),
		command("verbs", opt(1, "do", object{"options": []any{opt(3, "word", object{"required": true})}})),
		with(command("admin"), object{"default_member_permissions": "8"}),
		object{"name": "Note", "type": 3},
	), 200)
	hidden := s.AddChannel(s.Guild(), "hidden", discordfake.Overwrite{ID: s.Guild(), Deny: discordfake.ViewChannel})
	p.answer(object{"type": 4, "data": object{"content": "secret", "flags": 64, "components": []any{
		row(button("a", "A"), with(button("off", "Off"), object{"disabled": true})),
		row(with(menu(option("x"), option("y"), option("z")), object{"min_values": 2, "max_values": 2})),
	}}})
	word := discordfake.Opt("word", "abc")
	run := func(root string, options ...discordfake.Option) error {
		_, err := s.Command(ana, p.channel, "", root, options...)
		return err
	}
	secret, err := s.Command(ana, p.channel, "", "values", word)
	if err != nil {
		t.Fatal(err)
	}
	click := func(user, id string, values ...string) error {
		_, err := s.Click(user, p.channel, secret.Message.ID, "", id, values...)
		return err
	}
	_, elsewhere := s.Command(ana, hidden, "", "values", word)
	_, stranger := s.Command("300000000000000001", p.channel, "", "values", word)
	_, direct := s.Command(ana, s.Direct(ana), "", "values", word)
	_, note := s.MessageCommand(ana, p.channel, secret.Message.ID, "", "Note")
	_, complete := s.Autocomplete(ana, p.channel, "values", []discordfake.Option{word}, "word")
	_, say := s.Say(ana, hidden, "", "hello")
	for name, err := range map[string]error{
		"an unknown command":    run("nothing"),
		"a missing option":      run("values"),
		"an unknown option":     run("values", word, discordfake.Opt("other", 1)),
		"an option twice":       run("values", word, word),
		"too long":              run("values", discordfake.Opt("word", "abcd")),
		"no number":             run("values", word, discordfake.Opt("number", "x")),
		"no boolean":            run("values", word, discordfake.Opt("yes", "x")),
		"nobody":                run("values", word, discordfake.Opt("who", "5")),
		"no choice":             run("values", word, discordfake.Opt("pick", "9")),
		"no file":               run("values", word, discordfake.Opt("file", "x")),
		"a bare root":           run("verbs"),
		"a verb's option":       run("verbs", discordfake.Sub("do")),
		"an administrator's":    run("admin"),
		"a hidden channel":      elsewhere,
		"a stranger":            stranger,
		"a guild's in a DM":     direct,
		"another's message":     click(ben, "a"),
		"a missing button":      click(ana, "b"),
		"a disabled button":     click(ana, "off"),
		"a value of a button":   click(ana, "a", "x"),
		"too few of a menu":     click(ana, "menu", "x"),
		"unknown of a menu":     click(ana, "menu", "x", "w"),
		"the same twice":        click(ana, "menu", "x", "x"),
		"a secret's menu":       note,
		"what does not suggest": complete,
		"writing in hiding":     say,
	} {
		if err == nil {
			t.Errorf("%s: went through", name)
		}
	}
	before := p.count()
	for name, err := range map[string]error{
		"every type": run("values", word, discordfake.Opt("number", 7), discordfake.Opt("yes", true),
			discordfake.Opt("who", ben), discordfake.Opt("pick", "1"),
			discordfake.Opt("file", discordfake.Upload{Name: "a.txt", Data: []byte("a")})),
		"a verb": run("verbs", discordfake.Sub("do", word)),
		"a menu": click(ana, "menu", "x", "z"),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if p.count() != before+3 {
		t.Errorf("delivered %d", p.count()-before)
	}
	s.AddUser(discordfake.User{ID: ana, Name: "ana", TimedOutUntil: p.clock.now().Add(time.Hour)})
	if run("values", word) == nil || click(ana, "a") == nil {
		t.Error("somebody who is timed out goes on")
	}
	s.AddUser(discordfake.User{ID: ana, Name: "ana"})
	s.HideCommand(s.Guild(), "", discordfake.CommandPermission{Target: ana, Type: 2})
	if run("values", word) == nil {
		t.Error("a hidden command is there")
	}
}

// A press in a direct message has a user and no member.
func TestDirectInteractions(t *testing.T) {
	t.Parallel()
	p := newScripted(t, discordfake.Options{})
	direct := p.s.Direct(ana)
	id := must(t, call(t, p.s, "POST", "/channels/"+direct+"/messages", v2(row(button("a", "A")))), 200).id()
	p.answer(object{"type": 6})
	if ack, err := p.s.Click(ana, direct, id, "", "a"); err != nil || ack.Type != discordfake.DeferredUpdate {
		t.Fatalf("answered %+v, %v", ack, err)
	}
	in := p.last()
	if in["member"] != nil || in["guild_id"] != nil || in["user"].(object)["id"] != ana || in["context"] != 1.0 ||
		in["authorizing_integration_owners"].(object)["0"] != "0" {
		t.Errorf("the interaction is %v", in)
	}
	done := object{"components": []any{text("done")}}
	edited := must(t, call(t, p.s, "PATCH", hook(in)+"/messages/@original", done), 200)
	if edited.id() != id {
		t.Errorf("edited %s", edited.text)
	}
	if _, err := p.s.Click(ben, direct, id, "", "a"); err == nil {
		t.Error("somebody else pressed it")
	}
}

// A test can send what Discord may send one day, or what only a forger sends.
func TestDeliver(t *testing.T) {
	t.Parallel()
	p := newScripted(t, discordfake.Options{})
	for _, kind := range []int{2, 3, 5, 99} {
		ack, err := p.s.Deliver(ana, p.channel, "", object{
			"type": kind, "member": nil, "authorizing_integration_owners": object{"1": ana}, "data": object{"custom_id": "x"},
		})
		if err != nil || ack.Message.Content != "answer" {
			t.Errorf("answered %+v, %v", ack, err)
		}
		in := p.last()
		if in["type"] != float64(kind) || in["member"] != nil || in["authorizing_integration_owners"].(object)["1"] != ana {
			t.Errorf("delivered %v", in)
		}
	}
	a := connect(t, p.s, 0)
	p.s.Dispatch("NEWS_OF_TOMORROW", object{"id": "1"})
	if e := a.until("NEWS_OF_TOMORROW"); e.object()["id"] != "1" {
		t.Errorf("told %+v", e)
	}
}

// GiveUp ends the wait at once.
func TestGiveUp(t *testing.T) {
	t.Parallel()
	p := newScripted(t, discordfake.Options{Patience: time.Hour})
	p.handle(func(object) object { p.s.GiveUp(); return nil })
	if _, err := p.s.Command(ana, p.channel, "", "ask"); err == nil || errors.Is(err, nil) {
		t.Errorf("answered %v", err)
	}
	refusedWith(t, p.app.respond(p.last(), object{"type": 4, "data": object{"content": "late"}}), 10062)
}
