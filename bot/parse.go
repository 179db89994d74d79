package bot

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/watchbell/watchbell/bot/value"
)

// word is one word of typed text, or one quoted string.
type word struct {
	text       string // without its quotes
	key        string // of key=value or key:value
	colon      bool   // it is key:value
	bare       bool   // the value is not quoted
	quoted     bool   // as a whole: never an option
	start, end int
	used       bool
}

var keyed = regexp.MustCompile(`^([A-Za-z][A-Za-z-]*)[=:]`)

// words splits typed text. Quotes keep white space together; an opening quote that is never closed is an ordinary character.
func words(s string) []word {
	var ws []word
	for i := 0; i < len(s); {
		r := rune(s[i])
		if unicode.IsSpace(r) {
			i++
			continue
		}
		w := word{start: i}
		if m := keyed.FindStringSubmatch(s[i:]); m != nil {
			w.key, w.colon = m[1], strings.HasSuffix(m[0], ":")
			i += len(m[0])
		}
		if text, n := quoted(s[i:]); n > 0 {
			w.text, w.quoted = text, w.key == ""
			i += n
		} else {
			j := i
			for j < len(s) && !unicode.IsSpace(rune(s[j])) {
				j++
			}
			w.text, w.bare = s[i:j], true
			i = j
		}
		w.end = i
		ws = append(ws, w)
	}
	return ws
}

var quotes = map[string]string{`"`: `"`, "“": "”", "„": "“"}

// quoted returns the quoted string that s starts with and the bytes it takes. A backslash keeps a quote inside.
func quoted(s string) (string, int) {
	for open, end := range quotes {
		if !strings.HasPrefix(s, open) {
			continue
		}
		var b strings.Builder
		for i := len(open); i < len(s); {
			switch {
			case strings.HasPrefix(s[i:], `\`+end):
				b.WriteString(end)
				i += 1 + len(end)
			case strings.HasPrefix(s[i:], end):
				if rest := s[i+len(end):]; rest == "" || unicode.IsSpace(rune(rest[0])) {
					return b.String(), i + len(end)
				}
				return "", 0
			default:
				b.WriteByte(s[i])
				i++
			}
		}
	}
	return "", 0
}

// parse reads a typed command. It returns the command and its arguments as typed, or an *Error with the nearest match.
func (t *Tree) parse(text string) (*Command, map[string]string, error) {
	text = strings.TrimPrefix(strings.TrimSpace(text), "/")
	first, rest := cutWord(text)
	noun, ok := t.noun(first)
	if !ok {
		return nil, nil, t.unknownNoun(first)
	}
	verb, tail := cutWord(rest)
	if verb == "" {
		verb = "help"
	}
	cmd, ok := t.verb(noun, verb)
	if !ok {
		if cmd, ok = t.quick(noun, verb); !ok {
			return nil, nil, t.unknownVerb(noun, verb, rest)
		}
		tail = rest
	}
	args, err := cmd.parse(tail)
	return cmd, args, err
}

func cutWord(s string) (string, string) {
	s = strings.TrimSpace(s)
	if i := strings.IndexFunc(s, unicode.IsSpace); i >= 0 {
		return s[:i], strings.TrimSpace(s[i:])
	}
	return s, ""
}

// quick finds the noun's default command when word is a bare choice of it: "/incident sev1 Checkout is down".
func (t *Tree) quick(n Noun, word string) (*Command, bool) {
	cmd, ok := t.byName[n.Default]
	if !ok {
		return nil, false
	}
	for _, p := range cmd.Params {
		if p.Bare && p.Match != nil && p.Match.MatchString(word) {
			return cmd, true
		}
	}
	return nil, false
}

func (t *Tree) unknownNoun(word string) error {
	var names []string
	for _, n := range t.nouns {
		names = append(names, n.Name)
	}
	if near := value.Nearest(word, names); near != "" {
		return Errorf(Invalid, "There is no command /%s. Did you mean /%s?", show(word), near)
	}
	return Errorf(Invalid, "There is no command /%s. There is: /%s.", show(word), strings.Join(names, ", /"))
}

func (t *Tree) unknownVerb(n Noun, verb, rest string) error {
	if near := value.Nearest(verb, t.verbs(n)); near != "" {
		return Errorf(Invalid, "There is no /%s %s. Did you mean /%s %s? For all commands write /%s help.", n.Name, show(verb), n.Name, near, n.Name)
	}
	if d, ok := t.byName[n.Default]; ok && strings.ContainsRune(rest, ' ') {
		return Errorf(Invalid, "There is no /%s %s. Did you mean /%s %s %s? For all commands write /%s help.", n.Name, show(verb), n.Name, d.Verb(), show(rest), n.Name)
	}
	return Errorf(Invalid, "There is no /%s %s. For all commands write /%s help.", n.Name, show(verb), n.Name)
}

// show is what people typed, safe and short enough to repeat to them.
func show(s string) string { return value.Cut(value.Line(s), 80) }

var (
	mention = regexp.MustCompile(`^@[A-Za-z0-9][A-Za-z0-9._-]*$`)
	ref     = regexp.MustCompile(`^([A-Za-z]{1,5})-\d+$`)
)

// parse takes options from wherever they stand in the text; what is left is the command's text.
func (c *Command) parse(s string) (map[string]string, error) {
	args := map[string]string{}
	ws := words(s)
	if err := c.takeNamed(ws, args); err != nil {
		return nil, err
	}
	c.takeTail(ws, args)
	c.takeBare(ws, args)
	c.takePositional(ws, args)
	if left := leftover(s, ws); left != "" {
		p := c.textParam()
		if p == nil {
			return nil, Errorf(Invalid, "I do not understand %q here. The command is: %s. For example: %s", show(left), c.Usage(), c.Example)
		}
		if args[p.Name] == "" {
			args[p.Name] = left
		} else {
			args[p.Name] += " " + left
		}
	}
	return args, nil
}

func (c *Command) textParam() *Param {
	for i := range c.Params {
		if p := &c.Params[i]; p.Kind == TextParam && !p.Hidden && (p.Bare || p.Required) {
			return p
		}
	}
	return nil
}

func (c *Command) param(name string) *Param {
	for i := range c.Params {
		if p := &c.Params[i]; !p.Hidden && p.named(name) {
			return p
		}
	}
	return nil
}

func (c *Command) paramNames() []string {
	var names []string
	for _, p := range c.Params {
		if !p.Hidden {
			names = append(names, p.Name)
		}
	}
	return names
}

// takeNamed takes key=value and key:value. A key that is nearly a parameter's name is refused; any other is text.
func (c *Command) takeNamed(ws []word, args map[string]string) error {
	for i := range ws {
		w := &ws[i]
		if w.key == "" {
			continue
		}
		if w.text == "" && w.bare {
			continue // "Impact: all of Europe" is text
		}
		p := c.param(w.key)
		if p == nil {
			if near := value.Nearest(w.key, c.paramNames()); near != "" && len(w.key) > 3 && !w.colon {
				return Errorf(Invalid, "/%s %s has no option %q. Did you mean %s=%s?", c.Noun(), c.Verb(), show(w.key), near, show(w.text)).About(near)
			}
			continue
		}
		w.used = true
		switch _, twice := args[p.Name]; {
		case twice && p.Many:
			args[p.Name] += "," + w.text
		case twice:
			return Errorf(Invalid, "%s is given twice. Give it once.", p.label()).About(p.Name)
		default:
			args[p.Name] = w.text
		}
	}
	return nil
}

// takeTail takes "at 14:05" and its like at the end of the text, when what follows the word begins like a value.
func (c *Command) takeTail(ws []word, args map[string]string) {
	for i := range c.Params {
		p := &c.Params[i]
		if p.Word == "" || args[p.Name] != "" {
			continue
		}
		for j := max(0, len(ws)-5); j < len(ws)-1; j++ {
			if ws[j].used || ws[j].quoted || !strings.EqualFold(ws[j].text, p.Word) || !startsLikeTime(ws[j+1].text) {
				continue
			}
			var parts []string
			for k := j; k < len(ws); k++ {
				if !ws[k].used && !mention.MatchString(ws[k].text) {
					if k > j {
						parts = append(parts, ws[k].source())
					}
					ws[k].used = true
				}
			}
			args[p.Name] = strings.Join(parts, " ")
			break
		}
	}
}

func (w word) source() string {
	if w.key != "" {
		return w.key + ":" + w.text
	}
	return w.text
}

var timeWords = regexp.MustCompile(`(?i)^(\d+:\d|\d{4}-\d|-?\d+\s?(am|pm|[smhdw]|min)\b|(now|today|tomorrow|yesterday)|(mon|tue|wed|thu|fri|sat|sun)[a-z]*$)`)

func startsLikeTime(s string) bool { return timeWords.MatchString(s) }

// takeBare takes words that show by themselves which parameter they are for: @ana, INC-4, sev2.
func (c *Command) takeBare(ws []word, args map[string]string) {
	front := true // nothing but what was taken stands before it
	for i := range ws {
		w := &ws[i]
		if w.used || w.quoted {
			front = front && w.used
			continue
		}
		for j := range c.Params {
			p := &c.Params[j]
			if !p.Bare || p.Hidden || (args[p.Name] != "" && !p.Many) || !p.claims(w.source(), front || c.textParam() == nil) {
				continue
			}
			if args[p.Name] != "" {
				args[p.Name] += ","
			}
			args[p.Name] += w.source()
			w.used = true
			break
		}
		front = front && w.used
	}
}

// claims reports whether a word is meant for the parameter. Where free text follows, ids and "me" only count in front of it.
func (p *Param) claims(s string, first bool) bool {
	switch p.Kind {
	case PersonParam:
		return mention.MatchString(s) || first && strings.EqualFold(s, "me")
	case RefParam:
		m := ref.FindStringSubmatch(s)
		return first && (m != nil && strings.EqualFold(m[1], p.Prefix) || p.Digits && digits.MatchString(s))
	case ChoiceParam, NumberParam:
		return p.Match != nil && p.Match.MatchString(s)
	case FlagParam:
		return strings.EqualFold(s, p.Name)
	}
	return false
}

// takePositional gives the remaining words in order to bare parameters that only their place identifies.
func (c *Command) takePositional(ws []word, args map[string]string) {
	next := 0
	take := func() (string, bool) {
		for ; next < len(ws); next++ {
			if !ws[next].used {
				ws[next].used = true
				return ws[next].source(), true
			}
		}
		return "", false
	}
	for i := range c.Params {
		p := &c.Params[i]
		if !p.Bare || p.Hidden || args[p.Name] != "" {
			continue
		}
		switch p.Kind {
		case RefParam, FlagParam, TextParam:
			if p.Kind == RefParam && c.textParam() == nil && c.onlyRef() {
				if v, ok := take(); ok {
					args[p.Name] = v
				}
			}
			continue
		case ChoiceParam, NumberParam:
			if p.Match != nil && c.textParam() != nil && !p.Required {
				continue
			}
		case PersonParam:
			if c.textParam() != nil {
				continue
			}
		}
		if v, ok := take(); ok {
			args[p.Name] = v
		}
	}
}

// onlyRef reports whether an id is all the command takes, so that any word typed must be meant as one.
func (c *Command) onlyRef() bool {
	for _, p := range c.Params {
		if p.Kind != RefParam && p.Bare && !p.Hidden {
			return false
		}
	}
	return true
}

func leftover(s string, ws []word) string {
	var b strings.Builder
	last := 0
	for _, w := range ws {
		switch {
		case w.used:
			b.WriteString(s[last:w.start])
		case w.quoted:
			b.WriteString(s[last:w.start] + w.text)
		default:
			b.WriteString(s[last:w.end])
		}
		last = w.end
	}
	return strings.TrimSpace(b.String() + s[last:])
}
