package storage

import (
	"encoding/json"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/incident"
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
		Number: i.Number, Title: i.Title, Impact: i.Impact, Severity: string(i.Severity), State: string(i.State), Reporter: string(i.Reporter),
		Lead: nobody(i.Lead), Deputy: nobody(i.Deputy), Comms: nobody(i.Comms), Scribe: nobody(i.Scribe), HandoverTo: nobody(i.HandoverTo),
		LeadlessSince: orNull(i.LeadlessSince), StartedAt: i.Started, DetectedAt: i.Detected, DeclaredAt: i.Declared,
		AcknowledgedAt: orNull(i.Acknowledged), MitigatedAt: orNull(i.Mitigated), ResolvedAt: orNull(i.Times.Resolved), ClosedAt: orNull(i.Times.Closed),
		ResumeState: string(i.Resume), ResumeAt: orNull(i.ResumeAt), NextUpdateAt: orNull(i.NextUpdate), SnoozedUntil: orNull(i.SnoozedUntil),
		Muted: i.Muted, LastHumanAt: i.LastHuman, Updates: i.Updates, UpdateText: i.LastUpdate.Text, UpdateBy: string(i.LastUpdate.By), UpdateAt: orNull(i.LastUpdate.At),
		Resolution: i.Resolution, EndReason: i.EndReason, Reopened: i.Reopened, ReviewOwner: nobody(i.ReviewOwner), ReviewDue: orNull(i.ReviewDue),
		PublishedAt: orNull(i.Published), Happened: i.Written.Happened, Contributing: i.Written.Contributing, WentWell: i.Written.WentWell, WasHard: i.Written.WasHard,
		Source: i.Source, Origin: i.Origin, Version: i.Version, Entries: i.Entries, Past: encodePast(i),
	}
}

func (r incidentRow) incident() *incident.Incident {
	i := &incident.Incident{
		Number: r.Number, Title: r.Title, Impact: r.Impact, Severity: incident.Severity(r.Severity), State: incident.State(r.State), Reporter: bot.PersonID(r.Reporter),
		Lead: somebody(r.Lead), Deputy: somebody(r.Deputy), Comms: somebody(r.Comms), Scribe: somebody(r.Scribe), HandoverTo: somebody(r.HandoverTo),
		LeadlessSince: orZero(r.LeadlessSince),
		Times: incident.Times{Started: r.StartedAt.UTC(), Detected: r.DetectedAt.UTC(), Declared: r.DeclaredAt.UTC(),
			Acknowledged: orZero(r.AcknowledgedAt), Mitigated: orZero(r.MitigatedAt), Resolved: orZero(r.ResolvedAt), Closed: orZero(r.ClosedAt)},
		Resume: incident.State(r.ResumeState), ResumeAt: orZero(r.ResumeAt), NextUpdate: orZero(r.NextUpdateAt), SnoozedUntil: orZero(r.SnoozedUntil),
		Muted: r.Muted, LastHuman: r.LastHumanAt.UTC(), Updates: r.Updates,
		LastUpdate: incident.Update{Text: r.UpdateText, By: bot.PersonID(r.UpdateBy), At: orZero(r.UpdateAt)},
		Resolution: r.Resolution, EndReason: r.EndReason, Reopened: r.Reopened, ReviewOwner: somebody(r.ReviewOwner), ReviewDue: orZero(r.ReviewDue),
		Published: orZero(r.PublishedAt), Written: incident.Written{Happened: r.Happened, Contributing: r.Contributing, WentWell: r.WentWell, WasHard: r.WasHard},
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
	return &taskRow{number, t.N, t.Text, nobody(t.Owner), orNull(t.Due), t.FollowUp, string(t.By), t.Created, orNull(t.Done), nobody(t.DoneBy)}
}

func (r taskRow) task() incident.Task {
	return incident.Task{N: r.N, Text: r.Text, Owner: somebody(r.Owner), Due: orZero(r.DueAt), FollowUp: r.FollowUp,
		By: bot.PersonID(r.CreatedBy), Created: r.CreatedAt.UTC(), Done: orZero(r.DoneAt), DoneBy: somebody(r.DoneBy)}
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
	return incident.Judged{Change: r.Change, Verdict: incident.Verdict(r.Verdict), By: bot.PersonID(r.Person), At: r.At.UTC()}
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
}

func (entryRow) TableName() string { return "incident_entries" }

func newEntryRow(number int64, e incident.Entry) *entryRow {
	return &entryRow{number, e.Seq, e.At, e.Recorded, nobody(e.By), string(e.Kind), e.Text, e.Link}
}

func (r entryRow) entry() incident.Entry {
	return incident.Entry{Seq: r.Seq, At: r.At.UTC(), Recorded: r.RecordedAt.UTC(), By: somebody(r.Person), Kind: incident.EntryKind(r.Kind), Text: r.Text, Link: r.Link}
}
