package item

import (
	"regexp"
	"slices"
	"strings"
)

var reference = regexp.MustCompile(`^(?i)[a-z]{2,5}-[1-9][0-9]*$`)

// Canonical is an id as it is stored.
func Canonical(id string) string {
	if reference.MatchString(id) {
		return strings.ToUpper(id)
	}
	return strings.ToLower(id)
}

// Named finds a service by its id, its number or another name, in any case.
func Named(all []*Service, name string) *Service {
	name = strings.ToLower(strings.TrimSpace(name))
	for _, is := range []func(s *Service) bool{
		func(s *Service) bool { return s.ID == name },
		func(s *Service) bool { return strings.EqualFold(s.Alias(), name) },
		func(s *Service) bool { return slices.Contains(s.Aliases, name) },
		func(s *Service) bool { return strings.ToLower(s.Name) == name },
	} {
		if i := slices.IndexFunc(all, is); i >= 0 {
			return all[i]
		}
	}
	return nil
}
