// Package notify is the repository of where people are told beyond chat, and of what became of each alarm there.
package notify

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/notify"
	"github.com/watchbell/watchbell/storage/commit"
	"github.com/watchbell/watchbell/storage/database"
)

// Repository is the repository of places and deliveries. It is safe for concurrent use.
type Repository struct{ db *database.DB }

var _ notify.Store = Repository{}

// New returns the repository of an open database.
func New(db *database.DB) Repository { return Repository{db} }

type placeRow struct {
	Number   int64 `gorm:"primaryKey;autoIncrement:false"`
	Owner    string
	Service  string
	Label    string
	Sealed   string
	Mark     string
	ByPerson string
	MadeAt   time.Time
	ToldAt   *time.Time
	Fault    string
}

func (placeRow) TableName() string { return "notify_places" }

func newPlaceRow(p *notify.Place) *placeRow {
	return &placeRow{
		p.Number, p.Owner, p.Service, p.Label, p.Sealed, p.Mark, string(p.By), p.Made.UTC(), database.OrNull(p.Told), p.Fault,
	}
}

func (r placeRow) place() notify.Place {
	return notify.Place{
		Number: r.Number, Owner: r.Owner, Service: r.Service, Label: r.Label, Sealed: r.Sealed, Mark: r.Mark,
		By: bot.PersonID(r.ByPerson), Made: r.MadeAt.UTC(), Told: database.OrZero(r.ToldAt), Fault: r.Fault,
	}
}

// AddPlace implements notify.Places. The number is the counter's, so that none is ever used twice; whether there is room
// is looked at while nothing else is saved.
func (r Repository) AddPlace(
	ctx context.Context, p *notify.Place, most int, effects func(*notify.Place) bot.Effects,
) error {
	err := r.db.Commits().Alone(ctx, "place", func(tx *gorm.DB, number int64) (*commit.Changes, error) {
		rows, err := gorm.G[placeRow](tx).Where("owner = ?", p.Owner).Order("number").Find(ctx)
		if err != nil {
			return nil, database.Error("read places", err)
		}
		for _, row := range rows {
			if row.Mark == p.Mark || len(rows) >= most {
				return nil, bot.ErrRepeated
			}
		}
		p.Number = number
		c := &commit.Changes{Effects: effects(p)}
		c.Insert("", newPlaceRow(p))
		return c, nil
	})
	return r.db.LetInAnew(err)
}

// RemovePlace implements notify.Places.
func (r Repository) RemovePlace(ctx context.Context, number int64, e bot.Effects) error {
	return r.db.Alone(ctx, func(tx *gorm.DB) (*commit.Changes, error) {
		rows, err := gorm.G[placeRow](tx).Where("number = ?", number).Find(ctx)
		if err != nil {
			return nil, database.Error("read place", err)
		}
		if len(rows) == 0 {
			return nil, bot.ErrNoSuch
		}
		c := &commit.Changes{Effects: e}
		c.Delete(&rows[0], "number")
		return c, nil
	})
}

// Place implements notify.Places.
func (r Repository) Place(ctx context.Context, number int64) (*notify.Place, error) {
	row, err := gorm.G[placeRow](r.db.Reader(ctx)).Where("number = ?", number).Take(ctx)
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, bot.ErrNoSuch
	}
	p := row.place()
	return &p, database.Error("read place", err)
}

// PlacesOf implements notify.Places.
func (r Repository) PlacesOf(ctx context.Context, owners ...string) ([]notify.Place, error) {
	rows, err := gorm.G[placeRow](r.db.Reader(ctx)).Where("owner IN ?", owners).Order("owner, number").Find(ctx)
	var list []notify.Place
	for _, row := range rows {
		list = append(list, row.place())
	}
	return list, database.Error("read places", err)
}

// Told implements notify.Places.
func (r Repository) Told(ctx context.Context, number int64, at time.Time, fault string) error {
	return r.db.Tx(ctx, func(tx *gorm.DB) (bool, error) {
		_, err := gorm.G[placeRow](tx).Where("number = ?", number).Select("told_at", "fault").
			Updates(ctx, placeRow{ToldAt: database.OrNull(at), Fault: fault})
		return false, database.Error("note what came of telling", err)
	})
}

// Record implements notify.Places.
func (r Repository) Record(ctx context.Context, e bot.Effects) error {
	return r.db.Save(ctx, e, func(*commit.Changes) {})
}
