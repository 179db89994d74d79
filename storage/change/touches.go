package change

import (
	"time"

	"github.com/watchbell/watchbell/commands/change/plan"

	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// touchRow is one thing that a live change lays hands on in its window. Changes that get in each other's way are found
// by these rows, however many others there are at the same time.
type touchRow struct {
	Number  int64  `gorm:"primaryKey;autoIncrement:false"`
	What    string `gorm:"primaryKey"`
	Env     string
	StartAt time.Time
	EndAt   time.Time
}

func (touchRow) TableName() string { return "change_touches" }

// touchesOf are the rows that a change has, none unless it is live and has a window.
func touchesOf(c *change.Change) []touchRow {
	if !c.Live() || !c.Window.Set() {
		return nil
	}
	var rows []touchRow
	for _, what := range c.Touches() {
		rows = append(rows, touchRow{
			c.Number, what, c.Env, c.Window.Start.UTC().Truncate(time.Microsecond),
			c.Window.End.UTC().Truncate(time.Microsecond),
		})
	}
	return rows
}

// nearChanges reads the live changes that touch the same as a change, or a service next to its own, in its window or
// within horizon of it.
func (t *survey) nearChanges(c *change.Change, near []string, horizon time.Duration) func() []change.Other {
	what := c.Touches()
	for _, service := range near {
		what = append(what, change.TouchedService+service)
	}
	var rows []struct {
		Number    int64
		Title     string
		State     string
		RiskLevel string
		What      string
		StartAt   time.Time
		EndAt     time.Time
	}
	t.Add("read near changes", &rows, `SELECT c.number, c.title, c.state, c.risk_level, t.what, t.start_at, t.end_at
FROM (SELECT DISTINCT number FROM change_touches WHERE env = ? AND what IN ? AND start_at < ? AND end_at > ? AND number <> ?) other
JOIN changes c ON c.number = other.number JOIN change_touches t ON t.number = other.number ORDER BY t.start_at, c.number, t.what`,
		c.Env, what, c.Window.End.Add(max(0, horizon)), c.Window.Start, c.Number)
	return func() (others []change.Other) {
		for _, row := range rows {
			id := change.FormatID(row.Number)
			if len(others) == 0 || others[len(others)-1].ID != id {
				others = append(others, change.Other{
					ID: id, Title: row.Title, State: change.State(row.State), Level: policy.Level(row.RiskLevel), Env: c.Env,
					Window: plan.Window{Start: row.StartAt.UTC(), End: row.EndAt.UTC()},
				})
			}
			others[len(others)-1].Touch(row.What)
		}
		return others
	}
}
