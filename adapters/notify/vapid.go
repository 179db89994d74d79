package notify

import (
	"crypto/ecdh"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
)

// Keys are those by which push services know us (VAPID), as browsers write them.
type Keys struct {
	Public  string
	Private string
}

// KeysOf are the keys that belong to an installation's secret, which is made with the database and kept in it. So all
// instances have the same, and a subscription stays good as long as the database.
func KeysOf(secret []byte) (Keys, error) {
	if len(secret) == 0 {
		return Keys{}, errors.New("the installation has no secret")
	}
	for n := range byte(255) { // almost every number is a key; the first that is, is ours
		mac := hmac.New(sha256.New, secret)
		_, _ = mac.Write(append([]byte("watchbell/vapid/"), n))
		key, err := ecdh.P256().NewPrivateKey(mac.Sum(nil))
		if err != nil {
			continue
		}
		return Keys{
			Public:  base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()),
			Private: base64.RawURLEncoding.EncodeToString(key.Bytes()),
		}, nil
	}
	return Keys{}, errors.New("no key can be made of the installation's secret")
}
