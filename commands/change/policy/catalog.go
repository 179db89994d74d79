package policy

import (
	"slices"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Catalog is what a policy is held against: the services and people of the installation.
type Catalog struct {
	Services []bot.Service
	People   []bot.Person
	// SignIn: people can sign in on the web by more than what chat gives them, so a policy may ask for it.
	SignIn bool
}

// Service finds a service by its id.
func (k Catalog) Service(id string) (bot.Service, bool) {
	return bot.ServiceByID(k.Services, id)
}

// ServiceFacts are what rules look at of a service.
type ServiceFacts struct {
	ID   string   `json:"id"`
	Tier int      `json:"tier,omitempty"`
	Tags []string `json:"tags,omitempty"`
}

// Equal reports whether rules see no difference.
func (f ServiceFacts) Equal(o ServiceFacts) bool {
	return f.ID == o.ID && f.Tier == o.Tier && slices.Equal(f.Tags, o.Tags)
}

// Facts are those of services as they are now, of those that are known.
func (k Catalog) Facts(services []string) []ServiceFacts {
	var list []ServiceFacts
	for _, id := range services {
		if s, ok := k.Service(id); ok {
			list = append(list, ServiceFacts{s.ID, s.Tier, s.Tags})
		}
	}
	return list
}

// Tier is that of the most important service, 0 if none is known.
func (k Catalog) Tier(services []string) int {
	best := 0
	for _, id := range services {
		if s, ok := k.Service(id); ok && s.Tier > 0 && (best == 0 || s.Tier < best) {
			best = s.Tier
		}
	}
	return best
}

// Hop adds the services that depend on these, or that these depend on.
func (k Catalog) Hop(services []string) []string {
	near := slices.Clone(services)
	for _, s := range k.Services {
		if slices.Contains(services, s.ID) {
			near = append(near, s.DependsOn...)
		} else if value.Shares(s.DependsOn, services) {
			near = append(near, s.ID)
		}
	}
	slices.Sort(near)
	return slices.Compact(near)
}
