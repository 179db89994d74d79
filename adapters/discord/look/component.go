package look

import "iter"

// The types of components that we send. Source of these numbers and of all limits in this package:
// https://discord.com/developers/docs/components/reference
const (
	ActionRow     = 1
	Button        = 2
	StringSelect  = 3
	TextInput     = 4
	UserSelect    = 5
	TextDisplay   = 10
	MediaGallery  = 12
	FileDisplay   = 13
	Separator     = 14
	Container     = 17
	Label         = 18
	FileUpload    = 19
	CheckboxGroup = 22
)

// The styles of buttons.
const (
	PrimaryButton   = 1
	SecondaryButton = 2
	DangerButton    = 4
)

// The styles of text inputs.
const (
	OneLine   = 1
	Paragraph = 2
)

// Component is any part of a message or modal. Its Type says which of the other fields it has. Components of messages
// that Discord sends decode into it as well.
type Component struct {
	Type        int         `json:"type"`
	ID          int         `json:"id,omitempty"` // names it in the message; Discord keeps it
	CustomID    string      `json:"custom_id,omitempty"`
	Style       int         `json:"style,omitempty"`
	Label       string      `json:"label,omitempty"`
	Description string      `json:"description,omitempty"`
	Content     string      `json:"content,omitempty"`
	Accent      *int        `json:"accent_color,omitempty"`
	Divider     *bool       `json:"divider,omitempty"`
	Items       []Item      `json:"items,omitempty"`
	File        *Media      `json:"file,omitempty"`
	Placeholder string      `json:"placeholder,omitempty"`
	Value       string      `json:"value,omitempty"`
	MaxLength   int         `json:"max_length,omitempty"`
	Required    *bool       `json:"required,omitempty"`
	MinValues   *int        `json:"min_values,omitempty"`
	MaxValues   int         `json:"max_values,omitempty"`
	Options     []Choice    `json:"options,omitempty"`
	Defaults    []Default   `json:"default_values,omitempty"`
	Component   *Component  `json:"component,omitempty"` // of a label
	Components  []Component `json:"components,omitempty"`
}

// Choice is one option of a menu or a group of checkboxes.
type Choice struct {
	Label   string `json:"label"`
	Value   string `json:"value"`
	Default bool   `json:"default,omitempty"`
}

// Default is somebody who is chosen in a menu of people from the start.
type Default struct {
	ID   string `json:"id"`
	Type string `json:"type"` // always "user"
}

// Item is a picture of a gallery.
type Item struct {
	Media       Media  `json:"media"`
	Description string `json:"description,omitempty"` // the picture in words
}

// Media is where a picture or a file is found.
type Media struct {
	URL string `json:"url"`
}

// row puts components side by side: up to five buttons, or one menu.
func row(parts ...Component) Component { return Component{Type: ActionRow, Components: parts} }

func button(label string, style int, id ID) Component {
	return Component{Type: Button, Style: style, Label: name(label, maxButton, "…"), CustomID: id.String()}
}

// All yields components with everything inside them, from top to bottom.
func All(list []Component) iter.Seq[Component] {
	return func(yield func(Component) bool) { walk(list, yield) }
}

func walk(list []Component, yield func(Component) bool) bool {
	for _, c := range list {
		if !yield(c) || !walk(c.Components, yield) || c.Component != nil && !walk([]Component{*c.Component}, yield) {
			return false
		}
	}
	return true
}

// countOf is how many components there are, those inside of others included.
func countOf(list []Component) int {
	n := 0
	for range All(list) {
		n++
	}
	return n
}
