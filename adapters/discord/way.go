package discord

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/watchbell/watchbell/adapters/discord/payload"
	"github.com/watchbell/watchbell/adapters/discord/rest"
)

// Kinds of answers to an interaction.
const (
	pong           = 1
	answerMessage  = 4
	answerLater    = 5 // with a message that follows
	answerNothing  = 6 // of a component: it stays as it is
	answerUpdate   = 7 // of a component: its message becomes another one
	answerChoices  = 8
	answerModal    = 9
	ephemeral      = 1 << 6
	acknowledgedBy = "interactions/%s/%s/callback"
)

// response is an answer to an interaction.
type response struct {
	Type int `json:"type"`
	Data any `json:"data,omitempty"`
}

// way is how one interaction came in, and how it is answered, once, within three seconds.
type way interface {
	// respond answers. goesOn: whoever calls has more to do afterwards.
	respond(ctx context.Context, in *payload.Interaction, r response, goesOn bool) error
}

// byHTTP is the response to a request of Discord's.
type byHTTP struct{ w http.ResponseWriter }

func (h *byHTTP) respond(_ context.Context, _ *payload.Interaction, r response, goesOn bool) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	h.w.Header().Set("Content-Type", "application/json")
	h.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if goesOn { // the connection is ours until the handler returns: nobody may wait behind it
		h.w.Header().Set("Connection", "close")
	}
	h.w.WriteHeader(http.StatusOK)
	if _, err = h.w.Write(body); err == nil && goesOn {
		err = http.NewResponseController(h.w).Flush()
	}
	return err
}

// answerWithin is how long an answer may be on its way. Discord waits three seconds, of which the request took some.
const answerWithin = 3 * time.Second

// byGateway answers by a call of the API.
type byGateway struct{ a *Adapter }

func (g *byGateway) respond(ctx context.Context, in *payload.Interaction, r response, _ bool) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	call := rest.Call{Method: "POST", Route: acknowledgedBy, Args: []string{in.ID, in.Token}, Body: r, Apart: true}
	err := g.a.api.Do(ctx, call, nil)
	if err != nil && rest.Code(err) == 0 { // perhaps it arrived and the answer to it was lost
		err = g.a.api.Do(ctx, call, nil)
	}
	if rest.Code(err) == rest.Acknowledged {
		return nil
	}
	return err
}

// gone is the way of what another process answered, which may not be as dead as it seems.
type gone struct{}

func (gone) respond(context.Context, *payload.Interaction, response, bool) error { return nil }
