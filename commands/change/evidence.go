package change

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"html/template"
	"io"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// EvidenceAsk says which evidence is wanted.
type EvidenceAsk struct {
	From, To time.Time
	Format   string // zip, csv, json or html
	Seed     uint64 // of the sample
	Sample   int
	Head     bot.Seal // the end of the audit log
}

// File is one change in the evidence: everything that was asked, decided and done.
type File struct {
	Change     *Change    `json:"change"`
	ID         string     `json:"id"`
	Revisions  []Revision `json:"revisions"`
	History    []Entry    `json:"history"`
	Exceptions []string   `json:"exceptions"`
}

// Manifest lists what is in a package of evidence. Its signature is over its bytes.
type Manifest struct {
	From       time.Time         `json:"from"`
	To         time.Time         `json:"to"`
	Made       time.Time         `json:"made"`
	Changes    int               `json:"changes"`
	Exceptions int               `json:"exceptions"`
	AuditHead  string            `json:"audit_head"` // entry:hash, to be checked with audit verify --expect
	Seed       uint64            `json:"sample_seed"`
	KeyID      string            `json:"key_id"`
	Files      map[string]string `json:"files"` // SHA-256 of each, hex
}

// Exceptions are what auditors look at one by one: where the way of a change was not the ordinary one.
func (c *Change) Exceptions(revisions []Revision, at time.Time) []string {
	var e []string
	add := func(format string, a ...any) { e = append(e, fmt.Sprintf(format, a...)) }
	if c.Type == Emergency {
		add("emergency: started before it was approved")
	}
	if c.Glass.By != "" {
		add("glass was broken by @%s: %s", c.Glass.By, c.Glass.Why)
		if c.Glass.Second == "" {
			add("nobody witnessed the broken glass")
		}
	}
	for _, d := range c.Duties {
		switch {
		case d.State == Owed && at.After(d.Due):
			add("%s overdue since %s", d.Kind.Label(), d.Due.UTC().Format(time.RFC3339))
		case d.State == Disputed:
			add("%s disputed by @%s: %s", d.Kind.Label(), d.DoneBy, d.Note)
		case d.State == Waived:
			add("%s waived by @%s: %s", d.Kind.Label(), d.DoneBy, d.Note)
		case d.Kind == RetroApproval && d.State == Ratified:
			add("approved afterwards, %s after the start", d.Done.Sub(c.Started).Round(time.Minute))
		}
	}
	voted := map[int]bool{}
	for _, v := range c.Votes {
		if v.Decision == Approve && v.Revision < c.Revision {
			voted[v.Revision] = true
		}
		if v.State == Ineligible {
			add("a vote of @%s for r%d was voided: %s", v.Person, v.Revision, v.Note)
		}
	}
	for _, r := range revisions {
		if voted[r.N] {
			add("edited after it was approved (r%d)", r.N)
		}
	}
	for _, s := range c.Needs.Stages {
		if strings.HasPrefix(s.Name, "exempt-") {
			add("exemption from the freeze %s asked for", strings.TrimPrefix(s.Name, "exempt-"))
		}
	}
	for _, x := range c.Exemptions {
		add("let go ahead during %s by @%s: %s", x.What, x.By, x.Why)
	}
	for _, a := range c.Acks {
		add("conflict with %s taken on by @%s", a.What, a.By)
	}
	if c.State == Expired {
		add("expired: %s", c.EndReason)
	}
	if !c.Finished.IsZero() && c.Window.Set() && c.Finished.After(value.Later(c.Window.End, c.Until)) {
		add("finished %s after its window", c.Finished.Sub(c.Window.End).Round(time.Minute))
	}
	return e
}

// EachFile streams the changes that were requested or carried out in a period, with all that belongs to each, in the order of their numbers.
func (s *Service) EachFile(ctx context.Context, from, to time.Time, next func(File) error) error {
	const page = 200
	at := s.clock.Now()
	for after := int64(1); ; {
		list, err := s.store.List(ctx, Filter{Touched: [2]time.Time{from, to}, After: after, Limit: page})
		if err != nil {
			return err
		}
		numbers := make([]int64, len(list))
		for i, c := range list {
			numbers[i] = c.Number
			after = c.Number + 1
		}
		if len(list) > 0 {
			revisions, err := s.history.Revisions(ctx, numbers)
			if err != nil {
				return err
			}
			entries, err := s.history.Entries(ctx, numbers)
			if err != nil {
				return err
			}
			for _, c := range list {
				f := File{Change: c, ID: c.ID(), Revisions: revisions[c.Number], History: entries[c.Number], Exceptions: c.Exceptions(revisions[c.Number], at)}
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

// WriteEvidence writes the evidence of a period. It reads page by page, so it needs no more memory for more changes.
func (s *Service) WriteEvidence(ctx context.Context, out io.Writer, ask EvidenceAsk) (Manifest, error) {
	switch ask.Format {
	case "csv":
		return s.evidenceCSV(ctx, out, ask)
	case "json":
		return s.evidenceJSON(ctx, out, ask)
	case "html":
		return s.evidenceHTML(ctx, out, ask)
	}
	return s.evidenceZip(ctx, out, ask)
}

var populationColumns = []string{"id", "type", "title", "requester", "on_behalf_of", "services", "env", "risk", "score", "state", "outcome", "revision", "digest", "policy", "rules", "auto_approve", "approved_by", "created", "submitted", "approved", "window_start", "window_end", "started", "finished", "ended", "exceptions"}

func (f File) population() []string {
	c := f.Change
	behalf := ""
	if c.Beneficiary != c.Requester {
		behalf = string(c.Beneficiary)
	}
	return []string{c.ID(), string(c.Type), c.Title, string(c.Requester), behalf, list(c.Services), c.Env, string(c.Risk.Level), fmt.Sprint(c.Risk.Score), string(c.State), string(c.Outcome), fmt.Sprint(c.Revision), c.Digest,
		c.Needs.SHA, list(c.Needs.Rules), c.Needs.Auto, voters(slices.Concat(c.Stages(), c.Retro())), stamp(c.Created), stamp(c.Submitted), stamp(c.Decided), stamp(c.Window.Start), stamp(c.Window.End),
		stamp(c.Started), stamp(c.Finished), stamp(c.Times.Ended), fmt.Sprint(len(f.Exceptions))}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// table writes rows for spreadsheets: what they would take for a formula is marked as text.
type table struct{ w *csv.Writer }

func (t table) row(cells ...string) error {
	for i, cell := range cells {
		if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\x00") {
			cells[i] = "'" + cell
		}
	}
	return t.w.Write(cells)
}

func (s *Service) evidenceCSV(ctx context.Context, out io.Writer, ask EvidenceAsk) (Manifest, error) {
	m := Manifest{From: ask.From, To: ask.To, Made: s.clock.Now(), AuditHead: ask.Head.String()}
	t := table{csv.NewWriter(out)}
	if err := t.row(slices.Clone(populationColumns)...); err != nil {
		return m, err
	}
	err := s.EachFile(ctx, ask.From, ask.To, func(f File) error {
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

func (s *Service) evidenceJSON(ctx context.Context, out io.Writer, ask EvidenceAsk) (Manifest, error) {
	m := Manifest{From: ask.From, To: ask.To, Made: s.clock.Now(), AuditHead: ask.Head.String()}
	b := bufio.NewWriter(out)
	head, err := json.Marshal(map[string]any{"from": ask.From, "to": ask.To, "made": m.Made, "audit_head": m.AuditHead})
	if err != nil {
		return m, err
	}
	fmt.Fprintf(b, "{\"evidence\":%s,\"changes\":[", head)
	err = s.EachFile(ctx, ask.From, ask.To, func(f File) error {
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
	deployments, err := s.unmatched(ctx, ask)
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

func (s *Service) unmatched(ctx context.Context, ask EvidenceAsk) ([]Deployment, error) {
	all, err := s.ledger.Deployments(ctx, ask.From, ask.To)
	return slices.DeleteFunc(all, func(d Deployment) bool { return d.Note == "" }), err
}

var evidencePage = template.Must(template.New("evidence").Parse(`{{define "head"}}<!doctype html><html lang="en"><meta charset="utf-8"><title>Evidence of changes</title>
<style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1b1f24;background:#fff}
table{border-collapse:collapse;width:100%}th,td{border-bottom:1px solid #d8dee4;padding:.35rem .5rem;text-align:left;vertical-align:top}
th{position:sticky;top:0;background:#f6f8fa}small{color:#57606a}.e{color:#9a3412}
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}th{background:#161b22}th,td{border-color:#30363d}small{color:#8b949e}.e{color:#ffa657}}</style>
<h1>Evidence of changes</h1><p>{{.From}} to {{.To}} (UTC) · made {{.Made}} · end of the audit log {{.Head}}</p>
<table><thead><tr><th>Change<th>What<th>Asked and decided<th>Carried out<th>Exceptions</tr></thead><tbody>{{end}}
{{define "row"}}<tr><td><b>{{.ID}}</b><br><small>{{.Type}} · {{.Risk}}</small><td>{{.Title}}<br><small>{{.Services}} in {{.Env}} · r{{.Revision}} <code>{{.Digest}}</code></small><td>{{.Requester}} {{.Submitted}}{{range .Votes}}<br>{{.}}{{end}}<td>{{.State}} {{.Outcome}}<br><small>{{.Started}} {{.Finished}}</small><td class="e">{{range .Exceptions}}{{.}}<br>{{end}}</tr>
{{end}}
{{define "foot"}}</tbody></table><h2>Deployments without a change</h2>{{if .}}<ul>{{range .}}<li>{{.At.UTC.Format "2006-01-02 15:04"}} {{.Service}} in {{.Env}} {{.Artifact}} by {{.Person}}: {{.Note}}{{end}}</ul>{{else}}<p>None was reported.</p>{{end}}</html>
{{end}}`))

func (s *Service) evidenceHTML(ctx context.Context, out io.Writer, ask EvidenceAsk) (Manifest, error) {
	m := Manifest{From: ask.From, To: ask.To, Made: s.clock.Now(), AuditHead: ask.Head.String()}
	b := bufio.NewWriter(out)
	err := evidencePage.ExecuteTemplate(b, "head", map[string]string{"From": stamp(ask.From), "To": stamp(ask.To), "Made": stamp(m.Made), "Head": m.AuditHead})
	if err != nil {
		return m, err
	}
	err = s.EachFile(ctx, ask.From, ask.To, func(f File) error {
		m.Changes++
		m.Exceptions += len(f.Exceptions)
		c := f.Change
		var votes []string
		for _, v := range c.Votes {
			votes = append(votes, fmt.Sprintf("%s %s r%d %s (%s, %s)", past(v.Decision), v.Person, v.Revision, stamp(v.At), v.Membership, v.State))
		}
		if c.Needs.Auto != "" {
			votes = append(votes, "approved by the rule "+c.Needs.Auto)
		}
		return evidencePage.ExecuteTemplate(b, "row", map[string]any{"ID": c.ID(), "Type": c.Type, "Risk": fmt.Sprintf("%s %d", c.Risk.Level, c.Risk.Score), "Title": c.Title, "Services": list(c.Services), "Env": c.Env,
			"Revision": c.Revision, "Digest": c.Digest[:12], "Requester": c.Requester, "Submitted": stamp(c.Submitted), "Votes": votes, "State": c.State.Label(), "Outcome": c.Outcome.Label(),
			"Started": stamp(c.Started), "Finished": stamp(c.Finished), "Exceptions": f.Exceptions})
	})
	if err != nil {
		return m, err
	}
	deployments, err := s.unmatched(ctx, ask)
	if err != nil {
		return m, err
	}
	return m, cmpErr(evidencePage.ExecuteTemplate(b, "foot", deployments), b.Flush())
}

// part is one file of a package: it is written beside the others, and put into the archive in the end.
type part struct {
	name string
	file *os.File
	buf  *bufio.Writer
	sum  hash.Hash
}

func (p *part) Write(b []byte) (int, error) {
	p.sum.Write(b)
	return p.buf.Write(b)
}

// parts are the files of a package, kept in a folder of their own until they are packed.
type parts struct {
	dir string
	all []*part
}

func (p *parts) add(name string) (*part, error) {
	f, err := os.CreateTemp(p.dir, "part")
	if err != nil {
		return nil, err
	}
	x := &part{name: name, file: f, buf: bufio.NewWriter(f), sum: sha256.New()}
	p.all = append(p.all, x)
	return x, nil
}

func (p *parts) close() {
	for _, x := range p.all {
		_ = x.file.Close()
	}
	_ = os.RemoveAll(p.dir)
}

func (s *Service) evidenceZip(ctx context.Context, out io.Writer, ask EvidenceAsk) (Manifest, error) {
	m := Manifest{From: ask.From, To: ask.To, Made: s.clock.Now(), AuditHead: ask.Head.String(), Seed: ask.Seed, Files: map[string]string{}, KeyID: KeyID(s.o.Key.Public().(ed25519.PublicKey))}
	dir, err := os.MkdirTemp("", "watchbell-evidence")
	if err != nil {
		return m, err
	}
	p := &parts{dir: dir}
	defer p.close()
	if err := s.fill(ctx, p, ask, &m); err != nil {
		return m, err
	}
	z := zip.NewWriter(out)
	for _, x := range p.all {
		if err := cmpErr(x.buf.Flush(), copyPart(z, x)); err != nil {
			return m, err
		}
		m.Files[x.name] = hex.EncodeToString(x.sum.Sum(nil))
	}
	manifest, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return m, err
	}
	for name, text := range map[string]string{
		"manifest.json": string(manifest),
		"manifest.sig":  base64.StdEncoding.EncodeToString(ed25519.Sign(s.o.Key, manifest)) + "\n",
		"README.txt":    evidenceReadme,
	} {
		w, err := z.Create(name)
		if err != nil {
			return m, err
		}
		if _, err := io.WriteString(w, text); err != nil {
			return m, err
		}
	}
	return m, z.Close()
}

const evidenceReadme = `population.csv    every change that was requested or carried out in the period
votes.csv         every vote: who, for which revision and digest, how they were known to be eligible
exceptions.csv    what was out of the ordinary
deployments.csv   deployments that no change allowed
sample.csv        a random sample of what was carried out; the seed in the manifest gives the same one again
changes.jsonl     each change with all of its revisions and its history, one JSON document a line
policies/         the text of every policy that decided about one of these changes, by its SHA-256
manifest.json     the SHA-256 of each file; manifest.sig is its Ed25519 signature

Check it, without a network: watchbell change verify-evidence FILE --key PUBLIC-KEY
`

func copyPart(z *zip.Writer, x *part) error {
	w, err := z.Create(x.name)
	if err != nil {
		return err
	}
	if _, err := x.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err = io.Copy(w, x.file)
	return err
}

// fill writes the files of a package.
func (s *Service) fill(ctx context.Context, p *parts, ask EvidenceAsk, m *Manifest) error {
	tables := map[string]table{}
	for name, columns := range map[string][]string{
		"population.csv": populationColumns,
		"votes.csv":      {"change", "revision", "digest", "stage", "person", "seat", "decision", "at", "state", "note", "surface", "account", "assurance", "membership", "membership_read_at", "comment"},
		"exceptions.csv": {"change", "exception"}, "deployments.csv": {"id", "at", "service", "env", "artifact", "change", "person", "note"}, "sample.csv": populationColumns,
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
	err = s.EachFile(ctx, ask.From, ask.To, func(f File) error {
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
			if err := tables["votes.csv"].row(c.ID(), fmt.Sprint(v.Revision), v.Digest, v.Stage, string(v.Person), string(v.Seat), string(v.Decision), stamp(v.At), string(v.State), v.Note, v.Surface, v.Account, v.Assurance, v.Membership, stamp(v.Known), v.Comment); err != nil {
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
	deployments, err := s.unmatched(ctx, ask)
	if err != nil {
		return err
	}
	for _, d := range deployments {
		if err := tables["deployments.csv"].row(d.ID, stamp(d.At), d.Service, d.Env, d.Artifact, d.Change, string(d.Person), d.Note); err != nil {
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
	for _, sha := range sorted(keys(policies)) {
		text, err := s.memory.Policy(ctx, sha)
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

// VerifyEvidence checks a package with the public key alone: the manifest's signature, and the hash of every file. Errors are for people.
func VerifyEvidence(file io.ReaderAt, size int64, key ed25519.PublicKey) (Manifest, error) {
	var m Manifest
	z, err := zip.NewReader(file, size)
	if err != nil {
		return m, bot.Errorf(bot.Invalid, "This is no package of evidence: %v", err)
	}
	read := func(name string) ([]byte, error) {
		f, err := z.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		return io.ReadAll(io.LimitReader(f, 1<<20))
	}
	manifest, err := read("manifest.json")
	signature, sigErr := read("manifest.sig")
	if err := cmpErr(err, sigErr); err != nil {
		return m, bot.Errorf(bot.Invalid, "This is no package of evidence: %v", err)
	}
	sig, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(signature)))
	if err != nil || !ed25519.Verify(key, manifest, sig) {
		return m, bot.Errorf(bot.Forbidden, "The manifest is not signed by this key: the package was altered, or made elsewhere.")
	}
	if err := json.Unmarshal(manifest, &m); err != nil {
		return m, bot.Errorf(bot.Invalid, "The manifest cannot be read: %v", err)
	}
	found := map[string]bool{}
	for _, f := range z.File {
		want, listed := m.Files[f.Name]
		if f.Name != path.Clean(f.Name) || found[f.Name] {
			return m, bot.Errorf(bot.Forbidden, "%s is in the package twice, or under a wrong name.", f.Name)
		}
		found[f.Name] = true
		if !listed {
			if f.Name == "manifest.json" || f.Name == "manifest.sig" || f.Name == "README.txt" {
				continue
			}
			return m, bot.Errorf(bot.Forbidden, "%s is not in the manifest: it was added.", f.Name)
		}
		r, err := f.Open()
		if err != nil {
			return m, bot.Errorf(bot.Forbidden, "%s cannot be read: %v", f.Name, err)
		}
		sum := sha256.New()
		_, err = io.Copy(sum, r)
		_ = r.Close()
		if err != nil || hex.EncodeToString(sum.Sum(nil)) != want {
			return m, bot.Errorf(bot.Forbidden, "%s was changed: its hash is not the one in the manifest.", f.Name)
		}
	}
	for name := range m.Files {
		if !found[name] {
			return m, bot.Errorf(bot.Forbidden, "%s is missing.", name)
		}
	}
	return m, nil
}
