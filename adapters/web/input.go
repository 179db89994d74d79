package web

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

const (
	maxBody   = 256 << 10
	maxFiled  = 6 << 20 // of a form with a file: 4 MiB take a third more as text
	maxSaid   = 40_000  // characters
	maxInputs = 60
)

// decode reads the one JSON object of a request.
func decode[T any](w http.ResponseWriter, r *http.Request) (in T, err error) {
	return decodeUpTo[T](w, r, maxBody)
}

func decodeUpTo[T any](w http.ResponseWriter, r *http.Request, limit int64) (in T, err error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return in, bot.Errorf(bot.Invalid, "The request is not JSON.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if err != nil {
		return in, err
	}
	if !utf8.Valid(body) {
		return in, bot.Errorf(bot.Invalid, "The text is not valid UTF-8, so it cannot be kept as it is. Nothing was sent.")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if d.Decode(&in) != nil || d.Decode(&struct{}{}) != io.EOF {
		return in, bot.Errorf(bot.Invalid, "The request is not one that this page sends. Please reload the page.")
	}
	return in, nil
}

// clean removes what cannot be seen, or would change the direction of writing. Unlike the core's it keeps columns and
// indents of what people paste. Where nothing can be seen, nothing is left.
func clean(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", "    ").Replace(s)
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case unicode.IsControl(r), r >= '\u200b' && r <= '\u200f' && r != '\u200d', r >= '\u202a' && r <= '\u202e',
			r >= '\u2060' && r <= '\u206f', r == '\ufeff':
			return -1
		}
		return r
	}, s)
	if value.Blank(s) {
		return ""
	}
	return strings.TrimSpace(value.Cut(s, maxSaid))
}

var address = regexp.MustCompile(`https?://[^\s<>"]+[^\s<>".,;:!?)\]}']`)

// said is a message of a person. Only full addresses become links, shown as they are, so that none can hide where it
// leads.
func said(text string) bot.Message {
	var t bot.Text
	for {
		at := address.FindStringIndex(text)
		if at == nil {
			break
		}
		t = append(t, bot.T(text[:at[0]], bot.Link(text[at[0]:at[1]], text[at[0]:at[1]]))...)
		text = text[at[1]:]
	}
	return bot.Message{Sections: []bot.Section{{Text: append(t, bot.T(text)...)}}}
}
