package bot

import (
	"context"
	"errors"
	"fmt"
)

// File is something to upload: a picture, a table.
type File struct {
	Name  string // like incidents.png
	Title string
	Alt   string // of a picture, in words
	Type  string // like image/png
	Data  []byte
	Dark  []byte // of a picture: the same for readers whose screen is dark; platforms that know of none leave it
}

// Uploader puts a file into a conversation, once per key where the platform can tell.
type Uploader interface {
	Upload(ctx context.Context, to Conversation, f File, key string) (MessageRef, error)
}

// Attachment is what a platform of ours keeps of an uploaded file in the message that shows it. Only adapters make one.
type Attachment struct {
	Key   string `json:"key"` // that its content is kept under
	Name  string `json:"name"`
	Title string `json:"title,omitempty"`
	Alt   string `json:"alt,omitempty"`
	Type  string `json:"type"`
	Dark  bool   `json:"dark,omitempty"` // there is one for dark screens
	Size  int    `json:"size"`
}

// Upload uploads f for key, once: a second call returns the message of the first. A platform that takes no files is ErrRefused.
func (b *Bot) Upload(ctx context.Context, key, object string, to Conversation, f File) (MessageRef, error) {
	p, err := b.store.Posted(ctx, key)
	if err == nil {
		return p.Ref, nil
	}
	if !errors.Is(err, ErrNoSuch) {
		return MessageRef{}, err
	}
	platform, err := b.platform(to.Platform)
	if err != nil {
		return MessageRef{}, err
	}
	u, can := platform.(Uploader)
	if !can {
		return MessageRef{}, fmt.Errorf("upload %s: %w", key, ErrRefused)
	}
	ref, err := u.Upload(ctx, to, f, key)
	if err != nil {
		b.metrics.DeliveryFailed(to.Platform, stepOf(key))
		return MessageRef{}, fmt.Errorf("upload %s: %w", key, err)
	}
	b.step(stepOf(key) + ":sent")
	if err := b.store.SavePosted(ctx, Posted{Key: key, Object: object, Ref: ref}); err != nil {
		return MessageRef{}, err
	}
	b.step(stepOf(key) + ":stored")
	return ref, nil
}

// DirectUpload uploads f to a person alone, on one platform, once per key.
func (b *Bot) DirectUpload(ctx context.Context, key, object string, who Account, f File) error {
	platform, err := b.platform(who.Platform)
	if err != nil {
		return err
	}
	dm, can := platform.(DirectMessenger)
	if !can {
		return fmt.Errorf("upload %s: %w", key, ErrRefused)
	}
	to, err := dm.Direct(ctx, who)
	if err != nil {
		return err
	}
	_, err = b.Upload(ctx, key, object, to, f)
	return err
}
