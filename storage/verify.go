package storage

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"

	"github.com/watchbell/watchbell/storage/record"

	"gorm.io/gorm"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage/change"
	"github.com/watchbell/watchbell/storage/commit"
	"github.com/watchbell/watchbell/storage/database"
	"github.com/watchbell/watchbell/storage/incident"
	"github.com/watchbell/watchbell/storage/oncall"
	"github.com/watchbell/watchbell/storage/people"
	"github.com/watchbell/watchbell/storage/register"
	"github.com/watchbell/watchbell/storage/report"
)

// Verified is what was found to hold.
type Verified struct {
	Last        bot.Seal // the end of the audit log
	Bare        int64    // how many entries, the oldest, are from before entries told the state of their objects
	Objects     int      // that are as the log says they were left
	Unbound     int      // that nobody has changed since there are digests, so that nothing tells how they were left
	Checkpoints int
}

// Verify reads the whole audit log in order, holds it against all checkpoints and against the entries in known, and
// compares what each object's newest entry says of its state with the rows there are: all as of one moment. It returns
// a *bot.ChainError that names the first entry that does not hold, or a *bot.RecordError that names the first object.
func (s *Store) Verify(ctx context.Context, known ...bot.Seal) (Verified, error) {
	var v Verified
	err := s.db.ReadLong(ctx, database.NoLimit, func(tx *gorm.DB) error {
		seals, err := s.checkpoints(tx)
		if err != nil {
			return err
		}
		v.Checkpoints = len(seals)
		chain := bot.Verifier{Known: append(seals, known...)}
		if v.Last, err = s.verifyLog(ctx, tx, &chain); err != nil {
			return err
		}
		v.Bare = chain.Bare
		return (&recordCheck{tx: tx, found: &v}).all()
	})
	return v, err
}

// VerifyAudit is Verify of the log alone. It returns the last entry.
func (s *Store) VerifyAudit(ctx context.Context, known ...bot.Seal) (last bot.Seal, err error) {
	err = s.db.ReadLong(ctx, database.NoLimit, func(tx *gorm.DB) error {
		last, err = s.verifyLog(ctx, tx, &bot.Verifier{Known: known})
		return err
	})
	return last, err
}

func (s *Store) verifyLog(ctx context.Context, tx *gorm.DB, v *bot.Verifier) (bot.Seal, error) {
	var h commit.HeadRow
	err := tx.Raw("SELECT seq, hash FROM audit_head WHERE id = 1").Scan(&h).Error
	if err == nil {
		err = eachAudit(tx, beforeAll, auditPage, v.Next)
	}
	last := bot.Seal{Seq: v.Count, Hash: v.Head}
	var chain *bot.ChainError
	switch {
	case err == nil:
		return last, v.End(h.Seq, h.Hash)
	case errors.As(err, &chain) || ctx.Err() != nil || s.db.Ping(ctx) != nil:
		return last, err
	}
	// The database answers, so it is the log that cannot be read, which it could when it was written. One by one finds the
	// entry.
	err = eachAudit(s.db.Reader(ctx), v.Count, 1, v.Next)
	if err == nil || errors.As(err, &chain) {
		return last, err
	}
	return last, &bot.ChainError{Seq: v.Count + 1, What: "cannot be read any more: " + err.Error()}
}

// checkpoints are the seals of all checkpoints, each of which this installation has to have signed.
func (s *Store) checkpoints(tx *gorm.DB) ([]bot.Seal, error) {
	var secrets []string
	if err := tx.Raw("SELECT value FROM settings WHERE name = 'secret'").Scan(&secrets).Error; err != nil {
		return nil, database.Error("read secret", err)
	}
	var rows []checkpointRow
	if err := tx.Raw("SELECT * FROM checkpoints ORDER BY seq").Scan(&rows).Error; err != nil || len(rows) == 0 {
		return nil, database.Error("read checkpoints", err)
	}
	var key ed25519.PublicKey
	if len(secrets) > 0 {
		if secret, err := base64.StdEncoding.DecodeString(secrets[0]); err == nil {
			key, _ = bot.SigningKey(secret).Public().(ed25519.PublicKey)
		}
	}
	var seals []bot.Seal
	for _, row := range rows {
		c := row.checkpoint()
		if len(key) == 0 || !c.Signed(key) {
			return nil, &bot.ChainError{Seq: c.Seq, What: "has a checkpoint that this installation did not sign"}
		}
		seals = append(seals, c.Seal)
	}
	return seals, nil
}

// recordCheck compares objects with their newest entries, page by page.
type recordCheck struct {
	tx    *gorm.DB
	found *Verified
}

func (r *recordCheck) all() error {
	for _, objects := range []func(*gorm.DB, record.Check) error{
		incident.Objects, change.Objects, report.Objects, oncall.Objects, people.Objects,
		register.Objects,
	} {
		if err := objects(r.tx, r.compare); err != nil {
			return err
		}
	}
	return nil
}

// compare holds a page of objects against the log.
func (r *recordCheck) compare(page []record.Object) error {
	if len(page) == 0 {
		return nil
	}
	names := make([]string, len(page))
	for i, s := range page {
		names[i] = s.Name
	}
	var rows []struct{ Object, Digest string }
	err := r.tx.Raw(
		"SELECT object, digest FROM audit WHERE object IN ? AND result = 'done' AND digest NOT IN ('', ?) ORDER BY seq",
		names, commit.NoDigest,
	).Scan(&rows).Error
	if err != nil {
		return database.Error("read digests", err)
	}
	newest := map[string]string{}
	for _, row := range rows {
		newest[row.Object] = row.Digest
	}
	for _, s := range page {
		want, bound := newest[s.Name]
		switch {
		case !bound && s.Logged:
			return &bot.RecordError{Object: s.Name, What: "is not as the audit log knows it: it was changed outside of Watchbell"}
		case !bound:
			r.found.Unbound++
			continue
		case s.Fault != "":
			return &bot.RecordError{Object: s.Name, What: s.Fault}
		case s.Digest != want:
			return &bot.RecordError{
				Object: s.Name, What: "is not as the audit log says it was left: it was changed outside of Watchbell",
			}
		}
		r.found.Objects++
	}
	return nil
}
