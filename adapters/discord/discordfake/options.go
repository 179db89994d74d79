package discordfake

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
)

// checkCommand checks a command and returns its type.
func checkCommand(f *form, cmd map[string]any) int {
	kind, given := f.one(cmd, "type", false, chatInput, userCommand, messageCommand)
	if !given {
		kind = chatInput
	}
	if cmd["default_member_permissions"] != nil {
		f.permissions(cmd, "default_member_permissions")
	}
	if kind != chatInput {
		f.text(cmd, "name", 1, maxCommandName)
		if filled(cmd["description"]) {
			f.add("description", "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_INVALID",
				"Context menu commands cannot have description")
		}
		if filled(cmd["options"]) {
			f.add("options", "APPLICATION_COMMAND_CONTEXT_MENU_OPTIONS_INVALID", "Context menu commands cannot have options")
		}
		return kind
	}
	checkName(f, cmd)
	f.text(cmd, "description", 1, maxCommandWords)
	checkOptions(f, cmd, []int{
		subcommand, subcommandGroup, stringOption, integerOption, booleanOption, userOption, channelOption, roleOption,
		mentionOption, numberOption, fileOption,
	})
	if size(cmd) > maxCommandSize {
		f.add("", "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (%d)", maxCommandSize)
	}
	return kind
}

func checkName(f *form, m map[string]any) {
	name := f.text(m, "name", 1, maxCommandName)
	if name != "" && characters(name) <= maxCommandName && (!commandName.MatchString(name) || !lower(name)) {
		f.add("name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
	}
}

// size counts a command as Discord does: names, descriptions and values of choices, of each its longest translation.
func size(m map[string]any) int {
	n := longest(m, "name") + longest(m, "description")
	list, _ := m["choices"].([]any)
	for _, v := range list {
		if c, ok := v.(map[string]any); ok {
			n += longest(c, "name") + characters(fmt.Sprint(c["value"]))
		}
	}
	list, _ = m["options"].([]any)
	for _, v := range list {
		if o, ok := v.(map[string]any); ok {
			n += size(o)
		}
	}
	return n
}

func longest(m map[string]any, name string) int {
	n := characters(stringOf(m[name]))
	translations, _ := m[name+"_localizations"].(map[string]any)
	for _, v := range translations {
		n = max(n, characters(stringOf(v)))
	}
	return n
}

// checkOptions checks the options of a command, group or subcommand, which have to be of some types: a root holds
// subcommands and groups or values, a group holds subcommands, and a subcommand values.
func checkOptions(f *form, m map[string]any, allowed []int) {
	names := map[string]bool{}
	optional, verbs, values := false, 0, 0
	for i, v := range f.list(m, "options", 0, maxOptions) {
		in := f.in("options", i)
		o := in.object(v)
		if o == nil {
			continue
		}
		kind, known := in.one(o, "type", true, allowed...)
		checkName(in, o)
		in.text(o, "description", 1, maxCommandWords)
		name := stringOf(o["name"])
		if names[name] {
			in.add("name", "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", "Option name already exists in this command")
		}
		names[name] = true
		if !known {
			continue
		}
		if kind == subcommand || kind == subcommandGroup {
			verbs++
			checkVerb(in, o, kind)
			continue
		}
		values++
		needed := in.yes(o, "required", false)
		if needed && optional {
			in.add("", "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
				"Required options must be placed before non-required options")
		}
		optional = optional || !needed
		checkValue(in, o, kind)
	}
	if verbs > 0 && values > 0 {
		f.add("options", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
			"Sub-commands and sub-command groups cannot be mixed with other options")
	}
}

func checkVerb(f *form, o map[string]any, kind int) {
	if kind == subcommandGroup {
		if !filled(o["options"]) {
			f.add("options", "BASE_TYPE_REQUIRED", required)
		}
		checkOptions(f, o, []int{subcommand})
		return
	}
	checkOptions(f, o, []int{
		stringOption, integerOption, booleanOption, userOption, channelOption, roleOption, mentionOption, numberOption,
		fileOption,
	})
}

// checkValue checks an option that takes a value.
func checkValue(f *form, o map[string]any, kind int) {
	completes := f.yes(o, "autocomplete", false)
	list := f.list(o, "choices", 0, maxOptions)
	typed := slices.Contains([]int{stringOption, integerOption, numberOption}, kind)
	switch {
	case !typed && (completes || len(list) > 0):
		f.add("", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Only options of text and numbers take choices")
	case completes && len(list) > 0:
		f.add("", "APPLICATION_COMMAND_AUTOCOMPLETE_CHOICES", "autocomplete and choices cannot both be specified")
	}
	checkChoices(f, "choices", list, kind)
	if kind == stringOption {
		low, _ := f.whole(o, "min_length", 0, 6000)
		if high, given := f.whole(o, "max_length", 1, 6000); given && high < low {
			f.add("max_length", "NUMBER_TYPE_MIN", "int value should be greater than or equal to %d.", low)
		}
	}
	if filled(o["options"]) {
		f.add("options", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Options that take a value cannot have options")
	}
}

// checkChoices checks choices of an option, or those that an autocompletion suggests.
func checkChoices(f *form, name string, list []any, kind int) {
	seen := map[string]bool{}
	for i, v := range list {
		in := f.in(name, i)
		c := in.object(v)
		if c == nil {
			continue
		}
		label := in.text(c, "name", 1, maxCommandWords)
		if seen[label] && name == "choices" && kind != 0 {
			in.add("name", "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS",
				"Option choice name already exists in this command option")
		}
		seen[label] = true
		switch value := c["value"].(type) {
		case nil:
			in.add("value", "BASE_TYPE_REQUIRED", required)
		case string:
			if kind == integerOption || kind == numberOption {
				in.add("value", "NUMBER_TYPE_COERCE", "Value \"%s\" is not a number.", value)
				continue
			}
			in.length("value", value, 1, maxCommandWords)
		case json.Number, float64:
			if kind == stringOption {
				in.add("value", "STRING_TYPE_CONVERT", "Could not interpret \"%v\" as string.", value)
			}
		default:
			in.add("value", "UNION_TYPE_CONVERT", "Could not convert value to string or number.")
		}
	}
}

func same(a, b map[string]any) bool { return reflect.DeepEqual(copyOf(a), copyOf(b)) }
