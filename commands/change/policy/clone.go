package policy

import (
	"maps"
	"slices"
)

// Clone is a copy that shares nothing with the requirement.
func (r Requirement) Clone() Requirement {
	r.Rules, r.Uncomputed = slices.Clone(r.Rules), slices.Clone(r.Uncomputed)
	r.Stages, r.Retro = slices.Clone(r.Stages), slices.Clone(r.Retro)
	for _, stages := range [][]Stage{r.Stages, r.Retro} {
		for i := range stages {
			stages[i].After = slices.Clone(stages[i].After)
		}
	}
	r.Services = slices.Clone(r.Services)
	for i := range r.Services {
		r.Services[i].Tags = slices.Clone(r.Services[i].Tags)
	}
	r.Groups = maps.Clone(r.Groups)
	for name, g := range r.Groups {
		g.People, g.Roles = slices.Clone(g.People), slices.Clone(g.Roles)
		g.Groups, g.Chat = slices.Clone(g.Groups), slices.Clone(g.Chat)
		r.Groups[name] = g
	}
	return r
}
