package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// mustParse is a file that is accepted.
func mustParse(t *testing.T, file string) *File {
	t.Helper()
	f, err := Parse("watchbell.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestDefaults(t *testing.T) {
	want := &File{
		Name: "Watchbell", Zone: time.UTC, Login: []string{"passkey", "chat-link"},
		MemberRoles: []string{"responder"},
		Incidents: Incidents{Channel: "incidents", KeepChannels: 7 * 24 * time.Hour, Severities: map[string]Severity{
			"sev1":    {30 * time.Minute, 5 * time.Minute, time.Hour, 1},
			"sev2":    {time.Hour, 5 * time.Minute, 2 * time.Hour, 0.5},
			"sev3":    {4 * time.Hour, 15 * time.Minute, 24 * time.Hour, 0},
			"sev4":    {0, 0, 72 * time.Hour, 0},
			"unknown": {30 * time.Minute, 5 * time.Minute, time.Hour, 0.5},
		}},
		Changes: Changes{Channel: "changes", Policy: DefaultPolicy},
		Limits:  Limits{Rooms: RoomLimit{Burst: 5, AMinute: 6}, Changes: ChangeLimit{AMinute: 60}},
		Notify: Notify{Hosts: []string{
			"ntfy.sh", "api.pushover.net", "api.telegram.org", "*.logic.azure.com", "*.api.powerplatform.com",
		}},
	}
	for name, file := range map[string]string{
		"only comments":            "# nothing\n",
		"only a header":            "---\n",
		"sections commented out":   "web:\n  # listen: x\npeople:\nincidents:\n  severities:\n    sev1:\n",
		"only a byte order mark":   "\uFEFF# nothing",
		"the end of the document":  "---\n# nothing\n...\n",
		"an empty mapping":         "{}",
		"an empty listen, observe": "observe: {listen: ''}",
		"observe is off":           "observe: {listen: off}",
	} {
		t.Run(name, func(t *testing.T) {
			if got := mustParse(t, file); !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// The name that the key had counts on, with a sentence about the new one.
func TestTheOldNameOfMemberRoles(t *testing.T) {
	f := mustParse(t, "name: Northwind\nslack:\n  member-roles: [guest, approver]\n")
	if want := []string{"guest", "approver"}; !reflect.DeepEqual(f.MemberRoles, want) {
		t.Errorf("the roles are %q", f.MemberRoles)
	}
	if old := f.Outdated(); len(old) != 1 || !strings.Contains(old[0], "slack.member-roles on line 3") ||
		!strings.Contains(old[0], "member-roles: [responder]") {
		t.Errorf("told: %q", old)
	}
	if old := mustParse(t, "member-roles: [guest]\n").Outdated(); len(old) > 0 {
		t.Errorf("the new name is called old: %q", old)
	}
}

// Row B139: what a guess would turn into a boolean, a number or nothing stays the text that was typed.
func TestScalarsStayAsTyped(t *testing.T) {
	for typed, want := range map[string]string{
		"no": "no", "on": "on", "Yes": "Yes", "null": "null", "~": "~", "0777": "0777", "0x1F": "0x1F", "1_000": "1_000",
		"12:30": "12:30",
		"1e3":   "1e3", ".inf": ".inf", ".NaN": ".NaN", "2026-01-02": "2026-01-02",
		"613425648685547541999": "613425648685547541999",
		"0b1":                   "0b1", "'no'": "no", `"0777"`: "0777", "a  b": "a b", "a # b": "a", "a#b": "a#b",
		"'a: b'": "a: b", "Grüße 👩‍🚒": "Grüße 👩‍🚒",
		"|\n  a\n  b\n": "a b", ">-\n  a\n": "a",
	} {
		if got := mustParse(t, "name: "+typed+"\nzone: UTC\n").Name; got != want {
			t.Errorf("name: %s is %q, want %q", typed, got, want)
		}
	}
	f := mustParse(
		t, "people: [{id: no, name: on}]\ngroups: {off: [no]}\nservices: [{id: null, name: 1, owners: [off, no]}]\n",
	)
	if f.People[0].ID != "no" || f.Groups["off"][0] != "no" || f.Services[0].ID != "null" || f.Services[0].Name != "1" {
		t.Errorf("got %+v", f)
	}
}

// Row B140: what editors on other systems write is fine.
func TestByteOrderMarkAndLineEnds(t *testing.T) {
	for _, file := range []string{
		"\uFEFFname: a\nzone: Europe/Berlin\n", "name: a\r\nzone: Europe/Berlin\r\n", "name: a \rzone: Europe/Berlin",
		"name: a\t\r\n\r\nzone: Europe/Berlin # x\r\n",
	} {
		if f := mustParse(t, file); f.Name != "a" || f.Zone.String() != "Europe/Berlin" {
			t.Errorf("%q is %+v", file, f)
		}
	}
	_, err := Parse("f.yaml", []byte("\uFEFFname: a\r\n\r\nzone: x\r\n"))
	if want := "f.yaml:3:7: \"x\" is not the name of a time zone. Write UTC or a name such as Europe/Berlin.\nzone: " +
		"x\n      ^"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestSeveritiesChangeOnlyWhatIsGiven(t *testing.T) {
	f := mustParse(
		t,
		"incidents:\n  severities:\n    sev1: {update-every: 10m, stale: off, downtime: 75%}\n    sev4:\n      no-lead: 90d\n",
	)
	want := defaults().Incidents.Severities
	want["sev1"] = Severity{UpdateEvery: 10 * time.Minute, NoLead: 5 * time.Minute, Downtime: 0.75}
	want["sev4"] = Severity{NoLead: 90 * 24 * time.Hour, Stale: 72 * time.Hour}
	if !reflect.DeepEqual(f.Incidents.Severities, want) {
		t.Errorf("got %+v", f.Incidents.Severities)
	}
}

func TestListenAddresses(t *testing.T) {
	for _, address := range []string{
		":0", ":8080", "127.0.0.1:65535", "localhost:80", "'[::1]:8080'", "host-1.example.com:8080",
	} {
		if got := mustParse(t, "web:\n  listen: "+address).Web.Listen; got != strings.Trim(address, "'") {
			t.Errorf("%s is %q", address, got)
		}
	}
}

func TestEverythingOfAPerson(t *testing.T) {
	f := mustParse(t, `
roles:
  boss: ["*", incident:override, "*.help"]
  guest: []
people:
  - id: ana
    name: Ana Ruiz
    email: ana+ops@example.com
    roles: [boss, guest]
    zone: America/New_York
    accounts:
    - {platform: slack, workspace: T1, user: U1}
    - {platform: slack, workspace: T2, user: U1}
    - {platform: discord, workspace: 613425648685547541, user: 80351110224678912}
    - {platform: discord, workspace: 197038439483310086, user: 80351110224678912}
  - {id: ben, name: Ben}
`)
	zone := f.People[0].Zone
	want := []Person{{
		ID: "ana", Name: "Ana Ruiz", Email: "ana+ops@example.com", Roles: []string{"boss", "guest"}, Zone: zone,
		Accounts: []Account{
			{"slack", "T1", "U1"}, {"slack", "T2", "U1"}, {"discord", "613425648685547541", "80351110224678912"},
			{"discord", "197038439483310086", "80351110224678912"},
		},
	}, {ID: "ben", Name: "Ben"}}
	if !reflect.DeepEqual(f.People, want) || zone.String() != "America/New_York" {
		t.Errorf("got %+v", f.People)
	}
	if !reflect.DeepEqual(f.Roles, map[string][]string{"boss": {"*", "incident:override", "*.help"}, "guest": nil}) {
		t.Errorf("got %+v", f.Roles)
	}
}

// Row B135.
func TestFilesThatCannotBeLoaded(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	large := write("large", "", 0o600)
	if err := os.Truncate(large, 100<<20); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, path, want string }{
		{
			"missing", filepath.Join(dir, "x"),
			`there is no such file. "watchbell config example" prints a complete one to start from.`,
		},
		{"directory", dir, "this is a directory, not a file."},
		{"below a file", filepath.Join(large, "x"), "the file cannot be read: not a directory."},
		{"unreadable", write("unreadable", "name: a", 0o000), "the file cannot be read: permission denied."},
		{
			"0 bytes", write("zero", "", 0o600),
			`the file is empty. "watchbell config example" prints a complete one to start from.`,
		},
		{"100 MB", large, "the file is larger than 1 MiB."},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.name == "unreadable" && os.Geteuid() == 0 {
				t.Skip("root reads everything")
			}
			_, err := Load(c.path)
			if err == nil || err.Error() != c.path+": "+c.want || !IsError(err) {
				t.Errorf("got %v", err)
			}
		})
	}
	if f, err := Load(write("good", "name: a", 0o644)); err != nil || f.Name != "a" {
		t.Errorf("got %v, %v", f, err)
	}
}
