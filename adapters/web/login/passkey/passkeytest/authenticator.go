// Package passkeytest is an authenticator with its browser, for tests: it makes passkeys and uses them as WebAuthn says,
// and lies in the ways that a test asks for.
package passkeytest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
)

// Flags of authenticator data, by WebAuthn, section 6.1.
const (
	Present  = 0x01
	Verified = 0x04
	Syncable = 0x08
	Synced   = 0x10
	attested = 0x40
)

// Authenticator holds passkeys of one person. Its fields may be changed between uses.
type Authenticator struct {
	Origin  string // of the page, as the browser tells
	Site    string // the name of the site, "" is the one that was asked for
	Flags   byte   // default Present and Verified
	Counter uint32 // of the next use
	Type    string // of what is signed; default the right one
	Keys    []*Key

	t testing.TB
}

// Key is one passkey.
type Key struct {
	ID, Handle []byte
	Site       string
	private    *ecdsa.PrivateKey
}

// New makes an authenticator behind a browser that shows the pages of an origin.
func New(t testing.TB, origin string) *Authenticator {
	return &Authenticator{Origin: origin, Flags: Present | Verified, t: t}
}

// options are those of both kinds, as the browser gets them.
type options struct {
	Challenge string
	RPID      string `json:"rpId"`
	RP        struct{ ID string }
	User      struct{ ID string }
}

func (a *Authenticator) read(given any) (o options) {
	raw, err := json.Marshal(given)
	if err == nil {
		err = json.Unmarshal(raw, &o)
	}
	if err != nil {
		a.t.Fatal(err)
	}
	return o
}

func text(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (a *Authenticator) bytes(s string) []byte {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		a.t.Fatal(err)
	}
	return b
}

// clientData is what the browser says of the page that asked.
func (a *Authenticator) clientData(kind, challenge string) []byte {
	if a.Type != "" {
		kind = a.Type
	}
	data, err := json.Marshal(map[string]any{
		"type": kind, "challenge": challenge, "origin": a.Origin, "crossOrigin": false,
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return data
}

// data is authenticator data, by WebAuthn, section 6.1.
func (a *Authenticator) data(site string, flags byte) []byte {
	if a.Site != "" {
		site = a.Site
	}
	sum := sha256.Sum256([]byte(site))
	return binary.BigEndian.AppendUint32(append(sum[:], flags), a.Counter)
}

// Make makes a passkey for the options of a page, and answers as a browser does.
func (a *Authenticator) Make(given any) []byte {
	o := a.read(given)
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	id := make([]byte, 32)
	_, _ = rand.Read(id)
	a.Keys = append(a.Keys, &Key{ID: id, Handle: a.bytes(o.User.ID), Site: o.RP.ID, private: private})
	point, err := private.PublicKey.Bytes() // 4, x, y
	if err != nil {
		a.t.Fatal(err)
	}
	public, err := webauthncbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:65]})
	if err != nil {
		a.t.Fatal(err)
	}
	data := append(a.data(o.RP.ID, a.Flags|attested), make([]byte, 16)...) // of no model
	data = append(binary.BigEndian.AppendUint16(data, uint16(len(id))), id...)
	object, err := webauthncbor.Marshal(map[string]any{
		"fmt": "none", "attStmt": map[string]any{}, "authData": append(data, public...),
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return a.answer(id, map[string]any{
		"clientDataJSON": text(a.clientData("webauthn.create", o.Challenge)), "attestationObject": text(object),
		"transports": []string{"internal"},
	})
}

// Use uses a passkey for the options of a page.
func (a *Authenticator) Use(given any, k *Key) []byte {
	o := a.read(given)
	a.Counter++
	client, data := a.clientData("webauthn.get", o.Challenge), a.data(o.RPID, a.Flags)
	of := sha256.Sum256(client)
	sum := sha256.Sum256(append(append([]byte{}, data...), of[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.private, sum[:])
	if err != nil {
		a.t.Fatal(err)
	}
	return a.answer(k.ID, map[string]any{
		"clientDataJSON": text(client), "authenticatorData": text(data), "signature": text(signature),
		"userHandle": text(k.Handle),
	})
}

func (a *Authenticator) answer(id []byte, response map[string]any) []byte {
	raw, err := json.Marshal(map[string]any{
		"id": text(id), "rawId": text(id), "type": "public-key", "response": response,
		"clientExtensionResults": map[string]any{},
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return raw
}
