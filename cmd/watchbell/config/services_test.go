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
