package ask

import (
	"context"
	"strings"
	"unicode"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// A typed command is a run of options, a text, and another run of options. One rule holds for all commands:
//
//   - An option is an option in front of the text, at its very end, or by name=value wherever it stands. One that was
//     found in front, or by its name, is not looked for at the end. In the middle a severity, a person, a time or a
//     quotation mark is a word of the text.
//   - Words are cut out of the text only where a sentence is left. A mention names somebody only if it is the only one
//     in the text, and is cut only where it stands first or last and is no part of the sentence, as after "to" or
//     "with". A time after "is" or "was" is taken and stays; a choice after such a word, as in "not a sev1", is a word.
//   - What looks like a time and is none is asked back, and so is what looks like name=value and no option has that
//     name.
//   - Quotation marks group the value of an option or the whole text. In a sentence they stay as they were typed.
//
// Commands without a text take their options in any order. Both readings share words.go.

// theRule is the rule in the words of the help, as lines.
var theRule = []bot.Text{
	bot.T("Options go before the text, at its very end, or anywhere as name=value."),
	bot.T("In the middle they are plain words. Quotation marks group a value, or the whole text."),
}

// Parse reads a typed command: the command and what was typed for it. The error is an *Error that says what to write
// instead.
func (t *Tree) Parse(ctx context.Context, text string) (*bot.Command, bot.Typed, error) {
	text = strings.TrimPrefix(strings.TrimSpace(text), "/")
	first, after := cutWord(text)
	noun, rest, ok := t.words(text)
	switch {
	case !ok && strings.EqualFold(first, "help"):
		typed, err := parse(t.top, ctx, after)
		return t.top, typed, err
	case !ok:
		return nil, bot.Typed{}, t.unknownNoun(first)
	}
	if rest == "" {
		rest = "help"
	}
	cmd, tail, ok := t.begins(noun, rest)
	if !ok {
		verb, _ := cutWord(rest)
		if cmd, ok = t.quick(ctx, noun, verb, rest); !ok {
			return nil, bot.Typed{}, t.unknownVerb(noun, verb, rest)
		}
		tail = rest
	}
	typed, err := parse(cmd, ctx, tail)
	if err != nil {
		err = t.meant(noun, cmd, tail, err)
	}
	return cmd, typed, err
}

// meant says which verb of two words is meant by a line that its first word alone cannot read.
func (t *Tree) meant(n bot.Noun, c *bot.Command, tail string, err error) error {
	second, _ := cutWord(tail)
	near := value.Nearest(c.Words()+" "+second, t.goingOn(n, c.Verb()))
	if second == "" || near == "" {
		return err
	}
	return bot.Errorf(
		bot.Invalid, "There is no %s %s. Did you mean %s %s? For all commands write %[3]s help.", c.Slash(),
		bot.Shown(second), n.Slash(), near,
	)
}

// nextWord is cutWord of a line that may go on: a space at its end stays.
func nextWord(s string) (word, rest string) {
	s = strings.TrimLeftFunc(s, unicode.IsSpace)
	if i := strings.IndexFunc(s, unicode.IsSpace); i >= 0 {
		return s[:i], strings.TrimLeftFunc(s[i:], unicode.IsSpace)
	}
	return s, ""
}

func cutWord(s string) (string, string) {
	s = strings.TrimSpace(s)
	if i := strings.IndexFunc(s, unicode.IsSpace); i >= 0 {
		return s[:i], strings.TrimSpace(s[i:])
	}
	return s, ""
}

// quick finds the noun's default command when word is a bare choice of it: "/incident sev1 Checkout is down", or when
// the line is the name of what it takes.
func (t *Tree) quick(ctx context.Context, n bot.Noun, word, line string) (*bot.Command, bool) {
	cmd, ok := t.byName[n.Default]
	if !ok {
		return nil, false
	}
	for _, p := range cmd.Params {
		if p.Bare && p.Match != nil && p.Match.MatchString(bareWord(word)) {
			return cmd, true
		}
	}
	for _, p := range cmd.Params {
		if p.Knows != nil && p.Knows(ctx, line) {
			return cmd, true
		}
	}
	return nil, false
}

func (t *Tree) unknownNoun(word string) error {
	var names []string
	for _, n := range t.Nouns() {
		names = append(names, n.Name)
	}
	if near := value.Nearest(word, names); near != "" {
		return bot.Errorf(bot.Invalid, "There is no command /%s. Did you mean /%s?", bot.Shown(word), near)
	}
	return bot.Errorf(bot.Invalid, "There is no command /%s. There is: /%s.", bot.Shown(word), strings.Join(names, ", /"))
}

func (t *Tree) unknownVerb(n bot.Noun, verb, rest string) error {
	if longer := t.goingOn(n, verb); len(longer) > 0 {
		return bot.Errorf(
			bot.Invalid, "%s %s needs one more word. There is: %[1]s %[3]s.", n.Slash(), bot.Shown(verb),
			strings.Join(longer, ", "+n.Slash()+" "),
		)
	}
	if near := value.Nearest(verb, t.verbs(n)); near != "" {
		return bot.Errorf(
			bot.Invalid, "There is no %s %s. Did you mean %[1]s %[3]s? For all commands write %[1]s help.", n.Slash(),
			bot.Shown(verb), near,
		)
	}
	if d, ok := t.byName[n.Default]; ok && strings.ContainsRune(rest, ' ') {
		return bot.Errorf(
			bot.Invalid, "There is no %s %s. Did you mean %[1]s %[3]s %[4]s? For all commands write %[1]s help.", n.Slash(),
			bot.Shown(verb), d.Words(), bot.Shown(rest),
		)
	}
	return bot.Errorf(bot.Invalid, "There is no %s %s. For all commands write %[1]s help.", n.Slash(), bot.Shown(verb))
}

// goingOn lists the verbs of two words, of which this is the first.
func (t *Tree) goingOn(n bot.Noun, word string) []string {
	var list []string
	for _, c := range t.commands {
		first, _, _ := strings.Cut(c.Verb(), "-")
		if c.Noun() == n.Name && c.Spaced && strings.EqualFold(first, word) {
			list = append(list, c.Words())
		}
	}
	return list
}

// parse reads what follows the verb.
func parse(c *bot.Command, ctx context.Context, s string) (bot.Typed, error) {
	r := &reading{ctx: ctx, cmd: c, line: splitLine(s), text: textParam(c), Typed: bot.Typed{Args: map[string]string{}}}
	r.absorb()
	r.used = make([]bool, len(r.line.words))
	steps := []func() error{r.named, r.anywhere, r.leftovers}
	if r.text != nil {
		steps = []func() error{r.named, r.front, r.back, r.middle, r.sentence}
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return bot.Typed{}, err
		}
	}
	return r.Typed, nil
}

func textParam(c *bot.Command) *bot.Param {
	for i := range c.Params {
		if p := &c.Params[i]; p.Kind == bot.TextParam && !p.Hidden && (p.Bare || p.Required) {
			return p
		}
	}
	return nil
}

func paramNames(c *bot.Command) []string {
	var names []string
	for _, p := range c.Params {
		if !p.Hidden {
			names = append(names, p.Name)
		}
	}
	return names
}
