package discordfake

import "slices"

// Limits of modals. Source: Discord's pages "Receiving and Responding", Modal, and "Component Reference".
const (
	maxTitle       = 45
	maxTop         = 5
	maxLabelText   = 45
	maxLabelHelp   = 100
	maxTyped       = 4000
	maxPlaceholder = 100
	maxChoices     = 10
)

// modal is one that is open before a user.
type modal struct {
	body   map[string]any
	from   *interaction // which opened it
	source *Message     // the message it was opened from
}

// checkModal checks a modal as Discord does: 1 to 5 components at the top, of which a text display counts as one.
func checkModal(f *form, data map[string]any) map[string]any {
	k := &checker{custom: map[string]bool{}, numbers: map[int]bool{}}
	f.text(data, "custom_id", 1, maxCustomID)
	f.text(data, "title", 1, maxTitle)
	for i, v := range f.list(data, "components", 1, maxTop) {
		in := f.in("components", i)
		m := in.object(v)
		if m == nil {
			continue
		}
		switch kind := kindOf(m); {
		case kind == actionRow: // deprecated, for text inputs only
			for j, v := range in.list(m, "components", 1, 1) {
				below := in.in("components", j)
				if c := k.component(below, v, []int{textInput}); c != nil {
					below.text(c, "label", 1, maxLabelText)
				}
			}
		case kind == label:
			k.labelled(in, m)
		default:
			k.component(in, m, []int{actionRow, textDisplay, label})
		}
	}
	body := copyOf(map[string]any{
		"custom_id": data["custom_id"], "title": data["title"], "components": data["components"],
	})
	if f.ok() {
		last := 0
		numberComponents(childrenOf(body), &last)
	}
	return body
}

// labelled checks a label and the one component in it.
func (k *checker) labelled(f *form, m map[string]any) {
	f.text(m, "label", 1, maxLabelText)
	f.text(m, "description", 0, maxLabelHelp)
	if m["component"] == nil {
		f.add("component", "BASE_TYPE_REQUIRED", required)
		return
	}
	in := f.in("component")
	k.component(in, m["component"], append(
		slices.Clone(selects), textInput, fileUpload, radioGroup, checkboxGroup, checkbox,
	))
	c, _ := m["component"].(map[string]any)
	if !slices.Contains(selects, kindOf(c)) {
		return
	}
	if c["disabled"] == true {
		in.add("disabled", "COMPONENT_DISABLED_INVALID", "Components in a modal cannot be disabled")
	}
	atLeastOne(in, c)
}

// atLeastOne: what has to be answered cannot ask for nothing.
func atLeastOne(f *form, m map[string]any) {
	needed := f.yes(m, "required", true)
	if n, given := intOf(m["min_values"]); given && n == 0 && needed {
		f.add("min_values", "NUMBER_TYPE_MIN", "int value should be greater than or equal to 1.")
	}
}

// input checks a component that only a modal can hold.
func (k *checker) input(f *form, m map[string]any, kind int) {
	k.customID(f, m)
	f.yes(m, "required", true)
	switch kind {
	case textInput:
		f.one(m, "style", true, 1, 2)
		low, _ := f.whole(m, "min_length", 0, maxTyped)
		high, given := f.whole(m, "max_length", 1, maxTyped)
		if given && high < low {
			f.add("max_length", "TEXT_INPUT_COMPONENT_MAX_LENGTH_TOO_SMALL", "max_length must not be smaller than min_length")
		}
		f.text(m, "value", 0, maxTyped)
		f.text(m, "placeholder", 0, maxPlaceholder)
	case radioGroup:
		list := k.options(f, m, 2, maxChoices)
		chosen := 0
		for _, v := range list {
			if o, _ := v.(map[string]any); o["default"] == true {
				chosen++
			}
		}
		if chosen > 1 {
			f.add("options", "RADIO_GROUP_TOO_MANY_DEFAULTS", "At most one option can be selected by default")
		}
	case checkboxGroup:
		k.options(f, m, 1, maxChoices)
		k.between(f, m, 1, maxChoices)
	case fileUpload:
		k.between(f, m, 0, maxFiles)
	case checkbox:
		f.yes(m, "default", false)
	}
}

func (k *checker) between(f *form, m map[string]any, low, high int) {
	least, _ := f.whole(m, "min_values", 0, high)
	if most, given := f.whole(m, "max_values", low, high); given && most < least {
		f.add("max_values", "SELECT_COMPONENT_MAX_VALUES_TOO_SMALL", "max_values must not be smaller than min_values")
	}
	atLeastOne(f, m)
}
