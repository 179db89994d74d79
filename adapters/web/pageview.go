package web

import (
	"slices"
	"strconv"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// pageView is a whole page.
type pageView struct {
	Name     string
	Version  string
	Viewer   viewer
	People   []bot.Person
	Revision int64
	Side     sideView
	Head     headView
	Posts    []postView
	Earlier  int64 // the oldest post shown, when there are older ones
	Behind   bool  // there are newer ones that are not shown
	Target   int64 // the post that was linked to
	Thread   *threadView
	Calendar bool   // there is one
	Chooses  bool   // people may act as somebody else
	Console  bool   // there are pages around the chat
	Offset   string // the zone's, for the reader to know
}

type threadView struct {
	Root    postView
	Replies []postView
	Channel Channel
	Path    string
}

// sideView is the list of channels.
type sideView struct {
	Current int64
	Query   string
	Yours   []Listed
	Others  []Listed
	Direct  []Listed // the viewer's own, if it is there
	More    int      // others that are not listed
	Hidden  int      // of yours
}

// headView is what stands above the posts.
type headView struct {
	Channel Channel
	Member  bool
	Members []bot.Person
	Pinned  []pinView
}

type pinView struct {
	ID   int64
	Href string
	Line string
	Tone bot.Tone
}

// roomView is a channel in the list.
type roomView struct {
	Listed
	Current bool
}

// Room is a channel of the list, marked if the page shows it.
func (s sideView) Room(l Listed) roomView { return roomView{l, l.ID == s.Current} }

// Path is where the channel's page is.
func (r roomView) Path() string { return channelPath(r.Channel) }

// Waiting is the number of unread posts in few characters.
func (r roomView) Waiting() string {
	if n := r.Unread(); n < 100 {
		return strconv.FormatInt(n, 10)
	}
	return "99+"
}

// Path is where the channel's page is.
func (h headView) Path() string { return channelPath(h.Channel) }

// Title is what the channel is called.
func (h headView) Title() string {
	if h.Channel.Person != "" {
		return botName
	}
	return "#" + h.Channel.Name
}

// composerView is the box to write in.
type composerView struct {
	ID     string
	Thread int64
	Label  string
	Hint   string
}

// Composer writes in the channel.
func (h headView) Composer() composerView {
	return composerView{ID: "box", Label: "Message " + h.Title(), Hint: "Message " + h.Title() + ", or / for commands"}
}

// Composer writes in the thread.
func (t threadView) Composer() composerView {
	return composerView{ID: "reply", Thread: t.Root.ID, Label: "Reply in the thread", Hint: "Reply, or / for commands"}
}

// arrangeSide puts the channels in order: the standard ones as they were made, then the newest first, for that is where
// things happen.
func arrangeSide(list []Listed, current int64, query string) sideView {
	view := sideView{Current: current, Query: query}
	query = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(query), "#"))
	var standard, yours, others []Listed
	for _, l := range list {
		switch {
		case l.Person != "":
			view.Direct = append(view.Direct, l)
		case !strings.Contains(l.Name, query):
		case l.Member && strings.HasPrefix(l.Key, standardKey):
			standard = append(standard, l)
		case l.Member:
			yours = append(yours, l)
		default:
			others = append(others, l)
		}
	}
	slices.Reverse(yours)
	slices.Reverse(others)
	yours = append(standard, yours...)
	view.Yours, view.Others = yours[:min(len(yours), listSize)], others[:min(len(others), listSize)]
	view.Hidden, view.More = len(yours)-len(view.Yours), len(others)-len(view.Others)
	return view
}
