//go:build unix

package storage_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/engine"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/due"
	"github.com/watchbell/watchbell/commands/register"
	contracts "github.com/watchbell/watchbell/commands/register/contract"
	"github.com/watchbell/watchbell/commands/register/desk"
	vendors "github.com/watchbell/watchbell/commands/register/vendor"
	"github.com/watchbell/watchbell/commands/report/figures"
	"github.com/watchbell/watchbell/storage"
)

// found gives the rows that were found, as far as both ways know them.
type found func() [][]string

// BenchmarkContracts is what people and reports read of ten thousand contracts with their dates: whole requests, from
// the words to the answer, beside statements that somebody wrote for just these rows. The two take turns. x-by-hand is
// the median of the rounds' ratios. Both have to find the same.
func BenchmarkContracts(b *testing.B) {
	onBoth(b, func(b *testing.B, d *databases) {
		x := newContractBench(b, d.fresh(b), 10_000)
		for _, c := range []struct {
			name       string
			ours, hand func() (found, error)
		}{
			{"page", x.page, x.pageByHand},
			{"due", x.due, x.duesByHand(10)},
			{"due-page", x.duePage, x.duesByHand(50)},
			{"digest", x.digest, x.digestByHand},
		} {
			b.Run(c.name, func(b *testing.B) {
				ours, hand := must(b, c.ours)(), must(b, c.hand)()
				if len(ours) < 10 || !slices.EqualFunc(ours, hand, slices.Equal) {
					b.Fatalf("%d rows:\n%v\n%d by hand:\n%v", len(ours), ours, len(hand), hand)
				}
				b.Logf("%d rows", len(ours))
				inTurns(b, c.ours, c.hand)
			})
		}
	})
}

func must(b *testing.B, find func() (found, error)) found {
	b.Helper()
	rows, err := find()
	if err != nil {
		b.Fatal(err)
	}
	return rows
}

// inTurns measures two ways to find the same, call by call in turns, so that whatever else the machine does meets both.
func inTurns(b *testing.B, ours, hand func() (found, error)) {
	const rounds = 7
	timed := func(find func() (found, error)) time.Duration {
		begin := time.Now()
		must(b, find)
		return time.Since(begin)
	}
	for range 20 { // opens connections and prepares statements
		timed(ours)
		timed(hand)
	}
	b.ResetTimer()
	var our, their, ratios []float64
	for range rounds {
		var mine, others []time.Duration
		for range max(1, b.N/rounds) {
			mine, others = append(mine, timed(ours)), append(others, timed(hand))
		}
		slices.Sort(mine)
		slices.Sort(others)
		one, other := mine[len(mine)/2].Seconds(), others[len(others)/2].Seconds()
		our, their, ratios = append(our, one), append(their, other), append(ratios, one/other)
	}
	for _, list := range [][]float64{our, their, ratios} {
		slices.Sort(list)
	}
	b.ReportMetric(1000*our[rounds/2], "p50-ms")
	b.ReportMetric(1000*their[rounds/2], "by-hand-ms")
	b.ReportMetric(ratios[rounds/2], "x-by-hand")
	b.ReportMetric(ratios[0], "x-least")
	b.ReportMetric(ratios[rounds-1], "x-most")
}

type contractBench struct {
	store *storage.Store
	bot   *engine.Bot
	db    *sql.DB
	pg    bool
	now   time.Time
}

// newContractBench has so many contracts, as their register makes them. Their dates are spread over a year. Every tenth
// is hidden from dan, who looks. Twenty were renewed today, and notice was given for twenty others.
func newContractBench(b *testing.B, url string, n int) *contractBench {
	b.Helper()
	clock := bottest.NewClock()
	s := store(b, url, clock.Now())
	x := &contractBench{
		store: s, bot: newBot(s, clock), db: connect(b, url), pg: strings.HasPrefix(url, "postgres"), now: clock.Now(),
	}
	d := desk.New(s.Registers(), desk.Options{People: s.People, Clock: clock})
	for _, c := range []bot.Capability{
		d.Capability(), register.New(d, vendors.Kind), register.New(d, contracts.Kind),
		due.New(s.Reminders(), x.bot, due.Options{People: s.People, Clock: clock}).Capability(),
	} {
		x.bot.Use(c)
	}
	const suppliers = 20
	add := func(many int, shortcut string, args func(k int) map[string]string) {
		var made atomic.Int64
		drive(b, 16, many, func(serial int) error {
			_, err := x.receive(bot.Request{
				Key: key(serial), Shortcut: shortcut, Args: args(int(made.Add(1))), NoForms: true,
			})
			return err
		})
	}
	add(suppliers, "vendor.add", func(k int) map[string]string {
		return map[string]string{"name": fmt.Sprintf("Vendor %d", k)}
	})
	add(n, "contract.add", func(k int) map[string]string {
		args := map[string]string{
			"name": fmt.Sprintf("Contract %05d", k), "vendor": fmt.Sprintf("VEN-%d", k%suppliers+1),
			"start": value.DayOf(x.now).Add(-(k % 365)).String(), "months": "12", "renewal": "auto", "renewal-months": "12",
			"notice": "3 months", "value": fmt.Sprintf("%d EUR", 1000+k), "per": "year",
			"owner": []string{"@ana", "@ben", "@dan"}[k%3],
		}
		if k%10 == 0 {
			args["owner"], args["visible"], args["readers"] = "@ana", "restricted", "@ben"
		}
		return args
	})
	mine := x.mine(b, 40)
	add(20, "contract.renew", func(k int) map[string]string {
		return map[string]string{"contract": mine[k-1], "months": "12"}
	})
	add(20, "contract.notice", func(k int) map[string]string {
		return map[string]string{"contract": mine[19+k], "sent": "today", "proof": "letter"}
	})
	settle(b, url)
	return x
}

// mine are so many contracts that dan may change.
func (x *contractBench) mine(b *testing.B, many int) (ids []string) {
	b.Helper()
	rows, err := x.rows(1, fmt.Sprintf(
		"SELECT id FROM records WHERE kind = 'contract' AND owner = 'dan' ORDER BY number LIMIT %d", many,
	))
	if err != nil || len(rows) < many {
		b.Fatal(len(rows), err)
	}
	return slices.Concat(rows...)
}

// receive carries out a request of dan's.
func (x *contractBench) receive(req bot.Request) (bot.Reply, error) {
	req.From = bot.Account{Platform: "test", User: "dan"}
	r := x.bot.Receive(context.Background(), req)
	if r.Status != bot.Done {
		return r, fmt.Errorf("%+v: %s %+v", req, r.Status, r.Message)
	}
	return r, nil
}

// table asks for a page. Of its rows, some cells are compared.
func (x *contractBench) table(text string, compared ...int) (found, error) {
	r, err := x.receive(bot.Request{Text: text, Paged: true})
	return func() [][]string {
		var list [][]string
		for _, row := range r.Page.Table.Rows {
			line := []string{row.Object}
			for _, k := range compared {
				line = append(line, row.Cells[k].Plain(time.UTC))
			}
			list = append(list, line)
		}
		return list
	}, err
}

func (x *contractBench) page() (found, error)    { return x.table("/ops contract list", 1, 2, 3, 4, 5, 6) }
func (x *contractBench) duePage() (found, error) { return x.table("/ops due", 2) }

// due asks in chat.
func (x *contractBench) due() (found, error) {
	r, err := x.receive(bot.Request{Text: "/ops due"})
	return func() [][]string {
		var list [][]string
		for _, s := range r.Message.Sections {
			id, _, _ := strings.Cut(s.Text[1].Text, " ") // after the icon
			_, text, _ := strings.Cut(s.Text[2].Text, ": ")
			text, _, _ = strings.Cut(text, " –")
			list = append(list, []string{id, text})
		}
		return list
	}, err
}

// digest reads the facts of a daily digest, which looks back for thirty days.
func (x *contractBench) digest() (found, error) {
	since := x.now.AddDate(0, 0, -30)
	f, err := x.store.Reports().Facts(
		context.Background(), since, x.now, func(ctx context.Context, f *figures.Facts) (err error) {
			f.Happened, err = x.bot.Happened(ctx, value.Span{From: since, To: x.now.Add(time.Second)})
			return err
		},
	)
	return func() [][]string {
		var list [][]string
		for _, d := range f.Dues {
			list = append(list, []string{d.Object, d.Text, string(d.Owner)})
		}
		for _, h := range f.Happened {
			list = append(list, []string{h.Object, h.Text})
		}
		return list
	}, err
}

func (x *contractBench) pageByHand() (found, error) {
	data, id := "r.data", "r.id"
	if x.pg {
		id = `r.id COLLATE "default"` // as the index of dues has it
		data = "CAST(r.data AS jsonb)"
	}
	rows, err := x.rows(8, `SELECT r.id, r.name, coalesce(`+data+` ->> 'Vendor', ''), coalesce(`+data+` ->> 'Value', ''),
  coalesce(`+data+` ->> 'Per', ''), coalesce(p.name, ''), r.state,
  coalesce((SELECT min(day) FROM dues WHERE object = `+id+`), '')
FROM (SELECT * FROM records WHERE kind = 'contract' AND archived_at IS NULL AND
  (seen = 'all' OR owner = 'dan' OR seen = 'restricted' AND readers LIKE '%"dan"%')
  ORDER BY sort_name, number LIMIT 51) r
LEFT JOIN people p ON p.id = r.owner ORDER BY r.sort_name, r.number`)
	return func() [][]string {
		var list [][]string
		for _, r := range rows[:min(50, len(rows))] {
			next, _ := value.ParseDate(r[7])
			price, _ := value.ParseMoney(r[3], value.NotNegative)
			list = append(list, []string{
				r[0], r[1], r[2], price.String() + " a " + r[4], "@" + r[5], r[6], next.Long(),
			})
		}
		return list
	}, err
}

// duesByHand lists so many, and one more to know whether there are more.
func (x *contractBench) duesByHand(size int) func() (found, error) {
	return func() (found, error) {
		rows, err := x.rows(7, fmt.Sprintf(
			`SELECT d.object, d.what, d.name, d.day, d.text, coalesce(p.name, ''), d.team
FROM dues d LEFT JOIN people p ON p.id = d.owner
WHERE d.day <= '%s' AND (d.audience = '{}' OR d.owner = 'dan' OR d.lead = 'dan' OR d.audience LIKE '%%"dan"%%')
ORDER BY d.day, d.object, d.what LIMIT %d`, value.DayOf(x.now).Add(30), size+1,
		))
		return func() [][]string {
			var list [][]string
			for _, r := range rows[:min(size, len(rows))] {
				list = append(list, []string{r[0], r[4]})
			}
			return list
		}, err
	}
}

func (x *contractBench) digestByHand() (found, error) {
	dues, err := x.rows(7, fmt.Sprintf(
		"SELECT object, what, name, day, text, coalesce(owner, ''), done FROM dues WHERE day <= '%s' "+
			"ORDER BY day, object, what",
		value.DayOf(x.now).Add(8),
	))
	if err != nil {
		return nil, err
	}
	from := "?"
	if x.pg {
		from = "$1"
	}
	happened, err := x.rows(5, `SELECT h.record, r.name, h.became, h.at, h.what
FROM record_history h JOIN records r ON r.id = h.record WHERE h.kind = 'contract' AND
  h.what IN ('auto-renewed', 'missed', 'renewed', 'notice given', 'cancelled', 'ended') AND h.at >= `+from+`
ORDER BY h.at, h.record, h.version, h.n`, x.now.AddDate(0, 0, -30))
	return func() [][]string {
		var list [][]string
		for _, r := range dues {
			list = append(list, []string{r[0], r[4], r[5]})
		}
		for _, r := range happened {
			list = append(list, []string{r[0], r[1] + ": " + r[2]})
		}
		return list
	}, err
}

// rows are what a statement finds, with so many columns.
func (x *contractBench) rows(columns int, statement string, args ...any) (list [][]string, err error) {
	rows, err := x.db.Query(statement, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	into := make([]any, columns)
	for rows.Next() {
		row := make([]string, columns)
		for k := range row {
			into[k] = &row[k]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		list = append(list, row)
	}
	return list, rows.Err()
}
