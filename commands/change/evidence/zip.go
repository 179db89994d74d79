package evidence

import (
	"archive/zip"
	"bufio"
	"compress/flate"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/commands/change/receipt"
)

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

func (w *Writer) evidenceZip(ctx context.Context, out io.Writer, ask Ask) (Manifest, error) {
	m := w.manifest(ask)
	m.Files, m.Packed = map[string]string{}, map[string]string{}
	m.Format, m.Seed, m.KeyID = packageFormat, ask.Seed, receipt.KeyID(w.Key.Public().(ed25519.PublicKey))
	dir, err := os.MkdirTemp("", "watchbell-evidence")
	if err != nil {
		return m, err
	}
	p := &parts{dir: dir}
	defer p.close()
	if err := w.fill(ctx, p, ask, &m); err != nil {
		return m, err
	}
	readme, err := p.add("README.txt")
	if err != nil {
		return m, err
	}
	if _, err := io.WriteString(readme, Readme); err != nil {
		return m, err
	}
	slices.SortFunc(p.all, func(a, b *part) int { return strings.Compare(a.name, b.name) })
	return m, w.pack(out, p, &m)
}

// pack writes the files and completes the manifest.
func (w *Writer) pack(out io.Writer, p *parts, m *Manifest) error {
	z := zip.NewWriter(out)
	var packed hash.Hash // of the file that is being compressed
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(io.MultiWriter(w, packed), flate.DefaultCompression)
	})
	sums := map[string]hash.Hash{}
	for _, x := range p.all {
		packed = sha256.New()
		sums[x.name] = packed
		if err := cmpErr(x.buf.Flush(), copyPart(z, x, m.Made)); err != nil {
			return err
		}
		m.Files[x.name] = hex.EncodeToString(x.sum.Sum(nil))
	}
	to, err := z.CreateHeader(entryHeader(manifestFile, m.Made)) // which ends the file before
	if err != nil {
		return err
	}
	for name, sum := range sums {
		m.Packed[name] = hex.EncodeToString(sum.Sum(nil))
	}
	manifest, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if _, err := to.Write(manifest); err != nil {
		return err
	}
	if to, err = z.CreateHeader(entryHeader(signatureFile, m.Made)); err != nil {
		return err
	}
	if _, err := io.WriteString(to, signature(ed25519.Sign(w.Key, manifest))); err != nil {
		return err
	}
	return z.Close()
}

// The files of a package beside those that the manifest lists. They are the last two.
const (
	manifestFile  = "manifest.json"
	signatureFile = "manifest.sig"
)

// packageFormat numbers how packages are made. In 2 the manifest covers README.txt, the files are in the order of their
// names, and each has the time of the manifest. The last two are not compressed, so there is only one way to write
// them.
const packageFormat = 2

func signature(sig []byte) string { return base64.StdEncoding.EncodeToString(sig) + "\n" }

// entryHeader is how each file is entered in a package made at a time. A verifier makes the same again.
func entryHeader(name string, made time.Time) *zip.FileHeader {
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: made.UTC().Truncate(time.Second)}
	if name == manifestFile || name == signatureFile {
		h.Method = zip.Store
	}
	return h
}

// Readme explains the package. Packages of format 1 have it without a hash, so it stays as it is.
const Readme = `population.csv    every change that was requested or carried out in the period
votes.csv         every vote: who, for which revision and digest, how they were known to be eligible
exceptions.csv    what was out of the ordinary
deployments.csv   deployments that no change allowed
sample.csv        a random sample of what was carried out; the seed in the manifest gives the same one again
changes.jsonl     each change with all of its revisions and its history, one JSON document a line
policies/         the text of every policy that decided about one of these changes, by its SHA-256
manifest.json     the SHA-256 of each file; manifest.sig is its Ed25519 signature

Check it, without a network: watchbell change verify-evidence FILE --key PUBLIC-KEY
`

func copyPart(z *zip.Writer, x *part, made time.Time) error {
	w, err := z.CreateHeader(entryHeader(x.name, made))
	if err != nil {
		return err
	}
	if _, err := x.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err = io.Copy(w, x.file)
	return err
}
