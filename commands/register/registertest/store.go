package registertest

import (
	"context"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/register"
	"github.com/watchbell/watchbell/commands/register/record"
	"github.com/watchbell/watchbell/storage"
)

// Records is where an installation keeps its records.
func Records(s *storage.Store) record.Store { return s.Registers() }

// Service is a register of services with nothing but what every record has, for those that link to services.
var Service = register.Kind[service]{
	Noun: "service", Prefix: "SVC", Summary: "what we run", Example: "Checkout", Keyed: true,
}

type service struct{ register.Head }

// title is what things outside of registers are called.
func title(_ context.Context, id string) (string, error) {
	if !outside.MatchString(id) {
		return "", bot.ErrNoSuch
	}
	return map[bool]string{true: "Payments fail", false: "Second database"}[strings.HasPrefix(id, "INC")], nil
}

// state is what state they are in.
func state(_ context.Context, id string) (string, error) {
	if strings.HasPrefix(id, "CHG") {
		return "closed", nil
	}
	return "resolved", nil
}
