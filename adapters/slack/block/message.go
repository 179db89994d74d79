// Package block renders neutral messages and forms in Slack's Block Kit: messages, modals and the Home tab. Text never
// becomes markup on the way, and what does not fit into Slack's limits is cut and said to be.
package block

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Limits of Slack that the renderer keeps to, with some room where Slack does not say exactly.
const (
	maxBlocks   = 48
	maxHome     = 95   // blocks of the Home tab
	maxText     = 9000 // over all blocks of a message
	maxHeader   = 150
	maxContext  = 10
	maxFallback = 2900
	maxButton   = 75
	maxOption   = 75
	maxChoices  = 100  // of a menu
	actionsText = 5000 // of maxText, at most
	maxActionID = 255  // bytes; what tells equal ones apart takes some of them
)

// TokenSize is how many bytes the token of an action may have: tokens are action ids.
const TokenSize = maxActionID - len("25 ")

// platform names the conversations that are Slack's.
const platform = "slack"

// tones mark a message at a glance, beside its words.
var tones = map[bot.Tone]string{bot.Info: "🔵", bot.Good: "🟢", bot.Warning: "🟠", bot.Critical: "🔴"}

// markOf is the mark that the tone of a message puts before its words: none where they begin with a mark of their own,
// because two marks of different colours would say two severities.
func markOf(m bot.Message) string {
	first := m.Title
	if first == "" && len(m.Sections) > 0 && len(m.Sections[0].Text) > 0 {
		first = m.Sections[0].Text[0].Text
	}
	if r, _ := utf8.DecodeRuneInString(first); unicode.Is(unicode.So, r) {
		return ""
	}
	return tones[m.Tone]
}

// MoreAction is the action id of the menu More; what was picked from it is the token of an action.
const MoreAction = "more"

// cutNote ends a message that did not fit.
const cutNote = "… (cut here; all of it is kept in Watchbell)"

// renderer makes blocks of a message. What does not fit is cut and said to be; it never fails.
type renderer struct {
	zone       *time.Location
	left       int
	forActions int // of left, for the actions of one message
	cut        bool
	blocks     []slack.Block
	tokens     map[string]int
}

func newRenderer(zone *time.Location) *renderer {
	return &renderer{zone: zone, left: maxText, tokens: map[string]int{}}
}

// Content is a message as an option of the calls that send it: its blocks, and one plain text for notifications. zone
// is for times where Slack shows no local ones.
func Content(m bot.Message, zone *time.Location) slack.MsgOption {
	return slack.MsgOptionCompose(
		slack.MsgOptionText(Fallback(m, zone), false), slack.MsgOptionBlocks(Message(m, zone)...),
	)
}

// Fallback is a message as one plain text, for notifications and for where Slack shows no blocks. It is never empty.
func Fallback(m bot.Message, zone *time.Location) string {
	text := m.Fallback
	if text == "" {
		text = m.Plain(zone)
	}
	// escaping makes it longer
	if text = Escape(value.Cut(text, maxFallback)); utf8.RuneCountInString(text) > maxFallback {
		text = Escape(value.Cut(m.Plain(zone), maxFallback/5))
	}
	if strings.TrimSpace(text) == "" {
		return "Watchbell"
	}
	return text
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// Escape writes text so that Slack reads no marks in it, where it takes no plain text.
func Escape(text string) string { return escaper.Replace(text) }

// Message is a message as blocks, at least one.
func Message(m bot.Message, zone *time.Location) []slack.Block {
	r := newRenderer(zone)
	r.message(m)
	return r.blocks
}

// Home is the Home tab: messages one below the other, as many as it takes.
func Home(messages []bot.Message, zone *time.Location) []slack.Block {
	r := newRenderer(zone)
	for n, m := range messages {
		if len(r.blocks) > maxHome-maxBlocks {
			break
		}
		if n > 0 {
			r.add(slack.NewDividerBlock())
		}
		r.message(m)
	}
	return r.blocks
}

func (r *renderer) message(m bot.Message) {
	r.forActions = min(actionsText, r.left)
	actions := r.actions(m) // first, for they matter most
	mark := markOf(m)
	if m.Title != "" {
		title := strings.TrimSpace(mark + " " + m.Title)
		r.add(slack.NewHeaderBlock(plain(r.take(value.Cut(title, maxHeader)))))
		mark = ""
	}
	r.sections(m.Sections, mark)
	if context := r.context(m.Context); len(context) > 0 {
		r.add(slack.NewContextBlock("", context...))
	}
	if r.cut {
		r.add(slack.NewContextBlock("", plain(cutNote)))
	}
	if len(actions) > 0 {
		r.add(slack.NewActionBlock(r.unique(version(m)), actions...))
	}
	if len(r.blocks) == 0 {
		r.add(slack.NewSectionBlock(plain("Watchbell"), nil, nil))
	}
}

// version names a message by what it says. Slack keeps what somebody picked from a menu, and takes no notice when they
// pick it again, until the block has another name: so with each change of the message its menu More is as new.
func version(m bot.Message) string {
	if len(m.Actions) <= bot.MaxButtons {
		return ""
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(m.Plain(time.UTC)))
	return strconv.FormatUint(h.Sum64(), 36)
}

func (r *renderer) add(b slack.Block) { r.blocks = append(r.blocks, b) }

// take accounts for text and cuts what is over the limit of the whole message.
func (r *renderer) take(text string) string {
	n := utf8.RuneCountInString(text)
	if n > r.left {
		text = value.Cut(text, max(0, r.left-1))
		n = r.left
		r.cut = true
	}
	r.left -= n
	return text
}

func plain(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, text, false, false) // no :smile: made of what people type
}

// sections become rich text, in which nothing that people typed is ever read as a mention, a link or formatting. Few
// get a block each, which sets them apart; many share blocks.
func (r *renderer) sections(list []bot.Section, mark string) {
	per := 1 + len(list)/30
	for start := 0; start < len(list) && len(r.blocks) < maxBlocks-3; start += per {
		var elements []slack.RichTextElement
		for _, s := range list[start:min(start+per, len(list))] {
			elements = append(elements, r.section(s, mark)...)
			mark = ""
		}
		if len(elements) > 0 {
			r.add(slack.NewRichTextBlock("", elements...))
		}
	}
}

func (r *renderer) section(s bot.Section, mark string) []slack.RichTextElement {
	var spans []slack.RichTextSectionElement
	if mark != "" && len(s.Text) > 0 {
		spans = append(spans, slack.NewRichTextSectionTextElement(mark+" ", nil))
	}
	spans = append(spans, r.text(s.Text)...)
	for n, f := range s.Fields {
		label := f.Label + ": "
		if n > 0 || len(s.Text) > 0 {
			spans = append(spans, slack.NewRichTextSectionTextElement("\n", nil))
		}
		if label = r.take(label); label != "" {
			spans = append(spans, slack.NewRichTextSectionTextElement(label, &slack.RichTextSectionTextStyle{Bold: true}))
		}
		spans = append(spans, r.text(f.Value)...)
	}
	if len(spans) == 0 {
		return nil
	}
	if s.Quote {
		return []slack.RichTextElement{&slack.RichTextQuote{Type: slack.RTEQuote, Elements: spans}}
	}
	return []slack.RichTextElement{slack.NewRichTextSection(spans...)}
}

func (r *renderer) text(t bot.Text) []slack.RichTextSectionElement {
	var spans []slack.RichTextSectionElement
	add := func(text string, style *slack.RichTextSectionTextStyle) {
		if text = r.take(value.IsolateLines(text)); text != "" {
			spans = append(spans, slack.NewRichTextSectionTextElement(text, style))
		}
	}
	for _, s := range t {
		switch {
		case s.Kind == bot.BoldSpan:
			add(s.Text, &slack.RichTextSectionTextStyle{Bold: true})
		case s.Kind == bot.CodeSpan:
			add(s.Text, &slack.RichTextSectionTextStyle{Code: true})
		case s.Kind == bot.LinkSpan && r.left > len(s.Text):
			spans = append(spans, slack.NewRichTextSectionLinkElement(s.Ref, r.take(s.Text), nil))
		case s.Kind == bot.PersonSpan && s.User != "":
			r.left -= len(s.User)
			spans = append(spans, slack.NewRichTextSectionUserElement(s.User, nil))
		case s.Kind == bot.PersonSpan:
			add("@"+s.Text, nil)
		case s.Kind == bot.ChannelSpan && s.Channel != nil && s.Channel.Platform == platform:
			r.left -= len(s.Channel.Channel)
			spans = append(spans, slack.NewRichTextSectionChannelElement(s.Channel.Channel, nil))
		case s.Kind == bot.ChannelSpan:
			add("#"+s.Text, nil)
		case s.Kind == bot.TimeSpan && s.Time != nil:
			backup := s.Clock(cmp.Or(r.zone, time.UTC))
			r.left -= len(backup)
			spans = append(spans, slack.NewRichTextSectionDateElement(s.Time.Unix(), "{date_short_pretty} {time}", nil, &backup))
		default:
			add(s.Text, nil)
		}
	}
	return spans
}

// context is small print. Its elements know no rich text, so one that holds words of people is shown plainly, with
// times in our zone.
func (r *renderer) context(list []bot.Text) []slack.MixedElement {
	var elements []slack.MixedElement
	for _, t := range list {
		if len(elements) == maxContext {
			r.cut = true
			break
		}
		var element *slack.TextBlockObject
		if text, ok := markdown(t); ok {
			element = slack.NewTextBlockObject(slack.MarkdownType, r.take(text), false, false)
		} else {
			element = plain(r.take(t.Plain(r.zone)))
		}
		if element.Text != "" {
			elements = append(elements, element)
		}
	}
	return elements
}

// markdown writes a text in Slack's own marks; ok is false when words in it could be read as marks.
func markdown(t bot.Text) (text string, ok bool) {
	var b strings.Builder
	for _, s := range t {
		if strings.ContainsAny(s.Text, "*_~`\n") {
			return "", false
		}
		switch {
		case s.Kind == bot.BoldSpan:
			b.WriteString("*" + Escape(strings.TrimSpace(s.Text)) + "*")
		case s.Kind == bot.CodeSpan:
			b.WriteString("`" + Escape(s.Text) + "`")
		case s.Kind == bot.LinkSpan && !strings.ContainsAny(s.Ref, "<>|"):
			b.WriteString("<" + Escape(s.Ref) + "|" + Escape(s.Text) + ">")
		case s.Kind == bot.PersonSpan && s.User != "":
			b.WriteString("<@" + s.User + ">")
		case s.Kind == bot.PersonSpan:
			b.WriteString("@" + Escape(s.Text))
		case s.Kind == bot.ChannelSpan && s.Channel != nil && s.Channel.Platform == platform:
			b.WriteString("<#" + s.Channel.Channel + ">")
		case s.Kind == bot.ChannelSpan:
			b.WriteString("#" + Escape(s.Text))
		case s.Kind == bot.TimeSpan && s.Time != nil:
			fmt.Fprintf(&b, "<!date^%d^{date_short_pretty} {time}|%s>", s.Time.Unix(), s.Clock(time.UTC))
		default:
			b.WriteString(Escape(s.Text))
		}
	}
	return b.String(), true
}
