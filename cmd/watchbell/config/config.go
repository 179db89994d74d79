// Package config reads the one YAML file that says everything about an installation that is not secret, and the secrets
// from the environment.
//
// The file is read strictly, as package yamlfile describes. schema.go says which keys there are, format.go what their
// values may look like. Names that have to exist somewhere else in the file are checked last.
package config

import (
	_ "embed"
	"io/fs"
	"strings"
	"time"

	"github.com/watchbell/watchbell/adapters/notify"
	"github.com/watchbell/watchbell/adapters/web/login/oidc"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/bot/yamlfile"
)

// File is a configuration that was checked: every name in it exists, and what was left out has its default.
type File struct {
	Name      string         // shown in the web chat
	Zone      *time.Location // never nil
	Web       Web
	Login     []string // the ways of signing in on the web that are on, of LoginWays
	OIDC      []OIDC   // where people sign in with their company's account
	Observe   Observe
	Incidents Incidents
	Changes   Changes
	API       API
	Limits    Limits
	Notify    Notify
	Mail      Mail
	People    []Person
	Groups    map[string][]string // ids of people, and user groups of platforms like slack:@oncall, by the group's name
	Services  []Service
	Registers []string // those that are on; nil is all
	Channels  []Channel
	Roles     map[string][]string // permissions by role; they add to the built-in roles or replace them
	// of members of a chat platform's workspace or server whom the configuration does not name
	MemberRoles []string

	outdated []string
}

// Outdated says in sentences which keys still count under an old name, and what to write instead.
func (f *File) Outdated() []string { return f.outdated }

// Web is what browsers see.
type Web struct {
	Listen         string   // host:port; "" is WATCHBELL_LISTEN, or else DefaultListen
	URL            string   // where browsers find it; "" is localhost, with the port of Listen
	TrustedProxies []string // addresses and networks, as Network reads them, that say truly where a request comes from
}

// DefaultListen is where pages are served unless somebody names another address.
const DefaultListen = "127.0.0.1:8080"

// LoginWays are the ways of signing in that the configuration can list.
var LoginWays = []string{"oidc", "passkey", "chat-link"}

// OIDC is a provider of OpenID Connect. Its secret is in the environment, under the name that SecretName says.
type OIDC struct {
	Name        string
	Label       string // on the button; "" is the name
	Issuer      string
	ClientID    string
	Scopes      []string            // beside openid, email and profile
	GroupsClaim string              // "" is groups
	Roles       map[string][]string // that members of a group get, beside their own
}

// SecretName is the variable that holds the secret of the provider.
func (o OIDC) SecretName() string {
	return "WATCHBELL_OIDC_" + strings.ToUpper(strings.ReplaceAll(o.Name, "-", "_")) + "_SECRET"
}

// Provider is what the provider is reached with.
func (o OIDC) Provider(secret string) oidc.Config {
	return oidc.Config{
		Name: o.Name, Label: o.Label, Issuer: o.Issuer, ClientID: o.ClientID, Secret: secret, Roles: o.Roles,
		Groups: o.GroupsClaim, Scopes: o.Scopes,
	}
}

// Observe is where health and metrics are served.
type Observe struct {
	Listen string // host:port, or "" for nowhere
}

// Changes is how changes are handled.
type Changes struct {
	Channel string // where changes are shown
	Policy  string // the policy file, relative to this file's folder, or DefaultPolicy
}

// DefaultPolicy is the word for the change policy that ships.
const DefaultPolicy = "default"

// Limits are how often one person may do something.
type Limits struct {
	Rooms   RoomLimit // commands that open rooms
	Changes ChangeLimit
}

// RoomLimit allows Burst rooms at once, and AMinute a minute.
type RoomLimit struct{ Burst, AMinute int }

// ChangeLimit allows AMinute commands a minute that change something.
type ChangeLimit struct{ AMinute int }

// API is where pipelines ask.
type API struct {
	Listen string // host:port, or "" for nowhere
}

// Notify is how people are told beyond chat.
type Notify struct {
	Hosts []string // that people may name in addresses, like ntfy.sh or *.example.com:8443
}

// Mail is the server by which mail goes.
type Mail struct {
	Server string // host:port; "": no mail is sent
	From   string
	User   string // "" where the server asks for none; the password is a secret of the environment
}

// Incidents is how incidents are handled.
type Incidents struct {
	Channel      string              // where every incident is announced
	KeepChannels time.Duration       // how long the channel of an ended incident stays open
	Severities   map[string]Severity // sev1 to sev4 and unknown, always all five
}

// Severity is after how long people are reminded, 0 being never, and what it counts for.
type Severity struct {
	UpdateEvery time.Duration // since the last update
	NoLead      time.Duration // without a lead
	Stale       time.Duration // without an entry by a person
	Downtime    float64       // how much of a service it takes, from 0 to 1, for availability
}

// Person is somebody who may use the bot.
type Person struct {
	ID       string
	Name     string
	Email    string // "" when not given
	Roles    []string
	Zone     *time.Location // nil: the installation's
	Accounts []Account
}

// Account is who the person is on a chat platform.
type Account struct {
	Platform  string
	Workspace string // "" where the platform has none
	User      string
}

// Service is something that can break, and who owns it.
type Service struct {
	ID     string
	Name   string
	Owners []string // ids of people and names of groups, which share one namespace

	Tier      int      // from 1, which matters most, to 4; 0 when not given
	Tags      []string // that the change policy looks at
	DependsOn []string // ids of services

	SLO                float64      // how much of the time it is to be there, like 0.999; 0 when not given
	Hours              *value.Hours // in no zone yet; nil: always
	ExcludeMaintenance bool         // planned changes do not count as downtime
	RestrictedTo       []string     // channels whose reports name what concerns it; empty: all
}

// Channel is one that the web chat has.
type Channel struct {
	Name  string
	Topic string
}

// defaults has the cadence of the incident specification, section 5.3.
func defaults() *File {
	const m, h = time.Minute, time.Hour
	return &File{
		Name:    "Watchbell",
		Zone:    time.UTC,
		Login:   []string{"passkey", "chat-link"},
		Changes: Changes{Channel: "changes", Policy: DefaultPolicy},
		Limits:  Limits{Rooms: RoomLimit{Burst: 5, AMinute: 6}, Changes: ChangeLimit{AMinute: 60}},
		Notify:  Notify{Hosts: notify.DefaultHosts()},
		Incidents: Incidents{Channel: "incidents", KeepChannels: 7 * 24 * h, Severities: map[string]Severity{
			"sev1":    {UpdateEvery: 30 * m, NoLead: 5 * m, Stale: h, Downtime: 1},
			"sev2":    {UpdateEvery: 60 * m, NoLead: 5 * m, Stale: 2 * h, Downtime: 0.5},
			"sev3":    {UpdateEvery: 4 * h, NoLead: 15 * m, Stale: 24 * h},
			"sev4":    {Stale: 3 * 24 * h},
			"unknown": {UpdateEvery: 30 * m, NoLead: 5 * m, Stale: h, Downtime: 0.5},
		}},
		MemberRoles: []string{"responder"},
	}
}

// Load reads and checks the file at path. The error is an [Error] or [Problems].
func Load(path string) (*File, error) {
	anyMode := func(fs.FileMode) string { return "" }
	data, complaint := readFile(path, int64(form.MaxBytes)+1, anyMode)
	switch complaint {
	case "":
		return Parse(path, data)
	case noSuchFile:
		complaint += " " + startFromExample
	}
	return nil, &Error{File: path, Text: complaint}
}

const startFromExample = `"watchbell config example" prints a complete one to start from.`

// form is that of the configuration, in which no text is longer than a topic.
var form = yamlfile.Form{Noun: "configuration", Key: "name", Empty: startFromExample, MaxBytes: 1 << 20, MaxText: 1000}

// Parse checks data, which errors call name. The error is [Problems].
func Parse(name string, data []byte) (*File, error) {
	in, root, problems := form.Parse(name, data)
	if problems != nil {
		return nil, problems
	}
	r := &reader{in}
	f := r.file(root)
	if problems := r.Done(); problems != nil {
		return nil, problems
	}
	return f, nil
}

//go:embed example.yaml
var example string

// Example is a complete configuration that holds and explains every key. Parse accepts it.
func Example() string { return example }
