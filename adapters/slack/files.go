package slack

import (
	"bytes"
	"context"
	"fmt"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/adapters/slack/block"
	"github.com/watchbell/watchbell/adapters/slack/webapi"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

var _ bot.Uploader = (*Adapter)(nil)

const maxAlt = 1000

// Upload implements bot.Uploader. Slack shares a file some time after it said yes and never says as which message, so
// the reference holds the file's id. After a lost answer the file is looked for by its title, which tells files of a
// thread apart; elsewhere it is sent again, for people may well ask twice for the same. Without the scope files:write
// it is ErrRefused.
func (a *Adapter) Upload(ctx context.Context, to bot.Conversation, f bot.File, key string) (bot.MessageRef, error) {
	title := block.Escape(f.Title)
	if bot.Again(ctx) && to.Thread != "" {
		ref, found, err := a.findBy(ctx, to, func(m slack.Message) bool { return m.Text == title })
		if err != nil || found {
			return ref, err
		}
	}
	var at *slack.GetUploadURLExternalResponse
	err := a.api.Call(ctx, func(ctx context.Context) (err error) {
		at, err = a.api.GetUploadURLExternalContext(ctx, slack.GetUploadURLExternalParameters{
			FileName: f.Name, FileSize: len(f.Data), AltTxt: value.Cut(f.Alt, maxAlt),
		})
		return err
	}, "files.getUploadURLExternal")
	if webapi.Code(err) == "missing_scope" {
		return bot.MessageRef{}, fmt.Errorf("%w: %w", err, bot.ErrRefused)
	}
	if err != nil {
		return bot.MessageRef{}, err
	}
	err = a.api.Call(ctx, func(ctx context.Context) error {
		return a.api.UploadToURL(ctx, slack.UploadToURLParameters{
			UploadURL: at.UploadURL, Reader: bytes.NewReader(f.Data), Filename: f.Name,
		})
	}, "files.upload")
	if err != nil {
		return bot.MessageRef{}, err
	}
	share := func() error {
		return a.api.Call(ctx, func(ctx context.Context) error {
			_, err := a.api.CompleteUploadExternalContext(ctx, slack.CompleteUploadExternalParameters{
				Files: []slack.FileSummary{{ID: at.FileID, Title: f.Title}}, Channel: to.Channel, ThreadTimestamp: to.Thread,
				InitialComment: title})
			return err
		}, "files.completeUploadExternal", webapi.ChannelPost+to.Channel)
	}
	// one may write to a public channel from outside, but not share files with it
	if err = share(); webapi.Code(err) == "not_in_channel" {
		if err = a.join(ctx, to.Channel); err == nil {
			err = share()
		}
	}
	return bot.MessageRef{Conversation: to, ID: at.FileID}, err
}
