package change

import (
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// Live reports whether the change may still do something, so that others have to keep clear of it.
func (c *Change) Live() bool {
	return slices.Contains([]State{Pending, Approved, Implementing, Verifying, RollingBack}, c.State)
}

// Touches are what a change lays hands on while its window lasts, each with its kind: two that touch the same at the
// same time get in each other's way.
func (c *Change) Touches() []string {
	var all []string
	for _, s := range c.Services {
		all = append(all, TouchedService+s)
	}
	for _, p := range c.CarriedOutBy() {
		all = append(all, TouchedPerson+string(p))
	}
	for _, a := range c.Artifacts {
		all = append(all, TouchedArtifact+a)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// What the names of touched things begin with.
const (
	TouchedService  = "service/"
	TouchedPerson   = "person/"
	TouchedArtifact = "artifact/"
)

// Touch adds to another change what it touches.
func (o *Other) Touch(what string) {
	for kind, add := range map[string]func(string){
		TouchedService:  func(s string) { o.Services = append(o.Services, s) },
		TouchedPerson:   func(s string) { o.Implementers = append(o.Implementers, bot.PersonID(s)) },
		TouchedArtifact: func(s string) { o.Artifacts = append(o.Artifacts, s) },
	} {
		if name, ok := strings.CutPrefix(what, kind); ok {
			add(name)
		}
	}
}
