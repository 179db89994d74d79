// Package receipt is the signed statement that a gate gives for a deployment, which can be checked with the public key
// alone.
package receipt

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/watchbell/watchbell/bot"
)

// Claims are what a receipt says as it is signed. Times are seconds since 1970.
type Claims struct {
	Issuer   string `json:"iss"`
	Change   string `json:"chg"`
	Revision int    `json:"rev"`
	Digest   string `json:"digest"`
	Env      string `json:"env"`
	Service  string `json:"service"`
	Artifact string `json:"artifact,omitempty"`
	Run      string `json:"run"`
	Grant    string `json:"grant"`
	Issued   int64  `json:"iat"`
	From     int64  `json:"nbf"`
	Until    int64  `json:"exp"`
}

// KeyID names a public key: the first bytes of itself.
func KeyID(k ed25519.PublicKey) string { return base64.RawURLEncoding.EncodeToString(k[:8]) }

// Sign makes a compact JWS with EdDSA.
func Sign(key ed25519.PrivateKey, claims any) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{
		Algorithm: jose.EdDSA, Key: jose.JSONWebKey{Key: key, KeyID: KeyID(key.Public().(ed25519.PublicKey))},
	}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return signed.CompactSerialize()
}

// Receipt is what a valid receipt says.
type Receipt struct {
	Change, Env, Service, Artifact, Run, Digest, Grant string
	Revision                                           int
	From, Until                                        time.Time
}

// Verify checks a receipt with the public key alone: its signature, and that it is good at the time.
func Verify(receipt string, key ed25519.PublicKey, at time.Time) (Receipt, error) {
	parsed, err := jose.ParseSignedCompact(receipt, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return Receipt{}, bot.Errorf(bot.Invalid, "This is no receipt: it does not look like one that the gate gives.")
	}
	payload, err := parsed.Verify(key)
	if err != nil {
		return Receipt{}, bot.Errorf(bot.Forbidden, "The receipt is not signed by this key.")
	}
	var c Claims
	if err := json.Unmarshal(payload, &c); err != nil || c.Issuer != "watchbell" || c.Change == "" {
		return Receipt{}, bot.Errorf(bot.Invalid, "The receipt is signed, but says nothing about a change.")
	}
	r := Receipt{
		Change: c.Change, Env: c.Env, Service: c.Service, Artifact: c.Artifact, Run: c.Run, Digest: c.Digest, Grant: c.Grant,
		Revision: c.Revision, From: time.Unix(c.From, 0).UTC(), Until: time.Unix(c.Until, 0).UTC(),
	}
	switch {
	case at.Before(r.From.Add(-time.Minute)):
		return r, bot.Errorf(bot.Forbidden, "The receipt is good from %s on.", r.From.Format(time.RFC3339))
	case !at.Before(r.Until):
		return r, bot.Errorf(bot.Forbidden, "The receipt was good until %s.", r.Until.Format(time.RFC3339))
	}
	return r, nil
}
