package payload

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Headers of a signed request.
const (
	signatureHeader = "X-Signature-Ed25519"
	timestampHeader = "X-Signature-Timestamp"
)

// fresh is how old a request may be, and how far ahead of our clock.
const fresh = 5 * time.Minute

// Why a request is not Discord's.
var (
	ErrSignature = errors.New("the signature is missing or wrong")
	ErrStale     = errors.New("the request is older than five minutes, or a clock is wrong")
)

// Verifier checks that requests come from Discord. It is safe for concurrent use.
type Verifier struct{ key ed25519.PublicKey }

// NewVerifier takes the public key of the application, 64 hexadecimal digits.
func NewVerifier(publicKey string) (*Verifier, error) {
	key, err := hex.DecodeString(publicKey)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("the public key has to be %d hexadecimal digits", 2*ed25519.PublicKeySize)
	}
	return &Verifier{key: key}, nil
}

// Verify returns nil for a body that Discord signed within five minutes of now.
func (v *Verifier) Verify(h http.Header, body []byte, now time.Time) error {
	signature, err := hex.DecodeString(h.Get(signatureHeader))
	if err != nil || len(signature) != ed25519.SignatureSize {
		return ErrSignature
	}
	stamp := h.Get(timestampHeader)
	signed := append(append(make([]byte, 0, len(stamp)+len(body)), stamp...), body...)
	if !ed25519.Verify(v.key, signed, signature) {
		return ErrSignature
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if age := now.Sub(time.Unix(seconds, 0)); err != nil || age > fresh || age < -fresh {
		return ErrStale
	}
	return nil
}
