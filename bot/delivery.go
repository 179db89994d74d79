package bot

import "context"

// Urgency is who goes first where a platform takes only so many messages a minute.
type Urgency int

const (
	Digest Urgency = iota
	Reminder
	Card // the default: what shows how things stand
	Now  // what people wait for: channels, invitations, updates
	Wake // what wakes somebody
)

type deliveryKey struct{}

// Delivery is what a job tells everything that it shows or posts.
type Delivery struct {
	Again   bool
	Urgency Urgency
}

// WithDelivery hands it on to whatever is done with the context.
func WithDelivery(ctx context.Context, d Delivery) context.Context {
	return context.WithValue(ctx, deliveryKey{}, d)
}

// Again reports whether what is delivered may have been delivered before: an earlier attempt failed in a way that
// leaves open whether the platform did it, or died before it could write down that it did. Outside of jobs nobody
// knows, so it is true.
func Again(ctx context.Context) bool {
	d, ok := ctx.Value(deliveryKey{}).(Delivery)
	return !ok || d.Again
}

// UrgencyOf is how urgent the job is that ctx belongs to.
func UrgencyOf(ctx context.Context) Urgency {
	d, ok := ctx.Value(deliveryKey{}).(Delivery)
	if !ok {
		return Now
	}
	return d.Urgency
}

// CardKey is the key under which a capability shows the card of a thing on a platform.
func CardKey(noun, id, platform string) string { return noun + ".card/" + id + "/" + platform }
