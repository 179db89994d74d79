package config

import (
	"strings"
	"testing"
	"time"
)

func TestTargetsAndHoursOfServices(t *testing.T) {
	f := mustParse(
		t,
		"services:\n  - id: portal\n    name: Portal\n    slo: 99.95%\n    hours: mon-fri 08:00-20:00\n    "+
			"exclude-maintenance: yes\n",
	)
	s := f.Services[0]
	if s.SLO != 0.9995 || !s.ExcludeMaintenance || len(s.Hours.Days) != 5 || s.Hours.Days[0] != time.Monday ||
		s.Hours.From != 480 || s.Hours.To != 1200 {
		t.Errorf("%+v %+v", s, s.Hours)
	}
	for _, c := range []struct{ key, want string }{
		{"slo: 100", "99.9"}, {"slo: often", "99.9"}, {"hours: always", "mon-fri 08:00-20:00"},
		{"hours: mon-fri 20:00-08:00", "mon-fri 08:00-20:00"}, {"exclude-maintenance: maybe", "yes nor no"},
	} {
		_, err := Parse("x.yaml", []byte("services:\n  - id: portal\n    name: Portal\n    "+c.key+"\n"))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.key, err)
		}
	}
	if _, err := Parse("x.yaml", []byte("web:\n  url: watchbell\n")); err == nil ||
		!strings.Contains(err.Error(), "https://watchbell.example.com") {
		t.Errorf("url: %v", err)
	}
}

func TestGroupsOfChats(t *testing.T) {
	good := []string{"slack:@on-call", "slack:S0123ABC", "discord:@On call", "discord:@運用", "discord:1166401852345036800"}
	for _, group := range good {
		if f := mustParse(t, "groups: {ops: [\""+group+"\"]}\n"); f.Groups["ops"][0] != group {
			t.Errorf("%s: %v", group, f.Groups)
		}
	}
	for group, want := range map[string]string{
		"slack:@On call": "is not a user group. Write slack:@ and its handle", "discord:On call": "is not a role in Discord",
		"discord:12345": "like discord:1166401852345036800", "discord:@ ": "is not a role in Discord", "teams:@ops": "slack:@",
	} {
		_, err := Parse("x.yaml", []byte("groups: {ops: [\""+group+"\"]}\n"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", group, err)
		}
	}
}
