package discordfake_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
)

// opener is an application whose command opens the modal of the test, and which keeps what was submitted.
type opener struct {
	s         *discordfake.Server
	channel   string
	modal     object
	answer    object
	opened    answer
	submitted chan object
}

func newOpener(t *testing.T) *opener {
	t.Helper()
	s, _, channel := start(t, discordfake.Options{})
	must(t, register(t, s, object{"name": "form", "description": "Opens a form"}), 200)
	o := &opener{
		s: s, channel: channel, submitted: make(chan object, 1),
		answer: object{"type": 4, "data": object{"content": "thanks"}},
	}
	a := connect(t, s, 1)
	a.serve(func(in object) object {
		if in["type"] == 2.0 {
			o.opened = a.respond(in, object{"type": 9, "data": o.modal})
			if o.opened.status >= 300 {
				a.respond(in, object{"type": 4, "data": object{"content": "refused"}})
			}
			return nil
		}
		o.submitted <- in
		return o.answer
	})
	return o
}

func (o *opener) open(t *testing.T, components ...any) {
	t.Helper()
	o.modal = object{"custom_id": "form", "title": "Form", "components": components}
	if ack, err := o.s.Command(ana, o.channel, "", "form"); err != nil || ack.Type != discordfake.Opened {
		t.Fatalf("did not open: %+v %v: %s", ack, err, o.opened.text)
	}
}

func radio(fields object, options ...any) object {
	return with(object{"type": 21, "custom_id": "radio", "options": options}, fields)
}

func input(fields object) object { return with(object{"type": 4, "style": 1}, fields) }

func TestModalsThatAreRefused(t *testing.T) {
	t.Parallel()
	o := newOpener(t)
	long := strings.Repeat("l", 101)
	inputs := func(n int) []any {
		var list []any
		for i := range n {
			list = append(list, within(fmt.Sprint("i", i), input(object{})))
		}
		return list
	}
	one := "data.components.0."
	for name, row := range map[string]struct {
		data  object
		field string
	}{
		"no title": {object{"title": "", "components": inputs(1)}, "data.title BASE_TYPE_REQUIRED"},
		"long title": {
			object{"title": strings.Repeat("t", 46), "components": inputs(1)},
			"data.title BASE_TYPE_BAD_LENGTH",
		},
		"no inputs":  {object{"components": []any{}}, "data.components BASE_TYPE_BAD_LENGTH"},
		"six inputs": {object{"components": inputs(6)}, "data.components BASE_TYPE_BAD_LENGTH"},
		"a text and five": {
			object{"components": append([]any{text("intro")}, inputs(5)...)},
			"data.components BASE_TYPE_BAD_LENGTH",
		},
		"long custom id": {object{"custom_id": long, "components": inputs(1)}, "data.custom_id BASE_TYPE_BAD_LENGTH"},
		"same custom id": {
			object{"components": []any{within("a", input(nil)), within("a", input(nil))}},
			"data.components.1.component.custom_id COMPONENT_CUSTOM_ID_DUPLICATED",
		},
		"long label": {
			object{"components": []any{with(within("a", input(nil)), object{"label": strings.Repeat("l", 46)})}},
			one + "label BASE_TYPE_BAD_LENGTH",
		},
		"long help": {
			object{"components": []any{with(within("a", input(nil)), object{"description": long})}},
			one + "description BASE_TYPE_MAX_LENGTH",
		},
		"empty label": {
			object{"components": []any{object{"type": 18, "label": "A"}}},
			one + "component BASE_TYPE_REQUIRED",
		},
		"button": {
			object{"components": []any{within("a", object{"type": 2, "style": 1, "label": "A"})}},
			one + "component UNION_TYPE_CHOICES",
		},
		"row of buttons": {
			object{"components": []any{row(button("a", "A"))}},
			one + "components.0 UNION_TYPE_CHOICES",
		},
		"container": {
			object{"components": []any{object{"type": 17, "components": []any{text("a")}}}},
			"data.components.0 UNION_TYPE_CHOICES",
		},
		"old input, no label": {
			object{"components": []any{row(with(input(nil), object{"custom_id": "a"}))}},
			one + "components.0.label BASE_TYPE_REQUIRED",
		},
		"input without style": {
			object{"components": []any{within("a", object{"type": 4})}},
			one + "component.style BASE_TYPE_REQUIRED",
		},
		"max above 4000": {
			object{"components": []any{within("a", input(object{"max_length": 4001}))}},
			one + "component.max_length NUMBER_TYPE_MAX",
		},
		"long placeholder": {
			object{"components": []any{within("a", input(object{"placeholder": long}))}},
			one + "component.placeholder BASE_TYPE_MAX_LENGTH",
		},
		"long prefill": {
			object{"components": []any{within("a", input(object{"value": strings.Repeat("v", 4001)}))}},
			one + "component.value BASE_TYPE_MAX_LENGTH",
		},
		"disabled menu": {
			object{"components": []any{within("a", with(menu(option("a")), object{"disabled": true}))}},
			one + "component.disabled COMPONENT_DISABLED_INVALID",
		},
		"nothing of required": {
			object{"components": []any{within("a", with(menu(option("a")), object{"min_values": 0}))}},
			one + "component.min_values NUMBER_TYPE_MIN",
		},
		"nothing of people": {
			object{"components": []any{within("a", object{"type": 5, "min_values": 0, "required": true})}},
			one + "component.min_values NUMBER_TYPE_MIN",
		},
		"one radio button": {
			object{"components": []any{within("a", radio(nil, option("a")))}},
			one + "component.options BASE_TYPE_BAD_LENGTH",
		},
		"11 radio buttons": {
			object{"components": []any{within("a", radio(nil, numbered(11)...))}},
			one + "component.options BASE_TYPE_BAD_LENGTH",
		},
		"11 boxes": {
			object{"components": []any{within("a", object{"type": 22, "options": numbered(11)})}},
			one + "component.options BASE_TYPE_BAD_LENGTH",
		},
		"11 files": {
			object{"components": []any{within("a", object{"type": 19, "max_values": 11})}},
			one + "component.max_values NUMBER_TYPE_MAX",
		},
		"no file of required": {
			object{"components": []any{within("a", object{"type": 19, "min_values": 0})}},
			one + "component.min_values NUMBER_TYPE_MIN",
		},
		"text input at the top": {
			object{"components": []any{with(input(nil), object{"custom_id": "a"})}},
			"data.components.0 UNION_TYPE_CHOICES",
		},
	} {
		t.Run(name, func(t *testing.T) {
			o.modal = with(object{"custom_id": "form", "title": "Form"}, row.data)
			if ack, err := o.s.Command(ana, o.channel, "", "form"); err != nil || ack.Type != discordfake.Answered {
				t.Fatalf("answered %+v, %v", ack, err)
			}
			refusedWith(t, o.opened, 50035, row.field)
			if o.s.Modal(ana) != nil {
				t.Error("a modal opened")
			}
		})
	}
}

// A person fills in every kind of input.
func TestSubmit(t *testing.T) {
	t.Parallel()
	o := newOpener(t)
	role := o.s.AddRole(o.s.Guild(), discordfake.Role{Name: "on-call"})
	o.open(t, text("Intro"),
		within("text", input(object{"min_length": 3, "max_length": 5})),
		within("menu", with(menu(option("a"), with(option("b"), object{"default": true}), option("c")), object{
			"max_values": 2,
		})),
		within("radio", radio(object{"required": false}, option("a"), option("b"))),
		within("file", object{"type": 19, "required": false}),
	)
	for name, values := range map[string]map[string]string{
		"nothing":        {},
		"too short":      {"text": "ab"},
		"too long":       {"text": "abcdef"},
		"three of two":   {"text": "abc", "menu": "a,b,c"},
		"none of one":    {"text": "abc", "menu": ""},
		"unknown choice": {"text": "abc", "menu": "d"},
		"unknown radio":  {"text": "abc", "radio": "c"},
		"unknown input":  {"text": "abc", "nothing": "a"},
	} {
		if _, err := o.s.Submit(ana, "", values); err == nil {
			t.Errorf("%s: the modal went", name)
		}
	}
	if _, err := o.s.Submit(ben, "", nil); err == nil {
		t.Error("somebody else submitted the modal")
	}
	if _, err := o.s.Submit(ana, "", map[string]string{"text": "abc", "file": "content"}); err != nil {
		t.Fatal(err)
	}
	in := <-o.submitted
	data := in["data"].(object)
	files := data["resolved"].(object)["attachments"].(object)
	var file string
	for file = range files {
		continue
	}
	held := func(id, kind float64, name, field string, v any) object {
		return object{"type": 18.0, "id": id, "component": object{"type": kind, "id": id + 1, "custom_id": name, field: v}}
	}
	wanted := []any{
		object{"type": 10.0, "id": 1.0},
		held(2, 4, "text", "value", "abc"), held(4, 3, "menu", "values", []any{"b"}), held(6, 21, "radio", "value", nil),
		held(8, 19, "file", "values", []any{file}),
	}
	if diff := cmp.Diff(wanted, data["components"]); diff != "" || data["custom_id"] != "form" {
		t.Errorf("submitted (- wanted, + got)\n%s", diff)
	}
	if o.s.Modal(ana) != nil {
		t.Error("the modal is still open")
	}
	o.open(t,
		within("people", object{"type": 5, "max_values": 2, "default_values": []any{object{"id": ben, "type": "user"}}}),
		within("roles", object{"type": 6, "required": false}),
		within("boxes", object{"type": 22, "options": numbered(3), "min_values": 0, "required": false}),
		within("box", object{"type": 23, "default": true}),
		row(object{"type": 4, "style": 2, "custom_id": "old", "label": "Old", "value": "kept"}),
	)
	if _, err := o.s.Submit(ana, "", map[string]string{"roles": role, "boxes": "0,2", "box": "false"}); err != nil {
		t.Fatal(err)
	}
	data = (<-o.submitted)["data"].(object)
	var got []string
	for _, v := range data["components"].([]any) {
		m := v.(object)
		if c, ok := m["component"].(object); ok {
			m = c
		} else {
			m = m["components"].([]any)[0].(object)
		}
		got = append(got, fmt.Sprintf("%v %v %v", m["custom_id"], m["value"], m["values"]))
	}
	if !slices.Equal(got, []string{
		"people <nil> [" + ben + "]", "roles <nil> [" + role + "]", "boxes <nil> [0 2]", "box false <nil>", "old kept <nil>",
	}) {
		t.Errorf("submitted %q", got)
	}
	resolved := data["resolved"].(object)
	if resolved["users"].(object)[ben] == nil || resolved["members"].(object)[ben] == nil ||
		resolved["roles"].(object)[role] == nil {
		t.Errorf("resolved are %v", resolved)
	}
}

// A modal that is submitted cannot be answered with a modal; when nobody answers, it stays open.
func TestModalAfterModal(t *testing.T) {
	t.Parallel()
	o := newOpener(t)
	o.s.SetPatience(50e6)
	o.open(t, within("text", input(nil)))
	o.answer = object{"type": 9, "data": object{
		"custom_id": "a", "title": "A", "components": []any{within("b", input(nil))},
	}}
	if _, err := o.s.Submit(ana, "", map[string]string{"text": "a"}); err == nil || o.s.Modal(ana) == nil {
		t.Errorf("answered %v", err)
	}
	o.answer = object{"type": 7, "data": object{"content": "updated"}}
	<-o.submitted
	if _, err := o.s.Submit(ana, "", map[string]string{"text": "a"}); err == nil {
		t.Error("a message was updated that is not there")
	}
	o.answer = object{"type": 5}
	<-o.submitted
	if ack, err := o.s.Submit(ana, "", map[string]string{"text": "a"}); err != nil || ack.Type != discordfake.Deferred {
		t.Errorf("answered %+v, %v", ack, err)
	}
	o.s.SetPatience(3e9)
	o.open(t, within("text", input(nil)))
	o.s.Dismiss(ana)
	if _, err := o.s.Submit(ana, "", nil); err == nil {
		t.Error("a dismissed modal was submitted")
	}
}
