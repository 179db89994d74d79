package record

import (
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"strconv"
	"sync"
	"time"

	"github.com/watchbell/watchbell/storage/commit"
)

// Digest is what the audit log holds of an object's state: the SHA-256 of its rows in order, each with the name of its
// table and of the columns that are set. Columns that a later schema adds are empty in old rows and so change no
// digest.
func Digest(rows ...any) string {
	return summed(func(buf []byte) []byte {
		for _, row := range rows {
			buf = appendRow(buf, row)
		}
		return buf
	})
}

// Trail goes on with the running digest of rows that are only ever added.
func Trail(trail string, rows ...any) string {
	for _, row := range rows {
		trail = summed(func(buf []byte) []byte { return appendRow(append(buf, trail...), row) })
	}
	return trail
}

// buffers are what rows are written into, some kilobytes each. Every commit needs several.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// mostKept is how large a buffer may be that is used again.
const mostKept = 1 << 16

// summed is the SHA-256 of what write appends, in hex.
func summed(write func(buf []byte) []byte) string {
	kept := buffers.Get().(*[]byte)
	buf := write((*kept)[:0])
	sum := sha256.Sum256(buf)
	if cap(buf) <= mostKept {
		*kept = buf
		buffers.Put(kept)
	}
	return hex.EncodeToString(sum[:])
}

// appendRow writes a row so that no two different ones look alike: every text comes with its length.
func appendRow(buf []byte, row any) []byte {
	f := commit.FieldsOf(row)
	buf = appendText(append(buf, '('), f.Table)
	of := reflect.ValueOf(row).Elem()
	for i, name := range f.Columns {
		v := f.Field(of, i)
		switch {
		case v.Kind() != reflect.Struct && v.IsZero(): // a time is written in any case
			continue
		case v.Kind() == reflect.Pointer:
			v = v.Elem()
		}
		buf = appendValue(appendText(buf, name), v, f.Table, name)
	}
	return append(buf, ')')
}

func appendValue(buf []byte, v reflect.Value, table, name string) []byte {
	switch {
	case v.Kind() == reflect.String:
		return appendText(append(buf, 's'), v.String())
	case v.Kind() == reflect.Bool && v.Bool(): // one that is false is not written
		return append(buf, 't')
	case v.CanInt():
		return appendInt(buf, v.Int())
	}
	if t, ok := v.Addr().Interface().(*time.Time); ok {
		return appendTime(buf, *t)
	}
	panic("a column of a kind that has no digest: " + table + "." + name)
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
