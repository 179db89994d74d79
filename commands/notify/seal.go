package notify

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
)

// Keys that are derived from the installation's secret, each for one purpose.
const (
	sealKey = "watchbell/notify/seal/1"
	markKey = "watchbell/notify/mark/1"
	linkKey = "watchbell/notify/link/1"
)

func derive(secret []byte, purpose, data string) []byte {
	mac := hmac.New(sha256.New, secret)
	_, _ = mac.Write([]byte(purpose + "\x00" + data))
	return mac.Sum(nil)
}

// seal encrypts an address for its owner: a row that is copied to somebody else's cannot be opened.
func seal(secret []byte, owner, address string) (string, error) {
	gcm, err := sealer(secret)
	if err != nil {
		return "", err
	}
	nonce := make([]byte, gcm.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return base64.RawStdEncoding.EncodeToString(gcm.Seal(nonce, nonce, []byte(address), []byte(owner))), nil
}

var errSeal = errors.New("the address was sealed by another installation, or changed")

// unseal is the way back from seal.
func unseal(secret []byte, owner, sealed string) (string, error) {
	gcm, err := sealer(secret)
	if err != nil {
		return "", err
	}
	data, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil || len(data) < gcm.NonceSize() {
		return "", errSeal
	}
	plain, err := gcm.Open(nil, data[:gcm.NonceSize()], data[gcm.NonceSize():], []byte(owner))
	if err != nil {
		return "", errSeal
	}
	return string(plain), nil
}

func sealer(secret []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(derive(secret, sealKey, ""))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// mark is the same for the same address of the same owner, and tells nothing of it.
func mark(secret []byte, owner, address string) string {
	return hex.EncodeToString(derive(secret, markKey, owner+"\x00"+address))
}
