package config

import "testing"

// Files that are good YAML and no good configuration.
var notConfig = []refusal{
	{"unknown key", "foo: 1\n",
		`watchbell.yaml:1:1: unknown key "foo". The keys are api, changes, channels, groups, incidents, limits, login, mail, member-roles, name, notify, observe, oidc, people, registers, roles, services, slack, web, zone.
foo: 1
^`},
	{"unknown key at the top, near another", "chanels: []\n",
		`watchbell.yaml:1:1: unknown key "chanels". Did you mean "channels"?
chanels: []
^`},
	{"unknown key below another", "incidents:\n  sevrities: {}\n",
		`watchbell.yaml:2:3: unknown key "sevrities" under incidents. Did you mean "severities"?
  sevrities: {}
  ^`},
	{"a provider without https", "oidc:\n  - {name: company, issuer: \"http://login.example.com\", client-id: x}\n",
		`watchbell.yaml:2:5: "http://login.example.com" is not an issuer: it has to begin with https://. Write the address exactly as the provider shows it, like https://login.example.com/realms/company.
  - {name: company, issuer: "http://login.example.com", client-id: x}
    ^`},
	{"a role of a group that is none", "oidc:\n  - {name: a, issuer: \"https://x.example\", client-id: x, roles: {ops: [respnder]}}\n",
		`watchbell.yaml:2:72: there is no role "respnder". Did you mean "responder"?
  - {name: a, issuer: "https://x.example", client-id: x, roles: {ops: [respnder]}}
                                                                       ^`},
	{"a secret of a provider", "oidc:\n  - {name: a, issuer: \"https://x.example\", client-id: x, client-secret: y}\n",
		`watchbell.yaml:2:58: unknown key "client-secret" under oidc. Secrets do not belong into this file: set an environment variable.`},
	{"unknown severity", "incidents:\n  severities:\n    SEV2: {stale: 1h}\n",
		`watchbell.yaml:3:5: unknown key "SEV2" under incidents.severities. Did you mean "sev2"?
    SEV2: {stale: 1h}
    ^`},
	{"no changes at all", "limits:\n  changes: {a-minute: 0}\n",
		`watchbell.yaml:2:23: "0" is not a number from 1 to 10000.
  changes: {a-minute: 0}
                      ^`},
	{"too many rooms at once", "limits: {rooms: {burst: 10001}}\n",
		`watchbell.yaml:1:25: "10001" is not a number from 1 to 10000.
limits: {rooms: {burst: 10001}}
                        ^`},
	{"no number of rooms", "limits: {rooms: {a-minute: off}}\n",
		`watchbell.yaml:1:28: "off" is not a number from 1 to 10000.
limits: {rooms: {a-minute: off}}
                           ^`},
	{"a burst of changes", "limits: {changes: {burst: 5}}\n",
		`watchbell.yaml:1:20: unknown key "burst" under limits.changes. The keys are a-minute.
limits: {changes: {burst: 5}}
                   ^`},
	{"hosts that are none", "notify:\n  hosts: [ntfy.sh, 'https://x', '*', '*.com', 127.0.0.1]\n",
		`watchbell.yaml:2:20: "https://x" is not the name of a host. Write it in small letters, like ntfy.sh, gotify.example.com:8443 or *.example.com.
  hosts: [ntfy.sh, 'https://x', '*', '*.com', 127.0.0.1]
                   ^
watchbell.yaml:2:33: "*" is not the name of a host. Write it in small letters, like ntfy.sh, gotify.example.com:8443 or *.example.com.
  hosts: [ntfy.sh, 'https://x', '*', '*.com', 127.0.0.1]
                                ^
watchbell.yaml:2:38: "*.com" is not the name of a host. Write it in small letters, like ntfy.sh, gotify.example.com:8443 or *.example.com.
  hosts: [ntfy.sh, 'https://x', '*', '*.com', 127.0.0.1]
                                     ^
watchbell.yaml:2:47: "127.0.0.1" is not the name of a host. Write it in small letters, like ntfy.sh, gotify.example.com:8443 or *.example.com.
  hosts: [ntfy.sh, 'https://x', '*', '*.com', 127.0.0.1]
                                              ^`},
	{"a mail server without a port", "mail: {server: mail.example.com, from: a@example.com}\n",
		`watchbell.yaml:1:16: "mail.example.com" is not a mail server. Write host:port, like mail.example.com:587.
mail: {server: mail.example.com, from: a@example.com}
               ^`},
	{"a mail server alone", "mail: {server: 'mail.example.com:587'}\n",
		`watchbell.yaml:1:7: mail has no from.
mail: {server: 'mail.example.com:587'}
      ^`},
	{"the roles of members under both names", "member-roles: [responder]\nslack:\n  member-roles: [guest]\n",
		`watchbell.yaml:3:3: slack.member-roles is the old name of member-roles, which is there too, on line 1. Keep member-roles and remove slack.member-roles.
  member-roles: [guest]
  ^`},
	{"a role of members that there is not", "member-roles: [respnder]\n",
		`watchbell.yaml:1:16: there is no role "respnder". Did you mean "responder"?
member-roles: [respnder]
               ^`},
	{"unknown key with an invisible character", "\"na\\u200bme\": x\n",
		`watchbell.yaml:1:1: unknown key "na\u200bme". Did you mean "name"?
"na\u200bme": x
^`},
	{"secret in the file is not repeated", "slack-token: xoxb-123\n",
		`watchbell.yaml:1:1: unknown key "slack-token". Secrets do not belong into this file: set an environment variable.`},
	{"duplicate key", "name: a\nzone: UTC\nname: b\n",
		`watchbell.yaml:3:1: the key "name" is there already, on line 1.
name: b
^`},
	{"duplicate key among names", "groups:\n  ops: []\n  ops: []\n",
		`watchbell.yaml:3:3: the key "ops" is there already, on line 2.
  ops: []
  ^`},
	{"text instead of a mapping", "web: 5\n",
		`watchbell.yaml:1:6: web has to be a mapping, not text.
web: 5
     ^`},
	{"mapping instead of a list", "people: {ana: x}\n",
		`watchbell.yaml:1:9: people has to be a list, not a mapping.
people: {ana: x}
        ^`},
	{"list instead of a mapping", "groups: [ana]\n",
		`watchbell.yaml:1:9: groups has to be a mapping, not a list.
groups: [ana]
        ^`},
	{"list instead of text", "name: [a]\n",
		`watchbell.yaml:1:7: name has to be text, not a list.
name: [a]
      ^`},
	{"text with a colon in brackets", "roles: {a: [incident:override]}\n",
		`watchbell.yaml:1:13: this entry of roles.a has to be text, not a mapping. Put quotes around text with a colon.
roles: {a: [incident:override]}
            ^`},
	{"texts instead of entries", "people: [ana]\n",
		`watchbell.yaml:1:10: this entry of people has to be a mapping, not text.
people: [ana]
         ^`},
	{"null is a text", "people: null\n",
		`watchbell.yaml:1:9: people has to be a list, not text.
people: null
        ^`},
	{"missing value", "name:\n",
		`watchbell.yaml:1:1: name has no value.
name:
^`},
	{"missing value in a list", "groups:\n  ops:\n    -\n",
		`watchbell.yaml:3:6: this entry of groups.ops has no value.
    -
     ^`},
	{"empty name", "name: ' '\n",
		`watchbell.yaml:1:7: name is empty.
name: ' '
      ^`},
	{"name that turns the line around", "name: \"a\u202eb\"\n",
		`watchbell.yaml:1:7: name has characters that cannot be seen.
name: "a�b"
      ^`},
	{"name with an escaped NUL", "name: \"a\\0b\"\n",
		`watchbell.yaml:1:7: name has characters that cannot be seen.
name: "a\0b"
      ^`},
	{"long name", "name: nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn\n",
		`watchbell.yaml:1:7: name has 81 characters. The limit is 80.
name: nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn
      ^`},
	{"unknown zone", "zone: Europe/Berln\n",
		`watchbell.yaml:1:7: "Europe/Berln" is not the name of a time zone. Did you mean Europe/Berlin?
zone: Europe/Berln
      ^`},
	{"zone that is an abbreviation", "zone: CET\n",
		`watchbell.yaml:1:7: "CET" is not the name of a time zone. Write UTC or a name such as Europe/Berlin.
zone: CET
      ^`},
	{"zone that nothing is near", "zone: Nowhere/X\n",
		`watchbell.yaml:1:7: "Nowhere/X" is not the name of a time zone. Write UTC or a name such as Europe/Berlin.
zone: Nowhere/X
      ^`},
	{"duration like a clock time", "incidents: {severities: {sev1: {stale: 12:30}}}\n",
		`watchbell.yaml:1:40: "12:30" is not a duration between 1 min and 90 d. Write 30m, 2h or 1h30m. Write off for never.
incidents: {severities: {sev1: {stale: 12:30}}}
                                       ^`},
	{"parts of a service", "incidents:\n  severities:\n    sev2: {downtime: half}\n    sev1: {downtime: 101}\n",
		`watchbell.yaml:3:22: "half" is not a part of a service. Write percent from 0 to 100, like 50%.
    sev2: {downtime: half}
                     ^
watchbell.yaml:4:22: "101" is not a part of a service. Write percent from 0 to 100, like 50%.
    sev1: {downtime: 101}
                     ^`},
	{"durations out of range", "incidents:\n  severities:\n    sev1: {stale: 59s, no-lead: 91d}\n",
		`watchbell.yaml:3:19: "59s" is not a duration between 1 min and 90 d. Write 30m, 2h or 1h30m. Write off for never.
    sev1: {stale: 59s, no-lead: 91d}
                  ^
watchbell.yaml:3:33: "91d" is not a duration between 1 min and 90 d. Write 30m, 2h or 1h30m. Write off for never.
    sev1: {stale: 59s, no-lead: 91d}
                                ^`},
	{
		"durations as a guess would read them",
		"incidents:\n  severities:\n    sev1: {stale: no, no-lead: 0777, update-every: 1_000}\n",
		`watchbell.yaml:3:19: "no" is not a duration between 1 min and 90 d. Write 30m, 2h or 1h30m. Write off for never.
    sev1: {stale: no, no-lead: 0777, update-every: 1_000}
                  ^
watchbell.yaml:3:32: "0777" is not a duration between 1 min and 90 d. Write 30m, 2h or 1h30m. Write off for never.
    sev1: {stale: no, no-lead: 0777, update-every: 1_000}
                               ^
watchbell.yaml:3:52: "1_000" is not a duration between 1 min and 90 d. Write 30m, 2h or 1h30m. Write off for never.
    sev1: {stale: no, no-lead: 0777, update-every: 1_000}
                                                   ^`,
	},
	{"listen without a host", "web: {listen: 8080}\n",
		`watchbell.yaml:1:15: "8080" is not an address to listen on. Write host:port, like 127.0.0.1:8080.
web: {listen: 8080}
              ^`},
	{"listen on a name instead of a port", "web:\n  listen: localhost:http\n",
		`watchbell.yaml:2:11: "localhost:http" is not an address to listen on. Write host:port, like 127.0.0.1:8080.
  listen: localhost:http
          ^`},
	{"listen on a port that does not exist", "web:\n  listen: :65536\n",
		`watchbell.yaml:2:11: the port 65536 is not between 0 and 65535.
  listen: :65536
          ^`},
	{"listen on a negative port", "web:\n  listen: a:-1\n",
		`watchbell.yaml:2:11: "a:-1" is not an address to listen on. Write host:port, like 127.0.0.1:8080.
  listen: a:-1
          ^`},
	{"listen on a bad host", "observe:\n  listen: 'http://a:80'\n",
		`watchbell.yaml:2:11: "http://a:80" is not an address to listen on. Write host:port, like 127.0.0.1:8080.
  listen: 'http://a:80'
          ^`},
	{"only observe can be off", "web: {listen: off}\n",
		`watchbell.yaml:1:15: "off" is not an address to listen on. Write host:port, like 127.0.0.1:8080.
web: {listen: off}
              ^`},
	{
		"person ids",
		"people:\n- {id: Ana, name: A}\n- {id: 7up, name: B}\n- {id: '', name: C}\n- {id: " +
			"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx, name: D}\n",
		`watchbell.yaml:2:8: "Ana" is not an id. Write up to 32 of a to z, 0 to 9, ".", "_" and "-", a letter first.
- {id: Ana, name: A}
       ^
watchbell.yaml:3:8: "7up" is not an id. Write up to 32 of a to z, 0 to 9, ".", "_" and "-", a letter first.
- {id: 7up, name: B}
       ^
watchbell.yaml:4:8: "" is not an id. Write up to 32 of a to z, 0 to 9, ".", "_" and "-", a letter first.
- {id: '', name: C}
       ^
watchbell.yaml:5:8: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" is not an id. Write up to 32 of a to z, 0 to 9, ".", "_" and "-", a letter first.
- {id: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx, name: D}
       ^`,
	},
	{"person without id and name", "people:\n- email: a@example.com\n",
		`watchbell.yaml:2:3: this entry of people has no id.
- email: a@example.com
  ^
watchbell.yaml:2:3: this entry of people has no name.
- email: a@example.com
  ^`},
	{"empty entry", "channels:\n-\n",
		`watchbell.yaml:2:2: this entry of channels has no name.
-
 ^`},
	{
		"duplicate person, service and channel",
		"people: [{id: ana, name: A}, {id: ana, name: B}]\nservices: [{id: s, name: A}, {id: s, name: B}]\nchannels: " +
			"[{name: incidents}, {name: incidents}]\n",
		`watchbell.yaml:1:35: the person "ana" is there already, on line 1.
people: [{id: ana, name: A}, {id: ana, name: B}]
                                  ^
watchbell.yaml:2:35: the service "s" is there already, on line 2.
services: [{id: s, name: A}, {id: s, name: B}]
                                  ^
watchbell.yaml:3:38: the channel "incidents" is there already, on line 3.
channels: [{name: incidents}, {name: incidents}]
                                     ^`,
	},
	{
		"bad e-mails",
		"people:\n- {id: a, name: A, email: ana}\n- {id: b, name: B, email: 'Ana <ana@example.com>'}\n- {id: c, name: C, " +
			"email: a@b@c}\n",
		`watchbell.yaml:2:27: "ana" is not an e-mail address. Write it like ana@example.com.
- {id: a, name: A, email: ana}
                          ^
watchbell.yaml:3:27: "Ana <ana@example.com>" is not an e-mail address. Write it like ana@example.com.
- {id: b, name: B, email: 'Ana <ana@example.com>'}
                          ^
watchbell.yaml:4:27: "a@b@c" is not an e-mail address. Write it like ana@example.com.
- {id: c, name: C, email: a@b@c}
                          ^`,
	},
	{"unknown role", "people: [{id: a, name: A, roles: [respnder]}]\n",
		`watchbell.yaml:1:35: there is no role "respnder". Did you mean "responder"?
people: [{id: a, name: A, roles: [respnder]}]
                                  ^`},
	{"role listed twice", "people: [{id: a, name: A, roles: [admin, admin]}]\n",
		`watchbell.yaml:1:42: "admin" is listed twice.
people: [{id: a, name: A, roles: [admin, admin]}]
                                         ^`},
	{
		"account of two people",
		"people:\n- {id: a, name: A, accounts: [{platform: slack, workspace: T1, user: U1}]}\n- {id: b, name: B, " +
			"accounts: [{platform: slack, workspace: T1, user: U1}]}\n",
		`watchbell.yaml:3:31: the account "slack T1 U1" is there already, on line 2.
- {id: b, name: B, accounts: [{platform: slack, workspace: T1, user: U1}]}
                              ^`,
	},
	{"account that everybody has", "people: [{id: a, name: A, accounts: [{platform: web, user: b}]}]\n",
		`watchbell.yaml:1:49: everybody has a web account under their id. Leave it out.
people: [{id: a, name: A, accounts: [{platform: web, user: b}]}]
                                                ^`},
	{"account without a user", "people: [{id: a, name: A, accounts: [{platform: slack}]}]\n",
		`watchbell.yaml:1:38: this entry of people.accounts has no user.
people: [{id: a, name: A, accounts: [{platform: slack}]}]
                                     ^`},
	{"user of Discord by name",
		"people: [{id: a, name: A, accounts: [{platform: discord, workspace: 613425648685547541, user: ana}]}]\n",
		`watchbell.yaml:1:95: "ana" is not the id of a user in Discord. Write its 17 to 20 digits, like 613425648685547541: in Discord's developer mode, the menu of the user has Copy ID.
people: [{id: a, name: A, accounts: [{platform: discord, workspace: 613425648685547541, user: ana}]}]
                                                                                              ^`},
	{"server of Discord with a digit too few",
		"people: [{id: a, name: A, accounts: [{platform: discord, workspace: 6134256486855475, user: 80351110224678912}]}]\n",
		`watchbell.yaml:1:69: "6134256486855475" is not the id of a server in Discord. Write its 17 to 20 digits, like 613425648685547541: in Discord's developer mode, the menu of the server has Copy ID.
people: [{id: a, name: A, accounts: [{platform: discord, workspace: 6134256486855475, user: 80351110224678912}]}]
                                                                    ^`},
	{"account on Discord without a server",
		"people: [{id: a, name: A, accounts: [{platform: discord, user: 80351110224678912}]}]\n",
		`watchbell.yaml:1:38: this account on discord has no workspace: the id of the server, like 613425648685547541. Somebody on several servers has an entry for each.
people: [{id: a, name: A, accounts: [{platform: discord, user: 80351110224678912}]}]
                                     ^`},
	{"platform by its brand", "people: [{id: a, name: A, accounts: [{platform: Slack, user: U1}]}]\n",
		`watchbell.yaml:1:49: "Slack" is not a platform. Write one like slack or discord.
people: [{id: a, name: A, accounts: [{platform: Slack, user: U1}]}]
                                                ^`},
	{"group member who does not exist", "people: [{id: ana, name: A}]\ngroups: {ops: [anna]}\n",
		`watchbell.yaml:2:16: there is no person "anna". Did you mean "ana"?
groups: {ops: [anna]}
               ^`},
	{"group in a group", "groups: {ops: [], all: [ops]}\n",
		`watchbell.yaml:1:25: there is no person "ops".
groups: {ops: [], all: [ops]}
                        ^`},
	{"group with the name of a person", "people: [{id: ana, name: A}]\ngroups: {ana: []}\n",
		`watchbell.yaml:2:10: "ana" is a person already. A group needs another name, or owners would be unclear.
groups: {ana: []}
         ^`},
	{"group name", "groups: {On Call: []}\n",
		`watchbell.yaml:1:10: "On Call" is not an id. Write up to 32 of a to z, 0 to 9, ".", "_" and "-", a letter first.
groups: {On Call: []}
         ^`},
	{"owner who does not exist", "groups: {payments: []}\nservices: [{id: s, name: S, owners: [payment, zoe]}]\n",
		`watchbell.yaml:2:38: there is no person or group "payment". Did you mean "payments"?
services: [{id: s, name: S, owners: [payment, zoe]}]
                                     ^
watchbell.yaml:2:47: there is no person or group "zoe". Known here: payments.
services: [{id: s, name: S, owners: [payment, zoe]}]
                                              ^`},
	{"channel names", "channels: [{name: incidents}, {name: '#ops'}, {name: Ops}, {name: _a}]\n",
		`watchbell.yaml:1:38: "#ops" is not a channel name. Write up to 80 of a to z, 0 to 9, "_" and "-", a letter or digit first, no "#".
channels: [{name: incidents}, {name: '#ops'}, {name: Ops}, {name: _a}]
                                     ^
watchbell.yaml:1:54: "Ops" is not a channel name. Write up to 80 of a to z, 0 to 9, "_" and "-", a letter or digit first, no "#".
channels: [{name: incidents}, {name: '#ops'}, {name: Ops}, {name: _a}]
                                                     ^
watchbell.yaml:1:67: "_a" is not a channel name. Write up to 80 of a to z, 0 to 9, "_" and "-", a letter or digit first, no "#".
channels: [{name: incidents}, {name: '#ops'}, {name: Ops}, {name: _a}]
                                                                  ^`},
	{"incidents in a channel that does not exist", "channels: [{name: incident}]\nincidents: {channel: incidents}\n",
		`watchbell.yaml:2:22: there is no channel "incidents". Did you mean "incident"?
incidents: {channel: incidents}
                     ^`},
	{"incidents in the default channel that does not exist", "channels: [{name: general}]\n",
		`watchbell.yaml:1:1: channels lacks "incidents", where incidents are announced. Add it, or set incidents.channel.
channels: [{name: general}]
^`},
	{"permissions", "roles: {a: ['**', incident, Incident.show, 'incident.*.x', '']}\n",
		`watchbell.yaml:1:13: "**" is not a permission. Write one like incident.declare, a pattern like incident.* or "*.help", or "*".
roles: {a: ['**', incident, Incident.show, 'incident.*.x', '']}
            ^
watchbell.yaml:1:19: "incident" is not a permission. Write one like incident.declare, a pattern like incident.* or "*.help", or "*".
roles: {a: ['**', incident, Incident.show, 'incident.*.x', '']}
                  ^
watchbell.yaml:1:29: "Incident.show" is not a permission. Write one like incident.declare, a pattern like incident.* or "*.help", or "*".
roles: {a: ['**', incident, Incident.show, 'incident.*.x', '']}
                            ^
watchbell.yaml:1:44: "incident.*.x" is not a permission. Write one like incident.declare, a pattern like incident.* or "*.help", or "*".
roles: {a: ['**', incident, Incident.show, 'incident.*.x', '']}
                                           ^
watchbell.yaml:1:60: "" is not a permission. Write one like incident.declare, a pattern like incident.* or "*.help", or "*".
roles: {a: ['**', incident, Incident.show, 'incident.*.x', '']}
                                                           ^`},
	{
		"everything at once, in the order of the file",
		"services: [{id: s, name: S, owners: [bob]}]\nzone: Mars\nchannels: [{name: incidents, topik: x}]\npeople: [{id: " +
			"bo, name: B, roles: [boss]}]\n",
		`watchbell.yaml:1:38: there is no person or group "bob". Did you mean "bo"?
services: [{id: s, name: S, owners: [bob]}]
                                     ^
watchbell.yaml:2:7: "Mars" is not the name of a time zone. Write UTC or a name such as Europe/Berlin.
zone: Mars
      ^
watchbell.yaml:3:30: unknown key "topik" under channels. Did you mean "topic"?
channels: [{name: incidents, topik: x}]
                             ^
watchbell.yaml:4:36: there is no role "boss". Known here: admin, approver, auditor, guest, incident-lead, manager, member, responder, viewer.
people: [{id: bo, name: B, roles: [boss]}]
                                   ^`,
	},
}

func TestRefusesBadValues(t *testing.T) {
	for _, c := range notConfig {
		t.Run(c.name, c.test)
	}
}
