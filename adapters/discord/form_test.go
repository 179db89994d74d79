package discord_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/bot"
)

// asks are the inputs of the modal before somebody, with what they show.
func (h *harness) asks(user string) (names []string, values map[string]string) {
	values = map[string]string{}
	for _, in := range inputs(h.fake.Modal(h.users[user])) {
		names = append(names, in.CustomID)
		if in.Value != "" {
			values[in.CustomID] = in.Value
		}
	}
	return names, values
}

// submits sends the modal off and returns the message that answers it.
func (h *harness) submits(t *testing.T, user string, values map[string]string) discordfake.Message {
	t.Helper()
	ack, err := h.fake.Submit(h.users[user], "", values)
	if err != nil {
		t.Fatal(err)
	}
	return ack.Message
}

// opens presses a button that opens a modal.
func (h *harness) opens(t *testing.T, user string, m discordfake.Message, label string) {
	t.Helper()
	ack, err := h.press(t, user, m, label)
	if err != nil || ack.Type != discordfake.Opened {
		t.Fatalf("%s: %+v, %v", label, ack, err)
	}
}

func text(m discordfake.Message) string { return plainly(discordfake.Ack{Message: m}) }

// A form of more than five inputs is asked in steps, which are kept, can be gone back to, and are carried out at the
// end, also when the program starts anew in between.
func TestAFormInSteps(t *testing.T) {
	byBothWays(t, func(t *testing.T, http bool) {
		h := world{http: http}.start(t)
		if _, err := h.types("dan", "", "long"); err != nil {
			t.Fatal(err)
		}
		first, _ := h.asks("dan")
		if len(first) != 5 {
			t.Fatalf("the first step asks %v", first)
		}
		kept := h.submits(t, "dan", map[string]string{first[0]: "one", first[1]: "two"})
		if !strings.Contains(text(kept), "Step 1 of 2 is kept.") || kept.Only == "" {
			t.Fatalf("%q", text(kept))
		}
		if seen := h.fake.Shown(h.users["ana"], h.channel); len(seen) > 0 {
			t.Errorf("ana sees %d messages", len(seen))
		}
		h.stop() // another process goes on
		h.things(nil)
		h.start(t, h.core.Receive)
		h.opens(t, "dan", kept, "Continue")
		second, _ := h.asks("dan")
		if slices.ContainsFunc(second, func(n string) bool { return slices.Contains(first, n) }) || len(second) != 3 {
			t.Fatalf("the second step asks %v", second)
		}
		h.fake.Dismiss(h.users["dan"]) // closed by mistake; the button is still there
		h.opens(t, "dan", kept, "Continue")
		answer := h.submits(t, "dan", map[string]string{"what": "this", "who": h.users["ana"]})
		if got := text(answer); !strings.Contains(got, "done: this//ana//one/two////") {
			t.Errorf("%q", got)
		}
	})
}

// What is missing or wrong is told with the way to mend it, and nothing else has to be typed again.
func TestAFormIsFixed(t *testing.T) {
	h := world{}.start(t)
	if _, err := h.types("dan", "", "attach"); err != nil {
		t.Fatal(err)
	}
	wrong := h.submits(t, "dan", map[string]string{"what": "kept words", "who": h.fake.BotUser(), "file": "small"})
	if got := text(wrong); !strings.Contains(got, "cannot take this on") || !strings.Contains(got, "attach it again") {
		t.Fatalf("%q", got)
	}
	h.opens(t, "dan", wrong, "Fix")
	names, _ := h.asks("dan")
	if slices.Contains(names, "what") || !slices.Contains(names, "who") || !slices.Contains(names, "file") {
		t.Errorf("it asks %v", names)
	}
	answer := h.submits(t, "dan", map[string]string{"who": h.users["ana"], "file": "again"})
	if got := text(answer); !strings.Contains(got, "done: kept words//ana/again") {
		t.Errorf("%q", got)
	}
}

// Where somebody else changed the same meanwhile, people are told, and may fix it or save it as it is.
func TestAConflict(t *testing.T) {
	for _, how := range []string{"Fix", "Save as it is"} {
		t.Run(how, func(t *testing.T) {
			h := world{}.start(t)
			h.conflicts.Store(1)
			if _, err := h.types("dan", "", "change"); err != nil {
				t.Fatal(err)
			}
			wrong := h.submits(t, "dan", map[string]string{"what": "mine"})
			if !strings.Contains(text(wrong), "Ana changed it meanwhile.") {
				t.Fatalf("%q", text(wrong))
			}
			if how == "Fix" {
				h.opens(t, "dan", wrong, how)
				if _, values := h.asks("dan"); values["what"] != "mine" {
					t.Errorf("it shows %v", values)
				}
				if got := text(h.submits(t, "dan", map[string]string{"what": "ours"})); !strings.Contains(got, "done: ours") {
					t.Errorf("%q", got)
				}
				return
			}
			ack, err := h.press(t, "dan", wrong, how)
			if err != nil || !strings.Contains(plainly(ack), "done: mine") {
				t.Errorf("%q, %v", plainly(ack), err)
			}
		})
	}
}

// Somebody who cannot be chosen in one step is told, and the steps after it are still asked.
func TestAWrongPersonInAStepKeepsTheRest(t *testing.T) {
	h := world{}.start(t)
	if _, err := h.types("dan", "", "long"); err != nil {
		t.Fatal(err)
	}
	first, _ := h.asks("dan")
	kept := h.submits(t, "dan", map[string]string{first[0]: "one"})
	h.opens(t, "dan", kept, "Continue")
	wrong := h.submits(t, "dan", map[string]string{"what": "this", "who": h.fake.BotUser()})
	if got := text(wrong); !strings.Contains(got, "cannot take this on") {
		t.Fatalf("%q", got)
	}
	h.opens(t, "dan", wrong, "Fix")
	answer := h.submits(t, "dan", map[string]string{"who": h.users["ben"]})
	if got := text(answer); !strings.Contains(got, "done: this//ben//one") {
		t.Errorf("%q", got)
	}
}

// Where the steps that follow were not asked yet, the step is asked again, and then the others.
func TestAWrongPersonInAnEarlierStepKeepsTheSteps(t *testing.T) {
	h := world{}.start(t)
	if _, err := h.types("dan", "", "early"); err != nil {
		t.Fatal(err)
	}
	wrong := h.submits(t, "dan", map[string]string{"who": h.fake.BotUser(), "f1": "one"})
	if got := text(wrong); !strings.Contains(got, "cannot take this on") {
		t.Fatalf("%q", got)
	}
	h.opens(t, "dan", wrong, "Open the form")
	if _, values := h.asks("dan"); values["f1"] != "one" {
		t.Errorf("it shows %v", values)
	}
	kept := h.submits(t, "dan", map[string]string{"who": h.users["ben"], "f2": "two"})
	if got := text(kept); !strings.Contains(got, "Step 1 of 2 is kept.") {
		t.Fatalf("%q", got)
	}
	h.opens(t, "dan", kept, "Continue")
	names, _ := h.asks("dan")
	if answer := h.submits(t, "dan", map[string]string{names[0]: "five"}); !strings.Contains(
		text(answer), "done: //ben//one/two///five",
	) {
		t.Errorf("%q", text(answer))
	}
}

// A form with nothing left to fill in may be sent off without its last step.
func TestAFormWithoutTheRest(t *testing.T) {
	h := world{}.start(t)
	optional := bot.Message{
		Sections: []bot.Section{bot.Para("press")},
		Actions: []bot.Action{{
			Label: "Long", Command: "thing.long", Form: true, Values: map[string]string{"what": "given before"},
		}},
	}
	ref, err := h.core.Post(t.Context(), "thing.button/long", "", h.Place(), optional)
	if err != nil {
		t.Fatal(err)
	}
	m, _ := h.fake.Message(h.channel, ref.ID)
	h.opens(t, "dan", m, "Long")
	first, _ := h.asks("dan")
	kept := h.submits(t, "dan", map[string]string{first[0]: "one"})
	ack, err := h.press(t, "dan", kept, "Save without the rest")
	if err != nil || !strings.Contains(plainly(ack), "done: given before////one") {
		t.Errorf("%q, %v", plainly(ack), err)
	}
}

// A form belongs to who opened it, even when somebody else gets hold of its token.
func TestSomebodyElsesForm(t *testing.T) {
	h := world{}.start(t)
	if _, err := h.types("dan", "", "do"); err != nil {
		t.Fatal(err)
	}
	id, _ := h.fake.Modal(h.users["dan"])["custom_id"].(string)
	r := h.core.Receive(t.Context(), bot.Request{
		From: account(h.users["ana"]), Place: h.Place(), Token: id[strings.LastIndex(id, " ")+1:],
		Values: map[string]string{"what": "x"},
	})
	if r.Status != bot.Refused {
		t.Errorf("%s", r.Status)
	}
}

// What is too large, and what is not at Discord, is not fetched; the rest of the form is kept.
func TestFiles(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"small":               {"small", "done: words///small"},
		"larger than allowed": {strings.Repeat("x", 1001), "the limit is"},
	} {
		t.Run(name, func(t *testing.T) {
			h := world{}.start(t)
			if _, err := h.types("dan", "", "attach"); err != nil {
				t.Fatal(err)
			}
			got := text(h.submits(t, "dan", map[string]string{"what": "words", "file": c.file}))
			if !strings.Contains(got, c.want) {
				t.Errorf("%q", got)
			}
		})
	}
	t.Run("elsewhere", func(t *testing.T) {
		s := newSigning(t)
		for _, at := range []string{
			"https://example.com/a", "http://cdn.discordapp.com/a", "https://cdn.discordapp.com@example.com/a",
			"file:///etc/passwd",
			"https://cdn.discordapp.com.example.com/a", "//cdn.discordapp.com/a",
			"https://169.254.169.254/latest", "", "%zz",
			"https://cdn.discordapp.com:8443/a",
		} {
			body := s.answered(t, s.interaction(attaching(at, 10)))
			if list := s.requests(); len(list[len(list)-1].Files) > 0 || !list[len(list)-1].Draft {
				t.Errorf("%s: %+v, %s", at, list[len(list)-1], body)
			}
		}
		s.answered(t, s.interaction(attaching("https://cdn.discordapp.com/a", 17<<20)))
		if list := s.requests(); len(list[len(list)-1].Files) > 0 || !list[len(list)-1].Draft {
			t.Errorf("a large one: %+v", list[len(list)-1])
		}
	})
}

// attaching makes an interaction a submitted modal with a file.
func attaching(url string, size int) func(map[string]any) {
	return func(in map[string]any) {
		in["type"], in["data"] = 5, map[string]any{
			"custom_id": "form - token", "components": []any{map[string]any{"type": 18, "component": map[string]any{
				"type": 19, "custom_id": "file", "values": []any{"7"},
			}}},
			"resolved": map[string]any{"attachments": map[string]any{"7": map[string]any{
				"id": "7", "filename": "a.txt", "size": size, "url": url,
			}}},
		}
	}
}

// A button that asks first does nothing until somebody is sure; its question is theirs alone.
func TestConfirm(t *testing.T) {
	byBothWays(t, func(t *testing.T, http bool) {
		h := world{http: http}.start(t)
		m := h.button(t, bot.Action{
			Label: "Drop", Command: "thing.see", Args: map[string]string{"why": "sure"}, Confirm: "It cannot be undone.",
		})
		for _, c := range []struct{ press, want string }{{"Cancel", "Nothing was done."}, {"Drop", "done: /sure"}} {
			asked, err := h.press(t, "dan", m, "Drop")
			if err != nil || asked.Message.Only != h.users["dan"] || !strings.Contains(plainly(asked), "It cannot be undone.") {
				t.Fatalf("%+v %q %v", asked, plainly(asked), err)
			}
			ack, err := h.press(t, "dan", asked.Message, c.press)
			if err != nil || !strings.Contains(plainly(ack), c.want) {
				t.Errorf("%s: %q, %v", c.press, plainly(ack), err)
			}
		}
		if later, _ := h.fake.Message(h.channel, m.ID); later.Edited || later.Deleted {
			t.Errorf("the card changed: %+v", later)
		}
	})
}

// People are told what they may not do, whoever they are to Discord.
func TestWhoMayAct(t *testing.T) {
	for name, c := range map[string]struct {
		user discordfake.User
		want string
	}{
		"a member":    {discordfake.User{}, "noted"},
		"a guest":     {discordfake.User{Guest: true}, ""},
		"pending":     {discordfake.User{Pending: true}, ""},
		"a bot":       {discordfake.User{Bot: true}, ""},
		"a nickname":  {discordfake.User{Nick: "Danny"}, "noted"},
		"global name": {discordfake.User{GlobalName: "Dan the Man"}, "noted"},
	} {
		t.Run(name, func(t *testing.T) {
			h := world{}.start(t)
			c.user.ID, c.user.Name = h.users["dan"], "dan"
			h.fake.AddUser(c.user)
			ack, err := h.types("dan", "", "note", discordfake.Opt("text", "x"))
			if err != nil {
				t.Fatal(err)
			}
			done := strings.Contains(plainly(ack), "noted")
			if done != (c.want != "") || plainly(ack) == "" {
				t.Errorf("%q", plainly(ack))
			}
		})
	}
}
