package mcp

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/watchbell/watchbell/adapters/api/said"
	"github.com/watchbell/watchbell/bot"
)

const lookName = "look"

// lookTool describes how pages are read, to somebody who may look at these.
func lookTool(views []bot.View) *sdk.Tool {
	names, titles := []string{}, []string{}
	for _, v := range views {
		names = append(names, v.Name)
		titles = append(titles, fmt.Sprintf("%s (%s)", v.Name, v.Title))
	}
	page := said.Object{"type": "string", "description": "One of: " + strings.Join(titles, ", ") + "."}
	if len(names) > 0 {
		page["enum"] = names
	}
	closed := false
	return &sdk.Tool{
		Name: lookName, Title: "Look at a page",
		Description: "Read a page: a list of incidents, changes or records with what is known of each, fifty rows at a time.",
		InputSchema: said.Object{
			"type": "object", "required": []string{"page"}, "additionalProperties": false,
			"properties": said.Object{
				"page": page,
				"narrow": said.Object{
					"type": "object", "additionalProperties": said.Object{"type": []string{"string", "number", "boolean", "array"}},
					"description": `Arguments of the command behind the page, like {"which": "all", "service": "web"}. The "next" of a page, ` +
						"given here, shows the rows that follow.",
				},
			},
		},
		Annotations: &sdk.ToolAnnotations{ReadOnlyHint: true, OpenWorldHint: &closed},
	}
}

// look reads a page.
func (s *Server) look(ctx context.Context, r *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
	from, ok := callerOf(r)
	if !ok {
		return nil, fmt.Errorf("nobody knows whose request this is")
	}
	var asked struct {
		Page   string          `json:"page"`
		Narrow json.RawMessage `json:"narrow"`
	}
	if err := json.Unmarshal(r.Params.Arguments, &asked); err != nil {
		return wrong(bot.Errorf(bot.Invalid, `Write {"page": "incidents"}, and under "narrow" what narrows it.`)), nil
	}
	v, ok := s.view(asked.Page)
	if !ok {
		return wrong(bot.Errorf(bot.NotFound, "page: there is no page %q. The description of the tool lists all.",
			bot.Shown(asked.Page))), nil
	}
	args, err := said.Read(asked.Narrow, s.narrows(v))
	if err != nil {
		return wrong(err), nil
	}
	reply := s.read(ctx, from, v, args)
	if reply.Status != bot.Done {
		return result(reply), nil
	}
	page := said.Page(v, reply, func(args map[string]string) any { return args })
	data, err := json.Marshal(page)
	if err != nil {
		return nil, err
	}
	return told(string(data), page, false), nil
}

func (s *Server) view(name string) (bot.View, bool) {
	i := slices.IndexFunc(s.o.Views, func(v bot.View) bool { return v.Name == name })
	if i < 0 {
		return bot.View{}, false
	}
	return s.o.Views[i], true
}

// narrows are the arguments that a page takes, with those that lead from one screen to the next.
func (s *Server) narrows(v bot.View) []string {
	var names []string
	if c, ok := s.o.Tree.Command(v.Command); ok {
		for i := range c.Params {
			if c.Params[i].Kind != bot.FileParam {
				names = append(names, c.Params[i].Name)
			}
		}
	}
	return names
}

func (s *Server) read(ctx context.Context, from caller, v bot.View, args map[string]string) bot.Reply {
	return s.o.Call(ctx, from.Token, bot.Request{Key: freshKey(from), Shortcut: v.Command, Args: v.With(args), Paged: true})
}

// pageURI is the address of a page as a resource.
func pageURI(name string) string {
	return (&url.URL{Scheme: "watchbell", Host: "pages", Path: "/" + name}).String()
}

// addPages offers pages as resources too, for clients that let people attach them.
func (s *Server) addPages(server *sdk.Server) {
	for _, v := range s.o.Views {
		server.AddResource(
			&sdk.Resource{URI: pageURI(v.Name), Name: v.Name, Title: v.Title, MIMEType: "application/json"},
			func(ctx context.Context, r *sdk.ReadResourceRequest) (*sdk.ReadResourceResult, error) {
				from, ok := callerOf(r)
				if !ok {
					return nil, sdk.ResourceNotFoundError(r.Params.URI)
				}
				reply := s.read(ctx, from, v, nil)
				if reply.Status != bot.Done {
					return nil, fmt.Errorf("%s", said.Plain(reply))
				}
				data, err := json.Marshal(said.Page(v, reply, func(args map[string]string) any { return args }))
				if err != nil {
					return nil, err
				}
				return &sdk.ReadResourceResult{Contents: []*sdk.ResourceContents{
					{URI: r.Params.URI, MIMEType: "application/json", Text: string(data)},
				}}, nil
			},
		)
	}
}

// resourcesOf are the pages that an agent may look at.
func (s *Server) resourcesOf(
	ctx context.Context, from caller, known bool, all []*sdk.Resource,
) ([]*sdk.Resource, error) {
	list := []*sdk.Resource{}
	if !known {
		return list, nil
	}
	views, err := s.o.ViewsOf(ctx, from.Token)
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		if slices.ContainsFunc(views, func(v bot.View) bool { return v.Name == r.Name }) {
			list = append(list, r)
		}
	}
	return list, nil
}
