package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// The jobs of reports. Their object is the run.
const (
	tick       = "report.tick"      // each minute: which slots are due
	postRun    = "report.post"      // build it, if that is not done, and post it
	showRun    = "report.show"      // who has read it
	drawRun    = "report.draw"      // the charts, into its thread
	sendFile   = "report.send-file" // arg: format/platform/person/when
	tellOwner  = "report.tell-owner"
	draftWaits = "report.remind-draft"
)

// HandoverJob asks for the report of a hand-over to be posted, or shown as it is by now.
func HandoverJob(id string) bot.Job { return bot.Job{Kind: postHandover, Object: id} }

const postHandover = "report.post-handover"

func key(what string, r *Run) string { return "report." + what + "/" + r.ID() }

func (s *Service) bySystem(r *Run, action, detail string, at time.Time) bot.Effects {
	return bot.Effects{
		Audit: bot.Audit{
			Action: action, Object: r.ID(), Version: r.Version, Result: bot.ResultDone, Detail: detail, Source: "watchbell",
			At: at,
		},
	}
}

func parseRun(id string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimPrefix(id, "R-"), 10, 64)
	if err != nil {
		return 0, &bot.PermanentError{Err: fmt.Errorf("job object %q: %w", id, err)}
	}
	return n, nil
}
