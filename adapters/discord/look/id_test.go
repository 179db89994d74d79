package look_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/watchbell/watchbell/adapters/discord/look"
	"github.com/watchbell/watchbell/bot"
)

func TestIDs(t *testing.T) {
	for text, want := range map[string]look.ID{
		"~abc-_1":          {Kind: look.PressID, Token: "~abc-_1"},
		"1 ~abc":           {Kind: look.PressID, Number: 1, Token: "~abc"},
		"? ~abc":           {Kind: look.AskID, Token: "~abc"},
		"?2 ~abc":          {Kind: look.AskID, Number: 2, Token: "~abc"},
		"more":             {Kind: look.MoreID},
		"more 1":           {Kind: look.MoreID, Number: 1},
		"cancel":           {Kind: look.CancelID},
		"step 0 FORM":      {Kind: look.StepID, Token: "FORM"},
		"step 10 FORM":     {Kind: look.StepID, Offset: 10, Token: "FORM"},
		"fix 3 FORM":       {Kind: look.FixID, Inputs: []int{3}, Token: "FORM"},
		"fix 0.11.39 FORM": {Kind: look.FixID, Inputs: []int{0, 11, 39}, Token: "FORM"},
		"send FORM":        {Kind: look.SendID, Token: "FORM"},
		"form 5 FORM":      {Kind: look.FormID, Next: 5, Token: "FORM"},
		"form - FORM":      {Kind: look.FormID, Next: look.NoNext, Token: "FORM"},
	} {
		t.Run(text, func(t *testing.T) {
			got := look.ReadID(text)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if got.String() != text {
				t.Errorf("it is written %q", got)
			}
		})
	}
}

func TestWhatIsNoID(t *testing.T) {
	for _, text := range []string{
		"", " ", "  ", "a b", "0 abc", "01 abc", "-1 abc", "?0 abc", "?x abc", "more x", "more 0", "cancel it", "step 1",
		"step x FORM", "step -1 FORM", "step +1 FORM", "step 1 FORM x", "fix FORM", "fix . FORM", "fix 1. FORM", "form FORM",
		"form -1 FORM", "form -2 FORM", "send  FORM", "send FORM ", "other 1 FORM",
	} {
		t.Run(text, func(t *testing.T) {
			if got := look.ReadID(text); got.Kind != "" {
				t.Errorf("%+v", got)
			}
		})
	}
}

// A token of the size that the core is told fits beside all that an id has to say.
func TestTheLargestTokenFits(t *testing.T) {
	token := strings.Repeat("t", look.TokenSize)
	var acts []bot.Action
	for range bot.MaxButtons {
		acts = append(acts, bot.Action{Label: "Go", Confirm: "Sure?", Token: token})
	}
	b := look.Message(bot.Message{Title: "Equal", Actions: acts})
	if len(b.Lost) > 0 {
		t.Errorf("lost %v", b.Lost)
	}
	check(t, b)
	for _, id := range []look.ID{
		{Kind: look.FixID, Inputs: []int{35, 36, 37, 38, 39}, Token: strings.Repeat("F", 26)},
		{Kind: look.FormID, Next: bot.MaxInputs, Token: strings.Repeat("F", 26)},
	} {
		if len(id.String()) > 100 {
			t.Errorf("%q has %d characters", id, len(id.String()))
		}
	}
}
