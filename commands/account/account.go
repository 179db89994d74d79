// Package account is who people are to Watchbell: by which accounts they act on which platform, how they link one more,
// and how they take one away. Its commands stand under the umbrella /ops.
//
//	Slack, where somebody is known                Discord, where they are not
//	/ops me link ──> code, five minutes, once ──typed──> /ops me link 7KQ2-M9XD
//	                                                       │
//	                     the account is now the one's who made the code; the person it was enrolled as before,
//	                     if any, is no longer active and keeps their history
//
// Two people who become one must not have acted as two: nobody is linked who has a part in something that is not over
// and that counts people, like a vote on a change.
package account

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Owner is a person with all of their accounts.
type Owner struct {
	bot.Person
	Configured bool   // named by the configuration; others were enrolled by a platform
	Held       []Held // by platform, workspace and user
}

// Held is an account that somebody has.
type Held struct {
	bot.Account
	Given  bool      // by the configuration
	Linked time.Time // by a code or an administrator; zero: it came another way
}

// Holds finds one of the owner's accounts.
func (o *Owner) Holds(a bot.Account) (Held, bool) {
	i := slices.IndexFunc(o.Held, func(h Held) bool { return h.Account == a })
	if i < 0 {
		return Held{}, false
	}
	return o.Held[i], true
}

// Using is the account by which somebody acts. A platform may know one account by several names, so where the acting
// one is not held, the only one there is meant.
func (o *Owner) Using(from bot.Account) (bot.Account, bool) {
	if _, ok := o.Holds(from); ok {
		return from, true
	}
	var there []Held
	for _, h := range o.Held {
		if h.Platform == from.Platform {
			there = append(there, h)
		}
	}
	if len(there) != 1 {
		return bot.Account{}, false
	}
	return there[0].Account, true
}

// others are the owner's accounts beside one, without those that come with everybody.
func (o *Owner) others(than bot.Account) []Held {
	return slices.DeleteFunc(slices.Clone(o.Held), func(h Held) bool {
		return h.Account == than || everybodys(h.Platform)
	})
}

// removable are the accounts that their owner may take away, acting by one of them.
func (o *Owner) removable(using bot.Account) []Held {
	return slices.DeleteFunc(slices.Clone(o.Held), func(h Held) bool {
		return h.Given || everybodys(h.Platform) || h.Account == using && len(o.others(using)) == 0
	})
}

// everybodys reports whether each person has an account on a platform, under their id.
func everybodys(platform string) bool {
	return platform == "web" || platform == "cli" || platform == "api"
}

// labels are platforms as people call them; all others by their names.
var labels = map[string]string{
	"slack": "Slack", "discord": "Discord", "web": "the web chat", "cli": "the terminal", "api": "the API",
}

func label(platform string) string {
	if l := labels[platform]; l != "" {
		return l
	}
	return platform
}

// Name is an account as people write it: slack/T0123/U0456, or without a workspace test/ana.
func Name(a bot.Account) string {
	if a.Workspace == "" {
		return a.Platform + "/" + a.User
	}
	return a.Platform + "/" + a.Workspace + "/" + a.User
}

var (
	platformForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
	partForm     = regexp.MustCompile(`^[^/\s\pC]{1,80}$`)
	slackTeam    = regexp.MustCompile(`^[TE][A-Z0-9]{2,20}$`)
	slackUser    = regexp.MustCompile(`^[UW][A-Z0-9]{2,20}$`)
)

// named reads what Name writes.
func named(name string) bot.Account {
	parts := strings.SplitN(name, "/", 3)
	switch len(parts) {
	case 3:
		return bot.Account{Platform: parts[0], Workspace: parts[1], User: parts[2]}
	case 2:
		return bot.Account{Platform: parts[0], User: parts[1]}
	}
	return bot.Account{}
}

// ParseName reads an account that somebody typed. Ids of Slack and of Discord have to look like ids there.
func ParseName(raw string) (bot.Account, error) {
	a := named(strings.TrimSpace(raw))
	switch {
	case !platformForm.MatchString(a.Platform) || !partForm.MatchString(a.User) ||
		a.Workspace != "" && !partForm.MatchString(a.Workspace):
		return bot.Account{}, bot.Errorf(
			bot.Invalid, "Account: %q is not an account. Write platform/workspace/user, like slack/T0123ABC/U0456DEF.",
			bot.Shown(raw),
		).About("account")
	case a.Platform == "slack" && (!slackTeam.MatchString(a.Workspace) || !slackUser.MatchString(a.User)):
		return a, bot.Errorf(
			bot.Invalid, "Account: %q is not an account in Slack. Write the ids of the workspace and of the member, like "+
				"slack/T0123ABC/U0456DEF.", bot.Shown(raw),
		).About("account")
	case a.Platform == "discord" && (!value.Snowflake(a.Workspace) || !value.Snowflake(a.User)):
		return a, bot.Errorf(
			bot.Invalid, "Account: %q is not an account in Discord. Write the ids of the server and of the user, each of 17 "+
				"to 20 digits, like discord/197038439483310086/80351110224678912.", bot.Shown(raw),
		).About("account")
	}
	return a, nil
}

// Find finds the account that somebody means among their own: its name, or the platform where they have just one.
func (o *Owner) Find(raw string) (Held, error) {
	typed := strings.TrimSpace(raw)
	var there []Held
	for _, h := range o.Held {
		if strings.EqualFold(Name(h.Account), typed) {
			return h, nil
		}
		if strings.EqualFold(h.Platform, typed) {
			there = append(there, h)
		}
	}
	var names []string
	for _, h := range o.Held {
		if !everybodys(h.Platform) && (len(there) == 0 || h.Platform == there[0].Platform) {
			names = append(names, Name(h.Account))
		}
	}
	switch {
	case len(there) == 1:
		return there[0], nil
	case len(there) > 1:
		return Held{}, bot.Errorf(
			bot.Invalid, "Account: you have several on %s. Write one of them: %s.", label(there[0].Platform),
			strings.Join(names, ", "),
		).About("account")
	case len(names) == 0:
		return Held{}, bot.Errorf(
			bot.NotFound, "Account: you have no account that could be unlinked. See yours with: /ops me",
		).About("account")
	}
	return Held{}, bot.Errorf(
		bot.NotFound, "Account: you have no account %q. Yours are: %s.", bot.Shown(raw), strings.Join(names, ", "),
	).About("account")
}
