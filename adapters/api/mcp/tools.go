package mcp

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/watchbell/watchbell/adapters/api/said"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/front"
)

// ToolName is the tool of a command. Not every client takes a dot in a name.
func ToolName(command string) string { return strings.Replace(command, ".", "_", 1) }

// addTools adds a tool for each command. Those that take a person are among them, so that whoever calls one is told why
// not; offering lists none of these.
func (s *Server) addTools(server *sdk.Server) {
	for _, c := range s.o.Tree.Commands() {
		server.AddTool(Tool(c), func(ctx context.Context, r *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
			return s.carryOut(ctx, c, r)
		})
	}
	server.AddTool(lookTool(nil), s.look)
	server.AddTool(waitTool, s.wait)
}

// keyArgument names a call, like the Idempotency-Key of the API.
const keyArgument = "idempotency_key"

// Tool describes a command to agents. Its schema is the one of the API.
func Tool(c *bot.Command) *sdk.Tool {
	properties, required := said.Schema(c)
	if !c.Reads {
		properties[keyArgument] = said.Object{
			"type": "string", "pattern": keyFormat.String(),
			"description": "Names this call, so that it has no second effect when it is repeated within seven days. Choose a new " +
				"one for something else.",
		}
	}
	schema := said.Object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		schema["required"] = required
	}
	closed := false
	return &sdk.Tool{
		Name: ToolName(c.Name), Title: c.Title, InputSchema: schema,
		Description: fmt.Sprintf("%s. What people type for it: %s", sentence(c.Summary), c.Example),
		Annotations: &sdk.ToolAnnotations{ReadOnlyHint: c.Reads, OpenWorldHint: &closed},
	}
}

// sentence begins with a capital letter.
func sentence(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[size:]
}

// away is said where the database is.
const away = "Watchbell cannot reach its database just now. Ask again in a moment."

// offering lists to each agent what it may use, and nothing else. The SDK carries requests out in goroutines of its own,
// where a panic would end the program, so it ends here.
func (s *Server) offering(next sdk.MethodHandler) sdk.MethodHandler {
	return func(ctx context.Context, method string, r sdk.Request) (result sdk.Result, err error) {
		defer func() {
			if fault := recover(); fault != nil {
				s.o.Log.Error(
					"a handler panicked", "method", method, "panic", fmt.Sprint(fault), "stack", string(debug.Stack()),
				)
				result, err = nil, bot.Errorf(bot.Unavailable, front.Silent)
			}
		}()
		result, err = next(ctx, method, r)
		if err != nil {
			return result, err
		}
		from, known := callerOf(r)
		switch list := result.(type) {
		case *sdk.ListToolsResult:
			list.Tools, err = s.toolsOf(ctx, from, known, list.Tools)
		case *sdk.ListResourcesResult:
			list.Resources, err = s.resourcesOf(ctx, from, known, list.Resources)
		}
		if err != nil {
			s.o.Log.Error("what an agent may use is not known", "error", err)
			return nil, bot.Errorf(bot.Unavailable, away)
		}
		return result, nil
	}
}

// toolsOf are those of all tools that an agent may use.
func (s *Server) toolsOf(ctx context.Context, from caller, known bool, all []*sdk.Tool) ([]*sdk.Tool, error) {
	list := []*sdk.Tool{}
	if !known {
		return list, nil
	}
	commands, err := s.o.CommandsOf(ctx, from.Token)
	if err != nil {
		return nil, err
	}
	offered := map[string]bool{}
	for _, c := range commands {
		offered[ToolName(c.Name)] = !c.InPerson && !said.NeedsFile(c)
		offered[waitTool.Name] = offered[waitTool.Name] || c.Name == "change.gate"
	}
	views, err := s.o.ViewsOf(ctx, from.Token)
	if err != nil {
		return nil, err
	}
	for _, t := range all {
		switch {
		case t.Name == lookName && len(views) > 0:
			list = append(list, lookTool(views))
		case offered[t.Name]:
			list = append(list, t)
		}
	}
	return list, nil
}

var keyFormat = regexp.MustCompile(`^[\x21-\x7e]{1,128}$`)

// carryOut carries out a command as the agent's owner.
func (s *Server) carryOut(ctx context.Context, c *bot.Command, r *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
	from, ok := callerOf(r)
	if !ok {
		return nil, errors.New("nobody knows whose request this is")
	}
	if c.InPerson { // whatever it says: the door refuses it, and writes that down
		r := bot.Request{Key: freshKey(from), Shortcut: c.Name, Args: map[string]string{}}
		return result(s.o.Call(ctx, from.Token, r)), nil
	}
	names := said.Arguments(c)
	if !c.Reads {
		names = append(slices.Clip(names), keyArgument)
	}
	args, err := arguments(r, names)
	if err != nil {
		return wrong(err), nil
	}
	key := freshKey(from)
	if k, given := args[keyArgument]; given {
		if !keyFormat.MatchString(k) {
			return wrong(
				bot.Errorf(bot.Invalid, "%s: write 1 to 128 visible ASCII characters, like deploy-42.", keyArgument),
			), nil
		}
		delete(args, keyArgument)
		key = strings.Join([]string{"api", from.ID, "mcp/" + c.Name, k}, ":")
	}
	digest := digestOf(args)
	reply := s.o.Call(ctx, from.Token, bot.Request{Key: key, Shortcut: c.Name, Args: args, Digest: digest})
	if reply.Digest != "" && reply.Digest != digest {
		return wrong(
			bot.Errorf(bot.Invalid, "This %s was used with other arguments. Use a new one for something else.", keyArgument),
		), nil
	}
	return result(reply), nil
}

// arguments reads those of a call. A client may send null where it has none.
func arguments(r *sdk.CallToolRequest, names []string) (map[string]string, error) {
	if string(bytes.TrimSpace(r.Params.Arguments)) == "null" {
		return map[string]string{}, nil
	}
	return said.Read(r.Params.Arguments, names)
}

// digestOf tells two calls apart that have the same key.
func digestOf(args map[string]string) string {
	data, err := json.Marshal(args) // in the order of the names
	if err != nil {
		panic(err) // texts only
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// freshKey names an action that nobody will repeat under that name.
func freshKey(from caller) string { return "api:" + from.ID + ":" + rand.Text() }

// result is the answer to a call: what people would read, and the same for programs. What is refused is an error of the
// tool, so that the agent reads why and what helps.
func result(r bot.Reply) *sdk.CallToolResult {
	if r.Status == bot.Done {
		return told(said.Plain(r), said.Answer(r), false)
	}
	text := said.Plain(r)
	if text == "" {
		text = "Nothing is known about this call. Repeat it in a moment, with the same " + keyArgument + "."
	}
	return told(text, said.Refusal(r), true)
}

// wrong is a call that makes no sense.
func wrong(err error) *sdk.CallToolResult {
	reason := bot.Invalid
	var e *bot.Error
	if errors.As(err, &e) {
		reason = e.Kind
	}
	code := said.Reason(bot.Reply{Status: bot.Refused, Kind: reason})
	return told(err.Error(), said.Object{"detail": err.Error(), "reason_code": code}, true)
}

func told(text string, structured said.Object, isError bool) *sdk.CallToolResult {
	return &sdk.CallToolResult{
		Content: []sdk.Content{&sdk.TextContent{Text: text}}, StructuredContent: structured, IsError: isError,
	}
}
