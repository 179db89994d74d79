package oidc

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// algorithms are those that a token may be signed with. There is no "none" and nothing with a shared secret among them,
// whatever a provider offers: a public key must never serve as the secret of an HMAC.
var algorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
}

const (
	maxKeys   = 100
	rereadMin = 10 * time.Second // an unknown key id makes us read the keys again, but not more often than this
	rereadMax = time.Hour        // so a key that the provider withdrew is not trusted for longer
)

// keySet is the keys of one provider. It is go-oidc's KeySet, but takes only keys that are good for signatures and that
// do not cost seconds to compute with.
type keySet struct {
	url    string
	client *http.Client
	now    func() time.Time

	mu   sync.Mutex
	keys []jose.JSONWebKey
	read time.Time
}

// VerifySignature implements go-oidc's KeySet.
func (k *keySet) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	signed, err := jose.ParseSignedCompact(token, algorithms)
	if err != nil {
		return nil, err
	}
	if len(signed.Signatures) != 1 {
		return nil, errors.New("the token has several signatures")
	}
	header := signed.Signatures[0].Header
	if kind, _ := header.ExtraHeaders[jose.HeaderType].(string); kind != "" && !strings.EqualFold(kind, "JWT") {
		return nil, fmt.Errorf("the token is a %q, not an id token", cut(kind))
	}
	fit, err := k.fitting(ctx, header)
	if err != nil {
		return nil, err
	}
	return signed.Verify(fit.Key)
}

// fitting finds the one key that a token may be signed with. The keys are read again for an id that is not among them:
// providers change their keys.
func (k *keySet) fitting(ctx context.Context, header jose.Header) (jose.JSONWebKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.now().Sub(k.read) > rereadMax {
		k.keys, k.read = nil, time.Time{}
	}
	for {
		fit := slices.DeleteFunc(slices.Clone(k.keys), func(key jose.JSONWebKey) bool {
			return header.KeyID != "" && key.KeyID != header.KeyID || !signs(key, header.Algorithm)
		})
		switch {
		case len(fit) == 1:
			return fit[0], nil
		case len(fit) > 1:
			return jose.JSONWebKey{}, fmt.Errorf("the provider has %d keys that the token may be signed with", len(fit))
		case !k.read.IsZero() && k.now().Sub(k.read) < rereadMin:
			return jose.JSONWebKey{}, fmt.Errorf("the provider has no key %q for %s", cut(header.KeyID), header.Algorithm)
		}
		keys, err := k.fetch(ctx)
		if err != nil {
			return jose.JSONWebKey{}, fmt.Errorf("keys of the provider: %w", err)
		}
		k.keys, k.read = keys, k.now()
	}
}

func (k *keySet) fetch(ctx context.Context) ([]jose.JSONWebKey, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, k.url, nil)
	if err != nil {
		return nil, err
	}
	data, err := answerOf(k.client, r)
	if err != nil {
		return nil, err
	}
	var set struct{ Keys []json.RawMessage }
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, errors.New("they are not a JSON object with keys")
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("there are %d, and at most %d are read", len(set.Keys), maxKeys)
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if json.Unmarshal(raw, &key) == nil && useful(key) { // what we do not know may be for others
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// answerOf reads what a provider answers with success.
func answerOf(client *http.Client, r *http.Request) ([]byte, error) {
	answer, err := client.Do(r)
	if err != nil {
		return nil, plain(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP %d", answer.StatusCode)
	}
	return io.ReadAll(answer.Body)
}

// useful reports whether a key is public, for signatures, neither weak nor so large that checking takes long.
func useful(key jose.JSONWebKey) bool {
	if key.Use != "" && key.Use != "sig" {
		return false
	}
	switch public := key.Key.(type) {
	case *rsa.PublicKey:
		bits := public.N.BitLen()
		return bits >= 2048 && bits <= 8192 && public.E >= 3
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return true
	}
	return false
}

// signs reports whether a key is of the family of an algorithm.
func signs(key jose.JSONWebKey, algorithm string) bool {
	if key.Algorithm != "" && key.Algorithm != algorithm {
		return false
	}
	switch key.Key.(type) {
	case *rsa.PublicKey:
		return strings.HasPrefix(algorithm, "RS") || strings.HasPrefix(algorithm, "PS")
	case *ecdsa.PublicKey:
		return strings.HasPrefix(algorithm, "ES")
	case ed25519.PublicKey:
		return algorithm == string(jose.EdDSA)
	}
	return false
}
