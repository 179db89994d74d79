package engine

import (
	"context"
	"slices"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// RebuildDues brings the table of what is due up to date with what the capabilities say: after a release that changed
// their rules, and every night.
func (b *Bot) RebuildDues(ctx context.Context) error {
	return b.store.RebuildDues(ctx, func(ctx context.Context) ([]bot.Due, error) {
		var all []bot.Due
		for _, dues := range b.dues {
			list, err := dues(ctx)
			if err != nil {
				return nil, err
			}
			all = append(all, list...)
		}
		return all, nil
	})
}

func (b *Bot) rebuildDues(ctx context.Context, _ bot.Job) error { return b.RebuildDues(ctx) }

// Happened lists what capabilities tell of a period, in the order of time. With the context of a snapshot all of it is
// of that snapshot.
func (b *Bot) Happened(ctx context.Context, period value.Span) ([]bot.Happening, error) {
	var all []bot.Happening
	for _, happened := range b.happened {
		list, err := happened(ctx, period)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	slices.SortStableFunc(all, func(a, b bot.Happening) int { return a.At.Compare(b.At) })
	return all, nil
}

// Chapters are what capabilities add to the weekly or monthly report of a period. With the context of a snapshot all of
// it is of that snapshot.
func (b *Bot) Chapters(ctx context.Context, period value.Span) ([]bot.Chapter, error) {
	var all []bot.Chapter
	for _, chapters := range b.chapters {
		list, err := chapters(ctx, period)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}
