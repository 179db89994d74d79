package directory_test

import (
	"context"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/slack/directory"
	"github.com/watchbell/watchbell/bot"
)

// core knows dan.
type core struct{}

func (core) PersonOf(_ context.Context, a bot.Account) (bot.PersonID, error) {
	if a.User == "U0DAN" {
		return "dan", nil
	}
	return "", bot.ErrNoSuch
}

func (core) Learn(context.Context, []bot.Profile, time.Duration) error { return nil }

func TestTyped(t *testing.T) {
	r := directory.New(directory.Options{Core: core{}})
	for in, want := range map[string]string{
		"hand to <@U0DAN> now": "hand to @dan now",
		// nobody here: the label may be somebody else's name
		"hand to <@U0EVE|eve> now":                                      "hand to @U0EVE[eve] now",
		"see <https://example.org/a?b=1&amp;c=2>":                       "see https://example.org/a?b=1&c=2",
		"see <https://example.org|our page>":                            "see https://example.org",
		"see <http://example.org|example.org>":                          "see example.org",
		"Mail to <mailto:ops@example.com|ops@example.com> bounces sev3": "Mail to ops@example.com bounces sev3",
		"ask <mailto:a@b.example> or <tel:+4930123|+49 30 123>":         "ask a@b.example or +49 30 123",
		`present=<mailto:ana@x.example|ana@x.example>`:                  "present=ana@x.example",
		"in <#C1|general> &lt;b&gt;":                                    "in #general <b>",
		"<!here> and <!subteam^S1|@ops>":                                "@here and slack:@ops",
		"a < b & c":                                                     "a < b & c",
		"<unclosed":                                                     "<unclosed",
	} {
		if got := r.Quoted(t.Context(), "T1", in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
