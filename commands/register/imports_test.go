package register_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/record"
	"github.com/watchbell/watchbell/storage/storagetest"
)

func TestAFileIsTriedAppliedAndTakenBack(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.Do("mia", "/ops depot add North")
		w.Do("mia", "/ops gadget add Lamp maker=Acme ends=2027-03-01 depot=north")
		before := w.export("mia", "gadget")
		w.Clock.Move(60e9)

		trial := w.Done(w.try(
			"mia", "gadget", "key,name,maker,depot,ends,notes", "GDG-1,Lamp,Beam,,2027-04-01,",
			",Chair,Acme,NORTH,2027-05-01,'=1",
			",Table,,,,",
		))
		w.Contains(
			bottest.Text(trial), "2 to add, 1 to change, 0 unchanged", "Nothing has been changed", "maker: Acme → Beam",
			"depot: north → none", "Chair: new",
		)
		if now := w.export("mia", "gadget"); now != before {
			t.Fatalf("the trial changed something:\n%s", now)
		}
		id := w.Done(w.applies("mia", trial)).Object
		if id != "IMP-1" {
			t.Errorf("it is %q", id)
		}
		w.Contains(
			w.export("mia", "gadget"), "key,name,", "GDG-1,Lamp,,,,mia,,Beam,", "GDG-2,Chair,,north,,mia,'=1,Acme,",
			",north,", "GDG-3,Table,",
		)
		w.Contains(bottest.Text(w.Do("mia", "/ops history GDG-1")), "maker: Acme → Beam")
		w.Contains(bottest.Text(w.Do("mia", "/ops history GDG-2")), "name: Chair")
		w.Contains(bottest.Text(w.Do("mia", "/ops show north")), "GDG-2")
		w.Do("mia", "/ops gadget add Fourth")
		w.Do("mia", "/ops gadget edit GDG-3 maker=Oak")
		w.verify()

		w.Refused("mia", "/ops undo IMP-1", "GDG-3 was changed since, so IMP-1 cannot be undone")
	})
}

func TestUndoBringsBackEachByte(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.imports("depot", "key,name,near", "north,North,south", "south,South,north")
		w.imports(
			"gadget", "key,name,maker,depot,ends,tags", ",Lamp,Acme,north,2027-03-01,\"a,b\"", ",Chair,Acme,south,,", ",Old,,,,",
		)
		w.Do("mia", "/ops gadget archive GDG-3")
		rows := func() []record.Row {
			list, err := w.Store.Registers().List(t.Context(), record.Query{IDs: []string{"GDG-1", "GDG-2", "GDG-3", "north"}})
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		dues := func() string {
			list, err := w.Store.DuesUntil(t.Context(), value.Day{Year: 2100, Month: 1, Day: 1}, 100)
			if err != nil {
				t.Fatal(err)
			}
			var all []string
			for _, d := range list {
				all = append(all, d.Object+" "+d.What+" "+d.On.String()+" "+d.Name)
			}
			slices.Sort(all)
			return strings.Join(all, "\n")
		}
		before, was, due := rows(), w.export("mia", "gadget"), dues()
		w.Clock.Move(60e9)
		id := w.imports(
			"gadget", "key,name,maker,depot,ends,tags", "GDG-1,Lamp 2,Beam,south,2028-03-01,c", "GDG-2,Chair,Acme,south,,",
			"GDG-3,Old,Back,north,2027-01-01,", ",New,Acme,north,2027-09-09,",
		)
		w.Contains(dues(), "GDG-4 end 2027-09-09", "GDG-1 end 2028-03-01 GDG-1 Lamp 2", "GDG-3 end 2027-01-01")
		w.verify()
		w.Clock.Move(60e9)
		w.Refused("ben", "/ops undo "+id, "ops.undo needs one of the roles")
		undone := w.Do("mia", "/ops undo "+id)
		w.Contains(bottest.Text(undone), "IMP-3 undone: 3 gadgets as before")
		w.verify()
		after := rows()
		for i := range before {
			b, a := before[i], after[i]
			if b.ID != "GDG-2" && b.ID != "north" {
				b.Version += 2
				if b.Changed = a.Changed; !a.Changed.Equal(w.Clock.Now()) {
					t.Errorf("%s changed at %s", a.ID, a.Changed)
				}
			}
			if !equalRows(a, b) {
				t.Errorf("%s\nis  %+v %s\nwas %+v %s", b.ID, a, a.Data, b, b.Data)
			}
		}
		if now := w.export("mia", "gadget"); now != was {
			t.Errorf("%s\nwas\n%s", now, was)
		}
		if now := dues(); now != due {
			t.Errorf("due %s\nwas %s", now, due)
		}
		links, err := w.Store.Registers().Links(t.Context(), "GDG-1")
		if err != nil || len(links) != 1 || links[0].To != "north" {
			t.Errorf("%v %v", links, err)
		}
		w.Refused("mia", "/ops undo "+id, id+" was undone already, by IMP-4")
		w.Contains(bottest.Text(w.Do("mia", "/ops history GDG-1")), "undo: IMP-3", "maker: Beam → Acme")

		w.Do("mia", "/ops undo IMP-4") // an undo is an import
		w.Contains(w.export("mia", "gadget"), "GDG-1,Lamp 2,,south,,mia,,Beam", "GDG-4,New")
		w.verify()
	})
}

func equalRows(a, b record.Row) bool {
	return a.Number == b.Number && a.Version == b.Version && a.Name == b.Name && a.Owner == b.Owner && a.Seen == b.Seen &&
		a.State == b.State && a.Words == b.Words && string(a.Data) == string(b.Data) && len(a.Values) == len(b.Values) &&
		a.Archived.Equal(b.Archived) && a.Added.Equal(b.Added) && a.Changed.Equal(b.Changed)
}

// What came between the trial and the button is never written over.
func TestATrialThatIsOldIsNotApplied(t *testing.T) {
	change := "GDG-1,Lamp,Beam,north"
	for name, c := range map[string]struct {
		line    string
		between func(w *world)
		says    string
	}{
		"a record was changed": {
			change, func(w *world) { w.Do("ana", "/ops gadget edit GDG-1 notes=x") }, "GDG-1 was changed since it was tried",
		},
		"somebody added one": {
			",Chair,,", func(w *world) { w.Do("ana", "/ops gadget add Other") }, "were changed since it was tried",
		},
		"what it links to was archived": {
			change, func(w *world) { w.Do("mia", "/ops depot archive north") }, "were changed since it was tried",
		},
		"a day passed": {change, func(w *world) { w.Clock.Move(tomorrow) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			storagetest.Each(t, func(t *testing.T, url string) {
				w := newWorld(t, url)
				w.Do("ana", "/ops depot add North")
				w.Do("ana", "/ops gadget add Lamp")
				trial := w.Done(w.try("mia", "gadget", "key,name,maker,depot", c.line))
				c.between(w)
				before := w.export("mia", "gadget")
				refused := w.applies("mia", trial)
				if refused.Status == bot.Done {
					t.Fatalf("it was applied: %s", bottest.Text(refused))
				}
				w.Contains(bottest.Text(refused), c.says)
				if now := w.export("mia", "gadget"); now != before {
					t.Errorf("something was changed:\n%s", now)
				}
				w.verify()
			})
		})
	}
}

// What was changed beside Watchbell is found, in what an import left and in what it keeps.
func TestVerificationHoldsRecordsToTheirImports(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.imports("depot", "key,name", "north,North")
		w.imports("gadget", "key,name,maker,depot", ",Lamp,Acme,north", ",Chair,Acme,")
		w.Do("mia", "/ops gadget edit GDG-2 notes=x")
		w.verify()
		for name, c := range map[string][2]string{
			"a record": {
				"UPDATE records SET name = 'Lump' WHERE id = 'GDG-1'",
				"UPDATE records SET name = 'Lamp' WHERE id = 'GDG-1'",
			},
			"one changed since": {
				"UPDATE records SET team = 'x' WHERE id = 'GDG-2'",
				"UPDATE records SET team = '' WHERE id = 'GDG-2'",
			},
			"when it was": {
				"UPDATE records SET changed_at = '2026-01-01 00:00:00+00:00' WHERE id = 'GDG-1'",
				"UPDATE records SET changed_at = (SELECT applied_at FROM imports " +
					"WHERE number = 2) WHERE id = 'GDG-1'",
			},
			"its history": {
				"UPDATE import_rows SET history = replace(history, 'Acme', 'Acne') WHERE id = 'GDG-1'",
				"UPDATE import_rows SET history = replace(history, 'Acne', 'Acme') WHERE id = 'GDG-1'",
			},
			"what came before": {
				"UPDATE import_rows SET before = '{}' WHERE id = 'GDG-2'",
				"UPDATE import_rows SET before = '' WHERE id = 'GDG-2'",
			},
			"who it was said of": {
				"UPDATE records SET import_id = 0 WHERE id = 'GDG-1'",
				"UPDATE records SET import_id = 2 WHERE id = 'GDG-1'",
			},
			"by a new version": {
				"UPDATE records SET import_id = 0, version = 2 WHERE id = 'GDG-1'",
				"UPDATE records SET import_id = 2, version = 1 WHERE id = 'GDG-1'",
			},
			"a link": {
				"DELETE FROM record_links WHERE from_id = 'GDG-1'",
				"INSERT INTO record_links (from_id, name, to_id) VALUES ('GDG-1', 'depot', 'north')",
			},
			"an import": {
				"UPDATE imports SET applied_at = NULL WHERE number = 2",
				"UPDATE imports SET applied_at = (SELECT changed_at FROM records " +
					"WHERE id = 'GDG-1') WHERE number = 2",
			},
		} {
			w.Run(name, func(t *testing.T) {
				if _, err := w.Store.SQL().Exec(c[0]); err != nil {
					t.Fatal(err)
				}
				if _, err := w.Store.Verify(t.Context()); err == nil {
					t.Error("it was not found")
				}
				if _, err := w.Store.SQL().Exec(c[1]); err != nil {
					t.Fatal(err)
				}
				w.verify()
			})
		}
	})
}

func TestOnlyWhoeverTriedItAppliesIt(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		trial := w.Done(w.try("mia", "gadget", "key,name", ",Lamp"))
		w.Contains(bottest.Text(w.Send("ana", bot.Request{Text: "/ops apply IMP-1"})), "@mia tried IMP-1")
		w.Refused("ben", "/ops apply IMP-1", "needs one of the roles")
		w.Refused("mia", "/ops undo IMP-1", "tried and not applied")
		w.Done(w.applies("mia", trial))
		w.Refused("mia", "/ops apply IMP-1", "applied already")
		w.Refused("mia", "/ops undo IMP-9", "There is no import IMP-9")
		if r := w.try("ben", "gadget", "key,name", ",Lamp"); r.Status == bot.Done {
			t.Errorf("ben imports: %s", bottest.Text(r))
		}
	})
}

// Each row is held to what a command is held to, and one that is wrong keeps all out.
func TestWhatIsWrongInAFile(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.Do("mia", "/ops depot add North")
		w.Do("mia", "/ops depot add Gone")
		w.Do("mia", "/ops depot archive gone")
		w.Do("mia", "/ops gadget add Lamp visible=restricted")
		w.Do("mia", "/ops gadget add Chair")
		header := "key,name,maker,seats,ends,cost,lead,group,depot,spares,notes,tier,visible"
		for name, c := range map[string]struct{ line, says string }{
			"a number":                {",A,Acme,many,,,,,,,,,", `Line 3: seats: "many" is not a number from 1 to 999.`},
			"a day":                   {",A,,,1.3.2027,,,,,,,,", `Line 3: ends: "1.3.2027" is not a day like 2026-09-22.`},
			"an amount":               {",A,,,,12,,,,,,,", "Line 3: cost: "},
			"two things":              {",A,,0,x,,,,,,,,", "Line 3: ends: "},
			"nobody":                  {",A,,,,,@nobody,,,,,,", "Line 3: Lead: @nobody is not active here."},
			"somebody who left":       {",A,,,,,eve,,,,,,", "@eve is not active here."},
			"no group":                {",A,,,,,,moon,,,,,", "Line 3: group: nobody is in a group moon."},
			"no record":               {",A,,,,,,,west,,,,", "Line 3: depot: there is no west."},
			"a record of another one": {",A,,,,,,,,GDG-2,,,", "Line 3: spares: GDG-2 is a gadget. Name a depot."},
			"an archived record":      {",A,,,,,,,gone,,,,", "gone is archived"},
			"a secret":                {",A,,,,,,,,,password: hunter22,,", "looks as if it held a password"},
			"a guarded field":         {",A,,,,,,,,,,1,", "Tier: only managers set it."},
			"a rule of the kind":      {",A,,5,,,,,,,,,", "Line 3: Maker: say who made it"},
			"no name":                 {",,Acme,,,,,,,,,,", "Line 3: Name: this is missing."},
			"no such key":             {"GDG-9,A,,,,,,,,,,,", "There is no gadget GDG-9. Leave the key empty to add one."},
			"one that is hidden":      {"GDG-1,A,,,,,,,,,,,", "Line 3: There is no gadget GDG-1."},
			"one of somebody else":    {"GDG-2,B,,,,,,,,,,,", "Only the owner of GDG-2, its team and managers may change it."},
			"a team that is missing":  {",A,,,,,,,,,,,team", "Line 3: Team: say which team may see it"},
			"ragged":                  {",A,Acme", "Line 3: It has another number of cells than the 13 columns"},
		} {
			w.Run(name, func(t *testing.T) {
				r := w.try("ana", "gadget", header, ",Good,Acme,,,,,,north,,,,", c.line)
				w.Contains(bottest.Text(r), c.says, "with errors")
				if r.Message == nil || bottest.ActionOf(r.Message, "Apply").Label != "" {
					t.Error("it can be applied")
				}
			})
		}
		says := func(r bot.Reply, parts ...string) { w.Contains(bottest.Text(r), parts...) }
		says(
			w.try("ana", "gadget", header, ",A,,x,y,,,,,,,,", ",B,,1,,,,,,,,,"), "Line 2: seats", "Line 2: ends",
			"Line 3: Maker", "2 lines with errors",
		)
		says(w.try("mia", "gadget", "key,name", "GDG-1,A", "gdg-1,B"), "Line 3: GDG-1 is in line 2 already.")
		says(w.try("mia", "depot", "key,name", ",East", "east,East"), "Line 3: east is in line 2 already.")
		says(w.try("mia", "depot", "key,name", ",North"), "There is a depot called north already.")
		if n := strings.Count(w.export("mia", "gadget"), "\n"); n != 3 {
			t.Errorf("%d lines", n)
		}
		if r := w.try("mia", "gadget", "key,name,colour", ",A,b"); r.Status == bot.Done {
			t.Error(bottest.Text(r))
		}
	})
}

// What an import makes happen is counted by reports when it is applied, not when it is tried.
func TestReportsCountWhatAnImportMadeHappen(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		trial := w.Done(w.try("mia", "gadget", "key,name,maker,seats", ",Lamp,Acme,999", ",Chair,Acme,1"))
		happened := func() []record.Happened {
			period := value.Span{From: w.Clock.Now().Add(-time.Minute), To: w.Clock.Now().Add(time.Minute)}
			list, err := w.Store.Registers().Happened(
				t.Context(), map[string][]string{"gadget": {"full", "name"}}, period,
			)
			if err != nil {
				t.Fatal(err)
			}
			return slices.DeleteFunc(list, func(h record.Happened) bool { return h.What == "name" })
		}
		if list := happened(); len(list) > 0 {
			t.Errorf("before it is applied: %+v", list)
		}
		w.Clock.Move(time.Hour)
		w.Done(w.applies("mia", trial))
		list := happened()
		if len(list) != 1 || list[0].Record != "GDG-1" || !list[0].At.Equal(w.Clock.Now()) || list[0].By != "mia" {
			t.Errorf("%+v", list)
		}
	})
}

func TestRecordsOfOneFileNameEachOther(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.imports("depot", "key,name,near", ",East,west", "West,West,east")
		w.Contains(w.export("mia", "depot"), "east,East,mia,,west,", "west,West,mia,,east,")
	})
}

// The file holds what somebody may see, as a list does, and comes to them alone.
func TestAFileComesAsADirectMessage(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.Do("mia", "/ops gadget add Lamp maker=Acme")
		w.Do("mia", "/ops gadget add Secret visible=restricted")
		w.Do("ben", "/ops gadget add Chair")
		w.Contains(bottest.Text(w.Do("ana", "/ops gadget export")), "gadgets.csv comes to you as a direct message")
		told := w.Chat.In("@ana")
		if len(told) != 1 || told[0].Message.Attachment.Name != "gadgets.csv" {
			t.Errorf("%+v", told)
		}
		if all := w.export("ana", "gadget"); strings.Contains(all, "Secret") || !strings.Contains(all, "Chair") {
			t.Error(all)
		}
		mine := w.Done(w.Send("ben", bot.Request{Text: "/ops gadget export mine", Scopes: []string{"*"}}))
		if all := string(mine.Data); strings.Contains(all, "Lamp") || !strings.Contains(all, "Chair") {
			t.Error(all)
		}
	})
}
