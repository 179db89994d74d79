// Package look renders neutral messages and forms as Discord shows them: messages of Components V2, and modals. Words
// of people never become marks on the way, and what does not fit into Discord's limits is cut and said to be.
//
// Discord has no confirmation dialogs, shows five inputs at once, and cannot tell what is wrong beside an input. So the
// adapter walks a form with the messages and modals of this package:
//
//	Step ──submitted──> Kept ──Continue──> Step … ──submitted──> the answer, or
//	                      └──Save without the rest──────────────> Wrong ──Fix──> Fix ──submitted──> …
//
// A step that has something wrong in it while others follow is asked again: Again leads back to it.
//
// Each button says in its custom_id what it does; ID is what that means.
package look

import (
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Limits of Discord, with some room where a message that is over them is lost. Above 10,170 bytes, of which each Text
// Display costs twelve, Discord fails with status 500.
const (
	maxComponents = 40
	maxChars      = 3800 // of 4,000 over all Text Displays
	maxBytes      = 9500 // of 10,170
	displayBytes  = 12
	maxTitle      = 600 // the help of a command has all its options in its title
	maxButton     = 80
	maxOption     = 100 // label and value
	maxHolder     = 150 // placeholder of a menu
	maxAlt        = 1024
	maxMentions   = 100
)

// Flags of a message.
const (
	ephemeralFlag = 1 << 6
	layoutFlag    = 1 << 15 // Components V2; no edit takes it back
)

// platform names the conversations that are Discord's.
const platform = "discord"

// colours are those of the bar beside a message. They come with words, never alone.
var colours = map[bot.Tone]int{bot.Info: 0x3B82F6, bot.Good: 0x22A559, bot.Warning: 0xF59E0B, bot.Critical: 0xDA373C}

const cutNote = "-# … (cut here; all of it is kept in Watchbell)"

// Body is what a message is sent, edited or answered with.
type Body struct {
	Components []Component `json:"components"`
	Flags      int         `json:"flags"`
	Mentions   Mentions    `json:"allowed_mentions"`

	// what did not fit, in words for a log; the message says that something is missing
	Lost []string `json:"-"`
}

// Mentions says who is notified. An empty Parse is sent as well: without it Discord notifies everybody who is named.
type Mentions struct {
	Parse []string `json:"parse"`
	Users []string `json:"users,omitempty"`
}

// Edit is the body for changing a message: nobody is notified again.
func (b Body) Edit() Body {
	b.Mentions = Mentions{Parse: []string{}}
	return b
}

// Ephemeral is the body for an answer that one person sees. Nobody is notified.
func (b Body) Ephemeral() Body {
	b.Flags |= ephemeralFlag
	return b.Edit()
}

// Message renders a message. Each person it names is notified, and nobody else.
func Message(m bot.Message) Body {
	w := newWriter()
	return w.message(m, w.actions(m))
}

// Text renders a message of one paragraph.
func Text(words string, tone bot.Tone) Body {
	m := bot.Say(words)
	m.Tone = tone
	return Message(m)
}

// Upload renders the message that shows a file. The request has to bring the file along under the name that FileName
// makes of its own.
func Upload(f bot.File) Body {
	return Message(bot.Message{
		Sections:   []bot.Section{bot.Para(bot.Bold(f.Title))},
		Attachment: &bot.Attachment{Name: f.Name, Alt: f.Alt, Type: f.Type},
	})
}

// FileName is a name as Discord keeps it, so that a message can refer to the file.
func FileName(file string) string {
	file = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', digit(r), r == '.', r == '-':
			return r
		}
		return '_'
	}, file)
	if strings.Trim(file, "._") == "" {
		return "file"
	}
	return strings.TrimLeft(file, ".")
}

// writer fills one message or modal. It knows how much there is room for; it never fails.
type writer struct {
	chars, bytes, parts int // what is left
	full                bool
	lost                []string
	users               []string // who is mentioned
	seen                map[string]int
}

func newWriter() *writer {
	w := &writer{chars: maxChars, bytes: maxBytes, parts: maxComponents - 1, seen: map[string]int{}} // less the container
	w.reserve(cutNote)
	return w
}

// reserve keeps room for a Text Display of ours.
func (w *writer) reserve(content string) {
	w.chars -= units(content)
	w.bytes -= len(content) + displayBytes
	w.parts--
}

// lose notes what is left out.
func (w *writer) lose(what string) { w.lost = append(w.lost, what) }

// fits reports whether there is room for text.
func (w *writer) fits(text string) bool {
	return !w.full && units(text) <= w.chars && len(text) <= w.bytes
}

// take accounts for text if there is room for it.
func (w *writer) take(text string) bool {
	if !w.fits(text) {
		return false
	}
	w.chars -= units(text)
	w.bytes -= len(text)
	return true
}

// close ends the text: what comes after something that was cut would be misread.
func (w *writer) close(what string) {
	if !w.full {
		w.full = true
		w.lose(what)
	}
}

// message puts a message together around its rows of buttons and menus, which the writer accounted for already.
func (w *writer) message(m bot.Message, rows []Component) Body {
	asked := w.questions(m) // before everything else: it belongs to the buttons
	inside := w.title(m.Title)
	picture := w.picture(m.Attachment)
	const below = 2 // small print and a line above it
	inside = append(inside, w.sections(m.Sections, w.parts-below)...)
	inside = append(inside, picture...)
	if small := w.context(m.Context); len(small) > 0 {
		if m.Title != "" && len(inside) > 0 {
			w.parts--
			inside = append(inside, Component{Type: Separator, Divider: new(true)})
		}
		inside = append(inside, small...)
	}
	if len(inside) == 0 && !w.full {
		words := m.Fallback
		if value.Blank(words) {
			words = "Watchbell"
		}
		inside = w.sections([]bot.Section{bot.Para(words)}, 1)
	}
	if len(w.lost) > 0 {
		inside = append(inside, Component{Type: TextDisplay, Content: cutNote})
	}
	return w.body(m.Tone, slices.Concat(inside, asked, rows))
}

func (w *writer) body(tone bot.Tone, inside []Component) Body {
	c := Component{Type: Container, Components: inside}
	if colour, ok := colours[tone]; ok {
		c.Accent = &colour
	}
	return Body{
		Components: []Component{c}, Flags: layoutFlag,
		Mentions: Mentions{Parse: []string{}, Users: w.users}, Lost: w.lost,
	}
}

func (w *writer) title(title string) []Component {
	title = inLine(title)
	if value.Blank(title) {
		return nil
	}
	return w.display("the title", func(f *flow) {
		f.line("## ")
		if short := cut(title, maxTitle); short != title {
			title = short
			w.lose("a part of the title")
		}
		f.words(title, (*escaper).plain)
	})
}

// sections get a Text Display each, which sets them apart; where these are more than there is room for, several share
// one.
func (w *writer) sections(list []bot.Section, room int) (parts []Component) {
	if len(list) == 0 {
		return nil
	}
	per := (len(list) + room - 1) / room
	for some := range slices.Chunk(list, per) {
		parts = append(parts, w.display("a section", func(f *flow) {
			for _, s := range some {
				f.section(s)
			}
		})...)
	}
	return parts
}

// context is small print.
func (w *writer) context(list []bot.Text) []Component {
	if len(list) == 0 {
		return nil
	}
	return w.display("the small print", func(f *flow) {
		for _, t := range list {
			f.line(smallPrint)
			f.text(t)
		}
	})
}

// picture shows a file that comes with the message: a picture, or something to download.
func (w *writer) picture(a *bot.Attachment) []Component {
	if a == nil {
		return nil
	}
	from := Media{URL: "attachment://" + FileName(a.Name)}
	if !strings.HasPrefix(a.Type, "image/") {
		w.parts--
		return []Component{{Type: FileDisplay, File: &from}}
	}
	w.parts -= 2 // some count the picture in it
	return []Component{{
		Type: MediaGallery, Items: []Item{{Media: from, Description: name(a.Alt, maxAlt, "")}},
	}}
}
