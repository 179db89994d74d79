package main

import (
	"fmt"
	"os"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/cmd/watchbell/config"
)

// limitsVariable switches the limits per person off when it is set to off.
const limitsVariable = "WATCHBELL_LIMITS"

const limitsAreOff = "the limits per person are off (" + limitsVariable + "=off)"

// limits are those of the configuration, and none when the environment switches them off. The command line is not
// counted, by which the demo's story is told too.
func limits(f *config.File) (engine.Limits, error) {
	switch v := os.Getenv(limitsVariable); v {
	case "off":
		return engine.Limits{}, nil
	case "":
		l := f.Limits
		return engine.Limits{
			Rooms:     engine.Limit{Burst: l.Rooms.Burst, PerMinute: l.Rooms.AMinute},
			Changes:   engine.Limit{PerMinute: l.Changes.AMinute},
			Uncounted: []string{cliPlatform},
		}, nil
	default:
		return engine.Limits{}, bot.Errorf(
			bot.Invalid,
			"%s: %q is not understood. Write off for no limits per person, or unset it; the configuration says how many "+
				"under limits.",
			limitsVariable, v,
		)
	}
}

// limitsInWords is what doctor says about them.
func limitsInWords(l engine.Limits) string {
	return fmt.Sprintf(
		"one person may declare %d incidents at once and %d a minute, and change %d things a minute", l.Rooms.Burst,
		l.Rooms.PerMinute, l.Changes.PerMinute,
	)
}
