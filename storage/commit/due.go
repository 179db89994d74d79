package commit

import (
	"encoding/json"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// DueRow is something that is due.
type DueRow struct {
	Object   string `gorm:"primaryKey"`
	What     string `gorm:"primaryKey"`
	Day      string
	At       *time.Time // nil: it is a date
	Name     string
	Text     string
	Owner    *string
	Team     string
	Audience string
	Urgent   bool
	Done     string
	Reassign string
	Ladder   string
	Since    *time.Time
	Lead     *string
	Open     string
	LookAt   time.Time // when reminders look at it next; whatever writes the row has it looked at anew
}

// LookNow is the LookAt of a due that is new or has changed.
var LookNow = time.Unix(0, 0).UTC()

// TableName implements GORM's Tabler.
func (DueRow) TableName() string { return "dues" }

// DueConflict is the end of an INSERT into dues: a due that is there is written over.
const DueConflict = `ON CONFLICT (object, what) DO UPDATE SET day = excluded.day, at = excluded.at, name = excluded.name,
  text = excluded.text, owner = excluded.owner, team = excluded.team, audience = excluded.audience,
  urgent = excluded.urgent, done = excluded.done, reassign = excluded.reassign, ladder = excluded.ladder,
  since = excluded.since, lead = excluded.lead, open = excluded.open, look_at = excluded.look_at`

var (
	dueSlot = slot{
		fields: FieldsOf(&DueRow{}), kind: insertRow,
		conflict: DueConflict,
	}
	settledSlot = slot{fields: dueSlot.fields, kind: deleteRow, key: "object,what"}
)

// NewDueRow is the row of something that is due.
func NewDueRow(d bot.Due) *DueRow {
	row := &DueRow{
		Object: d.Object, What: d.What, Day: d.On.String(), Name: d.Name, Text: d.Text, Team: d.Team, Urgent: d.Urgent,
		Audience: encoded(d.Audience), Done: encoded(d.Done), Reassign: encoded(d.Reassign),
		Ladder: encoded(d.Ladder), Open: encoded(d.Open), LookAt: LookNow,
	}
	if !d.Since.IsZero() {
		since := d.Since.UTC().Truncate(time.Microsecond)
		row.Since = &since
	}
	if lead := string(d.Lead); lead != "" {
		row.Lead = &lead
	}
	if !d.At.IsZero() {
		at := d.At.UTC().Truncate(time.Microsecond)
		row.At, row.Day = &at, value.DayOf(at).String()
	}
	if owner := string(d.Owner); owner != "" {
		row.Owner = &owner
	}
	return row
}

// encoded writes what consists of texts.
func encoded(x any) string {
	data, err := json.Marshal(x)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// Due is what the row says.
func (r DueRow) Due() (bot.Due, error) {
	d := bot.Due{Object: r.Object, What: r.What, Name: r.Name, Text: r.Text, Team: r.Team, Urgent: r.Urgent}
	if r.At != nil {
		d.At = r.At.UTC()
	} else {
		d.On, _ = value.ParseDate(r.Day)
	}
	if r.Owner != nil {
		d.Owner = bot.PersonID(*r.Owner)
	}
	if r.Lead != nil {
		d.Lead = bot.PersonID(*r.Lead)
	}
	if r.Since != nil {
		d.Since = r.Since.UTC()
	}
	for _, part := range []struct {
		data string
		into any
	}{{r.Audience, &d.Audience}, {r.Done, &d.Done}, {r.Reassign, &d.Reassign}, {r.Open, &d.Open}, {r.Ladder, &d.Ladder}} {
		if part.data == "" || part.data == "null" || part.data == "{}" { // was not read, or says nothing
			continue
		}
		if err := json.Unmarshal([]byte(part.data), part.into); err != nil {
			return d, err
		}
	}
	return d, nil
}
