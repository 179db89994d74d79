package policy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/commands/change/policy"
)

// What is wrong with the writing is said all at once, each with its line.
func TestWhatCannotBeReadIsShown(t *testing.T) {
	text := "version: 1\nrule: []\nmanagers: &m boss\nfreezes:\n- id: {}\n"
	_, _, err := policy.Parse([]byte(text), policy.Catalog{})
	want := `The policy is refused:
- line 3, column 11: "&" is an anchor in YAML. Anchors are not supported. Put quotes around text that begins with it.
managers: &m boss
          ^`
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
	_, _, err = policy.Parse([]byte(strings.Replace(text, "&m ", "", 1)), policy.Catalog{})
	want = `The policy is refused:
- line 2, column 1: unknown key "rule". Did you mean "rules"?
rule: []
^
- line 5, column 7: freezes.id has to be text, not a mapping. Put quotes around text with a colon.
- id: {}
      ^`
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

func TestAPolicyOfCommentsIsEmpty(t *testing.T) {
	_, _, err := policy.Parse([]byte("# version: 1\n"), policy.Catalog{})
	want := "The policy is refused:\n- the file is empty. \"watchbell change policy example\" prints one to start from."
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

// A case may expect that nobody is asked; leaving that out expects nothing.
func TestACaseThatExpectsNobody(t *testing.T) {
	text := policy.Default() + `
cases:
- {name: nobody, expect: {stages: []}}
- {name: whoever, expect: {rules: [catch-all]}, change: {backout_plan: No}}
`
	_, cases, err := policy.ParsePolicy([]byte(text), policy.Catalog{}, true)
	if err != nil {
		t.Fatal(err)
	}
	if cases[0].Expect.Stages == nil || len(cases[0].Expect.Stages) > 0 || cases[1].Expect.Stages != nil {
		t.Errorf("got %+v", cases)
	}
	if b := cases[1].Change.Backout; b == nil || *b || cases[0].Change.Backout != nil {
		t.Errorf("got %+v", cases)
	}
}

// FuzzParse checks that whatever is in the file, Parse returns a policy or says what is wrong.
func FuzzParse(f *testing.F) {
	f.Add([]byte(policy.Default()))
	f.Add([]byte(strings.ReplaceAll(policy.Default(), "\n# ", "\n")))
	f.Add([]byte("version: 1\nrules: [{id: a, fallback: true, when: {env: []}, stages: [{quorum: x}]}]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, lenient := range []bool{false, true} {
			p, _, err := policy.ParsePolicy(data, policy.Catalog{}, lenient)
			var refused *policy.Error
			switch {
			case err == nil && (p == nil || len(p.Rules) == 0 || p.Defaults.Zone == nil):
				t.Errorf("accepted, but not complete: %+v", p)
			case err != nil && (!errors.As(err, &refused) || len(refused.Problems) == 0):
				t.Errorf("not a refusal: %#v", err)
			}
		}
	})
}
