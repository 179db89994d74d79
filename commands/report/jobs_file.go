package report

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// How often a picture is tried before its thread stays without.
const drawTries = 6

// draw uploads the charts into the thread. The text stands already, so nothing waits for them.
func (s *Service) draw(ctx context.Context, job bot.Job) error {
	n, err := parseRun(job.Object)
	if err != nil {
		return err
	}
	r, err := s.keep.Run(ctx, n)
	if err != nil || r.State != Posted || r.Place.Channel == "" {
		return err
	}
	ref, err := s.chat.PostedAt(ctx, key("part", r)+"/0")
	if errors.Is(err, bot.ErrNoSuch) {
		return nil
	}
	if err != nil {
		return err
	}
	thread := ref.Conversation
	thread.Thread = ref.ID
	for _, c := range r.Content.Charts {
		f, err := c.File()
		if err != nil {
			return err
		}
		_, err = s.chat.Upload(ctx, key("chart", r)+"/"+c.Name, r.ID(), thread, f)
		switch {
		case errors.Is(err, bot.ErrRefused), errors.Is(err, bot.ErrGone):
			return nil
		case err != nil && job.Attempt >= drawTries:
			s.o.Log.Warn("chart not uploaded", "run", r.ID(), "chart", c.Name, "error", err)
			return nil
		case err != nil:
			return err
		}
	}
	return nil
}

// send sends somebody a run as a file.
func (s *Service) send(ctx context.Context, job bot.Job) error {
	n, err := parseRun(job.Object)
	if err != nil {
		return err
	}
	arg := strings.Split(job.Arg, "/")
	if len(arg) != 4 {
		return &bot.PermanentError{Err: fmt.Errorf("job argument %q", job.Arg)}
	}
	r, err := s.keep.Run(ctx, n)
	if err != nil {
		return err
	}
	names, err := s.chat.Names(ctx)
	if err != nil {
		return err
	}
	f, err := r.File(arg[0], names)
	if err != nil {
		return err
	}
	account, ok, err := s.chat.AccountOf(ctx, bot.PersonID(arg[2]), arg[1])
	if err != nil || !ok {
		return err
	}
	err = s.chat.DirectUpload(ctx, key("file", r)+"/"+job.Arg, r.ID(), account, f)
	var never *bot.PermanentError
	if errors.Is(err, bot.ErrRefused) || errors.As(err, &never) {
		s.o.Log.Warn("file not sent", "run", r.ID(), "format", arg[0], "error", err)
		return s.chat.Direct(ctx, key("no-file", r)+"/"+job.Arg, r.ID(), bot.PersonID(arg[2]), s.unsent(r, arg[0]))
	}
	return err
}

// unsent says where a file is found that the chat does not take.
func (s *Service) unsent(r *Run, format string) bot.Message {
	m := bot.Say("The chat does not take the "+strings.ToUpper(format)+" of ", bot.Bold(r.ID()), " from me. ")
	m.Tone = bot.Warning
	if s.o.Address == "" {
		m.Sections[0].Text = append(m.Sections[0].Text, bot.T(
			"On Slack the app needs the scope files:write: ask whoever runs Watchbell.",
		)...)
		return m
	}
	m.Sections[0].Text = append(m.Sections[0].Text, bot.T(
		"It is here instead: ", bot.Link(fileName(r, format), s.o.Address+"/report/"+r.ID()+"/"+format), ".",
	)...)
	return m
}

// File is the run as a file of a format: csv or html. names are what people are called.
func (r *Run) File(format string, names map[bot.PersonID]string) (bot.File, error) {
	f := bot.File{Name: fileName(r, format), Title: r.Content.Title}
	switch format {
	case "csv":
		f.Type, f.Data = "text/csv; charset=utf-8", r.Content.CSV()
		return f, nil
	case "html":
		var err error
		f.Type = "text/html; charset=utf-8"
		f.Data, err = r.Document(names)
		return f, err
	}
	return f, &bot.PermanentError{Err: fmt.Errorf("no format %q", format)}
}
