package mcp_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/watchbell/watchbell/adapters/api/mcp"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/access"
	"github.com/watchbell/watchbell/bot/ask"
)

// lamps is a tree with one command that changes something and one that reads.
func lamps() *ask.Tree {
	nothing := func(context.Context, *bot.Call) (bot.Reply, error) { return bot.Reply{}, nil }
	t := &ask.Tree{}
	t.Add(bot.Noun{Name: "lamp", Summary: "for tests"}, []bot.Command{
		{Name: "lamp.light", Permission: "lamp.light", Summary: "light it", Example: "/lamp light", Handle: nothing},
		{Name: "lamp.list", Permission: "lamp.list", Summary: "list them", Example: "/lamp list", Reads: true, Handle: nothing},
	})
	return t
}

// options are those of a server whose door answers as the test says.
func options(answer func() bot.Reply) mcp.Options {
	tree := lamps()
	return mcp.Options{
		Tree: tree, Views: []bot.View{{Name: "lamps", Title: "Lamps", Command: "lamp.list"}}, Name: "Test", Version: "1",
		MaxBody: 1 << 16,
		CommandsOf: func(context.Context, access.Token) ([]*bot.Command, error) {
			return append(tree.Commands(), &bot.Command{Name: "change.gate"}), nil
		},
		ViewsOf: func(context.Context, access.Token) ([]bot.View, error) { return nil, nil },
		Call:    func(context.Context, access.Token, bot.Request) bot.Reply { return answer() },
		Wait: func(context.Context, access.Token, mcp.Question, func(bot.Reply)) (bot.Reply, bool, error) {
			return answer(), false, nil
		},
	}
}

type header struct{}

func (header) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer x")
	return http.DefaultTransport.RoundTrip(r)
}

// connect connects the official client.
func connect(t *testing.T, o mcp.Options) *sdk.ClientSession {
	t.Helper()
	s := mcp.New(o)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.Serve(w, r, access.Token{ID: "4f1c2a9b", Name: "helper", Kind: access.Agent, Person: "ana"})
	}))
	t.Cleanup(server.Close)
	session, err := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil).Connect(
		t.Context(), &sdk.StreamableClientTransport{Endpoint: server.URL, HTTPClient: &http.Client{Transport: header{}}}, nil,
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() })
	return session
}

func TestNoEndingOfACallIsAYes(t *testing.T) {
	asks := map[string]map[string]any{
		"lamp_light": nil, "look": {"page": "lamps"}, "wait_for_gate": {"change": "CHG-1", "env": "prod", "service": "web"},
	}
	said := bot.Say("Allowed.")
	for name, c := range map[string]struct {
		answer func() bot.Reply
		gate   bool // only the gate has to be asked
	}{
		"nothing":      {func() bot.Reply { return bot.Reply{} }, false},
		"refused":      {func() bot.Reply { return bot.Reply{Status: bot.Refused, Message: &said} }, false},
		"not recorded": {func() bot.Reply { return bot.Reply{Status: bot.Unready} }, false},
		"a form":       {func() bot.Reply { return bot.Reply{Status: bot.FormOpen} }, false},
		"a panic":      {func() bot.Reply { panic("broken") }, false},
		"no verdict":   {func() bot.Reply { return bot.Answer(said) }, true},
		"no status":    {func() bot.Reply { return bot.Reply{Status: bot.Done, Data: json.RawMessage(`{"x": 1}`)} }, true},
		"a status of text": {
			func() bot.Reply { return bot.Reply{Status: bot.Done, Data: json.RawMessage(`{"status": "200"}`)} }, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			session := connect(t, options(c.answer))
			for tool, args := range asks {
				if c.gate && tool != "wait_for_gate" {
					continue
				}
				r, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: tool, Arguments: args})
				if err == nil && !r.IsError {
					data, _ := json.Marshal(r)
					t.Errorf("%s: %s", tool, data)
				}
			}
		})
	}
}

// What is broken or away for a moment ends neither the program nor the connection.
func TestListsThatCannotBeRead(t *testing.T) {
	broken := true
	o := options(func() bot.Reply { return bot.Answer(bot.Say("Done.")) })
	of := o.CommandsOf
	for name, fault := range map[string]func() error{
		"a panic":  func() error { panic("broken") },
		"the lost": func() error { return errors.New("connection refused") },
	} {
		t.Run(name, func(t *testing.T) {
			broken = true
			o.CommandsOf = func(ctx context.Context, tok access.Token) ([]*bot.Command, error) {
				if broken {
					return nil, fault()
				}
				return of(ctx, tok)
			}
			session := connect(t, o)
			if list, err := session.ListTools(t.Context(), nil); err == nil || strings.Contains(err.Error(), "refused") {
				t.Errorf("%v %v", list, err)
			}
			broken = false
			if list, err := session.ListTools(t.Context(), nil); err != nil || len(list.Tools) != 3 {
				t.Errorf("%v %v", list, err)
			}
		})
	}
}

// An agent that goes away no longer waits, whatever version of the protocol it speaks.
func TestAnAgentThatIsGoneDoesNotWait(t *testing.T) {
	for _, version := range []string{"2025-06-18", "2025-11-25"} {
		t.Run(version, func(t *testing.T) {
			waits, ended := make(chan struct{}), make(chan struct{})
			o := options(nil)
			o.Wait = func(ctx context.Context, _ access.Token, _ mcp.Question, _ func(bot.Reply)) (bot.Reply, bool, error) {
				close(waits)
				<-ctx.Done()
				close(ended)
				return bot.Reply{}, true, ctx.Err()
			}
			s := mcp.New(o)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				s.Serve(w, r, access.Token{ID: "4f1c2a9b", Kind: access.Agent})
			}))
			defer server.Close()
			ctx, leave := context.WithCancel(t.Context())
			body := `{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "wait_for_gate",
				"arguments": {"change": "CHG-1", "env": "prod", "service": "web"}}}`
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range map[string]string{
				"Authorization": "Bearer x", "Content-Type": "application/json", "Mcp-Protocol-Version": version,
				"Accept": "application/json, text/event-stream",
			} {
				r.Header.Set(name, value)
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				if resp, err := http.DefaultClient.Do(r); err == nil {
					_ = resp.Body.Close()
				}
			}()
			<-waits
			leave()
			<-ended
			<-done
		})
	}
}
