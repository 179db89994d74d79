package storage_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	kernel "github.com/watchbell/watchbell/commands/register/record"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// The log binds all that there is of a record: its row, the links from it and its history.
func TestTheLogBindsTheRecordsOfRegisters(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		s := storagetest.WithPeople(t, url, "test")
		for range 3 {
			addContract(t, s, nil)
		}
		addRecord(t, s, "vendor", func(int64) kernel.Change {
			return changeOf(vendor())
		})
		editRecord(t, s, "CTR-2", func(c *kernel.Change) {
			c.Row.Name = "Renamed"
			c.Linked = []kernel.Link{{From: "CTR-2", Name: "covers", To: "db"}}
			c.History = []kernel.Entry{{At: bottest.Start, What: "name", Was: "Contract 2", Is: "Renamed"}}
		})
		if v, err := s.Verify(t.Context()); err != nil || v.Objects != 4 || v.Unbound != 0 {
			t.Fatalf("%+v %v", v, err)
		}
		const columns = "kind, id, alias, version, name, sort_name, owner, team, seen, readers, state, wakes, added_at, " +
			"changed_at, fields, words, data, trail"
		copied := func(number, from, to string) string { // of the third contract
			return "INSERT INTO records (number, " + columns + ") SELECT " + number + ", " +
				strings.Replace(columns, from, to, 1) + " FROM records WHERE id = 'CTR-3'"
		}
		for _, c := range []struct{ name, do, undo, object string }{
			{
				"a name", "UPDATE records SET name = 'x' WHERE id = 'CTR-2'",
				"UPDATE records SET name = 'Renamed' WHERE id = 'CTR-2'", "CTR-2",
			},
			{
				"a field", "UPDATE records SET fields = '{}' WHERE id = 'CTR-1'",
				`UPDATE records SET fields = '{"term-end":"2027-01-31","tier":"1"}' WHERE id = 'CTR-1'`, "CTR-1",
			},
			{
				"who may see it", "UPDATE records SET seen = 'all' WHERE id = 'CTR-3'",
				"UPDATE records SET seen = 'restricted' WHERE id = 'CTR-3'", "CTR-3",
			},
			{"a link", "UPDATE record_links SET to_id = 'x'", "UPDATE record_links SET to_id = 'db'", "CTR-2"},
			{
				"a link removed", "DELETE FROM record_links",
				"INSERT INTO record_links (from_id, name, to_id) VALUES ('CTR-2', 'covers', 'db')", "CTR-2",
			},
			{
				"a link added", "INSERT INTO record_links (from_id, name, to_id) VALUES ('CTR-1', 'covers', 'db')",
				"DELETE FROM record_links WHERE from_id = 'CTR-1'", "CTR-1",
			},
			{
				"an entry", "UPDATE record_history SET was = 'x' WHERE record = 'CTR-2' AND version = 2",
				"UPDATE record_history SET was = 'Contract 2' WHERE record = 'CTR-2' AND version = 2", "CTR-2",
			},
			{
				"an entry added",
				"INSERT INTO record_history (record, version, n, kind, at, what, was, became) SELECT record, 1, 2, kind, at, " +
					"what, '', '' FROM record_history WHERE record = 'CTR-3'",
				"DELETE FROM record_history WHERE record = 'CTR-3' AND n = 2", "CTR-3",
			},
			{
				"an entry removed", "DELETE FROM record_history WHERE record = 'CTR-2' AND version = 2",
				"INSERT INTO record_history (record, version, n, kind, at, what, was, became) SELECT record, 2, 1, kind, at, " +
					"'name', 'Contract 2', 'Renamed' FROM record_history WHERE record = 'CTR-2'",
				"CTR-2",
			},
			{
				"a record added", copied("4", "id, alias", "'CTR-4', 'CTR-4'"), "DELETE FROM records WHERE id = 'CTR-4'",
				"contract",
			},
			{
				"a record of a new kind", copied("1", "kind, id, alias", "'risk', 'RSK-1', 'RSK-1'"),
				"DELETE FROM records WHERE id = 'RSK-1'", "risk",
			},
			{
				"a number", "UPDATE records SET number = 9 WHERE id = 'CTR-3'",
				"UPDATE records SET number = 3 WHERE id = 'CTR-3'", "contract 3",
			},
			{"a record removed", "DELETE FROM records WHERE id = 'VEN-1'", "", "vendor 1"},
		} {
			t.Run(c.name, func(t *testing.T) {
				exec := func(sql string) {
					if _, err := s.SQL().Exec(sql); err != nil {
						t.Fatal(err)
					}
				}
				exec(c.do)
				var found *bot.RecordError
				if _, err := s.Verify(t.Context()); !errors.As(err, &found) || found.Object != c.object {
					t.Errorf("found %v, want %s", err, c.object)
				}
				if c.undo == "" {
					return
				}
				exec(c.undo)
				if _, err := s.Verify(t.Context()); err != nil {
					t.Error("as it was:", err)
				}
			})
		}
	})
}
