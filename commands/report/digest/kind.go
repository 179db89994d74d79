package digest

import "cmp"

// Kind is one of the reports.
type Kind string

const (
	Daily   Kind = "daily"
	Weekly  Kind = "weekly"
	Monthly Kind = "monthly"
	OnCall  Kind = "handover"
	CAB     Kind = "cab"
)

var titles = map[Kind]string{
	Daily: "Daily ops digest", Weekly: "Weekly ops review", Monthly: "IT service review", OnCall: "On-call hand-over",
	CAB: "CAB agenda",
}

// Title is the report's name.
func (k Kind) Title() string { return cmp.Or(titles[k], string(k)) }

// Reviewable reports whether people meet about a report of this kind.
func (k Kind) Reviewable() bool { return k == Weekly || k == Monthly || k == CAB }
