package record

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Import is what a file makes of records of one kind. It is staged, which nobody sees, and then applied as a whole.
type Import struct {
	Number           int64 // from 1, of all kinds
	Kind             string
	By               bot.PersonID
	At               time.Time // when it was staged
	File             string    // its name
	Sum              string    // the SHA-256 of its bytes
	Created, Changed int
	Undoes           int64       // the import that it takes back, 0 for a file
	Relies           []bot.Guard // as they were when it was compared
	Bumps            []string
	Jobs             []bot.Job // run after it is applied
	Digest           string    // of the list of differences, filled in by the store
	Applied          time.Time // zero while it is only staged
	Undone           int64     // the import that took it back
}

// ImportPrefix is that of the ids of imports.
const ImportPrefix = "IMP"

// ID is how people name it.
func (i *Import) ID() string { return ImportID(i.Number) }

// ImportID is the id of an import of that number.
func ImportID(number int64) string { return fmt.Sprintf("%s-%d", ImportPrefix, number) }

// StagedFor is how long an import that was only staged is kept.
const StagedFor = 24 * time.Hour

// Staged is what an import makes of one record. Of its effects only the dues count.
type Staged struct {
	Was    *Row // nil: it is new
	Change Change
	Told   bool // its history has something that reports count
}

// Imports keeps imports.
type Imports interface {
	// Stage keeps an import, and the changes that fill adds in batches. first is the number that the next new record of its
	// kind gets. When fill fails, nothing is kept. What was staged longer than StagedFor ago and not applied is forgotten.
	Stage(
		ctx context.Context, i Import, fill func(first int64, add func([]Staged) error) (Import, error),
	) (Import, error)
	// Import finds one. bot.ErrNoSuch: there is none, or it was forgotten.
	Import(ctx context.Context, number int64) (Import, error)
	// Staged reads the changes of an import in their order: limit of them, without the first so many.
	Staged(ctx context.Context, number int64, without, limit int) ([]Staged, error)
	// Apply makes all of an import visible by one commit, with the effects of whoever applies it. *MovedError: something
	// is no longer as it was compared with, so nothing was applied.
	Apply(ctx context.Context, number int64, e bot.Effects) error
	// Note saves effects alone.
	Note(ctx context.Context, e bot.Effects) error
}

// MovedError says that an import cannot be applied any more.
type MovedError struct {
	Records []string // the first few that changed meanwhile; none: other things did
}

func (e *MovedError) Error() string { return "changed meanwhile: " + strings.Join(e.Records, ", ") }
