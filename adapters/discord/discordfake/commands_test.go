package discordfake_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
)

func command(name string, options ...any) object {
	return object{"name": name, "description": "Does it", "options": options}
}

func opt(kind int, name string, fields ...object) object {
	o := object{"type": kind, "name": name, "description": "An option"}
	for _, f := range fields {
		with(o, f)
	}
	return o
}

func TestCommandsThatAreRefused(t *testing.T) {
	t.Parallel()
	s, _, _ := start(t, discordfake.Options{})
	must(t, register(t, s, command("kept")), 200)
	words := strings.Repeat("w", 101)
	var many []any
	for i := range 26 {
		many = append(many, opt(3, fmt.Sprint("o", i)))
	}
	choice := func(name string, value any) object { return object{"name": name, "value": value} }
	for name, row := range map[string]struct {
		commands []object
		field    string
	}{
		"no name":          {[]object{{"description": "a"}}, "0.name BASE_TYPE_REQUIRED"},
		"no description":   {[]object{{"name": "a"}}, "0.description BASE_TYPE_REQUIRED"},
		"upper case":       {[]object{command("Incident")}, "0.name APPLICATION_COMMAND_INVALID_NAME"},
		"upper case Ä":     {[]object{command("Änderung")}, "0.name APPLICATION_COMMAND_INVALID_NAME"},
		"space":            {[]object{command("an incident")}, "0.name APPLICATION_COMMAND_INVALID_NAME"},
		"long name":        {[]object{command(strings.Repeat("n", 33))}, "0.name BASE_TYPE_BAD_LENGTH"},
		"long description": {[]object{{"name": "a", "description": words}}, "0.description BASE_TYPE_BAD_LENGTH"},
		"same name":        {[]object{command("a"), command("a")}, "1 APPLICATION_COMMANDS_DUPLICATE_NAME"},
		"26 options":       {[]object{command("a", many...)}, "0.options BASE_TYPE_MAX_LENGTH"},
		"26 deep": {
			[]object{command("a", opt(1, "b", object{"options": many}))},
			"0.options.0.options BASE_TYPE_MAX_LENGTH",
		},
		"same option": {
			[]object{command("a", opt(3, "b"), opt(3, "b"))},
			"0.options.1.name APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS",
		},
		"option's name": {[]object{command("a", opt(3, "B"))}, "0.options.0.name APPLICATION_COMMAND_INVALID_NAME"},
		"no type": {
			[]object{command("a", object{"name": "b", "description": "b"})},
			"0.options.0.type BASE_TYPE_REQUIRED",
		},
		"required last": {
			[]object{command("a", opt(3, "b"), opt(3, "c", object{"required": true}))},
			"0.options.1 APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
		},
		"verb and value": {
			[]object{command("a", opt(1, "b"), opt(3, "c"))},
			"0.options APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
		},
		"group in a group": {
			[]object{command("a", opt(2, "b", object{"options": []any{opt(2, "c", object{"options": []any{opt(1, "d")}})}}))},
			"0.options.0.options.0.type BASE_TYPE_CHOICES",
		},
		"verb in a verb": {
			[]object{command("a", opt(1, "b", object{"options": []any{opt(1, "c")}}))},
			"0.options.0.options.0.type BASE_TYPE_CHOICES",
		},
		"empty group": {[]object{command("a", opt(2, "b"))}, "0.options.0.options BASE_TYPE_REQUIRED"},
		"26 choices": {
			[]object{command("a", opt(3, "b", object{"choices": choicesOf(26)}))},
			"0.options.0.choices BASE_TYPE_MAX_LENGTH",
		},
		"long choice": {
			[]object{command("a", opt(3, "b", object{"choices": []any{choice("c", words)}}))},
			"0.options.0.choices.0.value BASE_TYPE_BAD_LENGTH",
		},
		"no choice's name": {
			[]object{command("a", opt(3, "b", object{"choices": []any{choice("", "c")}}))},
			"0.options.0.choices.0.name BASE_TYPE_REQUIRED",
		},
		"word for a number": {
			[]object{command("a", opt(4, "b", object{"choices": []any{choice("c", "d")}}))},
			"0.options.0.choices.0.value NUMBER_TYPE_COERCE",
		},
		"choices of people": {
			[]object{command("a", opt(6, "b", object{"choices": []any{choice("c", "d")}}))},
			"0.options.0 APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
		},
		"both completions": {
			[]object{command("a", opt(3, "b", object{"autocomplete": true, "choices": []any{choice("c", "d")}}))},
			"0.options.0 APPLICATION_COMMAND_AUTOCOMPLETE_CHOICES",
		},
		"too large": {[]object{command("a", bulk(8001)...)}, "0 APPLICATION_COMMAND_TOO_LARGE"},
		"menu with words": {
			[]object{{"name": "Note", "type": 3, "description": "a"}},
			"0.description APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_INVALID",
		},
		"menu with option": {
			[]object{{"name": "Note", "type": 3, "options": []any{opt(3, "a")}}},
			"0.options APPLICATION_COMMAND_CONTEXT_MENU_OPTIONS_INVALID",
		},
	} {
		t.Run(name, func(t *testing.T) {
			refusedWith(t, register(t, s, append([]object{command("good")}, row.commands...)...), 50035, shifted(row.field))
		})
	}
	if list := s.Commands(s.Guild()); len(list) != 1 || list[0]["name"] != "kept" {
		t.Errorf("registered are %v", list)
	}
	must(t, register(t, s, command("a", bulk(8000)...)), 200)
	refusedWith(t, call(t, s, "PUT", "/applications/5/guilds/"+s.Guild()+"/commands", []any{}), 20012)
	refusedWith(t, call(t, s, "PUT", "/applications/"+s.Application()+"/guilds/5/commands", []any{}), 50001)
}

// shifted is the path of a command that stands one place later.
func shifted(field string) string {
	n := field[0]
	return string(n+1) + field[1:]
}

func choicesOf(n int) []any {
	var list []any
	for i := range n {
		list = append(list, object{"name": fmt.Sprint(i), "value": fmt.Sprint(i)})
	}
	return list
}

// bulk are options that make a command named "a", with the description "Does it", as large as asked: names,
// descriptions and values count.
func bulk(total int) []any {
	full := func(n int) []any {
		var list []any
		for i := range n {
			list = append(list, object{"name": fmt.Sprintf("%02d", i), "value": fmt.Sprintf("%0100d", i)})
		}
		return list
	}
	var list []any
	left := total - len("a") - len("Does it")
	for i := range 3 {
		list = append(list, opt(3, fmt.Sprint("o", i), object{"description": "d", "choices": full(25)}))
		left -= 2 + 1 + 25*(2+100)
	}
	left -= 2 + 3*(2+100)
	return append(list, opt(3, "o3", object{"description": strings.Repeat("d", left), "choices": full(3)}))
}

func TestCommands(t *testing.T) {
	t.Parallel()
	s, c, _ := start(t, discordfake.Options{})
	path := "/applications/" + s.Application() + "/guilds/" + s.Guild() + "/commands"
	first := must(t, register(t, s, command("incident"), object{"name": "Add to timeline", "type": 3}), 200)
	c.move(time.Minute)
	second := must(t, register(t, s, object{"name": "Add to timeline", "type": 3}, with(command("incident"), object{
		"description": "Changed",
	}), command("change")), 200)
	id := func(a answer, i int) any { return a.list[i].(object)["id"] }
	version := func(a answer, i int) any { return a.list[i].(object)["version"] }
	if id(first, 0) != id(second, 1) || version(first, 0) == version(second, 1) {
		t.Error("a changed command keeps its id and gets a new version")
	}
	if id(first, 1) != id(second, 0) || version(first, 1) != version(second, 0) {
		t.Error("what did not change keeps its version")
	}
	if list := must(t, call(t, s, "GET", path, nil), 200); !cmp.Equal(list.list, second.list, cmp.FilterPath(
		func(p cmp.Path) bool { return strings.Contains(p.String(), "localizations") }, cmp.Ignore(),
	)) && len(list.list) != 3 {
		t.Errorf("registered are %s", list.text)
	}
	one := must(t, call(t, s, "POST", path, command("report")), 201)
	must(t, call(t, s, "POST", path, command("report")), 200)
	changed := must(t, call(t, s, "PATCH", path+"/"+one.id(), object{"description": "Reports"}), 200)
	if changed.body["description"] != "Reports" {
		t.Errorf("changed %s", changed.text)
	}
	must(t, call(t, s, "DELETE", path+"/"+one.id(), nil), 204)
	refusedWith(t, call(t, s, "GET", path+"/"+one.id(), nil), 10063)
	if all := must(t, call(t, s, "GET", path+"/permissions", nil), 200); len(all.list) != 0 {
		t.Errorf("nobody set permissions: %s", all.text)
	}
	refusedWith(t, call(t, s, "GET", path+"/"+fmt.Sprint(id(first, 0))+"/permissions", nil), 10066)
	s.HideCommand(s.Guild(), fmt.Sprint(id(first, 0)), discordfake.CommandPermission{Target: s.Guild(), Type: 1})
	all := must(t, call(t, s, "GET", path+"/permissions", nil), 200)
	if len(all.list) != 1 || all.list[0].(object)["id"] != id(first, 0) {
		t.Errorf("the permissions are %s", all.text)
	}
}

func TestHowManyCommands(t *testing.T) {
	t.Parallel()
	s, c, _ := start(t, discordfake.Options{})
	several := func(n, kind int, prefix string) []object {
		var list []object
		for i := range n {
			cmd := object{"name": fmt.Sprint(prefix, i), "type": kind}
			if kind == 1 {
				cmd["description"] = "a"
			}
			list = append(list, cmd)
		}
		return list
	}
	must(t, register(t, s, append(several(100, 1, "a"), append(several(15, 2, "u"), several(15, 3, "m")...)...)...), 200)
	refusedWith(t, register(t, s, several(101, 1, "a")...), 30032)
	refusedWith(t, register(t, s, several(16, 2, "u")...), 30032)
	refusedWith(t, register(t, s, several(16, 3, "m")...), 30032)
	must(t, register(t, s, several(70, 1, "b")...), 200) // 200 created
	refusedWith(t, register(t, s, several(71, 1, "b")...), 30034)
	must(t, register(t, s, several(70, 1, "b")...), 200)
	c.move(24 * time.Hour)
	must(t, register(t, s, several(71, 1, "b")...), 200)
}
