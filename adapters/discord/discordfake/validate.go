package discordfake

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// form collects what is wrong with a body, each thing at the path of its field, as Discord answers it: code 50035 and
// an object errors that repeats the body's structure. Source: Discord's page "Reference", "Error Messages".
type form struct {
	errors map[string]any
	prefix string
}

func newForm() *form { return &form{errors: map[string]any{}} }

// in is the same form, below a field.
func (f *form) in(path ...any) *form {
	prefix := f.prefix
	for _, part := range path {
		prefix = join(prefix, fmt.Sprint(part))
	}
	return &form{errors: f.errors, prefix: prefix}
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "." + b
}

// add complains about a field. Its path is in words separated by dots; "" is the body itself.
func (f *form) add(path, code, message string, args ...any) {
	node := f.errors
	if full := join(f.prefix, path); full != "" {
		for part := range strings.SplitSeq(full, ".") {
			next, ok := node[part].(map[string]any)
			if !ok {
				next = map[string]any{}
				node[part] = next
			}
			node = next
		}
	}
	list, _ := node["_errors"].([]any)
	node["_errors"] = append(list, map[string]any{"code": code, "message": fmt.Sprintf(message, args...)})
}

func (f *form) ok() bool { return len(f.errors) == 0 }

// problem is the refusal, nil when nothing is wrong.
func (f *form) problem() error {
	if f.ok() {
		return nil
	}
	return &refused{status: 400, code: 50035, message: "Invalid Form Body", errors: f.errors}
}

const (
	required = "This field is required"
	tooLong  = "Must be %d or fewer in length."
	between  = "Must be between %d and %d in length."
	choices  = "Value must be one of (%s)."
)

// characters counts as Discord does: Unicode code points.
func characters(text string) int { return utf8.RuneCountInString(text) }

// units counts UTF-16 units, in which Discord's clients measure what people type.
func units(text string) int { return len(utf16.Encode([]rune(text))) }

func (f *form) length(name, text string, low, high int) {
	n := characters(text)
	switch {
	case n == 0 && low > 0:
		f.add(name, "BASE_TYPE_REQUIRED", required)
	case n > high && low == 0:
		f.add(name, "BASE_TYPE_MAX_LENGTH", tooLong, high)
	case n < low || n > high:
		f.add(name, "BASE_TYPE_BAD_LENGTH", between, low, high)
	}
}

// text reads a string field. Absent and null are the same, and wrong only if low is above 0.
func (f *form) text(m map[string]any, name string, low, high int) string {
	v := m[name]
	if v == nil {
		if low > 0 {
			f.add(name, "BASE_TYPE_REQUIRED", required)
		}
		return ""
	}
	text, ok := v.(string)
	if !ok {
		if n, isNumber := v.(json.Number); isNumber {
			text, ok = n.String(), true
		}
	}
	if !ok {
		f.add(name, "STRING_TYPE_CONVERT", "Could not interpret \"%v\" as string.", v)
		return ""
	}
	f.length(name, text, low, high)
	return text
}

// whole reads a whole number; given is false when there is none.
func (f *form) whole(m map[string]any, name string, low, high int) (n int, given bool) {
	v := m[name]
	if v == nil {
		return 0, false
	}
	n, ok := intOf(v)
	switch {
	case !ok:
		f.add(name, "NUMBER_TYPE_COERCE", "Value \"%v\" is not int.", v)
		return 0, false
	case n < low:
		f.add(name, "NUMBER_TYPE_MIN", "int value should be greater than or equal to %d.", low)
	case n > high:
		f.add(name, "NUMBER_TYPE_MAX", "int value should be less than or equal to %d.", high)
	}
	return n, true
}

func intOf(v any) (int, bool) {
	switch v := v.(type) {
	case json.Number:
		n, err := strconv.ParseInt(v.String(), 10, 64)
		return int(n), err == nil
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		return int(n), err == nil
	case float64:
		return int(v), v == math.Trunc(v)
	case int:
		return v, true
	}
	return 0, false
}

// yes reads a boolean field.
func (f *form) yes(m map[string]any, name string, standard bool) bool {
	switch v := m[name].(type) {
	case nil:
		return standard
	case bool:
		return v
	case string:
		if v == "true" || v == "false" {
			return v == "true"
		}
	}
	f.add(name, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.")
	return standard
}

// list reads a list; nil when there is none.
func (f *form) list(m map[string]any, name string, low, high int) []any {
	v := m[name]
	if v == nil {
		if low > 0 {
			f.add(name, "BASE_TYPE_REQUIRED", required)
		}
		return nil
	}
	list, ok := v.([]any)
	switch {
	case !ok:
		f.add(name, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
		return nil
	case len(list) > high && low == 0:
		f.add(name, "BASE_TYPE_MAX_LENGTH", tooLong, high)
	case len(list) < low || len(list) > high:
		f.add(name, "BASE_TYPE_BAD_LENGTH", between, low, high)
	}
	return list
}

// object reads an element that has to be an object.
func (f *form) object(v any) map[string]any {
	m, ok := v.(map[string]any)
	if !ok {
		f.add("", "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
		return nil
	}
	return m
}

// one reads a number that has to be one of some.
func (f *form) one(m map[string]any, name string, needed bool, allowed ...int) (int, bool) {
	if m[name] == nil {
		if needed {
			f.add(name, "BASE_TYPE_REQUIRED", required)
		}
		return 0, false
	}
	n, ok := intOf(m[name])
	if !ok || !slices.Contains(allowed, n) {
		f.add(name, "BASE_TYPE_CHOICES", choices, listed(allowed))
		return 0, false
	}
	return n, true
}

func listed[T any](values []T) string {
	var words []string
	for _, v := range values {
		words = append(words, fmt.Sprint(v))
	}
	return strings.Join(words, ", ")
}

// snowflake reads an id; "" when there is none.
func (f *form) snowflake(m map[string]any, name string, needed bool) string {
	v := m[name]
	if v == nil {
		if needed {
			f.add(name, "BASE_TYPE_REQUIRED", required)
		}
		return ""
	}
	id := fmt.Sprint(v)
	if !isSnowflake(id) {
		f.add(name, "NUMBER_TYPE_COERCE", "Value \"%s\" is not snowflake.", id)
		return ""
	}
	return id
}

// permissions reads a set of permissions, which is a string of digits.
func (f *form) permissions(m map[string]any, name string) Permission {
	if m[name] == nil {
		return 0
	}
	n, err := strconv.ParseUint(fmt.Sprint(m[name]), 10, 64)
	if err != nil {
		f.add(name, "BIGINT_TYPE_COERCE", "Value \"%v\" is not a permission set.", m[name])
	}
	return Permission(n)
}

// copyOf is a deep copy of what came from or goes to JSON.
func copyOf[T any](v T) T {
	data, _ := json.Marshal(v)
	var copied T
	_ = json.Unmarshal(data, &copied)
	return copied
}
