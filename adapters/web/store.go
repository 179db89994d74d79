package web

import (
	"context"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Store keeps the chat. Package storage implements it.
//
// Every change takes the next number of one growing sequence, its revision, and is visible to others in the order of
// these numbers. So whoever has seen revision 41 asks for what changed after 41 and misses nothing, whichever instance
// or program made the change. A channel's and a post's id is the revision it was made with.
type Store interface {
	Channels
	Posts
	Members
	Feed
	Files
}

// Channels keeps the channels. Writing to one that is missing or archived is bot.ErrGone.
type Channels interface {
	// OpenChannel makes the channel of c.Key, or returns the one there is. A name that is taken gets a number.
	OpenChannel(ctx context.Context, c Channel) (Channel, error)
	// Channel finds a channel, archived or not. bot.ErrNoSuch: there is none.
	Channel(ctx context.Context, id int64) (Channel, error)
	ChannelNamed(ctx context.Context, name string) (Channel, error)
	SetTopic(ctx context.Context, id int64, topic string) error
	// Archive makes a channel read-only and takes it off all lists. One that is archived already, or gone, is bot.ErrGone.
	Archive(ctx context.Context, id int64) error
}

// Posts keeps what was said.
type Posts interface {
	// AddPost saves a post once for its key and returns the one there is. bot.ErrGone: its channel, or what its thread
	// hangs on, is missing.
	AddPost(ctx context.Context, p Post) (Post, error)
	// EditPost replaces what a post says, PinPost pins it, DeletePost removes it for everybody. bot.ErrGone: there is none
	// in that channel.
	EditPost(ctx context.Context, channel, id int64, m bot.Message, at time.Time) error
	PinPost(ctx context.Context, channel, id int64) error
	DeletePost(ctx context.Context, channel, id int64) error
	// Page lists posts, oldest first, without deleted ones.
	Page(ctx context.Context, q PageQuery) ([]Post, error)
}

// Members keeps who is in a channel and how far they have read.
type Members interface {
	// SetMember brings somebody into a channel, or takes them out. It does nothing when that is so already.
	SetMember(ctx context.Context, channel int64, who bot.PersonID, in bool) error
	// Welcome brings somebody into channels they have never been in; who left one stays out.
	Welcome(ctx context.Context, who bot.PersonID, channels []int64) error
	// MarkRead notes that a member has read up to the channel's n-th post. It never goes back.
	MarkRead(ctx context.Context, channel int64, who bot.PersonID, n int64) error
	// MembersOf lists who is in a channel, by id.
	MembersOf(ctx context.Context, channel int64) ([]bot.PersonID, error)
	// ChannelsOf lists all channels that somebody may see and that are not archived, oldest first.
	ChannelsOf(ctx context.Context, who bot.PersonID) ([]Listed, error)
}

// Feed tells what changed.
type Feed interface {
	// Revision is the number of the newest change.
	Revision(ctx context.Context) (int64, error)
	// Changes lists the things that changed after a revision as they are now, each once.
	Changes(ctx context.Context, after int64) (Changes, error)
	// Forget removes what was for one person only and was posted before a time.
	Forget(ctx context.Context, before time.Time) error
}

// Channel is a place to talk.
type Channel struct {
	ID       int64
	Key      string       // names it for ever
	Name     string       // unique, without the number sign
	Person   bot.PersonID // whose direct messages these are; "" when everybody may read it
	Topic    string
	Archived bool
	Posts    int64 // how many posts everybody sees were made outside of threads; the number of the newest
	Made     time.Time
	Revision int64
}

// Post is one message in a channel, of a person or of the bot.
type Post struct {
	ID       int64
	Channel  int64
	Thread   int64 // the post it answers; 0 outside of threads
	Key      string
	N        int64        // its number among the channel's posts; 0 in threads and for one person only
	Author   bot.PersonID // "" is the bot
	Only     bot.PersonID // the one person who sees it; "" is everybody
	Asked    string       // what that person did to get this answer
	Message  bot.Message
	Form     *bot.Form // a form that came too late to be opened at once
	Pinned   bool
	Gone     bool // deleted
	Replies  int
	Replied  time.Time // when the last reply was made
	Made     time.Time
	Edited   time.Time
	Revision int64
}

// PageQuery says which posts to list. Zero fields do not restrict, except that a zero Thread means posts outside of
// threads.
type PageQuery struct {
	Channel int64
	Thread  int64
	Viewer  bot.PersonID // sees also what is for this person only
	ID      int64        // just this post, whether in a thread or not
	Before  int64        // those with smaller ids
	After   int64        // those with greater ids, from the oldest on
	Pinned  bool
	Limit   int
}

// Member is somebody in a channel.
type Member struct {
	Channel int64
	Person  bot.PersonID
	Read    int64 // the number of the last post they have read
	In      bool  // false: they left
}

// Listed is a channel as one person sees it in the list.
type Listed struct {
	Channel
	Member bool
	Read   int64
}

// Unread is how many posts a member has not read yet.
func (l Listed) Unread() int64 {
	if !l.Member {
		return 0
	}
	return max(0, l.Posts-l.Read)
}

// Changes are the things that changed after revision From up to revision To.
type Changes struct {
	From, To int64
	Channels []Channel
	Posts    []Post
	Members  []Member
}
