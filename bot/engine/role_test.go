package engine_test

import (
	"context"
	"testing"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// doors is a capability that says itself what the roles may.
func doors() bot.Capability {
	say := func(context.Context, *bot.Call) (bot.Reply, error) { return bot.Answer(bot.Say("Done.")), nil }
	return bot.Capability{
		Noun: bot.Noun{Name: "door", Summary: "for tests"},
		Commands: []bot.Command{
			{Name: "door.see", Permission: "door.see", Summary: "see it", Example: "/door see", Reads: true, Handle: say},
			{Name: "door.open", Permission: "door.open", Summary: "open it", Example: "/door open", Reads: true, Handle: say},
		},
		Grants: bot.Grants{"guest": {"door.see"}, "member": {"door.*"}},
	}
}

func TestACapabilitySaysWhatTheRolesMay(t *testing.T) {
	for _, c := range []struct {
		name, role, command string
		configured          bot.Grants
		want                bot.Status
	}{
		{"what a role is given", "guest", "/door see", nil, bot.Done},
		{"what a role is not given", "guest", "/door open", nil, bot.Refused},
		{"what it is given itself", "member", "/door open", nil, bot.Done},
		{"what the included role is given", "member", "/door see", nil, bot.Done},
		{"a role that includes another", "responder", "/door open", nil, bot.Done},
		{"a role that includes none", "auditor", "/door see", nil, bot.Refused},
		{"everybody may ask for help", "auditor", "/door help", nil, bot.Done},
		{"an administrator", "admin", "/door open", nil, bot.Done},
		{"a role that the configuration replaced", "member", "/door open", bot.Grants{"member": {"door.see"}}, bot.Refused},
		{"a role that builds on a replaced one", "responder", "/door open", bot.Grants{"member": {"door.see"}}, bot.Done},
		{"a role that the configuration adds", "porter", "/door open", bot.Grants{"porter": {"door.open"}}, bot.Done},
		{"a role that is none", "janitor", "/door see", nil, bot.Refused},
	} {
		t.Run(c.name, func(t *testing.T) {
			known := &known{
				Recorder: bottest.NewRecorder(), profiles: map[string]bot.Profile{"fay": {Name: "Fay Lin", Standing: bot.Member}},
			}
			w := storagetest.Install(t, sqlite(t), engine.Options{Grants: c.configured, MemberRoles: []string{c.role}}, known)
			w.Bot.Use(doors())
			if reply := w.Type("fay", c.command); reply.Status != c.want {
				t.Errorf("got %s (%v), want %s", reply.Status, reply.Message, c.want)
			}
		})
	}
}
