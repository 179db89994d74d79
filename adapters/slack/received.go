package slack

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/watchbell/watchbell/adapters/slack/block"
	"github.com/watchbell/watchbell/adapters/slack/payload"
	"github.com/watchbell/watchbell/bot"
)

// maxAttached bounds what is fetched; what a command takes is less, and the core says how much.
const maxAttached = 16 << 20

var errTooLarge = errors.New("the file is too large")

// limited is a buffer that takes so many bytes and no more.
type limited struct {
	bytes.Buffer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, errTooLarge
	}
	return l.Buffer.Write(p)
}

// files fetches the files of a modal, one for each of its inputs. bad says which could not be had.
func (a *Adapter) files(
	ctx context.Context, state map[string]map[string]payload.Input,
) (files map[string]bot.Upload, bad *bot.Form) {
	for name, held := range state {
		in := held[block.InputAction]
		if len(in.Files) == 0 {
			continue
		}
		f := in.Files[0]
		content := &limited{left: maxAttached}
		err := errTooLarge
		if f.Size <= maxAttached {
			err = a.api.Call(
				ctx, func(ctx context.Context) error { return a.api.GetFileContext(ctx, f.URL, content) }, "files.download",
			)
		}
		if err != nil {
			a.log.WarnContext(ctx, "fetch a file", "input", name, "error", err)
			text := "Slack does not hand the file out. An administrator has to give the app the scope files:read."
			if errors.Is(err, errTooLarge) {
				text = fmt.Sprintf("The file is larger than %d MiB.", maxAttached>>20)
			}
			if bad == nil {
				bad = &bot.Form{}
			}
			bad.Inputs = append(bad.Inputs, bot.Input{Name: name, Error: text})
			continue
		}
		if files == nil {
			files = map[string]bot.Upload{}
		}
		files[name] = bot.Upload{Name: f.Name, Data: content.Bytes()}
	}
	return files, bad
}
