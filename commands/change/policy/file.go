package policy

import (
	"bytes"
	_ "embed"
	"strings"

	"github.com/watchbell/watchbell/bot/yamlfile"
)

// DefaultPolicy is the text of the policy that ships.
//
//go:embed policy.yaml
var DefaultPolicy string

// Default is the text of the policy that ships: it asks the owners of a service, and approvers for what is risky in
// production.
func Default() string { return DefaultPolicy }

// form is that of a policy. A template may hold a long plan.
var form = yamlfile.Form{
	Noun:     "policy",
	Key:      "version",
	Empty:    `"watchbell change policy example" prints one to start from.`,
	MaxBytes: 256 << 10,
	MaxText:  256 << 10,
}

// policyFile is the file as it is written. What is left out has its zero value.
type policyFile struct {
	Version      int
	Environments []string
	Defaults     fileDefaults
	Groups       []fileGroup
	Managers     string
	Emergency    fileEmergency
	BreakGlass   fileGlass
	Rules        []fileRule
	Freezes      []fileFreeze
	Maintenance  []fileMaintenance
	Templates    []fileTemplate
	Cases        []Case
}

type fileDefaults struct {
	Timezone       string
	PendingTTL     string
	ApprovedTTL    string
	Reject         *fileReject
	OnEdit         string
	OnPolicyChange string
	OnEvalError    string
	SoD            fileSoD
	Externals      string
	Assurance      map[string]string
	MaxPerDay      int
	LeadTime       string
}

type fileReject struct {
	Quorum    int
	MinReason int
}

type fileSoD struct {
	Requester   string
	Implementer string
	Author      string
	Distinct    *bool
}

type fileGroup struct {
	Name      string
	Static    []string
	Roles     []string
	Groups    []string
	Usergroup string
	Role      string // of Discord
	Owners    bool
	Fallback  string
}

type fileEmergency struct {
	Submitters string
}

type fileGlass struct {
	Who string
}

type fileWhen struct {
	Type          words
	Risk          words
	Env           words
	Service       words
	ServiceTag    words
	Tier          words
	Template      words
	TemplateState string
}

type fileStage struct {
	Name   string
	From   string
	Quorum int
	After  words
	Due    string
}

type fileRequire struct {
	Maintenance bool
	NoFreeze    bool
	Backout     bool
	Test        bool
	LeadTime    string
	Artifact    bool
}

type fileRule struct {
	ID       string
	When     fileWhen
	Expr     string
	Auto     bool
	Start    bool
	Stages   []fileStage
	Retro    *fileStage
	Require  fileRequire
	Risk     string
	Fallback bool
}

type fileScope struct {
	Env     words
	Service words
	Tag     words
	NotTag  words
}

type fileSpan struct {
	From string
	To   string
}

type fileFreeze struct {
	ID        string
	Mode      string
	From      string
	To        string
	Weekly    []fileSpan
	TZ        string
	Reason    string
	Owner     string
	Scope     fileScope
	Allow     fileAllow
	Exemption *fileStage
}

type fileAllow struct {
	Types words
}

type fileMaintenance struct {
	ID     string
	From   string
	To     string
	Weekly []fileSpan
	TZ     string
	Scope  fileScope
}

type fileTemplate struct {
	Name        string
	Title       string
	Why         string
	Plan        string
	Test        string
	Backout     string
	Services    words
	Env         words
	MaxDuration string
	Owner       string
	ReviewBy    string
}

// words are one text or a list of texts.
type words []string

// Error lists everything that is wrong with a policy file.
type Error struct{ Problems []string }

func (e *Error) Error() string {
	return "The policy is refused:\n- " + strings.Join(e.Problems, "\n- ")
}

// Parse reads and checks a policy. Against the catalog it checks that what it names exists, so that no stage asks
// nobody.
func Parse(text []byte, k Catalog) (*Policy, []Case, error) {
	text = bytes.TrimPrefix(text, []byte(yamlfile.ByteOrderMark))
	return ParsePolicy(text, k, string(text) == DefaultPolicy)
}

// ParsePolicy reads a policy. lenient lets it name who and what is not there: the policy that ships has to fit every
// installation, and one that was in force must not be lost because somebody left. Stages that ask nobody are refused
// when a change is submitted, and never satisfied.
func ParsePolicy(text []byte, k Catalog, lenient bool) (*Policy, []Case, error) {
	f, problems := readFile(text)
	if problems != nil {
		refused := &Error{}
		for _, p := range problems {
			refused.Problems = append(refused.Problems, p.Error())
		}
		return nil, nil, refused
	}
	c := checker{catalog: k, file: f, lenient: lenient}
	p := c.policy()
	p.SHA, p.Text = ShaOf(text), string(text)
	if len(c.problems) > 0 {
		return nil, nil, &Error{c.problems}
	}
	return p, f.Cases, nil
}
