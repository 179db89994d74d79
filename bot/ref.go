package bot

import (
	"time"
)

// Ref is what an opaque token on a button or form stands for. The token carries it, or the store keeps it; it grants
// nothing by itself.
type Ref struct {
	Token   string
	Command string            `json:"command"`
	Args    map[string]string `json:"args,omitempty"`
	Choose  string            `json:"choose,omitempty"`
	Form    bool              `json:"form,omitempty"`   // an action that always opens its form
	Values  map[string]string `json:"values,omitempty"` // of such an action, or what an open form was filled with
	Opened  map[string]string `json:"opened,omitempty"` // an open form: what it showed
	Open    bool              `json:"open,omitempty"`
	Draft   bool              `json:"draft,omitempty"` // an open form of which some steps were sent
	Quote   *Quote            `json:"quote,omitempty"`
	Person  PersonID          `json:"person,omitempty"` // whose form it is
	Expires time.Time         `json:"expires,omitzero"`
}
