// Package evidence writes what auditors ask for about changes, and checks it: the population of a period with votes,
// revisions and exceptions, as CSV, JSON, a page, or a signed package whose every byte is covered (zip.go). verify.go
// needs a public key, no network and no database.
package evidence

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/view"
)

// Ask says which evidence is wanted.
type Ask struct {
	From, To time.Time // as they were asked for, in the zone that was meant
	Format   string    // zip, csv, json or html
	Seed     uint64    // of the sample
	Sample   int
	Head     bot.Seal // the end of the audit log
}

// File is one change in the evidence: everything that was asked, decided and done.
type File struct {
	Change     *change.Change    `json:"change"`
	ID         string            `json:"id"`
	Revisions  []change.Revision `json:"revisions"`
	History    []change.Entry    `json:"history"`
	Exceptions []string          `json:"exceptions"`
}

// Manifest lists what is in a package of evidence. Its signature is over its bytes.
type Manifest struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// in which both were asked for, like Europe/Berlin; "" for a fixed offset, which they show themselves
	Zone string    `json:"zone,omitempty"`
	Made time.Time `json:"made"`
	// how it is packed: packageFormat, 0 for packages before there was a number
	Format     int               `json:"format,omitempty"`
	Changes    int               `json:"changes"`
	Exceptions int               `json:"exceptions"`
	AuditHead  string            `json:"audit_head"` // entry:hash, to be checked with audit verify --expect
	Seed       uint64            `json:"sample_seed"`
	KeyID      string            `json:"key_id"`
	Files      map[string]string `json:"files"`            // SHA-256 of each, hex
	Packed     map[string]string `json:"packed,omitempty"` // SHA-256 of each as it is compressed
}

// eachFile streams the changes that were requested or carried out in a period, with all that belongs to each, in the
// order of their numbers.
func (w *Writer) eachFile(ctx context.Context, from, to time.Time, next func(File) error) error {
	const page = 200
	at := w.Clock.Now()
	for after := int64(1); ; {
		list, err := w.Store.List(ctx, change.Filter{Touched: [2]time.Time{from, to}, After: after, Limit: page})
		if err != nil {
			return err
		}
		numbers := make([]int64, len(list))
		for i, c := range list {
			numbers[i] = c.Number
			after = c.Number + 1
		}
		if len(list) > 0 {
			revisions, err := w.History.Revisions(ctx, numbers)
			if err != nil {
				return err
			}
			entries, err := w.History.Entries(ctx, numbers)
			if err != nil {
				return err
			}
			for _, c := range list {
				f := File{
					Change: c, ID: c.ID(), Revisions: revisions[c.Number], History: entries[c.Number],
					Exceptions: view.Exceptions(c, revisions[c.Number], at),
				}
				if err := next(f); err != nil {
					return err
				}
			}
		}
		if len(list) < page {
			return nil
		}
	}
}

// Writer writes evidence from what is stored. Key signs packages.
type Writer struct {
	Store   change.Store
	History change.History
	Ledger  change.Ledger
	Memory  change.Memory
	Clock   bot.Clock
	Key     ed25519.PrivateKey
}

// Write writes the evidence of a period. It reads page by page, so it needs no more memory for more changes.
func (w *Writer) Write(ctx context.Context, out io.Writer, ask Ask) (Manifest, error) {
	switch ask.Format {
	case "csv":
		return w.evidenceCSV(ctx, out, ask)
	case "json":
		return w.evidenceJSON(ctx, out, ask)
	case "html":
		return w.evidenceHTML(ctx, out, ask)
	}
	return w.evidenceZip(ctx, out, ask)
}

// manifest is what a package says about itself before anything is in it.
func (w *Writer) manifest(ask Ask) Manifest {
	m := Manifest{From: ask.From, To: ask.To, Made: w.Clock.Now(), AuditHead: ask.Head.String()}
	if name := ask.From.Location().String(); name == ask.To.Location().String() {
		m.Zone = name
	}
	return m
}

// Period is the period as it was asked for: days where it was days, and the zone.
func (m Manifest) Period() string {
	zone, layout := m.Zone, time.DateOnly
	from, to := m.From, m.To
	if at, err := time.LoadLocation(m.Zone); err == nil && m.Zone != "" {
		from, to = from.In(at), to.In(at)
	} else {
		zone = ""
	}
	for _, t := range []time.Time{from, to} {
		if h, minute, sec := t.Clock(); h+minute+sec > 0 {
			layout = "2006-01-02 15:04"
		}
	}
	if zone == "" {
		layout = "2006-01-02 15:04 -07:00"
		return from.Format(layout) + " to " + to.Format(layout)
	}
	return from.Format(layout) + " to " + to.Format(layout) + " (" + zone + ")"
}

var populationColumns = []string{
	"id", "type", "title", "requester", "on_behalf_of", "services", "env", "risk", "score", "state", "outcome",
	"revision", "digest", "policy", "rules", "auto_approve", "approved_by", "created", "submitted", "approved",
	"window_start", "window_end", "started", "finished", "ended", "exceptions",
}

func (f File) population() []string {
	c := f.Change
	behalf := ""
	if c.Beneficiary != c.Requester {
		behalf = string(c.Beneficiary)
	}
	return []string{
		c.ID(), string(c.Type), c.Title, string(c.Requester), behalf, value.Listed(c.Services), c.Env, string(c.Risk.Level),
		fmt.Sprint(c.Risk.Score), string(c.State), string(c.Outcome), fmt.Sprint(c.Revision), c.Digest,
		c.Needs.SHA, value.Listed(c.Needs.Rules), c.Needs.Auto, change.Voters(slices.Concat(c.Stages(), c.Retro())),
		stamp(c.Created), stamp(c.Submitted), stamp(c.Decided), stamp(c.Window.Start), stamp(c.Window.End),
		stamp(c.Started), stamp(c.Finished), stamp(c.Times.Ended), fmt.Sprint(len(f.Exceptions)),
	}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// table writes rows for spreadsheets.
type table struct{ w *csv.Writer }

func (t table) row(cells ...string) error { return t.w.Write(value.Cells(cells)) }

func (w *Writer) evidenceCSV(ctx context.Context, out io.Writer, ask Ask) (Manifest, error) {
	m := w.manifest(ask)
	t := table{csv.NewWriter(out)}
	if err := t.row(slices.Clone(populationColumns)...); err != nil {
		return m, err
	}
	err := w.eachFile(ctx, ask.From.UTC(), ask.To.UTC(), func(f File) error {
		m.Changes++
		m.Exceptions += len(f.Exceptions)
		return t.row(f.population()...)
	})
	t.w.Flush()
	return m, cmpErr(err, t.w.Error())
}

func cmpErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) evidenceJSON(ctx context.Context, out io.Writer, ask Ask) (Manifest, error) {
	m := w.manifest(ask)
	b := bufio.NewWriter(out)
	head, err := json.Marshal(map[string]any{
		"from": ask.From, "to": ask.To, "zone": m.Zone, "made": m.Made, "audit_head": m.AuditHead,
	})
	if err != nil {
		return m, err
	}
	fmt.Fprintf(b, "{\"evidence\":%s,\"changes\":[", head)
	err = w.eachFile(ctx, ask.From.UTC(), ask.To.UTC(), func(f File) error {
		data, err := json.Marshal(f)
		if err != nil {
			return err
		}
		if m.Changes > 0 {
			b.WriteByte(',')
		}
		m.Changes++
		m.Exceptions += len(f.Exceptions)
		b.WriteByte('\n')
		_, err = b.Write(data)
		return err
	})
	if err != nil {
		return m, err
	}
	deployments, err := w.unmatched(ctx, ask)
	if err != nil {
		return m, err
	}
	data, err := json.Marshal(deployments)
	if err != nil {
		return m, err
	}
	fmt.Fprintf(b, "\n],\"deployments_without_a_change\":%s}\n", data)
	return m, b.Flush()
}

func (w *Writer) unmatched(ctx context.Context, ask Ask) ([]change.Deployment, error) {
	all, err := w.Ledger.Deployments(ctx, ask.From.UTC(), ask.To.UTC())
	return slices.DeleteFunc(all, func(d change.Deployment) bool { return d.Note == "" }), err
}

var evidencePage = template.Must(
	template.New("evidence").Parse(
		`{{define "head"}}<!doctype html><html lang="en"><meta charset="utf-8"><title>Evidence of changes</title>
<style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1b1f24;background:#fff}
table{border-collapse:collapse;width:100%}th,td{border-bottom:1px solid #d8dee4;padding:.35rem .5rem;text-align:left;vertical-align:top}
th{position:sticky;top:0;background:#f6f8fa}small{color:#57606a}.e{color:#9a3412}
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}th{background:#161b22}th,td{border-color:#30363d}small{color:#8b949e}.e{color:#ffa657}}</style>
<h1>Evidence of changes</h1><p>{{.Period}} · times in UTC · made {{.Made}} · end of the audit log {{.Head}}</p>
<table><thead><tr><th>Change<th>What<th>Asked and decided<th>Carried out<th>Exceptions</tr></thead><tbody>{{end}}
{{define "row"}}<tr><td><b>{{.ID}}</b><br><small>{{.Type}} · {{.Risk}}</small><td>{{.Title}}<br><small>{{.Services}} in {{.Env}} · r{{.Revision}} <code>{{.Digest}}</code></small><td>{{.Requester}} {{.Submitted}}{{range .Votes}}<br>{{.}}{{end}}<td>{{.State}} {{.Outcome}}<br><small>{{.Started}} {{.Finished}}</small><td class="e">{{range .Exceptions}}{{.}}<br>{{end}}</tr>
{{end}}
{{define "foot"}}</tbody></table><h2>Deployments without a change</h2>{{if .}}<ul>{{range .}}<li>{{.At.UTC.Format "2006-01-02 15:04"}} {{.Service}} in {{.Env}} {{.Artifact}} by {{.Person}}: {{.Note}}{{end}}</ul>{{else}}<p>None was reported.</p>{{end}}</html>
{{end}}`,
	),
)

func (w *Writer) evidenceHTML(ctx context.Context, out io.Writer, ask Ask) (Manifest, error) {
	m := w.manifest(ask)
	b := bufio.NewWriter(out)
	err := evidencePage.ExecuteTemplate(b, "head", map[string]string{
		"Period": m.Period(), "Made": stamp(m.Made), "Head": m.AuditHead,
	})
	if err != nil {
		return m, err
	}
	err = w.eachFile(ctx, ask.From.UTC(), ask.To.UTC(), func(f File) error {
		m.Changes++
		m.Exceptions += len(f.Exceptions)
		c := f.Change
		var votes []string
		for _, v := range c.Votes {
			votes = append(
				votes,
				fmt.Sprintf("%s %s r%d %s (%s, %s)", v.Decision.Past(), v.Person, v.Revision, stamp(v.At), v.Membership, v.State),
			)
		}
		if c.Needs.Auto != "" {
			votes = append(votes, "approved by the rule "+c.Needs.Auto)
		}
		return evidencePage.ExecuteTemplate(b, "row", map[string]any{
			"ID": c.ID(), "Type": c.Type, "Risk": fmt.Sprintf("%s %d", c.Risk.Level, c.Risk.Score), "Title": c.Title,
			"Services": value.Listed(c.Services), "Env": c.Env,
			"Revision": c.Revision, "Digest": c.Digest[:12], "Requester": c.Requester, "Submitted": stamp(c.Submitted),
			"Votes": votes, "State": c.State.Label(), "Outcome": c.Outcome.Label(),
			"Started": stamp(c.Started), "Finished": stamp(c.Finished), "Exceptions": f.Exceptions,
		})
	})
	if err != nil {
		return m, err
	}
	deployments, err := w.unmatched(ctx, ask)
	if err != nil {
		return m, err
	}
	return m, cmpErr(evidencePage.ExecuteTemplate(b, "foot", deployments), b.Flush())
}

// fill writes the files of a package.
func (w *Writer) fill(ctx context.Context, p *parts, ask Ask, m *Manifest) error {
	tables := map[string]table{}
	for name, columns := range map[string][]string{ // packed in the order of their names
		"population.csv": populationColumns,
		"votes.csv": {
			"change", "revision", "digest", "stage", "person", "seat", "decision", "at", "state", "note", "surface", "account",
			"assurance", "membership", "membership_read_at", "comment",
		},
		"exceptions.csv":  {"change", "exception"},
		"deployments.csv": {"id", "at", "service", "env", "artifact", "change", "person", "note"},
		"sample.csv":      populationColumns,
	} {
		x, err := p.add(name)
		if err != nil {
			return err
		}
		tables[name] = table{csv.NewWriter(x)}
		if err := tables[name].row(slices.Clone(columns)...); err != nil {
			return err
		}
	}
	changes, err := p.add("changes.jsonl")
	if err != nil {
		return err
	}
	policies := map[string]bool{}
	sample := newReservoir(ask.Sample, ask.Seed)
	encoder := json.NewEncoder(changes)
	err = w.eachFile(ctx, ask.From.UTC(), ask.To.UTC(), func(f File) error {
		c := f.Change
		m.Changes++
		m.Exceptions += len(f.Exceptions)
		if c.Needs.SHA != "" {
			policies[c.Needs.SHA] = true
		}
		if !c.Started.IsZero() {
			sample.offer(f.population())
		}
		if err := cmpErr(tables["population.csv"].row(f.population()...), encoder.Encode(f)); err != nil {
			return err
		}
		for _, v := range c.Votes {
			if err := tables["votes.csv"].row(
				c.ID(), fmt.Sprint(v.Revision), v.Digest, v.Stage, string(v.Person), string(v.Seat), string(v.Decision),
				stamp(v.At), string(v.State), v.Note, v.Surface, v.Account, v.Assurance, v.Membership, stamp(v.Known), v.Comment,
			); err != nil {
				return err
			}
		}
		for _, e := range f.Exceptions {
			if err := tables["exceptions.csv"].row(c.ID(), e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	deployments, err := w.unmatched(ctx, ask)
	if err != nil {
		return err
	}
	for _, d := range deployments {
		if err := tables["deployments.csv"].row(
			d.ID, stamp(d.At), d.Service, d.Env, d.Artifact, d.Change, string(d.Person), d.Note,
		); err != nil {
			return err
		}
	}
	for _, row := range sample.rows {
		if err := tables["sample.csv"].row(row...); err != nil {
			return err
		}
	}
	for _, t := range tables {
		t.w.Flush()
		if err := t.w.Error(); err != nil {
			return err
		}
	}
	for _, sha := range slices.Sorted(maps.Keys(policies)) {
		text, err := w.Memory.Policy(ctx, sha)
		if err != nil {
			return fmt.Errorf("policy %s: %w", sha, err)
		}
		x, err := p.add("policies/" + sha + ".yaml")
		if err != nil {
			return err
		}
		if _, err := io.WriteString(x, text); err != nil {
			return err
		}
	}
	return nil
}

// reservoir keeps a random sample of rows, the same for the same seed.
type reservoir struct {
	n    int
	seen int
	rand *rand.Rand
	rows [][]string
}

func newReservoir(n int, seed uint64) *reservoir {
	return &reservoir{n: n, rand: rand.New(rand.NewPCG(seed, 0x5eed))}
}

func (r *reservoir) offer(row []string) {
	r.seen++
	switch i := r.rand.IntN(r.seen); {
	case len(r.rows) < r.n:
		r.rows = append(r.rows, row)
	case i < r.n:
		r.rows[i] = row
	}
}
