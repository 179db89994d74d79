package bot

import "context"

// CardKey is the key under which a capability shows the card of a thing on a platform.
func CardKey(noun, id, platform string) string { return noun + ".card/" + id + "/" + platform }

// shown reports whether the card of what a command was used on shows what was done, where it was used: on that card, or in the place that belongs
// to the thing. An answer that offers more to do is more than an acknowledgement.
func (b *Bot) shown(ctx context.Context, c *Call, r Reply) bool {
	object := c.object()
	if !c.Command.OnCard || r.Status != Done || r.Message == nil || len(r.Message.Actions) > 0 || object == "" {
		return false
	}
	if c.On != "" {
		card, err := b.store.Posted(ctx, CardKey(c.Command.Noun(), object, c.Place.Platform))
		if err == nil && card.Ref.ID == c.On && card.Ref.Channel == c.Place.Channel {
			return true
		}
	}
	here, err := b.store.ObjectAt(ctx, c.Place)
	return err == nil && here == object
}

// object is the id of what a command is used on, "" when it is used on nothing.
func (c *Call) object() string {
	for i := range c.Command.Params {
		if p := &c.Command.Params[i]; p.Kind == RefParam && p.Required {
			return c.Text(p.Name)
		}
	}
	return ""
}
