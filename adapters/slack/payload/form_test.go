package payload_test

import (
	"testing"

	"github.com/watchbell/watchbell/adapters/slack/payload"
)

func TestFields(t *testing.T) {
	for body, want := range map[string]payload.Command{
		"command=%2Fincident&text=a+b%26c&text=second": {Command: "/incident", Text: "a b&c"},
		"text&=x&command":      {},
		"unknown=1&user_id=U1": {User: "U1"},
		"":                     {},
	} {
		var got payload.Command
		if err := payload.Fields(body, func(name, value string) bool { got.Set(name, value); return true }); err != nil ||
			got != want {
			t.Errorf("%q: %+v %v", body, got, err)
		}
	}
	for _, body := range []string{"text=%zz", "text=%", "a=1;b=2"} {
		if err := payload.Fields(body, func(string, string) bool { return true }); err == nil {
			t.Errorf("%q was taken", body)
		}
	}
}
