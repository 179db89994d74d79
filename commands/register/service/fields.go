package service

import (
	"context"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/register"
)

// Options are what services need of everything else.
type Options struct {
	// Teams are the members of each team: people, and groups of chats like slack:@oncall.
	Teams func(ctx context.Context) (map[string][]string, error)
	// People are those who are known.
	People func(ctx context.Context) ([]bot.Person, error)
	// Rotas are those of on call, as choices.
	Rotas func(ctx context.Context) ([]bot.Option, error)
	// Open are the incidents and changes on a service that are not over.
	Open func(ctx context.Context, service string) ([]Open, error)
	// Recheck is the job that looks at the open changes on a service again.
	Recheck func(service string) bot.Job
	Zone    *time.Location // of service hours
	Clock   bot.Clock
	// Guards reads the versions of guards.
	Guards func(ctx context.Context, names ...string) ([]bot.Guard, error)
}

// Open is an incident or a change that is not over.
type Open struct {
	ID  string
	For []bot.PersonID // who asked for it, and for whom
}

func fields(o Options) []register.Field[Service] {
	rota := register.Text("on-call", "The rota that is called, like payments.", 60,
		func(s *Service) *string { return &s.OnCall }).Label("On call")
	rota.Param.Kind, rota.Param.Options = bot.ChoiceParam, o.Rotas
	return []register.Field[Service]{
		register.LongText("description", "What it does, in words that everybody knows, like \"where customers pay\".", 1000,
			func(s *Service) *string { return &s.Describes }).Asked(),
		register.Choice("tier", "How much it matters, from 1, the most, to 4, like tier=2.",
			func(s *Service) *Tier { return &s.Tier }, "1", "2", "3", "4").Asked(),
		register.Choice("lifecycle", "planned, live, deprecated or retired, like lifecycle=live.",
			func(s *Service) *Lifecycle { return &s.Lifecycle }, Planned, Live, Deprecated, Retired),
		register.List("tags", "Words that policies look at, like tags=pci,eu.",
			func(s *Service) *[]string { return &s.Tags }),
		register.Person("technical-owner", "Who answers for how it works, like technical-owner=@ben.",
			func(s *Service) *bot.PersonID { return &s.Technical }),
		register.Person("business-owner", "Who answers for what it is for, like business-owner=@ana.",
			func(s *Service) *bot.PersonID { return &s.Business }),
		register.List("owners", "Who owns it too: people and teams, like owners=ben,platform.",
			func(s *Service) *[]string { return &s.Owners }),
		rota,
		register.Refs("depends-on", "The services that it needs, like depends-on=payments,web.", noun,
			func(s *Service) *[]string { return &s.DependsOn }).Asked(),
		register.Refs("supplied-by", "The vendors that it comes from, like supplied-by=VEN-1.", "vendor",
			func(s *Service) *[]string { return &s.SuppliedBy }),
		register.List("aliases", "Other names of it, like aliases=shop,cart.",
			func(s *Service) *[]string { return &s.Aliases }),
		register.Text("channel", "Where people talk about it, like channel=checkout.", 80,
			func(s *Service) *string { return &s.Channel }),
		register.URL("repo", "Where its source is, like repo=https://git.example.com/checkout.",
			func(s *Service) *string { return &s.Repo }),
		register.URL("runbook", "What to do when it fails, like runbook=https://wiki.example.com/checkout.",
			func(s *Service) *string { return &s.Runbook }).Asked(),
		register.URL("dashboard", "Where its numbers are, like dashboard=https://grafana.example.com/d/checkout.",
			func(s *Service) *string { return &s.Dashboard }),
		register.Text("slo", "Its target of availability in percent, like slo=99.9.", 10,
			func(s *Service) *string { return &s.SLO }).Label("SLO").Asked(),
		register.Number("slo-window", "Over how many days its SLO is meant, like slo-window=30.", 1, 366,
			func(s *Service) *int { return &s.Window }).Label("SLO window"),
		register.Text("hours", "When it is meant to serve, like hours=\"mon-fri 08:00-20:00\"; default is always.", 30,
			func(s *Service) *string { return &s.Hours }),
		register.Flag("exclude-maintenance", "Approved changes in their window are no downtime: yes or no.",
			func(s *Service) *bool { return &s.Maintenance }),
		register.Number("rto", "In how many minutes it has to be back, like rto=60.", 1, 100_000,
			func(s *Service) *int { return &s.RTO }).Label("RTO (minutes)"),
		register.Number("rpo", "How many minutes of data may be lost, like rpo=15.", 1, 100_000,
			func(s *Service) *int { return &s.RPO }).Label("RPO (minutes)"),
		register.Choice("data-class", "How closely its data has to be kept, like data-class=internal.",
			func(s *Service) *Class { return &s.Data }, "public", "internal", "confidential", "secret"),
		register.Text("cost-centre", "Who pays for it, like cost-centre=4711.", 60,
			func(s *Service) *string { return &s.CostCentre }),
		register.List("restricted-to", "The only channels whose reports tell of it, like restricted-to=hr.",
			func(s *Service) *[]string { return &s.RestrictedTo }),
	}
}
