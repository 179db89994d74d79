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
	"github.com/watchbell/watchbell/commands/register/record"
	"github.com/watchbell/watchbell/commands/register/sheet"
)

// fileCommands write records to files, and read them from files.
func (b *book[T, P]) fileCommands() []bot.Command {
	n := b.kind.Noun
	filters := slices.DeleteFunc(b.filters(), func(p bot.Param) bool { return p.Name == "sort" || p.Name == "after" })
	return []bot.Command{
		{
			Name: n + ".export", Summary: "get " + b.kind.plural() + " as a CSV file", Example: "/ops " + n + " export",
			Params: filters, Handle: b.export,
		},
		{
			Name: n + ".import", Title: "Import " + value.Cut(b.kind.plural(), 17), Submit: "Try",
			Summary: "add and change " + b.kind.plural() + " by a CSV file; it is tried first",
			Example: "/ops " + n + " import", Handle: b.importFile,
			Params: []bot.Param{{
				Name: "csv", Label: "CSV file", Kind: bot.FileParam, Form: true, Required: true, Max: sheet.MaxSize,
				Help: fmt.Sprintf("UTF-8 with commas, as export writes it, at most %d MiB. An empty key adds a %s.",
					sheet.MaxSize>>20, n),
			}},
		},
	}
}

func (b *book[T, P]) fileJob() string { return b.kind.Noun + ".send-file" }

// sent is the argument of the job that sends a file: what was asked for, as whoever asked may see it.
type sent struct {
	Platform string
	To       bot.PersonID
	At       string
	Query    record.Query
}

// export sends the records that a list would show as a file. Programs get it as data.
func (b *book[T, P]) export(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	q, err := b.query(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	e := c.Effects(b.kind.Noun, 0, c.Request.Text)
	platform, err := b.desk.Reaches(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	if platform == "" {
		f, err := b.file(ctx, q)
		if err != nil {
			return bot.Reply{}, err
		}
		e.Answer = bot.Answer(bot.Say("The data holds ", bot.Bold(f.Name), "."))
		reply := e.Answer
		if reply.Data, err = json.Marshal(map[string]string{"csv": string(f.Data)}); err != nil {
			return bot.Reply{}, err
		}
		return reply, b.desk.Store().Note(ctx, e)
	}
	arg, err := json.Marshal(sent{platform, c.Person.ID, c.Now.UTC().Format("20060102T150405.000"), q})
	if err != nil {
		return bot.Reply{}, err
	}
	e.Answer = bot.Answer(bot.Say(bot.Bold(b.kind.plural()+".csv"), " comes to you as a direct message."))
	e.Jobs = []bot.Job{{Kind: b.fileJob(), Object: b.kind.Noun, Arg: string(arg)}}
	return e.Answer, b.desk.Store().Note(ctx, e)
}

// sendFile sends somebody the file that they asked for.
func (b *book[T, P]) sendFile(ctx context.Context, job bot.Job) error {
	var s sent
	if err := json.Unmarshal([]byte(job.Arg), &s); err != nil {
		return &bot.PermanentError{Err: fmt.Errorf("job argument: %w", err)}
	}
	active, err := b.desk.Active(ctx, s.To)
	if err != nil || !active {
		return err
	}
	account, ok, err := b.desk.Chat().AccountOf(ctx, s.To, s.Platform)
	if err != nil || !ok {
		return err
	}
	f, err := b.file(ctx, s.Query)
	if err != nil {
		return err
	}
	key := "register-file/" + b.kind.Noun + "/" + string(s.To) + "/" + s.At
	err = b.desk.Chat().DirectUpload(ctx, key, b.kind.Noun, account, f)
	var never *bot.PermanentError
	if errors.Is(err, bot.ErrRefused) || errors.As(err, &never) {
		m := bot.Say("The chat does not take ", bot.Bold(f.Name), " from me. On Slack the app needs the scope files:write: "+
			"ask whoever runs Watchbell.")
		m.Tone = bot.Warning
		return b.desk.Chat().Direct(ctx, key+"/refused", b.kind.Noun, s.To, m)
	}
	return err
}

// fieldNames are the columns of a file.
func (b *book[T, P]) fieldNames() []string {
	var names []string
	for _, p := range b.params() {
		names = append(names, p.Name)
	}
	return names
}

// file is what a query finds as a file.
func (b *book[T, P]) file(ctx context.Context, q record.Query) (bot.File, error) {
	var out bytes.Buffer
	names := b.fieldNames()
	err := sheet.Write(&out, names, func(write func([]string) error) error {
		return b.pages(ctx, q, func(page []P) error {
			s, err := b.sight(ctx, q.Reader, page)
			if err != nil {
				return err
			}
			for _, x := range page {
				values, row := b.values(x, s), []string{x.Base().ID}
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
		Name: b.kind.plural() + ".csv", Title: title(b.kind.plural()), Type: "text/csv; charset=utf-8", Data: out.Bytes(),
	}, err
}
