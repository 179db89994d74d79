package bot

import (
	"context"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot/value"
)

// Service is something that the organisation runs and people depend on: what incidents are about, changes change and
// reports count.
type Service struct {
	ID   string // short and stable, like checkout: this is what everything else stores
	Name string
	Also []string // other names of it that people may type, and nothing stores

	Owners       []PersonID
	Teams        []string // groups of the configuration among its owners
	ChatGroups   []string // user groups of platforms that own it too, like slack:@oncall
	Tier         int      // 1 matters most; 0 is not known
	Tags         []string
	DependsOn    []string
	RestrictedTo []string // the channels that may read of it; none is all

	Target        float64      // of availability, like 0.999; 0 is none
	Hours         *value.Hours // when it is meant to serve; nil is always
	ExceptPlanned bool         // planned maintenance does not count as downtime
}

// Services reads the services there are now.
type Services func(ctx context.Context) ([]Service, error)

// ServicesOf are services that never change.
func ServicesOf(list ...Service) Services {
	return func(context.Context) ([]Service, error) { return list, nil }
}

// ServiceByID finds a service in a list.
func ServiceByID(list []Service, id string) (Service, bool) {
	i := slices.IndexFunc(list, func(s Service) bool { return s.ID == id })
	if i < 0 {
		return Service{}, false
	}
	return list[i], true
}

// maxOptionLabel leaves room below what platforms take.
const maxOptionLabel = 70

// ServiceOptions are services as the choices of a menu.
func ServiceOptions(services Services) func(context.Context) ([]Option, error) {
	return func(ctx context.Context) ([]Option, error) {
		list, err := services(ctx)
		options := make([]Option, len(list))
		for i, s := range list {
			options[i] = Option{
				Value: s.ID, Label: value.Cut(s.Name, maxOptionLabel), Also: strings.Join(s.Also, " "),
			}
		}
		return options, err
	}
}
