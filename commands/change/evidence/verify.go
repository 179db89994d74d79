package evidence

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/flate"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Verify checks a package with the public key alone: the manifest's signature, the hash of every file, and that the
// archive holds these files and not one byte beside them. For that it packs what it read once more and compares. Errors
// are for people.
func Verify(file io.ReaderAt, size int64, key ed25519.PublicKey) (Manifest, error) {
	var m Manifest
	z, err := zip.NewReader(file, size)
	if err != nil {
		return m, bot.Errorf(bot.Invalid, "This is not a package of evidence: %v", err)
	}
	if m, err = signedManifest(z, key); err != nil {
		return m, err
	}
	if err := m.lists(z); err != nil {
		return m, err
	}
	var repacked error // what was only compressed anew is told after what was changed
	for _, f := range z.File {
		packed, err := m.holds(f)
		if err != nil {
			return m, err
		}
		if want, listed := m.Packed[f.Name]; listed && packed != want && repacked == nil {
			repacked = bot.Errorf(bot.Forbidden, "%s was changed: it is not compressed as the manifest says.", f.Name)
		}
	}
	if repacked != nil {
		return m, repacked
	}
	return m, m.packedAs(z, io.NewSectionReader(file, 0, size))
}

// signedManifest reads the manifest and checks its signature.
func signedManifest(z *zip.Reader, key ed25519.PublicKey) (Manifest, error) {
	var m Manifest
	manifest, err := small(z, manifestFile)
	sig, sigErr := small(z, signatureFile)
	if err := cmpErr(err, sigErr); err != nil {
		return m, bot.Errorf(bot.Invalid, "This is not a package of evidence: %v", err)
	}
	raw, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(sig)))
	if err != nil || !ed25519.Verify(key, manifest, raw) {
		return m, bot.Errorf(
			bot.Forbidden, "The manifest is not signed by this key: the package was altered, or made elsewhere.",
		)
	}
	if string(sig) != signature(raw) {
		return m, bot.Errorf(bot.Forbidden, "%s was changed: there is more in it than the signature.", signatureFile)
	}
	if err := json.Unmarshal(manifest, &m); err != nil {
		return m, bot.Errorf(bot.Invalid, "The manifest cannot be read: %v", err)
	}
	if m.Format > packageFormat {
		return m, bot.Errorf(
			bot.Invalid, "The package is of format %d, which this Watchbell does not know. Check it with a newer one.",
			m.Format,
		)
	}
	return m, nil
}

func small(z *zip.Reader, name string) ([]byte, error) {
	f, err := z.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, 1<<20))
}

// lists compares the names in the archive with those in the manifest.
func (m Manifest) lists(z *zip.Reader) error {
	found := map[string]bool{}
	var names []string
	for _, f := range z.File {
		if f.Name != path.Clean(f.Name) || found[f.Name] {
			return bot.Errorf(bot.Forbidden, "%q is in the package twice, or under a wrong name.", f.Name)
		}
		found[f.Name] = true
		names = append(names, f.Name)
		if _, ok := m.Files[f.Name]; !ok && !m.beside(f.Name) {
			return bot.Errorf(bot.Forbidden, "%q is not in the manifest: it was added.", f.Name)
		}
	}
	for name := range m.Files {
		if !found[name] {
			return bot.Errorf(bot.Forbidden, "%s is missing.", name)
		}
	}
	if want := append(slices.Sorted(maps.Keys(m.Files)), manifestFile, signatureFile); m.Format == packageFormat &&
		!slices.Equal(names, want) {
		return bot.Errorf(bot.Forbidden, "The files of the package are in another order than Watchbell put them in.")
	}
	return nil
}

// beside reports whether a file is in the package without being in the manifest.
func (m Manifest) beside(name string) bool {
	return name == manifestFile || name == signatureFile || m.Format < packageFormat && name == "README.txt"
}

// holds checks that a file is what the manifest says, and that nothing is left over behind it. It returns the hash of
// what is compressed.
func (m Manifest) holds(f *zip.File) (string, error) {
	changed := func(why string) (string, error) {
		return "", bot.Errorf(bot.Forbidden, "%s was changed: %s.", f.Name, why)
	}
	raw, err := f.OpenRaw()
	if err != nil {
		return changed("it cannot be read")
	}
	sum, packedSum := sha256.New(), sha256.New()
	packed := bufio.NewReader(io.TeeReader(raw, packedSum))
	var content io.Reader = packed
	if f.Method == zip.Deflate {
		content = flate.NewReader(packed)
	}
	if _, err := io.Copy(sum, content); err != nil {
		return changed("it cannot be unpacked")
	}
	if _, err := packed.ReadByte(); !errors.Is(err, io.EOF) {
		return changed("there are bytes behind its end")
	}
	want, listed := m.Files[f.Name]
	if f.Name == "README.txt" && !listed {
		own := sha256.Sum256([]byte(Readme))
		want, listed = hex.EncodeToString(own[:]), true
	}
	if listed && hex.EncodeToString(sum.Sum(nil)) != want {
		return changed("its hash is not the one in the manifest")
	}
	return hex.EncodeToString(packedSum.Sum(nil)), nil
}

// packedAs packs the files once more, as they are compressed in the archive, and compares all bytes. So nothing can
// stand before, between or behind them, and no header says something else than the directory.
func (m Manifest) packedAs(z *zip.Reader, file io.Reader) error {
	same := &comparer{with: bufio.NewReader(file)}
	w := zip.NewWriter(same)
	for _, f := range z.File {
		if err := m.repack(w, f); err != nil {
			return same.explain(err)
		}
	}
	if err := w.Close(); err != nil {
		return same.explain(err)
	}
	if _, err := same.with.ReadByte(); !errors.Is(err, io.EOF) {
		return same.explain(errDiffers)
	}
	return nil
}

// packedAlready compresses nothing: a real compressor takes 1.3 MB that a header has no use for.
type packedAlready struct{ io.Writer }

func (packedAlready) Close() error { return nil }

func (m Manifest) repack(w *zip.Writer, f *zip.File) error {
	h := entryHeader(f.Name, m.Made)
	if m.Format < packageFormat {
		h.Method, h.Modified = zip.Deflate, time.Time{}
	}
	headers := zip.NewWriter(io.Discard)
	headers.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return packedAlready{w}, nil })
	if _, err := headers.CreateHeader(h); err != nil { // fills in the rest of the header
		return err
	}
	h.CRC32, h.CompressedSize64, h.UncompressedSize64 = f.CRC32, f.CompressedSize64, f.UncompressedSize64
	to, err := w.CreateRaw(h)
	if err != nil {
		return err
	}
	raw, err := f.OpenRaw()
	if err != nil {
		return err
	}
	_, err = io.Copy(to, raw)
	return err
}

var errDiffers = errors.New("differs")

// comparer is written what a reader is to hold.
type comparer struct {
	with *bufio.Reader
	at   int64
}

func (c *comparer) Write(b []byte) (int, error) {
	have := make([]byte, len(b))
	n, err := io.ReadFull(c.with, have)
	for i := range n {
		if have[i] != b[i] {
			c.at += int64(i)
			return 0, errDiffers
		}
	}
	c.at += int64(n)
	if err != nil {
		return n, errDiffers
	}
	return n, nil
}

func (c *comparer) explain(err error) error {
	if !errors.Is(err, errDiffers) {
		return fmt.Errorf("compare the package: %w", err)
	}
	return bot.Errorf(
		bot.Forbidden,
		"The package holds something that Watchbell did not put there, or lacks something: at byte %d it is not what it "+
			"was made as.",
		c.at,
	)
}
