package discordfake

import (
	"net/url"
	"slices"
	"strings"
)

// The types of components. Source: Discord's page "Component Reference".
const (
	actionRow         = 1
	buttonType        = 2
	stringSelect      = 3
	textInput         = 4
	userSelect        = 5
	roleSelect        = 6
	mentionableSelect = 7
	channelSelect     = 8
	section           = 9
	textDisplay       = 10
	thumbnail         = 11
	mediaGallery      = 12
	fileType          = 13
	separator         = 14
	container         = 17
	label             = 18
	fileUpload        = 19
	radioGroup        = 21
	checkboxGroup     = 22
	checkbox          = 23

	linkStyle    = 5
	premiumStyle = 6
)

var selects = []int{stringSelect, userSelect, roleSelect, mentionableSelect, channelSelect}

// Limits of components. Source: the same page; the size is not documented and was found by others.
const (
	maxRows       = 5
	maxComponents = 40
	maxDisplayed  = 4000
	maxWeight     = 10170
	perDisplay    = 12
	maxCustomID   = 100
	maxLabel      = 80
	maxURL        = 512
	maxMediaURL   = 2048
	maxOptions    = 25
	maxOption     = 100
	maxHint       = 150
)

func kindOf(c map[string]any) int {
	n, _ := intOf(c["type"])
	return n
}

// childrenOf are the components inside a component.
func childrenOf(c map[string]any) []map[string]any {
	var list []map[string]any
	switch children := c["components"].(type) {
	case []any:
		for _, v := range children {
			if m, ok := v.(map[string]any); ok {
				list = append(list, m)
			}
		}
	case []map[string]any:
		list = append(list, children...)
	}
	for _, name := range []string{"accessory", "component"} {
		if m, ok := c[name].(map[string]any); ok {
			list = append(list, m)
		}
	}
	return list
}

// walk visits components and what is in them, in the order people see them.
func walk(list []map[string]any, visit func(map[string]any)) {
	for _, c := range list {
		visit(c)
		walk(childrenOf(c), visit)
	}
}

// checker holds what has to be unique or counted over all components of a message or modal.
type checker struct {
	known   func(string) bool // whether there is a file of this name
	custom  map[string]bool
	numbers map[int]bool
	count   int
	shown   int
}

// checkComponents checks the components of a message.
func checkComponents(f *form, body map[string]any, v2 bool, known func(string) bool) []map[string]any {
	k := &checker{known: known, custom: map[string]bool{}, numbers: map[int]bool{}}
	high, allowed := maxRows, []int{actionRow}
	if v2 {
		high = maxComponents
		allowed = []int{actionRow, section, textDisplay, mediaGallery, fileType, separator, container}
	}
	var list []map[string]any
	for i, v := range f.list(body, "components", 0, high) {
		if m := k.component(f.in("components", i), v, allowed); m != nil {
			list = append(list, m)
		}
	}
	if k.count > maxComponents {
		f.add("components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
			"The total number of components cannot exceed %d", maxComponents)
	}
	if k.shown > maxDisplayed {
		f.add("components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
			"Total displayable text size exceeds the maximum size of %d", maxDisplayed)
	}
	return copyOf(list)
}

// tooHeavy is how Discord breaks on a message whose texts have too many bytes.
func tooHeavy(list []map[string]any) error {
	weight := 0
	walk(list, func(c map[string]any) {
		if kindOf(c) == textDisplay {
			text, _ := c["content"].(string)
			weight += len(text) + perDisplay
		}
	})
	if weight > maxWeight {
		return refuse(500, 0, "500: Internal Server Error")
	}
	return nil
}

// component checks one component, which has to be of one of some types.
func (k *checker) component(f *form, v any, allowed []int) map[string]any {
	m := f.object(v)
	if m == nil {
		return nil
	}
	if m["type"] == nil {
		f.add("type", "BASE_TYPE_REQUIRED", required)
		return nil
	}
	kind := kindOf(m)
	if !slices.Contains(allowed, kind) {
		f.add("", "UNION_TYPE_CHOICES", "Value of field \"type\" must be one of (%s).", listed(allowed))
		return nil
	}
	k.count++
	if n, given := f.whole(m, "id", 0, 1<<31-1); given && n > 0 {
		if k.numbers[n] {
			f.add("id", "COMPONENT_ID_DUPLICATED", "Component id cannot be duplicated")
		}
		k.numbers[n] = true
	}
	k.byType(f, m, kind)
	return m
}

func (k *checker) byType(f *form, m map[string]any, kind int) {
	switch kind {
	case actionRow:
		k.row(f, m)
	case buttonType:
		k.button(f, m)
	case stringSelect, userSelect, roleSelect, mentionableSelect, channelSelect:
		k.pick(f, m, kind)
	case section:
		for i, v := range f.list(m, "components", 1, 3) {
			k.component(f.in("components", i), v, []int{textDisplay})
		}
		if m["accessory"] == nil {
			f.add("accessory", "BASE_TYPE_REQUIRED", required)
		} else {
			k.component(f.in("accessory"), m["accessory"], []int{buttonType, thumbnail})
		}
	case textDisplay:
		k.shown += characters(f.text(m, "content", 1, maxDisplayed))
	case thumbnail:
		k.media(f, m, "media", false)
		f.text(m, "description", 0, maxDescription)
		f.yes(m, "spoiler", false)
	case mediaGallery:
		for i, v := range f.list(m, "items", 1, 10) {
			in := f.in("items", i)
			if item := in.object(v); item != nil {
				k.media(in, item, "media", false)
				in.text(item, "description", 0, maxDescription)
				in.yes(item, "spoiler", false)
			}
		}
	case fileType:
		k.media(f, m, "file", true)
		f.yes(m, "spoiler", false)
	case separator:
		f.yes(m, "divider", true)
		f.one(m, "spacing", false, 1, 2)
	case container:
		allowed := []int{actionRow, textDisplay, section, mediaGallery, separator, fileType}
		for i, v := range f.list(m, "components", 1, maxComponents) {
			k.component(f.in("components", i), v, allowed)
		}
		f.whole(m, "accent_color", 0, 0xFFFFFF)
		f.yes(m, "spoiler", false)
	default:
		k.input(f, m, kind)
	}
}

// row: up to five buttons, or one menu.
func (k *checker) row(f *form, m map[string]any) {
	list := f.list(m, "components", 1, 5)
	menus := 0
	for i, v := range list {
		c := k.component(f.in("components", i), v, append([]int{buttonType}, selects...))
		if c != nil && slices.Contains(selects, kindOf(c)) {
			menus++
		}
	}
	if menus > 0 && len(list) > 1 {
		for i := range list[1:] {
			f.add(join("components", itoa(i+1)), "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
				"The specified component exceeds the maximum width")
		}
	}
}

func (k *checker) button(f *form, m map[string]any) {
	style, _ := f.one(m, "style", true, 1, 2, 3, 4, linkStyle, premiumStyle)
	text := f.text(m, "label", 0, maxLabel)
	f.yes(m, "disabled", false)
	emoji(f, m)
	switch style {
	case linkStyle:
		if m["custom_id"] != nil {
			f.add("custom_id", "BUTTON_COMPONENT_CUSTOM_ID_AND_URL", "A custom id and url cannot both be specified")
		}
		link(f, m, "url", maxURL, "http", "https", "discord")
	case premiumStyle:
		f.snowflake(m, "sku_id", true)
		return
	default:
		if m["url"] != nil {
			f.add("url", "BUTTON_COMPONENT_INVALID_URL", "A url cannot be specified on a button of this style")
		}
		k.customID(f, m)
	}
	if text == "" && m["emoji"] == nil {
		f.add("", "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", "A label or emoji is required")
	}
}

// customID checks the id of an interactive component: 1 to 100 characters, and only once.
func (k *checker) customID(f *form, m map[string]any) {
	id := f.text(m, "custom_id", 1, maxCustomID)
	if id != "" && k.custom[id] {
		f.add("custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
	}
	k.custom[id] = true
}

func emoji(f *form, m map[string]any) {
	if m["emoji"] == nil {
		return
	}
	in := f.in("emoji")
	e := in.object(m["emoji"])
	if e == nil || e["id"] != nil {
		return
	}
	if name, _ := e["name"].(string); !isEmoji(name) {
		in.add("name", "COMPONENT_INVALID_EMOJI", "Invalid emoji")
	}
}

func link(f *form, m map[string]any, name string, high int, schemes ...string) {
	text := f.text(m, name, 1, high)
	if text == "" {
		return
	}
	u, err := url.Parse(text)
	switch {
	case err == nil && u.Scheme != "" && !slices.Contains(schemes, strings.ToLower(u.Scheme)):
		f.add(name, "URL_TYPE_INVALID_SCHEME", "Scheme \"%s\" is not supported. Scheme must be one of (%s).", u.Scheme,
			"'"+strings.Join(schemes, "', '")+"'")
	case err != nil || u.Scheme == "" || u.Host == "" && u.Scheme != "discord":
		f.add(name, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
	}
}

// pick checks a menu of a message. min_values may be 0 there.
func (k *checker) pick(f *form, m map[string]any, kind int) {
	k.customID(f, m)
	f.text(m, "placeholder", 0, maxHint)
	f.yes(m, "disabled", false)
	low, given := f.whole(m, "min_values", 0, maxOptions)
	if !given {
		low = 1
	}
	if high, given := f.whole(m, "max_values", 1, maxOptions); given && high < low {
		f.add("max_values", "SELECT_COMPONENT_MAX_VALUES_TOO_SMALL", "max_values must not be smaller than min_values")
	}
	if kind == stringSelect {
		k.options(f, m, 1, maxOptions)
		return
	}
	for i, v := range f.list(m, "default_values", 0, maxOptions) {
		in := f.in("default_values", i)
		if d := in.object(v); d != nil {
			in.snowflake(d, "id", true)
			if kind, _ := d["type"].(string); !slices.Contains([]string{"user", "role", "channel"}, kind) {
				in.add("type", "BASE_TYPE_CHOICES", choices, "'user', 'role', 'channel'")
			}
		}
	}
	if kind == channelSelect {
		f.list(m, "channel_types", 0, 20)
	}
}

// options checks the choices of a menu, radio group or checkbox group.
func (k *checker) options(f *form, m map[string]any, low, high int) []any {
	list := f.list(m, "options", low, high)
	seen := map[string]bool{}
	for i, v := range list {
		in := f.in("options", i)
		o := in.object(v)
		if o == nil {
			continue
		}
		in.text(o, "label", 1, maxOption)
		value := in.text(o, "value", 1, maxOption)
		in.text(o, "description", 0, maxOption)
		in.yes(o, "default", false)
		emoji(in, o)
		if seen[value] {
			in.add("value", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The specified option value is already used")
		}
		seen[value] = true
	}
	return list
}

// media checks a reference to a picture or file: an address, or a file of the same message.
func (k *checker) media(f *form, m map[string]any, name string, onlyFiles bool) {
	if m[name] == nil {
		f.add(name, "BASE_TYPE_REQUIRED", required)
		return
	}
	in := f.in(name)
	item := in.object(m[name])
	if item == nil {
		return
	}
	text, _ := item["url"].(string)
	if file, ok := strings.CutPrefix(text, "attachment://"); ok {
		if k.known != nil && !k.known(file) {
			in.add("url", "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
				"The referenced attachment \"%s\" was not found", text)
		}
		return
	}
	if onlyFiles {
		in.add("url", "URL_TYPE_INVALID_SCHEME", "Scheme must be one of ('attachment').")
		return
	}
	link(in, item, "url", maxMediaURL, "http", "https", "attachment")
}

// find looks for an interactive component by its custom id.
func find(list []map[string]any, customID string) map[string]any {
	var found map[string]any
	walk(list, func(c map[string]any) {
		if found == nil && c["custom_id"] == customID {
			found = c
		}
	})
	return found
}
