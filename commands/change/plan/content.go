// Package plan is what a change request says: what is to be done, when, how to go back, and what makes it risky. A plan
// does not change by itself; whoever edits it makes a new revision of its change.
package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// Content is everything that approvers approve. Whoever changes any of it makes a new revision.
type Content struct {
	Type         policy.Type       `json:"type"`
	Template     string            `json:"template,omitempty"` // name@version, of a standard change
	Title        string            `json:"title"`
	Why          string            `json:"why"`
	Services     []string          `json:"services"` // sorted
	Env          string            `json:"env"`
	Plan         string            `json:"plan"`
	Test         string            `json:"test,omitempty"`
	Backout      string            `json:"backout,omitempty"`
	Window       Window            `json:"window"`
	Implementers []bot.PersonID    `json:"implementers,omitempty"`
	Answers      map[string]string `json:"answers,omitempty"` // of the risk questions
	Artifacts    []string          `json:"artifacts,omitempty"`
	Author       bot.PersonID      `json:"author,omitempty"` // of what is deployed, as the pipeline says
}

// Window is when a change is carried out: from Start on, before End. The instants count; the local times say what was
// meant, so that a later change of a zone's rules is noticed.
type Window struct {
	Start      time.Time `json:"start"`
	End        time.Time `json:"end"`
	Zone       string    `json:"zone,omitempty"`
	StartLocal string    `json:"start_local,omitempty"`
	EndLocal   string    `json:"end_local,omitempty"`
}

// LocalFormat is how a window is written in its own zone.
const LocalFormat = "2006-01-02 15:04"

// NewWindow makes a window in a zone.
func NewWindow(start, end time.Time, zone *time.Location) Window {
	return Window{
		Start: start.UTC(), End: end.UTC(), Zone: zone.String(), StartLocal: start.In(zone).Format(LocalFormat),
		EndLocal: end.In(zone).Format(LocalFormat),
	}
}

// Location is the zone of the change, UTC when it is unknown.
func (w Window) Location() *time.Location {
	if loc, err := value.Zone(w.Zone); err == nil {
		return loc
	}
	return time.UTC
}

// Set reports whether there is a window.
func (w Window) Set() bool { return !w.Start.IsZero() && !w.End.IsZero() }

// Overlaps reports whether both have a moment in common; one that ends when the other starts has none.
func (w Window) Overlaps(o Window) bool { return w.Start.Before(o.End) && o.Start.Before(w.End) }

// Within reports whether w lies inside o.
func (w Window) Within(o Window) bool { return !w.Start.Before(o.Start) && !w.End.After(o.End) }

// Moved reports whether the zone's rules, as they are known by now, mean another instant than the one that was
// approved.
func (w Window) Moved() bool {
	loc := w.Location()
	return w.StartLocal != "" &&
		(w.Start.In(loc).Format(LocalFormat) != w.StartLocal || w.End.In(loc).Format(LocalFormat) != w.EndLocal)
}

// Sum is the SHA-256, in hex, of the canonical JSON of the content: fields in the order of the type, lists sorted where
// order means nothing, times in UTC. The zone in which people wrote the window is no part of it, the instants are.
func (c Content) Sum() string {
	sum := sha256.Sum256(c.Canonical())
	return hex.EncodeToString(sum[:])
}

// Canonical is what Sum is computed over.
func (c Content) Canonical() []byte {
	c.Services, c.Artifacts, c.Implementers = value.Sorted(c.Services), value.Sorted(c.Artifacts), value.Sorted(
		c.Implementers,
	)
	c.Window = Window{Start: c.Window.Start.UTC().Truncate(time.Second), End: c.Window.End.UTC().Truncate(time.Second)}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(c); err != nil {
		panic(err) // texts, times and lists only
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// Difference is one field that differs between two contents.
type Difference struct {
	Field    string
	Old, New string
}

// Differences lists what an edit changes, in the order in which people read a change.
func (c Content) Differences(o Content) []Difference {
	var d []Difference
	add := func(field, was, is string) {
		if was != is {
			d = append(d, Difference{field, was, is})
		}
	}
	add("type", string(c.Type), string(o.Type))
	add("template", c.Template, o.Template)
	add("title", c.Title, o.Title)
	add("why", c.Why, o.Why)
	add("services", value.Listed(value.Sorted(c.Services)), value.Listed(value.Sorted(o.Services)))
	add("env", c.Env, o.Env)
	add("plan", c.Plan, o.Plan)
	add("test plan", c.Test, o.Test)
	add("backout plan", c.Backout, o.Backout)
	add("window", c.Window.label(), o.Window.label())
	add("implementers", value.Listed(value.Sorted(c.Implementers)), value.Listed(value.Sorted(o.Implementers)))
	for _, q := range Questions {
		add(q.Label, c.Answers[q.ID], o.Answers[q.ID])
	}
	add("artifacts", value.Listed(value.Sorted(c.Artifacts)), value.Listed(value.Sorted(o.Artifacts)))
	add("author", string(c.Author), string(o.Author))
	return d
}

func (w Window) label() string {
	if !w.Set() {
		return ""
	}
	return w.Start.UTC().Format("2006-01-02 15:04Z") + " to " + w.End.UTC().Format("2006-01-02 15:04Z")
}

// Shrinks reports whether o asks for no more than c: the same in every respect but a smaller window, fewer services or
// fewer artifacts.
func (c Content) Shrinks(o Content) bool {
	if len(o.Services) == 0 || len(c.Artifacts) > 0 && len(o.Artifacts) == 0 {
		return false
	}
	for _, d := range c.Differences(o) {
		switch d.Field {
		case "window":
			if !c.Window.Set() || !o.Window.Set() || !o.Window.Within(c.Window) {
				return false
			}
		case "services":
			if !value.Subset(o.Services, c.Services) {
				return false
			}
		case "artifacts":
			if !value.Subset(o.Artifacts, c.Artifacts) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// Missing names what has to be there before a change can be submitted, in the words of its form.
func (c Content) Missing() []string {
	var m []string
	need := func(name string, given bool) {
		if !given {
			m = append(m, name)
		}
	}
	need("title", c.Title != "")
	need("service", len(c.Services) > 0)
	need("env", c.Env != "")
	need("why", c.Why != "")
	need("plan", c.Plan != "")
	if c.Type != policy.Emergency {
		need("start", !c.Window.Start.IsZero())
		need("end", !c.Window.End.IsZero())
	}
	return m
}

// Limits of a window.
const (
	LongestWindow   = 30 * 24 * time.Hour
	farthestWindow  = 366 * 24 * time.Hour
	shortestWindow  = time.Minute
	windowTolerance = time.Minute
)

// Check refuses a window that cannot be meant.
func (w Window) Check(now time.Time) error {
	switch {
	case !w.Set():
		return nil
	case !w.End.After(w.Start):
		return bot.Errorf(
			bot.Invalid,
			"The end of the window (%s) is not after its start (%s). Write the end as a time after it, or as a length: end=1h",
			w.End, w.Start,
		).About("end")
	case w.End.Sub(w.Start) < shortestWindow:
		return bot.Errorf(bot.Invalid, "The window is shorter than a minute. For example: end=30m").About("end")
	case w.End.Sub(w.Start) > LongestWindow:
		return bot.Errorf(
			bot.Invalid, "The window lasts %s, the limit is 30 days. Split the change, or give an earlier end.",
			value.FormatDuration(w.End.Sub(w.Start)),
		).About("end")
	case w.Start.Before(now.Add(-windowTolerance)):
		return bot.Errorf(
			bot.Invalid, "The window starts in the past (%s). Give a time to come: start=\"tomorrow 22:00\"", w.Start,
		).About("start")
	case w.Start.After(now.Add(farthestWindow)):
		return bot.Errorf(bot.Invalid, "The window starts more than a year from now. Request the change nearer to its time.").
			About("start")
	}
	return nil
}

// Length is how long the window lasts by the clock that never jumps, and a word about it if the clocks on the wall do.
func (w Window) Length() string {
	text := value.FormatDuration(w.End.Sub(w.Start))
	loc := w.Location()
	_, before := w.Start.In(loc).Zone()
	_, after := w.End.In(loc).Zone()
	if before != after {
		text += ", clocks change during this window"
	}
	return text
}

// Local is the window as the clocks of its own zone show it.
func (w Window) Local(now time.Time) string {
	loc := w.Location()
	start, end := w.Start.In(loc), w.End.In(loc)
	if start.Format("2006-01-02 MST") == end.Format("2006-01-02 MST") {
		return fmt.Sprintf("%s–%s", value.Short(start, now, "Mon 2 Jan 15:04"), end.Format("15:04 MST"))
	}
	return fmt.Sprintf(
		"%s – %s", value.Short(start, now, "Mon 2 Jan 15:04 MST"), value.Short(end, now, "Mon 2 Jan 15:04 MST"),
	)
}
