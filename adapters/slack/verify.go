package slack

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

// macs are hashes with the signing secret in them, to be used again.
type macs struct {
	secret []byte
	pool   sync.Pool
}

// mac is one of them, with room for what it makes and compares.
type mac struct {
	hash   hash.Hash
	prefix []byte
	sum    [sha256.Size]byte
	given  [sha256.Size]byte
}

// signed reports whether Slack signed the body within the last five minutes. Without a secret nothing is signed. The right signature never
// leaves this function: whoever sees it could use it.
func (m *macs) signed(h http.Header, body []byte, now time.Time) bool {
	at := h.Get(timestampHeader)
	seconds, err := strconv.ParseInt(at, 10, 64)
	if len(m.secret) == 0 || err != nil {
		return false
	}
	if age := now.Unix() - seconds; age > int64(signatureAge/time.Second) || age < -int64(signatureAge/time.Second) {
		return false
	}
	given, ok := strings.CutPrefix(h.Get(signatureHeader), signatureVersion)
	if !ok || len(given) != hex.EncodedLen(sha256.Size) {
		return false
	}
	c, ok := m.pool.Get().(*mac)
	if !ok {
		c = &mac{hash: hmac.New(sha256.New, m.secret)}
	}
	defer m.pool.Put(c)
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
