package engine

import (
	"context"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/token"
)

func (b *Bot) tokenSize(platform string) int {
	on, err := b.platform(platform)
	if err != nil {
		return bot.MaxToken
	}
	if s, can := on.(bot.TokenSizer); can {
		return s.TokenSize()
	}
	return bot.MaxToken
}

// ref finds what the token of a request stands for. A sealed one has to belong to where it was used: the place, or in a
// direct message with somebody from another workspace that person's own. A token of neither is ErrNoSuch, like one that
// was never made.
func (b *Bot) ref(ctx context.Context, req bot.Request) (bot.Ref, error) {
	if !strings.HasPrefix(req.Token, token.Mark) {
		return b.store.Ref(ctx, req.Token)
	}
	if len(req.Token) > max(bot.MaxToken, b.tokenSize(req.From.Platform)) {
		return bot.Ref{}, bot.ErrNoSuch
	}
	s, err := b.sealer(ctx)
	if err != nil {
		return bot.Ref{}, err
	}
	for _, workspace := range []string{workspaceOf(req.Place, req.From), req.From.Workspace} {
		if r, ok := s.Open(req.From.Platform, workspace, req.Token); ok {
			return r, nil
		}
	}
	return bot.Ref{}, bot.ErrNoSuch
}

// workspaceOf is where an answer to a request is shown.
func workspaceOf(place bot.Conversation, from bot.Account) string {
	if place.Workspace != "" {
		return place.Workspace
	}
	return from.Workspace
}
