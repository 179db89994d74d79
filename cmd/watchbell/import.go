package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/calendar"
	"github.com/watchbell/watchbell/cmd/watchbell/config"
	"github.com/watchbell/watchbell/commands/register/sheet"
)

type importCmd struct {
	Holidays importHolidaysCmd `cmd:"" help:"Make a calendar of holidays from the whole-day events of a file. Example: watchbell import holidays --as mia works-council days.ics"`
	Records  importRecordsCmd  `cmd:"" help:"Try a CSV file of a register: it says what the file would add and change, and how to apply that. Example: watchbell import records --as mia vendor vendors.csv"`
	Shifts   importShiftsCmd   `cmd:"" help:"Make the coming shifts of a rota from the events of a file. Example: watchbell import shifts --as ana primary rota.ics"`
}

type importHolidaysCmd struct {
	place
	As   string `help:"Who acts: a person's id or name, like ana." required:"" placeholder:"PERSON"`
	Name string `arg:"" help:"The calendar, like works-council."`
	File string `arg:"" help:"The .ics file."`
}

func (c *importHolidaysCmd) Run(ctx context.Context, root *cli, io streams) error {
	return importCalendar(ctx, root, io, c.place, c.As, c.File, "report.holidays", map[string]string{"name": c.Name})
}

type importShiftsCmd struct {
	place
	As   string `help:"Who acts: a person's id or name, like ana." required:"" placeholder:"PERSON"`
	Rota string `arg:"" help:"The rota, like primary."`
	File string `arg:"" help:"The .ics file."`
}

func (c *importShiftsCmd) Run(ctx context.Context, root *cli, io streams) error {
	return importCalendar(ctx, root, io, c.place, c.As, c.File, "oncall.import", map[string]string{"rota": c.Rota})
}

type importRecordsCmd struct {
	place
	As   string `help:"Who acts: a person's id or name, like mia." required:"" placeholder:"PERSON"`
	Noun string `arg:"" help:"The register, like vendor."`
	File string `arg:"" help:"The .csv file."`
}

func (c *importRecordsCmd) Run(ctx context.Context, root *cli, io streams) error {
	if !slices.Contains(registerNouns(), c.Noun) {
		return bot.Errorf(
			bot.Invalid, "There is no register %q. There is: %s.", bot.Shown(c.Noun), strings.Join(registerNouns(), ", "),
		)
	}
	f := given{param: "csv", path: c.File, most: sheet.MaxSize}
	return importFile(ctx, root, io, c.place, c.As, f, c.Noun+".import", map[string]string{})
}

func importCalendar(
	ctx context.Context, root *cli, out streams, p place, as, path, command string, args map[string]string,
) error {
	return importFile(ctx, root, out, p, as, given{"ics", path, calendar.MaxSize}, command, args)
}

// given is a file that is given to a command, as the parameter of that name.
type given struct {
	param, path string
	most        int64
}

func importFile(
	ctx context.Context, root *cli, out streams, p place, as string, f given, command string, args map[string]string,
) error {
	data, err := config.ReadFile(f.path, f.most)
	if err != nil {
		return err
	}
	a, err := p.wire(ctx, appOptions{log: root.logger(out.err, slog.LevelError)})
	if err != nil {
		return err
	}
	defer a.close()
	files := map[string]bot.Upload{f.param: {Name: filepath.Base(f.path), Data: data}}
	return a.act(ctx, out, as, rand.Text(), bot.Request{Shortcut: command, Args: args, Files: files})
}
