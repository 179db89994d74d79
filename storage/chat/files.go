package chat

import (
	"context"
	"time"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/database"
)

type fileRow struct {
	Key  string `gorm:"primaryKey"`
	Type string
	Data []byte
	At   time.Time
}

func (fileRow) TableName() string { return "chat_files" }

// SaveFile implements web.Files.
func (c Repository) SaveFile(ctx context.Context, key string, f web.StoredFile) error {
	err := c.db.Writer(ctx).Exec(
		"INSERT INTO chat_files (key, type, data, at) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO NOTHING", key, f.Type, f.Data,
		time.Now().UTC(),
	).Error
	return database.Error("save file", err)
}

// File implements web.Files.
func (c Repository) File(ctx context.Context, key string) (web.StoredFile, error) {
	var row fileRow
	if err := c.db.Reader(ctx).Raw("SELECT * FROM chat_files WHERE key = ?", key).Scan(&row).Error; err != nil {
		return web.StoredFile{}, database.Error("read file", err)
	}
	if row.Key == "" {
		return web.StoredFile{}, bot.ErrNoSuch
	}
	return web.StoredFile{Type: row.Type, Data: row.Data}, nil
}
