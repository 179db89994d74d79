package people

import (
	"context"
	"encoding/json"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/database"
)

// Answered implements bot.Directory.
func (d *Directory) Answered(ctx context.Context, key string) (*bot.Reply, error) {
	var answers []string
	if err := d.db.Reader(ctx).Raw("SELECT answer FROM actions WHERE key = ?", key).Scan(&answers).Error; err != nil ||
		len(answers) == 0 {
		return nil, database.Error("read answer", err)
	}
	var answer bot.Reply
	if err := json.Unmarshal([]byte(answers[0]), &answer); err != nil {
		return nil, database.Error("decode answer", err)
	}
	return &answer, nil
}

// Settle implements bot.Directory.
func (d *Directory) Settle(ctx context.Context, key string, answer bot.Reply) (*bot.Reply, error) {
	data, err := json.Marshal(answer)
	if err != nil {
		return nil, database.Error("encode answer", err)
	}
	settled := false
	err = d.db.Tx(ctx, func(tx *gorm.DB) (bool, error) {
		r := tx.Exec(
			"INSERT INTO actions (key, answer, at) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING", key, string(data),
			time.Now().UTC(),
		)
		settled = r.RowsAffected == 1
		return false, r.Error
	})
	if err != nil {
		return nil, database.Error("settle an action", err)
	}
	if settled {
		return nil, nil
	}
	return d.Answered(ctx, key)
}
