package incident

import (
	"encoding/json"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/incident"
	"github.com/watchbell/watchbell/storage/database"
)

type incidentRow struct {
	Number         int64 `gorm:"primaryKey;autoIncrement:false"`
	Title          string
	Impact         string
	Severity       string
	State          string
	Reporter       string
	Lead           *string
	Deputy         *string
	Comms          *string
	Scribe         *string
	HandoverTo     *string
	LeadlessSince  *time.Time
	StartedAt      time.Time
	DetectedAt     time.Time
	DeclaredAt     time.Time
	AcknowledgedAt *time.Time
	MitigatedAt    *time.Time
	ResolvedAt     *time.Time
	ClosedAt       *time.Time
	ResumeState    string
	ResumeAt       *time.Time
	NextUpdateAt   *time.Time
	SnoozedUntil   *time.Time
	Muted          bool
	LastHumanAt    time.Time
	Updates        int
	UpdateText     string
	UpdateBy       string
	UpdateAt       *time.Time
	Resolution     string
	EndReason      string
	Reopened       int
	ReviewOwner    *string
	ReviewDue      *time.Time
	PublishedAt    *time.Time
	Happened       string
	Contributing   string
	WentWell       string
	WasHard        string
	Source         string
	Origin         string
	Version        int
	Entries        int
	Past           string // how severe it was when, earlier stretches of impact, and whether its start is known, as JSON
	Trail          string // the running digest of its timeline
}

func (incidentRow) TableName() string { return "incidents" }

func newIncidentRow(i *incident.Incident) *incidentRow {
	return &incidentRow{
		Number: i.Number, Title: i.Title, Impact: i.Impact, Severity: string(i.Severity), State: string(i.State),
		Reporter: string(i.Reporter),
		Lead:     database.Nobody(i.Lead), Deputy: database.Nobody(i.Deputy), Comms: database.Nobody(i.Comms),
		Scribe: database.Nobody(i.Scribe), HandoverTo: database.Nobody(i.HandoverTo),
		LeadlessSince: database.OrNull(i.LeadlessSince), StartedAt: i.Started, DetectedAt: i.Detected, DeclaredAt: i.Declared,
		AcknowledgedAt: database.OrNull(i.Acknowledged), MitigatedAt: database.OrNull(i.Mitigated),
		ResolvedAt: database.OrNull(i.Times.Resolved), ClosedAt: database.OrNull(i.Times.Closed),
		ResumeState: string(i.Resume), ResumeAt: database.OrNull(i.ResumeAt), NextUpdateAt: database.OrNull(i.NextUpdate),
		SnoozedUntil: database.OrNull(i.SnoozedUntil),
		Muted:        i.Muted, LastHumanAt: i.LastHuman, Updates: i.Updates, UpdateText: i.LastUpdate.Text,
		UpdateBy: string(i.LastUpdate.By), UpdateAt: database.OrNull(i.LastUpdate.At),
		Resolution: i.Resolution, EndReason: i.EndReason, Reopened: i.Reopened, ReviewOwner: database.Nobody(i.ReviewOwner),
		ReviewDue:   database.OrNull(i.ReviewDue),
		PublishedAt: database.OrNull(i.Published), Happened: i.Written.Happened, Contributing: i.Written.Contributing,
		WentWell: i.Written.WentWell, WasHard: i.Written.WasHard,
		Source: i.Source, Origin: i.Origin, Version: i.Version, Entries: i.Entries, Past: encodePast(i),
	}
}

func (r incidentRow) incident() *incident.Incident {
	i := &incident.Incident{
		Number: r.Number, Title: r.Title, Impact: r.Impact, Severity: incident.Severity(r.Severity),
		State: incident.State(r.State), Reporter: bot.PersonID(r.Reporter),
		Lead: database.Somebody(r.Lead), Deputy: database.Somebody(r.Deputy), Comms: database.Somebody(r.Comms),
		Scribe: database.Somebody(r.Scribe), HandoverTo: database.Somebody(r.HandoverTo),
		LeadlessSince: database.OrZero(r.LeadlessSince),
		Times: incident.Times{Started: r.StartedAt.UTC(), Detected: r.DetectedAt.UTC(), Declared: r.DeclaredAt.UTC(),
			Acknowledged: database.OrZero(r.AcknowledgedAt), Mitigated: database.OrZero(r.MitigatedAt),
			Resolved: database.OrZero(r.ResolvedAt), Closed: database.OrZero(r.ClosedAt)},
		Resume: incident.State(r.ResumeState), ResumeAt: database.OrZero(r.ResumeAt),
		NextUpdate: database.OrZero(r.NextUpdateAt), SnoozedUntil: database.OrZero(r.SnoozedUntil),
		Muted: r.Muted, LastHuman: r.LastHumanAt.UTC(), Updates: r.Updates,
		LastUpdate: incident.Update{Text: r.UpdateText, By: bot.PersonID(r.UpdateBy), At: database.OrZero(r.UpdateAt)},
		Resolution: r.Resolution, EndReason: r.EndReason, Reopened: r.Reopened, ReviewOwner: database.Somebody(r.ReviewOwner),
		ReviewDue: database.OrZero(r.ReviewDue),
		Published: database.OrZero(r.PublishedAt),
		Written: incident.Written{
			Happened: r.Happened, Contributing: r.Contributing, WentWell: r.WentWell, WasHard: r.WasHard,
		},
		Source: r.Source, Origin: r.Origin, Version: r.Version, Entries: r.Entries,
	}
	past := decodePast(r.Past)
	i.Levels, i.Impacts, i.ImpactSince, i.StartKnown, i.Linked = past.Levels, past.Impacts, past.Since, past.StartKnown, past.Linked
	return i
}

// past is the column of that name.
type past struct {
	Levels  []incident.Level   `json:"l,omitempty"`
	Impacts []incident.Stretch `json:"i,omitempty"`
	Since   time.Time          `json:"s,omitzero"`

	StartKnown bool              `json:"k,omitzero"`
	Linked     []incident.Linked `json:"c,omitempty"`
}

func encodePast(i *incident.Incident) string {
	if len(i.Levels) == 0 && len(i.Impacts) == 0 && i.ImpactSince.IsZero() && !i.StartKnown && len(i.Linked) == 0 {
		return ""
	}
	data, err := json.Marshal(past{i.Levels, i.Impacts, i.ImpactSince, i.StartKnown, i.Linked})
	if err != nil {
		panic(err) // words and times only
	}
	return string(data)
}

// decodePast reads what encodePast wrote.
func decodePast(raw string) past {
	var p past
	if raw == "" || json.Unmarshal([]byte(raw), &p) != nil {
		return past{}
	}
	return p
}

type incidentServiceRow struct {
	Number   int64  `gorm:"primaryKey;autoIncrement:false"`
	Service  string `gorm:"primaryKey"`
	Severity string // the incident's; a trigger follows its changes
}

func (incidentServiceRow) TableName() string { return "incident_services" }

type incidentResponderRow struct {
	Number int64  `gorm:"primaryKey;autoIncrement:false"`
	Person string `gorm:"primaryKey"`
}

func (incidentResponderRow) TableName() string { return "incident_responders" }

type taskRow struct {
	Number    int64 `gorm:"primaryKey;autoIncrement:false"`
	N         int   `gorm:"primaryKey;autoIncrement:false"`
	Text      string
	Owner     *string
	DueAt     *time.Time
	FollowUp  bool
	CreatedBy string
	CreatedAt time.Time
	DoneAt    *time.Time
	DoneBy    *string
}

func (taskRow) TableName() string { return "incident_tasks" }

func newTaskRow(number int64, t incident.Task) *taskRow {
	return &taskRow{
		number, t.N, t.Text, database.Nobody(t.Owner), database.OrNull(t.Due), t.FollowUp, string(t.By), t.Created,
		database.OrNull(t.Done), database.Nobody(t.DoneBy),
	}
}

func (r taskRow) task() incident.Task {
	return incident.Task{
		N: r.N, Text: r.Text, Owner: database.Somebody(r.Owner), Due: database.OrZero(r.DueAt), FollowUp: r.FollowUp,
		By: bot.PersonID(r.CreatedBy), Created: r.CreatedAt.UTC(), Done: database.OrZero(r.DoneAt),
		DoneBy: database.Somebody(r.DoneBy),
	}
}

type judgedRow struct {
	Number  int64  `gorm:"primaryKey;autoIncrement:false"`
	Change  string `gorm:"primaryKey"`
	Verdict string
	Person  string
	At      time.Time
}

func (judgedRow) TableName() string { return "incident_changes" }

func (r judgedRow) judged() incident.Judged {
	return incident.Judged{
		Change: r.Change, Verdict: incident.Verdict(r.Verdict), By: bot.PersonID(r.Person), At: r.At.UTC(),
	}
}

type entryRow struct {
	Number     int64 `gorm:"primaryKey;autoIncrement:false"`
	Seq        int   `gorm:"primaryKey;autoIncrement:false"`
	At         time.Time
	RecordedAt time.Time
	Person     *string
	Kind       string
	Text       string
	Link       string
	Agent      string
}

func (entryRow) TableName() string { return "incident_entries" }

func newEntryRow(number int64, e incident.Entry) *entryRow {
	return &entryRow{
		number, e.Seq, e.At, e.Recorded, database.Nobody(e.By), string(e.Kind), e.Text, e.Link, e.Agent,
	}
}

func (r entryRow) entry() incident.Entry {
	return incident.Entry{
		Seq: r.Seq, At: r.At.UTC(), Recorded: r.RecordedAt.UTC(), By: database.Somebody(r.Person),
		Kind: incident.EntryKind(r.Kind), Text: r.Text, Link: r.Link, Agent: r.Agent,
	}
}
