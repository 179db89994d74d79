package oncall

import (
	"fmt"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/calendar"
	"github.com/watchbell/watchbell/bot/value"
)

// roster finds people by what a calendar calls them.
type roster struct {
	rota    []string // the words of the rota's name
	named   map[string][]bot.Person
	emailed map[string][]bot.Person
}

func newRoster(rota string, people []bot.Person) *roster {
	r := &roster{
		rota: strings.Fields(value.NameKey(rota)), named: map[string][]bot.Person{}, emailed: map[string][]bot.Person{},
	}
	for _, p := range people {
		for _, key := range []string{value.NameKey(p.Name), value.NameKey(string(p.ID))} {
			if key != "" && !slices.ContainsFunc(r.named[key], func(o bot.Person) bool { return o.ID == p.ID }) {
				r.named[key] = append(r.named[key], p)
			}
		}
		if p.Email != "" {
			email := strings.ToLower(p.Email)
			r.emailed[email] = append(r.emailed[email], p)
		}
	}
	for _, found := range []map[string][]bot.Person{r.named, r.emailed} {
		for key, people := range found {
			found[key] = bot.PreferActive(people)
		}
	}
	return r
}

// reason is why an event is no shift: the rest of a sentence that begins with the event. errNobody is that it names
// nobody.
type reason string

func (r reason) Error() string { return string(r) }

const errNobody reason = "names nobody who is known here"

// who has the shift of an event: who accepted its invitation, else whom its title names, else who is invited.
func (r *roster) who(e calendar.Event) (bot.PersonID, error) {
	invited := map[calendar.Status][]bot.Person{}
	for _, a := range e.Attendees {
		for _, p := range r.attendee(a) {
			if !slices.ContainsFunc(invited[a.Status], func(o bot.Person) bool { return o.ID == p.ID }) {
				invited[a.Status] = append(invited[a.Status], p)
			}
		}
	}
	is := func(p bot.Person) func(bot.Person) bool { return func(o bot.Person) bool { return o.ID == p.ID } }
	accepted, open, declined := invited[calendar.Accepted], invited[calendar.Unknown], invited[calendar.Declined]
	titled, err := r.title(e.Title)
	named := err == nil
	switch {
	case len(accepted) == 1:
		return present(accepted[0])
	case len(accepted) > 1 && named && slices.ContainsFunc(accepted, is(titled)):
		return present(titled)
	case len(accepted) > 1:
		return "", several(accepted)
	case named && slices.ContainsFunc(declined, is(titled)):
		return "", reason(fmt.Sprintf("was declined by @%s", titled.ID))
	case named && len(open) > 0 && !slices.ContainsFunc(open, is(titled)):
		return "", reason(fmt.Sprintf("names @%s and invites @%s", titled.ID, open[0].ID))
	case named:
		return present(titled)
	case len(open) == 1:
		return present(open[0])
	case len(open) > 1:
		return "", several(open)
	case len(declined) > 0:
		return "", reason(fmt.Sprintf("was declined by @%s", declined[0].ID))
	}
	return "", err
}

func present(p bot.Person) (bot.PersonID, error) {
	if !p.Active {
		return "", reason(fmt.Sprintf("names %s, who has left", p.Name))
	}
	return p.ID, nil
}

func several(people []bot.Person) reason {
	var ids []string
	for _, p := range people {
		ids = append(ids, "@"+string(p.ID))
	}
	return reason(fmt.Sprintf("has several people (%s), and a shift has one", strings.Join(ids, ", ")))
}

// attendee finds somebody who is invited: by their address, or by their name when the calendar has no address of them.
func (r *roster) attendee(a calendar.Attendee) []bot.Person {
	if a.Email != "" {
		return r.emailed[a.Email]
	}
	if found := r.named[value.NameKey(a.Name)]; len(found) == 1 {
		return found
	}
	return nil
}

// title finds whom a title names: without the rota's name and words of duty exactly one person's name, id or e-mail
// address is left. A name counts as a whole: Jordan Weber is not Dan Weber.
func (r *roster) title(title string) (bot.Person, error) {
	var found []bot.Person
	var rest []string
	add := func(people []bot.Person) {
		for _, p := range people {
			if !slices.ContainsFunc(found, func(o bot.Person) bool { return o.ID == p.ID }) {
				found = append(found, p)
			}
		}
	}
	for word := range strings.FieldsSeq(title) {
		email := strings.ToLower(strings.Trim(word, "<>()[]{}.,;:!?\"'"))
		email = strings.TrimPrefix(email, "mailto:")
		if strings.IndexByte(email, '@') < 1 {
			rest = append(rest, word)
			continue
		}
		if r.emailed[email] == nil {
			return bot.Person{}, errNobody
		}
		add(r.emailed[email])
	}
	if words, ok := r.name(rest); !ok {
		return bot.Person{}, errNobody
	} else {
		add(words)
	}
	switch len(found) {
	case 0:
		return bot.Person{}, errNobody
	case 1:
		return found[0], nil
	}
	return bot.Person{}, several(found)
}

// name finds whom words name, which may be nobody; ok is false when words are left that are no name.
func (r *roster) name(words []string) (people []bot.Person, ok bool) {
	all := strings.Fields(value.NameKey(strings.Join(words, " ")))
	for _, left := range [][]string{
		all, withoutDuty(all), withoutDuty(without(all, r.rota)), without(withoutDuty(all), r.rota),
	} {
		if len(left) == 0 {
			return nil, true
		}
		if found := r.named[strings.Join(left, " ")]; found != nil {
			return found, true
		}
	}
	return nil, false
}

// duty are the words that say what a shift is, and not whose.
var duty = [][]string{{"on", "call"}, {"on", "duty"}, {"oncall"}, {"primary"}, {"secondary"}, {"shift"}, {"duty"}}

func withoutDuty(words []string) []string {
	for _, d := range duty {
		words = without(words, d)
	}
	return words
}

// without takes a run of words out, wherever it stands.
func without(words, run []string) []string {
	var left []string
	for k := 0; k < len(words); {
		if len(run) > 0 && k+len(run) <= len(words) && slices.Equal(words[k:k+len(run)], run) {
			k += len(run)
			continue
		}
		left = append(left, words[k])
		k++
	}
	return left
}
