package oidc_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/watchbell/watchbell/adapters/web/login/oidc"
	"github.com/watchbell/watchbell/adapters/web/login/oidc/oidctest"
)

func TestAnHonestProvider(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*oidctest.Provider)
	}{
		{"everything in the id token", func(*oidctest.Provider) {}},
		{"address and groups by userinfo only", func(p *oidctest.Provider) {
			p.UserInfo = map[string]any{}
			for _, name := range []string{"email", "email_verified", "groups", "name"} {
				p.UserInfo[name] = p.Person[name]
				delete(p.Person, name)
			}
		}},
		{"the audience as a list", func(p *oidctest.Provider) {
			p.Lies.Claims = func(c map[string]any) { c["aud"] = []string{oidctest.ClientID} }
		}},
		{"several audiences, made for us", func(p *oidctest.Provider) {
			p.Lies.Claims = func(c map[string]any) {
				c["aud"], c["azp"] = []string{"account", oidctest.ClientID}, oidctest.ClientID
			}
		}},
		{"a clock that is half a minute ahead", func(p *oidctest.Provider) {
			now := p.Now
			p.Now = func() time.Time { return now().Add(30 * time.Second) }
		}},
		{"a clock that is half a minute behind", func(p *oidctest.Provider) {
			now := p.Now
			p.Now = func() time.Time { return now().Add(-30 * time.Second) }
		}},
		{"one group as a string", func(p *oidctest.Provider) { p.Person["groups"] = "operations" }},
		{"keys of kinds that nobody knows beside its own", func(p *oidctest.Provider) {
			p.Lies.Keys = func(set map[string]any) {
				set["keys"] = []any{map[string]any{"kty": "NEW", "kid": "key-0"}, p.JWK()}
			}
		}},
		{"no algorithm said of the key", func(p *oidctest.Provider) {
			p.Lies.Keys = func(set map[string]any) {
				one := p.JWK()
				delete(one, "alg")
				delete(one, "use")
				set["keys"] = []any{one}
			}
		}},
		{"no issuer in the answer, as most providers do it", func(p *oidctest.Provider) {
			p.Lies.Discovery = func(d map[string]any) { delete(d, "authorization_response_iss_parameter_supported") }
			p.Lies.Callback = func(q url.Values) { q.Del("iss") }
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.change(w.provider)
			got := w.signIn(w.browser())
			want := outcome{claims: oidc.Claims{
				Issuer: w.provider.URL, Subject: "248289761001", Email: "ana@example.com", EmailVerified: true,
				Name: "Ana Silva", Groups: []string{"operations"},
			}}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(outcome{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func (w *world) claims(change func(c map[string]any)) { w.provider.Lies.Claims = change }

func claim(name string, value any) func(*world) {
	return func(w *world) {
		w.claims(func(c map[string]any) {
			if value == nil {
				delete(c, name)
				return
			}
			c[name] = value
		})
	}
}

func document(name string, value any) func(*world) {
	return func(w *world) {
		w.provider.Lies.Discovery = func(d map[string]any) {
			if value == nil {
				delete(d, name)
				return
			}
			d[name] = value
		}
	}
}

func callback(change func(q url.Values)) func(*world) {
	return func(w *world) { w.provider.Lies.Callback = change }
}

func tokens(change func(a map[string]any)) func(*world) {
	return func(w *world) { w.provider.Lies.Answer = change }
}

func header(name string, value any) func(*world) {
	return func(w *world) { w.provider.Lies.Header = func(h map[string]any) { h[name] = value } }
}

// serve answers requests for one path in another way.
func serve(path string, h http.HandlerFunc) func(*world) {
	return func(w *world) {
		w.provider.Lies.Serve = func(rw http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != path {
				return false
			}
			h(rw, r)
			return true
		}
	}
}

const discoveryPath = "/.well-known/openid-configuration"

// later is a time on the clock of every world, as a token says it.
func later(d time.Duration) int64 {
	return time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC).Add(d).Unix()
}

// hmacWith signs as HS256 with a secret that everybody knows.
func hmacWith(secret []byte) func([]byte) []byte {
	return func(input []byte) []byte {
		mac := hmac.New(sha256.New, secret)
		mac.Write(input)
		return mac.Sum(nil)
	}
}

func publicPEM(w *world) []byte {
	der, err := x509.MarshalPKIXPublicKey(w.provider.Key.Public())
	if err != nil {
		w.t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// signedBy lets tokens be signed with a key that is not in the key set.
func signedBy(w *world, bits int) *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		w.t.Fatal(err)
	}
	w.provider.Lies.Sign = w.provider.RS256(k)
	return k
}

func number(n []byte) string { return base64.RawURLEncoding.EncodeToString(n) }

// hostile are the ways in which a provider, or whoever stands between, may lie. None of them may sign anybody in, each
// for its reason.
var hostile = []struct {
	name   string
	lie    func(*world)
	reason string
}{
	// Who made it, and for whom.
	{"wrong issuer", claim("iss", "https://evil.example.com"), "issued by a different provider"},
	{"issuer with a slash more", func(w *world) {
		w.claims(func(c map[string]any) { c["iss"] = w.provider.URL + "/" })
	}, "issued by a different provider|from the issuer"},
	{"no issuer", claim("iss", nil), "issuer|different provider"},
	{"issuer under a name that only looks the same", func(w *world) {
		w.claims(func(c map[string]any) { c["ISS"] = c["iss"]; delete(c, "iss") })
	}, "from the issuer"},
	{"wrong audience", claim("aud", "another-client"), "audience"},
	{"no audience", claim("aud", nil), "audience"},
	{"empty audience", claim("aud", []string{}), "audience"},
	{"audience that begins like ours", claim("aud", "watchbell-admin"), "audience"},
	{"audience of numbers", claim("aud", []int{1}), "unmarshal|neither a string"},
	{"several audiences and no party", claim("aud", []string{"watchbell", "other"}), "azp"},
	{"made for another party", claim("azp", "other"), "azp"},
	{"empty party", claim("azp", ""), "azp"},
	// When.
	{"expired", claim("exp", later(-time.Hour)), "expired"},
	{"expired just beyond what clocks may differ", claim("exp", later(-time.Minute)), "expired"},
	{"no expiry", claim("exp", nil), "exp"},
	{"expiry as a string", claim("exp", "1999999999"), "exp|unmarshal"},
	{"expiry in the year 10000 and beyond", claim("exp", 1e15), "exp"},
	{"expiry before its issue", claim("exp", later(0)), "expired before"},
	{"not yet valid", claim("nbf", later(2*time.Minute)), "nbf"},
	{"issued far in the future", claim("iat", later(time.Hour)), "future"},
	{"issued long ago", claim("iat", later(-24*time.Hour)), "before this attempt"},
	{"no time of issue", claim("iat", nil), "iat"},
	{"negative time of issue", claim("iat", -1), "iat"},
	// For which attempt.
	{"no nonce", claim("nonce", nil), "nonce"},
	{"empty nonce", claim("nonce", ""), "nonce"},
	{"nonce of another attempt", claim("nonce", "AAAAAAAAAAAAAAAAAAAAAAAAAA"), "nonce"},
	{"nonce as a list", claim("nonce", []string{"x"}), "nonce|unmarshal"},
	{"state of another attempt", callback(func(q url.Values) { q.Set("state", "AAAAAAAAAAAAAAAAAAAAAAAAAA") }), "state"},
	{"no state", callback(func(q url.Values) { q.Del("state") }), "state"},
	{"state twice", callback(func(q url.Values) { q.Add("state", "other") }), "twice"},
	{"code twice", callback(func(q url.Values) { q.Add("code", "other") }), "twice"},
	{"no code", callback(func(q url.Values) { q.Del("code") }), "no code"},
	{"code that was never given", callback(func(q url.Values) { q.Set("code", "made-up") }), "invalid_grant"},
	{"huge code", callback(func(q url.Values) { q.Set("code", strings.Repeat("x", 9000)) }), "no code"},
	{"the answer of another provider", callback(func(q url.Values) { q.Set("iss", "https://evil.example.com") }), "issuer"},
	{"an answer that hides its issuer", callback(func(q url.Values) { q.Del("iss") }), "does not say its issuer"},
	{"empty issuer of the answer", callback(func(q url.Values) { q.Set("iss", "") }), "issuer"},
	{"an error with a code beside it", callback(func(q url.Values) { q.Set("error", "access_denied") }), "access_denied"},
	{"an error of another provider", callback(func(q url.Values) {
		q.Set("error", "access_denied")
		q.Set("iss", "https://evil.example.com")
	}), "issuer"},
	{"access token exchanged for another", tokens(func(a map[string]any) { a["access_token"] = "other" }), "at_hash|access token hash"},
	// How it is signed.
	{"not signed", func(w *world) {
		header("alg", "none")(w)
		w.provider.Lies.Sign = func([]byte) []byte { return nil }
	}, "unexpected signature algorithm"},
	{"not signed, in capitals", func(w *world) {
		header("alg", "NONE")(w)
		w.provider.Lies.Sign = func([]byte) []byte { return nil }
	}, "unexpected signature algorithm"},
	{"the public key as the secret of an HMAC", func(w *world) {
		header("alg", "HS256")(w)
		w.provider.Lies.Sign = hmacWith(publicPEM(w))
	}, "unexpected signature algorithm"},
	{"the client's secret as the secret of an HMAC", func(w *world) {
		header("alg", "HS256")(w)
		w.provider.Lies.Sign = hmacWith([]byte(oidctest.Secret))
	}, "unexpected signature algorithm"},
	{"a secret in the key set", func(w *world) {
		header("alg", "HS256")(w)
		w.provider.Lies.Sign = hmacWith([]byte("known to everybody"))
		w.provider.Lies.Keys = func(set map[string]any) {
			set["keys"] = []any{map[string]any{
				"kty": "oct", "kid": oidctest.KeyID, "alg": "HS256", "k": number([]byte("known to everybody")),
			}}
		}
	}, "unexpected signature algorithm"},
	{"signed by another key", func(w *world) { signedBy(w, 2048) }, "verification|verify|error in cryptographic primitive"},
	{"the key in the token itself", func(w *world) {
		k := signedBy(w, 2048)
		w.provider.Lies.Header = func(h map[string]any) {
			h["jwk"] = map[string]any{"kty": "RSA", "n": number(k.N.Bytes()), "e": "AQAB"}
		}
	}, "verification|verify|error in cryptographic primitive"},
	{"the key at an address in the token", func(w *world) {
		signedBy(w, 2048)
		w.provider.Lies.Header = func(h map[string]any) { h["jku"] = "https://evil.example.com/keys" }
	}, "verification|verify|error in cryptographic primitive"},
	{"unknown key", header("kid", "key-2"), "no key"},
	{"an algorithm of another family than the key's", header("alg", "ES256"), "unexpected signature algorithm"},
	{"an algorithm that the provider does not offer", header("alg", "RS512"), "unexpected signature algorithm"},
	{"a key that is for encryption", func(w *world) {
		w.provider.Lies.Keys = func(set map[string]any) {
			one := w.provider.JWK()
			one["use"] = "enc"
			set["keys"] = []any{one}
		}
	}, "no key"},
	{"a weak key", func(w *world) {
		k := weakKey(w)
		w.provider.Lies.Sign = w.provider.RS256(k)
		w.provider.Lies.Keys = func(set map[string]any) {
			set["keys"] = []any{map[string]any{
				"kty": "RSA", "kid": oidctest.KeyID, "n": number(k.N.Bytes()), "e": "AQAB",
			}}
		}
	}, "no key"},
	{"a key with which checking takes minutes", func(w *world) {
		w.provider.Lies.Keys = func(set map[string]any) {
			set["keys"] = []any{map[string]any{
				"kty": "RSA", "kid": oidctest.KeyID, "n": number(append(slices.Repeat([]byte{0xff}, 100_000), 1)), "e": "AQAB",
			}}
		}
	}, "no key"},
	{"two keys of one name", func(w *world) {
		w.provider.Lies.Keys = func(set map[string]any) { set["keys"] = []any{w.provider.JWK(), w.provider.JWK()} }
	}, "2 keys"},
	{"signature cut off", func(w *world) {
		w.provider.Lies.Token = func(s string) string { return s[:strings.LastIndex(s, ".")+1] }
	}, "verification|verify|error in cryptographic primitive|malformed"},
	{"claims changed after signing", func(w *world) {
		w.provider.Lies.Token = func(s string) string {
			parts := strings.Split(s, ".")
			plain, _ := base64.RawURLEncoding.DecodeString(parts[1])
			parts[1] = number([]byte(strings.Replace(string(plain), "ana@", "ben@", 1)))
			return strings.Join(parts, ".")
		}
	}, "verification|verify|error in cryptographic primitive"},
	{"a condition that nobody knows", header("crit", []string{"exp"}), "crit"},
	{"an access token instead", header("typ", "at+jwt"), "not an id token"},
	{"a logout token instead", header("typ", "logout+jwt"), "not an id token"},
	{"several signatures", func(w *world) {
		w.provider.Lies.Token = func(s string) string {
			parts := strings.Split(s, ".")
			one := map[string]string{"protected": parts[0], "signature": parts[2]}
			data, _ := json.Marshal(map[string]any{"payload": parts[1], "signatures": []any{one, one}})
			return string(data)
		}
	}, "signatures|malformed|parse"},
	{"an encrypted token", func(w *world) {
		w.provider.Lies.Token = func(string) string { return "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a.b.c.d" }
	}, "malformed|compact JWS"},
	{"no id token", tokens(func(a map[string]any) { delete(a, "id_token") }), "no id token"},
	{"an id token that is a number", tokens(func(a map[string]any) { a["id_token"] = 1 }), "no id token"},
	{"an empty id token", tokens(func(a map[string]any) { a["id_token"] = "" }), "no id token"},
	{"tokens of another type", tokens(func(a map[string]any) { a["token_type"] = "mac" }), "their type"},
	{"no access token", tokens(func(a map[string]any) { delete(a, "access_token") }), "access_token"},
	{"claims that are a list", claim("raw", `["iss"]`), "unmarshal|not a JSON object"},
	{"a claim that is there twice", func(w *world) {
		w.claims(func(c map[string]any) {
			data, _ := json.Marshal(c)
			c["raw"] = strings.Replace(string(data), `"sub":`, `"sub":"admin","sub":`, 1)
		})
	}, "twice"},
	// Who it is about.
	{"no subject", claim("sub", nil), "no subject"},
	{"empty subject", claim("sub", ""), "no subject"},
	{"subject null", func(w *world) { w.provider.Person["sub"] = nil }, "no subject"},
	{"subject that is a number", claim("sub", 248289761001), "unmarshal|not a string"},
	{"very long subject", claim("sub", strings.Repeat("7", 256)), "255"},
	{"subject with control characters", claim("sub", "ana\x00"), "characters"},
	{"subject with a line break", claim("sub", "ana\nben"), "characters"},
	{"subject with a space at its end", claim("sub", "ana "), "characters"},
	{"subject of letters that look like others", claim("sub", "\u0430na"), "characters"},
	{"groups that are numbers", claim("groups", []int{1}), "groups"},
	{"groups that are an object", claim("groups", map[string]string{"admin": "operations"}), "groups"},
	{"more groups than anybody is in", claim("groups", slices.Repeat([]string{"x"}, 5001)), "5001 groups"},
	{"an address that is a list", claim("email", []string{"ana@example.com"}), "email"},
	{"userinfo about somebody else", func(w *world) {
		claim("email", nil)(w)
		w.provider.Lies.UserInfo = func(c map[string]any) { c["sub"], c["email"] = "other", "ana@example.com" }
	}, "somebody else"},
	{"userinfo about nobody", func(w *world) {
		claim("email", nil)(w)
		w.provider.Lies.UserInfo = func(c map[string]any) { delete(c, "sub") }
	}, "somebody else"},
	// What it says of itself.
	{"discovery of another issuer", document("issuer", "https://evil.example.com"), "calls itself"},
	{"discovery without an issuer", document("issuer", nil), "calls itself"},
	{"tokens by http from elsewhere", document("token_endpoint", "http://evil.example.com/token"), "token_endpoint"},
	{"keys by http from elsewhere", document("jwks_uri", "http://evil.example.com/keys"), "jwks_uri"},
	{"keys from a file", document("jwks_uri", "file:///etc/passwd"), "jwks_uri"},
	{"no keys", document("jwks_uri", nil), "jwks_uri"},
	{"people sent to a script", document("authorization_endpoint", "javascript:alert(1)"), "authorization_endpoint"},
	{"people sent elsewhere with a name in front", document("authorization_endpoint", "https://company@evil.example.com/"),
		"authorization_endpoint"},
	{"userinfo by http from elsewhere", document("userinfo_endpoint", "http://evil.example.com/"), "userinfo_endpoint"},
	{"no PKCE but plain", document("code_challenge_methods_supported", []string{"plain"}), "PKCE"},
	{"nothing but HMAC and none", document("id_token_signing_alg_values_supported", []string{"HS256", "none"}), "algorithm"},
	{"algorithms that are a number", document("id_token_signing_alg_values_supported", 5), "decode|describes|cannot unmarshal"},
	// How it answers.
	{"huge discovery", serve(discoveryPath, huge), "larger than"},
	{"huge key set", serve("/keys", huge), "larger than"},
	{"huge answer of the token endpoint", serve("/token", huge), "larger than|cannot|invalid"},
	{"more keys than anybody has", func(w *world) {
		w.provider.Lies.Keys = func(set map[string]any) {
			set["keys"] = slices.Repeat([]any{map[string]any{"kty": "RSA"}}, 101)
		}
	}, "101"},
	{"key set that is a page", serve("/keys", page), "JSON"},
	{"discovery that is a page", serve(discoveryPath, page), "decode|content-type|Content-Type"},
	{"slow discovery", serve(discoveryPath, slow), "Timeout|deadline"},
	{"slow keys", serve("/keys", slow), "Timeout|deadline"},
	{"slow token endpoint", serve("/token", slow), "Timeout|deadline"},
	{"an answer that trickles", serve("/keys", trickle), "Timeout|deadline"},
	{"discovery that is elsewhere", serve(discoveryPath, elsewhere), "redirect"},
	{"keys that are elsewhere", serve("/keys", elsewhere), "redirect"},
	{"a token endpoint that is elsewhere", serve("/token", elsewhere), "redirect"},
	{"a token endpoint that passes the code on", serve("/token", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/token2", http.StatusTemporaryRedirect)
	}), "redirect"},
	{"a token endpoint that fails", serve("/token", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "secret words", http.StatusInternalServerError)
	}), "HTTP 500"},
	{"discovery that fails", serve(discoveryPath, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no", http.StatusInternalServerError)
	}), "500"},
}

// weakKey is one of 1024 bits.
func weakKey(w *world) *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		w.t.Fatal(err)
	}
	return k
}

func huge(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{"keys":[],"access_token":"a","x":%q}`, strings.Repeat("x", 300<<10))
}

func page(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	_, _ = fmt.Fprint(w, "<html>Sign in</html>")
}

// slow reads what it is asked, so that it notices when whoever asked gives up.
func slow(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

// trickle sends a byte now and then, for as long as somebody listens.
func trickle(w http.ResponseWriter, r *http.Request) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		_, _ = fmt.Fprint(w, " ")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		}
	}
}

func elsewhere(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "https://evil.example.com/", http.StatusFound)
}

func TestAHostileProvider(t *testing.T) {
	if len(hostile) < 40 {
		t.Fatalf("%d lies are not enough", len(hostile))
	}
	for _, c := range hostile {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(_ *oidc.Config, o *oidc.Options) {
				if strings.Contains(c.reason, "Timeout") {
					o.Patience = 150 * time.Millisecond
				}
			})
			c.lie(w)
			got := w.signIn(w.browser())
			if got.refusal == "" {
				t.Fatalf("signed in as %+v", got.claims)
			}
			if !slices.ContainsFunc(strings.Split(c.reason, "|"), func(r string) bool { return strings.Contains(got.refusal, r) }) {
				t.Errorf("refused for another reason: %s", got.refusal)
			}
			if strings.Contains(got.refusal, "secret") || len(got.refusal) > 400 || strings.ContainsAny(got.refusal, "\n\x00") {
				t.Errorf("the reason passes on what the provider sent: %q", got.refusal)
			}
		})
	}
}
