package bot

import "slices"

// Audience says who may see a thing, beside the permission to see things of its kind. Its zero value is everybody.
// Lists, searches, counts, digests, exports and notifications all ask it.
type Audience struct {
	// Services are those the thing is about. Reading of it takes the right to read of each of them.
	Services []string `json:"services,omitempty"`
	// Channel is where it was said, if it was. Channels that may not read all that this one may do not read it.
	Channel string `json:"channel,omitempty"`
	// Teams and People are the only ones who may see it, if there are any.
	Teams  []string   `json:"teams,omitempty"`
	People []PersonID `json:"people,omitempty"`
}

// Reader is somebody who looks, or a channel in which many do.
type Reader struct {
	Person  PersonID
	Groups  []string // of the person
	Channel string
}

// Restrictions are what services may be read of where, as they are now.
type Restrictions []Service

// Any reports whether anything is restricted at all.
func (r Restrictions) Any() bool {
	return slices.ContainsFunc(r, func(s Service) bool { return len(s.RestrictedTo) > 0 })
}

// Include reports whether a reader belongs to an audience.
func (r Restrictions) Include(who Reader, a Audience) bool {
	closed := len(a.Teams)+len(a.People) > 0
	named := who.Person != "" && slices.Contains(a.People, who.Person)
	if closed && !named && !slices.ContainsFunc(a.Teams, func(t string) bool { return slices.Contains(who.Groups, t) }) {
		return false
	}
	for _, s := range r {
		if len(s.RestrictedTo) == 0 {
			continue
		}
		if slices.Contains(a.Services, s.ID) && !slices.Contains(s.RestrictedTo, who.Channel) {
			return false
		}
		if a.Channel != who.Channel && slices.Contains(s.RestrictedTo, a.Channel) {
			return false
		}
	}
	return true
}
