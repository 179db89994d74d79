package notify

import (
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// oneLine is text for where a line break would begin something else.
func oneLine(s string) string { return value.Line(s) }

// withLink is the text of a note where a service has no place of its own for a link.
func withLink(n bot.Note) string {
	if n.Link == "" {
		return n.Text
	}
	return n.Text + "\n" + n.Label + ": " + n.Link
}

// titled is a whole note as one text, in which no words of people mention anybody or become a link.
func titled(n bot.Note) string {
	n.Text = plainWords.Replace(n.Text)
	return plainWords.Replace(n.Title) + "\n" + withLink(n)
}

// plainWords keeps the words of people from meaning something in chats that read Markdown.
var plainWords = strings.NewReplacer("@", "@\u200b", "<", "‹", ">", "›", "[", "(", "]", ")", "`", "'")
