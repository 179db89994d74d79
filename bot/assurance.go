package bot

import "slices"

// Assurance is how surely a request comes from the person that it is taken for.
type Assurance string

const (
	// Stale is a sign-in on the web that is older than a working day.
	Stale Assurance = "stale"
	// Chat is what the platform vouches for that the request came by, and nothing more. It is what requests have that do
	// not say anything else.
	Chat Assurance = ""
	// SignedIn is a sign-in on the web by something that chat does not give, within the last twelve hours.
	SignedIn Assurance = "signed-in"
	// Fresh is the same within the last five minutes.
	Fresh Assurance = "fresh"
)

var assurances = []Assurance{Stale, Chat, SignedIn, Fresh}

// Reaches reports whether it is at least as sure as another.
func (a Assurance) Reaches(least Assurance) bool {
	return slices.Index(assurances, a) >= slices.Index(assurances, least)
}

// String is the word for it in records.
func (a Assurance) String() string {
	if a == Chat {
		return "chat"
	}
	return string(a)
}
