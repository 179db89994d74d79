package notify

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/notify"
	"github.com/watchbell/watchbell/storage/commit"
	"github.com/watchbell/watchbell/storage/database"
)

type deliveryRow struct {
	Object string `gorm:"primaryKey"`
	Round  int    `gorm:"primaryKey;autoIncrement:false"`
	Place  int64  `gorm:"primaryKey;autoIncrement:false"`
	Person string
	Owner  string
	Name   string
	State  string
	At     time.Time
	Tries  int
	Fault  string
}

func (deliveryRow) TableName() string { return "notify_deliveries" }

func newDeliveryRow(d notify.Delivery) *deliveryRow {
	return &deliveryRow{
		d.Object, d.Round, d.Place, string(d.Person), d.Owner, d.Name, string(d.State), d.At.UTC(), d.Tries, d.Fault,
	}
}

func (r deliveryRow) delivery() notify.Delivery {
	return notify.Delivery{
		Object: r.Object, Round: r.Round, Place: r.Place, Person: bot.PersonID(r.Person), Owner: r.Owner, Name: r.Name,
		State: bot.RungState(r.State), At: r.At.UTC(), Tries: r.Tries, Fault: r.Fault,
	}
}

// Begin implements notify.Deliveries. What was begun before gets no second job: its own may be done long ago.
func (r Repository) Begin(
	ctx context.Context, list []notify.Delivery, job func(notify.Delivery) bot.Job,
) error {
	return r.db.Tx(ctx, func(tx *gorm.DB) (bool, error) {
		begun, err := r.of(ctx, tx, list[0].Object)
		if err != nil {
			return false, err
		}
		known := map[[2]int64]bool{}
		for _, d := range begun {
			known[[2]int64{int64(d.Round), d.Place}] = true
		}
		var rows []any
		var jobs []bot.Job
		for _, d := range list {
			if !known[[2]int64{int64(d.Round), d.Place}] {
				rows, jobs = append(rows, newDeliveryRow(d)), append(jobs, job(d))
			}
		}
		if len(rows) == 0 {
			return false, nil
		}
		if err := database.Insert(tx, "ON CONFLICT DO NOTHING", rows...); err != nil {
			return false, database.Error("begin to tell", err)
		}
		return true, addJobs(tx, list[0].At, jobs)
	})
}

// addJobs adds jobs that have no lane and are due at once.
func addJobs(tx *gorm.DB, now time.Time, jobs []bot.Job) error {
	var rows []any
	for _, j := range jobs {
		rows = append(rows, &commit.JobRow{
			Kind: j.Kind, Object: j.Object, Arg: j.Arg, RunAt: now.UTC().Truncate(time.Microsecond), EnqueuedAt: database.Now(),
		})
	}
	return database.Error("add jobs", database.Insert(tx, commit.EarlierJob, rows...))
}

// Deliveries implements notify.Deliveries.
func (r Repository) Deliveries(ctx context.Context, object string) ([]notify.Delivery, error) {
	return r.of(ctx, r.db.Reader(ctx), object)
}

func (r Repository) of(ctx context.Context, tx *gorm.DB, object string) ([]notify.Delivery, error) {
	rows, err := gorm.G[deliveryRow](tx).Where("object = ?", object).Order("round, place").Find(ctx)
	var list []notify.Delivery
	for _, row := range rows {
		list = append(list, row.delivery())
	}
	return list, database.Error("read what was told", err)
}

// Settle implements notify.Deliveries.
func (r Repository) Settle(ctx context.Context, d notify.Delivery, jobs ...bot.Job) error {
	return r.db.Tx(ctx, func(tx *gorm.DB) (bool, error) {
		row := newDeliveryRow(d)
		n, err := gorm.G[deliveryRow](tx).
			Where("object = ? AND round = ? AND place = ? AND state = ?", d.Object, d.Round, d.Place, string(bot.RungWaiting)).
			Select("state", "at", "tries", "fault").Updates(ctx, *row)
		if err != nil || n == 0 || len(jobs) == 0 {
			return false, database.Error("note what was told", err)
		}
		return true, addJobs(tx, d.At, jobs)
	})
}
