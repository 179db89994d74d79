package record

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/watchbell/watchbell/storage/commit"
)

// Digest is what the audit log holds of an object's state: the SHA-256 of its rows in order, each with the name of its
// table and of the columns that are set. Columns that a later schema adds are empty in old rows and so change no
// digest.
func Digest(rows ...any) string {
	buf := make([]byte, 0, 1024)
	for _, row := range rows {
		buf = appendRow(buf, row)
	}
	sum := sha256.Sum256(buf)
	return hex.EncodeToString(sum[:])
}

// Trail goes on with the running digest of rows that are only ever added.
func Trail(trail string, rows ...any) string {
	for _, row := range rows {
		sum := sha256.Sum256(appendRow(append(make([]byte, 0, 512), trail...), row))
		trail = hex.EncodeToString(sum[:])
	}
	return trail
}

// appendRow writes a row so that no two different ones look alike: every text comes with its length.
func appendRow(buf []byte, row any) []byte {
	f := commit.FieldsOf(row)
	buf = appendText(append(buf, '('), f.Table)
	for i, v := range f.Values(row) {
		name := f.Columns[i]
		switch x := v.(type) {
		case string:
			if x != "" {
				buf = appendText(append(appendText(buf, name), 's'), x)
			}
		case *string:
			if x != nil {
				buf = appendText(append(appendText(buf, name), 's'), *x)
			}
		case bool:
			if x {
				buf = append(appendText(buf, name), 't')
			}
		case time.Time:
			buf = appendTime(appendText(buf, name), x)
		case *time.Time:
			if x != nil {
				buf = appendTime(appendText(buf, name), *x)
			}
		case int64:
			if x != 0 {
				buf = appendInt(appendText(buf, name), x)
			}
		case *int64:
			if x != nil {
				buf = appendInt(appendText(buf, name), *x)
			}
		default:
			panic("a column of a kind that has no digest: " + f.Table + "." + name)
		}
	}
	return append(buf, ')')
}

func appendText(buf []byte, s string) []byte {
	buf = append(strconv.AppendInt(buf, int64(len(s)), 10), ':')
	return append(buf, s...)
}

func appendInt(buf []byte, n int64) []byte {
	return append(strconv.AppendInt(append(buf, 'i'), n, 10), ';')
}

func appendTime(buf []byte, t time.Time) []byte {
	return append(strconv.AppendInt(append(buf, 'd'), t.UnixMicro(), 10), ';')
}
