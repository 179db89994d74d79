package block

import "encoding/json"

// Meta is kept in a modal: which form it is, and where its answer goes.
type Meta struct {
	Token   string `json:"t,omitempty"`
	Channel string `json:"c,omitempty"`
	Thread  string `json:"h,omitempty"`
	URL     string `json:"u,omitempty"`
	On      string `json:"o,omitempty"` // the message whose button opened it
}

// ReadMeta reads what a modal keeps. Of one that is not a form it is empty.
func ReadMeta(raw string) (m Meta) {
	_ = json.Unmarshal([]byte(raw), &m)
	return m
}

// String is how a modal keeps it.
func (m Meta) String() string {
	data, _ := json.Marshal(m) // strings only
	return string(data)
}
