package command

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
)

// asRegistered is a layout as Discord says it is registered: with ids and defaults of its own, and without what is the
// default.
func asRegistered(t *testing.T, l *Layout) []map[string]any {
	t.Helper()
	data, err := json.Marshal(l.Commands())
	if err != nil {
		t.Fatal(err)
	}
	var list []map[string]any
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	for i, d := range list {
		maps.Copy(d, map[string]any{
			"id": "1140512345678901248", "application_id": "1140512345678901249", "version": "1140512345678901250",
			"guild_id": "41771983423143937", "default_member_permissions": nil, "nsfw": false, "name_localizations": nil,
			"description_localizations": nil, "contexts": nil, "integration_types": []any{0.0},
		})
		if i == 0 {
			delete(d, "type")
			d["type"] = 1.0
		} else {
			d["description"] = ""
		}
	}
	return list
}

func TestDiffersFromWhatIsRegistered(t *testing.T) {
	c := lend()
	c.Shortcut = "Lend this"
	l := ofBooks(t, c)
	sub := func(list []map[string]any) map[string]any { return objects(list[0]["options"])[0] }
	option := func(list []map[string]any, name string) map[string]any {
		all := objects(sub(list)["options"])
		return all[slices.IndexFunc(all, func(m map[string]any) bool { return m["name"] == name })]
	}
	for name, c := range map[string]struct {
		change func(list []map[string]any) []map[string]any
		want   []string
	}{
		"the same": {func(list []map[string]any) []map[string]any { return list }, nil},
		"defaults are left out": {func(list []map[string]any) []map[string]any {
			option(list, "at")["required"], option(list, "at")["autocomplete"] = false, false
			return list
		}, nil},
		"nothing": {func([]map[string]any) []map[string]any { return nil }, []string{
			`/book is missing`, `"Lend this" is missing`,
		}},
		"another command": {func(list []map[string]any) []map[string]any {
			return append(list, map[string]any{"type": 1.0, "name": "ping"}, map[string]any{"type": 3.0, "name": "ping"})
		}, []string{`/ping is registered and should not be`, `"ping" is registered and should not be`}},
		"a subcommand less": {func(list []map[string]any) []map[string]any {
			list[0]["options"] = list[0]["options"].([]any)[1:]
			return list
		}, []string{"/book lend is missing"}},
		"an option more": {func(list []map[string]any) []map[string]any {
			sub(list)["options"] = append(sub(list)["options"].([]any), map[string]any{"type": 3.0, "name": "colour"})
			return list
		}, []string{"/book lend colour is registered and should not be"}},
		"other words": {func(list []map[string]any) []map[string]any {
			option(list, "size")["description"] = "how big"
			return list
		}, []string{`/book lend size: its description is "how big", and should be "small or large."`}},
		"another type, and required": {func(list []map[string]any) []map[string]any {
			option(list, "to")["type"], option(list, "to")["required"] = 3.0, true
			return list
		}, []string{
			"/book lend to: its type is 3, and should be 6", "/book lend to: its required is true, and should be not set",
		}},
		"other bounds": {func(list []map[string]any) []map[string]any {
			option(list, "copies")["max_value"] = 5.0
			delete(option(list, "copies"), "min_value")
			return list
		}, []string{
			"/book lend copies: its min value is not set, and should be 1",
			"/book lend copies: its max value is 5, and should be 9",
		}},
		"other choices": {func(list []map[string]any) []map[string]any {
			option(list, "size")["choices"] = []any{map[string]any{"name": "SMALL", "value": "small"}}
			return list
		}, []string{"/book lend size: its choices are SMALL=small, and should be SMALL=small, LARGE=large"}},
		"elsewhere": {func(list []map[string]any) []map[string]any {
			list[0]["contexts"] = []any{0.0, 1.0}
			return list
		}, []string{"/book: its contexts are [0,1], and should be [0]"}},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := json.Marshal(c.change(asRegistered(t, l)))
			if err != nil {
				t.Fatal(err)
			}
			if got := l.Differs(data); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
	if got := l.Differs([]byte(`{"message": "401: Unauthorized"}`)); len(got) != 1 {
		t.Errorf("no list: %q", got)
	}
}
