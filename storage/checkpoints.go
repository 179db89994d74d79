package storage

import (
	"context"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/database"
)

type checkpointRow struct {
	Seq       int64 `gorm:"primaryKey;autoIncrement:false"`
	Hash      string
	At        time.Time
	Signature string
}

func (checkpointRow) TableName() string { return "checkpoints" }

func (r checkpointRow) checkpoint() bot.Checkpoint {
	return bot.Checkpoint{Seal: bot.Seal{Seq: r.Seq, Hash: r.Hash}, At: r.At.UTC(), Signature: r.Signature}
}

// AuditEnd implements bot.Checkpoints.
func (s *Store) AuditEnd(ctx context.Context) (bot.Seal, error) {
	var end bot.Seal
	err := s.db.Reader(ctx).Raw("SELECT seq, hash FROM audit_head WHERE id = 1").Scan(&end).Error
	return end, database.Error("read the end of the audit log", err)
}

// SaveCheckpoint implements bot.Checkpoints.
func (s *Store) SaveCheckpoint(ctx context.Context, c bot.Checkpoint) error {
	row := &checkpointRow{c.Seq, c.Hash, c.At, c.Signature}
	return database.Error("save checkpoint", database.Insert(s.db.Writer(ctx), "ON CONFLICT (seq) DO NOTHING", row))
}

// Checkpoint implements bot.Checkpoints.
func (s *Store) Checkpoint(ctx context.Context) (bot.Checkpoint, error) {
	var row checkpointRow
	if err := s.db.Reader(ctx).Raw("SELECT * FROM checkpoints ORDER BY seq DESC LIMIT 1").Scan(&row).Error; err != nil {
		return bot.Checkpoint{}, database.Error("read checkpoint", err)
	}
	if row.Seq == 0 {
		return bot.Checkpoint{}, bot.ErrNoSuch
	}
	return row.checkpoint(), nil
}
