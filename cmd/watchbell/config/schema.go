package config

import (
	"fmt"
	"maps"
	"math"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/bot/yamlfile"
)

// file reads the whole tree. The keys of all mappings are in this source file, next to the field each fills.
func (r *reader) file(n node) *File {
	f := defaults()
	var channels node
	channelGiven := false
	var memberRoles, oldMemberRoles node
	r.Fields(n, fields{
		"name": func(n node) { f.Name = r.label(n, maxName) },
		"zone": func(n node) { f.Zone = r.zone(n) },
		"web": func(n node) {
			r.Fields(n, fields{
				"listen": func(n node) { f.Web.Listen = r.address(n) },
				"url":    func(n node) { f.Web.URL = r.webAddress(n) },
				"trusted-proxies": func(n node) {
					f.Web.TrustedProxies = r.Set(n, r.network)
				},
			})
		},
		"login": func(n node) { f.Login = r.Set(n, r.loginWay) },
		"oidc":  func(n node) { r.Items(n, func(n node) { f.OIDC = append(f.OIDC, r.oidc(n)) }) },
		"observe": func(n node) {
			r.Fields(n, fields{"listen": func(n node) { f.Observe.Listen = r.addressOrOff(n) }})
		},
		"slack": func(n node) {
			r.Fields(n, fields{"member-roles": func(n node) { f.MemberRoles, oldMemberRoles = r.roleSet(n), n }})
		},
		"member-roles": func(n node) { f.MemberRoles, memberRoles = r.roleSet(n), n },
		"incidents": func(n node) {
			r.Fields(n, fields{
				"channel":       func(n node) { f.Incidents.Channel, channelGiven = r.announceIn(n), true },
				"keep-channels": func(n node) { f.Incidents.KeepChannels = r.cadence(n) },
				"severities":    func(n node) { r.severities(n, f.Incidents.Severities) },
			})
		},
		"changes": func(n node) {
			r.Fields(n, fields{
				"channel": func(n node) { f.Changes.Channel = r.channelName(n) },
				"policy":  func(n node) { f.Changes.Policy = r.label(n, maxTopic) },
			})
		},
		"api": func(n node) {
			r.Fields(n, fields{"listen": func(n node) { f.API.Listen = r.addressOrOff(n) }})
		},
		"limits": func(n node) { f.Limits = r.limits(n, f.Limits) },
		"notify": func(n node) {
			r.Fields(n, fields{"hosts": func(n node) { f.Notify.Hosts = r.Set(n, r.notifyHost) }})
		},
		"mail":     func(n node) { f.Mail = r.mail(n) },
		"people":   func(n node) { r.Items(n, func(n node) { f.People = append(f.People, r.person(n)) }) },
		"groups":   func(n node) { f.Groups = r.groups(n) },
		"services": func(n node) { r.Items(n, func(n node) { f.Services = append(f.Services, r.service(n)) }) },
		"registers": func(n node) {
			f.Registers = r.Set(n, func(n node) string { return r.label(n, maxName) })
		},
		"channels": func(n node) {
			channels = n
			r.Items(n, func(n node) { f.Channels = append(f.Channels, r.channel(n)) })
		},
		"roles": func(n node) { f.Roles = r.roles(n) },
	})
	switch {
	case oldMemberRoles.Key == "":
	case memberRoles.Key != "":
		r.Problem(oldMemberRoles.KeyAt, "slack.member-roles is the old name of member-roles, which is there too, "+
			"on line %d. Keep member-roles and remove slack.member-roles.", memberRoles.KeyAt.Line)
	default:
		f.outdated = append(f.outdated, fmt.Sprintf("slack.member-roles on line %d is an old name: it holds for every chat "+
			"platform. It still counts. Write it at the top level instead, like member-roles: [responder]",
			oldMemberRoles.KeyAt.Line))
	}
	for _, role := range bot.Roles() {
		if _, replaced := f.Roles[role]; !replaced {
			r.Define("role", role, yamlfile.Position{})
		}
	}
	if count, ok := r.Defined("channel", f.Incidents.Channel); count > 0 && !ok && !channelGiven {
		r.Problem(channels.KeyAt, "channels lacks %s, where incidents are announced. Add it, or set incidents.channel.",
			yamlfile.Quote(f.Incidents.Channel))
	}
	return f
}

// roleSet is a list of roles.
func (r *reader) roleSet(n node) []string {
	return r.Set(n, func(n node) string { return r.existing(n, "role") })
}

// announceIn is the channel for announcements, one of the web chat's when it has any.
func (r *reader) announceIn(n node) string {
	name := r.channelName(n)
	r.Later(func() {
		if count, _ := r.Defined("channel", name); count > 0 {
			r.Known(n, "channel")
		}
	})
	return name
}

func (r *reader) severities(n node, all map[string]Severity) {
	f := fields{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		f[name] = func(n node) {
			s := all[name]
			r.Fields(n, fields{
				"update-every": func(n node) { s.UpdateEvery = r.cadence(n) },
				"no-lead":      func(n node) { s.NoLead = r.cadence(n) },
				"stale":        func(n node) { s.Stale = r.cadence(n) },
				"downtime":     func(n node) { s.Downtime = r.share(n) },
			})
			all[name] = s
		}
	}
	r.Fields(n, f)
}

func (r *reader) person(n node) Person {
	var p Person
	r.Fields(n, fields{
		"id":    func(n node) { p.ID = r.personID(n) },
		"name":  func(n node) { p.Name = r.label(n, maxName) },
		"email": func(n node) { p.Email = r.email(n) },
		"roles": func(n node) { p.Roles = r.Set(n, func(n node) string { return r.existing(n, "role") }) },
		"zone":  func(n node) { p.Zone = r.zone(n) },
		"accounts": func(n node) {
			r.Items(n, func(n node) { p.Accounts = append(p.Accounts, r.account(n)) })
		},
	}, "id", "name")
	return p
}

// personID refuses ids of the space in which platforms enroll people, like dan-fox.slack.
func (r *reader) personID(n node) string {
	id := r.newID(n, "person")
	for _, platform := range []string{"slack", "discord"} {
		if base, ends := strings.CutSuffix(id, "."+platform); ends {
			r.Problem(n.At, `%s ends in .%s like the ids of people whom Watchbell enrolls from there. `+
				"Choose another, like %s.",
				yamlfile.Quote(id), platform, base)
		}
	}
	return id
}

// account refuses one that two people claim, as whoever uses it would act as either.
func (r *reader) account(n node) Account {
	var a Account
	var workspace, user node
	r.Fields(n, fields{
		"platform":  func(n node) { a.Platform = r.platform(n) },
		"workspace": func(n node) { a.Workspace, workspace = r.label(n, maxName), n },
		"user":      func(n node) { a.User, user = r.label(n, maxName), n },
	}, "platform", "user")
	if a.Platform == "discord" {
		r.snowflake(workspace, a.Workspace, "server")
		r.snowflake(user, a.User, "user")
		if a.Workspace == "" && a.User != "" {
			r.Problem(n.At, "this account on discord has no workspace: the id of the server, like 613425648685547541. "+
				"Somebody on several servers has an entry for each.")
		}
	}
	if a.Platform != "" && a.User != "" {
		name := a.Platform + " " + a.User
		if a.Workspace != "" {
			name = a.Platform + " " + a.Workspace + " " + a.User
		}
		r.Define("account", name, n.At)
	}
	return a
}

// snowflake refuses what is no id in Discord. What was not given, or is wrong in another way, has been told.
func (r *reader) snowflake(n node, id, what string) {
	if id != "" && !value.Snowflake(id) {
		r.Problem(n.At, "%s is not the id of a %s in Discord. Write its 17 to 20 digits, like 613425648685547541: "+
			"in Discord's developer mode, the menu of the %s has Copy ID.", yamlfile.Quote(id), what, what)
	}
}

func (r *reader) groups(n node) map[string][]string {
	groups := map[string][]string{}
	r.Entries(n, func(n node) {
		r.checkID(n.Key, n.KeyAt)
		r.Define("group", n.Key, n.KeyAt)
		groups[n.Key] = r.Set(n, r.groupMember)
		r.Later(func() {
			if _, both := r.Defined("person", n.Key); both {
				r.Problem(n.KeyAt, "%s is a person already. A group needs another name, or owners would be unclear.",
					yamlfile.Quote(n.Key))
			}
		})
	})
	return groups
}

// groupMember is a person, or a user group of a chat platform with all who are in it, like slack:@oncall or
// discord:@On call, which is a role.
func (r *reader) groupMember(n node) string {
	text, ok := r.Text(n)
	if !ok {
		return ""
	}
	platform, group, isGroup := strings.Cut(text, ":")
	if !isGroup {
		return r.existing(n, "person")
	}
	switch {
	case platform == "discord" && !discordRole.MatchString(group):
		r.Problem(n.At, "%s is not a role in Discord. Write discord:@ and its name, like discord:@On call, "+
			"or discord: and its id, like discord:1166401852345036800.",
			yamlfile.Quote(text))
	case platform == "discord", platform == "slack" && slackGroup.MatchString(group):
	default:
		r.Problem(n.At, "%s is not a user group. Write slack:@ and its handle, like slack:@oncall, "+
			"or slack: and its id, like slack:S0123ABC. For a role in Discord write discord:@ and its name.",
			yamlfile.Quote(text))
	}
	return text
}

var (
	slackGroup  = regexp.MustCompile(`^(@[a-z0-9][a-z0-9._-]*|S[A-Z0-9]+)$`)
	discordRole = regexp.MustCompile(`^(@[^\pC\pZ](.{0,98}[^\pC\pZ])?|[0-9]{17,20})$`)
)

func (r *reader) service(n node) Service {
	var s Service
	r.Fields(n, fields{
		"id":     func(n node) { s.ID = r.newID(n, "service") },
		"name":   func(n node) { s.Name = r.label(n, maxName) },
		"owners": func(n node) { s.Owners = r.Set(n, func(n node) string { return r.existing(n, "person", "group") }) },
		"tier":   func(n node) { s.Tier = r.tier(n) },
		"tags": func(n node) {
			s.Tags = r.Set(n, func(n node) string { r.checkID(n.Text, n.At); return n.Text })
		},
		"depends-on": func(n node) {
			s.DependsOn = r.Set(n, func(n node) string { return r.existing(n, "service") })
		},
		"slo":                 func(n node) { s.SLO = r.slo(n) },
		"hours":               func(n node) { s.Hours = r.hours(n) },
		"exclude-maintenance": func(n node) { s.ExcludeMaintenance = r.Yes(n) },
		"restricted-to":       func(n node) { s.RestrictedTo = r.Set(n, r.channelName) },
	}, "id", "name")
	return s
}

// limits are how often one person may do something.
func (r *reader) limits(n node, l Limits) Limits {
	number := func(to *int) func(node) { return func(n node) { *to = r.count(n, maxPerMinute) } }
	r.Fields(n, fields{
		"rooms": func(n node) {
			r.Fields(n, fields{"burst": number(&l.Rooms.Burst), "a-minute": number(&l.Rooms.AMinute)})
		},
		"changes": func(n node) { r.Fields(n, fields{"a-minute": number(&l.Changes.AMinute)}) },
	})
	return l
}

const maxPerMinute = 10_000

// count is a whole number from 1 to most.
func (r *reader) count(n node, most int) int {
	text, ok := r.Text(n)
	if !ok {
		return 0
	}
	number, err := strconv.Atoi(text)
	if err != nil || number < 1 || number > most || strconv.Itoa(number) != text {
		r.Problem(n.At, "%s is not a number from 1 to %d.", yamlfile.Quote(text), most)
	}
	return number
}

// tier is how much a service matters, 1 the most.
func (r *reader) tier(n node) int {
	text, ok := r.Text(n)
	if !ok {
		return 0
	}
	tier, err := strconv.Atoi(text)
	if err != nil || tier < 1 || tier > 4 {
		r.Problem(n.At, "%s is not a tier. Write 1 for what matters most, 2, 3 or 4.", yamlfile.Quote(text))
	}
	return tier
}

// webAddress is where browsers find the pages.
func (r *reader) webAddress(n node) string {
	text, ok := r.Text(n)
	if !ok {
		return ""
	}
	address, err := WebAddress(text)
	if err != nil {
		r.Problem(n.At, "%v", err)
	}
	return address
}

// WebAddress checks the address of the pages: a scheme and a host, and no more, since pages name each other from the
// root.
func WebAddress(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil ||
		u.RawQuery != "" || u.Fragment != "" {
		return "", bot.Errorf(bot.Invalid, "%s is not the address of a web site. Write it like https://watchbell.example.com.",
			yamlfile.Quote(text))
	}
	if strings.Trim(u.Path, "/") != "" {
		return "", bot.Errorf(bot.Invalid, "%s has a path. Watchbell needs a host name of its own, like %s://%s.",
			yamlfile.Quote(text), u.Scheme, u.Host)
	}
	return strings.TrimRight(text, "/"), nil
}

// network is an address, or all addresses that begin alike.
func (r *reader) network(n node) string {
	text, ok := r.Text(n)
	if !ok {
		return ""
	}
	if _, err := Network(text); err != nil {
		r.Problem(n.At, "%v", err)
	}
	return text
}

// Network reads an address like 10.0.0.7, or a network like 10.0.0.0/8.
func Network(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
	}
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return network, bot.Errorf(bot.Invalid, "%s is not an address of a proxy. Write one like 10.0.0.7 or 10.0.0.0/8.",
			yamlfile.Quote(text))
	}
	return network.Masked(), nil
}

// loginWay is a way of signing in.
func (r *reader) loginWay(n node) string {
	way, ok := r.Text(n)
	if ok && !slices.Contains(LoginWays, way) {
		r.Problem(n.At, "%s is not a way of signing in. They are %s.", yamlfile.Quote(way), strings.Join(LoginWays, ", "))
	}
	return way
}

// oidc is a provider at which people sign in.
func (r *reader) oidc(n node) OIDC {
	var o OIDC
	r.Fields(n, fields{
		"name":         func(n node) { o.Name = r.label(n, maxName); r.Define("provider", o.Name, n.At) },
		"label":        func(n node) { o.Label = r.label(n, maxName) },
		"issuer":       func(n node) { o.Issuer = r.label(n, maxTopic) },
		"client-id":    func(n node) { o.ClientID = r.label(n, maxTopic) },
		"scopes":       func(n node) { o.Scopes = r.Set(n, func(n node) string { return r.label(n, maxName) }) },
		"groups-claim": func(n node) { o.GroupsClaim = r.label(n, maxName) },
		"roles": func(n node) {
			o.Roles = map[string][]string{}
			r.Entries(n, func(n node) {
				o.Roles[n.Key] = r.Set(n, func(n node) string { return r.existing(n, "role") })
			})
		},
	}, "name", "issuer", "client-id")
	if o.Name == "" || o.Issuer == "" || o.ClientID == "" {
		return o // said already
	}
	if err := o.Provider("").Check(); err != nil {
		r.Problem(n.At, "%s", err)
	}
	return o
}

// share is a part of a whole in percent.
func (r *reader) share(n node) float64 {
	text, ok := r.Text(n)
	if !ok {
		return 0
	}
	percent, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(text), "%"), 64)
	if err != nil || percent < 0 || percent > 100 {
		r.Problem(n.At, "%s is not a part of a service. Write percent from 0 to 100, like 50%%.", yamlfile.Quote(text))
		return 0
	}
	return math.Round(percent*1e6) / 1e8
}

// slo is a target of availability in percent.
func (r *reader) slo(n node) float64 {
	text, ok := r.Text(n)
	if !ok {
		return 0
	}
	percent, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(text), "%"), 64)
	if err != nil || percent < 50 || percent >= 100 {
		r.Problem(n.At, "%s is not a target of availability. Write percent from 50 to less than 100, like 99.9.",
			yamlfile.Quote(text))
		return 0
	}
	return math.Round(percent*1e6) / 1e8 // 99.9 is 0.999
}

// hours are service hours, like mon-fri 08:00-20:00, by the installation's clock.
func (r *reader) hours(n node) *value.Hours {
	text, ok := r.Text(n)
	if !ok {
		return nil
	}
	h, ok := value.ParseHours(text)
	if !ok {
		r.Problem(n.At, "%s are not service hours. Write days and times of one day, like mon-fri 08:00-20:00.",
			yamlfile.Quote(text))
		return nil
	}
	return &h
}

func (r *reader) channel(n node) Channel {
	var c Channel
	r.Fields(n, fields{
		"name": func(n node) {
			c.Name = r.channelName(n)
			r.Define("channel", c.Name, n.At)
		},
		"topic": func(n node) { c.Topic = r.label(n, maxTopic) },
	}, "name")
	return c
}

func (r *reader) roles(n node) map[string][]string {
	roles := map[string][]string{}
	r.Entries(n, func(n node) {
		r.checkID(n.Key, n.KeyAt)
		r.Define("role", n.Key, n.KeyAt)
		roles[n.Key] = r.Set(n, r.permission)
	})
	return roles
}
