package passkey_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/adapters/web/login/passkey"
	"github.com/watchbell/watchbell/adapters/web/login/passkey/passkeytest"
	"github.com/watchbell/watchbell/bot"
)

const origin = "https://ops.example.com"

var (
	now = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	ana = bot.Person{ID: "ana", Name: "Ana Silva", Active: true}
)

// world is a site and somebody's authenticator.
type world struct {
	t    *testing.T
	site *passkey.Site
	auth *passkeytest.Authenticator
	kept []passkey.Passkey
}

func newWorld(t *testing.T) *world {
	t.Helper()
	site, err := passkey.New(origin, "Example Shop", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, site: site, auth: passkeytest.New(t, origin)}
}

// kept brings a ceremony to where it is remembered and back.
func kept(t *testing.T, c passkey.Ceremony) (back passkey.Ceremony) {
	t.Helper()
	raw, err := json.Marshal(c)
	if err == nil {
		err = json.Unmarshal(raw, &back)
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(raw) > 2000 {
		t.Errorf("%d bytes are too many for a cookie", len(raw))
	}
	return back
}

func (w *world) find(id []byte) (passkey.Passkey, error) {
	for _, p := range w.kept {
		if bytes.Equal(p.ID, id) {
			return p, nil
		}
	}
	return passkey.Passkey{}, passkey.ErrUnknown
}

func (w *world) make(who bot.Person) passkey.Passkey {
	w.t.Helper()
	options, c, err := w.site.BeginMake(who, w.kept)
	if err != nil {
		w.t.Fatal(err)
	}
	p, err := w.site.Make(kept(w.t, c), w.auth.Make(options), "Laptop", now)
	if err != nil {
		w.t.Fatal(err)
	}
	w.kept = append(w.kept, p)
	return p
}

func (w *world) begin() (any, passkey.Ceremony) {
	w.t.Helper()
	options, c, err := w.site.BeginUse()
	if err != nil {
		w.t.Fatal(err)
	}
	return options, kept(w.t, c)
}

func TestAPasskeyIsMadeAndUsed(t *testing.T) {
	w := newWorld(t)
	w.auth.Counter = 7
	made := w.make(ana)
	if made.Person != "ana" || made.Name != "Laptop" || made.Counter != 7 || made.Synced || !made.Made.Equal(now) ||
		bytes.Contains(made.Handle, []byte("ana")) || len(made.Handle) < 16 {
		t.Errorf("made %+v", made)
	}
	for n := range 3 {
		options, c := w.begin()
		used, err := w.site.Use(c, w.auth.Use(options, w.auth.Keys[0]), now.Add(time.Hour), w.find)
		if err != nil || used.Person != "ana" || used.Counter != uint32(8+n) || !used.Used.Equal(now.Add(time.Hour)) {
			t.Fatalf("used %+v, %v", used, err)
		}
		w.kept[0] = used
	}
}

func TestSomebodyHasSeveral(t *testing.T) {
	w := newWorld(t)
	first, second := w.make(ana), w.make(ana)
	if !bytes.Equal(first.Handle, second.Handle) || bytes.Equal(first.ID, second.ID) {
		t.Error("both are one, or of two people")
	}
	options, _, err := w.site.BeginMake(ana, w.kept)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(options)
	if err != nil {
		t.Fatal(err)
	}
	var said struct {
		ExcludeCredentials     []any
		AuthenticatorSelection struct{ ResidentKey, UserVerification string }
		Attestation            string
		RP                     struct{ ID, Name string }
	}
	if err := json.Unmarshal(raw, &said); err != nil {
		t.Fatal(err)
	}
	if len(said.ExcludeCredentials) != 2 || said.AuthenticatorSelection.ResidentKey != "required" ||
		said.AuthenticatorSelection.UserVerification != "required" || said.RP.ID != "ops.example.com" {
		t.Errorf("asked for %s", raw)
	}
}

func TestAnswersThatAreRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		lie    func(*world)
		change func(*passkey.Ceremony)
		reason string
	}{
		{"a page elsewhere", func(w *world) { w.auth.Origin = "https://ops.example.com.evil.example" }, nil, "origin"},
		{"http in place of https", func(w *world) { w.auth.Origin = "http://ops.example.com" }, nil, "origin"},
		{"another port", func(w *world) { w.auth.Origin = origin + ":8443" }, nil, "origin"},
		{"another site", func(w *world) { w.auth.Site = "example.com" }, nil, "RP"},
		{"nobody was there", func(w *world) { w.auth.Flags = passkeytest.Verified }, nil, "presen"},
		{"nobody was verified", func(w *world) { w.auth.Flags = passkeytest.Present }, nil, "erif"},
		{"on several devices all at once", func(w *world) { w.auth.Flags |= passkeytest.Syncable | passkeytest.Synced }, nil, "ackup"},
		{"the making of one", func(w *world) { w.auth.Type = "webauthn.create" }, nil, "ceremony|type"},
		{"another challenge", nil, func(c *passkey.Ceremony) { c.Session.Challenge = strings.Repeat("A", 43) }, "challenge"},
		{"no challenge", nil, func(c *passkey.Ceremony) { c.Session.Challenge = "" }, "hallenge"},
		{"the ceremony of making one", nil, func(c *passkey.Ceremony) { c.Person = "ana" }, "making"},
		{"revoked", func(w *world) { w.kept = nil }, nil, "no passkey like this"},
		{"somebody else's", func(w *world) { w.auth.Keys[0].Handle = []byte("ben's handle, which is another one") }, nil, "somebody else"},
		{"no handle", func(w *world) { w.auth.Keys[0].Handle = nil }, nil, "andle"},
		{"another authenticator's key with its id", func(w *world) {
			other := passkeytest.New(w.t, origin)
			options, _, err := w.site.BeginMake(ana, nil)
			if err != nil {
				w.t.Fatal(err)
			}
			other.Make(options)
			other.Keys[0].ID = w.auth.Keys[0].ID
			other.Counter = 100
			w.auth = other
		}, nil, "ignature|verif"},
		{"counted back", func(w *world) { w.kept[0].Counter = 50 }, nil, "copy"},
		{"counted the same again", func(w *world) { w.kept[0].Counter = w.auth.Counter + 1 }, nil, "copy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.make(ana)
			if c.lie != nil {
				c.lie(w)
			}
			options, ceremony := w.begin()
			if c.change != nil {
				c.change(&ceremony)
			}
			used, err := w.site.Use(ceremony, w.auth.Use(options, w.auth.Keys[0]), now, w.find)
			if err == nil || !contains(err, c.reason) {
				t.Errorf("used %+v, %v", used, err)
			}
			if (used.Person != "") != errors.Is(err, passkey.ErrCopied) {
				t.Errorf("refused with %v, and yet it is %s", err, used.Person)
			}
		})
	}
}

func contains(err error, reasons string) bool {
	for reason := range strings.SplitSeq(reasons, "|") {
		if strings.Contains(err.Error(), reason) {
			return true
		}
	}
	return false
}

func TestMakingThatIsRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		lie    func(*world)
		change func(*passkey.Ceremony)
		reason string
	}{
		{"a page elsewhere", func(w *world) { w.auth.Origin = "https://evil.example.com" }, nil, "origin"},
		{"another site", func(w *world) { w.auth.Site = "example.com" }, nil, "RP"},
		{"nobody was verified", func(w *world) { w.auth.Flags = passkeytest.Present }, nil, "erif"},
		{"another challenge", nil, func(c *passkey.Ceremony) { c.Session.Challenge = strings.Repeat("A", 43) }, "challenge"},
		{"somebody else's ceremony", nil, func(c *passkey.Ceremony) { c.Person = "ben" }, "ID mismatch"},
		{"the use of one", func(w *world) { w.auth.Type = "webauthn.get" }, nil, "ceremony|type"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			if c.lie != nil {
				c.lie(w)
			}
			options, ceremony, err := w.site.BeginMake(ana, nil)
			if err != nil {
				t.Fatal(err)
			}
			if c.change != nil {
				c.change(&ceremony)
			}
			if made, err := w.site.Make(ceremony, w.auth.Make(options), "x", now); err == nil || !contains(err, c.reason) {
				t.Errorf("made %+v, %v", made, err)
			}
		})
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	w := newWorld(t)
	w.make(ana)
	_, c := w.begin()
	_, made, err := w.site.BeginMake(ana, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range []string{"", "null", "{}", "[]", `{"id":"x"}`, `{"id":"eA","rawId":"eA","type":"public-key"}`, "\x00"} {
		if _, err := w.site.Use(c, []byte(raw), now, w.find); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("used by %q: %v", raw, err)
		}
		if _, err := w.site.Make(made, []byte(raw), "x", now); err == nil {
			t.Errorf("made by %q", raw)
		}
	}
}

func TestALostDatabaseIsNobodysFault(t *testing.T) {
	w := newWorld(t)
	w.make(ana)
	options, c := w.begin()
	lost := errors.New("database lost")
	_, err := w.site.Use(c, w.auth.Use(options, w.auth.Keys[0]), now, func([]byte) (passkey.Passkey, error) {
		return passkey.Passkey{}, lost
	})
	if !errors.Is(err, lost) {
		t.Errorf("got %v", err)
	}
}

func TestWherePasskeysWork(t *testing.T) {
	for address, says := range map[string]string{
		"https://ops.example.com": "", "http://localhost:8080": "", "https://localhost": "",
		"http://127.0.0.1:8080": "is an address", "https://192.0.2.1": "is an address", "https://[2001:db8::1]": "is an address",
		"http://ops.example.com": "need https", "": "not an address", "ops.example.com": "not an address",
	} {
		err := passkey.Fits(address)
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", address, err)
		}
		if _, made := passkey.New(address, "x", []byte("s")); (made == nil) != (err == nil) {
			t.Errorf("%q: %v", address, made)
		}
	}
}

func TestNames(t *testing.T) {
	for typed, want := range map[string]string{
		"": "Passkey of 4 May 2026", " Phone ": "Phone", "a\nb\x00": "a b", strings.Repeat("x", 80): strings.Repeat("x", 59) + "…",
	} {
		if got := passkey.Named(typed, now); got != want {
			t.Errorf("%q is called %q", typed, got)
		}
	}
}
