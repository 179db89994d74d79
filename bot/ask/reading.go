package ask

import (
	"context"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// reading is a typed line while it is read: which words are options, and which are left for the text.
type reading struct {
	ctx      context.Context
	cmd      *bot.Command
	line     line
	text     *bot.Param // what the rest of the line is for; nil when every word has to be an option
	used     []bool     // words that were taken as options
	from, to int        // words before and after these are options, as far as they are used
	mentions []int      // words that look like somebody's name
	bot.Typed
}

// front takes the run of options in front of the text.
func (r *reading) front() error {
	for i := range r.line.words {
		if r.mentioned(i) {
			r.mentions = append(r.mentions, i)
		}
	}
	for r.from < len(r.used) {
		if r.used[r.from] {
			r.from++
			continue
		}
		n, err := r.optionAt(r.from)
		if err != nil || n == 0 {
			return err
		}
		r.take(r.from, r.from+n)
	}
	return nil
}

// back takes the run of options at the end, of those that were not found in front.
func (r *reading) back() error {
	r.to = len(r.used)
	for r.to > r.from {
		if r.used[r.to-1] {
			r.to--
			continue
		}
		n, err := r.optionBefore(r.to)
		if err != nil || n == 0 {
			return err
		}
		r.take(r.to-n, r.to)
	}
	return nil
}

// middle looks at what stands between: mentions in a sentence, and names of options that mean something else than they
// seem to.
func (r *reading) middle() error {
	for i := r.from; i < r.to; i++ {
		w := r.line.words[i]
		p := r.cmd.Param(w.key)
		switch {
		case w.key == "" || w.colon:
		case r.used[i] && p != r.text && p.Kind == bot.TextParam && !w.quoted && i+1 < r.to && !r.used[i+1]:
			return bot.Errorf(
				bot.Invalid,
				"I do not know whether %q belongs to %s. Put a value of several words into quotation marks, like %s=\"%s\".",
				bot.Shown(r.line.typed(i+1)), p.Name, p.Name, bot.Shown(w.text+" "+r.line.typed(i+1)),
			).About(p.Name)
		case p == nil && r.optionLike(i) && (w.quoted || near(r.cmd, w.key) != ""):
			return r.noOption(i)
		}
	}
	if p := r.person(); p != nil && r.Args[p.Name] == "" {
		switch len(r.mentions) {
		case 0:
		case 1:
			r.Args[p.Name] = r.mention(r.mentions[0])
			r.Maybe = append(r.Maybe, p.Name)
		default:
			r.Several = append(r.Several, p.Name)
		}
	}
	r.first()
	return nil
}

// first gives the first word to a required choice or number that was found nowhere.
func (r *reading) first() {
	for i := range r.cmd.Params {
		p := &r.cmd.Params[i]
		if (p.Kind != bot.ChoiceParam && p.Kind != bot.NumberParam) || !p.Required || !p.Bare || p.Hidden ||
			r.Args[p.Name] != "" || r.from >= r.to || r.line.words[r.from].quoted {
			continue
		}
		r.Args[p.Name] = r.line.typed(r.from)
		r.take(r.from, r.from+1)
	}
}

// sentence makes the text of the words that are left, as they were typed.
func (r *reading) sentence() error {
	for r.from < r.to && (r.used[r.from] || r.from > 0 && separator(r.line.typed(r.from))) {
		r.from++
	}
	for r.to > r.from && (r.used[r.to-1] || r.to < len(r.used) && separator(r.line.typed(r.to-1))) {
		r.to--
	}
	if r.from >= r.to {
		return nil
	}
	left := r.left()
	if w := r.line.words[r.from]; r.to-r.from == 1 && w.quoted && w.key == "" {
		left = w.text
	}
	if r.to < len(r.used) {
		left = strings.TrimRight(left, ",;")
	}
	named, ok := r.Args[r.text.Name]
	switch {
	case !ok:
		r.Args[r.text.Name] = left
	case r.from > 0 && r.cmd.Param(r.line.words[r.from-1].key) == r.text && !r.line.words[r.from-1].quoted:
		r.Args[r.text.Name] = named + " " + left
	default:
		return bot.Errorf(
			bot.Invalid,
			"I do not know what %q belongs to, beside %s=\"%s\". Put values of several words into quotation marks, like "+
				"%s=\"…\".",
			bot.Shown(left), r.text.Name, bot.Shown(named), r.text.Name,
		).About(r.text.Name)
	}
	return nil
}

// left is what was typed from the first word of the text to its last, without the options in between.
func (r *reading) left() string {
	var b strings.Builder
	for i := r.from; i < r.to; {
		j := i
		for j < r.to && !r.used[j] {
			j++
		}
		if b.Len() > 0 && j > i {
			b.WriteByte(' ')
		}
		b.WriteString(r.line.span(i, j))
		for i = j; i < r.to && r.used[i]; {
			i++
		}
	}
	return b.String()
}

func separator(s string) bool { return strings.Trim(s, "-–—:,|") == "" }

func (r *reading) take(from, to int) {
	for i := from; i < to; i++ {
		r.used[i] = true
	}
}

// open reports whether a parameter may still be given by a word alone.
func (r *reading) open(p *bot.Param) bool { return !p.Hidden && (p.Many || r.Args[p.Name] == "") }

// set gives a parameter its value. Only one that may be given several times can be given twice.
func (r *reading) set(p *bot.Param, v string) error {
	switch was, twice := r.Args[p.Name]; {
	case twice && p.Many:
		r.Args[p.Name] = was + "," + v
	case twice:
		return bot.Errorf(bot.Invalid, "%s is given twice. Give it once.", p.Caption()).About(p.Name)
	default:
		r.Args[p.Name] = v
	}
	return nil
}

// Words after which a time belongs to the sentence, though it is taken.
var staysAfter = []string{"is", "are", "was", "were", "be", "been", "that", "which"}

// optionAt is how many words the option takes that begins at a word in front of the text: 0 when the text begins there.
func (r *reading) optionAt(i int) (int, error) {
	w := r.line.words[i]
	switch {
	case w.key != "":
		return r.namedAt(i)
	case w.quoted:
		return 0, nil
	}
	for k := range r.cmd.Params {
		p := &r.cmd.Params[k]
		if !r.open(p) {
			continue
		}
		if p.Word != "" && w.text == p.Word { // in capitals it begins a sentence
			if n := r.timeAt(p, i+1); n > 0 && i+1+n < len(r.used) {
				return n + 1, r.set(p, r.phrase(i+1, i+1+n))
			}
		}
		if v, n := r.civilAt(p, i); n > 0 {
			return n, r.set(p, v)
		}
		takes, err := r.claims(p, i)
		if err != nil || takes {
			return 1, err
		}
	}
	return 0, nil
}

// claims sets a parameter to a word in front of the text if the word is meant for it.
func (r *reading) claims(p *bot.Param, i int) (bool, error) {
	if !p.Bare {
		return false, nil
	}
	word := bareWord(r.line.typed(i))
	switch p.Kind {
	case bot.PersonParam:
		begins := slices.Contains([]string{
			"and", "or", "has", "have", "is", "was", "will", "should", "must", "can", "needs", "to", "said", "says",
		}, r.line.plain(i+1))
		switch {
		case begins:
			return false, nil
		case strings.EqualFold(word, "me"):
			return true, r.set(p, word)
		case len(r.mentions) == 1 && r.mentions[0] == i:
			return true, r.set(p, r.mention(i))
		}
	case bot.RefParam:
		if isID(p, word) {
			return true, r.set(p, word)
		}
	case bot.FlagParam:
		if strings.EqualFold(word, p.Name) {
			return true, r.set(p, word)
		}
	case bot.ChoiceParam, bot.NumberParam:
		chosen, err := chosenBy(p, r.ctx, word)
		if err != nil || !chosen {
			return false, err
		}
		return true, r.set(p, word)
	}
	return false, nil
}

// Words before which nothing of the sentence can be cut: what follows belongs to them.
var (
	holdsPerson = []string{
		"to", "and", "with", "for", "by", "call", "ask", "tell", "or", "from", "of", "ping", "page", "see", "about", "as",
		"than", "is", "are", "was",
	}
	holdsChoice = append([]string{
		"a", "an", "the", "not", "no", "like", "in", "on", "at", "were", "be", "been", "that", "which", "only", "called",
		"into", "since", "under", "over", "above", "below", "until",
	}, holdsPerson...)
)

// optionBefore is how many words the option takes that ends before a word at the end of the text: 0 when the text ends
// there.
func (r *reading) optionBefore(end int) (int, error) {
	if n, found, err := r.timeBefore(end); found || err != nil {
		return n, err
	}
	i := end - 1
	w := r.line.words[i]
	switch {
	case w.key != "":
		return r.namedAt(i)
	case w.quoted:
		return 0, nil
	}
	word, before := bareWord(r.line.typed(i)), ""
	if i > r.from {
		before = r.line.plain(i - 1)
	}
	for k := range r.cmd.Params {
		p := &r.cmd.Params[k]
		if !p.Bare || !r.open(p) {
			continue
		}
		switch p.Kind {
		case bot.PersonParam:
			if len(r.mentions) != 1 || r.mentions[0] != i {
				continue
			}
			if slices.Contains(holdsPerson, before) {
				return 0, r.set(p, r.mention(i))
			}
			return 1, r.set(p, r.mention(i))
		case bot.ChoiceParam, bot.NumberParam:
			if p.Match != nil && p.Match.MatchString(word) && !slices.Contains(holdsChoice, before) {
				return 1, r.set(p, word)
			}
		case bot.FlagParam:
			if strings.EqualFold(word, p.Name) {
				return 1, r.set(p, word)
			}
		}
	}
	return 0, nil
}

// timeBefore looks for a time that ends the text, with the word for it: "due fri 17:00". found: there is one, or
// something that was meant as one.
func (r *reading) timeBefore(end int) (n int, found bool, err error) {
	for k := range r.cmd.Params {
		p := &r.cmd.Params[k]
		if p.Word == "" || !r.open(p) {
			continue
		}
		for i := end - 2; i >= max(r.from, end-longestTime-1) && !r.used[i]; i-- {
			if r.line.plain(i) != p.Word {
				continue
			}
			phrase := r.phrase(i+1, end)
			switch {
			case !spelled(p, phrase) && !meant(p, phrase):
				continue
			case i > r.from && slices.Contains(staysAfter, r.line.plain(i-1)):
				return 0, true, r.set(p, phrase)
			}
			return end - i, true, r.set(p, phrase)
		}
	}
	return 0, false, nil
}

// spelled and meant tell a time, a day or an amount, and what was meant as a time or a day, from other words. What lies
// in the past is told with a clock or a date; words like "at the end" are part of the sentence there.
func spelled(p *bot.Param, s string) bool {
	switch p.Kind {
	case bot.DayParam:
		return value.SpellsDay(s, p.Toward)
	case bot.MoneyParam:
		return value.SpellsMoney(s)
	}
	return value.SpellsTime(s, p.Toward) && (p.Toward != value.Past || clockLike.MatchString(s))
}

func meant(p *bot.Param, s string) bool {
	return p.Kind != bot.MoneyParam && value.DateLike(s) && (p.Toward != value.Past || clockLike.MatchString(s))
}
