package slack

import (
	"context"
	"encoding/json"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/adapters/slack/block"
	"github.com/watchbell/watchbell/adapters/slack/payload"
	"github.com/watchbell/watchbell/bot"
)

// suggestions is the library's OptionsResponse, which leaves out an empty list: Slack takes that for no answer.
type suggestions struct {
	Options []*slack.OptionBlockObject `json:"options"`
}

// suggest answers an input of a modal that asks for the options that fit what somebody types. It changes nothing, so it
// is answered right away; without an answer people may still close the menu and go on.
func (a *Adapter) suggest(ctx context.Context, w way, in *payload.Interaction) error {
	if in.View == nil {
		a.ack(w, nil, false)
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, a.o.Patience)
	defer cancel()
	var found []bot.Option
	c := a.interactionCaller(in)
	if a.served(ctx, c) == nil {
		var err error
		if found, err = a.o.Core.Options(
			ctx, c.account, block.ReadMeta(in.View.Metadata).Token, in.Block, in.Words,
		); err != nil {
			a.log.Warn("no options", "input", in.Block, "error", err)
		}
	}
	body, err := json.Marshal(suggestions{append([]*slack.OptionBlockObject{}, block.Options(found)...)})
	if err != nil {
		return err
	}
	a.ack(w, body, false)
	return nil
}
