package discordfake_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// spec is Discord's published OpenAPI, when WATCHBELL_DISCORD_OPENAPI names the file. It is not kept here, because it
// is large and changes every few days: github.com/discord/discord-api-spec, specs/openapi.json.
var spec = sync.OnceValues(func() (*openapi3.T, error) {
	name := os.Getenv("WATCHBELL_DISCORD_OPENAPI")
	if name == "" {
		return nil, nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var document any
	if err := json.Unmarshal(data, &document); err != nil {
		return nil, err
	}
	plain(document)
	if data, err = json.Marshal(document); err != nil {
		return nil, err
	}
	return openapi3.NewLoader().LoadFromData(data)
})

// plain rewrites what the reader of specifications takes differently: choices of constants, and choices of which
// several fit.
func plain(v any) {
	switch v := v.(type) {
	case []any:
		for _, below := range v {
			plain(below)
		}
	case object:
		for _, below := range v {
			plain(below)
		}
		list, ok := v["oneOf"].([]any)
		if !ok {
			return
		}
		delete(v, "oneOf")
		var constants []any
		for _, choice := range list {
			if c, ok := choice.(object)["const"]; ok {
				constants = append(constants, c)
			}
		}
		if len(constants) == len(list) {
			v["enum"] = constants
		} else {
			v["anyOf"] = list
		}
	}
}

// compare holds an answer of the fake to Discord's OpenAPI, and so what the fake takes.
func compare(t *testing.T, r *http.Request, a answer) {
	t.Helper()
	d, err := spec()
	if err != nil {
		t.Fatal(err)
	}
	if d == nil || a.status >= 500 || strings.HasPrefix(a.header.Get("Content-Type"), "text/") {
		return
	}
	path := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/api/v10"), "/api/v9")
	operation := operationOf(d, r.Method, path)
	if operation == nil {
		if a.status < 300 {
			t.Logf("%s %s is not in Discord's OpenAPI", r.Method, path)
		}
		return
	}
	plain := r.Header.Get("Content-Type") == "application/json"
	if a.status < 300 && r.GetBody != nil && operation.RequestBody != nil && plain {
		body, _ := r.GetBody()
		var v any
		_ = json.NewDecoder(body).Decode(&v)
		withoutPermissions(v)
		content := operation.RequestBody.Value.Content["application/json"]
		if err := content.Schema.Value.VisitJSON(v, openapi3.MultiErrors()); err != nil {
			t.Errorf("%s %s was taken, and Discord's OpenAPI refuses it: %v", r.Method, path, short(err))
		}
	}
	response := operation.Responses.Status(a.status)
	if response == nil {
		response = operation.Responses.Value(strconv.Itoa(a.status/100) + "XX")
	}
	if response == nil || response.Value == nil {
		t.Errorf("%s %s: Discord's OpenAPI knows no answer %d", r.Method, path, a.status)
		return
	}
	if a.status >= 400 { // it gives the codes of wrong fields as numbers, which they are not
		return
	}
	content := response.Value.Content["application/json"]
	if content == nil || a.text == "" {
		if a.text != "" && a.status < 300 {
			t.Errorf("%s %s: Discord's OpenAPI knows no body for %d: %s", r.Method, path, a.status, a.text)
		}
		return
	}
	var v any
	_ = json.Unmarshal([]byte(a.text), &v)
	if err := content.Schema.Value.VisitJSON(v, openapi3.MultiErrors()); err != nil {
		t.Errorf("%s %s answers what Discord's OpenAPI does not allow: %v\n%s", r.Method, path, short(err), a.text)
	}
}

// withoutPermissions leaves out sets of permissions, which Discord's pages call strings and its OpenAPI numbers.
func withoutPermissions(v any) {
	switch v := v.(type) {
	case []any:
		for _, below := range v {
			withoutPermissions(below)
		}
	case object:
		delete(v, "allow")
		delete(v, "deny")
		delete(v, "default_member_permissions")
		for _, below := range v {
			withoutPermissions(below)
		}
	}
}

func short(err error) string {
	text := err.Error()
	return text[:min(len(text), 1500)]
}

// operationOf finds an operation. A path with fewer names fits better.
func operationOf(d *openapi3.T, method, path string) *openapi3.Operation {
	parts := strings.Split(path, "/")
	var best string
	for pattern := range d.Paths.Map() {
		wanted := strings.Split(pattern, "/")
		fits := len(wanted) == len(parts)
		for i := 0; fits && i < len(wanted); i++ {
			fits = strings.HasPrefix(wanted[i], "{") || wanted[i] == parts[i]
		}
		if fits && (best == "" || strings.Count(pattern, "{") < strings.Count(best, "{")) {
			best = pattern
		}
	}
	if best == "" {
		return nil
	}
	return d.Paths.Value(best).GetOperation(method)
}

// conforms holds a part of an event to a schema of Discord's OpenAPI.
func conforms(t *testing.T, schema string, v any) {
	t.Helper()
	d, err := spec()
	if err != nil {
		t.Fatal(err)
	}
	if d == nil {
		return
	}
	if err := d.Components.Schemas[schema].Value.VisitJSON(v, openapi3.MultiErrors()); err != nil {
		t.Errorf("not a %s: %v\n%v", schema, short(err), v)
	}
}
