package response

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/incident"
)

// LinkedJob tells an incident what a change has to do with it: its card shows it, and its channel hears one line.
func LinkedJob(incident, change, how string, by bot.PersonID) bot.Job {
	return bot.Job{Kind: linkChange, Object: incident, Arg: change + "/" + how + "/" + string(by)}
}

// ShowJob shows an incident anew, because something that its card tells of has changed.
func ShowJob(incident string) bot.Job { return bot.Job{Kind: showAgain, Object: incident} }

// linkChange writes a link down. Nobody checked that there is such an incident: a link to none tells nobody.
func (s *Service) linkChange(ctx context.Context, job bot.Job) error {
	parts := strings.SplitN(job.Arg, "/", 3)
	if len(parts) != 3 {
		return &bot.PermanentError{Err: fmt.Errorf("job argument %q", job.Arg)}
	}
	err := s.bySystem(ctx, job.Object, "incident.link-change", func(i *incident.Incident, now time.Time) bool {
		return i.Link(parts[0], parts[1], bot.PersonID(parts[2]), now)
	})
	if errors.Is(err, bot.ErrNoSuch) {
		return nil
	}
	return err
}

// showAgain adds the jobs that show an open incident wherever it is shown, in their lanes.
func (s *Service) showAgain(ctx context.Context, job bot.Job) error {
	i, err := s.store.Get(ctx, job.Object)
	if errors.Is(err, bot.ErrNoSuch) || err == nil && !i.State.Open() {
		return nil
	}
	if err != nil {
		return err
	}
	var jobs []bot.Job
	for _, platform := range s.chat.Platforms() {
		jobs = append(jobs, bot.Job{Kind: showCard, Object: i.ID(), Arg: platform, Lane: i.ID() + "/" + platform})
	}
	return s.chat.AddJobs(ctx, jobs)
}
