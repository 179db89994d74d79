// Package matrix is how bad risks are: likelihood times impact, each from 1 to 5, with and without what is done about a
// risk. It is pure and knows nothing of records.
package matrix

import (
	"fmt"
	"slices"
	"strings"
)

// Level is how much a score matters.
type Level string

// The levels. "" is not known.
const (
	Low      Level = "low"      // up to 4
	Medium   Level = "medium"   // up to 9
	High     Level = "high"     // up to 16
	Critical Level = "critical" // above that
)

// LevelOf is the level of a score from 1 to 25.
func LevelOf(score int) Level {
	switch {
	case score <= 4:
		return Low
	case score <= 9:
		return Medium
	case score <= 16:
		return High
	}
	return Critical
}

var levels = []Level{"", Low, Medium, High, Critical}

// Above reports whether a level matters more than another one.
func (l Level) Above(other Level) bool { return slices.Index(levels, l) > slices.Index(levels, other) }

// ReviewAfter is how many days after a review the next one is due. A risk of which nobody knows how bad it is counts as
// a high one.
func (l Level) ReviewAfter() int {
	if l == "" {
		l = High
	}
	return map[Level]int{Low: 365, Medium: 180, High: 90, Critical: 30}[l]
}

// AcceptedFor is for how many months at most a risk is accepted.
func (l Level) AcceptedFor() int {
	if l == Critical {
		return 3
	}
	return 12
}

// Assessment is how likely something is and how bad it would be, each from 1 to 5. 0 is not known.
type Assessment struct {
	Likelihood, Impact int `json:",omitempty"`
}

// Score is from 1 to 25, 0 when it is not known.
func (a Assessment) Score() int { return a.Likelihood * a.Impact }

func (a Assessment) half() bool { return (a.Likelihood == 0) != (a.Impact == 0) }

// String is it in words.
func (a Assessment) String() string {
	if a.Score() == 0 {
		return "not scored"
	}
	return fmt.Sprintf("%d × %d = %d, %s", a.Likelihood, a.Impact, a.Score(), LevelOf(a.Score()))
}

// Draw is a heat map in lines of a fixed width: impact upwards, likelihood to the right. Each cell has how many risks
// there are and the first letter of its level, in capitals where there are any.
func Draw(list []Assessment) []string {
	var count [6][6]int
	for _, a := range list {
		count[a.Impact][a.Likelihood]++
	}
	lines := make([]string, 0, 7)
	for impact := 5; impact >= 1; impact-- {
		line := fmt.Sprintf("impact %d |", impact)
		for likelihood := 1; likelihood <= 5; likelihood++ {
			letter := string(LevelOf(impact * likelihood))[:1]
			if n := count[impact][likelihood]; n > 0 {
				line += fmt.Sprintf("%3d%s", min(n, 999), strings.ToUpper(letter))
			} else {
				line += "  ." + letter
			}
		}
		lines = append(lines, line)
	}
	return append(lines, "         +--------------------", "likelihood  1   2   3   4   5")
}
