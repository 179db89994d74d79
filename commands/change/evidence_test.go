package change_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/change/evidence"
)

var evidenceKey = ed25519.NewKeyFromSeed(make([]byte, 32))

func verify(data []byte) error {
	_, err := evidence.Verify(bytes.NewReader(data), int64(len(data)), evidenceKey.Public().(ed25519.PublicKey))
	return err
}

// evidence is a package about one change.
func (w *world) evidence(ask evidence.Ask) []byte {
	w.T.Helper()
	ask.Format = "zip"
	var out bytes.Buffer
	if _, err := w.desk.WriteEvidence(context.Background(), &out, ask); err != nil {
		w.T.Fatal(err)
	}
	return out.Bytes()
}

func TestEvidenceHoldsNothingBesideWhatIsSigned(t *testing.T) {
	each(t, func(w *world) {
		w.approved("ben")
		whole := w.evidence(evidence.Ask{
			From: bottest.Start.Add(-time.Hour), To: w.Clock.Now().Add(time.Hour), Sample: 25, Seed: 1,
		})
		if err := verify(whole); err != nil {
			w.T.Fatal(err)
		}
		directory := bytes.Index(whole, []byte("PK\x01\x02"))
		insert := func(at int, text string) []byte {
			return append(append(append([]byte(nil), whole[:at]...), text...), whole[at:]...)
		}
		z, err := zip.NewReader(bytes.NewReader(whole), int64(len(whole)))
		if err != nil {
			w.T.Fatal(err)
		}
		commented := bytes.Clone(whole)
		commented[len(commented)-2] = 5
		for name, data := range map[string][]byte{
			"bytes before":             insert(0, "#!/bin/sh\n"),
			"bytes behind":             append(bytes.Clone(whole), "more"...),
			"a comment":                append(commented, "hello"...),
			"bytes between":            insert(directory, "between"),
			"another name in a header": bytes.Replace(whole, []byte("votes.csv"), []byte("notes.csv"), 1),
			"another README":           rezip(w.T, z, "README.txt", func([]byte) []byte { return []byte("Call 555-0100.") }),
			"the same, packed anew":    rezip(w.T, z, "", nil),
			"spaces in the signature":  rezip(w.T, z, "manifest.sig", func(b []byte) []byte { return append(b, ' ') }),
			"half of it":               whole[:len(whole)/2],
			"nothing":                  nil,
		} {
			w.Run(name, func(t *testing.T) {
				if err := verify(data); err == nil {
					w.T.Errorf("%s: it verifies", name)
				}
			})
		}
	})
}

// What is signed does not depend on the database it was read from, so one is enough here.
func TestEveryByteOfEvidenceIsChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite:"+t.TempDir()+"/watchbell.db", "")
	w.approved("ben")
	whole := w.evidence(evidence.Ask{
		From: bottest.Start.Add(-time.Hour), To: w.Clock.Now().Add(time.Hour), Sample: 25, Seed: 1,
	})
	altered := bytes.Clone(whole)
	for at := range whole {
		altered[at] ^= 1 << (at % 8)
		if verify(altered) == nil {
			t.Fatalf("byte %d of %d was altered, and it verifies", at, len(whole))
		}
		altered[at] = whole[at]
	}
}

func TestEvidenceIsOfThePeriodThatWasAskedFor(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	day := func(m time.Month, d int) time.Time { return time.Date(2026, m, d, 0, 0, 0, 0, berlin) }
	each(t, func(w *world) {
		w.approved("ben")
		data := w.evidence(evidence.Ask{From: day(11, 1), To: day(12, 1)})
		m, err := evidence.Verify(bytes.NewReader(data), int64(len(data)), evidenceKey.Public().(ed25519.PublicKey))
		if err != nil || m.Period() != "2026-11-01 to 2026-12-01 (Europe/Berlin)" {
			w.T.Errorf("%q %v", m.Period(), err)
		}
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			w.T.Fatal(err)
		}
		for _, f := range z.File {
			if d := w.Clock.Now().Sub(f.Modified); d < 0 || d > time.Minute {
				w.T.Errorf("%s is dated %s, made at %s", f.Name, f.Modified, w.Clock.Now())
			}
		}
	})
	utc := time.Date(2026, 11, 1, 9, 30, 0, 0, time.UTC)
	for want, m := range map[string]evidence.Manifest{
		"2026-11-01 09:30 to 2026-11-02 09:30 (UTC)":         {From: utc, To: utc.AddDate(0, 0, 1), Zone: "UTC"},
		"2026-11-01 00:00 to 2026-11-01 09:30 (UTC)":         {From: utc.Truncate(24 * time.Hour), To: utc, Zone: "UTC"},
		"2026-11-01 09:30 +00:00 to 2026-11-02 09:30 +00:00": {From: utc, To: utc.AddDate(0, 0, 1)},
		"2026-11-01 00:00 +01:00 to 2026-12-01 00:00 +01:00": {
			From: day(11, 1).In(time.FixedZone("", 3600)), To: day(12, 1).In(time.FixedZone("", 3600)),
		},
		"2026-10-01 to 2026-11-01 (Europe/Berlin)": {From: day(10, 1).UTC(), To: day(11, 1).UTC(), Zone: "Europe/Berlin"},
	} {
		t.Run(want, func(t *testing.T) {
			if got := m.Period(); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

// Packages that earlier versions made are still checked, and no less strictly.
func TestEvidenceOfAnEarlierVersionVerifies(t *testing.T) {
	before := func(readme string) []byte {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		sum := sha256.Sum256([]byte("id\n"))
		manifest, err := json.Marshal(map[string]any{
			"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z", "changes": 0,
			"files": map[string]string{"votes.csv": hex.EncodeToString(sum[:])},
		})
		if err != nil {
			t.Fatal(err)
		}
		sig := base64.StdEncoding.EncodeToString(ed25519.Sign(evidenceKey, manifest)) + "\n"
		for _, f := range [][2]string{
			{"votes.csv", "id\n"}, {"README.txt", readme}, {"manifest.sig", sig}, {"manifest.json", string(manifest)},
		} {
			to, err := z.Create(f[0])
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(to, f[1]); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	if err := verify(before(evidence.Readme)); err != nil {
		t.Error(err)
	}
	if err := verify(before("Call 555-0100.")); err == nil || !strings.Contains(err.Error(), "README.txt was changed") {
		t.Error(err)
	}
	if err := verify(append(before(evidence.Readme), 0)); err == nil {
		t.Error("a byte behind it")
	}
}
