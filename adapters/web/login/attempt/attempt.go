// Package attempt remembers an attempt to sign in between its two requests: the one that asks, and the one that brings
// the answer.
//
//	Put ──> a cookie that only this installation can read ──> Take: in this browser, within the time, once
//
// The cookie binds the attempt to one browser, so an answer that was obtained elsewhere is worth nothing. Nothing is
// stored for whoever only begins; an attempt that comes back is written down as used, so that it counts once, whichever
// instance it comes back to.
package attempt

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Store remembers which attempts came back.
type Store interface {
	// Spend writes an attempt down as used and reports whether it was not before. It may forget it after until.
	Spend(ctx context.Context, id string, until time.Time) (first bool, err error)
}

// ErrNone says that a request brings no attempt that still counts: it began in another browser, took too long, was used
// already, or never began. These are not told apart to whoever asks.
var ErrNone = errors.New("no attempt to sign in that still counts")

// Options are what a Box is made of. All but Insecure are needed.
type Options struct {
	Secret   []byte // of the installation, the same in all instances
	Store    Store
	Now      func() time.Time
	Insecure bool // plain http, which only localhost has: cookies without the prefix that requires https
}

// Box keeps attempts. It is safe for concurrent use.
type Box struct {
	o      Options
	sealer cipher.AEAD
}

// New makes a Box.
func New(o Options) (*Box, error) {
	key, err := hkdf.Key(sha256.New, o.Secret, nil, "watchbell/attempt/1", 32)
	if err != nil {
		return nil, fmt.Errorf("key of attempts: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("key of attempts: %w", err)
	}
	sealer, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("key of attempts: %w", err)
	}
	return &Box{o, sealer}, nil
}

// sealed is what the cookie holds.
type sealed struct {
	ID    string
	Until time.Time
	Body  json.RawMessage
}

// Put remembers body in the browser for as long as lasts says, in place of an earlier attempt of the same kind.
func (b *Box) Put(w http.ResponseWriter, kind string, lasts time.Duration, body any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("attempt: %w", err)
	}
	plain, err := json.Marshal(sealed{ID: rand.Text(), Until: b.o.Now().Add(lasts), Body: raw})
	if err != nil {
		return fmt.Errorf("attempt: %w", err)
	}
	// The kind is authenticated too, so that one kind of attempt never passes for another.
	text := base64.RawURLEncoding.EncodeToString(b.sealer.Seal(nil, nil, plain, []byte(kind)))
	b.cookie(w, kind, text, int(lasts/time.Second))
	return nil
}

// Take reads what Put remembered in this browser, and forgets it. The second of two calls gets ErrNone, also when both
// bring the same cookie to different instances.
func (b *Box) Take(w http.ResponseWriter, r *http.Request, kind string, body any) error {
	cookie, err := r.Cookie(b.name(kind))
	if err != nil {
		return ErrNone
	}
	b.cookie(w, kind, "", -1)
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cookie.Value)
	if err != nil {
		return ErrNone
	}
	plain, err := b.sealer.Open(nil, nil, raw, []byte(kind))
	if err != nil {
		return ErrNone
	}
	var s sealed
	if err := json.Unmarshal(plain, &s); err != nil {
		return fmt.Errorf("attempt: %w", err)
	}
	if !b.o.Now().Before(s.Until) {
		return ErrNone
	}
	first, err := b.o.Store.Spend(r.Context(), s.ID, s.Until)
	if err != nil {
		return fmt.Errorf("attempt: %w", err)
	}
	if !first {
		return ErrNone
	}
	if err := json.Unmarshal(s.Body, body); err != nil {
		return fmt.Errorf("attempt: %w", err)
	}
	return nil
}

func (b *Box) name(kind string) string {
	if b.o.Insecure {
		return "watchbell-" + kind
	}
	return "__Host-watchbell-" + kind
}

func (b *Box) cookie(w http.ResponseWriter, kind, value string, age int) {
	http.SetCookie(w, &http.Cookie{
		Name: b.name(kind), Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: !b.o.Insecure,
		SameSite: http.SameSiteLaxMode, // the provider sends the browser back from another site
	})
}
