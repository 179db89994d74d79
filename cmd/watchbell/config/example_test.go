package config

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/watchbell/watchbell/bot"
)

// exampleLine is a line of the example that has to be uncommented to count: a key right behind the #, or what belongs
// to one, indented.
var exampleLine = regexp.MustCompile(`(?m)^#(\S|  )|^( +)#(\S)`)

// completed is the example with all of its examples in use.
func completed() string { return exampleLine.ReplaceAllString(Example(), "$1$2$3") }

// Nothing that is made up counts before somebody has written it.
func TestExampleIsTheDefaultsUntilItIsEdited(t *testing.T) {
	f, want := mustParse(t, Example()), defaults()
	if !reflect.DeepEqual(f, want) {
		t.Errorf("the example says\n%+v, the defaults are\n%+v", f, want)
	}
	if got, want := mustParse(t, "# nothing\n"), f; !reflect.DeepEqual(got, want) {
		t.Errorf("the example says\n%+v, the defaults are\n%+v", want, got)
	}
}

// The example has every key: no field of what it is read into is left without a value, and each is spelled out as a key
// of its own.
func TestExampleHasEveryKey(t *testing.T) {
	f := mustParse(t, completed())
	filled := map[string]bool{}
	fill(filled, "File", reflect.ValueOf(*f))
	for name, ok := range filled {
		key := kebab(name[strings.LastIndexByte(name, '.')+1:])
		if !ok {
			t.Errorf("nothing in the example sets %s", name)
		}
		if !regexp.MustCompile(`(?m)^[ -]*` + key + `:`).MatchString(completed()) {
			t.Errorf("%s is not a key of the example", key)
		}
	}
	if len(filled) != 70 {
		t.Errorf("File has %d fields now; if that is right, correct this test", len(filled))
	}
}

// fill notes for each field, by the path of types that leads to it, whether any value of it is not zero.
func fill(filled map[string]bool, path string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if !v.Type().Field(i).IsExported() {
				continue
			}
			name := path + "." + v.Type().Field(i).Name
			filled[name] = filled[name] || !v.Field(i).IsZero()
			fill(filled, name, v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			fill(filled, path, v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			fill(filled, path, v.MapIndex(key))
		}
	}
}

func kebab(name string) string {
	if name == strings.ToUpper(name) {
		return strings.ToLower(name)
	}
	var b strings.Builder
	for i, r := range name {
		begins := i > 0 && (unicode.IsLower(rune(name[i-1])) || i+1 < len(name) && unicode.IsLower(rune(name[i+1])))
		if unicode.IsUpper(r) && begins {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// The example says which of its values are the defaults.
func TestExampleShowsTheDefaults(t *testing.T) {
	f, want := mustParse(t, completed()), defaults()
	if f.Zone == time.UTC || f.Observe.Listen == "" {
		t.Error("zone and observe are examples, not defaults")
	}
	if f.Name != want.Name || f.Web.Listen != DefaultListen || !reflect.DeepEqual(f.Login, want.Login) || !reflect.DeepEqual(f.Incidents, want.Incidents) {
		t.Errorf("got %+v", f)
	}
}

func TestExampleNamesTheBuiltinRoles(t *testing.T) {
	text := strings.Join(strings.Fields(strings.ReplaceAll(Example(), "#", "")), " ")
	roles := bot.Roles()
	last := len(roles) - 1
	list := strings.Join(roles[:last], ", ") + " and " + roles[last]
	if !strings.Contains(text, "The built-in roles are "+list) {
		t.Errorf("the example does not list %s", list)
	}
}

func TestDemoIsGood(t *testing.T) {
	data, err := os.ReadFile("../demo.yaml")
	if err != nil {
		t.Skip(err)
	}
	mustParse(t, string(data))
}
