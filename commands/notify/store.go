package notify

import (
	"context"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Places keeps places. Package storage implements it.
type Places interface {
	// AddPlace gives a place its number. bot.ErrRepeated: its owner has that address already, or as many as one may have.
	AddPlace(ctx context.Context, p *Place, most int, effects func(*Place) bot.Effects) error
	// RemovePlace forgets a place. bot.ErrNoSuch: it is gone already.
	RemovePlace(ctx context.Context, number int64, e bot.Effects) error
	// Place finds one, or bot.ErrNoSuch.
	Place(ctx context.Context, number int64) (*Place, error)
	// PlacesOf lists those of owners, by number.
	PlacesOf(ctx context.Context, owners ...string) ([]Place, error)
	// Told notes what came of the last try, "" is success.
	Told(ctx context.Context, number int64, at time.Time, fault string) error
	// Record saves an entry of the audit log with jobs.
	Record(ctx context.Context, e bot.Effects) error
}

// Deliveries keeps what became of alarms.
type Deliveries interface {
	// Begin adds deliveries with a job for each; those that are there stay as they are.
	Begin(ctx context.Context, list []Delivery, job func(Delivery) bot.Job) error
	// Deliveries lists those of a thing, by round and place.
	Deliveries(ctx context.Context, object string) ([]Delivery, error)
	// Settle saves what became of one that waits, with jobs. One that does not wait any more stays as it is.
	Settle(ctx context.Context, d Delivery, jobs ...bot.Job) error
}

// Store is all that is kept.
type Store interface {
	Places
	Deliveries
}
