package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/watchbell/watchbell/adapters/web/markup"
	"github.com/watchbell/watchbell/bot"
)

const (
	pageSize   = 50
	aroundSize = 300 // posts after one that was linked to
	threadSize = 300
	pinnedSize = 20
	listSize   = 30 // channels listed at once
)

// home leads to the first of the standard channels.
func (c *Chat) home(w http.ResponseWriter, r *http.Request, v viewer) error {
	ids, err := c.standard(r.Context())
	if err != nil {
		return err
	}
	ch, err := c.o.Store.Channel(r.Context(), ids[0])
	if err == nil {
		http.Redirect(w, r, channelPath(ch), http.StatusSeeOther)
	}
	return err
}

// goTo follows a link to a channel or a post by number; names may change, numbers never do.
func (c *Chat) goTo(w http.ResponseWriter, r *http.Request, v viewer) error {
	id, err := parseID(r.PathValue("channel"))
	if err != nil {
		return bot.Errorf(bot.NotFound, "There is no such channel.")
	}
	ch, err := c.channel(r.Context(), v, id)
	if err != nil {
		return err
	}
	path := channelPath(ch)
	if r.PathValue("post") != "" {
		id, err := parseID(r.PathValue("post"))
		if err != nil {
			return bot.Errorf(bot.NotFound, "That message does not exist any more.")
		}
		p, err := c.post(r.Context(), v, id)
		switch {
		case err != nil:
			return err
		case p.Thread != 0:
			path += "/thread/" + formatID(p.Thread)
		case strings.HasSuffix(r.URL.Path, "/thread"):
			path += "/thread/" + formatID(p.ID)
		default:
			path += "?at=" + formatID(p.ID) + "#p-" + formatID(p.ID)
		}
	}
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}

// toCard leads to the card of an incident or a change, where the viewer sees it.
func (c *Chat) toCard(w http.ResponseWriter, r *http.Request, v viewer) error {
	missing := bot.Errorf(bot.NotFound, "There is no %s, or you may not see it.", r.PathValue("id"))
	if c.o.Where == nil {
		return missing
	}
	at, err := c.o.Where(r.Context(), r.PathValue("id"))
	if err == nil {
		r.SetPathValue("channel", at.Channel)
		r.SetPathValue("post", at.ID)
		err = c.goTo(w, r, v)
	}
	var e *bot.Error
	if errors.Is(err, bot.ErrNoSuch) || errors.As(err, &e) && e.Kind == bot.NotFound {
		return missing
	}
	return err
}

// show is a channel's page, with a thread beside it when the address names one.
func (c *Chat) show(w http.ResponseWriter, r *http.Request, v viewer) error {
	ctx := r.Context()
	if err := c.welcome(ctx, v); err != nil {
		return err
	}
	// The revision is read first: what changes while the page is made is sent again, and does no harm twice.
	revision, err := c.o.Store.Revision(ctx)
	if err != nil {
		return err
	}
	ch, err := c.o.Store.ChannelNamed(ctx, r.PathValue("name"))
	if ch, err = visible(v, ch, err); err != nil {
		return err
	}
	if r.FormValue("part") == "thread" {
		thread, err := c.thread(ctx, v, ch, r.PathValue("post"))
		if err != nil {
			return err
		}
		return markup.Send(w, "thread", thread)
	}
	view := pageView{
		Name: c.o.Name, Version: version, Viewer: v, People: v.dir.active, Revision: revision, Calendar: c.o.Calendar != nil,
		Chooses: c.chooses(), Console: c.o.Console != nil,
	}
	view.Offset = c.o.Clock.Now().In(v.Location()).Format("MST")
	list, err := c.o.Store.ChannelsOf(ctx, v.ID)
	if err != nil {
		return err
	}
	view.Side = arrangeSide(list, ch.ID, "")
	if view.Head, err = c.head(ctx, v, ch); err != nil {
		return err
	}
	var read int64
	if i := slices.IndexFunc(list, func(l Listed) bool { return l.ID == ch.ID && l.Member }); i >= 0 {
		read = list[i].Read
	}
	view.Target, _ = parseID(r.FormValue("at"))
	if err := c.fill(ctx, &view, ch, read); err != nil {
		return err
	}
	if r.PathValue("post") != "" {
		if view.Thread, err = c.thread(ctx, v, ch, r.PathValue("post")); err != nil {
			return err
		}
	}
	return markup.Send(w, "page", view)
}

// fill adds the posts: the newest, or those around one that was linked to.
func (c *Chat) fill(ctx context.Context, view *pageView, ch Channel, read int64) error {
	q := PageQuery{Channel: ch.ID, Viewer: view.Viewer.ID, Limit: pageSize + 1}
	if view.Target != 0 {
		q.Before = view.Target + 1
	}
	posts, err := c.o.Store.Page(ctx, q)
	if err != nil {
		return err
	}
	if len(posts) > pageSize {
		posts = posts[1:]
		view.Earlier = posts[0].ID
	}
	if view.Target != 0 {
		newer, err := c.o.Store.Page(ctx, PageQuery{
			Channel: ch.ID, Viewer: view.Viewer.ID, After: view.Target, Limit: aroundSize,
		})
		if err != nil {
			return err
		}
		view.Behind = len(newer) == aroundSize
		posts = append(posts, newer...)
	}
	view.Posts = c.postViews(view.Viewer, posts)
	arrange(view.Posts, read, view.Viewer.ID)
	return nil
}

func (c *Chat) postViews(v viewer, posts []Post) []postView {
	views := make([]postView, len(posts))
	for i, p := range posts {
		views[i] = c.postView(v, p)
		views[i].Anchor = true
	}
	return views
}

// earlier is the part of a channel before a post.
func (c *Chat) earlier(w http.ResponseWriter, r *http.Request, v viewer) error {
	ch, err := c.o.Store.ChannelNamed(r.Context(), r.PathValue("name"))
	if ch, err = visible(v, ch, err); err != nil {
		return err
	}
	before, err := strconv.ParseInt(r.FormValue("before"), 10, 64)
	if err != nil || before <= 0 {
		return bot.Errorf(bot.Invalid, "The page asked for earlier messages, but not before which one. Please reload it.")
	}
	view := pageView{Viewer: v, Target: before - 1, Head: headView{Channel: ch}}
	posts, err := c.o.Store.Page(r.Context(), PageQuery{Channel: ch.ID, Viewer: v.ID, Before: before, Limit: pageSize + 1})
	if err != nil {
		return err
	}
	if len(posts) > pageSize {
		posts = posts[1:]
		view.Earlier = posts[0].ID
	}
	view.Posts = c.postViews(v, posts)
	arrange(view.Posts, 0, v.ID)
	return markup.Send(w, "posts", view)
}

func (c *Chat) thread(ctx context.Context, v viewer, ch Channel, root string) (*threadView, error) {
	missing := bot.Errorf(bot.NotFound, "There is no such thread in #%s.", ch.Name)
	id, err := parseID(root)
	if err != nil {
		return nil, missing
	}
	p, err := c.post(ctx, v, id)
	if err != nil {
		return nil, err
	}
	if p.Channel != ch.ID || p.Thread != 0 || p.Only != "" {
		return nil, missing
	}
	replies, err := c.o.Store.Page(ctx, PageQuery{Channel: ch.ID, Thread: id, Viewer: v.ID, Limit: threadSize})
	if err != nil {
		return nil, err
	}
	view := &threadView{Root: c.postView(v, p), Replies: c.postViews(v, replies), Channel: ch, Path: channelPath(ch)}
	view.Root.inPanel()
	for i := range view.Replies {
		view.Replies[i].inPanel()
	}
	arrange(view.Replies, 0, v.ID)
	if len(view.Replies) > 0 && view.Replies[0].Day == view.Root.Day {
		view.Replies[0].FirstDay = false
	}
	return view, nil
}

func (c *Chat) head(ctx context.Context, v viewer, ch Channel) (headView, error) {
	view := headView{Channel: ch}
	ids, err := c.o.Store.MembersOf(ctx, ch.ID)
	if err != nil {
		return view, err
	}
	for _, id := range ids {
		p, ok := v.dir.byID[id]
		if !ok {
			p = bot.Person{ID: id, Name: string(id)}
		}
		view.Members = append(view.Members, p)
		view.Member = view.Member || id == v.ID
	}
	slices.SortFunc(view.Members, func(a, b bot.Person) int { return strings.Compare(a.Name, b.Name) })
	pinned, err := c.o.Store.Page(ctx, PageQuery{Channel: ch.ID, Viewer: v.ID, Pinned: true, Limit: pinnedSize})
	for _, p := range slices.Backward(pinned) {
		view.Pinned = append(view.Pinned, pinView{
			p.ID, channelPath(ch) + "?at=" + formatID(p.ID) + "#p-" + formatID(p.ID), cmp.Or(p.Message.Title, p.Message.Line()),
			p.Message.Tone,
		})
	}
	return view, err
}

// channels is the list of channels again, of those whose names contain what was typed.
func (c *Chat) channels(w http.ResponseWriter, r *http.Request, v viewer) error {
	html, err := c.sideHTML(r.Context(), v, r.FormValue("current"), r.FormValue("q"))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(html))
	return nil
}

func (c *Chat) sideHTML(ctx context.Context, v viewer, current, query string) (string, error) {
	list, err := c.o.Store.ChannelsOf(ctx, v.ID)
	if err != nil {
		return "", err
	}
	id, err := parseID(current)
	if err != nil && !errors.Is(err, bot.ErrGone) {
		return "", err
	}
	return markup.Render("channels", arrangeSide(list, id, query))
}
