package change

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/watchbell/watchbell/commands/change/plan"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/storage/database"
)

// changeRow holds in columns what is asked for and what must never be; Data is the whole record without its parts.
// Where both say something, the column counts.
type changeRow struct {
	Number      int64 `gorm:"primaryKey;autoIncrement:false"`
	Requester   string
	Beneficiary string
	Type        string
	State       string
	Held        bool
	Revision    int
	Digest      string
	Title       string
	Env         string
	Template    string
	RiskLevel   string
	RiskScore   int
	StartAt     *time.Time
	EndAt       *time.Time
	CreatedAt   time.Time
	SubmittedAt *time.Time
	DecidedAt   *time.Time
	StartedAt   *time.Time
	FinishedAt  *time.Time
	EndedAt     *time.Time
	Outcome     string
	Data        string
	Version     int
	Entries     int
	Caused      bool   // an incident
	Glass       bool   // it was started against its policy
	Trail       string // the running digest of its timeline
}

func (changeRow) TableName() string { return "changes" }

func newChangeRow(c *change.Change) (*changeRow, error) {
	record := *c
	record.Content, record.Votes, record.Grants = plan.Content{}, nil, nil
	data, err := json.Marshal(&record)
	if err != nil {
		return nil, err
	}
	return &changeRow{
		Number: c.Number, Requester: string(c.Requester), Beneficiary: string(c.Beneficiary), Type: string(c.Type),
		State: string(c.State), Held: c.Hold.Why != "",
		Revision: c.Revision, Digest: c.Digest, Title: c.Title, Env: c.Env, Template: templateName(c.Template),
		RiskLevel: string(c.Risk.Level), RiskScore: c.Risk.Score,
		StartAt: database.OrNull(c.Window.Start), EndAt: database.OrNull(c.Window.End), CreatedAt: c.Created,
		SubmittedAt: database.OrNull(c.Submitted),
		DecidedAt:   database.OrNull(c.Decided), StartedAt: database.OrNull(c.Started),
		FinishedAt: database.OrNull(c.Finished), EndedAt: database.OrNull(c.Times.Ended), Outcome: string(c.Outcome),
		Data: string(data), Version: c.Version, Entries: c.Entries,
		Caused: slices.ContainsFunc(c.Incidents, func(i change.Incident) bool { return i.How == change.Caused }),
		Glass:  c.Glass.By != "",
	}, nil
}

func templateName(at string) string {
	for i, r := range at {
		if r == '@' {
			return at[:i]
		}
	}
	return at
}

// change puts a record together; its content, votes and grants are added by loadChangeParts.
func (r changeRow) change() (*change.Change, error) {
	var c change.Change
	if err := json.Unmarshal([]byte(r.Data), &c); err != nil {
		return nil, database.Error("read "+change.FormatID(r.Number), err)
	}
	c.Number, c.Requester, c.Beneficiary, c.State = r.Number, bot.PersonID(r.Requester), bot.PersonID(
		r.Beneficiary,
	), change.State(
		r.State,
	)
	c.Revision, c.Digest, c.Version, c.Entries = r.Revision, r.Digest, r.Version, r.Entries
	return &c, nil
}

type changeServiceRow struct {
	Number  int64  `gorm:"primaryKey;autoIncrement:false"`
	Service string `gorm:"primaryKey"`
}

func (changeServiceRow) TableName() string { return "change_services" }

type revisionRow struct {
	Number      int64 `gorm:"primaryKey;autoIncrement:false"`
	Revision    int   `gorm:"primaryKey;autoIncrement:false"`
	Digest      string
	Requester   string
	Beneficiary string
	MadeBy      string
	MadeAt      time.Time
	Content     string
}

func (revisionRow) TableName() string { return "change_revisions" }

type voteRow struct {
	Number      int64 `gorm:"primaryKey;autoIncrement:false"`
	N           int   `gorm:"primaryKey;autoIncrement:false"`
	Revision    int
	Digest      string
	Requester   string
	Beneficiary string
	Stage       string
	Person      string
	Seat        string
	Decision    string
	State       string
	At          time.Time
	Data        string
}

func (voteRow) TableName() string { return "change_votes" }

func newVoteRow(c *change.Change, n int, v change.Vote) (*voteRow, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return &voteRow{
		c.Number, n, v.Revision, v.Digest, string(c.Requester), string(c.Beneficiary), v.Stage, string(v.Person),
		string(v.Seat), string(v.Decision), string(v.State), v.At, string(data),
	}, nil
}

func (r voteRow) vote() (change.Vote, error) {
	var v change.Vote
	err := json.Unmarshal([]byte(r.Data), &v)
	v.Revision, v.Digest, v.Stage, v.Person, v.Seat = r.Revision, r.Digest, r.Stage, bot.PersonID(r.Person), bot.PersonID(
		r.Seat,
	)
	v.Decision, v.State, v.At = change.Decision(r.Decision), change.VoteState(r.State), r.At.UTC()
	return v, err
}

type executionRow struct {
	Number    int64 `gorm:"primaryKey;autoIncrement:false"`
	Revision  int
	Digest    string
	StartedAt time.Time
}

func (executionRow) TableName() string { return "change_executions" }

type changeEntryRow struct {
	Number int64 `gorm:"primaryKey;autoIncrement:false"`
	Seq    int   `gorm:"primaryKey;autoIncrement:false"`
	At     time.Time
	Person *string
	Kind   string
	Text   string
	Agent  string
}

func (changeEntryRow) TableName() string { return "change_entries" }

func (r changeEntryRow) entry() change.Entry {
	return change.Entry{
		Seq: r.Seq, At: r.At.UTC(), By: database.Somebody(r.Person), Kind: change.EntryKind(r.Kind), Text: r.Text,
		Agent: r.Agent,
	}
}

type grantRow struct {
	ID       string `gorm:"primaryKey"`
	Number   int64
	Revision int
	Digest   string
	Env      string
	Service  string
	UseN     int
	Artifact string
	Run      string
	Person   string
	At       time.Time
}

func (grantRow) TableName() string { return "change_grants" }

func newGrantRow(number int64, g change.Grant) *grantRow {
	return &grantRow{
		g.ID, number, g.Revision, g.Digest, g.Env, g.Service, g.Use, g.Artifact, g.Run, string(g.Person), g.At,
	}
}

func (r grantRow) grant() change.Grant {
	return change.Grant{
		ID: r.ID, Revision: r.Revision, Digest: r.Digest, Env: r.Env, Service: r.Service, Use: r.UseN, Artifact: r.Artifact,
		Run: r.Run, Person: bot.PersonID(r.Person), At: r.At.UTC(),
	}
}

type freezeRow struct {
	ID      string `gorm:"primaryKey"`
	Data    string
	FromAt  time.Time
	ToAt    time.Time
	EndedAt *time.Time
}

func (freezeRow) TableName() string { return "change_freezes" }

// freezeData is what of an added freeze has no column. Added ones are single intervals.
type freezeData struct {
	Hard      bool          `json:"hard"`
	Scope     policy.Scope  `json:"scope"`
	Allow     []policy.Type `json:"allow,omitempty"`
	Exempt    *policy.Stage `json:"exempt,omitempty"`
	Reason    string        `json:"reason"`
	Owner     bot.PersonID  `json:"owner"`
	Added     time.Time     `json:"added"`
	EndedBy   bot.PersonID  `json:"ended_by,omitempty"`
	EndReason string        `json:"end_reason,omitempty"`
	Zone      string        `json:"zone"`
}

func newFreezeRow(f policy.Freeze) (*freezeRow, error) {
	data, err := json.Marshal(freezeData{
		f.Hard, f.Scope, f.Allow, f.Exempt, f.Reason, f.Owner, f.Added, f.EndedBy, f.EndReason, f.Span.Zone.String(),
	})
	return &freezeRow{f.ID, string(data), f.Span.From, f.Span.To, database.OrNull(f.Ended)}, err
}

func (r freezeRow) freeze() (policy.Freeze, error) {
	var d freezeData
	err := json.Unmarshal([]byte(r.Data), &d)
	zone, zoneErr := time.LoadLocation(d.Zone)
	if zoneErr != nil {
		zone = time.UTC
	}
	return policy.Freeze{
		ID: r.ID, Hard: d.Hard, Scope: d.Scope, Allow: d.Allow, Exempt: d.Exempt, Reason: d.Reason, Owner: d.Owner,
		Added: d.Added, EndedBy: d.EndedBy, EndReason: d.EndReason,
		Span: policy.Span{From: r.FromAt.UTC(), To: r.ToAt.UTC(), Zone: zone, Wide: true}, Ended: database.OrZero(r.EndedAt),
	}, err
}

type delegationRow struct {
	ID    string `gorm:"primaryKey"`
	Giver string
	Taker string
	Since time.Time
	Until time.Time
	Scope string
}

func (delegationRow) TableName() string { return "change_delegations" }

func (r delegationRow) delegation() change.Delegation {
	return change.Delegation{
		From: bot.PersonID(r.Giver), To: bot.PersonID(r.Taker), Since: r.Since.UTC(), Until: r.Until.UTC(), Scope: r.Scope,
	}
}

type templateRow struct {
	Digest string `gorm:"primaryKey"`
	Person string `gorm:"primaryKey"`
	Name   string
	At     time.Time
}

func (templateRow) TableName() string { return "change_templates" }

type deploymentRow struct {
	ID       string `gorm:"primaryKey"`
	Service  string
	Env      string
	Artifact string
	Change   string
	Person   string
	At       time.Time
	Note     string
}

func (deploymentRow) TableName() string { return "deployments" }

type membersRow struct {
	Name    string `gorm:"primaryKey"`
	Members string
	At      time.Time
}

func (membersRow) TableName() string { return "group_members" }
