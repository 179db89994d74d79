package web

import (
	"fmt"
	"html/template"
	"net/http"
	"time"

	"github.com/watchbell/watchbell/adapters/web/markup"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// postView is a post as one person sees it.
type postView struct {
	Post
	Name        string
	Clock       string // the time of day
	Full        string
	Stamp       string
	Updated     string // when it last changed
	UpdatedFull string
	Day         string // sortable
	DayName     string
	Body        markup.Message
	FormTitle   string
	Shortcuts   []Shortcut
	LastReply   string

	Anchor   bool // it is in the channel itself, where links lead
	Panel    bool // it is in the panel of a thread
	Follows  bool // the one before is by the same author, a moment ago
	FirstDay bool // the one before is of another day
	FirstNew bool // the one before was read, this was not
}

// A post this soon after one of the same author needs no name above it.
const samePause = 5 * time.Minute

func (c *Chat) postView(v viewer, p Post) postView {
	zone := v.Location()
	local, now := p.Made.In(zone), c.o.Clock.Now()
	view := postView{
		Post: p, Name: v.dir.name(p.Author), Clock: local.Format("15:04"), Full: markup.FullTime(local),
		Stamp: p.Made.UTC().Format(time.RFC3339),
		Day:   local.Format(time.DateOnly), DayName: dayName(local, now.In(zone)),
		Body: markup.MessageFor(v.Person, p.Message, p.Made),
	}
	view.Body.File, view.Body.Menu = markup.AttachmentAt(fmt.Sprintf("/file/%d", p.ID), p.Message.Attachment), fmt.Sprintf(
		"more-%d", p.ID,
	)
	if !p.Edited.IsZero() {
		edited := p.Edited.In(zone)
		view.Updated, view.UpdatedFull = shortTime(edited, view.Day, now), markup.FullTime(edited)
	}
	if p.Replies > 0 {
		view.LastReply = shortTime(p.Replied.In(zone), view.Day, now)
	}
	if p.Form != nil {
		view.FormTitle = p.Form.Title
	}
	if p.Only == "" {
		view.Shortcuts = c.shortcutsOn(p)
	}
	return view
}

// inPanel makes it a post in the panel of a thread: it may be on the page twice.
func (p *postView) inPanel() {
	p.Panel, p.Anchor = true, false
	p.Body.Menu += panelSuffix
}

const panelSuffix = "-beside"

func shortTime(local time.Time, day string, now time.Time) string {
	if local.Format(time.DateOnly) == day {
		return local.Format("15:04")
	}
	return value.Short(local, now, "2 Jan 15:04")
}

func dayName(local, now time.Time) string {
	if local.Year() == now.Year() {
		return local.Format("Monday, 2 January")
	}
	return local.Format("Monday, 2 January 2006")
}

// ReplyWords counts the replies.
func (p postView) ReplyWords() string {
	if p.Replies == 1 {
		return "1 reply"
	}
	return fmt.Sprintf("%d replies", p.Replies)
}

// Answerable reports whether a thread may hang on the post.
func (p postView) Answerable() bool { return p.Only == "" && p.Thread == 0 && !p.Panel }

// arrange marks where a list starts a new day, a new author and the unread part.
func arrange(list []postView, read int64, viewer bot.PersonID) {
	fresh := read > 0
	for i := range list {
		p := &list[i]
		if fresh && p.N > read && p.Author != viewer {
			p.FirstNew, fresh = true, false
		}
		p.FirstDay = i == 0 || list[i-1].Day != p.Day
		p.Follows = i > 0 && !p.FirstDay && !p.FirstNew && follows(list[i-1].Post, p.Post)
	}
}

func follows(before, p Post) bool {
	return before.Author == p.Author && before.Only == p.Only && p.Only == "" && p.Made.Sub(before.Made) < samePause &&
		before.Replies == 0
}

// postEvent is a post on its way to a page.
type postEvent struct {
	ID      int64  `json:"id"`
	Channel int64  `json:"channel"`
	Thread  int64  `json:"thread,omitempty"`
	N       int64  `json:"n,omitempty"`
	HTML    string `json:"html"`
	Line    string `json:"line"` // the post in one line, to be read aloud
	Mine    bool   `json:"mine,omitempty"`
	Only    bool   `json:"only,omitempty"`
	Form    bool   `json:"form,omitempty"`
}

func (c *Chat) event(v viewer, p Post) (postEvent, error) {
	view := c.postView(v, p)
	html, err := markup.Render("post", view)
	line := p.Message.Line()
	if p.Form != nil && line == "" {
		line = "The form “" + p.Form.Title + "” is ready."
	}
	return postEvent{ID: p.ID, Channel: p.Channel, Thread: p.Thread, N: p.N, HTML: html, Line: view.Name + ": " + line,
		Mine: p.Author == v.ID, Only: p.Only != "", Form: p.Form != nil}, err
}

func channelPath(ch Channel) string { return "/c/" + ch.Name }

// showProblem is a page that says why there is none.
func (c *Chat) showProblem(w http.ResponseWriter, status int, text string) {
	html, err := markup.Render("problem", map[string]any{"Name": c.o.Name, "Text": text, "Version": version})
	if err != nil {
		c.log.Error("render problem", "error", err)
		html = template.HTMLEscapeString(text)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(html))
}
