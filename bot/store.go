package bot

import (
	"context"
	"time"
)

// Store is what the bot needs of the database. Package storage implements it on PostgreSQL and SQLite.
type Store interface {
	Directory
	Profiles
	Refs
	Outbox
	Queue
	Checkpoints
	Inbox
	Dues
	// Record saves effects by themselves: refusals, and what has no rows beside them.
	Record(ctx context.Context, e Effects) error
	// Ping says whether the database answers.
	Ping(ctx context.Context) error
}

// Directory knows the people.
type Directory interface {
	// Identify finds the person an account belongs to. It may remember them, for the commit of what they do compares
	// Person.AsOf. An unknown account is ErrNoSuch.
	Identify(ctx context.Context, from Account) (Person, error)
	// Answered is the answer that was given to an action key, nil if it is new.
	Answered(ctx context.Context, key string) (*Reply, error)
	// Settle makes an answer to something that changed nothing the one that an action key has for good: no commit with
	// that key succeeds from then on. It returns the answer that the key had already, nil if it had none.
	Settle(ctx context.Context, key string, answer Reply) (*Reply, error)
	// PeopleNamed finds active and inactive people by id, or by full name without regard to case.
	PeopleNamed(ctx context.Context, name string) ([]Person, error)
	// Enroll adds whom a platform knows and the directory does not: a member of the organisation with a configured
	// person's e-mail address is that person, anybody else becomes a new one with these roles. Called twice it returns the
	// person of the first call.
	Enroll(ctx context.Context, p Profile, roles []string, at time.Time) (Person, error)
	// People lists everybody, by id. Like Identify it may remember them.
	People(ctx context.Context) ([]Person, error)
}

// Refs keeps what opaque tokens stand for.
type Refs interface {
	// SaveRefs keeps refs; one that is there already stays.
	SaveRefs(ctx context.Context, refs []Ref) error
	// Ref finds what a token stands for, or ErrNoSuch.
	Ref(ctx context.Context, token string) (Ref, error)
	// Secret is this installation's own random secret, made once with the database.
	Secret(ctx context.Context) ([]byte, error)
	// Forget removes refs that expired, and answers to action keys older than the given time.
	Forget(ctx context.Context, now, answersBefore time.Time) error
}

// Posted remembers a message, or with an empty Ref.ID a channel, that was made for a key.
type Posted struct {
	Key    string // like "incident.card/INC-42/web"
	Object string // the thing it belongs to
	Round  int    // how often it had to be made anew because somebody removed it
	Ref    MessageRef
	Digest string // of the content last shown
}

// Outbox remembers what was posted where.
type Outbox interface {
	// Posted finds what was made for a key, or ErrNoSuch.
	Posted(ctx context.Context, key string) (Posted, error)
	// SavePosted inserts or replaces by key.
	SavePosted(ctx context.Context, p Posted) error
	// ObjectAt finds the thing that a conversation belongs to: its channel, or the message its thread hangs on. ErrNoSuch
	// if none.
	ObjectAt(ctx context.Context, c Conversation) (string, error)
	// ObjectOf finds the thing that a message which we posted is about, by the message's id alone. ErrNoSuch if we did not
	// post it.
	ObjectOf(ctx context.Context, ref MessageRef) (string, error)
	// PostedIn reports whether a message of ours stands in a channel.
	PostedIn(ctx context.Context, c Conversation) (bool, error)
}

// QueueState says how much waits.
type QueueState struct {
	Waiting int           // due and not running
	Running int           //
	Dead    int           // given up, kept for a person to look at
	Oldest  time.Duration // how long the oldest due job has waited
}

// Queue is the table of jobs.
type Queue interface {
	AddJobs(ctx context.Context, jobs []Job) error
	// AddSlot adds the job of a schedule's slot, once however often and by however many instances it is called.
	AddSlot(ctx context.Context, schedule, slot string, job Job) error
	// ClaimJobs takes due jobs, those first that became due first.
	ClaimJobs(ctx context.Context, c Claim) ([]Job, error)
	// NextJob is when the first job that waits becomes due, or the first lease ends, zero when there is none.
	NextJob(ctx context.Context) (time.Time, error)
	// ExtendJobs keeps the lease on jobs that still run.
	ExtendJobs(ctx context.Context, c Claim, ids []int64) error
	// FinishJob records how a job ended and, when next has a limit, claims as ClaimJobs does. It has no effect but
	// ErrLeaseLost when the job's lease passed to somebody else meanwhile. With another error it may have come only so
	// far.
	FinishJob(ctx context.Context, job Job, o Outcome, next Claim) ([]Job, error)
	QueueState(ctx context.Context, now time.Time) (QueueState, error)
	// DeadJobs lists the jobs given up, newest first.
	DeadJobs(ctx context.Context, limit int) ([]Job, error)
	// ReviveJob makes a dead job due again.
	ReviveJob(ctx context.Context, id int64, now time.Time) error
	// Wake sends after commits that added jobs, here or in another instance. It may send too often, never too seldom for
	// long.
	Wake() <-chan struct{}
}

// Clock tells the time. Tests move it by hand.
type Clock interface{ Now() time.Time }

// SystemClock is the machine's clock, in UTC to the microsecond, which is what both databases keep.
type SystemClock struct{}

// Now implements Clock.
func (SystemClock) Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// Metrics is told what happened and how long it took.
type Metrics interface {
	Request(command string, status Status, took time.Duration)
	Job(kind, result string, took time.Duration)
	DeliveryFailed(platform, what string)
}
