package config

import (
	"errors"
	"os"
	"testing"
)

// FuzzParse checks that whatever is in the file, Parse returns a configuration or says what is wrong and where.
func FuzzParse(f *testing.F) {
	f.Add([]byte(Example()))
	if demo, err := os.ReadFile("../demo.yaml"); err == nil {
		f.Add(demo)
	}
	for _, c := range append(notYAML, notConfig...) {
		f.Add([]byte(c.file))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse("f.yaml", data)
		if err == nil {
			if file == nil || file.Zone == nil || len(file.Incidents.Severities) != 5 {
				t.Errorf("accepted, but not complete: %+v", file)
			}
			return
		}
		var problems Problems
		if !errors.As(err, &problems) || len(problems) == 0 || !IsError(err) || err.Error() == "" {
			t.Fatalf("not a refusal: %#v", err)
		}
		for _, e := range problems {
			if e.Text == "" || e.File != "f.yaml" && e.Line > 0 || e.Line < 0 || (e.Line > 0) != (e.Column > 0) {
				t.Errorf("not an error for people: %#v", e)
			}
		}
	})
}
