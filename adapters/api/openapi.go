package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/watchbell/watchbell/adapters/api/said"
	"github.com/watchbell/watchbell/bot"
)

// object is a JSON object.
type object = said.Object

// openAPI answers with the description of the API. It holds nothing of the installation but its name, so it takes no
// token.
func (s *Server) openAPI(w http.ResponseWriter, _ *http.Request) {
	s.write(w, http.StatusOK, "application/json", json.RawMessage(s.described()))
}

// describe makes the description of the API (OpenAPI 3.1) of the routes and the commands.
func (s *Server) describe() []byte {
	paths := object{}
	for _, r := range s.routes() {
		if r.path == commandPath || r.path == pagePath { // each is described by itself
			continue
		}
		at, ok := paths[r.path].(object)
		if !ok {
			at = object{}
			paths[r.path] = at
		}
		at[strings.ToLower(r.method)] = r.operation()
	}
	for _, c := range s.o.Tree.Commands() {
		if said.NeedsFile(c) {
			continue
		}
		paths[strings.Replace(commandPath, "{command}", c.Name, 1)] = object{"post": commandOperation(c)}
	}
	for _, v := range s.o.Views {
		if c, ok := s.o.Tree.Command(v.Command); ok {
			paths[pageAddress(v.Name, nil)] = object{"get": pageOperation(v, c)}
		}
	}
	data, err := json.Marshal(object{
		"openapi": "3.1.0",
		"info": object{
			"title": s.o.Name, "version": s.o.Version,
			"description": "Watchbell for programs. A token acts as its person and does what its scopes say: " +
				"permissions, which mostly are the names of commands, like incident.declare, or patterns, like change.*. Make " +
				"one with: watchbell token create, or in chat: /ops token create. The token of an agent acts for its owner, and " +
				"what it does is marked; agents find the same commands as tools of the Model Context Protocol at /mcp. " +
				"docs/api.md tells more.",
		},
		"paths":    paths,
		"security": []object{{"token": []string{}}},
		"components": object{
			"securitySchemes": object{"token": object{
				"type": "http", "scheme": "bearer",
				"description": "The token of a script or of an agent. It ends when it expires, when it is revoked, and when its person " +
					"becomes inactive.",
			}},
			"schemas": schemas,
			"responses": object{
				"problem": object{"description": "It was not done. Nothing was changed, except where the detail says otherwise.",
					"content": object{"application/problem+json": object{"schema": ref("problem")}}},
			},
			"parameters": object{
				"key": object{
					"name": "Idempotency-Key", "in": "header",
					"description": "Names the call. One that changed something has no second effect when it is repeated within " +
						"seven days, and gets the same answer; " +
						"with another body it is refused (422). A call that was refused may be sent again, corrected, with the same key.",
					"schema": object{"type": "string", "pattern": keyFormat.String()},
				},
			},
		},
	})
	if err != nil {
		panic("the description of the API is no JSON: " + err.Error()) // of texts and numbers alone
	}
	return data
}

// commandPath is where commands are carried out.
const commandPath = "/api/v1/commands/{command}"

func ref(schema string) object { return object{"$ref": "#/components/schemas/" + schema} }

// fields are labels with their values.
var fields = object{"type": "array", "items": object{
	"type": "object", "required": []string{"label", "value"},
	"properties": object{"label": object{"type": "string"}, "value": object{"type": "string"}},
}}

// schemas are those of the answers.
var schemas = object{
	"problem": object{
		"type": "object", "description": "RFC 9457.",
		"required": []string{"type", "title", "status", "reason_code", "detail"},
		"properties": object{
			"type": object{"type": "string"}, "title": object{"type": "string"}, "status": object{"type": "integer"},
			"reason_code": object{
				"type":        "string",
				"description": "For programs, like invalid, forbidden, not_found, conflict, refused or unavailable.",
			},
			"detail": object{"type": "string", "description": "For people: what is wrong and what to do about it."},
			"errors": object{
				"type": "object", "description": "What is wrong, by argument.", "additionalProperties": object{"type": "string"},
			},
			"data": object{"description": "What the command says to programs all the same."},
		},
	},
	"answer": object{"type": "object", "required": []string{"status", "text"}, "properties": object{
		"status":  object{"type": "string", "enum": []string{string(bot.Done)}},
		"text":    object{"type": "string", "description": "The whole answer in plain text, times in UTC."},
		"message": ref("message"),
		"object":  object{"type": "string", "description": "The id of the thing that was made or changed, like INC-4."},
		"data":    object{"description": "The thing itself, from commands that have data for programs."},
	}},
	"page": object{"type": "object", "required": []string{"name", "title"}, "properties": object{
		"name": object{"type": "string"}, "title": object{"type": "string"}, "facts": fields, "message": ref("message"),
		"table": object{"type": "object", "required": []string{"columns", "rows"}, "properties": object{
			"columns": object{"type": "array", "items": object{"type": "string"}},
			"rows": object{
				"type": "array",
				"items": object{"type": "object", "required": []string{"object", "cells"}, "properties": object{
					"object": object{"type": "string", "description": "The id of the thing, like INC-4."},
					"cells": object{
						"type": "array", "items": object{"type": "string"},
						"description": "One for each column. Times are RFC 3339, people are ids.",
					}}},
			},
			"next": object{"type": "string", "description": "The address of the rows that follow. Missing at the end."},
		}},
	}},
	"message": object{"type": "object", "required": []string{"sections"}, "properties": object{
		"title": object{"type": "string"},
		"tone":  object{"type": "string", "enum": []bot.Tone{bot.Info, bot.Good, bot.Warning, bot.Critical}},
		"sections": object{"type": "array", "items": object{"type": "object", "properties": object{
			"text": object{"type": "string"}, "quote": object{"type": "boolean", "description": "Words of a person."},
			"fields": fields,
		}}},
		"context": object{"type": "array", "items": object{"type": "string"}, "description": "Small print."},
	}},
}

func pageOperation(v bot.View, c *bot.Command) object {
	var parameters []object
	for i := range c.Params {
		if p := &c.Params[i]; p.Kind != bot.FileParam {
			parameters = append(parameters, parameter("query", p.Name, p.Help, false))
		}
	}
	return object{
		"operationId": "pages." + v.Name, "tags": []string{c.Noun()}, "summary": v.Title,
		"description": fmt.Sprintf("Needs the scope %s.", c.Permission),
		"parameters":  parameters, "responses": responses("application/json", ref("page"), http.StatusOK),
	}
}

// problems are the statuses with which a call may be refused.
var problems = []int{
	http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusNotAcceptable,
	http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType,
	http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusInternalServerError,
	http.StatusServiceUnavailable,
}

// responses are the answers of a call: a schema for those that say yes, problems otherwise. A status that is an answer
// too may be either.
func responses(kind string, schema object, done ...int) object {
	all := object{}
	for _, status := range problems {
		all[strconv.Itoa(status)] = object{"$ref": "#/components/responses/problem"}
	}
	for n, status := range done {
		content := object{kind: object{"schema": schema}}
		if n > 0 {
			content["application/problem+json"] = object{"schema": ref("problem")}
		}
		all[strconv.Itoa(status)] = object{"description": http.StatusText(status), "content": content}
	}
	return all
}

// parameter is something that stands in an address.
func parameter(in, name, help string, required bool) object {
	p := object{"name": name, "in": in, "required": required, "schema": object{"type": "string"}}
	if help != "" {
		p["description"] = help
	}
	return p
}

// pathID names an operation after its address.
var pathID = strings.NewReplacer("/", "_", "{", "", "}", "", ".", "_")

func (r route) operation() object {
	kind, schema := "application/json", object{"type": "object"}
	if r.kind != "" {
		kind, schema = r.kind, object{"type": "string"}
	}
	o := object{
		"operationId": strings.ToLower(r.method) + pathID.Replace(r.path), "summary": r.summary,
		"responses": responses(kind, schema, r.statuses()...),
	}
	if r.open {
		o["security"] = []object{}
	}
	var parameters []object
	for _, name := range r.inPath() {
		parameters = append(parameters, parameter("path", name, "", true))
	}
	for _, in := range r.query {
		parameters = append(parameters, parameter("query", in.name, in.help, in.required))
	}
	if r.method == http.MethodPost {
		parameters = append(parameters, object{"$ref": "#/components/parameters/key"})
		fields := object{}
		for _, in := range r.body {
			field := text()
			if in.help != "" {
				field["description"] = in.help
			}
			fields[in.name] = field
		}
		o["requestBody"] = bodyOf(fields, nil)
	}
	if parameters != nil {
		o["parameters"] = parameters
	}
	return o
}

// text is what is written as in chat. Some of it may come as another type of JSON.
func text() object {
	return object{"type": []string{"string", "number", "boolean", "array"}, "items": object{"type": "string"}}
}

func bodyOf(fields object, required []string) object {
	schema := object{"type": "object", "additionalProperties": false}
	if len(fields) > 0 {
		schema["properties"] = fields
	}
	if len(required) > 0 {
		schema["required"] = required
	}
	return object{"required": len(required) > 0, "content": object{"application/json": object{"schema": schema}}}
}

func commandOperation(c *bot.Command) object {
	fields, required := said.Schema(c)
	about := fmt.Sprintf("Needs the scope %s. In chat: %s", c.Permission, c.Example)
	if c.InPerson {
		about = "No token may do this: it takes a person. In chat: " + c.Example
	}
	o := object{
		"operationId": c.Name, "tags": []string{c.Noun()}, "summary": c.Summary, "description": about,
		"requestBody": bodyOf(fields, required), "responses": responses("application/json", ref("answer"), http.StatusOK),
	}
	if !c.Reads {
		o["parameters"] = []object{{"$ref": "#/components/parameters/key"}}
	}
	return o
}
