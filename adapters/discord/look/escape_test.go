package look_test

import (
	"strings"
	"testing"

	"github.com/watchbell/watchbell/adapters/discord/look"
	"github.com/watchbell/watchbell/adapters/discord/look/looktest"
	"github.com/watchbell/watchbell/bot"
)

// hostile is what people type that Discord would show as something else, or as nothing.
var hostile = map[string]string{
	"everybody":       "@everyone and @here",
	"people":          "<@123456789012345678> <@!123456789012345678> <@&123456789012345678>",
	"channel":         "<#123456789012345678> <id:customize>",
	"command":         "</incident resolve:123456789012345678>",
	"custom emoji":    "<:fire:123456789012345678> <a:fire:123456789012345678>",
	"emoji":           ":fire: a:b:c :100: ::x:: 1:100:2",
	"clock":           "from 14:05 to 15:10, (16:20) and 17:30:59",
	"time":            "<t:1700000000> <t:1700000000:R>",
	"bold":            "**b** *i* ***bi*** __u__ _i_ ~~s~~ ||spoiler||",
	"half open":       "** __ ~~ || ` ``` * _",
	"code":            "`c` ``c`` ```\nfence\n```",
	"heading":         "# one\n## two\n### three\n#no\n  # four",
	"small print":     "-# small",
	"quote":           "> quote\n>>> all of it\n>no",
	"list":            "- a\n* b\n+ c\n1. d\n10) e\n  - f",
	"rule":            "---\n===\n***\n___",
	"link":            "[Approve](https://evil.example) [a](<https://evil.example>) https://evil.example steam://run",
	"angle link":      "<https://evil.example> <a@evil.example> <+15551234567>",
	"mail":            "mailto:a@evil.example tel:+15551234567",
	"backslash":       `\*not escaped\* \\ \` + "`" + ` C:\Users\new \`,
	"kaomoji":         `¯\_(ツ)_/¯`,
	"other lines":     "a\r\n# b\r> c",
	"behind a space":  "\u00a0# a\n\u200b- b\n\u2068> c",
	"html":            `<script>alert(1)</script> "><img src=x onerror=alert(1)> &lt;`,
	"shell":           "; rm -rf / $(id) ' OR 1=1 -- {{.Secret}}",
	"two scripts":     "שלום # *עולם* 世界 @everyone",
	"joined emoji":    "👩‍💻 1️⃣ ❤️",
	"slack":           "<!channel> <!everyone> <@U1> &lt;!channel&gt;",
	"quoted brackets": "[[a]](b) ](https://evil.example) (",
}

// harmlessWords are those that Discord shows as they are without escapes.
var harmlessWords = map[string]bool{"html": true, "shell": true, "joined emoji": true, "slack": true}

// asTyped is what a reader is to see: line breaks are all alike.
var asTyped = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2068", "")

func TestHostileWordsStayWords(t *testing.T) {
	for name, words := range hostile {
		t.Run(name, func(t *testing.T) {
			text, marks := looktest.Read(look.Escape(words))
			if want := asTyped.Replace(words); text != want {
				t.Errorf("people read\n%q, want\n%q", text, want)
			}
			if len(marks) > 0 {
				t.Errorf("marks: %v", marks)
			}
			text, marks = looktest.Read(words)
			if changes := len(marks) > 0 || text != asTyped.Replace(words); changes == harmlessWords[name] {
				t.Errorf("without escapes people read %q with %v: the words are on the wrong side of the list", text, marks)
			}
		})
	}
}

// Words that are harmless by themselves make no mark together with their neighbours.
func TestSpansMakeNoMarksTogether(t *testing.T) {
	at := bot.Span{Text: "@"}
	for name, c := range map[string]struct {
		text  bot.Text
		want  string
		marks int
	}{
		"everybody":     {text: bot.Text{at, {Text: "everyone"}}, want: "@everyone"},
		"a name":        {text: bot.T(bot.Mention("everyone")), want: "@everyone"},
		"emoji":         {text: bot.Text{{Text: ":"}, {Kind: bot.LinkSpan, Text: "fire:"}}, want: ":fire:"},
		"clock":         {text: bot.Text{{Text: "1:100"}, {Kind: "other", Text: ": x"}}, want: "1:100: x"},
		"list":          {text: bot.Text{{Text: "1"}, {Kind: "other", Text: ". x"}}, want: "1. x"},
		"heading":       {text: bot.Text{{Text: " "}, {Kind: "other", Text: "# x"}}, want: "# x"},
		"bold and bold": {text: bot.T(bot.Bold("a"), bot.Bold("b")), want: "ab", marks: 1},
		"bold, nothing": {text: bot.T(bot.Bold("a"), bot.Bold(""), bot.Bold("b")), want: "ab", marks: 1},
		"bold and star": {text: bot.T("*", bot.Bold("*a*"), "*"), want: "**a**", marks: 1},
		"code and code": {text: bot.T(bot.Code("a"), bot.Code("b")), want: "ab", marks: 1},
		"code and tick": {text: bot.T("`", bot.Code("a"), "`"), want: "`a`", marks: 1},
		"tick in code":  {text: bot.T(bot.Code("a`b")), want: "a`b"},
		"end of code":   {text: bot.T(bot.Code(`C:\`), "x"), want: `C:\x`, marks: 1},
		"backslash":     {text: bot.T(`\`, bot.Bold("a"), `\`, bot.Code("b")), want: `\a\b`, marks: 2},
		"bold lines":    {text: bot.T(bot.Bold(" a \n\n# b ")), want: "a \n\n# b", marks: 2},
		"blank bold":    {text: bot.T("a", bot.Bold(" "), "b"), want: "a b"},
		"bracket":       {text: bot.T("[x]", bot.Link("(https", "https://example.org")), want: "[x](https (link)", marks: 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := look.Message(bot.Message{Sections: []bot.Section{{Text: c.text}}})
			check(t, b)
			if got := looktest.Plain(b.Components); got != c.want {
				t.Errorf("people read %q, want %q", got, c.want)
			}
			if marks := looktest.Marks(b.Components); len(marks) != c.marks {
				t.Errorf("marks: %v", marks)
			}
		})
	}
}

func TestLinks(t *testing.T) {
	for name, c := range map[string]struct{ label, to, want, shown, leads string }{
		"plain": {
			label: "docs", to: "https://example.org/?a=1&b=2", want: "[docs](https://example.org/?a=1&b=2)", shown: "docs",
			leads: "https://example.org/?a=1&b=2",
		},
		"its own address": {
			label: "https://example.org/x_y", to: "https://example.org/x_y", want: "<https://example.org/x_y>",
			shown: "https://example.org/x_y", leads: "https://example.org/x_y",
		},
		"a label with marks": {
			label: "run_book *now*", to: "https://example.org", want: `run\_book \*now\* ([link](https://example.org))`,
			shown: "run_book *now* (link)", leads: "https://example.org",
		},
		"a label that is another address": {
			label: "https://good.example", to: "https://evil.example", leads: "https://evil.example",
			want: `https\://good.example ([link](https://evil.example))`, shown: "https://good.example (link)",
		},
		"an emoji in the label": {
			label: "🔥 runbook", to: "https://example.org", want: "🔥 runbook ([link](https://example.org))",
			shown: "🔥 runbook (link)", leads: "https://example.org",
		},
		"an emoji of a digit": {
			label: "1️⃣", to: "https://example.org", want: "1️⃣ ([link](https://example.org))", shown: "1️⃣ (link)",
			leads: "https://example.org",
		},
		"an address that would end": {
			label: "x", to: "https://example.org/a) [b](c <d> e", shown: "x",
			want:  "[x](https://example.org/a%29%20%5Bb%5D%28c%20%3Cd%3E%20e)",
			leads: "https://example.org/a%29%20%5Bb%5D%28c%20%3Cd%3E%20e",
		},
		"no address of the web": {label: "x", to: "javascript:alert(1)", want: "x", shown: "x"},
		"too long":              {label: "x", to: "https://example.org/" + strings.Repeat("a", 2000), want: "x", shown: "x"},
	} {
		t.Run(name, func(t *testing.T) {
			b := look.Message(bot.Message{Sections: []bot.Section{{Text: bot.Text{
				{Kind: bot.LinkSpan, Text: c.label, Ref: c.to},
			}}}})
			check(t, b)
			if got := b.Components[0].Components[0].Content; got != c.want {
				t.Errorf("it is %q, want %q", got, c.want)
			}
			if got := looktest.Plain(b.Components); got != c.shown {
				t.Errorf("people read %q, want %q", got, c.shown)
			}
			var leads []string
			for _, m := range looktest.Marks(b.Components) {
				leads = append(leads, m.Text)
			}
			if got := strings.Join(leads, " "); got != c.leads {
				t.Errorf("it leads to %q, want %q", got, c.leads)
			}
		})
	}
}
