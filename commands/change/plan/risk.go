package plan

import (
	"slices"

	"github.com/watchbell/watchbell/commands/change/policy"
)

// Risk is how risky a change is, from 0 to 100, and why.
type Risk struct {
	Score   int          `json:"score"`
	Level   policy.Level `json:"level"`
	Factors []Factor     `json:"factors,omitempty"` // weightiest first
	Rule    string       `json:"rule,omitempty"`    // that raised the level
}

// Factor is one reason of the score.
type Factor struct {
	Points int    `json:"points"`
	Text   string `json:"text"`
}

// Question of the risk assessment. Answers are worth 0, 5 or 10 points.
type Question struct {
	ID      string
	Label   string // of its input, at most 45 characters
	Clause  string // of the factor
	Options []Choice
}

// Choice is one answer and what it is worth.
type Choice struct {
	Value  string
	Label  string
	Points int
}

// Unanswered questions count as if the answer lay in the middle: nobody gains by leaving them out.
const unanswered = 5

// Questions are those that whoever requests a change answers about its risk.
var Questions = []Question{
	{
		"users", "How many users notice?", "users affected",
		[]Choice{{"none", "none", 0}, {"some", "some", 5}, {"all", "all or most", 10}},
	},
	{
		"tested", "Tested in an environment like it?", "test in a like environment",
		[]Choice{{"yes", "yes", 0}, {"partly", "partly", 5}, {"no", "no", 10}},
	},
	{
		"backout-tested", "Backout tested, and quick?", "backout tested",
		[]Choice{{"yes", "yes", 0}, {"slow", "tested, takes more than 15 minutes", 5}, {"no", "not tested", 10}},
	},
	{
		"systems", "How many systems does it touch?", "systems touched",
		[]Choice{{"one", "one", 0}, {"few", "two to five", 5}, {"many", "more", 10}},
	},
	{
		"novelty", "How new is this for the team?", "novelty",
		[]Choice{{"routine", "routine", 0}, {"some", "done before, not often", 5}, {"first", "the first time", 10}},
	},
	{
		"data", "Can data or schema be changed back?", "data changed back",
		[]Choice{{"yes", "yes, or untouched", 0}, {"hard", "with effort", 5}, {"no", "no", 10}},
	},
	{
		"outage", "Is an outage expected?", "outage expected",
		[]Choice{{"none", "none", 0}, {"short", "up to 5 minutes", 5}, {"long", "longer", 10}},
	},
}

// Points is what an answer is worth, and whether it is one.
func (q Question) Points(answer string) (int, bool) {
	i := slices.IndexFunc(q.Options, func(o Choice) bool { return o.Value == answer })
	if i < 0 {
		return unanswered, false
	}
	return q.Options[i].Points, true
}
