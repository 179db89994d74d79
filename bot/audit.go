package bot

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Audit is one entry of the audit log: who did, or was refused, what to which thing, how and when. Entries form a hash
// chain: each holds the hash of the one before, so that changing, deleting, inserting or reordering any of them is
// found.
type Audit struct {
	Actor   PersonID `json:"actor,omitzero"`   // "" for the bot itself
	Action  string   `json:"action,omitzero"`  // the command's name, like "incident.resolve"
	Object  string   `json:"object,omitzero"`  // like "INC-42"
	Version int      `json:"version,omitzero"` // of the object after the action
	Result  string   `json:"result,omitzero"`  // ResultDone or ResultDenied
	Detail  string   `json:"detail,omitzero"`  // what changed, or why it was refused
	Source  string   `json:"source,omitzero"`  // the platform and place it came from
	Key     string   `json:"key,omitzero"`     // the action key; stored once, see ErrRepeated
	// of the object's state after the action, "-" of none; "" in entries of before there were any
	Digest string `json:"digest,omitzero"`

	Seq  int64     `json:"seq,omitzero"` // given by the store, from 1 without gaps
	At   time.Time `json:"at,omitzero"`
	Prev string    `json:"prev,omitzero"` // hash of the entry before, hex
	Hash string    `json:"hash,omitzero"`
}

const (
	ResultDone   = "done"
	ResultDenied = "denied"
)

// ChainStart is the hash before the first entry.
var ChainStart = hex.EncodeToString(make([]byte, sha256.Size))

// Seal numbers the entry, ties it to the chain and computes its hash: SHA-256 over a label, the number, the previous
// hash and the SHA-256 of the record in a fixed order of fields. Times count to the microsecond, which both databases
// keep. An entry with a digest is of format 2, in which the digest is a field too.
func (a Audit) Seal(seq int64, prev string) Audit {
	a.Seq, a.Prev = seq, prev
	a.At = a.At.UTC().Truncate(time.Microsecond)
	fields := []any{
		a.At.Format("2006-01-02T15:04:05.000000Z"), string(a.Actor), a.Action, a.Object, a.Version, a.Result, a.Detail,
		a.Source, a.Key,
	}
	format := 1
	if a.Digest != "" {
		fields, format = append(fields, a.Digest), 2
	}
	record, err := json.Marshal(fields)
	if err != nil {
		panic(err) // strings and integers only
	}
	sum := sha256.Sum256(record)
	hash := sha256.Sum256(fmt.Appendf(nil, "watchbell-audit-v%d\n%d\n%s\n%x", format, seq, prev, sum))
	a.Hash = hex.EncodeToString(hash[:])
	return a
}

// ChainError is the first entry at which the audit log is not as it was written.
type ChainError struct {
	Seq  int64
	What string
}

// RecordError is the first object whose rows are not what the audit log says they were left as.
type RecordError struct {
	Object string
	What   string
}

func (e *RecordError) Error() string { return e.Object + " " + e.What }

func (e *ChainError) Error() string { return fmt.Sprintf("audit entry %d: %s", e.Seq, e.What) }

// Seal is the number and the hash of an entry. Written down elsewhere, it proves later that the log up to there is
// still the same.
type Seal struct {
	Seq  int64
	Hash string
}

// String writes a seal as ParseSeal reads it, like "42:9f3c…".
func (s Seal) String() string { return fmt.Sprintf("%d:%s", s.Seq, s.Hash) }

// Short is String with the first 16 digits of the hash only, which is enough to find any log that was written anew.
func (s Seal) Short() string { return fmt.Sprintf("%d:%.*s", s.Seq, shortHash, s.Hash) }

const shortHash = 16

// ParseSeal reads what String and Short write.
func ParseSeal(raw string) (Seal, error) {
	number, hash, _ := strings.Cut(strings.TrimSpace(raw), ":")
	seq, err := strconv.ParseInt(number, 10, 64)
	sum, hexErr := hex.DecodeString(hash)
	if err != nil || hexErr != nil || seq < 1 || len(hash) < shortHash || len(sum) > sha256.Size {
		return Seal{}, Errorf(
			Invalid, "%q is no seal. Write what audit verify printed: the number of an entry and its hash, like 42:9f3c…",
			Shown(raw),
		)
	}
	return Seal{seq, strings.ToLower(hash)}, nil
}

// Verifier checks entries one after the other in the order of their numbers.
type Verifier struct {
	Known []Seal // entries that have to be in the log, in any order
	Count int64
	Head  string
	Bare  int64 // entries that hold no digest, from before there were any
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
	case !v.known(a):
		return &ChainError{a.Seq, "is not the one that was known: the log was written anew from here or before"}
	case a.Digest == "" && v.Bare < v.Count:
		return &ChainError{a.Seq, "holds no digest, although an earlier one does"}
	case sealed.Hash != a.Hash:
		return &ChainError{a.Seq, "was changed: its hash does not match its content"}
	}
	v.Count, v.Head = a.Seq, a.Hash
	if a.Digest == "" {
		v.Bare = a.Seq
	}
	return nil
}

// known reports whether an entry is the one that is known of its number, if any is.
func (v *Verifier) known(a Audit) bool {
	return !slices.ContainsFunc(v.Known, func(s Seal) bool { return s.Seq == a.Seq && !strings.HasPrefix(a.Hash, s.Hash) })
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
	case v.Count == 0 && hash != ChainStart:
		return &ChainError{1, "is missing: the log is empty, but it had a last entry"}
	case v.Head != hash:
		return &ChainError{v.Count, "is not the last entry that was written"}
	}
	for _, s := range v.Known {
		if v.Count < s.Seq {
			return &ChainError{v.Count + 1, fmt.Sprintf("is missing: entry %d was known, and the log ends before it", s.Seq)}
		}
	}
	return nil
}

// Effects are saved with a changed state, or not at all.
type Effects struct {
	Audit  Audit  // required: an update without an audit entry is refused
	Jobs   []Job  // run after the commit, at least once
	Answer Reply  // what the person is told; a repeated delivery of the same action gets the same words
	Digest string // of the request, for the answer when it is given again
	// Dues are those that differ from before. Each replaces the one of the same thing and name; one without a date is
	// settled.
	Dues []Due
	// Relies are versions of what the decision was made on beside the thing itself. When one has moved by the time of the
	// commit nothing is saved.
	Relies []Guard
}

// Guard names something that several things depend on, with the version it had when it was read: who may do what, say.
// 0 is what was never changed.
type Guard struct {
	Name    string
	Version int64
}
