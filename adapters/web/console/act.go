package console

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/watchbell/watchbell/adapters/web/markup"
	"github.com/watchbell/watchbell/bot"
)

// What a form of ours sends: what it stands for, the number of the action, where to go back to, and what was chosen or
// filled in. The names of inputs have a prefix, so that none is taken for one of these.
const (
	tokenArg   = "token"
	idArg      = "id"
	backArg    = "back"
	choiceArg  = "choice"
	checkArg   = "check"
	commandArg = "command"
	titleArg   = "title"
	inputArg   = "in."
)

// Limits of what is sent.
const (
	maxBody   = 6 << 20
	maxMemory = 1 << 20
	maxInputs = 60
	maxWords  = 40_000 // characters
)

var actionID = regexp.MustCompile(`^[A-Za-z0-9-]{8,64}$`)

// key names an action for the core: nobody can name somebody else's.
func key(v Viewer, id string) string { return markup.Platform + ":" + string(v.ID) + ":" + id }

// open shows the form of a command, filled with what the address says. It never does anything.
func (c *Console) open(w http.ResponseWriter, r *http.Request, v Viewer) error {
	args := map[string]string{}
	for name, values := range r.URL.Query() {
		if name != backArg {
			args[name] = values[0]
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), performTime)
	defer cancel()
	reply := c.o.Receive(ctx, bot.Request{
		From: v.Account, Place: v.Private, Shortcut: r.PathValue("command"), Args: args, Ask: true, Assurance: v.Assured(),
	})
	if reply.Form == nil {
		return refusal(reply, v)
	}
	return c.form(w, r, v, reply, Local(r.URL.Query().Get(backArg)))
}

// act carries out what a form of a page sends.
func (c *Console) act(w http.ResponseWriter, r *http.Request, v Viewer) error {
	req, err := request(w, r)
	if err != nil {
		return err
	}
	id := r.PostFormValue(idArg)
	if !actionID.MatchString(id) {
		return bot.Errorf(bot.Invalid, "This action has no valid number. Please go back and reload the page.")
	}
	req.From, req.Place, req.Key, req.Assurance = v.Account, v.Private, key(v, id), v.Assured()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), performTime)
	defer cancel()
	reply := c.o.Receive(ctx, req)
	if reply.Form != nil {
		return c.form(w, r, v, reply, back(r))
	}
	if reply.Status == bot.Done && reply.Kept == nil {
		kept, err := c.o.Core.Answered(ctx, req.Key)
		if err != nil {
			return err
		}
		if kept != nil {
			http.Redirect(w, r, c.after(r, reply, id), http.StatusSeeOther)
			return nil
		}
	}
	return c.answer(w, r, v, reply)
}

// request reads what was sent.
func request(w http.ResponseWriter, r *http.Request) (bot.Request, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	unreadable := bot.Errorf(bot.Invalid, "The request is not one that this page sends. Please reload the page.")
	err := r.ParseMultipartForm(maxMemory)
	if err == http.ErrNotMultipart {
		err = r.ParseForm()
	}
	if err != nil {
		return bot.Request{}, unreadable
	}
	req := bot.Request{
		Token: r.PostFormValue(tokenArg), Choice: r.PostFormValue(choiceArg), Check: r.PostForm.Has(checkArg),
	}
	if req.Token == "" || len(req.Token) > bot.MaxToken || len(r.PostForm) > 2*maxInputs {
		return req, unreadable
	}
	for name, values := range r.PostForm {
		input, ok := strings.CutPrefix(name, inputArg)
		if !ok {
			continue
		}
		given := strings.Join(slices.DeleteFunc(values, func(s string) bool { return s == "" }), ",")
		switch {
		case !utf8.ValidString(given):
			return req, bot.Errorf(bot.Invalid, "The text is not valid UTF-8, so it cannot be kept as it is. Nothing was sent.")
		case utf8.RuneCountInString(given) > maxWords:
			return req, bot.Errorf(bot.Invalid, "One answer is longer than %d characters. Nothing was sent.", maxWords)
		}
		if req.Values == nil {
			req.Values = map[string]string{}
		}
		req.Values[input] = strings.ReplaceAll(given, "\r\n", "\n")
	}
	if r.MultipartForm == nil {
		return req, nil
	}
	req.Files = map[string]bot.Upload{}
	for name, files := range r.MultipartForm.File {
		input, ok := strings.CutPrefix(name, inputArg)
		if !ok || len(files) == 0 || files[0].Size == 0 {
			continue
		}
		f, err := files[0].Open()
		if err != nil {
			return req, err
		}
		data, err := io.ReadAll(f)
		_ = f.Close()
		if err != nil {
			return req, err
		}
		req.Files[input] = bot.Upload{Name: bot.Shown(files[0].Filename), Data: data}
	}
	return req, nil
}

// after is where somebody is led who did something: back to the page they did it on. Whoever made a new thing is led to
// that.
func (c *Console) after(r *http.Request, reply bot.Reply, id string) string {
	path := back(r)
	if cmd, ok := c.o.Core.Tree().Command(r.PostFormValue(commandArg)); ok && reply.Object != "" &&
		!slices.ContainsFunc(cmd.Params, func(p bot.Param) bool { return p.Kind == bot.RefParam && p.Required }) {
		if made := c.pathOf(reply.Object); made != "" {
			path = made
		}
	}
	u, err := url.Parse(path)
	if err != nil {
		return "/"
	}
	q := u.Query()
	q.Set(doneArg, id)
	u.RawQuery = q.Encode()
	return u.String()
}

// back is the page that something was done on.
func back(r *http.Request) string { return Local(r.PostFormValue(backArg)) }

// Local is an address of this server, Home if it is none.
func Local(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" ||
		!strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/"
	}
	q := u.Query()
	q.Del(doneArg)
	u.RawQuery = q.Encode()
	u.Fragment = ""
	return u.String()
}

// answerView is the page of an answer that stands on no other page.
type answerView struct {
	frame
	Body *messageView
	Back string
}

// answer shows what somebody is told.
func (c *Console) answer(w http.ResponseWriter, r *http.Request, v Viewer, reply bot.Reply) error {
	if reply.Message == nil {
		http.Redirect(w, r, back(r), http.StatusSeeOther)
		return nil
	}
	f, err := c.framed(r, v, "Answer", "answer")
	if err != nil {
		return err
	}
	m := *reply.Message
	if m.Title != "" {
		f.Title = m.Title
	} else if reply.Status != bot.Done {
		f.Title = "That was not done"
	}
	m.Title = ""
	view := answerView{frame: f, Body: c.looker(v, back(r)).message(&m), Back: back(r)}
	return send(w, statusOf(reply), "answer", view)
}

// statusOf is the status of a page that shows a reply.
func statusOf(r bot.Reply) int {
	switch {
	case r.Status == bot.Done:
		return http.StatusOK
	case r.Status == bot.Unready:
		return http.StatusServiceUnavailable
	}
	if status, ok := map[bot.ErrorKind]int{
		bot.Forbidden: http.StatusForbidden, bot.Conflict: http.StatusConflict, bot.NotFound: http.StatusNotFound,
		bot.Unavailable: http.StatusServiceUnavailable,
	}[r.Kind]; ok {
		return status
	}
	return http.StatusUnprocessableEntity
}
