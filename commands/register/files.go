package register

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/book"
	"github.com/watchbell/watchbell/commands/register/intake"
	"github.com/watchbell/watchbell/commands/register/record"
	"github.com/watchbell/watchbell/commands/register/sheet"
)

// fileCommands write records to files, and read them from files.
func (g *registry[T, P]) fileCommands() []bot.Command {
	n := g.kind.Noun
	filters := slices.DeleteFunc(g.filters(), func(p bot.Param) bool { return p.Name == "sort" || p.Name == "after" })
	return []bot.Command{
		{
			Name: n + ".export", Summary: "get " + g.kind.plural() + " as a CSV file", Example: "/ops " + n + " export",
			Params: filters, Handle: g.export,
		},
		{
			Name: n + ".import", Title: "Import " + value.Cut(g.kind.plural(), 17), Submit: "Try",
			Summary: "add and change " + g.kind.plural() + " by a CSV file; it is tried first",
			Example: "/ops " + n + " import", Handle: g.importFile,
			Params: []bot.Param{{
				Name: "csv", Label: "CSV file", Kind: bot.FileParam, Form: true, Required: true, Max: sheet.MaxSize,
				Help: fmt.Sprintf("UTF-8 with commas, as export writes it, at most %d MiB. An empty key adds a %s.",
					sheet.MaxSize>>20, n),
			}},
		},
	}
}

func (g *registry[T, P]) fileJob() string { return g.kind.Noun + ".send-file" }

// sent is the argument of the job that sends a file: what was asked for, as whoever asked may see it.
type sent struct {
	Platform string
	To       bot.PersonID
	At       string
	Query    record.Query
}

// export sends the records that a list would show as a file. Programs get it as data.
func (g *registry[T, P]) export(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	q, err := g.query(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	e := c.Effects(g.kind.Noun, 0, c.Request.Text)
	platform, err := g.Desk.Reaches(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	if platform == "" {
		f, err := g.file(ctx, q)
		if err != nil {
			return bot.Reply{}, err
		}
		e.Answer = bot.Answer(bot.Say("The data holds ", bot.Bold(f.Name), "."))
		reply := e.Answer
		if reply.Data, err = json.Marshal(map[string]string{"csv": string(f.Data)}); err != nil {
			return bot.Reply{}, err
		}
		return reply, g.Desk.Store().Note(ctx, e)
	}
	arg, err := json.Marshal(sent{platform, c.Person.ID, c.Now.UTC().Format("20060102T150405.000"), q})
	if err != nil {
		return bot.Reply{}, err
	}
	e.Answer = bot.Answer(bot.Say(bot.Bold(g.kind.plural()+".csv"), " comes to you as a direct message."))
	e.Jobs = []bot.Job{{Kind: g.fileJob(), Object: g.kind.Noun, Arg: string(arg)}}
	return e.Answer, g.Desk.Store().Note(ctx, e)
}

// sendFile sends somebody the file that they asked for.
func (g *registry[T, P]) sendFile(ctx context.Context, job bot.Job) error {
	var s sent
	if err := json.Unmarshal([]byte(job.Arg), &s); err != nil {
		return &bot.PermanentError{Err: fmt.Errorf("job argument: %w", err)}
	}
	active, err := g.Desk.Active(ctx, s.To)
	if err != nil || !active {
		return err
	}
	account, ok, err := g.Desk.Chat().AccountOf(ctx, s.To, s.Platform)
	if err != nil || !ok {
		return err
	}
	f, err := g.file(ctx, s.Query)
	if err != nil {
		return err
	}
	key := "register-file/" + g.kind.Noun + "/" + string(s.To) + "/" + s.At
	err = g.Desk.Chat().DirectUpload(ctx, key, g.kind.Noun, account, f)
	var never *bot.PermanentError
	if errors.Is(err, bot.ErrRefused) || errors.As(err, &never) {
		m := bot.Say("The chat does not take ", bot.Bold(f.Name), " from me. On Slack the app needs the scope files:write: "+
			"ask whoever runs Watchbell.")
		m.Tone = bot.Warning
		return g.Desk.Chat().Direct(ctx, key+"/refused", g.kind.Noun, s.To, m)
	}
	return err
}

// file is what a query finds as a file.
func (g *registry[T, P]) file(ctx context.Context, q record.Query) (bot.File, error) {
	var out bytes.Buffer
	names := g.FieldNames()
	err := sheet.Write(&out, names, func(write func([]string) error) error {
		return g.Pages(ctx, q, func(page []P) error {
			s, err := g.Sight(ctx, q.Reader, page)
			if err != nil {
				return err
			}
			for _, x := range page {
				values, row := g.Values(x, s), []string{x.Base().ID}
				for _, name := range names {
					row = append(row, values[name])
				}
				if err := write(row); err != nil {
					return err
				}
			}
			return nil
		})
	})
	return bot.File{
		Name: g.kind.plural() + ".csv", Title: book.Title(g.kind.plural()), Type: "text/csv; charset=utf-8",
		Data: out.Bytes(),
	}, err
}

// importFile tries a file of the register, in whatever form its kind takes.
func (g *registry[T, P]) importFile(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	up := c.File("csv")
	data := up.Data
	if g.kind.Convert != nil {
		var err error
		if data, err = g.kind.Convert(ctx, up.Name, data); err != nil {
			return bot.Reply{}, err
		}
	}
	return intake.Try(ctx, c, g.Book, up, data)
}

// Undo stages what takes an import back.
func (g *registry[T, P]) Undo(ctx context.Context, c *bot.Call, i record.Import) (record.Import, error) {
	return intake.Undo(ctx, c, g.Book, i)
}
