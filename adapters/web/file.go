package web

import (
	"context"
	"errors"
	"html/template"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/watchbell/watchbell/adapters/web/markup"
	"github.com/watchbell/watchbell/bot"
)

// Files keeps what was uploaded.
type Files interface {
	// SaveFile keeps a file under a key; one that is there already stays.
	SaveFile(ctx context.Context, key string, f StoredFile) error
	// File finds a file. bot.ErrNoSuch: there is none.
	File(ctx context.Context, key string) (StoredFile, error)
}

// StoredFile is the content of a file.
type StoredFile struct {
	Type string
	Data []byte
}

var (
	_ bot.Uploader     = (*Chat)(nil)
	_ bot.ChannelNamer = (*Chat)(nil)
)

// Upload implements bot.Uploader.
func (c *Chat) Upload(ctx context.Context, to bot.Conversation, f bot.File, key string) (bot.MessageRef, error) {
	if err := c.o.Store.SaveFile(ctx, key, StoredFile{f.Type, f.Data}); err != nil {
		return bot.MessageRef{}, err
	}
	if f.Dark != nil {
		if err := c.o.Store.SaveFile(ctx, key+darkKey, StoredFile{f.Type, f.Dark}); err != nil {
			return bot.MessageRef{}, err
		}
	}
	m := bot.Message{
		Fallback: f.Title,
		Attachment: &bot.Attachment{
			Key: key, Name: f.Name, Title: f.Title, Alt: f.Alt, Type: f.Type, Dark: f.Dark != nil, Size: len(f.Data),
		},
	}
	return c.Post(ctx, to, m, key)
}

const darkKey = "/dark"

// ChannelName implements bot.ChannelNamer. Direct messages have no name for others.
func (c *Chat) ChannelName(ctx context.Context, to bot.Conversation) (string, error) {
	id, err := parseID(to.Channel)
	if err != nil {
		return "", err
	}
	ch, err := c.o.Store.Channel(ctx, id)
	if errors.Is(err, bot.ErrNoSuch) || ch.Person != "" {
		return "", nil
	}
	return ch.Name, err
}

// URL is where browsers find the chat, "" when nobody said.
func (c *Chat) URL() string { return strings.TrimRight(c.o.URL, "/") }

// file serves what hangs on a post, to those who see the post. Only pictures are shown by the browser; all else is
// saved.
func (c *Chat) file(w http.ResponseWriter, r *http.Request, v viewer) error {
	id, err := parseID(r.PathValue("post"))
	if err != nil {
		return err
	}
	p, err := c.post(r.Context(), v, id)
	if err != nil {
		return err
	}
	a := p.Message.Attachment
	if a == nil {
		return bot.Errorf(bot.NotFound, "That message has no file.")
	}
	key := a.Key
	if a.Dark && r.PathValue("variant") == "dark" {
		key += darkKey
	}
	f, err := c.o.Store.File(r.Context(), key)
	if errors.Is(err, bot.ErrNoSuch) {
		return bot.Errorf(bot.NotFound, "That file does not exist any more.")
	}
	if err != nil {
		return err
	}
	sendFile(w, a.Name, f)
	return nil
}

func sendFile(w http.ResponseWriter, name string, f StoredFile) {
	how := "attachment"
	if f.Type == "image/png" {
		how = "inline"
	}
	h := w.Header()
	h.Set("Content-Type", f.Type)
	h.Set("Content-Disposition", mime.FormatMediaType(how, map[string]string{"filename": name}))
	h.Set("Content-Length", strconv.Itoa(len(f.Data)))
	_, _ = w.Write(f.Data) // a reader who went away
}

// Reports shows reports on pages of their own. Both say bot.ErrNoSuch for what there is not, or not for this person.
type Reports interface {
	Page(ctx context.Context, id string, who bot.Person) (ReportPage, error)
	// File is a part of a report: csv, html, or a picture by its name.
	File(ctx context.Context, id, name string, who bot.Person) (name2 string, f StoredFile, err error)
}

// ReportPage is a report ready to be shown.
type ReportPage struct {
	ID, Title string
	Body      template.HTML
	Read      []string // who has read it
}

// reportView is the page of a report.
type reportView struct {
	Name, Version string
	ReportPage
}

func (c *Chat) report(w http.ResponseWriter, r *http.Request, v viewer) error {
	page, err := c.reportPage(r, v)
	if err != nil {
		return err
	}
	return markup.Send(w, "report", reportView{c.o.Name, version, page})
}

func (c *Chat) reportPage(r *http.Request, v viewer) (ReportPage, error) {
	if c.o.Reports == nil {
		return ReportPage{}, noReport(bot.ErrNoSuch)
	}
	page, err := c.o.Reports.Page(r.Context(), r.PathValue("id"), v.Person)
	return page, noReport(err)
}

func noReport(err error) error {
	if errors.Is(err, bot.ErrNoSuch) {
		return bot.Errorf(bot.NotFound, "There is no such report, or it is not for you. See them with /report runs")
	}
	return err
}

func (c *Chat) reportFile(w http.ResponseWriter, r *http.Request, v viewer) error {
	if c.o.Reports == nil {
		return noReport(bot.ErrNoSuch)
	}
	name, f, err := c.o.Reports.File(r.Context(), r.PathValue("id"), r.PathValue("file"), v.Person)
	if err != nil {
		return noReport(err)
	}
	sendFile(w, name, f)
	return nil
}
