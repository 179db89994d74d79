// Package oncall is the repository of rotas, hand-overs and pages.
package oncall

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/watchbell/watchbell/storage/record"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/oncall"
	"github.com/watchbell/watchbell/storage/commit"
	"github.com/watchbell/watchbell/storage/database"
)

// Repository is the repository of rotas, hand-overs and pages.
type Repository struct{ db *database.DB }

var _ oncall.Keeper = Repository{}

// New returns the repository of a database.
func New(db *database.DB) Repository { return Repository{db} }

type rotaRow struct {
	Name    string `gorm:"primaryKey"`
	Ended   bool
	Data    string
	Version int
}

func (rotaRow) TableName() string { return "oncall_rotas" }

func newRotaRow(r *oncall.Rota) (*rotaRow, error) {
	data, err := json.Marshal(r)
	return &rotaRow{r.Name, !r.Ended.IsZero(), string(data), r.Version}, err
}

func (row rotaRow) rota() (*oncall.Rota, error) {
	var r oncall.Rota
	err := json.Unmarshal([]byte(row.Data), &r)
	r.Name, r.Version = row.Name, row.Version
	return &r, database.Error("read rota", err)
}

type standRow struct {
	Rota   string `gorm:"primaryKey"`
	N      int    `gorm:"primaryKey;autoIncrement:false"`
	Person *string
	FromAt time.Time
	ToAt   time.Time
	Data   string
}

func (standRow) TableName() string { return "oncall_overrides" }

func newStandRow(rota string, x oncall.Stand) (*standRow, error) {
	data, err := json.Marshal(x)
	return &standRow{rota, x.N, database.Nobody(x.Person), x.From.UTC(), x.To.UTC(), string(data)}, err
}

func (row standRow) stand() (oncall.Stand, error) {
	var x oncall.Stand
	err := json.Unmarshal([]byte(row.Data), &x)
	x.N, x.Person, x.From, x.To = row.N, database.Somebody(row.Person), row.FromAt.UTC(), row.ToAt.UTC()
	return x, database.Error("read stand-in", err)
}

// AddRota implements oncall.Rotas. A name of one that ended may be used again.
func (o Repository) AddRota(ctx context.Context, r *oncall.Rota, e bot.Effects) error {
	return o.db.Alone(ctx, func(tx *gorm.DB) (*commit.Changes, error) {
		var have rotaRow
		if err := tx.Raw("SELECT * FROM oncall_rotas WHERE name = ?", r.Name).Scan(&have).Error; err != nil {
			return nil, database.Error("read rota", err)
		}
		if have.Name != "" && !have.Ended {
			return nil, bot.ErrRepeated
		}
		r.Version = have.Version + 1
		row, err := newRotaRow(r)
		if err != nil {
			return nil, err
		}
		e.Audit.Digest = record.Digest(row)
		c := &commit.Changes{Effects: e}
		c.Insert(
			"ON CONFLICT (name) DO UPDATE SET ended = excluded.ended, data = excluded.data, version = excluded.version", row,
		)
		return c, nil
	})
}

// UpdateRota implements oncall.Rotas.
func (o Repository) UpdateRota(
	ctx context.Context, name string, after time.Time,
	decide func(*oncall.Rota, []oncall.Stand) ([]oncall.Stand, bot.Effects, error),
) error {
	read := func(tx *gorm.DB) (*rotaRow, error) {
		var row rotaRow
		if err := tx.Raw("SELECT * FROM oncall_rotas WHERE name = ? AND NOT ended", name).Scan(&row).Error; err != nil {
			return nil, database.Error("read rota", err)
		}
		if row.Name == "" {
			return nil, bot.ErrNoSuch
		}
		return &row, nil
	}
	return database.Alter(
		ctx, o.db, "rota/"+name, read,
		func(tx *gorm.DB, was *rotaRow) (*rotaRow, *commit.Changes, error) {
			if was.Ended {
				return nil, nil, bot.ErrNoSuch
			}
			r, err := was.rota()
			if err != nil {
				return nil, nil, err
			}
			stands, err := standsFrom(tx, name, after)
			if err != nil {
				return nil, nil, err
			}
			r.Version++
			changed, e, err := decide(r, stands)
			if err != nil {
				return nil, nil, err
			}
			now, err := newRotaRow(r)
			if err != nil {
				return nil, nil, err
			}
			e.Audit.Version, e.Audit.Digest = r.Version, record.Digest(now)
			c := &commit.Changes{Effects: e}
			c.Replace(now, was, was.Version, "name")
			for _, x := range changed {
				row, err := newStandRow(name, x)
				if err != nil {
					return nil, nil, err
				}
				c.Insert(
					"ON CONFLICT (rota, n) DO UPDATE SET person = excluded.person, from_at = excluded.from_at, to_at = "+
						"excluded.to_at, data = excluded.data",
					row,
				)
			}
			return now, c, nil
		},
	)
}

func standsFrom(tx *gorm.DB, rota string, after time.Time) ([]oncall.Stand, error) {
	var rows []standRow
	if err := tx.Raw("SELECT * FROM oncall_overrides WHERE rota = ? AND to_at > ? ORDER BY n", rota, after.UTC()).Scan(
		&rows,
	).Error; err != nil {
		return nil, database.Error("read stand-ins", err)
	}
	list := make([]oncall.Stand, len(rows))
	for k, row := range rows {
		x, err := row.stand()
		if err != nil {
			return nil, err
		}
		list[k] = x
	}
	return list, nil
}

// Rotas implements oncall.Rotas.
func (o Repository) Rotas(ctx context.Context) ([]*oncall.Rota, error) {
	var rows []rotaRow
	if err := o.db.Reader(ctx).Raw("SELECT * FROM oncall_rotas WHERE NOT ended ORDER BY name").
		Scan(&rows).Error; err != nil {
		return nil, database.Error("list rotas", err)
	}
	list := make([]*oncall.Rota, len(rows))
	for k, row := range rows {
		r, err := row.rota()
		if err != nil {
			return nil, err
		}
		list[k] = r
	}
	return list, nil
}

// Stands implements oncall.Rotas.
func (o Repository) Stands(ctx context.Context, rota string, after time.Time) ([]oncall.Stand, error) {
	return standsFrom(o.db.Reader(ctx), rota, after)
}

type handoverRow struct {
	Number   int64 `gorm:"primaryKey;autoIncrement:false"`
	Rota     string
	At       time.Time
	Accepted bool // or nobody has to any more
	Data     string
	Version  int
}

func (handoverRow) TableName() string { return "oncall_handovers" }

func newHandoverRow(h *oncall.Handover) (*handoverRow, error) {
	data, err := json.Marshal(h)
	return &handoverRow{h.Number, h.Rota, h.At.UTC(), !h.Open(), string(data), h.Version}, err
}

func (row handoverRow) handover() (*oncall.Handover, error) {
	var h oncall.Handover
	err := json.Unmarshal([]byte(row.Data), &h)
	h.Number, h.Rota, h.At, h.Version = row.Number, row.Rota, row.At.UTC(), row.Version
	return &h, err
}

var handovers = record.Kind[oncall.Handover, handoverRow]{
	Table: "oncall_handovers", Name: "hand-over", Counter: "handover", Prefix: "HO-", Row: newHandoverRow,
	Thing: handoverRow.handover,
	ID:    func(x *oncall.Handover) (*int64, *int) { return &x.Number, &x.Version },
	Dues:  (*oncall.Handover).Dues,
}

// Dues are the hand-overs that nobody has accepted, read afresh.
func (o Repository) Dues(ctx context.Context) ([]bot.Due, error) {
	open, err := handovers.List(o.db.Reader(ctx), "SELECT * FROM oncall_handovers WHERE NOT accepted ORDER BY at, number")
	var list []bot.Due
	for _, h := range open {
		list = append(list, h.Dues()...)
	}
	return list, err
}

// AddHandover implements oncall.Handovers.
func (o Repository) AddHandover(
	ctx context.Context, x *oncall.Handover, effects func(*oncall.Handover) bot.Effects,
) error {
	_, err := handovers.Add(ctx, o.db, func(n int64) (*oncall.Handover, bot.Effects, error) {
		handovers.Begin(x, n)
		return x, effects(x), nil
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return bot.ErrRepeated
	}
	return err
}

// UpdateHandover implements oncall.Handovers.
func (o Repository) UpdateHandover(
	ctx context.Context, number int64, decide func(*oncall.Handover) (bot.Effects, error),
) (*oncall.Handover, error) {
	return handovers.Update(ctx, o.db, number, decide)
}

// Handover implements oncall.Handovers.
func (o Repository) Handover(ctx context.Context, number int64) (*oncall.Handover, error) {
	return handovers.Find(o.db.Reader(ctx), number)
}

// Handovers implements oncall.Handovers.
func (o Repository) Handovers(ctx context.Context, rota string, openOnly bool, limit int) ([]*oncall.Handover, error) {
	where, args := ofRota(rota)
	order := "at DESC, number DESC"
	switch {
	case openOnly: // few, whatever the rota, so they are found by that
		where = "NOT accepted AND " + strings.Replace(where, "rota =", "coalesce(rota, '') =", 1)
	case rota != "":
		order = "at DESC" // no two of a rota begin together, and its index is in this order
	}
	return handovers.List(o.db.Reader(ctx), "SELECT * FROM oncall_handovers WHERE "+where+" ORDER BY "+order+
		" LIMIT ?", append(args, limit)...)
}

// ofRota is a condition that an index can serve, for one rota or for all.
func ofRota(name string) (string, []any) {
	if name == "" {
		return "1 = 1", nil
	}
	return "rota = ?", []any{name}
}

type pageRow struct {
	Number  int64 `gorm:"primaryKey;autoIncrement:false"`
	Rota    string
	At      time.Time
	Open    bool // nobody has answered yet
	Data    string
	Version int
}

func (pageRow) TableName() string { return "oncall_pages" }

func newPageRow(p *oncall.Page) (*pageRow, error) {
	data, err := json.Marshal(p)
	return &pageRow{p.Number, p.Rota, p.At.UTC(), p.Acked.IsZero(), string(data), p.Version}, err
}

func (row pageRow) page() (*oncall.Page, error) {
	var p oncall.Page
	err := json.Unmarshal([]byte(row.Data), &p)
	p.Number, p.Rota, p.At, p.Version = row.Number, row.Rota, row.At.UTC(), row.Version
	return &p, err
}

var pages = record.Kind[oncall.Page, pageRow]{
	Table: "oncall_pages", Name: "page", Counter: "page", Prefix: "PAGE-", Row: newPageRow, Thing: pageRow.page,
	ID: func(x *oncall.Page) (*int64, *int) { return &x.Number, &x.Version },
}

// AddPage implements oncall.Pages.
func (o Repository) AddPage(ctx context.Context, p *oncall.Page, effects func(*oncall.Page) bot.Effects) error {
	_, err := pages.Add(ctx, o.db, func(n int64) (*oncall.Page, bot.Effects, error) {
		pages.Begin(p, n)
		return p, effects(p), nil
	})
	return err
}

// UpdatePage implements oncall.Pages.
func (o Repository) UpdatePage(
	ctx context.Context, number int64, decide func(*oncall.Page) (bot.Effects, error),
) (*oncall.Page, error) {
	return pages.Update(ctx, o.db, number, decide)
}

// Page implements oncall.Pages.
func (o Repository) Page(ctx context.Context, number int64) (*oncall.Page, error) {
	return pages.Find(o.db.Reader(ctx), number)
}

// Pages implements oncall.Pages.
func (o Repository) Pages(ctx context.Context, rota string, since time.Time) ([]*oncall.Page, error) {
	where, args := ofRota(rota)
	return pages.List(o.db.Reader(ctx), "SELECT * FROM oncall_pages WHERE "+where+
		" AND at >= ? ORDER BY at, number", append(args, since.UTC())...)
}
