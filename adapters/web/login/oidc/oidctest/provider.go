// Package oidctest is an OpenID provider for tests, as a real HTTP server. It does what the standards ask, holds its
// clients to them, and lies in the one way that a test asks for.
package oidctest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// The client that the provider knows.
const (
	ClientID = "watchbell"
	Secret   = "s3cret of the client"
	KeyID    = "key-1"
)

// Lies are what the provider does differently. The zero value is an honest one. Each changes what would be sent.
type Lies struct {
	Discovery func(document map[string]any)
	Keys      func(set map[string]any)
	Callback  func(answer url.Values)                                    // what browsers bring back to the client
	Claims    func(claims map[string]any)                                // of the id token
	Header    func(header map[string]any)                                // of the id token
	Sign      func(input []byte) []byte                                  // in place of RS256 with the key of the key set
	Token     func(token string) string                                  // the whole id token
	Answer    func(answer map[string]any)                                // of the token endpoint
	UserInfo  func(claims map[string]any)                                // of the userinfo endpoint
	Serve     func(w http.ResponseWriter, r *http.Request) (served bool) // any request, before the provider sees it
}

// Provider is an OpenID provider at which one person is signed in.
type Provider struct {
	URL  string
	Lies Lies
	Now  func() time.Time
	Key  *rsa.PrivateKey

	// Person is what the id token says of them; of UserInfo, what only the userinfo endpoint says.
	Person, UserInfo map[string]any

	t        testing.TB
	redirect func() string
	mu       sync.Mutex
	codes    map[string]grant // that were given and not used
	used     int
	tokens   map[string]bool
}

// grant is what a code stands for.
type grant struct{ redirect, challenge, nonce string }

// key costs a while to make, so all tests share it.
var key = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// Start starts a provider that sends browsers back to redirect only. It ends with the test.
func Start(t testing.TB, redirect func() string, now func() time.Time) *Provider {
	t.Helper()
	k, err := key()
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{
		t: t, redirect: redirect, Now: now, Key: k, codes: map[string]grant{}, tokens: map[string]bool{},
		Person: map[string]any{
			"sub": "248289761001", "email": "ana@example.com", "email_verified": true, "name": "Ana Silva",
			"groups": []string{"operations"},
		},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /keys", p.keySet)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", p.userinfo)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.Lies.Serve != nil && p.Lies.Serve(w, r) {
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

// CodesUsed counts the codes for which tokens were given.
func (p *Provider) CodesUsed() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.used
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that went away
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	document := map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
		"jwks_uri": p.URL + "/keys", "userinfo_endpoint": p.URL + "/userinfo",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported":          []string{"RS256", "HS256", "none"},
		"code_challenge_methods_supported":               []string{"S256"},
		"token_endpoint_auth_methods_supported":          []string{"client_secret_basic"},
		"authorization_response_iss_parameter_supported": true,
	}
	if p.Lies.Discovery != nil {
		p.Lies.Discovery(document)
	}
	answer(w, http.StatusOK, document)
}

// JWK is the public key as a key set lists it.
func (p *Provider) JWK() map[string]any {
	raw, err := json.Marshal(jose.JSONWebKey{Key: p.Key.Public(), KeyID: KeyID, Algorithm: "RS256", Use: "sig"})
	if err != nil {
		p.t.Error(err)
	}
	var one map[string]any
	if err := json.Unmarshal(raw, &one); err != nil {
		p.t.Error(err)
	}
	return one
}

func (p *Provider) keySet(w http.ResponseWriter, _ *http.Request) {
	set := map[string]any{"keys": []any{p.JWK()}}
	if p.Lies.Keys != nil {
		p.Lies.Keys(set)
	}
	answer(w, http.StatusOK, set)
}

// authorize is where browsers come to. The person is signed in here, so they go back at once.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	want := map[string]string{
		"response_type": "code", "client_id": ClientID, "redirect_uri": p.redirect(), "code_challenge_method": "S256",
	}
	for name, value := range want {
		if q.Get(name) != value {
			http.Error(w, name+" is "+q.Get(name)+", not "+value, http.StatusBadRequest)
			return
		}
	}
	if len(q.Get("state")) < 22 || len(q.Get("nonce")) < 22 || len(q.Get("code_challenge")) != 43 {
		http.Error(w, "state, nonce or challenge is too short", http.StatusBadRequest)
		return
	}
	code := rand.Text()
	p.mu.Lock()
	p.codes[code] = grant{q.Get("redirect_uri"), q.Get("code_challenge"), q.Get("nonce")}
	p.mu.Unlock()
	back := url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {p.URL}}
	if p.Lies.Callback != nil {
		p.Lies.Callback(back)
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	refuse := func(code string) { answer(w, http.StatusBadRequest, map[string]string{"error": code}) }
	id, secret, ok := r.BasicAuth()
	id, _ = url.QueryUnescape(id) // by RFC 6749, section 2.3.1
	secret, _ = url.QueryUnescape(secret)
	if !ok || id != ClientID || subtle.ConstantTimeCompare([]byte(secret), []byte(Secret)) != 1 {
		refuse("invalid_client")
		return
	}
	p.mu.Lock()
	g, ok := p.codes[r.FormValue("code")]
	delete(p.codes, r.FormValue("code"))
	p.mu.Unlock()
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if !ok || r.FormValue("grant_type") != "authorization_code" || r.FormValue("redirect_uri") != g.redirect ||
		base64.RawURLEncoding.EncodeToString(sum[:]) != g.challenge {
		refuse("invalid_grant")
		return
	}
	access := rand.Text()
	p.mu.Lock()
	p.tokens[access] = true
	p.used++
	p.mu.Unlock()
	body := map[string]any{
		"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": p.idToken(g.nonce, access),
	}
	if p.Lies.Answer != nil {
		p.Lies.Answer(body)
	}
	answer(w, http.StatusOK, body)
}

// idToken signs what the provider says, or something else.
func (p *Provider) idToken(nonce, access string) string {
	sum := sha256.Sum256([]byte(access))
	now := p.Now()
	claims := map[string]any{
		"iss": p.URL, "aud": ClientID, "exp": now.Add(5 * time.Minute).Unix(), "iat": now.Unix(), "nonce": nonce,
		"at_hash": base64.RawURLEncoding.EncodeToString(sum[:16]),
	}
	maps.Copy(claims, p.Person)
	header := map[string]any{"alg": "RS256", "kid": KeyID, "typ": "JWT"}
	if p.Lies.Claims != nil {
		p.Lies.Claims(claims)
	}
	if p.Lies.Header != nil {
		p.Lies.Header(header)
	}
	sign := p.Lies.Sign
	if sign == nil {
		sign = p.RS256(p.Key)
	}
	token := Token(p.t, header, claims, sign)
	if p.Lies.Token != nil {
		token = p.Lies.Token(token)
	}
	return token
}

// Token makes a compact JWS of any header and claims. A claim with the name "raw" replaces the whole payload.
func Token(t testing.TB, header, claims map[string]any, sign func([]byte) []byte) string {
	part := func(v any) string {
		data, err := json.Marshal(v)
		if err != nil {
			t.Error(err)
		}
		return base64.RawURLEncoding.EncodeToString(data)
	}
	payload := part(claims)
	if raw, ok := claims["raw"].(string); ok {
		payload = base64.RawURLEncoding.EncodeToString([]byte(raw))
	}
	input := part(header) + "." + payload
	return input + "." + base64.RawURLEncoding.EncodeToString(sign([]byte(input)))
}

// RS256 signs with a key.
func (p *Provider) RS256(with *rsa.PrivateKey) func([]byte) []byte {
	return func(input []byte) []byte {
		sum := sha256.Sum256(input)
		signature, err := rsa.SignPKCS1v15(nil, with, crypto.SHA256, sum[:])
		if err != nil {
			p.t.Error(err)
		}
		return signature
	}
}

func (p *Provider) userinfo(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	known := p.tokens[trimBearer(r.Header.Get("Authorization"))]
	p.mu.Unlock()
	if !known {
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_token"})
		return
	}
	claims := map[string]any{"sub": p.Person["sub"]}
	maps.Copy(claims, p.UserInfo)
	if p.Lies.UserInfo != nil {
		p.Lies.UserInfo(claims)
	}
	answer(w, http.StatusOK, claims)
}

func trimBearer(header string) string {
	const prefix = "Bearer "
	if len(header) < len(prefix) || header[:len(prefix)] != prefix {
		return ""
	}
	return header[len(prefix):]
}
