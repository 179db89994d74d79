package webapi_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/slack/webapi"
)

func TestErrorsHideTokens(t *testing.T) {
	c := webapi.New(webapi.Options{BotToken: "xoxb-test", Secrets: []string{"signing"}, Now: time.Now})
	for _, text := range []string{"post token=xoxb-test: refused", "signed with signing"} {
		if got := c.Redact(errors.New(text)); got == text || strings.Contains(got, "xoxb-test") ||
			strings.Contains(got, "signing ") {
			t.Error(got)
		}
	}
}
