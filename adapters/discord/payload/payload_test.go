package payload_test

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/payload"
)

func TestVerify(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	v, err := payload.NewVerifier(hex.EncodeToString(public))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 8, 3, 9, 0, 0, 0, time.UTC)
	sign := func(stamp, body string) string { return hex.EncodeToString(ed25519.Sign(private, []byte(stamp+body))) }
	at := func(d time.Duration) string { return strconv.FormatInt(now.Add(d).Unix(), 10) }
	for name, c := range map[string]struct {
		stamp, signed, body string
		want                error
	}{
		"genuine":                   {at(0), sign(at(0), "x"), "x", nil},
		"five minutes old":          {at(-5 * time.Minute), sign(at(-5*time.Minute), "x"), "x", nil},
		"older":                     {at(-301 * time.Second), sign(at(-301*time.Second), "x"), "x", payload.ErrStale},
		"ahead":                     {at(6 * time.Minute), sign(at(6*time.Minute), "x"), "x", payload.ErrStale},
		"no time":                   {"", sign("", "x"), "x", payload.ErrStale},
		"a signed word as its time": {"soon", sign("soon", "x"), "x", payload.ErrStale},
		"an enormous time":          {"9223372036854775807", sign("9223372036854775807", "x"), "x", payload.ErrStale},
		"the least time":            {"-9223372036854775808", sign("-9223372036854775808", "x"), "x", payload.ErrStale},
		"another body":              {at(0), sign(at(0), "x"), "y", payload.ErrSignature},
		"a shifted border":          {at(0), sign(at(0)+"1", "x"), "1x", nil}, // Discord signs no border
		"no signature":              {at(0), "", "x", payload.ErrSignature},
		"no hex":                    {at(0), strings.Repeat("z", 128), "x", payload.ErrSignature},
		"too long":                  {at(0), sign(at(0), "x") + "00", "x", payload.ErrSignature},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{}
			h.Set("X-Signature-Ed25519", c.signed)
			h.Set("X-Signature-Timestamp", c.stamp)
			if err := v.Verify(h, []byte(c.body), now); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
	for _, key := range []string{"", "zz", strings.Repeat("ab", 31), strings.Repeat("ab", 33)} {
		if _, err := payload.NewVerifier(key); err == nil {
			t.Errorf("%q is a key", key)
		}
	}
}

func TestIDs(t *testing.T) {
	at := time.Date(2026, 8, 3, 9, 0, 0, 123e6, time.UTC)
	if got := payload.When(payload.IDAt(at)); !got.Equal(at) {
		t.Errorf("%s becomes %s", at, got)
	}
	for _, id := range []string{"", "x", "-1", "99999999999999999999", "1.5"} {
		if !payload.When(id).IsZero() {
			t.Errorf("%q has a time", id)
		}
	}
	if got := payload.IDAt(time.Time{}); got != "0" {
		t.Errorf("long ago is %s", got)
	}
}

func TestGuests(t *testing.T) {
	now := time.Date(2026, 8, 3, 9, 0, 0, 0, time.UTC)
	for text, want := range map[string]bool{
		`{}`: false, `{"flags": 16}`: true, `{"flags": 15}`: false, `{"flags": 48}`: true, `{"pending": true}`: true,
		`{"communication_disabled_until": null}`:                               false,
		`{"communication_disabled_until": "2026-08-03T09:00:01.000000+00:00"}`: true,
		`{"communication_disabled_until": "2026-08-03T08:59:59.000000+00:00"}`: false,
	} {
		var m payload.Member
		if err := json.Unmarshal([]byte(text), &m); err != nil || m.Guest(now) != want {
			t.Errorf("%s: %v, %v", text, m.Guest(now), err)
		}
	}
}

// FuzzInteraction: what is in any JSON can be asked without a panic.
func FuzzInteraction(f *testing.F) {
	for _, text := range []string{
		`{}`, `null`, `{"member":{}}`, `{"member":{"user":null},"user":{"id":"1"}}`,
		`{"channel":{"type":11,"parent_id":"1"}}`,
		`{"data":{"components":[{"component":{"components":[{"custom_id":"a"}]}},{"component":null}]}}`,
		`{"data":{"options":[{"value":1.5},{"value":null},{"value":[]}]}}`, `{"message":{"flags":64}}`,
		`{"authorizing_integration_owners":{"0":"1"}}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var in payload.Interaction
		if json.Unmarshal(data, &in) != nil {
			return
		}
		if in.Member == nil && in.User == nil && in.Actor().ID != "" {
			t.Error("somebody acts whom nothing names")
		}
		if channel, thread := in.Place(); thread != "" && channel == "" {
			t.Error("a thread without a channel")
		}
		for _, part := range in.Data.Inputs() {
			if part.CustomID == "" {
				t.Error("an input without a name")
			}
		}
		for _, o := range in.Data.Options {
			_ = o.Text()
		}
		_ = in.InstalledIn()
	})
}
