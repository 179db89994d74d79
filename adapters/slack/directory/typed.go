package directory

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// reference is what Slack makes of mentions, channels, links and dates in text that people type.
var reference = regexp.MustCompile(`<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>`)

var unescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace

// Quoted is what a message says. Nothing is decided by the names in it.
func (r *Reader) Quoted(ctx context.Context, workspace, text string) string {
	text, _ = r.Typed(ctx, workspace, text)
	return text
}

// UnknownMention is one of which Slack did not tell which person or channel it is.
type UnknownMention struct {
	ID       string // that Slack has for it
	Question string // like: who @U024BE7LH is
	Err      error
}

// Error implements error.
func (e *UnknownMention) Error() string { return fmt.Sprintf("mention of %s: %v", e.ID, e.Err) }

// Unwrap is why Slack did not tell.
func (e *UnknownMention) Unwrap() error { return e.Err }

// Typed turns Slack's marks back into what people typed: people's ids and channels' names for mentions, addresses for
// links, labels for the links that Slack made by itself, and < > & for their escapes. The error, an *UnknownMention, is
// about the first mention that Slack did not explain; the text is whole all the same, with nobody's id in that place.
func (r *Reader) Typed(ctx context.Context, workspace, text string) (string, error) {
	if !strings.ContainsAny(text, "<&") {
		return text, nil
	}
	var b strings.Builder
	var unknown error
	rest := text
	for {
		at := reference.FindStringSubmatchIndex(rest)
		if at == nil {
			return b.String() + unescape(rest), unknown
		}
		part := func(n int) string {
			if at[2*n] < 0 {
				return ""
			}
			return rest[at[2*n]:at[2*n+1]]
		}
		b.WriteString(unescape(rest[:at[0]]))
		word, err := r.spell(ctx, workspace, part(1), part(2), part(3))
		if unknown == nil {
			unknown = err
		}
		b.WriteString(word)
		rest = rest[at[1]:]
	}
}

func (r *Reader) spell(ctx context.Context, workspace, mark, what, label string) (string, error) {
	switch mark {
	case "@":
		return r.spellPerson(ctx, workspace, what, label)
	case "#":
		return r.spellChannel(ctx, workspace, what, label)
	case "!":
		return spellSpecial(what, label), nil
	}
	if label != "" && asTyped(what, label) {
		what = label
	}
	return unescape(strings.TrimPrefix(strings.TrimPrefix(what, "mailto:"), "tel:")), nil
}

// asTyped reports whether Slack made the link by itself, of an e-mail address, a telephone number or a host that
// somebody typed: the label is what they typed. Of a link that somebody made on purpose the address is what counts.
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

// spellPerson spells a mention as the person's id, which is the only thing that ever stands for them. Somebody who is
// nobody here, a bot or somebody who left, is spelled with the id that Slack has for them in front: the label alone may
// be somebody else's id.
func (r *Reader) spellPerson(ctx context.Context, workspace, user, label string) (string, error) {
	id, err := r.o.Core.PersonOf(ctx, bot.Account{Platform: Platform, Workspace: workspace, User: user})
	if err == nil {
		return "@" + string(id), nil
	}
	spelled := "@" + user
	if label != "" {
		spelled += "[" + unescape(label) + "]"
	}
	if errors.Is(err, bot.ErrNoSuch) {
		return spelled, nil
	}
	return spelled, &UnknownMention{user, "who " + spelled + " is", err}
}

// spellChannel spells a channel by its name, which Slack leaves out of some marks. One that Slack shows nobody here is
// spelled by its id.
func (r *Reader) spellChannel(ctx context.Context, workspace, channel, label string) (string, error) {
	if label != "" {
		return "#" + unescape(label), nil
	}
	spelled := "#" + channel
	name, err := r.ChannelName(ctx, bot.Conversation{Platform: Platform, Workspace: workspace, Channel: channel})
	switch {
	case errors.Is(err, bot.ErrGone), err == nil && name == "":
		return spelled, nil
	case err != nil:
		return spelled, &UnknownMention{channel, "which channel " + spelled + " is", err}
	}
	return "#" + name, nil
}

// spellSpecial spells dates by their words, and user groups as the configuration does, like slack:@web-oncall: a group
// is never a person.
func spellSpecial(what, label string) string {
	label = unescape(label)
	if group, ok := strings.CutPrefix(what, "subteam^"); ok {
		if label == "" {
			return Platform + ":" + group
		}
		return Platform + ":@" + strings.TrimPrefix(label, "@")
	}
	word, _, _ := strings.Cut(what, "^")
	if label != "" && word != what {
		return label
	}
	return "@" + word
}
