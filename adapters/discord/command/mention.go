package command

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Names tell what Discord's ids stand for. ErrNoSuch means that nobody, or nothing, of ours is meant.
type Names struct {
	Person  func(user string) (string, error)    // the id of a person, without an at sign
	Channel func(channel string) (string, error) // a channel's name; without it channels are spelled by their ids
	label   func(user string) string             // how an account is called, "" where that is not known
}

// UnknownMention is one of which nobody could tell which person or channel it is.
type UnknownMention struct {
	ID       string // that Discord has for it
	Question string // like: who @80351110224678912 is
	Err      error
}

// Error implements error.
func (e *UnknownMention) Error() string { return fmt.Sprintf("mention of %s: %v", e.ID, e.Err) }

// Unwrap is why nobody could tell.
func (e *UnknownMention) Unwrap() error { return e.Err }

// reference is what Discord makes of mentions, channels, times, commands, emoji and links without a preview.
//
// Source: https://discord.com/developers/docs/reference#message-formatting
var reference = regexp.MustCompile(`<(?:@!?(?P<user>\d{1,20})|@&(?P<role>\d{1,20})|#(?P<channel>\d{1,20})` +
	`|t:(?P<time>-?\d{1,11})(?::[a-zA-Z])?|/(?P<command>[^:<>]{1,100}):\d{1,20}` +
	`|a?:(?P<emoji>\w{1,32}):\d{1,20}|(?P<link>https?://[^\s<>]+))>`)

// Mentions turns Discord's marks in what people typed back into words: people's ids and channels' names for mentions,
// UTC for times. The error, an *UnknownMention, is about the first mention that could not be looked up; the text is
// whole all the same, with nobody's id in that place.
func Mentions(text string, names Names) (string, error) {
	var b strings.Builder
	var unknown error
	last := 0
	for _, at := range reference.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(text[last:at[0]])
		word, err := names.spell(text, at)
		if unknown == nil {
			unknown = err
		}
		b.WriteString(word)
		last = at[1]
	}
	b.WriteString(text[last:])
	return b.String(), unknown
}

func (n Names) spell(text string, at []int) (string, error) {
	for i, kind := range reference.SubexpNames() {
		if kind == "" || at[2*i] < 0 {
			continue
		}
		switch what := text[at[2*i]:at[2*i+1]]; kind {
		case "user":
			return n.spellPerson(what)
		case "role":
			return "discord:" + what, nil // a role is never a person
		case "channel":
			return n.spellChannel(what)
		case "time":
			return spellTime(what), nil
		case "command":
			return "/" + what, nil
		case "emoji":
			return ":" + what + ":", nil
		default:
			return what, nil
		}
	}
	return text[at[0]:at[1]], nil
}

// spellPerson spells a mention as the person's id, which is the only thing that ever stands for them. An account that
// is nobody's here is spelled with Discord's id in front: the label alone may be somebody else's id.
func (n Names) spellPerson(user string) (string, error) {
	id, err := n.Person(user)
	if err == nil {
		return "@" + id, nil
	}
	spelled := "@" + user
	if n.label != nil && n.label(user) != "" {
		spelled += "[" + n.label(user) + "]"
	}
	if errors.Is(err, bot.ErrNoSuch) {
		return spelled, nil
	}
	return spelled, &UnknownMention{user, "who " + spelled + " is", err}
}

func (n Names) spellChannel(channel string) (string, error) {
	spelled := "#" + channel
	if n.Channel == nil {
		return spelled, nil
	}
	name, err := n.Channel(channel)
	switch {
	case errors.Is(err, bot.ErrNoSuch), errors.Is(err, bot.ErrGone), err == nil && name == "":
		return spelled, nil
	case err != nil:
		return spelled, &UnknownMention{channel, "which channel " + spelled + " is", err}
	}
	return "#" + name, nil
}

// spellTime spells a moment as anything that reads times takes it.
func spellTime(seconds string) string {
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return seconds
	}
	return time.Unix(n, 0).UTC().Format("2006-01-02 15:04 UTC")
}
