package oncall

import (
	"context"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Rotas keeps rotas and who stands in. Package storage implements it.
type Rotas interface {
	// AddRota saves a new rota. bot.ErrRepeated: there is one of that name.
	AddRota(ctx context.Context, r *Rota, e bot.Effects) error
	// UpdateRota locks a rota with its stands that end after a time, and saves what decide makes of them: the rota, and
	// stands that are new or changed.
	UpdateRota(
		ctx context.Context, name string, after time.Time, decide func(
			r *Rota, stands []Stand,
		) (changed []Stand, e bot.Effects, err error),
	) error
	// Rotas lists those that did not end, by name.
	Rotas(ctx context.Context) ([]*Rota, error)
	// Stands lists those of a rota that end after a time, in the order in which they were made.
	Stands(ctx context.Context, rota string, after time.Time) ([]Stand, error)
}

// Handovers keeps hand-overs.
type Handovers interface {
	// AddHandover saves one, unless there is one of its rota and time: then it is bot.ErrRepeated.
	AddHandover(ctx context.Context, h *Handover, effects func(*Handover) bot.Effects) error
	UpdateHandover(ctx context.Context, number int64, decide func(*Handover) (bot.Effects, error)) (*Handover, error)
	Handover(ctx context.Context, number int64) (*Handover, error)
	// Handovers lists those of a rota, newest first; of all rotas with "".
	Handovers(ctx context.Context, rota string, openOnly bool, limit int) ([]*Handover, error)
}

// Pages keeps pages.
type Pages interface {
	AddPage(ctx context.Context, p *Page, effects func(*Page) bot.Effects) error
	UpdatePage(ctx context.Context, number int64, decide func(*Page) (bot.Effects, error)) (*Page, error)
	Page(ctx context.Context, number int64) (*Page, error)
	// Pages lists those since a time, oldest first; of all rotas with "".
	Pages(ctx context.Context, rota string, since time.Time) ([]*Page, error)
}

// Keeper is all that on call keeps.
type Keeper interface {
	Rotas
	Handovers
	Pages
	bot.DueSource
}
