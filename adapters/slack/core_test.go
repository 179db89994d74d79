package slack

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// nobody is a core that knows dan.
type nobody struct{}

func (nobody) PersonOf(_ context.Context, a bot.Account) (bot.PersonID, error) {
	if a.User == "U0DAN" {
		return "dan", nil
	}
	return "", bot.ErrNoSuch
}

func (nobody) AccountOf(_ context.Context, p bot.PersonID, _ string) (bot.Account, bool, error) {
	return bot.Account{Platform: Platform, User: "U0" + strings.ToUpper(string(p))}, p == "dan", nil
}

func (nobody) Installation(context.Context) (string, error) { return "test", nil }

func (nobody) Home(context.Context, bot.Account) ([]bot.Message, error) { return nil, nil }

func (nobody) ObjectOf(context.Context, bot.MessageRef) (string, error) { return "", bot.ErrNoSuch }
func (nobody) PostedIn(context.Context, bot.Conversation) (bool, error) { return false, nil }
func (nobody) Preview(context.Context, string, bot.Account, []bot.Account) (bot.Message, error) {
	return bot.Message{}, bot.ErrNoSuch
}
func (nobody) Options(context.Context, bot.Account, string, string, string) ([]bot.Option, error) {
	return nil, nil
}
func (nobody) Learn(context.Context, []bot.Profile, time.Duration) error { return nil }
func (nobody) Take(ctx context.Context, _ string, in bot.Incoming)       { in.Answer(ctx, in.Do(ctx)) }

func TestCheckTokens(t *testing.T) {
	for _, c := range []struct{ bot, app, secret, want string }{
		{"xoxb-1", "xapp-1", "", ""}, {"xoxb-1", "", "abc", ""},
		{"xoxp-1", "xapp-1", "", "xoxb-"}, {"", "xapp-1", "", "xoxb-"}, {"xoxb-1", "xoxb-2", "", "xapp-"},
		{"xoxb-1", "", "", "SLACK_APP_TOKEN"}, {"xoxb-1", "", "xoxb-1", "Signing Secret"},
	} {
		err := CheckTokens(c.bot, c.app, c.secret)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
