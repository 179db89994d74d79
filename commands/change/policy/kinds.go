package policy

import (
	"slices"
	"strings"
)

// Type says by which way a change is approved.
type Type string

const (
	Normal    Type = "normal"    // by people, before it starts
	Standard  Type = "standard"  // by a named rule, because its template was approved
	Emergency Type = "emergency" // by people, after it started
)

// Level is how risky a change is.
type Level string

const (
	Low    Level = "low"
	Medium Level = "medium"
	High   Level = "high"
)

// Levels in rising order.
var Levels = []Level{Low, Medium, High}

// Rank orders levels from 0, the lowest; -1 is none.
func (l Level) Rank() int { return slices.Index(Levels, l) }

// Label is the level as people read it.
func (l Level) Label() string { return strings.ToUpper(string(l)) }

// Outcome is how it went.
type Outcome string

const (
	Success        Outcome = "success"
	WithIssues     Outcome = "success_with_issues"
	RolledBack     Outcome = "rolled_back"
	Failed         Outcome = "failed"
	NotImplemented Outcome = "not_implemented"
)

// Label is the outcome as people read it.
func (o Outcome) Label() string { return strings.ReplaceAll(string(o), "_", " ") }
