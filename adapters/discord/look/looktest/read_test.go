package looktest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/watchbell/watchbell/adapters/discord/look/looktest"
)

// The reader is what tests of hostile words rely on, so it has to find marks where Discord does.
func TestRead(t *testing.T) {
	type marks = []looktest.Mark
	for name, c := range map[string]struct {
		content, text string
		marks         marks
	}{
		"words":  {content: "just words, 14:05 (really) a+b", text: "just words, 14:05 (really) a+b"},
		"bold":   {content: "a **b** c", text: "a b c", marks: marks{{"bold", "b"}}},
		"within": {content: "**a _b_**", text: "a b", marks: marks{{"bold", "a _b_"}, {"italics", "b"}}},
		"others": {
			content: "__a__ ~~b~~ ||c|| *d*", text: "a b c d",
			marks: marks{{"underline", "a"}, {"strike", "b"}, {"spoiler", "c"}, {"italics", "d"}},
		},
		"lines apart":  {content: "*a\nb*", text: "a\nb", marks: marks{{"italics", "a\nb"}}},
		"code":         {content: "`**a**`", text: "**a**", marks: marks{{"code", "**a**"}}},
		"two ticks":    {content: "``a`b``", text: "a`b", marks: marks{{"code", "a`b"}}},
		"fence":        {content: "```a```", text: "a", marks: marks{{"code of several lines", "a"}}},
		"escapes":      {content: `\*\*a\*\* \\ \@everyone`, text: `**a** \ @everyone`},
		"no escapes":   {content: `\a \1 \ x`, text: `\a \1 \ x`},
		"half escaped": {content: `\\*a*`, text: `\a`, marks: marks{{"italics", "a"}}},
		"heading":      {content: "## a", text: "a", marks: marks{{"heading", "a"}}},
		"quote":        {content: "> # a\nb", text: "a\nb", marks: marks{{"quote", "# a"}, {"heading", "a"}}},
		"small print":  {content: "-# a", text: "a", marks: marks{{"small print", "a"}}},
		"lists":        {content: " - a\n2. b", text: "a\nb", marks: marks{{"list", "a"}, {"numbers", "b"}}},
		"person":       {content: "<@12> <@!34>", text: "@12 @34", marks: marks{{"person", "12"}, {"person", "34"}}},
		"role":         {content: "<@&12>", text: "@role 12", marks: marks{{"role", "12"}}},
		"channel":      {content: "<#12>", text: "#12", marks: marks{{"channel", "12"}}},
		"command":      {content: "</a b:12>", text: "/a b", marks: marks{{"command", "/a b"}}},
		"time":         {content: "<t:1764076800:f>", text: "25 Nov 13:20 UTC", marks: marks{{"time", "1764076800"}}},
		"everybody": {
			content: "@everyone @here", text: "@everyone @here",
			marks: marks{{"everybody", "@everyone"}, {"everybody", "@here"}},
		},
		"emoji":         {content: ":fire: <:a:12>", text: "▫ ▫", marks: marks{{"emoji", ":fire:"}, {"emoji", "a"}}},
		"link":          {content: "[a](https://b.example)", text: "a", marks: marks{{"link", "https://b.example"}}},
		"link in <>":    {content: "[a](<https://b.example>)", text: "a", marks: marks{{"link", "https://b.example"}}},
		"link, escaped": {content: `[\*a](https://b.example)`, text: `\*a`, marks: marks{{"link", "https://b.example"}}},
		"address":       {content: "x http://b.c", text: "x http://b.c", marks: marks{{"link", "http://b.c"}}},
		"mail":          {content: "<a@b.example>", text: "a@b.example", marks: marks{{"mail", "a@b.example"}}},
		"emoji in link": {
			content: "[🔥](https://b.example)", text: "[🔥](https://b.example)", marks: marks{{"link", "https://b.example)"}},
		},
		"isolates": {content: "\u2068שלום\u2069", text: "שלום"},
	} {
		t.Run(name, func(t *testing.T) {
			text, found := looktest.Read(c.content)
			if text != c.text {
				t.Errorf("it reads %q, want %q", text, c.text)
			}
			if diff := cmp.Diff(c.marks, found); diff != "" {
				t.Error(diff)
			}
		})
	}
}
