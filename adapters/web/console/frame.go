package console

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/watchbell/watchbell/bot"
)

// frame is what stands around every page: the places there are, what is in sight everywhere, and who looks.
type frame struct {
	Name, Version string
	Title         string
	Here          string // the address of the page, where actions lead back to
	Zone          string // the reader's: said once a page
	Viewer        Viewer
	Places        []place
	Watched       []panelView
	Toast         *toast
	Home          bool
}

// place is an entry of the list of places.
type place struct {
	Title, Path string
	Icon        bot.Icon
	Here        bool
	Count       string
}

// toast is the answer to what was done last.
type toast struct {
	Text string
	Bad  bool
}

const homeTitle = "Home"

// framed makes the frame of a page. here is the name of the view that it belongs to.
func (c *Console) framed(r *http.Request, v Viewer, title, here string) (frame, error) {
	now := c.o.Clock.Now().In(v.Location())
	f := frame{
		Name: c.o.Name, Version: c.o.Version, Title: title, Here: r.URL.RequestURI(), Viewer: v, Home: here == "",
		Zone: now.Format("MST"),
	}
	if r.Method != http.MethodGet {
		f.Here = back(r)
	}
	views, err := c.o.Core.ViewsOf(r.Context(), v.Account, nil)
	if err != nil {
		return f, err
	}
	f.Places = places(views, here)
	watched, err := c.o.Core.Watched(r.Context(), v.Account)
	if err != nil {
		return f, err
	}
	l := c.looker(v, f.Here)
	for _, p := range watched {
		if len(p.Lines) > 0 {
			f.Watched = append(f.Watched, l.panel(p))
		}
	}
	f.Toast, err = c.toast(r.Context(), r.URL.Query().Get(doneArg), v)
	return f, err
}

// places lists Home, the views that stand by themselves, and the groups of the others.
func places(views []bot.View, here string) []place {
	list := []place{{Title: homeTitle, Path: "/", Icon: "home", Here: here == ""}}
	groups := map[string]int{}
	for _, v := range views {
		switch at, known := groups[v.Group]; {
		case v.Icon == "" && v.Group == "":
			continue // it is found from other pages
		case v.Group == "":
			list = append(list, place{Title: v.Title, Path: "/" + v.Name, Icon: v.Icon, Here: v.Name == here})
		case known:
			list[at].Here = list[at].Here || v.Name == here
		default:
			groups[v.Group] = len(list)
			list = append(list, place{Title: v.Group, Path: "/" + v.Name, Icon: v.Icon, Here: v.Name == here})
		}
	}
	return list
}

// doneArg is the argument of an address that names the action that led to it.
const doneArg = "done"

// toast says again what somebody was told about what they did last.
func (c *Console) toast(ctx context.Context, id string, v Viewer) (*toast, error) {
	if !actionID.MatchString(id) {
		return nil, nil
	}
	reply, err := c.o.Core.Answered(ctx, key(v, id))
	if err != nil || reply == nil || reply.Message == nil {
		return nil, err
	}
	return toastOf(*reply, v), nil
}

const maxToast = 240

func toastOf(r bot.Reply, v Viewer) *toast {
	text := []rune(r.Message.Plain(v.Location()))
	if len(text) > maxToast {
		text = append(text[:maxToast], '…')
	}
	return &toast{Text: string(text), Bad: r.Status != bot.Done}
}

// thingPath is the address of a thing of a view.
func thingPath(v bot.View, id string) string { return "/" + v.Name + "/" + url.PathEscape(id) }

// viewPath is the address of a view with arguments.
func viewPath(name string, args map[string]string) string {
	q := url.Values{}
	for k, value := range args {
		if value != "" {
			q.Set(k, value)
		}
	}
	u := url.URL{Path: "/" + name, RawQuery: q.Encode()}
	return u.String()
}

// send renders a page.
func send(w http.ResponseWriter, status int, name string, data any) error {
	html, err := render(name, data)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(html)) // a reader who went away
	return nil
}

// Waiting is the number of unread posts in few characters.
func (r Room) Waiting() string {
	if r.Unread < 100 {
		return strconv.FormatInt(r.Unread, 10)
	}
	return "99+"
}

// Sign is the icon of a room.
func (r Room) Sign() string {
	if r.Ours {
		return "bell"
	}
	return ""
}
