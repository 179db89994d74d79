package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/watchbell/watchbell/commands/change/plan"

	"github.com/anishathalye/porcupine"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/commands/incident"
)

// move is what somebody did to one object: a verb of the pure state machines with what it needs.
type move struct {
	Key    string // of the action
	Object string // INC-1 or CHG-1
	Verb   string
	Who    bot.PersonID
	Arg    string

	Revision int // that a vote is for
}

// outcome is what came of a move: what the person was told, and what the audit log has of it.
type outcome struct {
	Done    bool
	Version int    // of the object after it, as its audit entry says, or that a read showed; 0 where there is none
	Record  string // at the end
	Said    string // what people read, for those who look into a history
}

// situation is all that the moves of the histories depend on beside the object itself.
type situation struct {
	people []bot.Person
	policy *policy.Policy
	roster change.Roster
	at     time.Time // one moment for all: nothing in these histories depends on how late it is
}

// overrides are the people who may do what only a lead may, and who decide changes.
func overrides(p bot.Person) bool { return slices.Contains(p.Roles, "incident-lead") }
func approves(p bot.Person) bool  { return slices.Contains(p.Roles, "approver") }

func situated(people []bot.Person, policy *policy.Policy) situation {
	s := situation{people: people, policy: policy, at: time.Date(2027, 1, 4, 12, 0, 0, 0, time.UTC)}
	s.roster = change.Roster{
		At: s.at, Groups: map[string][]change.Member{}, Failed: map[string]string{}, People: map[bot.PersonID]bool{},
	}
	for _, p := range people {
		s.roster.People[p.ID] = true
		if approves(p) {
			s.roster.Groups["approvers"] = append(s.roster.Groups["approvers"], change.Member{
				Person: p.ID, Source: "role approver",
			})
		}
	}
	return s
}

func (s situation) person(id bot.PersonID) bot.Person {
	return s.people[slices.IndexFunc(s.people, func(p bot.Person) bool { return p.ID == id })]
}

func (s situation) world() change.World {
	return change.World{
		At: s.at, Policy: s.policy, Catalog: policy.Catalog{Services: []bot.Service{historyService}, People: s.people},
		Roster: s.roster, Today: s.roster,
	}
}

// objectState is an object as JSON, "" before it was made.
type objectState struct {
	version int
	data    string
}

// trial is a move that changes nothing, tried on a state.
type trial struct {
	data, key string
	done      bool
}

// model is the pure state machines as a specification, for one history.
func (s situation) model() porcupine.Model {
	trials := map[trial]bool{}
	var mu sync.Mutex // parts are checked side by side
	return porcupine.Model{
		Partition: func(history []porcupine.Operation) (parts [][]porcupine.Operation) {
			by := map[string][]porcupine.Operation{}
			for _, op := range history {
				object := op.Input.(move).Object
				by[object] = append(by[object], op)
			}
			for _, part := range by {
				parts = append(parts, part)
			}
			return parts
		},
		Init: func() any { return objectState{} },
		Step: func(state, input, output any) (bool, any) {
			have, m, o := state.(objectState), input.(move), output.(outcome)
			if m.Verb == "read" {
				return o.Version == have.version, state
			}
			if changing(m, o) || m.Verb == "record" {
				if m.Verb != "record" && o.Version != have.version+1 { // most moves have no place here, which is seen at once
					return false, state
				}
				return s.step(have, m, o)
			}
			mu.Lock()
			defer mu.Unlock()
			tried := trial{have.data, m.Key, o.Done}
			may, known := trials[tried]
			if !known {
				may, _ = s.step(have, m, o)
				trials[tried] = may
			}
			return may, state
		},
		Equal: func(a, b any) bool { return a == b },
		DescribeOperation: func(input, output any) string {
			m, o := input.(move), output.(outcome)
			return fmt.Sprintf("%s %s %s %s → %v v%d %s%s", m.Who, m.Verb, m.Object, m.Arg, o.Done, o.Version, o.Said, o.Record)
		},
	}
}

// step reports whether a move may have had its outcome on a state, and the state after it.
func (s situation) step(state objectState, m move, o outcome) (bool, objectState) {
	if strings.HasPrefix(m.Object, "INC") {
		return advance(state, m, o, s.incident, func(i *incident.Incident) *int { return &i.Version })
	}
	return advance(state, m, o, s.change, func(c *change.Change) *int { return &c.Version })
}

func advance[T any](
	state objectState, m move, o outcome, apply func(*T, move) (*T, error), version func(*T) *int,
) (bool, objectState) {
	var have *T
	if state.data != "" {
		have = new(T)
		if err := json.Unmarshal([]byte(state.data), have); err != nil {
			panic(err)
		}
	}
	if m.Verb == "record" {
		return have != nil && lasting(have) == o.Record, state
	}
	if have == nil && m.Verb != "create" {
		return false, state // the others begin when it is there
	}
	next, err := apply(have, m)
	changed := o.Done && o.Version > 0
	if err != nil {
		return !changed && o.Done == (err.Error() == "voted already"), state // a vote given twice is no error to people
	}
	if !changed {
		return false, state
	}
	*version(next)++
	if *version(next) != o.Version {
		return false, state
	}
	data, err := json.Marshal(next)
	if err != nil {
		panic(err)
	}
	return true, objectState{*version(next), string(data)}
}

var errUnknownVerb = errors.New("no such verb")

func (s situation) incident(i *incident.Incident, m move) (*incident.Incident, error) {
	p := bot.Person{}
	if m.Who != "" {
		p = s.person(m.Who)
	}
	by := incident.Actor{Person: m.Who, Override: overrides(p)}
	policy := incident.DefaultPolicy()
	var err error
	switch m.Verb {
	case "create":
		number, _ := incident.ParseID(m.Object)
		i = incident.Declare(number, incident.Declaration{
			Title: m.Arg, Severity: incident.SEV3, By: m.Who, MayLead: true, Source: "web",
		}, s.at, policy)
	case "update":
		err = i.Tell(by, incident.Report{Text: m.Arg}, s.at, policy)
	case "note":
		err = i.Note(by, m.Arg, s.at, s.at, "")
	case "task":
		_, err = i.AddTask(by, incident.Task{Text: m.Arg}, s.at)
	case "done":
		_, err = i.FinishTask(by, 1, s.at)
	case "lead":
		err = i.Assign(by, incident.LeadRole, m.Who, s.at)
	case "severity":
		err = i.SetSeverity(by, incident.Severity(m.Arg), "only one region", s.at, policy)
	case "status":
		err = i.SetStatus(by, incident.State(m.Arg), "", s.at)
	case "resolve":
		err = i.Resolve(by, incident.Outcome{Summary: m.Arg}, s.at)
	case "reopen":
		err = i.Reopen(by, m.Arg, s.at, policy)
	case "incident.begin-review": // by the bot
		if !i.BeginReview(s.at) {
			err = errors.New("no review to begin")
		}
	default:
		err = fmt.Errorf("%w: %s", errUnknownVerb, m.Verb)
	}
	return i, err
}

func (s situation) change(c *change.Change, m move) (*change.Change, error) {
	by := change.Actor{Person: m.Who, Emergency: true}
	w := s.world()
	ballot := change.Ballot{Person: m.Who, Revision: m.Revision, Comment: m.Arg, Surface: "web"}
	approver := m.Who != "" && approves(s.person(m.Who))
	var err error
	switch m.Verb {
	case "create":
		number, _ := change.ParseID(m.Object)
		c = change.Request(number, emergency(m.Arg), m.Who, "", "web", s.at)
		err = c.Submit(by, w, s.at)
	case "approve":
		_, err = c.Approve(ballot, w.Roster, nil, s.at)
	case "reject":
		_, err = c.Decline(ballot, w.Roster, nil, s.at)
	case "withdraw":
		err = c.Withdraw(m.Who, m.Arg, s.at)
	case "edit":
		x := c.Content
		x.Plan = m.Arg
		err = c.Edit(by, x, w, s.at)
	case "hold":
		err = c.PutOnHold(by, approver, m.Arg, s.at)
	case "resume":
		err = c.Resume(by, approver, s.at)
	case "start":
		err = c.Start(by, w, "", s.at)
	case "finish":
		err = c.Finish(by, m.Arg, s.at)
	case "cancel":
		err = c.Cancel(by, m.Arg, s.at)
	case "change.ask-people": // by the bot, which notes whom it asks
	default:
		err = fmt.Errorf("%w: %s", errUnknownVerb, m.Verb)
	}
	return c, err
}

var historyService = bot.Service{ID: "web", Name: "Web shop", Owners: []bot.PersonID{"p00"}}

// emergency is the content of the changes in the histories: without a window, for otherwise nothing could be approved
// and started at one moment.
func emergency(title string) plan.Content {
	return plan.Content{
		Type: policy.Emergency, Title: title, Why: "It cannot wait for the window of the night", Plan: "Do it",
		Backout: "Undo it", Env: "prod", Services: []string{historyService.ID},
	}
}

// lasting is the whole record as text, without what depends on the time or on how somebody reached us.
func lasting(record any) string {
	data, err := json.Marshal(record)
	if err != nil {
		panic(err)
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		panic(err)
	}
	data, err = json.Marshal(timeless(v))
	if err != nil {
		panic(err)
	}
	return string(data)
}

func timeless(v any) any {
	switch x := v.(type) {
	case map[string]any:
		for key, part := range x {
			switch key {
			case "surface", "account", "known", "asked", "risk", "paused", "last_human":
				delete(x, key)
				continue
			case "responders": // a set
				slices.SortFunc(part.([]any), func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
			}
			if part = timeless(part); part == nil || reflect.ValueOf(part).IsZero() {
				delete(x, key)
				continue
			}
			x[key] = part
		}
		if len(x) == 0 {
			return nil
		}
	case []any:
		if len(x) == 0 {
			return nil
		}
		for n := range x {
			x[n] = timeless(x[n])
		}
	case string:
		if t, err := time.Parse(time.RFC3339Nano, x); err == nil {
			if t.IsZero() {
				return nil
			}
			return "some time"
		}
	}
	return v
}
