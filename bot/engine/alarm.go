package engine

import "github.com/watchbell/watchbell/bot"

// Estates are what people own, a part for each capability that has things which people own.
func (b *Bot) Estates() []*bot.Estate { return b.estates }

// Alarms are the jobs by which capabilities hear of an incident that is grave.
func (b *Bot) Alarms(incident string) []bot.Job {
	var jobs []bot.Job
	for _, kind := range b.alarms {
		jobs = append(jobs, bot.Job{Kind: kind, Object: incident})
	}
	return jobs
}
