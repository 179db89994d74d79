package notifytest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Browser is one that asked to be told.
type Browser struct {
	Subscription string // as the page sends it to us
	path         string
	key          *ecdh.PrivateKey
	auth         []byte
}

// Browser subscribes a browser at the push service, for whoever has this public key.
func (o *Outside) Browser(publicKey, device string) *Browser {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		o.T.Fatal(err)
	}
	b := &Browser{key: key, auth: make([]byte, 16)}
	_, _ = rand.Read(b.auth) // never fails
	o.mu.Lock()
	defer o.mu.Unlock()
	o.keys = publicKey
	b.path = "/send/" + strconv.Itoa(len(o.browsers)+1)
	o.browsers[b.path] = b
	text, err := json.Marshal(map[string]any{
		"endpoint": "https://" + pushHost + b.path, "expirationTime": nil, "device": device,
		"keys": map[string]string{"p256dh": encode(key.PublicKey().Bytes()), "auth": encode(b.auth)},
	})
	if err != nil {
		o.T.Fatal(err)
	}
	b.Subscription = string(text)
	return b
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// deliver checks a message as a push service does (RFC 8292) and reads it as the browser would (RFC 8291).
func (o *Outside) deliver(r *http.Request, body []byte) (map[string]string, error) {
	b := o.browsers[r.URL.Path]
	if b == nil {
		return nil, errors.New("there is no such subscription")
	}
	if err := o.signed(r.Header.Get("Authorization")); err != nil {
		return nil, err
	}
	if ttl, err := strconv.Atoi(r.Header.Get("TTL")); err != nil || ttl <= 0 || r.Header.Get("Urgency") != "high" ||
		r.Header.Get("Content-Encoding") != "aes128gcm" {
		return nil, fmt.Errorf("headers: %v", r.Header)
	}
	text, err := b.decrypt(body)
	if err != nil {
		return nil, err
	}
	var note map[string]string
	return note, json.Unmarshal(text, &note)
}

// signed checks the token by which somebody says who they are.
func (o *Outside) signed(header string) error {
	var token, key string
	for _, part := range strings.Split(strings.TrimPrefix(header, "vapid "), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			token = value
		case "k":
			key = value
		}
	}
	if key == "" || key != o.keys {
		return fmt.Errorf("pushed by the key %q, subscribed for %q", key, o.keys)
	}
	point, err := base64.RawURLEncoding.DecodeString(key)
	if err != nil || len(point) != 65 {
		return fmt.Errorf("key %q: %v", key, err)
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return fmt.Errorf("token %q", token)
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(signature) != 64 {
		return fmt.Errorf("signature: %v", err)
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return err
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if !ecdsa.Verify(public, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		return errors.New("the signature is wrong")
	}
	var head struct{ Alg string }
	var claims struct {
		Aud, Sub string
		Exp      int64
	}
	for k, into := range []any{&head, &claims} {
		data, err := base64.RawURLEncoding.DecodeString(parts[k])
		if err == nil {
			err = json.Unmarshal(data, into)
		}
		if err != nil {
			return err
		}
	}
	left := time.Until(time.Unix(claims.Exp, 0))
	contact := strings.HasPrefix(claims.Sub, "https:") || strings.HasPrefix(claims.Sub, "mailto:")
	if head.Alg != "ES256" || claims.Aud != "https://"+pushHost || !contact || left <= 0 || left > 24*time.Hour {
		return fmt.Errorf("claims: %+v %+v", head, claims)
	}
	return nil
}

// decrypt reads a record of aes128gcm.
func (b *Browser) decrypt(body []byte) ([]byte, error) {
	if len(body) < 21 || len(body) > 4096 {
		return nil, fmt.Errorf("%d bytes", len(body))
	}
	salt, size, idLen := body[:16], binary.BigEndian.Uint32(body[16:20]), int(body[20])
	if idLen != 65 || len(body) < 21+idLen || size < uint32(len(body)-21-idLen) {
		return nil, errors.New("the header of the record is wrong")
	}
	sender, err := ecdh.P256().NewPublicKey(body[21 : 21+idLen])
	if err != nil {
		return nil, err
	}
	shared, err := b.key.ECDH(sender)
	if err != nil {
		return nil, err
	}
	info := "WebPush: info\x00" + string(b.key.PublicKey().Bytes()) + string(sender.Bytes())
	ikm, err := hkdf.Key(sha256.New, shared, b.auth, info, 32)
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, err
	}
	nonce, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	plain, err := gcm.Open(nil, nonce, body[21+idLen:], nil)
	if err != nil {
		return nil, err
	}
	plain = []byte(strings.TrimRight(string(plain), "\x00")) // padding
	if len(plain) == 0 || plain[len(plain)-1] != 2 {
		return nil, errors.New("the record has no end")
	}
	return plain[:len(plain)-1], nil
}
