package console

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/adapters/web/markup"
	"github.com/watchbell/watchbell/bot"
)

// pageView is a page as its template needs it.
type pageView struct {
	frame
	Crumbs  []link
	Object  string
	Marks   []bot.Mark
	Meta    [][]markup.Span
	Buttons []actionView
	Rest    []actionView // of the menu More
	Files   []link
	Tabs    []link
	Filters []filterView
	Clear   string // the address without any filter, when one is set
	CSV     string
	Facts   []factView
	Table   *tableView
	Message *messageView
	Main    []panelView
	Aside   []panelView
	Empty   bool
}

// homeLines is how many lines a panel of Home shows; the others are one press away.
const homeLines = 5

// home is what waits for whoever looks, and what is going on.
func (c *Console) home(w http.ResponseWriter, r *http.Request, v Viewer) error {
	f, err := c.framed(r, v, homeTitle, "")
	if err != nil {
		return err
	}
	panels, err := c.o.Core.Board(r.Context(), v.Account)
	if err != nil {
		return err
	}
	view := pageView{frame: f, Object: greeting(c.o.Clock.Now().In(v.Location()), v.Name)}
	l := c.looker(v, f.Here)
	for _, p := range panels {
		if p.Title == "" { // what can be begun
			view.Buttons, view.Rest = l.offer(p.Actions)
			slices.Reverse(view.Buttons)
			continue
		}
		if n := len(p.Lines); p.Note == "" && n > 0 {
			p.Note = fmt.Sprint(n)
		}
		if p.Place != bot.Mine {
			p.Lines = p.Lines[:min(len(p.Lines), homeLines)]
		}
		view.add(l.panel(p), p.Place)
	}
	return send(w, http.StatusOK, "home", view)
}

func greeting(now time.Time, name string) string {
	first, _, _ := strings.Cut(name, " ")
	switch hour := now.Hour(); {
	case hour < 5:
		return "Good night, " + first
	case hour < 12:
		return "Good morning, " + first
	case hour < 18:
		return "Good afternoon, " + first
	}
	return "Good evening, " + first
}

// add puts a panel where it stands: what waits comes first.
func (p *pageView) add(panel panelView, place bot.Place) {
	switch place {
	case bot.Aside:
		p.Aside = append(p.Aside, panel)
	case bot.Mine:
		n := 0
		for n < len(p.Main) && p.Main[n].Mine {
			n++
		}
		p.Main = slices.Insert(p.Main, n, panel)
	default:
		p.Main = append(p.Main, panel)
	}
}

var errNoPage = bot.Errorf(bot.NotFound, "There is no such page.")

// view finds a view by its name.
func (c *Console) view(name string) (bot.View, error) {
	i := slices.IndexFunc(c.o.Core.Views(), func(v bot.View) bool { return v.Name == name })
	if i < 0 {
		return bot.View{}, errNoPage
	}
	return c.o.Core.Views()[i], nil
}

// list is the page of a view. What cuts it down stands in the address.
func (c *Console) list(w http.ResponseWriter, r *http.Request, v Viewer) error {
	view, err := c.view(r.PathValue("view"))
	if err != nil {
		return err
	}
	args := c.args(r, view)
	p, err := c.look(r.Context(), v, view.Command, view.With(args), view.Title)
	if err != nil {
		return err
	}
	if r.FormValue("format") == "csv" && p.Table != nil {
		return sendCSV(w, view.Name, p.Table, v.Person)
	}
	page, err := c.paged(r, v, view, p, args)
	if err != nil {
		return err
	}
	page.Crumbs = nil
	if page.Tabs, err = c.siblings(r.Context(), v, view); err != nil {
		return err
	}
	return send(w, http.StatusOK, "page", page)
}

// siblings lead to the other views of a group.
func (c *Console) siblings(ctx context.Context, v Viewer, view bot.View) ([]link, error) {
	if view.Group == "" {
		return nil, nil
	}
	views, err := c.o.Core.ViewsOf(ctx, v.Account, nil)
	var list []link
	for _, o := range views {
		if o.Group == view.Group {
			list = append(list, link{o.Title, "/" + o.Name, o.Name == view.Name})
		}
	}
	return list, err
}

// args are the arguments of a view in an address: those that its command knows.
func (c *Console) args(r *http.Request, view bot.View) map[string]string {
	args := map[string]string{}
	cmd, ok := c.o.Core.Tree().Command(view.Command)
	if !ok {
		return args
	}
	for i := range cmd.Params {
		name := cmd.Params[i].Name
		if given := slices.DeleteFunc(r.URL.Query()[name], func(s string) bool { return s == "" }); len(given) > 0 {
			args[name] = strings.Join(given, ",")
		}
	}
	return args
}

// look asks for a page. A command that answers with a message has a page of that.
func (c *Console) look(
	ctx context.Context, v Viewer, command string, args map[string]string, title string,
) (bot.Page, error) {
	ctx, cancel := context.WithTimeout(ctx, performTime)
	defer cancel()
	reply := c.o.Receive(ctx, bot.Request{
		From: v.Account, Place: v.Private, Shortcut: command, Args: args, Paged: true,
	})
	switch {
	case reply.Status != bot.Done:
		return bot.Page{}, refusal(reply, v)
	case reply.Page != nil:
		return *reply.Page, nil
	}
	p := bot.Page{Title: title, Message: reply.Message}
	if m := reply.Message; m != nil {
		said := *m
		p.Title, p.Actions = cmp.Or(said.Title, title), said.Actions
		said.Title, said.Actions = "", nil
		p.Message = &said
	}
	return p, nil
}

// refusal is a reply that is not done, as an error for people.
func refusal(r bot.Reply, v Viewer) error {
	kind := r.Kind
	switch {
	case r.Form != nil || r.Message == nil:
		return bot.Errorf(bot.Invalid, "This page lacks something in its address. Please go back and choose again.")
	case r.Status == bot.Unready:
		kind = bot.Unavailable
	case kind == "":
		kind = bot.Invalid
	}
	return bot.Errorf(kind, "%s", r.Message.Plain(v.Location()))
}

// paged is a page of a view within its frame.
func (c *Console) paged(
	r *http.Request, v Viewer, view bot.View, p bot.Page, args map[string]string,
) (pageView, error) {
	f, err := c.framed(r, v, cmp.Or(p.Title, view.Title), view.Name)
	if err != nil {
		return pageView{}, err
	}
	l := c.looker(v, f.Here)
	l.view = &view
	page := pageView{
		frame: f, Object: f.Title, Marks: p.Marks, Facts: l.facts(p.Facts), Table: l.table(p.Table, args),
		Filters: l.filters(p.Filters, args), Crumbs: []link{{Label: view.Title, Path: "/" + view.Name}},
	}
	page.Buttons, page.Rest = l.offer(p.Actions)
	page.Message = l.message(p.Message)
	for _, m := range p.Meta {
		page.Meta = append(page.Meta, l.text(m))
	}
	for _, panel := range p.Panels {
		page.add(l.panel(panel), panel.Place)
	}
	for _, d := range p.Files {
		page.Files = append(page.Files, link{Label: d.Label, Path: thingPath(view, p.Object) + "/" + d.Name})
	}
	if page.Table != nil {
		page.Empty = len(page.Table.Rows) == 0
		all := view.With(args)
		all["format"] = "csv"
		page.CSV = viewPath(view.Name, all)
		if args["after"] != "" || args["before"] != "" {
			first := view.With(args)
			delete(first, "after")
			delete(first, "before")
			page.Table.First = viewPath(view.Name, first)
		}
		if len(args) > 0 {
			page.Clear = "/" + view.Name
		}
	}
	return page, nil
}

// thing is the page of one thing.
func (c *Console) thing(w http.ResponseWriter, r *http.Request, v Viewer) error {
	view, err := c.view(r.PathValue("view"))
	if err != nil {
		return err
	}
	if view.One == nil {
		return errNoPage
	}
	return c.showThing(w, r, v, view, view.One.Command, "")
}

// part is a further page of a thing, or a file of it.
func (c *Console) part(w http.ResponseWriter, r *http.Request, v Viewer) error {
	view, err := c.view(r.PathValue("view"))
	if err != nil {
		return err
	}
	name := r.PathValue("part")
	if view.One == nil {
		return errNoPage
	}
	if i := slices.IndexFunc(view.One.Tabs, func(t bot.Tab) bool { return t.Name == name }); i >= 0 {
		return c.showThing(w, r, v, view, view.One.Tabs[i].Command, name)
	}
	if view.One.File == nil {
		return errNoPage
	}
	// Whoever may look at the thing may take its files.
	id := r.PathValue("id")
	if _, err := c.look(r.Context(), v, view.One.Command, map[string]string{view.One.Arg: id}, id); err != nil {
		return err
	}
	f, err := view.One.File(r.Context(), v.Person, id, name)
	if errors.Is(err, bot.ErrNoSuch) {
		return bot.Errorf(bot.NotFound, "%s has no such file.", bot.Shown(id))
	}
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", f.Type)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	_, _ = w.Write(f.Data) // a reader who went away
	return nil
}

func (c *Console) showThing(
	w http.ResponseWriter, r *http.Request, v Viewer, view bot.View, command, tab string,
) error {
	id := r.PathValue("id")
	p, err := c.look(r.Context(), v, command, map[string]string{view.One.Arg: id}, id)
	if err != nil {
		return err
	}
	p.Object = cmp.Or(p.Object, id)
	page, err := c.paged(r, v, view, p, nil)
	if err != nil {
		return err
	}
	page.Crumbs = append(page.Crumbs, link{Label: p.Object})
	page.Tabs = tabs(view, p.Object, tab)
	page.Title = p.Object + " " + page.Object
	return send(w, http.StatusOK, "page", page)
}

// tabs lead to the pages of a thing, if there are several.
func tabs(view bot.View, id, here string) []link {
	if len(view.One.Tabs) == 0 {
		return nil
	}
	path := thingPath(view, id)
	list := []link{{Label: "Overview", Path: path, Current: here == ""}}
	for _, t := range view.One.Tabs {
		list = append(list, link{Label: t.Title, Path: path + "/" + t.Name, Current: t.Name == here})
	}
	return list
}

// goTo leads where somebody wants to go: to a thing by its id, or to what is called so.
func (c *Console) goTo(w http.ResponseWriter, r *http.Request, v Viewer) error {
	words := strings.TrimSpace(r.FormValue("q"))
	if path := c.pathOf(strings.ToUpper(words)); path != "" {
		http.Redirect(w, r, path, http.StatusSeeOther)
		return nil
	}
	if arg := c.searches(); arg != "" {
		http.Redirect(w, r, viewPath(searchView, map[string]string{arg: words}), http.StatusSeeOther)
		return nil
	}
	return c.found(w, r, v, words)
}

// searchView is the view that finds things by words, if there is one.
const searchView = "search"

// searches is the argument of that view that takes the words.
func (c *Console) searches() string {
	v, err := c.view(searchView)
	if err != nil {
		return ""
	}
	cmd, ok := c.o.Core.Tree().Command(v.Command)
	if !ok {
		return ""
	}
	i := slices.IndexFunc(cmd.Params, func(p bot.Param) bool { return p.Bare })
	if i < 0 {
		return ""
	}
	return cmd.Params[i].Name
}

// found lists the pages and the forms that are called like some words.
func (c *Console) found(w http.ResponseWriter, r *http.Request, v Viewer, words string) error {
	f, err := c.framed(r, v, "Go to", "go")
	if err != nil {
		return err
	}
	views, err := c.o.Core.ViewsOf(r.Context(), v.Account, nil)
	if err != nil {
		return err
	}
	like := func(s string) bool { return strings.Contains(strings.ToLower(s), strings.ToLower(words)) }
	l := c.looker(v, f.Here)
	pages := bot.Panel{Title: "Pages", Empty: "No page is called like that. Type an id, like INC-1, or a part of a name."}
	for _, view := range views {
		if like(view.Title) {
			pages.Lines = append(pages.Lines, bot.Line{Title: view.Title, Jump: &bot.Jump{View: view.Name}})
		}
	}
	view := pageView{frame: f, Object: "Go to “" + bot.Shown(words) + "”"}
	view.Main = append(view.Main, l.panel(pages))
	return send(w, http.StatusOK, "page", view)
}
