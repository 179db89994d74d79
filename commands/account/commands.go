package account

import "github.com/watchbell/watchbell/bot"

const (
	show          = "ops.me"
	linkMine      = "ops.me-link"
	unlinkMine    = "ops.me-unlink"
	linkAnybody   = "ops.account-link"
	unlinkAnybody = "ops.account-unlink"
)

// Capability is everything the bot needs to know of people's accounts. It makes the umbrella /ops, to which other
// capabilities add commands.
func (s *Service) Capability() bot.Capability {
	return bot.Capability{
		Noun: bot.Noun{
			Name: "ops", Summary: "what is kept and due here, and your accounts", Umbrella: true,
			Groups: []bot.Group{
				{Title: "You", Verbs: []string{"me", "me-link", "me-unlink"}},
				{Title: "Other people, for administrators", Verbs: []string{"account-link", "account-unlink"}},
			},
			Buttons: []bot.Action{{Label: "Who am I?", Command: show}},
		},
		Grants:   grants,
		Commands: s.commands(),
		Jobs:     map[string]bot.JobHandler{tellMove: s.tell},
		Urgency:  map[string]bot.Urgency{tellMove: bot.Now},
		Pages:    []bot.View{{Name: "me", Title: "Me", Command: show}},
	}
}

func (s *Service) commands() []bot.Command {
	account := bot.Param{
		Name: "account", Label: "Account", Kind: bot.TextParam, Bare: true, Form: true, Required: true, Max: 200,
		Help: "Like slack/T0123ABC/U0456DEF.",
	}
	mine := account
	mine.Help = "As /ops me lists it, or discord if it is the only one there."
	return []bot.Command{
		{
			Name: show, Permission: show, Reads: true, Summary: "who you are to Watchbell, with your roles and accounts",
			Example: "/ops me", Handle: s.me,
		},
		{
			Name: linkMine, Permission: linkMine, Spaced: true, InPerson: true,
			Title: "Link this account", Submit: "Link it",
			Summary: "make a code that links another account, or use one that you made there",
			Example: "/ops me link",
			Params: []bot.Param{{
				Name: "code", Label: "Code", Kind: bot.TextParam, Bare: true, Form: true, Needed: true, Max: 40,
				Help: "Like 7KQ2-M9XD. Make it where Watchbell knows you already, with: /ops me link",
			}},
			Handle: s.linkMine,
		},
		{
			Name: unlinkMine, Permission: unlinkMine, Spaced: true, InPerson: true,
			Title: "Unlink an account", Submit: "Unlink it",
			Summary: "take away one of your accounts", Example: "/ops me unlink discord", Params: []bot.Param{mine},
			Handle: s.unlinkMine, Prefill: s.prefillUnlink,
		},
		{
			Name: linkAnybody, Permission: linkAnybody, Spaced: true, InPerson: true,
			Title: "Link an account", Submit: "Link it",
			Summary: "give an account to somebody",
			Example: "/ops account link person=@ana account=discord/197038439483310086/80351110224678912",
			Params: []bot.Param{
				{
					Name: "person", Label: "Who", Kind: bot.PersonParam, Bare: true, Form: true, Required: true, Help: "Like @ana.",
				},
				account,
			},
			Handle: s.linkAnybody,
		},
		{
			Name: unlinkAnybody, Permission: unlinkAnybody, Spaced: true, InPerson: true,
			Title: "Unlink an account", Submit: "Unlink it",
			Summary: "take an account from whoever has it",
			Example: "/ops account unlink account=discord/197038439483310086/80351110224678912", Params: []bot.Param{account},
			Handle: s.unlinkAnybody,
		},
	}
}
