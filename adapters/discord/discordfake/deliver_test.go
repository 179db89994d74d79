package discordfake_test

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
)

// endpoint is an application that takes interactions by HTTP and verifies them.
func endpoint(t *testing.T, s *discordfake.Server, now func() time.Time, answer func(in object) (int, object)) string {
	t.Helper()
	key, err := hex.DecodeString(s.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		at := r.Header.Get("X-Signature-Timestamp")
		signature, _ := hex.DecodeString(r.Header.Get("X-Signature-Ed25519"))
		seconds, _ := strconv.ParseInt(at, 10, 64)
		age := now().Sub(time.Unix(seconds, 0))
		if !ed25519.Verify(key, append([]byte(at), body...), signature) || age > 5*time.Minute {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		var in object
		_ = json.Unmarshal(body, &in)
		status, out := answer(in)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		if out != nil {
			_ = json.NewEncoder(w).Encode(out)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL + "/interactions"
}

func TestInteractionsByHTTP(t *testing.T) {
	t.Parallel()
	s, c, channel := start(t, discordfake.Options{})
	must(t, register(t, s, command("ask")), 200)
	var status int
	var out object
	var seen []object
	s.SetAppURL(endpoint(t, s, c.now, func(in object) (int, object) {
		if in["type"] == 1.0 {
			return 200, object{"type": 1}
		}
		seen = append(seen, in)
		return status, out
	}))
	for f, wanted := range map[discordfake.Forgery]int{
		discordfake.Genuine: 200, discordfake.WrongSignature: 401, discordfake.NoSignature: 401, discordfake.OtherBody: 401,
		discordfake.OldTimestamp: 401,
	} {
		got, body, err := s.Ping(f)
		if err != nil || got != wanted || wanted == 200 && strings.TrimSpace(body) != `{"type":1}` {
			t.Errorf("forgery %d: answered %d %s, %v", f, got, body, err)
		}
	}
	status, out = 200, object{"type": 4, "data": object{"content": "inline"}}
	ack, err := s.Command(ana, channel, "key", "ask")
	if err != nil || ack.Message.Content != "inline" {
		t.Fatalf("answered %+v, %v", ack, err)
	}
	must(t, call(t, s, "POST", hook(seen[0]), object{"content": "more"}), 200)
	if again, err := s.Command(ana, channel, "key", "ask"); err != nil || again.Type != 0 || len(seen) != 2 {
		t.Errorf("again: %+v, %v", again, err)
	}
	if got, _, err := s.Forge("key", discordfake.OldTimestamp); err != nil || got != 401 || len(seen) != 2 {
		t.Errorf("a repetition is answered %d, %v", got, err)
	}
	if calls := s.Calls(discordfake.ByHTTP, ""); len(calls) != 2 || calls[0].JSON["type"] != json.Number("4") {
		t.Errorf("the answers are %+v", calls)
	}
	for name, row := range map[string]struct {
		status int
		out    object
	}{
		"an error":       {500, nil},
		"a wrong answer": {200, object{"type": 8, "data": object{"choices": []any{}}}},
		"no answer":      {200, nil},
		"a long message": {200, object{"type": 4, "data": object{"content": strings.Repeat("a", 2001)}}},
	} {
		status, out = row.status, row.out
		if _, err := s.Command(ana, channel, "", "ask"); err == nil {
			t.Errorf("%s: went through", name)
		}
	}
	s.SetAppURL(endpoint(t, s, c.now, func(in object) (int, object) {
		call(t, s, "POST", "/interactions/"+in["id"].(string)+"/"+in["token"].(string)+"/callback",
			object{"type": 4, "data": object{"content": "by callback"}})
		return 202, nil
	}))
	if ack, err = s.Command(ana, channel, "", "ask"); err != nil || ack.Message.Content != "by callback" {
		t.Errorf("answered %+v, %v", ack, err)
	}
}
