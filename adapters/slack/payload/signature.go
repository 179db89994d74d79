package payload

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Slack's rule: what is signed longer ago may be a replay.
const signatureAge = 5 * time.Minute

const (
	signatureVersion = "v0="
	signatureHeader  = "X-Slack-Signature"
	timestampHeader  = "X-Slack-Request-Timestamp"
)

// Verifier knows what Slack signed. It keeps hashes with the signing secret in them, to be used again.
type Verifier struct {
	secret []byte
	pool   sync.Pool
}

// NewVerifier makes a verifier for the signing secret of an app.
func NewVerifier(secret string) *Verifier { return &Verifier{secret: []byte(secret)} }

// mac is a hash, with room for what it makes and compares.
type mac struct {
	hash   hash.Hash
	prefix []byte
	sum    [sha256.Size]byte
	given  [sha256.Size]byte
}

// Signed reports whether Slack signed the body within the last five minutes. Without a secret nothing is signed. The
// right signature never leaves this function: whoever sees it could use it.
func (v *Verifier) Signed(h http.Header, body []byte, now time.Time) bool {
	at := h.Get(timestampHeader)
	seconds, err := strconv.ParseInt(at, 10, 64)
	if len(v.secret) == 0 || err != nil {
		return false
	}
	if age := now.Unix() - seconds; age > int64(signatureAge/time.Second) || age < -int64(signatureAge/time.Second) {
		return false
	}
	given, ok := strings.CutPrefix(h.Get(signatureHeader), signatureVersion)
	if !ok || len(given) != hex.EncodedLen(sha256.Size) {
		return false
	}
	c, ok := v.pool.Get().(*mac)
	if !ok {
		c = &mac{hash: hmac.New(sha256.New, v.secret)}
	}
	defer v.pool.Put(c)
	c.prefix = append(append(append(c.prefix[:0], "v0:"...), at...), ':')
	c.hash.Reset()
	_, _ = c.hash.Write(c.prefix)
	_, _ = c.hash.Write(body)
	sum := c.hash.Sum(c.sum[:0])
	c.prefix = append(c.prefix[:0], given...)
	if _, err := hex.Decode(c.given[:], c.prefix); err != nil {
		return false
	}
	return hmac.Equal(sum, c.given[:])
}
