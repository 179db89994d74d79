package bot

import "context"

// Estate is what people own of a capability's things, for the day on which they leave. /ops handover lists it and hands
// it over.
type Estate struct {
	// Owned lists what somebody owns or has to do, to whoever looks.
	Owned func(ctx context.Context, who PersonID) ([]Holding, error)
	// Hand gives one of these to somebody else, in the name of whoever calls and by a commit of its own. It changes nothing
	// where it is not from's any more. An *Error says why it stays where it is.
	Hand func(ctx context.Context, c *Call, h Holding, from, to PersonID) error
}

// Holding is something that somebody owns or has to do.
type Holding struct {
	Object string // its thing's id, like INC-7
	What   string // names it among those of its thing, like "task 2"; "" is the thing itself
	Text   string // in a few words
	Stays  string // why it cannot be handed over, as a sentence; "": it can
}

// Label is what people call it.
func (h Holding) Label() string {
	if h.What == "" {
		return h.Object
	}
	return h.Object + " " + h.What
}

// OwnSource is a repository of things of which people own parts.
type OwnSource interface {
	// Owned are the ids of things of which somebody owns something, or on which they have something left to do.
	Owned(ctx context.Context, who PersonID) ([]string, error)
}
