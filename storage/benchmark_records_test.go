//go:build unix

package storage_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	kernel "github.com/watchbell/watchbell/commands/register/record"
)

// BenchmarkRecords is a page of a register of ten thousand records: x-by-hand compares the median with that of a
// statement that somebody wrote for just this page, and that reads the same rows.
func BenchmarkRecords(b *testing.B) {
	const records = 10_000
	onBoth(b, func(b *testing.B, d *databases) {
		url := d.fresh(b)
		s := store(b, url, bottest.Start)
		fillRecords(b, url, records)
		settle(b, url)
		db := connect(b, url)
		field := "coalesce(fields ->> 'tier', '')"
		if strings.HasPrefix(url, "postgres") {
			field = `coalesce(CAST(fields AS jsonb) ->> 'tier', '') COLLATE "C"`
		}
		mia := &kernel.Reader{Person: "mia", Groups: []string{"data"}}
		const live = "kind = 'contract' AND archived_at IS NULL"
		for _, c := range []struct {
			name string
			q    kernel.Query
			hand string
		}{
			{"first", kernel.Query{}, live + " ORDER BY sort_name, number"},
			{
				"deep", kernel.Query{After: &kernel.Key{Value: "contract 5000", Kind: "contract", Number: 5000}},
				live + " AND (sort_name, number) > ('contract 5000', 5000) ORDER BY sort_name, number",
			},
			{"newest", kernel.Query{Sort: "-number"}, live + " ORDER BY number DESC"},
			{"by field", kernel.Query{Sort: "tier"}, live + " ORDER BY " + field + ", number"},
			{
				"of a field", kernel.Query{Where: map[string]string{"tier": "3"}},
				live + " AND " + field + " = '3' ORDER BY sort_name, number",
			},
			{
				"words", kernel.Query{Words: "77 contract"},
				live + " AND words LIKE '%77%' AND words LIKE '%contract%' ORDER BY sort_name, number",
			},
			{
				"some see", kernel.Query{Reader: mia},
				live + " AND (seen = 'all' OR owner = 'mia' OR seen = 'team' AND team = 'data' OR seen = 'restricted' AND " +
					"readers LIKE '%\"mia\"%') ORDER BY sort_name, number",
			},
		} {
			c.q.Kind, c.q.Limit = "contract", 51
			var byHand, listed int
			hand := p50(b, func() error {
				rows, err := handWritten(db, c.hand+" LIMIT 51")
				byHand = len(rows)
				return err
			})
			b.Run(strings.ReplaceAll(c.name, " ", "-"), func(b *testing.B) {
				list := func(int) error {
					rows, err := s.Registers().List(context.Background(), c.q)
					listed = len(rows)
					return err
				}
				drive(b, 1, 20, list)
				b.ResetTimer()
				l := drive(b, 1, b.N, list)
				if listed != byHand || listed == 0 {
					b.Fatalf("%d records, by hand %d", listed, byHand)
				}
				l.report(b, "pages")
				b.ReportMetric(l.each[len(l.each)/2].Seconds()/hand.Seconds(), "x-by-hand")
			})
		}
	})
}

// p50 is the median time of something.
func p50(b *testing.B, do func() error) time.Duration {
	b.Helper()
	each := make([]time.Duration, 101)
	for n := range 20 + len(each) { // the first are for warming up
		begin := time.Now()
		if err := do(); err != nil {
			b.Fatal(err)
		}
		if n >= 20 {
			each[n-20] = time.Since(begin)
		}
	}
	slices.Sort(each)
	return each[len(each)/2]
}

// handWritten reads records as somebody would without GORM.
func handWritten(db *sql.DB, where string) (list []kernel.Row, err error) {
	rows, err := db.Query("SELECT kind, number, id, alias, version, name, coalesce(owner, ''), team, seen, readers, " +
		"state, archived_at, added_at, changed_at, fields, words, data FROM records WHERE " + where)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var r kernel.Row
		var readers, fields string
		var archived sql.NullTime
		if err := rows.Scan(&r.Kind, &r.Number, &r.ID, &r.Alias, &r.Version, &r.Name, &r.Owner, &r.Team, &r.Seen, &readers,
			&r.State, &archived, &r.Added, &r.Changed, &fields, &r.Words, &r.Data); err != nil {
			return nil, err
		}
		r.Archived = archived.Time
		if err := json.Unmarshal([]byte(fields), &r.Values); err != nil {
			return nil, err
		}
		if readers != "" {
			if err := json.Unmarshal([]byte(readers), &r.Readers); err != nil {
				return nil, err
			}
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

// fillRecords stores contracts as the repository would: a tenth is restricted, a tenth a team's, a tenth archived.
func fillRecords(b *testing.B, url string, n int) {
	b.Helper()
	db, postgres := connect(b, url), strings.HasPrefix(url, "postgres")
	at := bottest.Start.Format("'2006-01-02 15:04:05+00:00'")
	if postgres {
		at += "::timestamptz"
	}
	var values []string
	for k := 1; k <= n; k++ {
		seen := []kernel.Visibility{kernel.Restricted, kernel.Team}
		is, archived := kernel.Everybody, "NULL"
		if k%10 < len(seen) {
			is = seen[k%10]
		}
		if k%10 == 5 {
			archived = at
		}
		values = append(values, fmt.Sprintf(
			`('contract', %d, 'CTR-%[1]d', 'CTR-%[1]d', 1, 'Contract %[1]d', 'contract %[1]d', '%s', 'platform', '%s',
'["ana","ben"]', 'active', '2027-01-31', %s, %s, %[5]s,
'{"tier":"%d","start":"2026-01-01","value":"%[1]d EUR","vendor":"VEN-%[1]d"}',
'ctr-%[1]d contract %[1]d ven-%[1]d', '{"Name":"Contract %[1]d","Vendor":"VEN-%[1]d","Start":"2026-01-01"}', '')`,
			k, []bot.PersonID{"ana", "dan"}[k%2], is, archived, at, k%5,
		))
	}
	for some := range slices.Chunk(values, 500) {
		if _, err := db.Exec("INSERT INTO records (kind, number, id, alias, version, name, sort_name, owner, team, seen, " +
			"readers, state, wakes, archived_at, added_at, changed_at, fields, words, data, trail) VALUES " +
			strings.Join(some, ", ")); err != nil {
			b.Fatal(err)
		}
	}
}
