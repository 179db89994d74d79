package ask

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

var (
	mention   = regexp.MustCompile(`^@[A-Za-z0-9][A-Za-z0-9._-]*$`)
	ref       = regexp.MustCompile(`^([A-Za-z]{1,5})-\d+$`)
	optionKey = regexp.MustCompile(`^[a-z][a-z-]+$`)
	clockLike = regexp.MustCompile(`(?i)\d:\d|\d\s?[ap]m\b|\d\d\d\d-\d|\bago$|^(tomorrow|yesterday|today\w)\w*$`)
)

const longestTime = 5 // words: in two weeks from now

// bareWord is a word without the punctuation around it: "sev1:", "(sev2)", "sev3!". Of several exclamation marks none
// is left off: "critical!!" is nobody's spelling of a severity.
func bareWord(s string) string {
	s = strings.Trim(s, ".,;:()")
	if short := strings.TrimRight(s, "!?"); len(s)-len(short) == 1 {
		return short
	}
	return s
}

func (r *reading) mentioned(i int) bool {
	w := r.line.words[i]
	return !w.quoted && w.key == "" && mention.MatchString(r.mention(i))
}

func (r *reading) mention(i int) string { return bareWord(strings.TrimSuffix(r.line.typed(i), "'s")) }

// person is the parameter that a mention in the text is for.
func (r *reading) person() *bot.Param {
	for i := range r.cmd.Params {
		if p := &r.cmd.Params[i]; p.Kind == bot.PersonParam && p.Bare && !p.Hidden {
			return p
		}
	}
	return nil
}

// isID reports whether a word is an id of the parameter's things.
func isID(p *bot.Param, s string) bool {
	m := ref.FindStringSubmatch(s)
	return m != nil && strings.EqualFold(m[1], p.Prefix) || p.Digits && digits.MatchString(s)
}

// chosenBy reports whether a word in front of a text is a value of the choice or number. One that has to be given is
// the first word, whatever that is; one that may be left out has to be recognised.
func chosenBy(p *bot.Param, ctx context.Context, word string) (bool, error) {
	switch {
	case p.Match != nil && p.Match.MatchString(word):
		return true, nil
	case p.Required && p.Match == nil:
		return true, nil
	case p.Required && p.Parse != nil:
		_, ok := p.Parse(word)
		return ok, nil
	case p.Required || p.Match != nil || p.Options == nil:
		return false, nil
	}
	options, err := p.Options(ctx)
	return slices.ContainsFunc(options, func(o bot.Option) bool { return strings.EqualFold(o.Value, word) }), err
}

// absorb lets the value behind a name go on where it visibly does: start=tomorrow 22:00, people=@ana, @ben.
func (r *reading) absorb() {
	l := &r.line
	for i := 0; i < len(l.words); i++ {
		w := l.words[i]
		p := r.cmd.Param(w.key)
		if w.key == "" || p == nil || w.quoted || w.text == "" {
			continue
		}
		for p.Many && strings.HasSuffix(l.words[i].text, ",") && i+1 < len(l.words) {
			l.merge(i, i+2, l.words[i].text+l.words[i+1].text)
		}
		for j := min(len(l.words), i+longestTime); j > i+1; j-- {
			if v := w.text + " " + l.span(i+1, j); absorbs(p, v) {
				l.merge(i, j, v)
				break
			}
		}
	}
}

// absorbs reports whether several words behind a name are one value.
func absorbs(p *bot.Param, s string) bool {
	switch p.Kind {
	case bot.TimeParam:
		return value.SpellsTime(s, p.Toward)
	case bot.DayParam, bot.MoneyParam:
		return spelled(p, s)
	}
	return false
}

// named takes name=value, wherever it stands. In a text name:value is prose, except beside other options.
func (r *reading) named() error {
	for i, w := range r.line.words {
		p := r.cmd.Param(w.key)
		switch {
		case w.key == "" || w.text == "" && !w.quoted: // "Impact: all of Europe"
		case p != nil && (!w.colon || r.text == nil):
			if err := r.set(p, w.text); err != nil {
				return err
			}
			r.used[i] = true
		case p == nil && r.text == nil && r.optionLike(i):
			return r.noOption(i)
		}
	}
	return nil
}

// namedAt takes name:value beside other options, and refuses a name there that no option has.
func (r *reading) namedAt(i int) (int, error) {
	w := r.line.words[i]
	p := r.cmd.Param(w.key)
	switch {
	case p == nil && r.optionLike(i):
		return 0, r.noOption(i)
	case p == nil || w.text == "" && !w.quoted:
		return 0, nil
	}
	return 1, r.set(p, w.text)
}

// optionLike reports whether a word looks like name=value, and not like a=b, TIMEOUT=30 or an address.
func (r *reading) optionLike(i int) bool {
	w := r.line.words[i]
	return !w.colon && optionKey.MatchString(w.key) && (w.quoted || w.text != "" && !strings.HasPrefix(w.text, "="))
}

func near(c *bot.Command, key string) string {
	if len(key) < 4 {
		return ""
	}
	return value.Nearest(key, paramNames(c))
}

// noOption refuses name=value of a name that no option has.
func (r *reading) noOption(i int) error {
	w, c := r.line.words[i], r.cmd
	typed := bot.Shown(w.text)
	if w.quoted {
		typed = `"` + typed + `"`
	}
	if near := near(c, w.key); near != "" {
		return bot.Errorf(
			bot.Invalid, "%s has no option %q. Did you mean %s=%s?", c.Slash(), bot.Shown(w.key), near, typed,
		).About(near)
	}
	names := paramNames(c)
	what := "It has " + strings.Join(names, ", ") + "."
	if len(names) == 0 {
		what = "It has none."
	}
	if r.text != nil {
		what += " If it is part of the text, put the whole text into quotation marks."
	}
	return bot.Errorf(bot.Invalid, "%s has no option %q. %s", c.Slash(), bot.Shown(w.key), what)
}

// phrase is what several words say as a value: without the mark that ends a sentence, or what stands in quotation
// marks.
func (r *reading) phrase(from, to int) string {
	if w := r.line.words[from]; to-from == 1 && w.quoted && w.key == "" {
		return w.text
	}
	return strings.TrimRight(r.line.span(from, to), ".,;!")
}

// timeAt is how many words from one on spell a time, the most that do.
func (r *reading) timeAt(p *bot.Param, from int) int {
	for to := min(len(r.used), from+longestTime); to > from; to-- {
		if !slices.Contains(r.used[from:to], true) && spelled(p, r.phrase(from, to)) {
			return to - from
		}
	}
	return 0
}

// civilAt is a day or an amount that needs no name in front, and how many words from one on spell it: the most that do.
func (r *reading) civilAt(p *bot.Param, from int) (v string, words int) {
	if !p.Bare || p.Kind != bot.DayParam && p.Kind != bot.MoneyParam {
		return "", 0
	}
	for to := min(len(r.used), from+longestTime); to > from; to-- {
		v = strings.TrimRight(r.phrase(from, to), ":")
		if !slices.Contains(r.used[from:to], true) && spelled(p, v) {
			return v, to - from
		}
	}
	return "", 0
}

// anywhere takes options in any order, for a command without a text: times after their word, words that show by
// themselves what they are for, and the rest in the order of the parameters.
func (r *reading) anywhere() error {
	for k := range r.cmd.Params {
		p := &r.cmd.Params[k]
		for i := 0; i+1 < len(r.used) && p.Word != "" && r.open(p); i++ {
			if r.used[i] || r.line.plain(i) != p.Word {
				continue
			}
			n := r.timeAt(p, i+1)
			for n == 0 || r.unfinished(p, i+1, n) { // what is no time is refused as such
				if n++; i+1+n >= len(r.used) || r.used[i+1+n] || r.mentioned(i+1+n) {
					break
				}
			}
			r.take(i, i+1+n)
			r.Args[p.Name] = r.phrase(i+1, i+1+n)
		}
	}
	r.recognised()
	r.positional()
	return nil
}

// unfinished reports whether the words taken so far, and the next, are what somebody meant as one value.
func (r *reading) unfinished(p *bot.Param, from, n int) bool {
	if p.Kind == bot.DayParam || p.Kind == bot.MoneyParam {
		return !spelled(p, r.phrase(from, from+n))
	}
	return !value.SpellsTime(r.phrase(from, from+n), value.Future) && !value.SpellsTime(r.phrase(from, from+n), value.Past)
}

func (r *reading) recognised() {
	for i := range r.line.words {
		for k := range r.cmd.Params {
			p := &r.cmd.Params[k]
			if r.used[i] || r.line.words[i].quoted || !p.Bare || !r.open(p) {
				continue
			}
			if v, n := r.civilAt(p, i); n > 0 {
				_ = r.set(p, v) // open parameters can be set
				r.take(i, i+n)
			}
			if r.used[i] || !shownBy(p, r.line.typed(i)) {
				continue
			}
			_ = r.set(p, r.line.typed(i)) // open parameters can be set
			r.used[i] = true
		}
	}
}

// shownBy reports whether a word shows by itself that it is meant for the parameter: @ana, INC-4, sev2.
func shownBy(p *bot.Param, s string) bool {
	switch p.Kind {
	case bot.PersonParam:
		return mention.MatchString(s) || strings.EqualFold(s, "me")
	case bot.RefParam:
		return isID(p, s)
	case bot.ChoiceParam, bot.NumberParam:
		return p.Match != nil && p.Match.MatchString(s)
	case bot.FlagParam:
		return strings.EqualFold(s, p.Name)
	}
	return false
}

// positional gives the words that are left, in order, to the parameters that only their place identifies.
func (r *reading) positional() {
	for k := range r.cmd.Params {
		p := &r.cmd.Params[k]
		if !p.Bare || p.Hidden || r.Args[p.Name] != "" || p.Kind == bot.FlagParam || p.Kind == bot.TextParam ||
			p.Kind == bot.RefParam && !onlyRef(r.cmd) {
			continue
		}
		i := slices.Index(r.used, false)
		if i < 0 {
			return
		}
		r.Args[p.Name] = r.line.typed(i)
		if w := r.line.words[i]; w.quoted && w.key == "" {
			r.Args[p.Name] = w.text
		}
		r.used[i] = true
	}
}

// onlyRef reports whether an id is all the command takes, so that any word typed must be meant as one.
func onlyRef(c *bot.Command) bool {
	return !slices.ContainsFunc(c.Params, func(p bot.Param) bool { return p.Kind != bot.RefParam && p.Bare && !p.Hidden })
}

// leftovers refuses words that nothing was made of.
func (r *reading) leftovers() error {
	var left []string
	for i := range r.used {
		if !r.used[i] {
			left = append(left, r.line.typed(i))
		}
	}
	if len(left) == 0 {
		return nil
	}
	return bot.Errorf(
		bot.Invalid, "I do not understand %q here. The command is: %s. For example: %s", bot.Shown(strings.Join(left, " ")),
		r.cmd.Usage(), r.cmd.Example,
	)
}
