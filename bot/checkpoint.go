package bot

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"
)

// Checkpoint is the end of the audit log at a time, signed by the installation. One that stands outside, like in the
// small print of a digest, proves later that the log up to it is still the same.
type Checkpoint struct {
	Seal
	At        time.Time
	Signature string // base64, by SigningKey of the installation's secret
}

// Checkpoints keeps them. A log that has grown gets one at least every CheckpointEvery entries and every hour.
type Checkpoints interface {
	// AuditEnd is the number and the hash of the last entry.
	AuditEnd(ctx context.Context) (Seal, error)
	// SaveCheckpoint keeps a checkpoint; one of the same entry stays.
	SaveCheckpoint(ctx context.Context, c Checkpoint) error
	// Checkpoint is the newest one, ErrNoSuch if there is none.
	Checkpoint(ctx context.Context) (Checkpoint, error)
}

// CheckpointEvery is after how many entries the log gets a checkpoint without waiting for the hour.
const CheckpointEvery = 1000

// CheckpointJob is the kind of the job that makes one.
const CheckpointJob = "bot.checkpoint-audit"

// SigningKey is the key that an installation signs with, derived from its secret.
func SigningKey(secret []byte) ed25519.PrivateKey {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("watchbell-signing-key-v1"))
	return ed25519.NewKeyFromSeed(mac.Sum(nil))
}

func (c Checkpoint) signed() []byte {
	return fmt.Appendf(
		nil, "watchbell-checkpoint-v1\n%d\n%s\n%s", c.Seq, c.Hash, c.At.UTC().Format("2006-01-02T15:04:05.000000Z"),
	)
}

// Sign signs a seal as of a time, which counts to the microsecond.
func (s Seal) Sign(key ed25519.PrivateKey, at time.Time) Checkpoint {
	c := Checkpoint{Seal: s, At: at.UTC().Truncate(time.Microsecond)}
	c.Signature = base64.StdEncoding.EncodeToString(ed25519.Sign(key, c.signed()))
	return c
}

// Signed reports whether the installation with this key made the checkpoint.
func (c Checkpoint) Signed(key ed25519.PublicKey) bool {
	sig, err := base64.StdEncoding.DecodeString(c.Signature)
	return err == nil && ed25519.Verify(key, c.signed(), sig)
}
