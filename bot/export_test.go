package bot

import "context"

// Opens reports whether a token stands for something where it is used.
func (b *Bot) Opens(token string, from Account, in Conversation) bool {
	_, err := b.ref(context.Background(), Request{Token: token, From: from, Place: in})
	return err == nil
}

// SealForTest makes a message ready for a place and drops it.
func (b *Bot) SealForTest(ctx context.Context, m Message, platform, workspace string) error {
	_, err := b.seal(ctx, m, platform, workspace)
	return err
}
