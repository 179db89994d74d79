package change

import (
	"context"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// Store keeps changes. Both changing methods commit the new state, its revision, votes and timeline and the effects
// together or not at all.
type Store interface {
	bot.OwnSource
	// Create gives the next number, without gaps, to the change that decide makes. decide may be called several times, and
	// looks at the same each time.
	Create(ctx context.Context, decide func(number int64, look Look) (*Change, bot.Effects, error)) (*Change, error)
	// Update lets decide alter a change and saves it if nothing that decide has seen has changed meanwhile; otherwise
	// decide is called again. bot.ErrNoSuch: there is none. prepare, unless it is nil, is shown the change once before
	// anybody has to wait for it, so it may take its time; decide may get a newer one.
	Update(
		ctx context.Context, id string, prepare func(c *Change) error, decide func(c *Change, look Look) (bot.Effects, error),
	) (*Change, error)
	Get(ctx context.Context, id string) (*Change, error)
	// List returns changes with their votes, newest first unless the filter says otherwise.
	List(ctx context.Context, f Filter) ([]*Change, error)
	// Timeline returns the entries after a number, in the order they were recorded.
	Timeline(ctx context.Context, id string, after int) ([]Entry, error)
	// Look reads what is around a change without changing anything.
	Look(ctx context.Context, c *Change, near []string, horizon time.Duration) (Around, error)
}

// Look reads what is around a change: nothing that it says can become untrue before the commit. Open incidents are
// those on the services in near, nil for all. Other changes are those of its environment whose windows lie no further
// than horizon from its own and that touch a service of near, or its people or artifacts.
type Look func(c *Change, near []string, horizon time.Duration) (Around, error)

// OnlyBlocks is the horizon of those who want to know whether a change may start, and nothing else: what only makes it
// riskier is not read.
const OnlyBlocks time.Duration = -1

// OnlyPeople is the horizon of those who decide by the change itself and by people, like votes: nothing but delegations
// is read.
const OnlyPeople time.Duration = -2

// Around is what the database knows that matters for a change.
type Around struct {
	Freezes     []policy.Freeze // that were added by command
	Others      []Other         // that are in its way, or next to it
	Open        []OpenIncident
	Delegations []Delegation
	Failures    int
	SameDay     int
	Approvals   map[string][]policy.TemplateApproval // of the change's template, by digest
	Runs        []policy.Run                         // of the change's template, newest first
}

// Filter says which changes to list. Zero fields do not restrict.
type Filter struct {
	States    []State
	Type      policy.Type
	Level     policy.Level
	Env       string
	Service   string
	Requester bot.PersonID // or beneficiary
	Involves  bot.PersonID // named by the record, its content or a vote; some of what is found only mentions them
	From, To  time.Time    // the window, or what was really done, touches this time
	Created   [2]time.Time // from, to
	Touched   [2]time.Time // created or started in [from, to)
	Before    int64        // only smaller numbers: the next page
	After     int64        // only larger numbers, and oldest first
	Limit     int
}

// Ledger keeps what belongs to no single change.
type Ledger interface {
	// AddFreeze gives the freeze that make makes its id, like FRZ-1.
	AddFreeze(ctx context.Context, make func(id string) (policy.Freeze, bot.Effects, error)) (policy.Freeze, error)
	// EndFreeze lets decide end an added freeze. bot.ErrNoSuch: there is none.
	EndFreeze(ctx context.Context, id string, decide func(*policy.Freeze) (bot.Effects, error)) error
	// Freezes lists the added ones that have not ended by then.
	Freezes(ctx context.Context, at time.Time) ([]policy.Freeze, error)
	Delegate(ctx context.Context, d Delegation, e bot.Effects) error
	// Undelegate ends the delegations somebody gave, now, and returns how many.
	Undelegate(ctx context.Context, giver bot.PersonID, at time.Time, e bot.Effects) (int, error)
	// Delegations lists those that hold or will.
	Delegations(ctx context.Context, at time.Time) ([]Delegation, error)
	// ApproveTemplate records somebody's word for a template's digest; a second word of theirs renews it.
	ApproveTemplate(ctx context.Context, name, digest string, a policy.TemplateApproval, e bot.Effects) error
	// Template reads the words for a template, by digest, and its runs.
	Template(ctx context.Context, name string) (map[string][]policy.TemplateApproval, []policy.Run, error)
	// ApprovedBy names a template that somebody gave their word for, "" when there is none.
	ApprovedBy(ctx context.Context, who bot.PersonID) (template string, err error)
	Deployed(ctx context.Context, d Deployment, e bot.Effects) error
	// Deployments lists what was deployed in [from, to), oldest first.
	Deployments(ctx context.Context, from, to time.Time) ([]Deployment, error)
}

// Deployment is what a pipeline says that it did.
type Deployment struct {
	ID       string       `json:"id"`
	Service  string       `json:"service"`
	Env      string       `json:"env"`
	Artifact string       `json:"artifact,omitempty"`
	Change   string       `json:"change,omitempty"` // "" when it names none
	Person   bot.PersonID `json:"person"`
	At       time.Time    `json:"at"`
	Note     string       `json:"note,omitempty"` // what is wrong with it, "" when its change allowed it
}

// Memory keeps what has to survive a restart beside the changes: the policies that were in force, who was last known to
// be in a group, when the bot was last alive.
type Memory interface {
	SavePolicy(ctx context.Context, sha, text string, at time.Time) error
	// Policy is the text of a policy; with "" the one that was accepted last. bot.ErrNoSuch: there is none.
	Policy(ctx context.Context, sha string) (string, error)
	SaveMembers(ctx context.Context, group string, people []bot.PersonID, at time.Time) error
	// Members is who was last known to be in a group. bot.ErrNoSuch: it was never read.
	Members(ctx context.Context, group string) ([]bot.PersonID, time.Time, error)
	// Seen writes down that the bot is alive and returns when it last was; zero the first time.
	Seen(ctx context.Context, at time.Time) (time.Time, error)
}

// History reads what auditors ask for.
type History interface {
	// Revisions lists the contents that changes had, by number, oldest first.
	Revisions(ctx context.Context, numbers []int64) (map[int64][]Revision, error)
	// Entries lists the timelines of changes, by number.
	Entries(ctx context.Context, numbers []int64) (map[int64][]Entry, error)
}
