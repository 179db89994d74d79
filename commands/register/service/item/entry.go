package item

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/register"
)

// Entry is a service as a file of the configuration says it.
type Entry struct {
	ID, Name     string
	Owners       []string // people and teams
	Teams        []string // those of them that are teams
	Tier         Tier
	Tags         []string
	DependsOn    []string
	SLO          float64 // like 0.999
	Hours        string
	Maintenance  bool
	RestrictedTo []string
}

// InFile are services as everything else would read them if a file were all there is.
func InFile(entries []Entry, teams map[string][]string, zone *time.Location) []bot.Service {
	list := make([]bot.Service, len(entries))
	for i, e := range entries {
		s := &Service{Head: register.Head{ID: e.ID}, Lifecycle: Live}
		e.Onto(s, "", true)
		list[i] = s.Core(teams, zone)
	}
	return list
}

// Is reports whether a service is what the entry of a file says already.
func (e Entry) Is(s *Service, file string) bool {
	if s == nil || s.ID != e.ID || s.File != file {
		return false
	}
	x := *s
	e.Onto(&x, file, true)
	return Differing(s.Told(), x.Told()) == ""
}

// Onto makes a service what the entry says.
func (e Entry) Onto(s *Service, file string, links bool) {
	s.Name, s.Tier, s.Tags, s.SLO, s.Hours = e.Name, e.Tier, e.Tags, e.SLO, e.Hours
	s.Maintenance, s.RestrictedTo, s.File, s.Left = e.Maintenance, e.RestrictedTo, file, 0
	if links {
		s.DependsOn = e.DependsOn
	}
	s.Owner, s.Team, s.Owners = "", "", nil
	for _, name := range e.Owners { // the first person and the first team are its owner and its team
		switch team := slices.Contains(e.Teams, name); {
		case team && s.Team == "":
			s.Team = name
		case !team && s.Owner == "":
			s.Owner = bot.PersonID(name)
		default:
			s.Owners = append(s.Owners, name)
		}
	}
}

// NotTold are those that a file of the configuration cannot say.
var NotTold = []string{"technical-owner", "business-owner", "lifecycle"}

// Told are the fields that a file of the configuration says, as text, with those that policies decide by.
func (s *Service) Told() [][2]string {
	return append(s.Decisive(), [2]string{"name", s.Name}, [2]string{"slo", s.Percent()}, [2]string{"hours", s.Hours},
		[2]string{"exclude-maintenance", fmt.Sprint(s.Maintenance)},
		[2]string{"restricted-to", strings.Join(s.RestrictedTo, ",")})
}

// Decisive are the fields that policies decide by, as text.
func (s *Service) Decisive() [][2]string {
	return [][2]string{
		{"tier", string(s.Tier)}, {"tags", strings.Join(s.Tags, ",")}, {"lifecycle", string(s.Lifecycle)},
		{"owner", string(s.Owner)}, {"team", s.Team}, {"owners", strings.Join(s.Owners, ",")},
		{"technical-owner", string(s.Technical)}, {"business-owner", string(s.Business)},
		{"depends-on", strings.Join(s.DependsOn, ",")},
	}
}

// Differing names the first field that two lists say differently, "" for none.
func Differing(a, b [][2]string, but ...string) string {
	for i := range a {
		if a[i] != b[i] && !slices.Contains(but, a[i][0]) {
			return a[i][0]
		}
	}
	return ""
}
