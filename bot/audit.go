package bot

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// Audit is one entry of the audit log: who did, or was refused, what to which thing, how and when. Entries form a hash chain: each
// holds the hash of the one before, so that changing, deleting, inserting or reordering any of them is found.
type Audit struct {
	Actor   PersonID // "" for the bot itself
	Action  string   // the command's name, like "incident.resolve"
	Object  string   // like "INC-42"
	Version int      // of the object after the action
	Result  string   // ResultDone or ResultDenied
	Detail  string   // what changed, or why it was refused
	Source  string   // the platform and place it came from
	Key     string   // the action key; stored once, see ErrRepeated

	Seq  int64 // given by the store, from 1 without gaps
	At   time.Time
	Prev string // hash of the entry before, hex
	Hash string
}

const (
	ResultDone   = "done"
	ResultDenied = "denied"
)

// ChainStart is the hash before the first entry.
var ChainStart = hex.EncodeToString(make([]byte, sha256.Size))

// Seal numbers the entry, ties it to the chain and computes its hash: SHA-256 over a label, the number, the previous hash
// and the SHA-256 of the record in a fixed order of fields. Times count to the microsecond, which both databases keep.
func (a Audit) Seal(seq int64, prev string) Audit {
	a.Seq, a.Prev = seq, prev
	a.At = a.At.UTC().Truncate(time.Microsecond)
	record, err := json.Marshal([]any{
		a.At.Format("2006-01-02T15:04:05.000000Z"), string(a.Actor), a.Action, a.Object, a.Version, a.Result, a.Detail, a.Source, a.Key,
	})
	if err != nil {
		panic(err) // strings and integers only
	}
	sum := sha256.Sum256(record)
	hash := sha256.Sum256(fmt.Appendf(nil, "watchbell-audit-v1\n%d\n%s\n%x", seq, prev, sum))
	a.Hash = hex.EncodeToString(hash[:])
	return a
}

// ChainError is the first entry at which the audit log is not as it was written.
type ChainError struct {
	Seq  int64
	What string
}

func (e *ChainError) Error() string { return fmt.Sprintf("audit entry %d: %s", e.Seq, e.What) }

// Verifier checks entries one after the other in the order of their numbers.
type Verifier struct {
	Count int64
	Head  string
}

// Next checks the next entry against the chain so far.
func (v *Verifier) Next(a Audit) error {
	if v.Head == "" {
		v.Head = ChainStart
	}
	want := v.Count + 1
	switch sealed := a.Seal(a.Seq, a.Prev); {
	case a.Seq != want:
		return &ChainError{want, fmt.Sprintf("is missing (the next one found is %d)", a.Seq)}
	case a.Prev != v.Head:
		return &ChainError{a.Seq, "does not follow the entry before it: one of them was replaced, inserted or moved"}
	case sealed.Hash != a.Hash:
		return &ChainError{a.Seq, "was changed: its hash does not match its content"}
	}
	v.Count, v.Head = a.Seq, a.Hash
	return nil
}

// End checks that the chain ends where the store's head says it does.
func (v *Verifier) End(seq int64, hash string) error {
	if v.Head == "" {
		v.Head = ChainStart
	}
	switch {
	case v.Count < seq:
		return &ChainError{v.Count + 1, fmt.Sprintf("is missing (the log had %d entries)", seq)}
	case v.Count > seq:
		return &ChainError{seq + 1, fmt.Sprintf("was added outside Watchbell (the log had %d entries)", seq)}
	case v.Head != hash:
		return &ChainError{v.Count, "is not the last entry that was written"}
	}
	return nil
}

// Effects are saved with a changed state, or not at all.
type Effects struct {
	Audit  Audit // required: an update without an audit entry is refused
	Jobs   []Job // run after the commit, at least once
	Answer Reply // what the person is told; a repeated delivery of the same action gets the same words
}
