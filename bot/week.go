package bot

import (
	"slices"
	"time"
)

// Week shows who or what has which part of some days, side by side: a lane for each rota, for instance.
type Week struct {
	From  time.Time `json:"from"` // whole days, where the reader is
	To    time.Time `json:"to"`
	Lanes []Lane    `json:"lanes"`
}

// Lane is one line of a Week.
type Lane struct {
	Title string    `json:"title"`
	Note  string    `json:"note,omitempty"`
	Parts []Stretch `json:"parts"` // in order, and none over another
}

// Stretch is a part of the time in a lane.
type Stretch struct {
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Text    Text      `json:"text"`
	Note    Text      `json:"note,omitempty"`
	Yours   bool      `json:"yours,omitempty"`   // it is the reader's
	Instead bool      `json:"instead,omitempty"` // somebody has it in place of another
	Gap     bool      `json:"gap,omitempty"`     // nobody has it
}

// mapped is a copy of a week with each of its texts replaced.
func (w *Week) mapped(by func(Text) Text) *Week {
	if w == nil {
		return nil
	}
	all := *w
	all.Lanes = slices.Clone(all.Lanes)
	for i := range all.Lanes {
		l := &all.Lanes[i]
		l.Parts = slices.Clone(l.Parts)
		for k := range l.Parts {
			l.Parts[k].Text, l.Parts[k].Note = by(l.Parts[k].Text), by(l.Parts[k].Note)
		}
	}
	return &all
}
