package change

import (
	"encoding/json"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/change"
)

// filler sets every exported field to something that nothing else has.
type filler struct{ n int }

func (f *filler) fill(v reflect.Value) {
	f.n++
	switch v.Kind() {
	case reflect.String:
		v.SetString("text " + strconv.Itoa(f.n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(f.n))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.fill(v.Index(0))
		f.fill(v.Index(1))
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		f.fill(key)
		f.fill(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(bottest.Start.Add(time.Duration(f.n) * time.Minute).UTC()))
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				f.fill(v.Field(i))
			}
		}
	default:
		panic("a change has a field of a kind that this test does not know: " + v.Type().String())
	}
}

// filled is a change with something in each of its fields.
func filled() *change.Change {
	var c change.Change
	(&filler{}).fill(reflect.ValueOf(&c).Elem())
	for i := range c.Votes { // whose requester and beneficiary are the change's
		c.Votes[i].Revision, c.Votes[i].Digest = c.Revision, c.Digest
	}
	return &c
}

// shared names what two values have in common that could be altered.
func shared(at string, a, b reflect.Value) (names []string) {
	switch a.Kind() {
	case reflect.Slice:
		if a.Len() > 0 && a.Pointer() == b.Pointer() {
			return []string{at}
		}
		for i := range a.Len() {
			names = append(names, shared(at+"[]", a.Index(i), b.Index(i))...)
		}
	case reflect.Map:
		if !a.IsNil() && a.Pointer() == b.Pointer() {
			return []string{at}
		}
		for _, key := range a.MapKeys() {
			names = append(names, shared(at+"[]", a.MapIndex(key), b.MapIndex(key))...)
		}
	case reflect.Struct:
		if a.Type() == reflect.TypeFor[time.Time]() {
			return nil
		}
		for i := range a.NumField() {
			if a.Type().Field(i).IsExported() {
				names = append(names, shared(at+"."+a.Type().Field(i).Name, a.Field(i), b.Field(i))...)
			}
		}
	}
	return names
}

// What this process remembers of a change that it saved is what reading the rows would give, and nobody who alters
// what they got of it alters what is remembered.
func TestWhatIsRememberedIsWhatTheRowsSay(t *testing.T) {
	for name, c := range map[string]*change.Change{"full": filled(), "empty": {Number: 1}} {
		t.Run(name, func(t *testing.T) {
			s, _, err := saveChange(nil, c, bot.Effects{})
			if err != nil {
				t.Fatal(err)
			}
			bare := *s
			bare.made = nil
			content, err := json.Marshal(c.Content)
			if err != nil {
				t.Fatal(err)
			}
			bare.revision.Content = string(content)
			read, err := bare.change()
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				got, err := s.change()
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(got, read) {
					t.Errorf("remembered:\n%+v\nin the rows:\n%+v", got, read)
				}
				for _, other := range []*change.Change{c, s.made} {
					if names := shared("Change", reflect.ValueOf(*got), reflect.ValueOf(*other)); len(names) > 0 {
						t.Errorf("shared: %v", names)
					}
				}
				(&filler{n: 1000}).fill(reflect.ValueOf(got).Elem()) // which the second time must not be seen
			}
		})
	}
}

// A change that was revised and logged something remembers neither: both are saved.
func TestWhatIsRememberedHasNothingToSave(t *testing.T) {
	c := filled()
	c.Log(change.NoticeEntry, "", bottest.Start, "Something happened.")
	s, _, err := saveChange(nil, c, bot.Effects{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.change()
	if err != nil || len(got.Fresh()) > 0 || got.Revised() || len(c.Fresh()) != 1 {
		t.Errorf("%v: fresh %v, revised %v, of the saved one %v", err, got.Fresh(), got.Revised(), c.Fresh())
	}
}
