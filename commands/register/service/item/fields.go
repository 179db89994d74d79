package item

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/field"
)

// Fields are what a service says; rotas are those of on call, as choices.
func Fields(rotas func(ctx context.Context) ([]bot.Option, error)) []field.Field[Service] {
	rota := field.Text("on-call", "The rota that is called, like payments.", 60,
		func(s *Service) *string { return &s.OnCall }).Label("On call")
	rota.Param.Kind, rota.Param.Options = bot.ChoiceParam, rotas
	return []field.Field[Service]{
		field.LongText("description", "What it does, in words that everybody knows, like \"where customers pay\".", 1000,
			func(s *Service) *string { return &s.Describes }).Asked(),
		field.Choice("tier", "How much it matters: 1, the most, 2, 3 or 4.",
			func(s *Service) *Tier { return &s.Tier }, "1", "2", "3", "4").Asked(),
		field.Choice("lifecycle", "planned, live, deprecated or retired, like lifecycle=live.",
			func(s *Service) *Lifecycle { return &s.Lifecycle }, Planned, Live, Deprecated, Retired),
		words("tags", "Words that policies look at, like tags=pci,eu.", func(s *Service) *[]string { return &s.Tags }),
		field.Person("technical-owner", "Who answers for how it works, like technical-owner=@ben.",
			func(s *Service) *bot.PersonID { return &s.Technical }),
		field.Person("business-owner", "Who answers for what it is for, like business-owner=@ana.",
			func(s *Service) *bot.PersonID { return &s.Business }),
		field.Parsed("owners", "Who owns it too: people and teams, like owners=ben,platform.", 1000,
			func(s *Service) string { return strings.Join(s.Owners, ",") },
			func(s *Service, text string) error {
				s.Owners = field.Separate(strings.ReplaceAll(text, "@", ""))
				return nil
			}),
		rota,
		field.Refs("depends-on", "The services that it needs, like depends-on=payments,web.", Noun,
			func(s *Service) *[]string { return &s.DependsOn }).Asked(),
		field.Refs("supplied-by", "The vendors that it comes from, like supplied-by=VEN-1.", "vendor",
			func(s *Service) *[]string { return &s.SuppliedBy }),
		words("aliases", "Other names of it, like aliases=shop,cart.", func(s *Service) *[]string { return &s.Aliases }),
		field.Text("channel", "Where people talk about it, like channel=checkout.", 80,
			func(s *Service) *string { return &s.Channel }),
		field.URL("repo", "Where its source is, like repo=https://git.example.com/checkout.",
			func(s *Service) *string { return &s.Repo }),
		field.URL("runbook", "What to do when it fails, like runbook=https://wiki.example.com/checkout.",
			func(s *Service) *string { return &s.Runbook }).Asked(),
		field.URL("dashboard", "Where its numbers are, like dashboard=https://grafana.example.com/d/checkout.",
			func(s *Service) *string { return &s.Dashboard }),
		field.Parsed("slo", "Its target of availability in percent, like slo=99.9.", 10, (*Service).Percent, (*Service).aim).
			Label("SLO").Asked(),
		field.Number("slo-window", "Over how many days its SLO is meant, like slo-window=30.", 1, 366,
			func(s *Service) *int { return &s.Window }).Label("SLO window"),
		field.Parsed("hours", "When it is meant to serve, like hours=\"mon-fri 08:00-20:00\"; default is always.", 30,
			func(s *Service) string { return s.Hours }, (*Service).open),
		field.Flag("exclude-maintenance", "Approved changes in their window are no downtime: yes or no.",
			func(s *Service) *bool { return &s.Maintenance }),
		field.Number("rto", "In how many minutes it has to be back, like rto=60.", 1, 100_000,
			func(s *Service) *int { return &s.RTO }).Label("RTO (minutes)"),
		field.Number("rpo", "How many minutes of data may be lost, like rpo=15.", 1, 100_000,
			func(s *Service) *int { return &s.RPO }).Label("RPO (minutes)"),
		field.Choice("data-class", "How its data has to be kept: public, internal, confidential or secret.",
			func(s *Service) *Class { return &s.Data }, "public", "internal", "confidential", "secret"),
		field.Text("cost-centre", "Who pays for it, like cost-centre=4711.", 60,
			func(s *Service) *string { return &s.CostCentre }),
		field.List("restricted-to", "The only channels whose reports tell of it, like restricted-to=hr.",
			func(s *Service) *[]string { return &s.RestrictedTo }),
	}
}

// words is a field of words that are easy to type.
func words(name, help string, at func(*Service) *[]string) field.Field[Service] {
	return field.Parsed(name, help, 1000, func(s *Service) string { return strings.Join(*at(s), ",") },
		func(s *Service, text string) error {
			*at(s) = field.Separate(strings.ToLower(text))
			for _, w := range *at(s) {
				if !word.MatchString(w) {
					return fmt.Errorf("%q is not a word of a to z, 0 to 9, dots and dashes", bot.Shown(w))
				}
			}
			return nil
		})
}

var word = regexp.MustCompile(`^[a-z0-9._-]{1,40}$`)

// Percent is its target of availability as people write it.
func (s *Service) Percent() string {
	if s.SLO == 0 {
		return ""
	}
	return strconv.FormatFloat(math.Round(s.SLO*1e8)/1e6, 'f', -1, 64)
}

// aim reads its target of availability.
func (s *Service) aim(text string) error {
	if text == "" {
		s.SLO = 0
		return nil
	}
	percent, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(text), "%"), 64)
	if err != nil || percent < 50 || percent >= 100 {
		return fmt.Errorf("%q is not percent from 50 to less than 100, like 99.9", bot.Shown(text))
	}
	s.SLO = math.Round(percent*1e6) / 1e8 // 99.9 is 0.999
	return nil
}

// open reads when it is meant to serve.
func (s *Service) open(text string) error {
	h, ok := value.ParseHours(text)
	if !ok && text != "" {
		return fmt.Errorf("%q are not days and times of one day, like mon-fri 08:00-20:00", bot.Shown(text))
	}
	s.Hours = h.String()
	return nil
}
