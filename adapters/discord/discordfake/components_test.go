package discordfake_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/adapters/discord/discordfake"
)

func option(value string) object { return object{"label": value, "value": value} }

func menu(options ...any) object { return object{"type": 3, "custom_id": "menu", "options": options} }

func with(component object, fields object) object {
	for name, v := range fields {
		component[name] = v
	}
	return component
}

func TestComponentsThatAreRefused(t *testing.T) {
	t.Parallel()
	s, _, channel := start(t, discordfake.Options{})
	path := "/channels/" + channel + "/messages"
	long := strings.Repeat("l", 101)
	buttons := func(n int) []any {
		var list []any
		for i := range n {
			list = append(list, button(fmt.Sprint("b", i), "B"))
		}
		return list
	}
	section := func(texts int, accessory any) object {
		return object{"type": 9, "components": slices.Repeat([]any{text("a")}, texts), "accessory": accessory}
	}
	for name, row := range map[string]struct {
		components []any
		field      string
	}{
		"unknown type":      {[]any{object{"type": 99}}, "components.0 UNION_TYPE_CHOICES"},
		"no type":           {[]any{object{}}, "components.0.type BASE_TYPE_REQUIRED"},
		"button at the top": {[]any{button("a", "A")}, "components.0 UNION_TYPE_CHOICES"},
		"empty row":         {[]any{row([]any{}...)}, "components.0.components BASE_TYPE_BAD_LENGTH"},
		"six buttons":       {[]any{row(buttons(6)...)}, "components.0.components BASE_TYPE_BAD_LENGTH"},
		"button and menu": {
			[]any{row(button("a", "A"), menu(option("a")))},
			"components.0.components.1 COMPONENT_LAYOUT_WIDTH_EXCEEDED",
		},
		"no custom id": {
			[]any{row(object{"type": 2, "style": 1, "label": "A"})},
			"components.0.components.0.custom_id BASE_TYPE_REQUIRED",
		},
		"long custom id": {[]any{row(button(long, "A"))}, "components.0.components.0.custom_id BASE_TYPE_BAD_LENGTH"},
		"same custom id": {
			[]any{row(button("a", "A"), button("a", "B"))},
			"components.0.components.1.custom_id COMPONENT_CUSTOM_ID_DUPLICATED",
		},
		"same in two rows": {
			[]any{row(button("a", "A")), row(button("a", "B"))},
			"components.1.components.0.custom_id COMPONENT_CUSTOM_ID_DUPLICATED",
		},
		"long label": {
			[]any{row(button("a", strings.Repeat("ä", 81)))},
			"components.0.components.0.label BASE_TYPE_MAX_LENGTH",
		},
		"no label": {
			[]any{row(button("a", ""))},
			"components.0.components.0 BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED",
		},
		"no style": {
			[]any{row(object{"type": 2, "custom_id": "a", "label": "A"})},
			"components.0.components.0.style BASE_TYPE_REQUIRED",
		},
		"link without url": {
			[]any{row(object{"type": 2, "style": 5, "label": "A"})},
			"components.0.components.0.url BASE_TYPE_REQUIRED",
		},
		"link with id": {
			[]any{row(with(button("a", "A"), object{"style": 5, "url": "https://a.b"}))},
			"components.0.components.0.custom_id BUTTON_COMPONENT_CUSTOM_ID_AND_URL",
		},
		"long link": {
			[]any{row(object{"type": 2, "style": 5, "label": "A", "url": "https://a.b/" + strings.Repeat("a", 501)})},
			"components.0.components.0.url BASE_TYPE_BAD_LENGTH",
		},
		"link to a file": {
			[]any{row(object{"type": 2, "style": 5, "label": "A", "url": "file:///a"})},
			"components.0.components.0.url URL_TYPE_INVALID_SCHEME",
		},
		"url on a button": {
			[]any{row(with(button("a", "A"), object{"url": "https://a.b"}))},
			"components.0.components.0.url BUTTON_COMPONENT_INVALID_URL",
		},
		"not an emoji": {
			[]any{row(with(button("a", "A"), object{"emoji": object{"name": "bell"}}))},
			"components.0.components.0.emoji.name COMPONENT_INVALID_EMOJI",
		},
		"no options": {[]any{row(menu())}, "components.0.components.0.options BASE_TYPE_REQUIRED"},
		"26 options": {[]any{row(menu(numbered(26)...))}, "components.0.components.0.options BASE_TYPE_BAD_LENGTH"},
		"same value": {
			[]any{row(menu(option("a"), option("a")))},
			"components.0.components.0.options.1.value SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
		},
		"long value": {
			[]any{row(menu(object{"label": "a", "value": long}))},
			"components.0.components.0.options.0.value BASE_TYPE_BAD_LENGTH",
		},
		"long option": {
			[]any{row(menu(object{"label": long, "value": "a"}))},
			"components.0.components.0.options.0.label BASE_TYPE_BAD_LENGTH",
		},
		"long description": {
			[]any{row(menu(with(option("a"), object{"description": long})))},
			"components.0.components.0.options.0.description BASE_TYPE_MAX_LENGTH",
		},
		"long placeholder": {
			[]any{row(with(menu(option("a")), object{"placeholder": strings.Repeat("a", 151)}))},
			"components.0.components.0.placeholder BASE_TYPE_MAX_LENGTH",
		},
		"26 at most": {
			[]any{row(with(menu(option("a")), object{"max_values": 26}))},
			"components.0.components.0.max_values NUMBER_TYPE_MAX",
		},
		"least above most": {
			[]any{row(with(menu(option("a")), object{"min_values": 2, "max_values": 1}))},
			"components.0.components.0.max_values SELECT_COMPONENT_MAX_VALUES_TOO_SMALL",
		},
		"text input": {
			[]any{row(object{"type": 4, "custom_id": "a", "style": 1, "label": "A"})},
			"components.0.components.0 UNION_TYPE_CHOICES",
		},
		"empty text": {[]any{text("")}, "components.0.content BASE_TYPE_REQUIRED"},
		"4,001 in two": {
			[]any{text(strings.Repeat("a", 4000)), text("a")},
			"components COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
		},
		"4 texts beside":  {[]any{section(4, button("a", "A"))}, "components.0.components BASE_TYPE_BAD_LENGTH"},
		"no accessory":    {[]any{section(1, nil)}, "components.0.accessory BASE_TYPE_REQUIRED"},
		"wrong accessory": {[]any{section(1, text("a"))}, "components.0.accessory UNION_TYPE_CHOICES"},
		"empty gallery":   {[]any{object{"type": 12, "items": []any{}}}, "components.0.items BASE_TYPE_BAD_LENGTH"},
		"picture of nothing": {
			[]any{object{"type": 12, "items": []any{object{}}}},
			"components.0.items.0.media BASE_TYPE_REQUIRED",
		},
		"file elsewhere": {
			[]any{object{"type": 13, "file": object{"url": "https://a.b/c"}}},
			"components.0.file.url URL_TYPE_INVALID_SCHEME",
		},
		"empty container": {
			[]any{object{"type": 17, "components": []any{}}},
			"components.0.components BASE_TYPE_BAD_LENGTH",
		},
		"nested container": {
			[]any{object{"type": 17, "components": []any{object{"type": 17}}}},
			"components.0.components.0 UNION_TYPE_CHOICES",
		},
		"wrong colour": {
			[]any{object{"type": 17, "components": []any{text("a")}, "accent_color": 1 << 24}},
			"components.0.accent_color NUMBER_TYPE_MAX",
		},
		"wrong spacing": {[]any{text("a"), object{"type": 14, "spacing": 3}}, "components.1.spacing BASE_TYPE_CHOICES"},
		"label":         {[]any{within("a", object{"type": 4, "style": 1})}, "components.0 UNION_TYPE_CHOICES"},
		"same number": {
			[]any{with(text("a"), object{"id": 5}), with(text("a"), object{"id": 5})},
			"components.1.id COMPONENT_ID_DUPLICATED",
		},
		"41 components": {
			append(slices.Repeat([]any{text("a")}, 39), row(button("a", "A"))),
			"components COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
		},
	} {
		t.Run(name, func(t *testing.T) {
			refusedWith(t, call(t, s, "POST", path, v2(row.components...)), 50035, row.field)
		})
	}
	for name, row := range map[string]struct {
		body   object
		code   int
		fields []string
	}{
		"content": {
			with(v2(text("a")), object{"content": "a"}),
			50035, []string{"content MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"},
		},
		"embeds": {
			with(v2(text("a")), object{"embeds": []any{object{"title": "a"}}}),
			50035, []string{"embeds MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"},
		},
		"nothing":      {v2(), 50006, nil},
		"without flag": {object{"components": []any{text("a")}}, 50035, []string{"components.0 UNION_TYPE_CHOICES"}},
		"six rows": {
			object{"content": "a", "components": numberedRows(6)},
			50035, []string{"components BASE_TYPE_MAX_LENGTH"},
		},
	} {
		t.Run(name, func(t *testing.T) { refusedWith(t, call(t, s, "POST", path, row.body), row.code, row.fields...) })
	}
	refusedWith(t, call(t, s, "POST", path, v2(text(strings.Repeat("a", 4001)))), 50035,
		"components COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", "components.0.content BASE_TYPE_BAD_LENGTH")
	if n := len(s.Messages(channel)); n != 0 {
		t.Errorf("%d messages were posted", n)
	}
}

func numbered(n int) []any {
	var list []any
	for i := range n {
		list = append(list, option(fmt.Sprint(i)))
	}
	return list
}

func numberedRows(n int) []any {
	var list []any
	for i := range n {
		list = append(list, row(button(fmt.Sprint(i), "A")))
	}
	return list
}

// Components at the limits are taken, and null is taken for an absent field.
func TestComponentsThatAreTaken(t *testing.T) {
	t.Parallel()
	s, _, channel := start(t, discordfake.Options{})
	path := "/channels/" + channel + "/messages"
	sent := must(t, call(t, s, "POST", path, with(v2(
		object{"type": 17, "accent_color": 0xFF0000, "components": []any{
			text("# Title"), object{"type": 9, "components": []any{text("a"), text("b")}, "accessory": button("side", "Side")},
			object{"type": 14, "divider": true, "spacing": 2},
			row(button("a", "A"), object{
				"type": 2, "style": 5, "label": "Open", "url": "https://example.org/" + strings.Repeat("a", 492),
			}),
			row(with(menu(numbered(25)...), object{"placeholder": strings.Repeat("p", 150), "min_values": 0, "max_values": 25})),
		}},
		row(object{"type": 5, "custom_id": "who", "default_values": []any{object{"id": ana, "type": "user"}}}),
	), object{"content": nil, "embeds": []any{}, "tts": nil})), 200)
	seen := map[float64]bool{}
	for _, c := range sent.body["components"].([]any) {
		id, _ := c.(object)["id"].(float64)
		if id == 0 || seen[id] {
			t.Errorf("the component %v has no id of its own", c)
		}
		seen[id] = true
	}
	at := path + "/" + sent.id()
	refusedWith(t, call(t, s, "PATCH", at, object{"content": "a"}), 50035,
		"content MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2")
	refusedWith(t, call(t, s, "PATCH", at, object{"components": []any{}}), 50006)
	changed := must(t, call(t, s, "PATCH", at, object{"flags": 0, "components": []any{text("changed")}}), 200)
	if changed.body["flags"] != float64(1<<15) {
		t.Errorf("the flag was removed: %s", changed.text)
	}
	old := must(t, call(t, s, "POST", path, object{"content": "old"}), 200)
	refusedWith(t, call(t, s, "PATCH", path+"/"+old.id(), v2(text("new"))), 50035,
		"content MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2")
	must(t, call(t, s, "PATCH", path+"/"+old.id(), with(v2(text("new")), object{"content": nil})), 200)
	must(t, call(t, s, "POST", path, v2(slices.Repeat([]any{text("a")}, 40)...)), 200)
}

// Discord breaks on texts of many bytes: 10,170 with 12 for each display.
func TestMessagesThatAreTooHeavy(t *testing.T) {
	t.Parallel()
	s, _, channel := start(t, discordfake.Options{})
	path := "/channels/" + channel + "/messages"
	const display = 12
	three := (10170 - display) / 3
	must(t, call(t, s, "POST", path, v2(text(strings.Repeat("語", three)))), 200)
	must(t, call(t, s, "POST", path, v2(text(strings.Repeat("語", three+1)))), 500)
	must(t, call(t, s, "POST", path, v2(text(strings.Repeat("語", three-5)), text("a"))), 200)
	must(t, call(t, s, "POST", path, v2(text(strings.Repeat("語", three-4)), text("a"))), 500)
	must(t, call(t, s, "POST", path, v2(text(strings.Repeat("a", 4000)))), 200)
}
