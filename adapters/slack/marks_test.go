package slack_test

import (
	"testing"

	"github.com/watchbell/watchbell/adapters/slack"
	"github.com/watchbell/watchbell/adapters/slack/slackfake"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// After a lost answer only a message of this installation, by our own bot, counts as ours. Everybody can copy a mark.
func TestForeignMarksAreNotAdopted(t *testing.T) {
	h := newWorld(t, false)
	ours, err := h.core.Installation(t.Context())
	if err != nil || ours == "" {
		t.Fatal(ours, err)
	}
	mark := func(installation any) map[string]any {
		payload := map[string]any{"key": "card"}
		if installation != nil {
			payload["installation"] = installation
		}
		return map[string]any{"event_type": "watchbell_message", "event_payload": payload}
	}
	for name, foreign := range map[string]slackfake.Message{
		"another app's bot, our mark":       {User: "U0OTHER", Bot: "B0OTHER", Metadata: mark(ours)},
		"a person, our mark":                {User: "dan", Metadata: mark(ours)},
		"another installation of the app":   {User: h.fake.BotUser(), Metadata: mark("0123456789ab")},
		"the app, without any installation": {User: h.fake.BotUser(), Metadata: mark(nil)},
	} {
		t.Run(name, func(t *testing.T) {
			to := bot.Conversation{
				Platform: slack.Platform, Workspace: workspace, Channel: h.fake.AddChannel("room-"+value.Slug(name, 40), "dan"),
			}
			foreign.Channel, foreign.Text = to.Channel, "adopt me"
			theirs := h.fake.AddMessage(foreign)
			ref, err := h.adapter.Post(t.Context(), to, bot.Say("ours"), "card")
			if err != nil || ref.ID == theirs || len(h.fake.Messages(to.Channel)) != 2 {
				t.Errorf("%+v %v: the other one is adopted", ref, err)
			}
			again, err := h.adapter.Post(t.Context(), to, bot.Say("ours"), "card")
			if err != nil || again != ref {
				t.Errorf("our own is not found again: %+v %v", again, err)
			}
		})
	}
}

func TestWhichLinksLeadToMessages(t *testing.T) {
	h := newWorld(t, true)
	for link, want := range map[string]string{
		"https://northwind.slack.com/archives/C024BE7LD/p1764079320000100":                                           "C024BE7LD 1764079320.000100",
		"https://northwind.slack.com/archives/C024BE7LD/p1764079320000100?thread_ts=1764079300.000100&cid=C024BE7LD": "C024BE7LD 1764079320.000100",
		"https://northwind.enterprise.slack.com/archives/C024BE7LD/p1764079320000100":                                "C024BE7LD 1764079320.000100",
		"https://northwind.slack.com.evil.example/archives/C024BE7LD/p1764079320000100":                              "",
		"http://northwind.slack.com/archives/C024BE7LD/p1764079320000100":                                            "",
		"https://northwind.slack.com/archives/C024BE7LD":                                                             "",
		"https://evil.example/?https://northwind.slack.com/archives/C024BE7LD/p1764079320000100":                     "",
		"https://northwind.slack.com/archives/C024BE7LD/p17640793200001001":                                          "",
	} {
		ref, ok := h.adapter.MessageAt(t.Context(), link)
		got := ""
		if ok {
			got = ref.Channel + " " + ref.ID
		}
		if got != want || ok && ref.Workspace != workspace {
			t.Errorf("%s leads to %q, want %q", link, got, want)
		}
	}
}
