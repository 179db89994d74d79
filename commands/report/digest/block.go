package digest

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Sizes that keep a report within one screen of a phone, and within every platform's limits.
const (
	MaxThread   = 24   // lines of a message in the thread
	MaxPartText = 2800 // characters of one
	maxEach     = 12   // of a section whose lines are messages of their own
	MaxLine     = 180  // characters of one line of a section, and of a restated number
	MaxHead     = 400  // of the numbers of a section, and of the verdict
)

// Suggested is a summary to start from, in whole sentences.
func (c *Content) Suggested() string {
	var s []string
	s = append(s, c.Verdict.Text)
	if m, ok := c.Metric("incidents.opened"); ok {
		if major, _ := c.Metric("incidents.major"); true {
			s = append(s, fmt.Sprintf("There were %s incidents, %s of them major.", m.Text, major.Text))
		}
	}
	if m, ok := c.Metric("incidents.impact"); ok && m.Value > 0 {
		s = append(s, "Users were affected for "+m.Text+" altogether.")
	}
	if m, ok := c.Metric("changes.implemented"); ok && m.Value > 0 {
		rate, _ := c.Metric("changes.failure-rate")
		s = append(s, fmt.Sprintf("%s changes were carried out, %s failed or were rolled back.", m.Text, rate.Text))
	}
	if m, ok := c.Metric("follow-ups.done"); ok && m.Value > 0 {
		s = append(s, m.Text+" improvements were finished.")
	}
	return strings.Join(s, " ")
}

// Block finds a section by its name; nil if the report has none.
func (c *Content) Block(name string) *Block {
	k := slices.IndexFunc(c.Blocks, func(b Block) bool { return b.Name == name })
	if k < 0 {
		return nil
	}
	return &c.Blocks[k]
}

// Section shows the first lines of a block.
func (b *Block) Section(most int) bot.Section {
	text := bot.T(bot.Bold(b.Title))
	if len(b.Head) > 0 {
		text = append(append(text, bot.T("  ")...), cutText(b.Head, MaxHead)...)
	}
	for k, l := range b.Lines {
		if k == most || k == most-1 && len(b.Lines) > most {
			text = append(text, bot.T(fmt.Sprintf("\n+%d more in the thread", len(b.Lines)-k))...)
			break
		}
		if len(b.Each) > 0 {
			l = firstLine(l) // all of it is a message in the thread
		}
		text = append(append(text, bot.T("\n• ")...), cutText(l, MaxLine)...)
	}
	return bot.Section{Text: text}
}

func firstLine(t bot.Text) bot.Text {
	for k, s := range t {
		if head, _, more := strings.Cut(s.Text, "\n"); more {
			s.Text = head
			return append(slices.Clone(t[:k]), s)
		}
	}
	return t
}

// cutText cuts a text to a number of characters; people and times count as they are, for they cannot be cut.
func cutText(t bot.Text, most int) bot.Text {
	var kept bot.Text
	left := most
	for _, s := range t {
		if s.Text != "" {
			if left <= 0 {
				break
			}
			n := utf8.RuneCountInString(s.Text)
			s.Text = value.Cut(s.Text, left)
			left -= n
		}
		kept = append(kept, s)
	}
	return kept
}

// Thread are the messages that show all of a block, if the report itself does not.
func (b *Block) Thread() []bot.Message {
	if len(b.Each) > 0 {
		var list []bot.Message
		for k, l := range b.Lines[:min(maxEach, len(b.Lines))] {
			list = append(list, bot.Message{Sections: []bot.Section{{Text: cutText(l, 3*MaxLine)}}, Actions: b.Each[k]})
		}
		return list
	}
	if len(b.Lines) <= MaxLines {
		return nil
	}
	m := bot.Message{Title: b.Title}
	size := 0
	for k, l := range b.Lines {
		size += len(l.Plain(time.UTC))
		if k == MaxThread || size > MaxPartText {
			m.Sections = append(
				m.Sections, bot.Para(fmt.Sprintf("+%d more on the report's page and in its CSV", len(b.Lines)-k)),
			)
			break
		}
		m.Sections = append(m.Sections, bot.Section{Text: append(bot.T("• "), cutText(l, 2*MaxLine)...)})
	}
	return []bot.Message{m}
}
