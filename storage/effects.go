package storage

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"time"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
)

var backgroundCtx = context.Background() // for reading fields of rows; nothing waits on it

func reflectValue(row any) reflect.Value { return reflect.Indirect(reflect.ValueOf(row)) }

type auditRow struct {
	Seq     int64 `gorm:"primaryKey;autoIncrement:false"`
	At      time.Time
	Actor   string
	Action  string
	Object  string
	Version int64
	Result  string
	Detail  string
	Source  string
	Key     string
	Prev    string
	Hash    string
}

func (auditRow) TableName() string { return "audit" }

func newAuditRow(a bot.Audit) *auditRow {
	return &auditRow{a.Seq, a.At, string(a.Actor), a.Action, a.Object, int64(a.Version), a.Result, a.Detail, a.Source, a.Key, a.Prev, a.Hash}
}

func (r auditRow) audit() bot.Audit {
	return bot.Audit{Seq: r.Seq, At: r.At, Actor: bot.PersonID(r.Actor), Action: r.Action, Object: r.Object, Version: int(r.Version),
		Result: r.Result, Detail: r.Detail, Source: r.Source, Key: r.Key, Prev: r.Prev, Hash: r.Hash}
}

type actionRow struct {
	Key    string `gorm:"primaryKey"`
	Answer string
	At     time.Time
}

func (actionRow) TableName() string { return "actions" }

// head is the end of the audit chain. Its row is locked from here to the commit, so entries, and the jobs committed with
// them, are numbered in the order of the commits.
type head struct {
	Seq  int64
	Hash string
}

type headRow struct {
	ID   int64 `gorm:"primaryKey;autoIncrement:false"`
	Seq  int64
	Hash string
}

func (headRow) TableName() string { return "audit_head" }

func (s *Store) lockHead(tx *gorm.DB) (head, error) {
	var h head
	err := tx.Raw("SELECT seq, hash FROM audit_head WHERE id = 1" + s.dialect.forUpdate()).Scan(&h).Error
	if err == nil && h.Hash == "" {
		err = errors.New("the audit log has no head")
	}
	return h, dbError("lock audit log", err)
}

var errNoAudit = errors.New("a change without an audit entry is not saved")

// save adds the effects to a batch and carries it out. A known action key is bot.ErrRepeated; the transaction is then rolled back.
func (s *Store) save(tx *gorm.DB, b *batch, h head, e bot.Effects) error {
	if e.Audit.Action == "" || e.Audit.At.IsZero() {
		return errNoAudit
	}
	a := e.Audit.Seal(h.Seq+1, h.Hash)
	action := -1
	if a.Key != "" {
		answer, err := json.Marshal(e.Answer)
		if err != nil {
			return dbError("encode answer", err)
		}
		action = b.insert("ON CONFLICT (key) DO NOTHING", &actionRow{a.Key, string(answer), a.At})
	}
	b.insert("", newAuditRow(a))
	b.update(&headRow{1, a.Seq, a.Hash}, "id = 1 AND seq = ?", h.Seq)
	s.addJobs(b, e.Jobs, a.At)
	counts, err := b.run(tx, s.dialect)
	switch {
	case err != nil:
		return err
	case action >= 0 && counts[action] == 0:
		return bot.ErrRepeated
	}
	return nil
}

// Record implements bot.Store.
func (s *Store) Record(ctx context.Context, a bot.Audit) error {
	a.Key = ""
	return s.tx(ctx, func(tx *gorm.DB) (bool, error) {
		h, err := s.lockHead(tx)
		if err != nil {
			return false, err
		}
		return false, s.save(tx, &batch{}, h, bot.Effects{Audit: a})
	})
}

// VerifyAudit reads the whole audit log in order and returns its last entry, or a *bot.ChainError that names the first that does not hold.
// known, unless zero, is an entry that has to be in the log.
func (s *Store) VerifyAudit(ctx context.Context, known bot.Seal) (bot.Seal, error) {
	v := bot.Verifier{Known: known}
	var h head
	err := s.readLong(ctx, noLimit, func(tx *gorm.DB) error {
		if err := tx.Raw("SELECT seq, hash FROM audit_head WHERE id = 1").Scan(&h).Error; err != nil {
			return err
		}
		return eachAudit(tx, beforeAll, auditPage, v.Next)
	})
	last := bot.Seal{Seq: v.Count, Hash: v.Head}
	var chain *bot.ChainError
	switch {
	case err == nil:
		return last, v.End(h.Seq, h.Hash)
	case errors.As(err, &chain) || ctx.Err() != nil || s.Ping(ctx) != nil:
		return last, err
	}
	// The database answers, so it is the log that cannot be read, which it could when it was written. One by one finds the entry.
	err = eachAudit(s.reader(ctx), v.Count, 1, v.Next)
	if err == nil || errors.As(err, &chain) {
		return last, err
	}
	return last, &bot.ChainError{Seq: v.Count + 1, What: "cannot be read any more: " + err.Error()}
}

const (
	auditPage = 5000
	beforeAll = int64(-1 << 62) // numbers below 1 would be found too
)

func eachAudit(tx *gorm.DB, after int64, page int, next func(bot.Audit) error) error {
	for {
		var rows []auditRow
		if err := tx.Raw("SELECT * FROM audit WHERE seq > ? ORDER BY seq LIMIT ?", after, page).Scan(&rows).Error; err != nil {
			return dbError("read audit log", err)
		}
		for _, r := range rows {
			if err := next(r.audit()); err != nil {
				return err
			}
			after = r.Seq
		}
		if len(rows) < page {
			return nil
		}
	}
}

// AuditOf lists the entries about an object, oldest first.
func (s *Store) AuditOf(ctx context.Context, object string) ([]bot.Audit, error) {
	var rows []auditRow
	err := s.reader(ctx).Raw("SELECT * FROM audit WHERE object = ? ORDER BY seq", object).Scan(&rows).Error
	var list []bot.Audit
	for _, r := range rows {
		list = append(list, r.audit())
	}
	return list, dbError("read audit log", err)
}
