package said

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// Read takes the arguments of a flat JSON object. Keys that are unknown, twice there or written otherwise are refused:
// none is ignored. An empty body has no arguments.
func Read(body []byte, names []string) (map[string]string, error) {
	args := map[string]string{}
	if len(bytes.TrimSpace(body)) == 0 {
		return args, nil
	}
	bad := func(format string, a ...any) (map[string]string, error) {
		return nil, bot.Errorf(bot.Invalid, format, a...)
	}
	const notJSON = "The body is not valid JSON."
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return bad("The body has to be one JSON object.")
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return bad(notJSON)
		}
		field := name.(string)
		var v any
		if err := d.Decode(&v); err != nil {
			return bad(notJSON)
		}
		if !slices.Contains(names, field) {
			return bad("%q is not a field that can be set here. There is: %s.", short(field), strings.Join(names, ", "))
		}
		if _, twice := args[field]; twice {
			return bad("%s is there twice.", field)
		}
		text, ok := Text(v)
		if !ok {
			return bad("%s has to be a text, or a list of texts.", field)
		}
		args[field] = text
	}
	if _, err := d.Token(); err != nil {
		return bad(notJSON)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return bad("There is something after the JSON object.")
	}
	return args, nil
}

func short(s string) string {
	if len(s) > 80 {
		s = s[:80]
	}
	return strings.ToValidUTF8(s, "?")
}
