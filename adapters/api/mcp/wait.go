package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/watchbell/watchbell/adapters/api/said"
	"github.com/watchbell/watchbell/bot"
)

// How long one call waits at most, and by default: less than what clients give a call before they think it lost.
const (
	LongestWait = time.Minute
	usualWait   = 45 * time.Second
)

// waitTool describes how agents wait for people.
var waitTool = &sdk.Tool{
	Name: "wait_for_gate", Title: "Wait for people",
	Description: `Ask whether a change may be carried out now, and wait up to a minute for the people who decide. While "decided" is ` +
		`false, call it again with the same arguments to go on waiting. Only "allowed": true means yes.`,
	InputSchema: said.Object{
		"type": "object", "required": []string{"change", "env", "service"}, "additionalProperties": false,
		"properties": said.Object{
			"change":      said.Object{"type": "string", "description": "Like CHG-42."},
			"env":         said.Object{"type": "string", "description": "The environment, like prod."},
			"service":     said.Object{"type": "string", "description": "The service that is changed."},
			"artifact":    said.Object{"type": "string", "description": "What is deployed, like sha256:9f3c…"},
			"run":         said.Object{"type": "string", "description": "Names your run: the same run gets the same grant again."},
			"wait":        said.Object{"type": "string", "description": "How long to wait, up to 1m. Default 45s."},
			"wait_window": said.Object{"type": []string{"boolean", "string"}, "description": "Wait for the window to open, too."},
		},
	},
	Annotations: &sdk.ToolAnnotations{DestructiveHint: new(bool), OpenWorldHint: new(bool)},
}

var waitArguments = []string{"change", "env", "service", "artifact", "run", "wait", "wait_window"}

// wait waits for a decision. Each time that the answer changes, the client is told what is still missing.
func (s *Server) wait(ctx context.Context, r *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
	from, ok := callerOf(r)
	if !ok {
		return nil, errors.New("nobody knows whose request this is")
	}
	args, err := arguments(r, waitArguments)
	if err != nil {
		return wrong(err), nil
	}
	q := Question{
		Change: args["change"], Env: args["env"], Service: args["service"], Artifact: args["artifact"], Run: args["run"],
		Wait: usualWait, Window: args["wait_window"] == "yes" || args["wait_window"] == "true",
	}
	if raw := args["wait"]; raw != "" {
		if q.Wait, err = time.ParseDuration(raw); err != nil || q.Wait < 0 || q.Wait > LongestWait {
			return wrong(bot.Errorf(bot.Invalid, "wait: write a time up to 1m, like 30s.")), nil
		}
	}
	if q.Change == "" || q.Env == "" || q.Service == "" {
		return wrong(
			bot.Errorf(bot.Invalid, "Name change, env and service, like CHG-42, prod and billing-db. What is not named is never allowed."),
		), nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-from.gone:
			cancel()
		case <-ctx.Done():
		}
	}()
	reply, undecided, err := s.o.Wait(ctx, from.Token, q, progress(ctx, r))
	if err != nil {
		return wrong(err), nil
	}
	return verdict(reply, undecided), nil
}

// progress tells the client what is missing whenever that changes, if it wants to know.
func progress(ctx context.Context, r *sdk.CallToolRequest) func(bot.Reply) {
	token := r.Params.GetProgressToken()
	last, n := "", 0
	return func(reply bot.Reply) {
		text := said.Plain(reply)
		if token == nil || r.Session == nil || text == last {
			return
		}
		last = text
		n++
		// The client may have gone, which the waiting notices by itself.
		_ = r.Session.NotifyProgress(ctx, &sdk.ProgressNotificationParams{
			ProgressToken: token, Progress: float64(n), Message: text,
		})
	}
}

// verdict is what the gate says. What it does not say clearly is never a yes.
func verdict(r bot.Reply, undecided bool) *sdk.CallToolResult {
	var gate struct {
		Status int `json:"status"`
	}
	if len(r.Data) == 0 || json.Unmarshal(r.Data, &gate) != nil || gate.Status == 0 {
		if r.Status == bot.Done {
			return wrong(bot.Errorf(bot.Unavailable, "Watchbell gave no verdict that can be read, so this is not a yes. Ask again."))
		}
		return result(r)
	}
	text := said.Plain(r)
	if undecided {
		text += " It is not decided yet: call this again with the same arguments to go on waiting."
	}
	return told(text, said.Object{"allowed": gate.Status == 200, "decided": !undecided, "gate": r.Data}, false)
}
