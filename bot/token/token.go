// Package token makes tokens that carry what an action stands for, and reads them. They grant nothing by themselves.
package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// A sealed token carries what an action stands for, so that nothing needs to be stored for it:
//
//	"~" base64url( MAC, payload )
//
// The payload is the kind, the expiry, the command, the menu's argument and the arguments, in one fixed order: the same
// action has the same token for ever. The MAC is HMAC-SHA256, cut to 96 bits, over platform, workspace and payload,
// under a key derived from the installation's secret. It cannot be guessed, and a token that was taken to another
// workspace or platform is unknown there.
const (
	// Mark begins every sealed token, and no token that is kept in the store.
	Mark      = "~"
	sealedKey = "watchbell/token/1"
	macSize   = 12
)

// The kinds of what a sealed token stands for.
const (
	sealedAction = 'a'
	sealedForm   = 'f' // an action that always opens its form
)

// Sealer makes and reads sealed tokens. It is safe for concurrent use.
type Sealer struct{ macs sync.Pool }

// New makes the Sealer of an installation by its secret.
func New(secret []byte) *Sealer {
	derive := hmac.New(sha256.New, secret)
	derive.Write([]byte(sealedKey))
	key := derive.Sum(nil)
	return &Sealer{macs: sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

// mac authenticates data, whose parts are delimited.
func (s *Sealer) mac(data []byte) (sum [macSize]byte) {
	m, _ := s.macs.Get().(hash.Hash)
	defer s.macs.Put(m)
	m.Reset()
	m.Write(data)
	var full [sha256.Size]byte
	copy(sum[:], m.Sum(full[:0]))
	return sum
}

// Seal makes the token of an action. ok is false when it has more than size bytes, or stands for words that people
// typed.
func (s *Sealer) Seal(platform, workspace string, r bot.Ref, size int) (token string, ok bool) {
	if len(r.Values) > 0 || r.Quote != nil || r.Open {
		return "", false
	}
	var space [512]byte
	data := appendString(appendString(space[:0], platform), workspace)
	bound := len(data)
	kind := byte(sealedAction)
	if r.Form {
		kind = sealedForm
	}
	data = append(data, kind)
	var expires int64
	if !r.Expires.IsZero() {
		expires = r.Expires.Unix()
	}
	data = appendString(appendString(binary.AppendVarint(data, expires), r.Command), r.Choose)
	var few [8]string
	names := slices.AppendSeq(few[:0], maps.Keys(r.Args))
	slices.Sort(names)
	for _, name := range names {
		data = appendString(appendString(data, name), r.Args[name])
	}
	if len(Mark)+base64.RawURLEncoding.EncodedLen(macSize+len(data)-bound) > size {
		return "", false
	}
	sum := s.mac(data)
	text := append(make([]byte, 0, size), Mark...)
	return string(base64.RawURLEncoding.AppendEncode(text, append(sum[:], data[bound:]...))), true
}

var strictBase64 = base64.RawURLEncoding.Strict()

// Open reads a token. ok is false when it was not made for this place by this installation.
func (s *Sealer) Open(platform, workspace, token string) (r bot.Ref, ok bool) {
	raw, err := strictBase64.DecodeString(strings.TrimPrefix(token, Mark))
	// these the decoder skips; a token has one spelling
	if err != nil || len(raw) < macSize || strings.ContainsAny(token, "\r\n") {
		return r, false
	}
	payload := raw[macSize:]
	sum := s.mac(append(appendString(appendString(nil, platform), workspace), payload...))
	if !hmac.Equal(sum[:], raw[:macSize]) {
		return r, false
	}
	return readPayload(token, payload)
}

func readPayload(token string, data []byte) (r bot.Ref, ok bool) {
	if len(data) == 0 || data[0] != sealedAction && data[0] != sealedForm {
		return r, false
	}
	r = bot.Ref{Token: token, Form: data[0] == sealedForm}
	expires, n := binary.Varint(data[1:])
	if n <= 0 {
		return r, false
	}
	if expires != 0 {
		r.Expires = time.Unix(expires, 0).UTC()
	}
	var texts []string
	for data = data[1+n:]; len(data) > 0; {
		size, n := binary.Uvarint(data)
		if n <= 0 || size > uint64(len(data)-n) {
			return r, false
		}
		texts = append(texts, string(data[n:n+int(size)]))
		data = data[n+int(size):]
	}
	if len(texts) < 2 || len(texts)%2 != 0 {
		return r, false
	}
	r.Command, r.Choose = texts[0], texts[1]
	for pair := range slices.Chunk(texts[2:], 2) {
		if r.Args == nil {
			r.Args = map[string]string{}
		}
		r.Args[pair[0]] = pair[1]
	}
	return r, true
}

func appendString(to []byte, s string) []byte {
	return append(binary.AppendUvarint(to, uint64(len(s))), s...)
}
