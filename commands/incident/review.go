package incident

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Write saves the parts of the review that people write.
func (i *Incident) Write(by Actor, w Written, at time.Time) {
	if w == i.Written {
		return
	}
	i.Written = w
	i.join(by)
	i.Log(ReviewEntry, by.Person, at, "Review written")
}

const (
	fenceBegin = "<!-- watchbell:begin %s -->"
	fenceEnd   = "<!-- watchbell:end %s -->"
)

// Document writes the post-mortem of an incident. Whoever names does not know is shown by their id.
func Document(i *Incident, entries []Entry, names map[bot.PersonID]string) string {
	name := func(p bot.PersonID) string { return cmp.Or(names[p], "@"+string(p)) }
	var b strings.Builder
	fenced := func(name, body string) {
		fmt.Fprintf(&b, fenceBegin+"\n%s\n"+fenceEnd+"\n\n", name, strings.TrimSpace(body), name)
	}
	section := func(title, text string) {
		body := "_To be written._"
		if text != "" {
			body = escape(text)
		}
		fmt.Fprintf(&b, "## %s\n\n%s\n\n", title, body)
	}
	fenced("summary", summaryPart(i))
	section("What happened", i.Written.Happened)
	section("Contributing factors", i.Written.Contributing)
	section("What went well", i.Written.WentWell)
	section("What was hard", i.Written.WasHard)
	fenced("times", timesPart(i))
	fenced("roles", rolesPart(i, name))
	fenced("follow-ups", tasksPart(i, name))
	fenced("timeline", timelinePart(entries, name))
	return strings.TrimSpace(b.String()) + "\n"
}

func summaryPart(i *Incident) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s: %s\n\n", i.ID(), escape(i.Title))
	fmt.Fprintf(
		&b, "%s · %s · lasted %s\n\n", i.Severity.Label(), i.State.Label(), value.FormatDuration(i.Duration(i.LastHuman)),
	)
	if len(i.Services) > 0 {
		fmt.Fprintf(&b, "**Services:** %s\n\n", escape(strings.Join(i.Services, ", ")))
	}
	if i.Impact != "" {
		fmt.Fprintf(&b, "**Impact:** %s\n\n", escape(i.Impact))
	}
	if i.Resolution != "" {
		fmt.Fprintf(&b, "**Resolution:** %s\n", escape(i.Resolution))
	}
	return b.String()
}

func timesPart(i *Incident) string {
	var b strings.Builder
	b.WriteString("## Times\n\n| | UTC |\n|---|---|\n")
	for _, f := range facts(i) {
		if !f.at.IsZero() {
			fmt.Fprintf(&b, "| %s | %s |\n", f.name, f.at.UTC().Format("2006-01-02 15:04:05"))
		}
	}
	if !i.Mitigated.IsZero() {
		fmt.Fprintf(&b, "\nImpact lasted %s.\n", value.FormatDuration(i.Mitigated.Sub(i.Started)))
	}
	return b.String()
}

type fact struct {
	name string
	at   time.Time
}

func facts(i *Incident) []fact {
	return []fact{
		{"Started", i.Started}, {"Detected", i.Detected}, {"Declared", i.Declared}, {"Acknowledged", i.Acknowledged},
		{"Impact over", i.Mitigated}, {"Resolved", i.Times.Resolved}, {"Closed", i.Times.Closed},
	}
}

func rolesPart(i *Incident, name func(bot.PersonID) string) string {
	var b strings.Builder
	b.WriteString("## People\n\n")
	for _, r := range []struct {
		name string
		who  bot.PersonID
	}{{"Reporter", i.Reporter}, {"Lead", i.Lead}, {"Deputy", i.Deputy}, {"Comms", i.Comms}, {"Scribe", i.Scribe}} {
		if r.who != "" {
			fmt.Fprintf(&b, "- %s: %s\n", r.name, escape(name(r.who)))
		}
	}
	var responders []string
	for _, p := range i.Responders {
		responders = append(responders, escape(name(p)))
	}
	fmt.Fprintf(&b, "- Responders: %s\n", strings.Join(responders, ", "))
	return b.String()
}

func tasksPart(i *Incident, name func(bot.PersonID) string) string {
	var b strings.Builder
	for _, followUps := range []bool{true, false} {
		title := "## Tasks\n\n"
		if followUps {
			title = "## Follow-ups\n\n"
		}
		any := false
		for _, t := range i.Tasks {
			if t.FollowUp != followUps {
				continue
			}
			if !any {
				b.WriteString(title)
				any = true
			}
			fmt.Fprintf(
				&b, "- [%s] %d. %s%s\n", map[bool]string{true: "x", false: " "}[!t.Done.IsZero()], t.N, escape(t.Text),
				escape(inNames(TaskDetail(t), name)),
			)
		}
		if followUps && !any {
			b.WriteString(title + "None.\n")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func timelinePart(entries []Entry, name func(bot.PersonID) string) string {
	var b strings.Builder
	b.WriteString("## Timeline (UTC)\n\n")
	for _, e := range inOrder(entries) {
		by := "Watchbell"
		if e.By != "" {
			by = escape(name(e.By))
		}
		if e.Agent != "" {
			by = "agent " + escape(e.Agent) + " for " + by
		}
		fmt.Fprintf(
			&b, "- **%s** %s: %s", e.At.UTC().Format("2006-01-02 15:04:05"), by,
			strings.ReplaceAll(escape(inNames(e.Words(), name)), "\n", " "),
		)
		if late := e.Recorded.Sub(e.At); late > time.Minute {
			fmt.Fprintf(&b, " _(recorded %s later)_", value.FormatDuration(late))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// inNames is a text with people by name, for a document that no platform renders. Its times are UTC, as its headings
// say.
func inNames(t bot.Text, name func(bot.PersonID) string) string {
	t = slices.Clone(t)
	for n, s := range t {
		if s.Kind == bot.PersonSpan {
			t[n] = bot.Span{Text: name(bot.PersonID(s.Ref))}
		}
	}
	return t.Plain(time.UTC)
}

// escape keeps what people wrote from becoming markup or one of our fences.
func escape(s string) string {
	return strings.NewReplacer(
		"<!--", "&lt;!--", "<", "&lt;", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "]", "\\]", "#", "\\#", "|", "\\|",
	).Replace(s)
}

var fence = regexp.MustCompile(`(?s)<!-- watchbell:begin ([a-z-]+) -->\n.*?\n<!-- watchbell:end ([a-z-]+) -->`)

// Refresh puts the generated parts of fresh into an older document and leaves everything outside of its fences as it
// is. Parts that the older document no longer has are left out: somebody removed them.
func Refresh(older, fresh string) string {
	parts := map[string]string{}
	for _, m := range fence.FindAllStringSubmatch(fresh, -1) {
		parts[m[1]] = m[0]
	}
	return fence.ReplaceAllStringFunc(older, func(part string) string {
		m := fence.FindStringSubmatch(part)
		if p, ok := parts[m[1]]; ok && m[1] == m[2] {
			return p
		}
		return part // a fence that somebody broke: what is between may be theirs
	})
}

var fenceLine = regexp.MustCompile(`(?m)^<!-- watchbell:(begin|end) [a-z-]+ -->\n?`)

// Unfenced is the document for reading.
func Unfenced(doc string) string { return fenceLine.ReplaceAllString(doc, "") }
