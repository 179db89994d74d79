package engine

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// Installation names this installation among all others, also those on a copy of its configuration. The name tells
// nothing of the secret it is made of, and stays the same as long as the database.
func (b *Bot) Installation(ctx context.Context) (string, error) {
	secret, err := b.secret(ctx)
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, secret)
	_, _ = mac.Write([]byte("watchbell/installation"))
	return hex.EncodeToString(mac.Sum(nil)[:6]), nil
}

// Owner names this process in leases, among all instances.
func (b *Bot) Owner() string { return b.owner }
