package config
import ("testing";"fmt";"os";"strings")
type cs struct{name,file string}
var syntax=[]cs{
{"empty file",""},{"blank file"," \n\n"},{"UTF-16 with a mark","\xff\xfen\x00a\x00"},{"UTF-16 without a mark","n\x00a\x00m\x00e\x00"},
{"NUL byte","name: a\x00b\n"},{"escape sequence","name: a\x1b[2Jb\n"},{"Latin-1","name: Caf\xe9\n"},
{"tab indentation","web:\n\tlisten: a:1\n  \tx: y\n"},{"no-break space as indentation","web:\n\u00a0 listen: a:1\n"},
{"second document","name: a\n---\nname: b\n"},{"text after the end of the document","name: a\n...\nname: b\n"},{"two headers","---\n---\nname: a\n"},
{"python tag","name: !!python/object:os.system x\n"},{"binary tag","name: !!binary aGk=\n"},{"own tag at the end of the file","name: !x"},
{"anchors and aliases, all of them","name: &n a\nweb: *n\nroles: {all: [*]}\n"},{"merge key","web:\n  <<: {listen: a:1}\n"},{"complex key","? name\n: a\n"},{"directive","%YAML 1.2\n---\nname: a\n"},
{"open quote","name: \"a\n"},{"reserved character","name: @a\n"},{"open bracket","people: [a\n"},{"colon in plain text","name: a: b\n"},{"wrong indentation","name: a\n  zone: UTC\n"},{"dedent between levels","web:\n   listen: a:1\n listen: b:1\n"},{"unquoted IPv6 address","web:\n  listen: [::1]:80\n"},
{"key without a value in braces","web: {listen}\n"},{"key with a colon and no value in braces","web: {listen: }\n"},
{"list at the top","- name: a\n"},{"text at the top","watchbell\n"},
}
var values=[]cs{
{"unknown key","foo: 1\n"},{"unknown key at the top, near another","chanels: []\n"},{"unknown key below another","incidents:\n  sevrities: {}\n"},{"unknown severity","incidents:\n  severities:\n    SEV2: {stale: 1h}\n"},{"unknown key with an invisible character","\"na\\u200bme\": x\n"},
{"secret in the file is not repeated","slack-token: xoxb-123\n"},
{"duplicate key","name: a\nzone: UTC\nname: b\n"},{"duplicate key among names","groups:\n  ops: []\n  ops: []\n"},
{"text instead of a mapping","web: 5\n"},{"mapping instead of a list","people: {ana: x}\n"},{"list instead of a mapping","groups: [ana]\n"},{"list instead of text","name: [a]\n"},{"texts instead of entries","people: [ana]\n"},{"null is a text","people: null\n"},
{"missing value","name:\n"},{"missing value in a list","groups:\n  ops:\n    -\n"},{"empty name","name: ' '\n"},{"name that turns the line around","name: \"a\u202eb\"\n"},{"name with an escaped NUL","name: \"a\\0b\"\n"},{"long name","name: "+strings.Repeat("n",81)+"\n"},
{"unknown zone","zone: Europe/Berln\n"},{"zone that is an abbreviation","zone: CET\n"},{"zone that nothing is near","zone: Nowhere/X\n"},
{"duration like a clock time","incidents: {severities: {sev1: {stale: 12:30}}}\n"},{"durations out of range","incidents:\n  severities:\n    sev1: {stale: 59s, no-lead: 91d}\n"},{"durations as a guess would read them","incidents:\n  severities:\n    sev1: {stale: no, no-lead: 0777, update-every: 1_000}\n"},
{"listen without a host","web: {listen: 8080}\n"},{"listen on a name instead of a port","web:\n  listen: localhost:http\n"},{"listen on a port that does not exist","web:\n  listen: :65536\n"},{"listen on a negative port","web:\n  listen: a:-1\n"},{"listen on a bad host","observe:\n  listen: 'http://a:80'\n"},{"only observe can be off","web: {listen: off}\n"},
{"person ids","people:\n- {id: Ana, name: A}\n- {id: 7up, name: B}\n- {id: '', name: C}\n- {id: "+strings.Repeat("x",33)+", name: D}\n"},
{"person without id and name","people:\n- email: a@example.com\n"},{"empty entry","channels:\n-\n"},
{"duplicate person, service and channel","people: [{id: ana, name: A}, {id: ana, name: B}]\nservices: [{id: s, name: A}, {id: s, name: B}]\nchannels: [{name: incidents}, {name: incidents}]\n"},
{"bad e-mails","people:\n- {id: a, name: A, email: ana}\n- {id: b, name: B, email: 'Ana <ana@example.com>'}\n- {id: c, name: C, email: a@b@c}\n"},
{"unknown role","people: [{id: a, name: A, roles: [respnder]}]\n"},{"role listed twice","people: [{id: a, name: A, roles: [admin, admin]}]\n"},
{"account of two people","people:\n- {id: a, name: A, accounts: [{platform: slack, workspace: T1, user: U1}]}\n- {id: b, name: B, accounts: [{platform: slack, workspace: T1, user: U1}]}\n"},{"account that everybody has","people: [{id: a, name: A, accounts: [{platform: web, user: b}]}]\n"},{"account without a user","people: [{id: a, name: A, accounts: [{platform: slack}]}]\n"},{"platform by its brand","people: [{id: a, name: A, accounts: [{platform: Slack, user: U1}]}]\n"},
{"group member who does not exist","people: [{id: ana, name: A}]\ngroups: {ops: [anna]}\n"},{"group in a group","groups: {ops: [], all: [ops]}\n"},{"group with the name of a person","people: [{id: ana, name: A}]\ngroups: {ana: []}\n"},{"group name","groups: {On Call: []}\n"},
{"owner who does not exist","groups: {payments: []}\nservices: [{id: s, name: S, owners: [payment, zoe]}]\n"},
{"channel names","channels: [{name: incidents}, {name: '#ops'}, {name: Ops}, {name: _a}]\n"},{"incidents in a channel that does not exist","channels: [{name: incident}]\nincidents: {channel: incidents}\n"},{"incidents in the default channel that does not exist","channels: [{name: general}]\n"},
{"permissions","roles: {a: ['**', incident, Incident.show, 'incident.*.x', '']}\n"},
{"everything at once, in the order of the file","services: [{id: s, name: S, owners: [bob]}]\nzone: Mars\nchannels: [{name: incidents, topik: x}]\npeople: [{id: bo, name: B, roles: [boss]}]\n"},
}
func TestGen(t *testing.T){
 for fn,l:=range map[string][]cs{"/tmp/syntax.txt":syntax,"/tmp/values.txt":values}{ var b strings.Builder
 for _,c:=range l { _,err:=Parse("watchbell.yaml",[]byte(c.file)); if err==nil{fmt.Println("ACCEPTED",c.name);continue}
  w:="`"+err.Error()+"`"; if strings.ContainsAny(err.Error(),"`\ufeff"){w=fmt.Sprintf("%q",err.Error())}
  fmt.Fprintf(&b,"\t{%q, %+q,\n\t\t%s},\n",c.name,c.file,w)}
 os.WriteFile(fn,[]byte(b.String()),0o644)}
}
