// Package item is one service: what its record says, what a good record has, and how everything else reads it. It is
// pure.
package item

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register"
	"github.com/watchbell/watchbell/commands/register/record"
)

// Noun is what the register is called, and Prefix what its records are called too, like SVC-3.
const (
	Noun   = "service"
	Prefix = "SVC"
)

// Lifecycle is where a service is in its life.
type Lifecycle string

const (
	Planned    Lifecycle = "planned"
	Live       Lifecycle = "live"
	Deprecated Lifecycle = "deprecated"
	Retired    Lifecycle = "retired"
)

// Tier is how much a service matters, from 1, the most, to 4; "" is not known.
type Tier string

// Class is how closely a service's data has to be kept.
type Class string

// Service is one service.
type Service struct {
	register.Head
	Describes    string
	Tier         Tier         `json:",omitempty"`
	Lifecycle    Lifecycle    `json:",omitempty"`
	Tags         []string     `json:",omitempty"`
	Technical    bot.PersonID `json:",omitempty"`
	Business     bot.PersonID `json:",omitempty"`
	Owners       []string     `json:",omitempty"` // people, teams and groups of chats beside its owner and team
	OnCall       string       `json:",omitempty"` // a rota
	DependsOn    []string     `json:",omitempty"`
	SuppliedBy   []string     `json:",omitempty"` // vendors
	Aliases      []string     `json:",omitempty"`
	Channel      string       `json:",omitempty"`
	Repo         string       `json:",omitempty"`
	Runbook      string       `json:",omitempty"`
	Dashboard    string       `json:",omitempty"`
	SLO          float64      `json:",omitempty"` // like 0.999
	Window       int          `json:",omitempty"` // of the SLO, in days
	Hours        string       `json:",omitempty"`
	Maintenance  bool         `json:",omitempty"` // planned maintenance does not count as downtime
	RTO, RPO     int          `json:",omitempty"` // in minutes
	Data         Class        `json:",omitempty"`
	CostCentre   string       `json:",omitempty"`
	RestrictedTo []string     `json:",omitempty"` // channels
	Verified     value.Day    `json:",omitzero"`
	File         string       `json:",omitempty"` // of the configuration that it comes from, "" for none
	Left         int          `json:",omitempty"` // the version in which it left the configuration
}

// Preset implements register.Preset.
func (s *Service) Preset() { s.Tier, s.Lifecycle = "4", Live }

// verifyEvery is after how many days somebody looks whether what the record says is still true.
const verifyEvery = 180

// Check implements register.Checker.
func (s *Service) Check() error {
	if s.Seen != record.Everybody || len(s.Readers) > 0 {
		return bot.Errorf(
			bot.Invalid, "Visible: incidents and changes name services, so everybody sees which there are. With "+
				"restricted-to= you choose the channels whose reports tell of it.",
		).About("visible")
	}
	return nil
}

// Serves reports whether incidents, changes and reports know it.
func (s *Service) Serves() bool { return s.Live() && s.Lifecycle != Retired }

// facts are what a good record of a service has.
var facts = []struct {
	name  string
	vital bool // for a service of tier 1 that is live
	has   func(s *Service) bool
}{
	{"a description", false, func(s *Service) bool { return s.Describes != "" }},
	{"an owner", true, func(s *Service) bool { return s.Owner != "" || s.Team != "" || len(s.Owners) > 0 }},
	{"a business owner", false, func(s *Service) bool { return s.Business != "" }},
	{"somebody on call", true, func(s *Service) bool { return s.OnCall != "" }},
	{"a runbook", true, func(s *Service) bool { return s.Runbook != "" }},
	{"an SLO", true, func(s *Service) bool { return s.SLO > 0 }},
	{"an RTO", true, func(s *Service) bool { return s.RTO > 0 }},
	{"an RPO", false, func(s *Service) bool { return s.RPO > 0 }},
	{"a verification", false, func(s *Service) bool { return !s.Verified.IsZero() }},
}

// Score implements register.Scored.
func (s *Service) Score() (of int, lacks []string) {
	for _, f := range facts {
		if !f.has(s) {
			lacks = append(lacks, f.name)
		}
	}
	return len(facts), lacks
}

// Lacking are the facts that a service of its tier cannot do without once it is live.
func (s *Service) Lacking() []string {
	var list []string
	for _, f := range facts {
		if f.vital && s.Tier == "1" && s.Lifecycle == Live && !f.has(s) {
			list = append(list, f.name)
		}
	}
	return list
}

// Dues implements register.Dated.
func (s *Service) Dues() []register.Due {
	if !s.Serves() {
		return nil
	}
	last := s.Verified
	if last.IsZero() {
		last = value.DayOf(s.Added.UTC())
	}
	return []register.Due{{
		What: "verification", On: last.Add(verifyEvery), Text: "verify that all of this is still true",
		Done: &bot.Action{Label: "Still true", Command: "verify"},
	}}
}

// Verify says that what the record says is true as of a day.
func (s *Service) Verify(on value.Day) (string, error) {
	if !s.Serves() {
		return "", bot.Errorf(bot.Conflict, "%s is retired, so there is nothing to verify.", s.ID)
	}
	if s.Verified == on {
		return "", bot.Errorf(bot.Conflict, "%s was verified today already.", s.ID)
	}
	s.Verified = on
	return "verified; next on " + on.Add(verifyEvery).Long(), nil
}

// Core is the service as everything else reads it. The members of teams can be groups of chats too.
func (s *Service) Core(teams map[string][]string, zone *time.Location) bot.Service {
	tier, _ := strconv.Atoi(string(s.Tier))
	b := bot.Service{
		ID: s.ID, Name: s.Name, Tier: tier, Tags: s.Tags, DependsOn: s.DependsOn, RestrictedTo: s.RestrictedTo,
		ExceptPlanned: s.Maintenance,
	}
	if s.Lifecycle != Planned {
		b.Target = s.SLO
	}
	if h, ok := value.ParseHours(s.Hours); ok {
		h.Zone = zone
		b.Hours = &h
	}
	if s.Number > 0 {
		b.Also = append([]string{s.Alias()}, s.Aliases...)
	}
	add := func(who string) {
		switch {
		case strings.Contains(who, ":"):
			b.ChatGroups = Unite(b.ChatGroups, who)
		case who != "":
			b.Owners = Unite(b.Owners, bot.PersonID(who))
		}
	}
	add(string(s.Owner))
	for _, name := range append([]string{s.Team}, s.Owners...) {
		list, team := teams[name]
		if !team {
			add(name)
			continue
		}
		b.Teams = Unite(b.Teams, name)
		for _, m := range list {
			add(m)
		}
	}
	add(string(s.Technical))
	add(string(s.Business))
	return b
}

// Alias is its other name, which everybody may write.
func (s *Service) Alias() string { return fmt.Sprintf("%s-%d", Prefix, s.Number) }

// Unite adds to a list what it does not have.
func Unite[T comparable](list []T, x T) []T {
	if slices.Contains(list, x) {
		return list
	}
	return append(list, x)
}
