package discordfake_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
)

// A person runs a command, presses a button, fills in a form and reads the answer.
func TestAPersonAndAnApplication(t *testing.T) {
	t.Parallel()
	s, _, channel := start(t, discordfake.Options{})
	must(t, register(t, s, object{
		"name": "incident", "description": "Incidents", "options": []any{object{
			"type": 1, "name": "declare", "description": "Declare one", "options": []any{
				object{"type": 3, "name": "title", "description": "What happens", "required": true, "autocomplete": true},
				object{"type": 6, "name": "lead", "description": "Who leads"},
			},
		}},
	}), 200)
	a := connect(t, s, 1)
	a.serve(func(in object) object {
		data := in["data"].(object)
		switch in["type"].(float64) {
		case 2:
			return object{"type": 4, "data": v2(text("Declared"), row(button("close", "Close")))}
		case 3:
			return object{"type": 9, "data": object{
				"title": "Close", "custom_id": "form", "components": []any{within("why", object{"type": 4, "style": 2})},
			}}
		case 4:
			return object{"type": 8, "data": object{"choices": []any{object{"name": "Checkout is down", "value": "x"}}}}
		}
		typed := data["components"].([]any)[0].(object)["component"].(object)["value"].(string)
		return object{"type": 7, "data": object{"components": []any{text("Closed: " + typed)}}}
	})
	choices, err := s.Autocomplete(ana, channel, "incident", []discordfake.Option{
		discordfake.Sub("declare", discordfake.Opt("title", "check")),
	}, "title")
	if err != nil || !cmp.Equal(choices, []discordfake.Choice{{Name: "Checkout is down", Value: "x"}}) {
		t.Fatalf("suggested %v, %v", choices, err)
	}
	ack, err := s.Command(ana, channel, "", "incident", discordfake.Sub(
		"declare", discordfake.Opt("title", "Checkout is down"), discordfake.Opt("lead", ben),
	))
	if err != nil || ack.Type != discordfake.Answered || ack.Message.Text() != "Declared" {
		t.Fatalf("answered %+v, %v", ack, err)
	}
	ack, err = s.Click(ana, channel, ack.Message.ID, "", "close")
	if err != nil || ack.Type != discordfake.Opened || ack.Modal["title"] != "Close" || s.Modal(ana)["title"] != "Close" {
		t.Fatalf("opened %+v, %v", ack, err)
	}
	if _, err := s.Submit(ana, "", map[string]string{"why": ""}); err == nil {
		t.Error("a modal was submitted although a required input is empty")
	}
	ack, err = s.Submit(ana, "", map[string]string{"why": "fixed"})
	if err != nil || ack.Type != discordfake.Updated || ack.Message.Text() != "Closed: fixed" || s.Modal(ana) != nil {
		t.Fatalf("updated %+v, %v", ack, err)
	}
	if list := s.Messages(channel); len(list) != 1 || !list[0].Edited || list[0].Author != s.BotUser() {
		t.Errorf("the channel shows %+v", list)
	}
}

// Without an answer in time the interaction is lost, and its token with it.
func TestNoAnswerInTime(t *testing.T) {
	t.Parallel()
	s, _, channel := start(t, discordfake.Options{Patience: 50 * time.Millisecond})
	must(t, register(t, s, object{"name": "ping", "description": "Ping"}), 200)
	if _, err := s.Command(ana, channel, "", "ping"); err == nil {
		t.Error("nobody is connected, and the command went through")
	}
	a := connect(t, s, 1)
	seen := make(chan object, 1)
	a.serve(func(in object) object { seen <- in; return nil })
	if _, err := s.Command(ana, channel, "", "ping"); err == nil {
		t.Error("nobody answered, and the command went through")
	}
	in := <-seen
	refusedWith(t, a.respond(in, object{"type": 4, "data": object{"content": "late"}}), 10062)
	refusedWith(t, call(t, s, "POST", hook(in), object{"content": "late"}), 10015)
}
