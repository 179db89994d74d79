package control

import (
	"context"
	"errors"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change/view"
)

const (
	notOurs = "Watchbell did not post this message. Do not act on it, and tell your security team if it looks like one " +
		"of its cards."
	nowhere = "This link leads to no place where Watchbell posts. Do not act on what stands there, and tell your " +
		"security team if it looks like one of Watchbell's cards."
)

// verifyCard says whether Watchbell posted a message. Only the message's own id counts: its room, its words and its
// looks prove nothing.
func (s *Service) verifyCard(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	ref, err := s.messageMeant(ctx, c)
	if errors.Is(err, bot.ErrNoSuch) {
		return bot.Answer(alarm(nowhere)), nil
	}
	if err != nil {
		return bot.Reply{}, err
	}
	object, err := s.chat.ObjectOf(ctx, ref)
	switch {
	case err == nil:
		return bot.Answer(view.Done("This message is real. It is about ", bot.Bold(object), ".")), nil
	case !errors.Is(err, bot.ErrNoSuch):
		return bot.Reply{}, err
	case c.Quote != nil && c.Quote.Ours:
		return bot.Answer(view.Done("Watchbell posted this message, as an answer to somebody. It is no card.")), nil
	}
	return bot.Answer(alarm(notOurs)), nil
}

// messageMeant is the message on which the command was used, or else the one that its link leads to.
func (s *Service) messageMeant(ctx context.Context, c *bot.Call) (bot.MessageRef, error) {
	if c.Quote != nil && c.Quote.Ref.ID != "" {
		return c.Quote.Ref, nil
	}
	link := c.Text("link")
	if !strings.HasPrefix(link, "https://") && !strings.HasPrefix(link, "http://") {
		return bot.MessageRef{}, bot.Errorf(
			bot.Invalid,
			"Give the link of a message as the chat copies it, like "+
				"https://example.slack.com/archives/C024BE7LD/p1764079320000100, or use \"Is this card real?\" in the menu of "+
				"the message.",
		).About("link")
	}
	return s.chat.MessageAt(ctx, link)
}

func alarm(text string) bot.Message {
	return bot.Message{Tone: bot.Critical, Sections: []bot.Section{bot.Para(text)}}
}
