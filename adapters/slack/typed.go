package slack

import (
	"context"
	"regexp"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// reference is what Slack makes of mentions, channels, links and dates in text that people type.
var reference = regexp.MustCompile(`<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>`)

var unescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace

// typed turns Slack's marks back into what people typed: names for mentions, addresses for links, labels for the links that Slack made
// by itself, and < > & for their escapes.
func (a *Adapter) typed(ctx context.Context, workspace, text string) string {
	if !strings.ContainsAny(text, "<&") {
		return text
	}
	var b strings.Builder
	rest := text
	for {
		at := reference.FindStringSubmatchIndex(rest)
		if at == nil {
			return b.String() + unescape(rest)
		}
		part := func(n int) string {
			if at[2*n] < 0 {
				return ""
			}
			return rest[at[2*n]:at[2*n+1]]
		}
		b.WriteString(unescape(rest[:at[0]]))
		b.WriteString(a.spelled(ctx, workspace, part(1), part(2), part(3)))
		rest = rest[at[1]:]
	}
}

func (a *Adapter) spelled(ctx context.Context, workspace, mark, what, label string) string {
	switch mark {
	case "@":
		if id, err := a.o.Core.PersonOf(ctx, bot.Account{Platform: Platform, Workspace: workspace, User: what}); err == nil {
			return "@" + string(id)
		}
		if label == "" {
			label = what
		}
		return "@" + unescape(label)
	case "#":
		if label == "" {
			label = what
		}
		return "#" + unescape(label)
	case "!":
		word, _, _ := strings.Cut(what, "^")
		if label != "" && word != what { // a date or a group, with its name
			return unescape(label)
		}
		return "@" + word
	}
	if label != "" && asTyped(what, label) {
		what = label
	}
	return unescape(strings.TrimPrefix(strings.TrimPrefix(what, "mailto:"), "tel:"))
}

// asTyped reports whether Slack made the link by itself, of an e-mail address, a telephone number or a host that somebody typed: the label is
// what they typed. Of a link that somebody made on purpose the address is what counts.
func asTyped(address, label string) bool {
	scheme, rest, _ := strings.Cut(address, ":")
	switch scheme {
	case "mailto", "tel":
		return true
	case "http", "https":
		return strings.TrimSuffix(strings.TrimPrefix(rest, "//"), "/") == strings.TrimSuffix(label, "/")
	}
	return false
}
