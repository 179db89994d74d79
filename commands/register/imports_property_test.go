package register_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// cells makes what people write into the columns of a gadget's file.
var cells = map[string]*rapid.Generator[string]{
	"name":    words(1),
	"maker":   words(1),
	"story":   rapid.Map(rapid.SliceOfN(words(0), 1, 4), func(s []string) string { return strings.Join(s, "\n") }),
	"seats":   rapid.SampledFrom([]string{"", "1", "999"}),
	"months":  rapid.SampledFrom([]string{"", "1", "36"}),
	"ends":    rapid.SampledFrom([]string{"", "2027-02-28", "2028-02-29", "1999-12-31"}),
	"cost":    rapid.SampledFrom([]string{"", "12.50 EUR", "0.01 USD", "1000000 JPY"}),
	"shade":   rapid.SampledFrom([]string{"", "red", "blue"}),
	"live":    rapid.SampledFrom([]string{"", "yes", "no"}),
	"lead":    rapid.SampledFrom([]string{"", "ana", "@ben"}),
	"crew":    rapid.SampledFrom([]string{"", "ana", "ben,@mia,ben"}),
	"group":   rapid.SampledFrom([]string{"", "platform"}),
	"depot":   rapid.SampledFrom([]string{"", "north", "NORTH", "dpt-2"}),
	"spares":  rapid.SampledFrom([]string{"", "north", "south, north"}),
	"tags":    rapid.Map(rapid.SliceOfN(words(0), 0, 4), func(s []string) string { return strings.Join(s, ",") }),
	"page":    rapid.SampledFrom([]string{"", "https://example.com/a?b=c,d"}),
	"tier":    rapid.SampledFrom([]string{"", "1", "4"}),
	"owner":   rapid.SampledFrom([]string{"", "ana", "@mia"}),
	"team":    rapid.SampledFrom([]string{"platform"}),
	"visible": rapid.SampledFrom([]string{"", "all", "team", "restricted"}),
	"readers": rapid.SampledFrom([]string{"", "dan,ben"}),
	"remind":  rapid.SampledFrom([]string{"", "7,30,0", "60"}),
	"notes":   rapid.Map(rapid.SliceOfN(words(0), 1, 4), func(s []string) string { return strings.Join(s, "\r\n") }),
	"extra":   rapid.SampledFrom([]string{"", "po=4711", "b=2,a==1", "x='=y\na=@"}),
}

func words(least int) *rapid.Generator[string] {
	start := rapid.SampledFrom([]string{"", "=", "'=", "-", "@", "＝", `"`, "'", ";"})
	rest := rapid.StringMatching(fmt.Sprintf(`[a-zé日"'=;,@+-]{%d,8}( [a-z,]{1,5})?`, least))
	return rapid.Custom(func(t *rapid.T) string { return start.Draw(t, "start") + rest.Draw(t, "rest") })
}

// To import what was exported changes nothing, whatever the records hold.
func TestWhatIsExportedChangesNothing(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.imports("depot", "key,name", "north,North", "south,South")
		header := []string{"key"}
		for name := range cells {
			header = append(header, name)
		}
		rapid.Check(t, func(t *rapid.T) {
			var file bytes.Buffer
			out := csv.NewWriter(&file)
			_ = out.Write(header)
			for range rapid.IntRange(1, 3).Draw(t, "records") {
				row := []string{""}
				for _, name := range header[1:] {
					row = append(row, cells[name].Draw(t, name))
				}
				_ = out.Write(row)
			}
			out.Flush()
			trial := w.try("mia", "gadget", file.String())
			if done := w.applies("mia", trial); done.Status != bot.Done {
				t.Fatalf("%s", bottest.Text(done))
			}
			exported := w.export("mia", "gadget")
			again := w.try("mia", "gadget", exported)
			said := bottest.Text(again)
			if !strings.Contains(said, "0 to add, 0 to change") || strings.Contains(said, "errors") {
				t.Fatalf("%s\n%s", said, exported)
			}
			if now := w.export("mia", "gadget"); now != exported {
				t.Fatalf("%s\nwas\n%s", now, exported)
			}
		})
		w.verify()
	})
}
