// Package record is what the registers need of the database: records as rows, with their links and their history, and
// the statements that read and save them. The store knows nothing of what a record says.
package record

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Row is a record as the store keeps it: what statements look at, and the record itself, of which the store knows
// nothing.
type Row struct {
	Kind    string // the noun of its register
	Number  int64  // from 1 without gaps within the kind
	ID      string // what everything else stores: CTR-7, or the key of a record that has one, like checkout
	Alias   string // CTR-7 in any case
	Version int    // from 1, and one more with each change
	Name    string
	Owner   bot.PersonID // "" is nobody
	Team    string
	Seen    Visibility
	Readers []bot.PersonID // who may see a restricted one beside its owner and team
	State   string         // by the rules of its kind; "" where it has none
	Wakes   value.Day      // when time alone changes it
	// Archived is when it left the lists, zero while it is live.
	Archived time.Time
	Added    time.Time
	Changed  time.Time
	// Values are its fields in a form that compares and sorts as text.
	Values map[string]string
	Words  string // what searches look through, in lower case
	Data   []byte // the record as JSON
}

// Audience is who may see it.
func (r *Row) Audience() bot.Audience {
	switch a := (bot.Audience{}); r.Seen {
	case Team:
		a.Teams = []string{r.Team}
		a.People = someOf(r.Owner)
		return a
	case Restricted:
		a.People = append(someOf(r.Owner), r.Readers...)
		return a
	}
	return bot.Audience{}
}

// someOf never is an empty list: an audience of nobody is everybody.
func someOf(who bot.PersonID) []bot.PersonID {
	if who == "" {
		return []bot.PersonID{"-"} // nobody has this id
	}
	return []bot.PersonID{who}
}

// Entry is a line of a record's history: what one change made of one field, or with Was and Is in words what happened.
type Entry struct {
	Record  string // its ID
	Version int    // of the record after it
	N       int    // counts the entries of one version from 1
	At      time.Time
	By      bot.PersonID // "" is Watchbell itself
	What    string       // the name of a field, or of what happened
	Was, Is string
	Agent   string // that acted for the person, "" where none did
}

// Happened is an entry with its record, of which only the kind, the name and who may see it are read.
type Happened struct {
	Entry
	Of Row
}

// Link joins two things. It is known at both of them.
type Link struct {
	From string // the ID of a record
	Name string // of the relation, or of the field that names the other thing
	To   string // the ID of a record, or another capability's thing like INC-4
}

// Change is what a decision makes of a record: all of it is saved in one commit, or nothing.
type Change struct {
	Row             Row
	History         []Entry
	Linked, Severed []Link
	Bumps           []string // guards that count up
	Names           []string // it is known by, which nothing else in the same import may be
	Effects         bot.Effects
}

// Query says which records to read, and in which order.
type Query struct {
	Kind     string   // "" is every kind
	Kinds    []string // in place of Kind: one of these
	IDs      []string // those alone, live or not; nil is no limit
	Words    string   // all of which have to be found, in any order
	Owner    bot.PersonID
	Team     string
	State    string
	Orphans  bool              // those that neither a team nor anybody who is active owns
	Where    map[string]string // by field, as Row.Values has it
	Archived bool              // those that are archived, else those that are live
	Wakes    value.Day         // those that time changes on this day or before
	Bare     bool              // rows are without Values, Words and Data
	// Reader sees what they may see; nil is Watchbell itself, which sees all.
	Reader *Reader

	Sort  string // "name" (the default), "number", "changed", or a field; a minus in front turns it round
	After *Key   // nil is from the beginning
	Limit int
}

// Key is where a page ends: the value that it is sorted by, and the kind and number of the record.
type Key struct {
	Value  string
	Kind   string
	Number int64
}

// Reader is somebody who looks at records.
type Reader struct {
	Person bot.PersonID
	Groups []string
	All    bool // restricted ones too
}

// Records keeps records. Package storage implements it.
type Records interface {
	// Add gives the next number of a kind to what make returns, and saves it. make may be called again. ErrTaken: there is
	// a record of that ID.
	Add(ctx context.Context, kind string, make func(number int64) (Change, error)) error
	// Update saves what decide makes of a record as it is; decide may be called again when it moved meanwhile. The record
	// is found by its ID or Alias, in any case. bot.ErrNoSuch: there is none.
	Update(ctx context.Context, id string, decide func(ctx context.Context, now Row) (Change, error)) error
	// Record finds one by its ID or Alias, in any case. bot.ErrNoSuch: there is none.
	Record(ctx context.Context, id string) (Row, error)
	// List reads records in order.
	List(ctx context.Context, q Query) ([]Row, error)
	// Sorted is the key of a row in the order of a query.
	Sorted(q Query, r Row) Key
}

// Web is the links and the history of records.
type Web interface {
	// Links are those from and to a thing.
	Links(ctx context.Context, id string) ([]Link, error)
	// History is what became of a record, the newest first.
	History(ctx context.Context, id string, limit int) ([]Entry, error)
	// Happened are the entries in a period that are called one of the names of their kind, the oldest first.
	Happened(ctx context.Context, names map[string][]string, period value.Span) ([]Happened, error)
	// Guards reads the versions of guards. Read them before what they stand for.
	Guards(ctx context.Context, names ...string) ([]bot.Guard, error)
}

// Store is what the registers need of the database.
type Store interface {
	Records
	Web
	Imports
}

// ErrTaken is what Add returns when the ID of a record is another one's.
var ErrTaken = errors.New("the id is taken")

// Guard counts up when a record is archived or brought back: whoever links to it relies on that.
func Guard(id string) string { return "record:" + id }

// LinksGuard counts up when something is linked to a record: whoever archives it relies on that.
func LinksGuard(id string) string { return "links:" + id }

// Visibility says who may see a record.
type Visibility string

const (
	Everybody  Visibility = "all"
	Team       Visibility = "team"       // its team and its owner
	Restricted Visibility = "restricted" // its owner and those who are named
)

// Linked is a thing at the other end of a link.
type Linked struct {
	Name     string // of the relation, as it reads from this end
	ID       string
	Title    string // "" where it is not known
	Kind     string // the noun of its register, "" for what is in none
	State    string
	Archived bool
	Inward   bool // the link was made at the other end
	Hidden   bool // whoever looks may not see it
	Open     bool // everybody may see it

	// what lists show of it, and what it costs in a year; the shelf of a register alone fills this in
	Says   []string
	Yearly value.Money
	Lost   time.Duration // of an incident
}

// Permissions beside those of the commands.
const (
	Manage      = "ops.manage"     // to change records that others own, and what policies decide by
	SeeEveryone = "ops.restricted" // to see those that are for others only
)

// ReaderOf is somebody as the store asks for them.
func ReaderOf(l bot.Looker) *Reader {
	return &Reader{Person: l.Person.ID, Groups: l.Person.Groups, All: l.May(SeeEveryone)}
}

// Sees reports whether a reader may see a record.
func (r *Reader) Sees(row *Row) bool {
	if r.All || row.Seen == Everybody || row.Seen == "" || r.Person != "" && row.Owner == r.Person {
		return true
	}
	if row.Seen == Team {
		return slices.Contains(r.Groups, row.Team)
	}
	return slices.Contains(row.Readers, r.Person)
}

var (
	idWord  = regexp.MustCompile(`^(?i)[a-z]{2,5}-[1-9][0-9]{0,8}$`)
	keyWord = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$`)
)

// IsID reports whether a word is an id like CTR-7, in any case.
func IsID(s string) bool { return idWord.MatchString(s) }

// IDs is what an id looks like, in front of a line.
func IDs() *regexp.Regexp { return idWord }

// IsKey reports whether a word can be the key of a record, like checkout.
func IsKey(s string) bool { return keyWord.MatchString(s) && !idWord.MatchString(s) }
